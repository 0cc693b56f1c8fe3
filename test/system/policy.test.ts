import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  aRecord,
  nameRecord,
  startDnsServer,
  type TestDnsServer,
  type TestQuery,
  type TestReply,
  txtRecord,
} from "../dns-server.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { describeWith, freePort, until } from "./process.ts";
import { Sekisho } from "./sekisho.ts";
import { type SmtpReply, submit } from "./smtp-client.ts";

const good = { ip: "192.0.2.25", name: "mail.author.example", helo: "mail.author.example" };
const liar = { ip: "203.0.113.9", name: "mail.author.example", helo: "mail.liar.example" };
const [txt, ptr, a] = [16, 12, 1];
const servfail = { rcode: 2 };

/** Names whose questions fail at present. */
const broken = new Set<string>();

function answer({ name, type }: TestQuery): TestReply {
  const lower = name.toLowerCase();
  if (broken.has(lower)) return servfail;
  const policies: Readonly<Record<string, string>> = {
    "author.example": "v=spf1 ip4:192.0.2.25 -all",
    "_dmarc.author.example": "v=DMARC1; p=reject",
    "own.example": "v=spf1 ip4:192.0.2.25 -all",
    "_dmarc.own.example": "v=DMARC1; p=reject",
    "plain.example": "v=spf1 ip4:192.0.2.25 -all",
  };
  const text = policies[lower];
  if (type === txt && text !== undefined) return { answers: [txtRecord(name, [text])] };
  if (type === ptr && (lower === "25.2.0.192.in-addr.arpa" || lower === "9.113.0.203.in-addr.arpa"))
    return {
      answers: [
        nameRecord(name, "PTR", lower.startsWith("25.") ? "mail.author.example" : "mail.liar.example"),
      ],
    };
  if (type === a && lower === "mail.author.example") return { answers: [aRecord(name, "192.0.2.25")] };
  if (type === a && lower === "mail.liar.example") return { answers: [aRecord(name, "203.0.113.9")] };
  return {};
}

interface House {
  readonly sekisho: Sekisho;
  readonly postfix: Postfix;
  readonly etc: string;
  readonly web: string;
  end(): Promise<void>;
}

/** Name server, Sekisho with `verify`, and Postfix. */
async function houseWith(verify: string): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-policy-"));
  chmodSync(folder, 0o755);
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const dns: TestDnsServer = await startDnsServer({ answer });
    closers.push(() => dns.stop());
    const listen = `inet:127.0.0.1:${await freePort()}`;
    const webPort = await freePort();
    mkdirSync(join(folder, "sekisho"));
    const sekisho = new Sekisho(
      join(folder, "sekisho"),
      { listen },
      `dns: { nameservers: ["127.0.0.1:${dns.port}"], timeout: 20s }\nweb: { listen: "127.0.0.1:${webPort}" }\n` +
        `networks: { submitters: [127.0.0.0/8], own: [{ network: 192.0.2.64/28 }] }\nverify: { ${verify} }\n`,
    );
    await sekisho.start();
    closers.push(() => sekisho.end());
    const postfix = await startPostfix(join(folder, "postfix"), { smtpd_milters: listen });
    closers.push(() => postfix.stop());
    return { sekisho, postfix, etc: postfix.etc, web: `http://127.0.0.1:${webPort}`, end };
  } catch (error) {
    await end();
    throw error;
  }
}

interface Message {
  readonly client?: { readonly ip: string; readonly name: string; readonly helo: string };
  readonly from: string;
  readonly token: string;
  readonly fields?: string;
}

function send(house: House, { client = liar, from, token, fields = "" }: Message): Promise<SmtpReply> {
  const message =
    `From: A <a@${from}>\r\nTo: b@rcpt.example\r\nDate: Sat, 21 Nov 2026 10:00:00 +0900\r\n` +
    `Message-ID: <${token}@author.example>\r\nSubject: ${token}\r\n${fields}\r\nhello\r\n`;
  return submit(house.postfix.port, {
    client,
    mailFrom: `a@${from}`,
    rcptTo: "b@rcpt.example",
    message: Buffer.from(message, "latin1"),
  });
}

/** The header of the message as it lies in the Maildir, once it is there. */
async function deliveredHeader(house: House, token: string): Promise<string> {
  const find = (): string | undefined =>
    house.postfix
      .delivered()
      .map((file) => readFileSync(file, "latin1"))
      .find((text) => text.includes(`Subject: ${token}\n`));
  await until(`${token} to be delivered`, () => find() !== undefined);
  return (find() ?? "").split("\n\n")[0] ?? "";
}

/** Postfix and the workers write their logs when they come to it, and not before they answer. */
async function logged(log: () => string, words: RegExp): Promise<void> {
  await until(`${words} in the log`, () => words.test(log()));
}

function queueIdOf({ text }: SmtpReply): string {
  return /queued as ([0-9A-Za-z]+)/.exec(text)?.[1] ?? "";
}

/** What `sekisho explain` tells, once the record is written. */
async function explained(house: House, queueId: string): Promise<string> {
  let told = "";
  await until(`the record of ${queueId}`, async () => {
    const { code, output } = await house.sekisho.run("explain", queueId, "--lang", "en");
    told = output;
    return code === 0;
  });
  return told;
}

describeWith(["/usr/sbin/postfix"], "what is done with verdicts, at a real Postfix", () => {
  describe("reject, quarantine, tempfail and rules", () => {
    let house: House;
    beforeAll(async () => {
      house = await houseWith(
        "enforce: reject, own_domains: [own.example], spf: { on_fail: record, on_temperror: defer }, " +
          "rules: { repeated_date: header, repeated_subject: reject, nul_body: record }",
      );
    }, 120_000);
    afterAll(() => house?.end(), 60_000);

    test("reject: the client gets 550 5.7.1 and the word DMARC, and so does the log", async () => {
      const reply = await send(house, { from: "own.example", token: "refused" });
      expect(reply).toMatchObject({
        code: 550,
        text: "5.7.1 Email rejected per DMARC policy for own.example (own-domain)",
      });
      await logged(
        () => house.postfix.log(),
        /milter-reject: END-OF-MESSAGE .* 5\.7\.1 Email rejected per DMARC policy for own\.example/,
      );
      await logged(() => house.sekisho.output(), / action=reject .*550 5\.7\.1/);
    });

    test("quarantine: without a second reason the message is delivered with our field, and only ours", async () => {
      const fields =
        "X-Sekisho-Quarantine: forged\r\nx-sekisho-rules: forged\r\nX-Sekisho-Quarantine: forged\r\n";
      const reply = await send(house, { from: "author.example", token: "quarantined", fields });
      expect(reply.code).toBe(250);
      const header = await deliveredHeader(house, "quarantined");
      expect(header.match(/^x-sekisho-[^\n]*/gim)).toEqual([
        "X-Sekisho-Quarantine: dmarc; domain=author.example; policy=reject; reason=second.none",
      ]);
      expect(header.indexOf("Authentication-Results:")).toBeLessThan(header.indexOf("Received:"));
      const told = await explained(house, queueIdOf(reply));
      expect(told).toContain("quarantined");
      expect(told).toContain("RFC 9989 §7.4");
    });

    test("what passes is delivered as it is", async () => {
      const reply = await send(house, { client: good, from: "author.example", token: "passed" });
      expect(reply.code).toBe(250);
      expect(await deliveredHeader(house, "passed")).not.toMatch(/x-sekisho/i);
    });

    test("tempfail: 451 while DNS fails, and delivered when the cause is gone", async () => {
      broken.add("plain.example");
      const reply = await send(house, { client: good, from: "plain.example", token: "deferred" });
      expect(reply).toMatchObject({
        code: 451,
        text: expect.stringMatching(/^4\.7\.24 SPF MAIL FROM check of plain/),
      });
      await logged(() => house.postfix.log(), /milter-reject: END-OF-MESSAGE .* 4\.7\.24/);
      broken.clear();
      await until(
        "the message to be taken",
        async () =>
          (await send(house, { client: good, from: "plain.example", token: "deferred" })).code === 250,
        60_000,
      );
      expect(await deliveredHeader(house, "deferred")).toContain("spf=pass");
    });

    // Of another domain than that above: each worker has a DNS cache of its own, and may still know the failure.
    test("rules: marked, or refused with the rule and its RFC", async () => {
      const twice = "Date: Sat, 21 Nov 2026 11:00:00 +0900\r\n";
      const marked = await send(house, {
        client: good,
        from: "author.example",
        token: "marked",
        fields: twice,
      });
      expect(marked.code).toBe(250);
      expect(await deliveredHeader(house, "marked")).toContain("X-Sekisho-Rules: repeated-date\n");
      const refused = await send(house, {
        client: good,
        from: "author.example",
        token: "x",
        fields: "Subject: y\r\n",
      });
      expect(refused).toMatchObject({
        code: 550,
        text: "5.6.0 Message refused by rule repeated-subject: more than one Subject field (RFC 5322 section 3.6)",
      });
    });

    test("the metrics count what was done", async () => {
      for (const line of [
        /sekisho_dispositions_total\{[^}]*action="reject"[^}]*\} [1-9]/,
        /sekisho_dispositions_total\{[^}]*action="quarantine"[^}]*\} [1-9]/,
        /sekisho_dispositions_total\{[^}]*action="defer"[^}]*\} [1-9]/,
        /sekisho_broken_rules_total\{[^}]*rule="repeated-date"[^}]*\} [1-9]/,
      ])
        await until(`${line}`, async () => line.test(await (await fetch(`${house.web}/metrics`)).text()));
    });
  });

  describe("hold and shadow", () => {
    let house: House;
    beforeAll(async () => {
      house = await houseWith(
        "enforce: quarantine, quarantine_action: hold, shadow: { enforce: reject, spf: { on_fail: reject } }",
      );
    }, 120_000);
    afterAll(() => house?.end(), 60_000);

    test("hold: accepted, and kept in the hold queue, where postqueue marks it", async () => {
      const reply = await send(house, { from: "author.example", token: "held" });
      expect(reply.code).toBe(250);
      await until("the message in the hold queue", () => house.postfix.held().length === 1);
      const queueId = queueIdOf(reply);
      expect(house.postfix.held()[0]).toContain(queueId);
      const queue = execFileSync("/usr/sbin/postqueue", ["-c", house.etc, "-p"], { encoding: "utf8" });
      expect(queue).toContain(`${queueId}!`);
      await logged(() => house.postfix.log(), /milter-hold: END-OF-MESSAGE .*: milter triggers HOLD action/);
      await logged(
        () => house.sekisho.output(),
        / action=hold why="?dmarc\.reject author\.example, enforce\.quarantine/,
      );
      expect(house.postfix.delivered()).toEqual([]);
    });

    test("shadow: delivered as ever, recorded, and told by sekisho shadow", async () => {
      const reply = await send(house, { from: "plain.example", token: "shadowed" });
      expect(reply.code).toBe(250);
      expect(await deliveredHeader(house, "shadowed")).not.toMatch(/x-sekisho/i);
      const queueId = queueIdOf(reply);
      await explained(house, queueId);
      let [code, output]: [number | null, string] = [null, ""];
      // `explain` reads what waits to be taken into the store as well, this does not.
      await until("the store to have the record", async () => {
        ({ code, output } = await house.sekisho.run("shadow", "--lang", "en"));
        return output.includes("plain.example");
      });
      expect(code).toBe(1);
      for (const part of [
        "plain.example",
        "refused 1",
        "203.0.113.9 mail.liar.example",
        queueId,
        "verify.spf.on_fail",
      ])
        expect(output).toContain(part);
      const json = await house.sekisho.run("shadow", "--json");
      expect(JSON.parse(json.output)).toMatchObject({
        domains: expect.arrayContaining([expect.objectContaining({ domain: "plain.example", messages: 1 })]),
      });
    });
  });
});
