import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openDkimVerification } from "../../src/core/dkim/verify.ts";
import { memoryResolver } from "../../src/core/dns/memory.ts";
import { parseHead } from "../../src/core/message/message.ts";
import type { MessageRecord } from "../../src/store/record.ts";
import { runPeer } from "../../tools/differential/peer.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../dkim-test-keys.ts";
import { startDnsServer, type TestQuery, type TestReply, txtRecord } from "../dns-server.ts";
import { type MailSink, startMailSink } from "./mail-sink.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { describeWith, freePort, until } from "./process.ts";
import { Sekisho } from "./sekisho.ts";
import { type Submission, submit } from "./smtp-client.ts";

const rsa = rsaTestKey(2048);
const ed25519 = ed25519TestKey(11);
const lab = ed25519TestKey(12);
const keys: Readonly<Record<string, string>> = {
  "r._domainkey.ours.example": `v=DKIM1; k=rsa; p=${rsa.publicText}`,
  "e._domainkey.ours.example": `v=DKIM1; k=ed25519; p=${ed25519.publicText}`,
  "lab._domainkey.lab.ours.example": `v=DKIM1; k=ed25519; p=${lab.publicText}`,
};
const policies: Readonly<Record<string, string>> = {
  ...keys,
  "_dmarc.ours.example": "v=DMARC1; p=reject",
  "_dmarc.else.example": "v=DMARC1; p=none",
};

function answer({ name, type }: TestQuery): TestReply {
  const text = policies[name.toLowerCase()];
  if (type !== 16 || text === undefined) return {};
  return { answers: [txtRecord(name, text.match(/.{1,255}/g) ?? [])] };
}

interface House {
  readonly folder: string;
  readonly sekisho: Sekisho;
  readonly postfix: Postfix;
  readonly sink: MailSink;
  /** Settings with these lines of `sign`. */
  settings(sign: string): string;
  end(): Promise<void>;
}

function writeKey(file: string, { privateKey }: TestKey): void {
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
}

/** Name server, Sekisho that signs, Postfix, and an SMTP server for mail to everybody else. */
async function houseWith(sign: string): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-signing-"));
  chmodSync(folder, 0o755);
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const dns = await startDnsServer({ answer });
    closers.push(() => dns.stop());
    const sink = await startMailSink();
    closers.push(() => sink.stop());
    const listen = `inet:127.0.0.1:${await freePort()}`;
    for (const name of ["sekisho", "postfix"]) mkdirSync(join(folder, name));
    writeKey(join(folder, "r.pem"), rsa);
    writeKey(join(folder, "e.pem"), ed25519);
    writeKey(join(folder, "lab.pem"), lab);
    const webPort = await freePort();
    const settings = (more: string): string =>
      `dns: { nameservers: ["127.0.0.1:${dns.port}"], timeout: 2s }\nweb: { listen: "127.0.0.1:${webPort}" }\n` +
      "networks: { submitters: [192.0.2.10], own: [{ network: 192.0.2.64/28, name: lab }] }\n" +
      "record: { fields: [from_domain, to_domain, message_id, login] }\n" +
      `sign:\n  keys:\n    - { domain: ours.example, selector: r, file: ${folder}/r.pem }\n` +
      `    - { domain: ours.example, selector: e, file: ${folder}/e.pem }\n` +
      `    - { domain: lab.ours.example, selector: lab, file: ${folder}/lab.pem }\n${more}`;
    const sekisho = new Sekisho(join(folder, "sekisho"), { listen }, settings(sign));
    await sekisho.start();
    closers.push(() => sekisho.end());
    const postfix = await startPostfix(join(folder, "postfix"), {
      smtpd_milters: listen,
      non_smtpd_milters: listen,
      // A user of ours who has his mail sent on.
      virtual_alias_maps: "inline:{forward@rcpt.example=away@far.example}",
      relayhost: `[127.0.0.1]:${sink.port}`,
      smtpd_relay_restrictions: "permit_mynetworks permit_sasl_authenticated reject_unauth_destination",
      mynetworks: "127.0.0.0/8 192.0.2.10",
      smtp_tls_security_level: "none",
      internal_mail_filter_classes: "bounce",
      myorigin: "ours.example",
      transport_maps: "inline:{fail.example=error:nobody}",
    });
    closers.push(() => postfix.stop());
    return { folder, sekisho, postfix, sink, settings, end };
  } catch (error) {
    await end();
    throw error;
  }
}

const desktop = { ip: "192.0.2.10", helo: "desktop" };
const phone = { ip: "203.0.113.77", helo: "phone" };
const stranger = { ip: "203.0.113.9", helo: "mail.else.example" };
const labHost = { ip: "192.0.2.70", helo: "lab" };

interface Mail extends Partial<Submission> {
  readonly from?: string;
  readonly token: string;
  readonly body?: string | Buffer;
  /** Fields in place of Date and Message-ID, with line ends. */
  readonly fields?: string;
}

function messageOf({ from = "Taro <taro@ours.example>", token, body = "hello\r\n", fields }: Mail): Buffer {
  const usual = `Date: Sat, 21 Nov 2026 10:00:00 +0900\r\nMessage-ID: <${token}@ours.example>\r\n`;
  const head = `From: ${from}\r\nTo: b@rcpt.example\r\nSubject: ${token}\r\n${fields ?? usual}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** @returns The queue id. */
async function send({ postfix }: House, mail: Mail): Promise<string> {
  const { code, text } = await submit(postfix.port, {
    client: desktop,
    mailFrom: "taro@ours.example",
    rcptTo: "b@rcpt.example",
    message: messageOf(mail),
    ...mail,
  });
  if (code !== 250) throw new Error(`${code} ${text}`);
  return /queued as ([0-9A-Za-z]+)/.exec(text)?.[1] ?? "";
}

/** The message with that subject as it was delivered, with CRLF line ends and without the fields of the delivery agent. */
async function delivered({ postfix, sink }: House, token: string): Promise<Buffer> {
  const find = (): Buffer | undefined =>
    [...postfix.delivered().map((file) => readFileSync(file)), ...sink.delivered].find((octets) =>
      octets.includes(`Subject: ${token}\n`),
    );
  // Postfix itself looks for new mail once a minute.
  await until(`${token} to be delivered`, () => find() !== undefined, 150_000);
  const text = (find() ?? Buffer.alloc(0)).toString("latin1");
  const own = text.replace(/^(?:(?:Return-Path|X-Original-To|Delivered-To): .*\n)+/, "");
  return Buffer.from(own.replaceAll("\n", "\r\n"), "latin1");
}

/** `result selector` of each signature from the top, by our own verification. */
async function verified(octets: Buffer): Promise<string[]> {
  const end = octets.indexOf("\r\n\r\n");
  const zone = Object.fromEntries(Object.entries(keys).map(([name, text]) => [name, [{ TXT: text }]]));
  const verification = openDkimVerification(parseHead(octets.subarray(0, end + 2)), {
    dns: memoryResolver(zone),
    clock: systemClock,
  });
  verification.body(octets.subarray(end + 4));
  return (await verification.finish()).map(({ result, selector }) => `${result} ${selector}`);
}

interface PeerAnswer {
  readonly results: readonly { readonly result: string; readonly why: string }[];
}

/** What dkimpy says of each signature, and OpenDKIM of the topmost. */
async function byPeers(octets: Buffer, signatures: number): Promise<string[]> {
  const message = octets.toString("base64");
  const now = Math.floor(Date.now() / 1000);
  const ask = async (script: string): Promise<string[]> => {
    const one = { id: 1, message, now, keys, signatures };
    const [said] = (await runPeer<PeerAnswer>("/usr/bin/python3", script, [one])) ?? [];
    if (said === undefined) throw new Error(`${script}: not installed`);
    return said.results.map(({ result, why }) => (result === "pass" ? result : `${result} ${why}`));
  };
  return [...(await ask("dkimpy.py")), ...(await ask("opendkim.py"))];
}

async function recordOf({ sekisho }: House, queueId: string): Promise<MessageRecord> {
  let found: MessageRecord | undefined;
  await until(`the record of ${queueId}`, async () => {
    const { code, output } = await sekisho.run("explain", queueId, "--json");
    if (code === 0) found = JSON.parse(output) as MessageRecord;
    return code === 0;
  });
  return found as MessageRecord;
}

const tools = ["/usr/sbin/postfix", "/usr/sbin/opendkim", "/usr/lib/python3/dist-packages/dkim/__init__.py"];

describeWith(tools, "signing at a real Postfix", () => {
  let house: House;
  const logins = (): string => join(house.folder, "logins");

  beforeAll(async () => {
    house = await houseWith("  burst: { action: off }\n");
  }, 120_000);
  afterAll(() => house?.end(), 60_000);

  test.each<[string, Omit<Mail, "token">]>([
    ["plain", {}],
    [
      "8-bit text",
      {
        body: "日本語の本文\r\n",
        fields:
          "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nDate: Sat, 21 Nov 2026 10:00:00 +0900\r\nMessage-ID: <8@ours.example>\r\n",
      },
    ],
    [
      "folded header",
      {
        fields:
          "Date: Sat, 21 Nov 2026 10:00:00 +0900\r\nMessage-ID: <f@ours.example>\r\nCc: a@a.example,\r\n\tb@b.example,\r\n  c@c.example\r\nReferences:\r\n <a@a.example>\r\n",
      },
    ],
    ["no body", { body: "" }],
    ["blank lines", { body: "\r\n\r\n\r\n" }],
    ["blank lines behind", { body: "a \t b  \r\n\r\n\r\n" }],
    ["dots", { body: ".\r\n..\r\n.a\r\n" }],
    ["no line end at the end", { body: "a\r\nb" }],
    ["long lines", { body: `${"x".repeat(990)}\r\n${"y ".repeat(2000)}\r\n` }],
    ["300 kB", { body: `${"z".repeat(70)}\r\n`.repeat(4200) }],
    ["no Date, no Message-ID", { fields: "X-Nothing: 1\r\n" }],
    [
      "a raw 8-bit subject",
      {
        fields: "Date: Sat, 21 Nov 2026 10:00:00 +0900\r\nMessage-ID: <s@ours.example>\r\nComments: 件名\r\n",
      },
    ],
  ])("%s: signed with both keys, good after delivery for us, dkimpy and OpenDKIM", async (name, mail) => {
    const token = `kind-${name.replaceAll(/[^a-z0-9]/gi, "")}`;
    await send(house, { ...mail, token });
    const octets = await delivered(house, token);
    expect(await verified(octets)).toEqual(["pass r", "pass e"]);
    expect(await byPeers(octets, 2)).toEqual(["pass", "pass", "pass"]);
  });

  test("by login, from anywhere; each From gets the keys of its domain", async () => {
    await send(house, { token: "login-ours", client: phone, login: "taro" });
    expect(await verified(await delivered(house, "login-ours"))).toEqual(["pass r", "pass e"]);
    await send(house, { token: "login-lab", client: phone, login: "taro", from: "lab@lab.ours.example" });
    expect(await verified(await delivered(house, "login-lab"))).toEqual(["pass lab"]);
  });

  test.each<[string, Omit<Mail, "token">, string]>([
    ["a From of others by a login", { client: phone, login: "taro", from: "a@else.example" }, "not-ours"],
    ["a lab host that takes the From of the department", { client: labHost }, "no-right"],
    ["two authors", { from: "taro@ours.example, a@else.example" }, "no-author"],
  ])("%s: no signature, and the record says why", async (name, mail, reason) => {
    const token = `none-${name.replaceAll(/[^a-z]/gi, "")}`;
    const queueId = await send(house, { ...mail, token });
    expect(await verified(await delivered(house, token))).toEqual([]);
    expect((await recordOf(house, queueId)).signing).toMatchObject({ outcome: "unsigned", reason });
  });

  test("a stranger's mail that a user has sent on stays unsigned", async () => {
    const from = "a@else.example";
    await send(house, {
      token: "forward",
      client: stranger,
      mailFrom: from,
      from,
      rcptTo: "forward@rcpt.example",
    });
    const octets = await delivered(house, "forward");
    expect(house.sink.delivered.some((one) => one.includes("Subject: forward\n"))).toBe(true);
    expect(octets.toString("latin1")).not.toContain("DKIM-Signature");
  });

  test("so does mail that forges our From, when a program on this host sends it on", async () => {
    await send(house, { token: "forged", client: stranger, mailFrom: "a@else.example" });
    const octets = await delivered(house, "forged");
    expect(octets.toString("latin1")).toContain("dmarc=fail");
    const again = octets
      .toString("latin1")
      .replaceAll("\r\n", "\n")
      .replace("Subject: forged", "Subject: passed-on");
    house.postfix.submitLocally("a@else.example", "b@rcpt.example", again);
    const passedOn = await delivered(house, "passed-on");
    expect(passedOn.toString("latin1")).not.toContain("DKIM-Signature");
  });

  test("a message of this host is signed; so is a bounce with our From", async () => {
    const message = messageOf({ token: "local" }).toString("latin1").replaceAll("\r\n", "\n");
    house.postfix.submitLocally("taro@ours.example", "b@rcpt.example", message);
    expect(await verified(await delivered(house, "local"))).toEqual(["pass r", "pass e"]);
    const bounce = messageOf({ token: "bounce", from: "MAILER-DAEMON@ours.example" });
    house.postfix.submitLocally("<>", "b@rcpt.example", bounce.toString("latin1").replaceAll("\r\n", "\n"));
    expect(await verified(await delivered(house, "bounce"))).toEqual(["pass r", "pass e"]);
  });

  test("Date and Message-ID that Postfix adds for programs on its host are there before we sign", async () => {
    const message = "From: taro@ours.example\nTo: b@rcpt.example\nSubject: added\n\nhello\n";
    house.postfix.submitLocally("taro@ours.example", "b@rcpt.example", message);
    const octets = await delivered(house, "added");
    expect(octets.toString("latin1")).toMatch(/^Message-Id: <[^>]+>\r\n(?:.*\r\n)*^Date: /im);
    expect(await verified(octets)).toEqual(["pass r", "pass e"]);
    const queueId = /\sid ([0-9A-Za-z]+);/.exec(octets.toString("latin1"))?.[1];
    expect((await recordOf(house, queueId ?? "")).signing?.fragile).toBeUndefined();
  });

  test("a bounce that Postfix makes itself is signed", async () => {
    const message = messageOf({ token: "undeliverable" }).toString("latin1").replaceAll("\r\n", "\n");
    house.postfix.submitLocally("taro@ours.example", "a@fail.example", message);
    const octets = await delivered(house, "Undelivered Mail Returned to Sender");
    expect(octets.toString("latin1")).toMatch(/^From: .*MAILER-DAEMON@ours\.example/m);
    expect(await verified(octets)).toEqual(["pass r", "pass e"]);
  });

  test("a line over 998 octets is told, and is what breaks the signature at the next host", async () => {
    const body = `${"x".repeat(2500)}\r\n`;
    const queueId = await send(house, { token: "toolong", body, rcptTo: "away@far.example" });
    expect(await verified(await delivered(house, "toolong"))).toEqual(["fail r", "fail e"]);
    const { signing } = await recordOf(house, queueId);
    expect(signing).toMatchObject({ outcome: "signed", fragile: ["long-body-line"] });
    const { output } = await house.sekisho.run("explain", queueId);
    expect(output).toContain("ours.example (s=r, rsa-sha256)");
    expect(output.replaceAll(/\s+/g, " ")).toContain("a line of the body is longer than 998 octets");
  });

  test("8-bit text without 8BITMIME is told", async () => {
    const queueId = await send(house, { token: "undeclared", body: "日本語\r\n", undeclared: true });
    expect((await recordOf(house, queueId)).signing?.fragile).toEqual(["undeclared-8bit-body"]);
  });

  test("what went through a content filter and comes back is not signed twice", async () => {
    await send(house, { token: "once" });
    const octets = await delivered(house, "once");
    const again = Buffer.from(
      octets.toString("latin1").replace(/^(?:.*\r\n)*?(?=DKIM-Signature)/, ""),
      "latin1",
    );
    const { code } = await submit(house.postfix.port, {
      client: desktop,
      mailFrom: "taro@ours.example",
      rcptTo: "other@rcpt.example",
      message: again,
    });
    expect(code).toBe(250);
    const copies = (): string[] =>
      house.postfix
        .delivered()
        .map((file) => readFileSync(file, "latin1"))
        .filter((text) => text.includes("Subject: once\n"));
    await until("the second copy", () => copies().length === 2);
    for (const copy of copies()) {
      const plain = copy.replace(/^(?:(?:Return-Path|X-Original-To|Delivered-To): .*\n)+/, "");
      expect(await verified(Buffer.from(plain.replaceAll("\n", "\r\n"), "latin1"))).toEqual([
        "pass r",
        "pass e",
      ]);
    }
  });

  describe("a file that says which login may write as whom", () => {
    beforeAll(async () => {
      writeFileSync(logins(), "taro: taro@ours.example\nhanako: hanako@ours.example, lab.ours.example\n");
      house.sekisho.configure(house.settings(`  burst: { action: off }\n  logins: { file: ${logins()} }\n`));
      expect(await house.sekisho.reload()).toBe(true);
    });

    test.each([
      ["taro", "taro@ours.example", ["pass r", "pass e"], undefined],
      ["taro", "president@ours.example", [], "login-mismatch"],
      ["hanako", "anybody@lab.ours.example", ["pass lab"], undefined],
      ["hanako", "taro@ours.example", [], "login-mismatch"],
      ["jiro", "jiro@ours.example", [], "login-unlisted"],
    ])("%s as %s", async (login, from, signatures, reason) => {
      const token = `guard-${login}-${from.split("@")[0]}`;
      const queueId = await send(house, { token, client: phone, login, from });
      expect(await verified(await delivered(house, token))).toEqual(signatures);
      const { signing } = await recordOf(house, queueId);
      expect(signing).toMatchObject({ login });
      expect(signing?.reason).toBe(reason);
      const line = new RegExp(`whose login may not.*queueId=${queueId}.*unsigned=${reason}`);
      if (reason !== undefined) await until("the line", () => line.test(house.sekisho.output()));
    });

    test("the file is read again at SIGHUP, and a bad one leaves the old in force", async () => {
      writeFileSync(logins(), "taro: taro@ours.example, president@ours.example\n");
      expect(await house.sekisho.reload()).toBe(true);
      await send(house, {
        token: "now-president",
        client: phone,
        login: "taro",
        from: "president@ours.example",
      });
      expect(await verified(await delivered(house, "now-president"))).toEqual(["pass r", "pass e"]);
      writeFileSync(logins(), "taro\n");
      expect(await house.sekisho.reload()).toBe(false);
      await until("the reason", () => house.sekisho.output().includes(`${logins()}:1: `));
      await send(house, {
        token: "still-president",
        client: phone,
        login: "taro",
        from: "president@ours.example",
      });
      expect(await verified(await delivered(house, "still-president"))).toEqual(["pass r", "pass e"]);
    });

    test("held in the queue when the operator wants it so", async () => {
      writeFileSync(logins(), "taro: taro@ours.example\n");
      const hold = `  burst: { action: off }\n  logins: { file: ${logins()}, on_mismatch: hold }\n`;
      house.sekisho.configure(house.settings(hold));
      expect(await house.sekisho.reload()).toBe(true);
      const from = "president@ours.example";
      const queueId = await send(house, { token: "held", client: phone, login: "taro", from });
      await until("the message on hold", () => house.postfix.held().some((file) => file.endsWith(queueId)));
      const record = await recordOf(house, queueId);
      expect(record.disposition.action).toBe("hold");
      const { output } = await house.sekisho.run("explain", queueId, "--lang", "ja");
      expect(output).toContain("このログイン名に、この From は許可されていません");
    });
  });

  test("a burst is counted over all workers, by login, and held", async () => {
    house.sekisho.configure(house.settings("  burst: { messages: 5, per: 1h, action: hold }\n"));
    expect(await house.sekisho.reload()).toBe(true);
    expect(house.sekisho.workers().length).toBeGreaterThan(1);
    const told = (): number =>
      house.sekisho.output().match(/a sudden burst of mail from one sender/g)?.length ?? 0;
    const burst = async (login: string): Promise<void> => {
      const before = told();
      const ids: string[] = [];
      for (let i = 0; i < 8; i++)
        ids.push(await send(house, { token: `${login}-${i}`, client: phone, login }));
      const held = (): string[] => ids.filter((id) => house.postfix.held().some((file) => file.endsWith(id)));
      await until(
        "three messages on hold, told of once",
        () => held().length >= 3 && told() > before,
        20_000,
      );
      expect(held()).toEqual(ids.slice(5));
      expect(told()).toBe(before + 1);
    };
    // When this machine is too busy to tell a worker what the others have counted, that message goes on.
    await burst("burster")
      .catch(() => burst("another"))
      .catch(() => burst("third"));
    await send(house, { token: "burst-other", client: phone, login: "calm" });
    await delivered(house, "burst-other");
  });

  test("keys that cannot be used: a reload is refused, a start fails, with file and remedy", async () => {
    house.sekisho.configure(house.settings("  burst: { action: off }\n"));
    expect(await house.sekisho.reload()).toBe(true);
    chmodSync(join(house.folder, "r.pem"), 0o644);
    expect(await house.sekisho.reload()).toBe(false);
    await until("the remedy", () => house.sekisho.output().includes(`chmod 0600 ${house.folder}/r.pem`));
    await send(house, { token: "old-in-force" });
    expect(await verified(await delivered(house, "old-in-force"))).toEqual(["pass r", "pass e"]);
    await house.sekisho.end();
    const failed = await house.sekisho.run("serve");
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain(`chmod 0600 ${house.folder}/r.pem`);
    chmodSync(join(house.folder, "r.pem"), 0o600);
    await house.sekisho.start();
  });

  test("a key that goes bad while a worker is away: its mail is put off, all other mail goes on", async () => {
    writeFileSync(join(house.folder, "r.pem"), "nothing\n");
    writeFileSync(join(house.folder, "e.pem"), "nothing\n");
    const before = house.sekisho.workers();
    for (const pid of before) process.kill(pid, "SIGKILL");
    const again = (): number => house.sekisho.output().match(/worker \d+ is at work again/g)?.length ?? 0;
    await until("the workers to work", () => again() >= before.length);
    await expect(send(house, { token: "put-off" })).rejects.toThrow(/45[01] 4\.7\.5/);
    await send(house, { token: "goes-on", from: "lab@lab.ours.example" });
    expect(await verified(await delivered(house, "goes-on"))).toEqual(["pass lab"]);
    await until("the line", () => house.sekisho.output().includes(`${house.folder}/r.pem`));
    writeKey(join(house.folder, "r.pem"), rsa);
    writeKey(join(house.folder, "e.pem"), ed25519);
    expect(await house.sekisho.reload()).toBe(true);
    await send(house, { token: "mended" });
    expect(await verified(await delivered(house, "mended"))).toEqual(["pass r", "pass e"]);
  });
});
