import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openArcSealing } from "../../src/core/arc/sealing.ts";
import { openAuthentication } from "../../src/core/authenticate.ts";
import { systemClock } from "../../src/core/clock.ts";
import { formatSignedField, openDkimSigning } from "../../src/core/dkim/sign.ts";
import { createSigningKey, type SigningKey } from "../../src/core/dkim/signing-key.ts";
import { memoryResolver } from "../../src/core/dns/memory.ts";
import { parseHead } from "../../src/core/message/message.ts";
import type { AuthResults } from "../../src/core/results.ts";
import type { MessageRecord } from "../../src/store/record.ts";
import { runPeer } from "../../tools/differential/peer.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../dkim-test-keys.ts";
import { startDnsServer, type TestQuery, type TestReply, txtRecord } from "../dns-server.ts";
import { type Installation, installWith } from "./installation.ts";
import { type MailSink, startMailSink } from "./mail-sink.ts";
import { startPostfix } from "./postfix.ts";
import { describeWith, freePort, until } from "./process.ts";
import { Sekisho } from "./sekisho.ts";
import { type Submission, submit } from "./smtp-client.ts";

const patienceMs = 120_000;
const authors = rsaTestKey(1024);
const ours = rsaTestKey(2048);
const ed = ed25519TestKey(21);
const texts: Readonly<Record<string, string>> = {
  "s._domainkey.reject.example": `p=${authors.publicText}`,
  "_dmarc.reject.example": "v=DMARC1; p=reject",
  "s._domainkey.none.example": `p=${authors.publicText}`,
  "_dmarc.none.example": "v=DMARC1; p=none",
  "k._domainkey.ours.example": `p=${ours.publicText}`,
  "_dmarc.ours.example": "v=DMARC1; p=reject",
  "l._domainkey.lists.ours.example": `p=${ours.publicText}`,
  "_dmarc.lists.ours.example": "v=DMARC1; p=reject",
  "h._domainkey.hop.example": `p=${ours.publicText}`,
  "e._domainkey.hop2.example": `k=ed25519; p=${ed.publicText}`,
};

function answer({ name, type }: TestQuery): TestReply {
  const text = texts[name.toLowerCase()];
  if (type !== 16 || text === undefined) return {};
  return { answers: [txtRecord(name, text.match(/.{1,255}/g) ?? [])] };
}

interface House extends Omit<Installation, "socketPath"> {
  readonly sink: MailSink;
  /** Where mail from lists comes back. */
  readonly backPort: number;
  /** Where the list writes down what it hands over. */
  readonly kept: string;
}

/** Postfix with a list behind pipe(8), which hands mail over to a port with a socket of its own. */
async function startHouse(): Promise<House> {
  return installWith(async (folder, closers) => {
    const dns = await startDnsServer({ answer });
    closers.push(() => dns.stop());
    const sink = await startMailSink();
    closers.push(() => sink.stop());
    const kept = join(folder, "kept");
    for (const name of ["sekisho", "postfix", "kept"]) mkdirSync(join(folder, name));
    chmodSync(kept, 0o777);
    const script = join(folder, "small-list.py");
    copyFileSync(fileURLToPath(new URL("small-list.py", import.meta.url)), script);
    chmodSync(script, 0o755);
    for (const name of ["k.pem", "l.pem"]) writeKey(join(folder, name), ours);
    const [listen, back, program] = await Promise.all(
      Array.from({ length: 3 }, async () => `inet:127.0.0.1:${await freePort()}`),
    );
    const [backPort, webPort] = await Promise.all([freePort(), freePort()]);
    const sekisho = new Sekisho(
      join(folder, "sekisho"),
      {
        listen: listen ?? "",
        others: [
          { listen: back ?? "", role: "sign" },
          { listen: program ?? "", role: "sign" },
        ],
      },
      settings(folder, dns.port, webPort, back ?? "", program ?? ""),
    );
    await sekisho.start();
    closers.push(() => sekisho.end());
    const members = "a@far.example,b@far.example;c@other.example";
    const postfix = await startPostfix(
      join(folder, "postfix"),
      {
        smtpd_milters: listen ?? "",
        non_smtpd_milters: program ?? "",
        milter_protocol: "6",
        relay_domains: "lists.ours.example",
        transport_maps: "inline:{staff@lists.ours.example=list:,kept@lists.ours.example=virtual:}",
        virtual_mailbox_domains: "rcpt.example kept.example",
        virtual_alias_maps: "inline:{kept@lists.ours.example=box@rcpt.example}",
        relayhost: `[127.0.0.1]:${sink.port}`,
        smtp_tls_security_level: "none",
        mynetworks: "127.0.0.0/8 192.0.2.10",
        // What postsrsd answers for this sender.
        sender_canonical_maps:
          "inline:{forwarded@else.example=SRS0=hash=tt=else.example=forwarded@srs.ours.example}",
        sender_canonical_classes: "envelope_sender",
      },
      [
        `127.0.0.1:${backPort} inet n - n - 10 smtpd -o smtpd_milters=${back} -o syslog_name=postfix/lists`,
        `list unix - n n - 10 pipe flags=Rq user=nobody argv=/usr/bin/python3 ${script} ${backPort} \${recipient} ${members} ${kept}`,
      ],
    );
    closers.push(() => postfix.stop());
    return { sekisho, postfix, sink, backPort, kept, web: `http://127.0.0.1:${webPort}` };
  });
}

function settings(folder: string, dnsPort: number, webPort: number, back: string, program: string): string {
  return `
dns: { nameservers: ["127.0.0.1:${dnsPort}"], timeout: 20s }
web: { listen: "127.0.0.1:${webPort}" }
networks: { submitters: [192.0.2.10] }
sign:
  keys:
    - { domain: ours.example, selector: k, file: ${folder}/k.pem }
    - { domain: lists.ours.example, selector: l, file: ${folder}/l.pem }
seal: { domain: lists.ours.example, recipients: [kept@lists.ours.example] }
lists:
  hosts:
    - { name: small, addresses: [lists.ours.example], socket: "${back}", display_name: 教職員ML }
    - { name: program, addresses: [lists.ours.example], socket: "${program}", rewrite_from: always }
`;
}

function writeKey(file: string, { privateKey }: TestKey): void {
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
}

// ---------------------------------------------------------------- messages

function signingKey({ privateKey }: TestKey, domain: string, selector: string): SigningKey {
  const made = createSigningKey({ domain, selector, privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

function bodyOf(octets: Buffer): Buffer {
  return octets.subarray(octets.indexOf("\r\n\r\n") + 4);
}

interface Written {
  readonly from: string;
  readonly token: string;
  readonly to?: string;
  readonly signed?: boolean;
  /** With line ends. */
  readonly fields?: string;
}

/** A message as its author's site sends it. */
async function write({
  from,
  token,
  to = "staff@lists.ours.example",
  signed = true,
  fields = "",
}: Written): Promise<Buffer> {
  const octets = Buffer.from(
    `From: ${from}\r\nTo: ${to}\r\nSubject: ${token}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0900\r\n` +
      `Message-ID: <${token}@author.example>\r\n${fields}\r\nGood morning.\r\n`,
    "latin1",
  );
  if (!signed) return octets;
  const domain = /@([a-z.]+)>?$/.exec(from)?.[1] ?? "";
  const signing = openDkimSigning(parseHead(octets), {
    signatures: [{ key: signingKey(authors, domain, "s") }],
    clock: systemClock,
  });
  signing.body(bodyOf(octets));
  const made = await signing.finish();
  return Buffer.concat([Buffer.from(made.map((field) => formatSignedField(field, "\r\n")).join("")), octets]);
}

async function authenticate(octets: Buffer): Promise<AuthResults> {
  const zone = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, [{ TXT: text }]]));
  const verification = openAuthentication(parseHead(octets), {
    dns: memoryResolver(zone),
    clock: systemClock,
  });
  verification.body(bodyOf(octets));
  return verification.finish();
}

/** Through a site that seals it. */
async function hop(octets: Buffer, key: SigningKey): Promise<Buffer> {
  const chain = (await authenticate(octets)).arc?.result ?? "none";
  const payload = `mx.${key.domain}; dmarc=pass header.from=reject.example`;
  const sealing = openArcSealing(parseHead(octets), {
    key,
    clock: systemClock,
    results: () => ({ payload, chain }),
  });
  sealing.body(bodyOf(octets));
  const outcome = await sealing.finish();
  if (outcome.kind === "unsealed") throw new Error(outcome.reason);
  return Buffer.concat([
    Buffer.from(outcome.fields.map((field) => formatSignedField(field, "\r\n")).join("")),
    octets,
  ]);
}

const stranger = { ip: "203.0.113.9", helo: "mail.else.example" };

/** @returns The queue id. */
async function send(
  house: House,
  message: Buffer,
  given: {
    readonly port?: number;
    readonly to?: string;
    readonly ip?: string;
    readonly mailFrom?: string;
  } = {},
): Promise<string> {
  const { code, text } = await submit(given.port ?? house.postfix.port, {
    client: clientOf(given),
    mailFrom: given.mailFrom ?? "sender@else.example",
    rcptTo: given.to ?? "staff@lists.ours.example",
    message,
  });
  if (code !== 250) throw new Error(`${code} ${text}`);
  return /queued as ([0-9A-Za-z]+)/.exec(text)?.[1] ?? "";
}

/** Mail from the list comes from this host. */
function clientOf({ ip, port }: { readonly ip?: string; readonly port?: number }): Submission["client"] {
  if (ip !== undefined) return { ip, helo: "desktop" };
  return port === undefined ? stranger : { ip: "127.0.0.1", name: "localhost", helo: "lists" };
}

/** Every copy with that Message-ID that members have got, CRLF. */
async function copies(house: House, token: string, count: number): Promise<Buffer[]> {
  const find = (): Buffer[] =>
    house.sink.delivered.filter((one) => one.includes(`<${token}@author.example>`));
  await until(
    `${count} copies of ${token}: ${house.postfix.log().slice(-2000)}`,
    () => find().length >= count,
    patienceMs,
  );
  return find().map((octets) => Buffer.from(octets.toString("latin1").replaceAll("\n", "\r\n"), "latin1"));
}

/** The one that went to our own box, CRLF, without the fields of the delivery agent. */
async function inBox(house: House, token: string): Promise<Buffer> {
  const find = (): string | undefined =>
    house.postfix
      .delivered()
      .map((file) => readFileSync(file, "latin1"))
      .find((text) => text.includes(`<${token}@author.example>`));
  await until(
    `${token} in the box: ${house.postfix.log().slice(-2000)}`,
    () => find() !== undefined,
    patienceMs,
  );
  const plain = (find() ?? "").replace(/^(?:(?:Return-Path|X-Original-To|Delivered-To): .*\n)+/, "");
  return Buffer.from(plain.replaceAll("\n", "\r\n"), "latin1");
}

function field(octets: Buffer, name: string): string | undefined {
  const head = parseHead(octets);
  const found = head.fields.find(({ lowerName }) => lowerName === name.toLowerCase());
  return (
    found &&
    octets
      .toString("utf8", found.valueStart, found.end - 2)
      .replaceAll("\r\n", "")
      .trim()
  );
}

function recordsOf({ sekisho }: House, messageId: string): Promise<MessageRecord[]> {
  return sekisho.run("explain", messageId, "--json").then(({ output }) =>
    output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as MessageRecord),
  );
}

async function recordOf(house: House, queueId: string): Promise<MessageRecord> {
  let found: MessageRecord | undefined;
  await until(`the record of ${queueId}`, async () => {
    [found] = await recordsOf(house, queueId);
    return found !== undefined;
  });
  return found as MessageRecord;
}

interface PeerAnswer {
  readonly results?: readonly { readonly result: string; readonly why: string }[];
  readonly result?: string;
  readonly why?: string;
}

/** What dkimpy and OpenDKIM say of the topmost DKIM signature, and dkimpy of the ARC chain. */
async function byPeers(octets: Buffer): Promise<string[]> {
  const one = {
    id: 1,
    message: octets.toString("base64"),
    now: Math.floor(Date.now() / 1000),
    keys: texts,
    signatures: 1,
  };
  const said: string[] = [];
  for (const [script, more] of [
    ["dkimpy.py", {}],
    ["opendkim.py", {}],
    ["dkimpy.py", { arc: true }],
  ] as const) {
    const [result] = (await runPeer<PeerAnswer>("/usr/bin/python3", script, [{ ...one, ...more }])) ?? [];
    const verdict = result?.results?.[0] ?? result;
    said.push(verdict?.result === "pass" ? "pass" : `${script}: ${verdict?.result} ${verdict?.why}`);
  }
  return said;
}

const tools = [
  "/usr/sbin/postfix",
  "/usr/sbin/opendkim",
  "/usr/bin/python3",
  "/usr/lib/python3/dist-packages/dkim/__init__.py",
];
const tokenField = "X-Sekisho-List-Token";

describeWith(tools, "lists at a real Postfix", () => {
  let house: House & { end(): Promise<void> };

  beforeAll(async () => {
    house = (await startHouse()) as typeof house;
  }, 60_000);
  afterAll(() => house?.end(), 60_000);

  test("an author with p=reject: From names the list, signed by us, sealed with the verdict from before", async () => {
    const queueId = await send(house, await write({ from: "Taro <taro@reject.example>", token: "reject" }));
    expect((await recordOf(house, queueId)).remembered).toBe(true);
    // Two batches, to two and to one.
    const all = await copies(house, "reject", 2);
    for (const copy of all) {
      expect(field(copy, "From")).toMatch(/<staff@lists\.ours\.example>$/);
      expect(field(copy, "Reply-To")).toBe("Taro <taro@reject.example>");
      expect(field(copy, "Subject")).toBe("[staff:1] reject");
      expect(field(copy, tokenField)).toBeUndefined();
      expect(field(copy, "ARC-Authentication-Results")).toMatch(
        /^i=1; mx\.rcpt\.example;.*dkim=pass header\.d=reject\.example.*dmarc=pass header\.from=reject\.example/,
      );
      const { dmarc, dkim, arc } = await authenticate(copy);
      expect(dmarc.result).toBe("pass");
      expect(dkim.map(({ result, domain }) => `${result} ${domain}`)).toEqual(["pass lists.ours.example"]);
      expect(arc).toMatchObject({ result: "pass", instances: 1, oldestPass: 0 });
      expect(await byPeers(copy)).toEqual(["pass", "pass", "pass"]);
    }
    const tokens = async (): Promise<readonly string[]> =>
      (await recordsOf(house, "<reject@author.example>")).flatMap(({ list }) => list?.token ?? []);
    await until("the records of both batches", async () => (await tokens()).length >= 2);
    expect((await tokens()).toSorted()).toEqual(["again", "used"]);
  });

  test("an author with p=none keeps his From; the broken signature goes", async () => {
    await send(house, await write({ from: "Taro <taro@none.example>", token: "none" }));
    const [copy] = await copies(house, "none", 2);
    if (copy === undefined) throw new Error("no copy");
    expect(field(copy, "From")).toBe("Taro <taro@none.example>");
    expect(field(copy, "DKIM-Signature")).toBeUndefined();
    expect((await authenticate(copy)).arc?.result).toBe("pass");
    expect(field(copy, "ARC-Authentication-Results")).toMatch(
      /dkim=pass.*dmarc=pass header\.from=none\.example/,
    );
  });

  test("a Japanese name is read the same on the other side", async () => {
    const from = "=?ISO-2022-JP?B?GyRCOzNFREJATzobKEI=?= <taro@reject.example>";
    await send(house, await write({ from, token: "name" }));
    const [copy] = await copies(house, "name", 2);
    if (copy === undefined) throw new Error("no copy");
    const script =
      "import email,sys,email.header as h\n" +
      "m=email.message_from_binary_file(sys.stdin.buffer)\n" +
      "print(str(h.make_header(h.decode_header(m['From'].replace('\\n','')))))";
    const { execFileSync } = await import("node:child_process");
    const read = (octets: Buffer): string =>
      execFileSync("/usr/bin/python3", ["-c", script], {
        input: octets,
        encoding: "utf8",
        env: { LANG: "C.UTF-8" },
      }).trim();
    expect(read(copy)).toBe("山田太郎 via 教職員ML <staff@lists.ours.example>");
    for (const line of copy.toString("latin1").split("\r\n"))
      if (line.includes("=?UTF-8?")) expect(line.length).toBeLessThanOrEqual(76);
    expect(await byPeers(copy)).toEqual(["pass", "pass", "pass"]);
  });

  test("our own author is signed for again", async () => {
    const written = await write({ from: "Hanako <hanako@ours.example>", token: "own", signed: false });
    await send(house, written, { ip: "192.0.2.10" });
    const [copy] = await copies(house, "own", 2);
    if (copy === undefined) throw new Error("no copy");
    expect(field(copy, "From")).toBe("Hanako <hanako@ours.example>");
    const { dmarc, dkim } = await authenticate(copy);
    expect(`${dmarc.result} ${dkim.map(({ result, domain }) => `${result} ${domain}`)}`).toBe(
      "pass pass ours.example",
    );
    expect((await byPeers(copy)).slice(0, 2)).toEqual(["pass", "pass"]);
  });

  test("a stranger who writes as one of us is not", async () => {
    await send(house, await write({ from: "President <p@ours.example>", token: "forged", signed: false }));
    const [copy] = await copies(house, "forged", 2);
    if (copy === undefined) throw new Error("no copy");
    expect(field(copy, "From")).toMatch(/<staff@lists\.ours\.example>$/);
    expect(copy.toString("latin1")).not.toContain("d=ours.example");
    expect(field(copy, "ARC-Authentication-Results")).toMatch(/dmarc=fail header\.from=ours\.example/);
  });

  test("a replay of what the list handed over is refused, and so is other mail with its token", async () => {
    await send(house, await write({ from: "Taro <taro@reject.example>", token: "replay" }));
    await copies(house, "replay", 2);
    const handed = readFileSync(join(house.kept, "handed-over"));
    expect(field(handed, tokenField)).toMatch(/^[A-Za-z0-9_-]{32}$/);
    const forged = Buffer.from(handed.toString("latin1").replace("Good morning", "Send money"), "latin1");
    for (const again of [handed, forged]) {
      const queueId = await send(house, again, { port: house.backPort, to: "a@far.example" });
      const record = await recordOf(house, queueId);
      expect(record.list?.token).toBe("refused-used");
      expect(record.seal).toMatchObject({ results: "now" });
    }
    const all = await copies(house, "replay", 4);
    for (const copy of all) expect(field(copy, tokenField)).toBeUndefined();
    const told = all.map((copy) => /dmarc=pass/.test(field(copy, "ARC-Authentication-Results") ?? ""));
    expect(told.filter(Boolean)).toHaveLength(2);
  });

  test("a token on foreign mail is removed and ignored; the true one still counts after it", async () => {
    await send(
      house,
      await write({ from: "Taro <taro@reject.example>", token: "keep", to: "kept@lists.ours.example" }),
      { to: "kept@lists.ours.example" },
    );
    const kept = await inBox(house, "keep");
    const token = field(kept, tokenField);
    const foreign = await write({
      from: "Bad <bad@none.example>",
      token: "foreign",
      to: "x@far.example",
      fields: `${tokenField}: ${token}\r\n`,
    });
    const queueId = await send(house, foreign, { to: "box@rcpt.example" });
    expect((await recordOf(house, queueId)).removed).toContainEqual({
      name: tokenField,
      occurrence: 1,
      reason: "own-field",
    });
    expect(field(await inBox(house, "foreign"), tokenField)).toBeUndefined();
    const back = await send(house, changed(kept), { port: house.backPort, to: "a@far.example" });
    expect((await recordOf(house, back)).list?.token).toBe("used");
  });

  test("two hops before the list, with RSA and Ed25519, four sets after it", async () => {
    const written = await write({
      from: "Taro <taro@reject.example>",
      token: "hops",
      to: "kept@lists.ours.example",
    });
    const first = await hop(written, signingKey(ours, "hop.example", "h"));
    const second = await hop(first, signingKey(ed, "hop2.example", "e"));
    // Ours seals what goes to this list on the way in, too.
    await send(house, second, { to: "kept@lists.ours.example" });
    const kept = await inBox(house, "hops");
    expect((await authenticate(kept)).arc).toMatchObject({ result: "pass", instances: 3 });
    const queueId = await send(house, changed(kept), { port: house.backPort, to: "a@far.example" });
    const [copy] = await copies(house, "hops", 1);
    if (copy === undefined) throw new Error("no copy");
    expect((await recordOf(house, queueId)).seal).toMatchObject({
      instance: 4,
      chainValidation: "pass",
      results: "way-in",
    });
    expect((await authenticate(copy)).arc).toMatchObject({
      result: "pass",
      instances: 4,
      sealers: ["lists.ours.example", "lists.ours.example", "hop2.example", "hop.example"],
    });
    expect(field(copy, "ARC-Authentication-Results")).toMatch(/^i=4; .*arc=pass.*dmarc=pass/);
  });

  test("three hops, the last two ours, with the list between them: dkimpy validates the chain", async () => {
    const written = await write({
      from: "Taro <taro@reject.example>",
      token: "chain",
      to: "kept@lists.ours.example",
    });
    const first = await hop(written, signingKey(ours, "hop.example", "h"));
    await send(house, first, { to: "kept@lists.ours.example" });
    const kept = await inBox(house, "chain");
    await send(house, changed(kept), { port: house.backPort, to: "a@far.example" });
    const [copy] = await copies(house, "chain", 1);
    if (copy === undefined) throw new Error("no copy");
    expect((await authenticate(copy)).arc).toMatchObject({ result: "pass", instances: 3 });
    expect(await byPeers(copy)).toEqual(["pass", "pass", "pass"]);
  });

  test("a chain that came broken is sealed with cv=fail, and nothing is added to it any more", async () => {
    const written = await write({
      from: "Taro <taro@none.example>",
      token: "broken",
      to: "kept@lists.ours.example",
    });
    const sealed = await hop(written, signingKey(ours, "hop.example", "h"));
    const broken = Buffer.from(sealed.toString("latin1").replace("Good morning", "Good evening"), "latin1");
    const queueId = await send(house, broken, { to: "kept@lists.ours.example" });
    expect((await recordOf(house, queueId)).seal).toMatchObject({ instance: 2, chainValidation: "fail" });
    const kept = await inBox(house, "broken");
    const back = await send(house, changed(kept), { port: house.backPort, to: "a@far.example" });
    expect((await recordOf(house, back)).seal).toEqual({ outcome: "unsealed", reason: "sealed-as-failed" });
  });

  test("a list that hands mail over as a program of this host (non_smtpd_milters)", async () => {
    await send(
      house,
      await write({ from: "Taro <taro@none.example>", token: "program", to: "kept@lists.ours.example" }),
      { to: "kept@lists.ours.example" },
    );
    const kept = changed(await inBox(house, "program"))
      .toString("latin1")
      .replaceAll("\r\n", "\n");
    house.postfix.submitLocally("staff-bounces@lists.ours.example", "a@far.example", kept);
    const [copy] = await copies(house, "program", 1);
    if (copy === undefined) throw new Error("no copy");
    expect(field(copy, "From")).toBe("Taro via kept <kept@lists.ours.example>");
    expect(field(copy, "ARC-Authentication-Results")).toMatch(/dmarc=pass header\.from=none\.example/);
    expect(await byPeers(copy)).toEqual(["pass", "pass", "pass"]);
  });

  test.each(["SIGTERM", "SIGKILL"] as const)("the memory outlives %s", async (signal) => {
    const token = `restart${signal.toLowerCase()}`;
    const written = await write({ from: "Taro <taro@reject.example>", token, to: "kept@lists.ours.example" });
    const before = { in: writtenDown(house, "in"), out: writtenDown(house, "out") };
    await send(house, written, { to: "kept@lists.ours.example" });
    const kept = await inBox(house, token);
    await until("the way in to be written down", () => writtenDown(house, "in") > before.in);
    await house.sekisho.end(signal);
    await house.sekisho.start();
    const queueId = await send(house, changed(kept), { port: house.backPort, to: "a@far.example" });
    expect((await recordOf(house, queueId)).list?.token).toBe("used");
    await until("the use to be written down", () => writtenDown(house, "out") > before.out);
    await house.sekisho.end(signal);
    await house.sekisho.start();
    const again = await send(house, changed(kept), { port: house.backPort, to: "a@far.example" });
    expect((await recordOf(house, again)).list?.token).toBe("refused-used");
  });

  test("an envelope that SRS rewrites is verified as it came", async () => {
    const to = "kept@lists.ours.example";
    const message = await write({ from: "Taro <taro@reject.example>", token: "srs", to });
    await send(house, message, { to, mailFrom: "forwarded@else.example" });
    const kept = await inBox(house, "srs");
    expect(field(kept, "ARC-Authentication-Results")).toMatch(/spf=none smtp\.mailfrom=else\.example;/);
    const file = house.postfix
      .delivered()
      .find((one) => readFileSync(one, "latin1").includes("<srs@author.example>"));
    expect(readFileSync(file ?? "", "latin1")).toMatch(/^Return-Path: <SRS0=.*@srs\.ours\.example>/m);
  });

  test("explain, log and metrics tell it", async () => {
    const queueId = await send(
      house,
      await write({ from: "Taro <taro@reject.example>", token: "told", to: "kept@lists.ours.example" }),
      { to: "kept@lists.ours.example" },
    );
    const back = await send(house, changed(await inBox(house, "told")), {
      port: house.backPort,
      to: "a@far.example",
    });
    for (const one of [queueId, back]) await recordOf(house, one);
    const story = (await house.sekisho.run("explain", back)).output.replaceAll(/\s+/g, " ");
    for (const words of [
      "small (by its socket)",
      "known by its token",
      "rewritten: the author's domain asks for reject",
      "removed",
      "as found when the message went in to the list",
    ])
      expect(story).toContain(words);
    expect((await house.sekisho.run("explain", queueId)).output).toContain("remembered");
    const line = new RegExp(`queueId=${back}.*list=small wayIn=used.*sealed="?i=2 cv=pass`);
    await until(`${line} in the log`, () => line.test(house.sekisho.output()));
    const metrics = async (): Promise<string> => (await fetch(`${house.web}/metrics`)).text();
    for (const counter of [
      /sekisho_list_messages_total\{host="small",token="used"\} [1-9]/,
      /sekisho_list_from_total\{outcome="rewritten",reason="policy-reject"\} [1-9]/,
      /sekisho_list_broken_signatures_total\{action="removed"\} [1-9]/,
      /sekisho_list_arrivals_total\{remembered="true"\} [1-9]/,
      /sekisho_seals_total\{outcome="sealed",reason="",cv="pass"\} [1-9]/,
    ])
      await until(`${counter}`, async () => counter.test(await metrics()));
  });

  test("config check tells of the lists below our domain (sp=)", async () => {
    const { output, code } = await house.sekisho.run("config", "check");
    expect(output.replaceAll(/\s+/g, " ")).toContain("sp=none");
    expect(output).toContain("config.list-below");
    expect(code).toBe(0);
  });
});

/** Lines of that kind in the memory of mail to lists as it lies on the disk: what outlives a kill. */
function writtenDown({ sekisho }: House, kind: "in" | "out"): number {
  const file = join(sekisho.dataDir, "list-memory.ndjson");
  return existsSync(file) ? readFileSync(file, "utf8").split(`"kind":"${kind}"`).length - 1 : 0;
}

/** What a list makes of a message that lies in its box: another subject, a footer, fields of its own. */
function changed(octets: Buffer): Buffer {
  const text = octets
    .toString("latin1")
    .replace("\r\nSubject: ", "\r\nSubject: [kept] ")
    .replace(
      "\r\n\r\n",
      "\r\nList-Id: <kept.lists.ours.example>\r\nList-Post: <mailto:kept@lists.ours.example>\r\n\r\n",
    );
  return Buffer.from(`${text}-- \r\nfooter\r\n`, "latin1");
}
