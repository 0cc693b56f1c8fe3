import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rsaTestKey } from "../../test/dkim-test-keys.ts";
import { sealMessage } from "../../test/seal-message.ts";
import { type DmarcOptions, openAuthentication, type SmtpClient, startClientChecks } from "./authenticate.ts";
import { formatResultsField } from "./authentication-results.ts";
import { fixedClock } from "./clock.ts";
import { type PublicSuffixFinder, parsePublicSuffixList } from "./dmarc/public-suffix.ts";
import { type MemoryZone, memoryResolver } from "./dns/memory.ts";
import type { DnsResolver } from "./dns/resolver.ts";
import { type IpAddress, parseIp } from "./ip.ts";
import { parseHead } from "./message/message.ts";
import type { AuthResults } from "./results.ts";

const clock = fixedClock(Date.UTC(2026, 5, 1));
const body = "Hello.\r\n\r\nSecond  paragraph. \r\n";
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const otherKey = generateKeyPairSync("ed25519").privateKey;
const keyRecord = `v=DKIM1; k=ed25519; p=${Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64")}`;

/** A signature over From with simple/simple (RFC 6376 §3.4.1, §3.4.3) and Ed25519 (RFC 8463). */
function signature(from: string, domain: string, key: KeyObject = privateKey): string {
  const bodyHash = createHash("sha256").update(body).digest("base64");
  const field = `DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=${domain}; s=s; h=from; bh=${bodyHash}; b=`;
  const hash = createHash("sha256").update(`${from}\r\n${field}`).digest();
  return `${field}${sign(null, hash, key).toString("base64")}\r\n`;
}

const from = "From: Joe <joe@example.com>";
const message = [
  signature(from, "mail.example.com"),
  signature(from, "esp.example"),
  signature(from, "example.com", otherKey),
  `${from}\r\nTo: x@x.example\r\nSubject: x\r\n`,
].join("");

const zone: MemoryZone = {
  "1.2.0.192.in-addr.arpa": [{ PTR: "mx.example.com" }],
  "mx.example.com": [{ A: "192.0.2.1" }, { TXT: "v=spf1 a -all" }],
  "example.com": [{ TXT: "v=spf1 ip4:192.0.2.0/24 -all" }],
  "s._domainkey.mail.example.com": [{ TXT: keyRecord }],
  "s._domainkey.esp.example": [{ TXT: keyRecord }],
  "s._domainkey.example.com": [{ TXT: keyRecord }],
  "_dmarc.example.com": [{ TXT: "v=DMARC1; p=reject" }],
};
const client: SmtpClient = {
  ip: parseIp("192.0.2.1") as IpAddress,
  helo: "mx.example.com",
  mailFrom: "bounce@example.com",
};

function head(text = message): ReturnType<typeof parseHead> {
  return parseHead(Buffer.from(text));
}

test("everything comes together", async () => {
  const dns = memoryResolver(zone);
  const opened = openAuthentication(head(), { client, dns, clock });
  expect(opened.needsBody).toBe(true);
  opened.body(Buffer.from(body));
  const results = await opened.finish();
  expect(results.iprev).toMatchObject({ result: "pass", name: "mx.example.com", ip: "192.0.2.1" });
  expect(results.spf).toMatchObject({ result: "pass", identity: "mailfrom", domain: "example.com" });
  expect(results.spfHelo).toMatchObject({ result: "pass", identity: "helo", domain: "mx.example.com" });
  expect(results.dkim).toMatchObject([
    { result: "pass", domain: "mail.example.com", signer: "author" },
    { result: "pass", domain: "esp.example", signer: "third-party" },
    { result: "fail", domain: "example.com", signer: "author", problem: "signature-mismatch" },
  ]);
  expect(results.dmarc).toMatchObject({
    result: "pass",
    domain: "example.com",
    organizationalDomain: "example.com",
    alignedDkim: ["mail.example.com"],
    alignedSpf: true,
    policy: "reject",
  });
  expect(results.dns.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([...dns.asked].sort());
});

test("what needs only the head is asked before any body", async () => {
  const dns = memoryResolver(zone);
  const opened = openAuthentication(head(), { client, dns, clock });
  expect(dns.asked).toEqual(
    expect.arrayContaining([
      "1.2.0.192.in-addr.arpa PTR",
      "example.com TXT",
      "mx.example.com TXT",
      "s._domainkey.mail.example.com TXT",
      "s._domainkey.esp.example TXT",
      "_dmarc.example.com TXT",
    ]),
  );
  await new Promise(setImmediate);
  const before = dns.asked.length;
  opened.body(Buffer.from(body));
  await opened.finish();
  expect(dns.asked.slice(before)).toEqual([]);
});

describe("ARC", () => {
  const key = rsaTestKey(1024);
  const keys = { "s1._domainkey.example.org": [{ TXT: `p=${key.publicText}` }] };
  const sealed = sealMessage(`${message}\r\n${body}`, { key });

  async function run(text: string, arc?: "verify" | "off"): Promise<AuthResults> {
    const end = text.indexOf("\r\n\r\n") + 2;
    const dns = memoryResolver({ ...zone, ...keys });
    const opened = openAuthentication(head(text.slice(0, end)), {
      client,
      dns,
      clock,
      ...(arc !== undefined && { options: { arc } }),
    });
    opened.body(Buffer.from(text.slice(end + 2)));
    return opened.finish();
  }

  test("RFC 8617 §5.2: a chain is validated beside DKIM, and its keys stand among the questions", async () => {
    const results = await run(sealed);
    expect(results.arc).toMatchObject({ result: "pass", sealers: ["example.org"], oldestPass: 0 });
    expect(results.dkim).toMatchObject([{ result: "pass" }, { result: "pass" }, { result: "fail" }]);
    const asked = results.dns.filter(({ name }) => name === "s1._domainkey.example.org");
    expect(asked).toHaveLength(1);
  });

  test("RFC 8617 §7.2.1: DMARC is what it is without the chain", async () => {
    const unsigned = sealMessage(`${from}\r\nSubject: x\r\n\r\n${body}`, { key, results: " a; dmarc=pass" });
    const stranger = unsigned.replace("joe@example.com", "joe@bank.example");
    for (const text of [sealed, unsigned, stranger]) {
      const { dmarc } = await run(text);
      expect((await run(text, "off")).dmarc).toEqual(dmarc);
    }
  });

  test("switched off it is not looked at", async () => {
    const results = await run(sealed, "off");
    expect(results).not.toHaveProperty("arc");
    expect(results.dns.some(({ name }) => name.endsWith("example.org"))).toBe(false);
  });
});

test("checks of the client that were started at MAIL are taken over", async () => {
  const dns = memoryResolver(zone);
  const checks = startClientChecks(client, { dns, clock });
  await checks.results;
  const before = dns.asked.length;
  const opened = openAuthentication(head(`${from}\r\n`), { checks, dns, clock });
  expect(opened.needsBody).toBe(false);
  const results = await opened.finish();
  expect(dns.asked.slice(before)).toEqual(["_dmarc.example.com TXT"]);
  expect(results).toMatchObject({
    iprev: { result: "pass" },
    spf: { result: "pass" },
    dmarc: { result: "pass" },
  });
  expect(results.dns).toHaveLength(dns.asked.length);
});

test("without a client iprev and SPF are absent, and DMARC goes by DKIM", async () => {
  const opened = openAuthentication(head(), { dns: memoryResolver(zone), clock });
  opened.body(Buffer.from(body));
  const results = await opened.finish();
  expect(Object.keys(results).sort()).toEqual(["arc", "dkim", "dmarc", "dns"]);
  expect(results.dmarc).toMatchObject({ result: "pass", alignedSpf: false });
});

test("RFC 9989 §3.2.4: for the null sender postmaster@HELO counts; else HELO does not", async () => {
  const dns = memoryResolver(zone);
  const run = (mailFrom: string): Promise<AuthResults> =>
    openAuthentication(head(`${from}\r\n`), { client: { ...client, mailFrom }, dns, clock }).finish();
  const bounce = await run("");
  expect(bounce.spf).toMatchObject({ result: "pass", domain: "mx.example.com" });
  expect(bounce.dmarc).toMatchObject({ result: "pass", alignedSpf: true });
  const stranger = await run("a@evil.example");
  expect(stranger).toMatchObject({ spf: { result: "none" }, spfHelo: { result: "pass" } });
  expect(stranger.dmarc).toMatchObject({ result: "fail", alignedSpf: false });
});

test("without one author domain nobody is called the author", async () => {
  const opened = openAuthentication(head(`${message}From: b@bank.example\r\n`), {
    dns: memoryResolver(zone),
    clock,
  });
  opened.body(Buffer.from(body));
  const results = await opened.finish();
  expect(results.dmarc).toMatchObject({ result: "permerror", problem: "from-multiple-fields" });
  for (const one of results.dkim) expect(one).not.toHaveProperty("signer");
});

test("every question carries the deadline", async () => {
  const deadlines = new Set<number | undefined>();
  const inner = memoryResolver(zone);
  const dns: DnsResolver = {
    query(name, type, options) {
      deadlines.add(options?.deadline);
      return inner.query(name, type, options);
    },
  };
  const deadline = clock.monotonic() + 1000;
  const opened = openAuthentication(head(), { client, dns, clock, deadline });
  opened.body(Buffer.from(body));
  await opened.finish();
  expect([...deadlines]).toEqual([deadline]);
});

test("a message that is given up leaves nothing behind, even with a resolver that breaks its promise", async () => {
  const seen: unknown[] = [];
  const note = (reason: unknown): number => seen.push(reason);
  process.on("unhandledRejection", note);
  const dns: DnsResolver = { query: () => Promise.reject(new Error("broken resolver")) };
  openAuthentication(head(), { client, dns, clock }).body(Buffer.from("He"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", note);
  expect(seen).toEqual([]);
  const results = await openAuthentication(head(`${from}\r\n`), { client, dns, clock }).finish();
  expect(results).toMatchObject({
    iprev: { result: "temperror" },
    spf: { result: "temperror" },
    dmarc: { result: "temperror" },
  });
});

test("any cutting of the body gives equal results", async () => {
  const octets = Buffer.from(body);
  const run = async (cuts: readonly number[]): Promise<unknown> => {
    const opened = openAuthentication(head(), { client, dns: memoryResolver(zone), clock });
    const edges = [0, ...[...cuts].sort((a, b) => a - b), octets.length];
    for (let i = 1; i < edges.length; i++) opened.body(octets.subarray(edges[i - 1], edges[i]));
    return comparable(await opened.finish());
  };
  const expected = await run([]);
  for (let cut = 0; cut <= octets.length; cut++) expect(await run([cut])).toEqual(expected);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(octets.length), { maxLength: 8 }), async (cuts) => {
      expect(await run(cuts)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

function comparable(results: AuthResults): unknown {
  return { ...results, dns: results.dns.map((entry) => ({ ...entry, ms: 0 })) };
}

describe("both DMARC discoveries", () => {
  const suffixes = parsePublicSuffixList("com\nexample\n") as PublicSuffixFinder;
  const psl = { method: "psl", publicSuffix: suffixes, random: () => 0.5 } as const;
  const treewalk = { method: "treewalk" } as const;
  const divided: MemoryZone = {
    ...zone,
    "_dmarc.example.com": [{ TXT: "v=DMARC1; p=reject; pct=20" }],
    "_dmarc.mail.example.com": [{ TXT: "v=DMARC1; p=none; psd=n" }],
  };
  const run = async (dmarc: DmarcOptions): Promise<{ results: AuthResults; asked: readonly string[] }> => {
    const dns = memoryResolver(divided);
    const opened = openAuthentication(head(), { dns, clock, options: { dmarc } });
    opened.body(Buffer.from(body));
    return { results: await opened.finish(), asked: dns.asked };
  };

  test.each([
    { applied: treewalk, other: psl, is: "fail", beside: "pass" },
    { applied: psl, other: treewalk, is: "pass", beside: "fail" },
  ] as const)(
    "$applied.method is applied, $other.method beside it",
    async ({ applied, other, is, beside }) => {
      const { results, asked } = await run({ discovery: applied, otherDiscovery: other });
      expect(results.dmarc).toMatchObject({ discovery: applied.method, result: is });
      expect(results.dmarcOther).toMatchObject({ discovery: other.method, result: beside });
      // RFC 9989 §4.10.2: psd=n makes mail.example.com an organization of its own; public suffixes know nothing of it.
      expect(results.dkim[0]).toMatchObject({ signer: is === "pass" ? "author" : "third-party" });
      expect(new Set(asked).size).toBe(asked.length);
    },
  );

  test("one alone leaves nothing beside it", async () => {
    for (const dmarc of [{}, { discovery: treewalk }, { discovery: psl }])
      expect((await run(dmarc)).results).not.toHaveProperty("dmarcOther");
    expect((await run({ discovery: psl })).results.dmarc).toMatchObject({ discovery: "psl", result: "pass" });
  });

  test("Authentication-Results tells of the applied one only", async () => {
    const { results } = await run({ discovery: treewalk, otherDiscovery: psl });
    const field = formatResultsField("mx.example", results);
    expect(field.match(/\sdmarc=/g)).toHaveLength(1);
    expect(field).toContain("dmarc=fail");
  });
});
