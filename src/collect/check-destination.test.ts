import { expect, test } from "vitest";
import { fixedClock } from "../core/clock.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { ReportDestination } from "../store/reports/port.ts";
import { createDestinationCheck, type MailArrival, type ReportSubject } from "./check-destination.ts";
import { Allowance } from "./extract/limits.ts";
import { readMail } from "./extract/mime-part.ts";

const nowMs = Date.UTC(2026, 10, 20);
const clock = fixedClock(nowMs);
const dns = memoryResolver({
  "_dmarc.own.example": [
    { TXT: "v=DMARC1; p=none; rua=mailto:rua+own@reports.own.example; ruf=mailto:ruf@own.example" },
  ],
  "_dmarc.confirmed.example": [{ TXT: "v=DMARC1; p=none; rua=mailto:dmarc@us.example" }],
  "confirmed.example._report._dmarc.us.example": [{ TXT: "v=DMARC1" }],
  "_dmarc.missing.example": [{ TXT: "v=DMARC1; p=none; rua=mailto:dmarc@us.example,mailto:x@other.example" }],
  "_dmarc.elsewhere.example": [
    { TXT: "v=DMARC1; p=none; rua=mailto:x@other.example,mailto:else@us.example" },
  ],
  "elsewhere.example._report._dmarc.us.example": [{ TXT: "v=DMARC1" }],
  "_dmarc.silent.example": [{ TXT: "v=DMARC1; p=none" }],
  "_dmarc.moved.example": [{ TXT: "v=DMARC1; p=none; rua=mailto:old@us.example" }],
  "moved.example._report._dmarc.us.example": [{ TXT: "v=DMARC1; rua=mailto:dmarc@us.example" }],
  "_dmarc.taken.example": [{ TXT: "v=DMARC1; p=none; rua=mailto:dmarc@us.example" }],
  "taken.example._report._dmarc.us.example": [{ TXT: "v=DMARC1; rua=mailto:dmarc@third.example" }],
  "_dmarc.down.example": ["TIMEOUT"],
  "_dmarc.half.example": [{ TXT: "v=DMARC1; p=none; rua=mailto:dmarc@us.example" }],
  "half.example._report._dmarc.us.example": ["TIMEOUT"],
  "_dmarc.odd.example": [
    {
      TXT: "v=DMARC1; p=none; rua=https://us.example/r,,MAILTO:D%6Darc@US.example!10m, mailto:a%2Bb@us.example?subject=x",
    },
  ],
  "odd.example._report._dmarc.us.example": [{ TXT: "v=spf1 -all" }, { TXT: "v=DMARC1;" }],
  "_dmarc.web.example": [{ TXT: "v=DMARC1; p=none; rua=http://us.example/r" }],
  "_dmarc.version.example": [{ TXT: "v=DMARC1; p=none; rua=mailto:dmarc@us.example" }],
  "version.example._report._dmarc.us.example": [{ TXT: "rua=mailto:dmarc@us.example; v=DMARC1" }],
  "_dmarc.parked.example": [{ TXT: "v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@us.example" }],
  "parked.example._report._dmarc.us.example": [{ TXT: "v=DMARC1" }],
  "_dmarc.sub.parked.example": [{ TXT: "v=DMARC1; p=none" }],
  "_smtp._tls.own.example": [{ TXT: "v=TLSRPTv1; rua=https://x.example/,mailto:tl%73@us.example?x=y" }],
  "_smtp._tls.tls.example": [{ TXT: "v=TLSRPTv1; rua=mailto:tls@us.example" }],
  "_smtp._tls.twice.example": [
    { TXT: "v=TLSRPTv1; rua=mailto:tls@us.example" },
    { TXT: "v=TLSRPTv1; rua=mailto:tls@us.example" },
  ],
});

function mailTo(head: string, nested = false): ReturnType<typeof readMail> {
  return readMail(Buffer.from(`${head}\r\n\r\nx\r\n`), new Allowance(), nested);
}

function ask(
  about: ReportSubject,
  head: string,
  more: Partial<MailArrival> & { readonly nested?: boolean } = {},
  resolver: DnsResolver = dns,
): ReturnType<ReturnType<typeof createDestinationCheck>> {
  const { nested, ...arrival } = more;
  return createDestinationCheck(resolver, clock)(mailTo(head, nested), about, {
    receivedAt: nowMs,
    ...arrival,
  });
}

test.each<readonly [string, ReportSubject["kind"], string, string, ReportDestination]>([
  ["in the domain itself", "aggregate", "own.example", "rua+own@reports.own.example", { result: "named" }],
  ["its policy domain", "aggregate", "www.own.example", "rua+own@reports.own.example", { result: "named" }],
  [
    "without what stands behind +",
    "aggregate",
    "own.example",
    "RUA@reports.own.example",
    { result: "named" },
  ],
  ["§4: confirmed by the owner", "aggregate", "confirmed.example", "dmarc@us.example", { result: "named" }],
  [
    "§4 step 7: not confirmed",
    "aggregate",
    "missing.example",
    "dmarc@us.example",
    { result: "unconfirmed", name: "missing.example._report._dmarc.us.example" },
  ],
  ["others only", "aggregate", "elsewhere.example", "dmarc@us.example", { result: "not-named" }],
  ["no rua", "aggregate", "silent.example", "dmarc@us.example", { result: "no-record" }],
  ["no record", "aggregate", "nothing.example", "dmarc@us.example", { result: "no-record" }],
  ["§4 step 9: put in its place", "aggregate", "moved.example", "dmarc@us.example", { result: "named" }],
  ["§4 step 9: no more", "aggregate", "moved.example", "old@us.example", { result: "not-named" }],
  ["§4 step 9: at another host", "aggregate", "taken.example", "dmarc@us.example", { result: "not-named" }],
  [
    "among others, MAILTO, a size, encoded",
    "aggregate",
    "odd.example",
    "dmarc@us.example",
    { result: "named" },
  ],
  [
    "the second one, with headers, encoded +",
    "aggregate",
    "odd.example",
    "a@us.example",
    { result: "named" },
  ],
  ["no address at all", "aggregate", "web.example", "dmarc@us.example", { result: "not-named" }],
  [
    "§4 step 6: v=DMARC1 is not first",
    "aggregate",
    "version.example",
    "dmarc@us.example",
    { result: "unconfirmed", name: "version.example._report._dmarc.us.example" },
  ],
  ["found by the tree walk", "aggregate", "a.b.parked.example", "dmarc@us.example", { result: "named" }],
  ["a record of its own", "aggregate", "sub.parked.example", "dmarc@us.example", { result: "no-record" }],
  ["no answer", "aggregate", "down.example", "dmarc@us.example", { result: "unknown" }],
  ["no answer of ours", "aggregate", "half.example", "dmarc@us.example", { result: "unknown" }],
  ["a failure report by ruf", "failure", "own.example", "ruf@own.example", { result: "named" }],
  ["a failure report by rua", "failure", "own.example", "rua@reports.own.example", { result: "not-named" }],
  ["a TLS report", "tls", "tls.example", "tls@us.example", { result: "named" }],
  ["a TLS report, encoded", "tls", "own.example", "tls@us.example", { result: "named" }],
  ["a TLS report, elsewhere", "tls", "tls.example", "dmarc@us.example", { result: "not-named" }],
  ["a TLS report, two records", "tls", "twice.example", "tls@us.example", { result: "no-record" }],
])("RFC 9990 §4, RFC 8460 §3: %s", async (_name, kind, domain, to, destination) => {
  expect(await ask({ kind, domain }, `To: Reports <${to}>`)).toEqual({
    sentTo: to.toLowerCase(),
    destination,
  });
});

const about = { kind: "aggregate", domain: "confirmed.example" } as const;

test.each([
  [
    "the envelope before the header",
    "To: x@us.example",
    { envelopeTo: ["dmarc@us.example"] },
    "dmarc@us.example",
  ],
  [
    "one of several",
    "To: x@us.example, y@us.example",
    { envelopeTo: ["z@us.example", "DMARC@us.example"] },
    "dmarc@us.example",
  ],
  [
    "an alias has led it here",
    "To: dmarc@us.example\r\nDelivered-To: box@mail.us.example",
    {},
    "dmarc@us.example",
  ],
])("%s", async (_name, head, arrival, sentTo) => {
  expect(await ask(about, head, arrival)).toEqual({ sentTo, destination: { result: "named" } });
});

test("the envelope is not that of a mail within another", async () => {
  const found = await ask(about, "To: x@us.example", { envelopeTo: ["dmarc@us.example"], nested: true });
  expect(found).toEqual({ sentTo: "x@us.example", destination: { result: "not-named" } });
});

test("of an old mail nothing is asked: the record of then is not known", async () => {
  const never: DnsResolver = { query: () => Promise.reject(new Error("asked")) };
  const receivedAt = nowMs - 8 * 86_400_000;
  expect(await ask(about, "To: dmarc@us.example", { receivedAt }, never)).toEqual({
    sentTo: "dmarc@us.example",
  });
  expect(await ask(about, "Subject: x", {}, never)).toEqual({});
  expect(await ask({ kind: "failure", domain: undefined }, "To: a@us.example", {}, never)).toEqual({
    sentTo: "a@us.example",
  });
});

test("reports about one domain ask once, also while a server is down", async () => {
  let asked = 0;
  const counting: DnsResolver = {
    query: (...question) => {
      asked += 1;
      return dns.query(...question);
    },
  };
  const check = createDestinationCheck(counting, clock);
  const mail = mailTo("To: dmarc@us.example");
  for (const domain of ["confirmed.example", "down.example"]) {
    await check(mail, { kind: "aggregate", domain }, { receivedAt: nowMs });
    const before = asked;
    await check(mail, { kind: "aggregate", domain }, { receivedAt: nowMs });
    expect(asked).toBe(before);
  }
  expect(asked).toBeGreaterThan(2);
});

test("one arrival with reports about very many domains asks about some of them", async () => {
  const asked = new Set<string>();
  const counting: DnsResolver = {
    query: (name, ...question) => {
      asked.add(name);
      return dns.query(name, ...question);
    },
  };
  const check = createDestinationCheck(counting, clock);
  const allowance = new Allowance();
  const mails = [1, 2].map(() => readMail(Buffer.from("To: dmarc@us.example\r\n\r\n"), allowance));
  const domains = Array.from({ length: 200 }, (_, index) => `d${index}.example`);
  const found = [];
  for (const domain of domains)
    for (const mail of mails)
      found.push(await check(mail, { kind: "aggregate", domain }, { receivedAt: nowMs }));
  expect(asked.size).toBeLessThan(50);
  expect(found[0]).toEqual({ sentTo: "dmarc@us.example", destination: { result: "no-record" } });
  expect(found.at(-1)).toEqual({ sentTo: "dmarc@us.example" });
  // The next one is asked about again, and what is known costs nothing.
  const next = mailTo("To: dmarc@us.example");
  for (const domain of domains.slice(-9)) {
    const { destination } = await check(next, { kind: "aggregate", domain }, { receivedAt: nowMs });
    expect(destination).toEqual({ result: "no-record" });
  }
});

test("slow servers take no more time than an arrival has", async () => {
  const allowance = new Allowance();
  const mail = readMail(Buffer.from("To: dmarc@us.example\r\n\r\n"), allowance);
  allowance.asking.msLeft = 9_000;
  const never: DnsResolver = { query: () => Promise.reject(new Error("asked")) };
  const found = await createDestinationCheck(never, clock)(mail, about, { receivedAt: nowMs });
  expect(found).toEqual({ sentTo: "dmarc@us.example" });
});
