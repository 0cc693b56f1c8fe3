import { expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import { type IpAddress, parseIp } from "../ip.ts";
import type { SpfResult } from "../results.ts";
import { type CheckHostInput, checkHost } from "./check-host.ts";
import { isAskable } from "./domain-spec.ts";
import type { VoidCounting } from "./lookup-budget.ts";

function address(text: string): IpAddress {
  return parseIp(text) as IpAddress;
}

function check(zone: MemoryZone, input: Partial<CheckHostInput> = {}): Promise<SpfResult> {
  return checkHost({
    ip: address("192.0.2.1"),
    domain: "example.jp",
    sender: "taro@example.jp",
    helo: "mail.example.jp",
    dns: memoryResolver(zone),
    ...input,
  });
}

const mixed: MemoryZone = {
  "example.jp": [
    {
      TXT: [
        "v=spf1 a:m41.example.jp a:m42.example.jp a:m43.example.jp ",
        "a:m61.example.jp a:m62.example.jp a:m63.example.jp a:mx.example.jp -all",
      ],
    },
  ],
  "m41.example.jp": [{ A: "192.0.2.1" }],
  "m42.example.jp": [{ A: "192.0.2.2" }],
  "m43.example.jp": [{ A: "192.0.2.3" }],
  "m61.example.jp": [{ AAAA: "2001:db8::1" }],
  "m62.example.jp": [{ AAAA: "2001:db8::2" }],
  "m63.example.jp": [{ AAAA: "2001:db8::3" }],
  "mx.example.jp": [{ A: "192.0.2.10" }, { AAAA: "2001:db8::10" }],
};
const schools: readonly [client: string, byQuery: string, byTerm: string, byName: string][] = [
  ["192.0.2.1", "pass", "pass", "pass"],
  ["192.0.2.3", "pass", "pass", "pass"],
  ["192.0.2.10", "permerror", "permerror", "pass"],
  ["203.0.113.9", "permerror", "permerror", "fail"],
  ["2001:db8::1", "permerror", "permerror", "pass"],
  ["2001:db8::10", "permerror", "permerror", "pass"],
  ["2001:db8::f", "permerror", "permerror", "fail"],
];
test.each(schools)(
  "RFC 7208 §4.6.4 void lookups, names of one family: %s is %s, %s, %s",
  async (client, ...words) => {
    const counting = ["query", "term", "name"] as const;
    for (const [index, voidCounting] of counting.entries()) {
      const result = await check(mixed, { ip: address(client), options: { voidCounting } });
      expect([voidCounting, result.result]).toEqual([voidCounting, words[index]]);
      expect(result.problem).toBe(words[index] === "permerror" ? "void-lookup-limit" : undefined);
    }
  },
);

const hosts: MemoryZone = {
  "example.jp": [{ TXT: "v=spf1 mx ?all" }, { MX: [10, "a.example"] }, { MX: [20, "b.example"] }],
  "a.example": [{ AAAA: "2001:db8::1" }],
  "b.example": [{ TXT: "no addresses" }],
};
const counts: readonly [counting: VoidCounting, options: object, is: readonly number[], other: number][] = [
  ["query", {}, [2, 1, 0], 0],
  ["query", { traceAllCounts: true }, [2, 1, 1], 2],
  ["name", {}, [2, 1, 1], 2],
];
test.each(counts)(
  "void counts of one mx by %s, %j: %j",
  async (voidCounting, options, [query, term, name], other) => {
    const dns = memoryResolver(hosts);
    const { trace, voidLookups } = await check({}, { dns, options: { voidCounting, ...options } });
    const step = trace.find((one) => one.kind === "term" && one.term === "mx");
    expect(step).toMatchObject({ voids: { query, term, name }, lookups: 1, depth: 0, outcome: "no-match" });
    expect(voidLookups).toBe({ query, term, name }[voidCounting]);
    expect(dns.asked.filter((question) => question.endsWith(" AAAA"))).toHaveLength(other);
  },
);

const records: readonly {
  readonly name: string;
  readonly txt: string;
  readonly more?: MemoryZone;
  readonly input?: Partial<CheckHostInput>;
  readonly is: Partial<SpfResult>;
}[] = [
  { name: "§4.7 default", txt: "v=spf1", is: { result: "neutral", lookups: 0 } },
  {
    name: "§4.6.2 term that matched",
    txt: "v=spf1 +IP4:192.0.2.0/24 -all",
    is: { result: "pass", matched: "+IP4:192.0.2.0/24" },
  },
  {
    name: "§4.5 several",
    txt: "v=spf1 -all",
    more: { "x.example": [{ TXT: "v=spf1" }, { TXT: "v=spf1" }] },
    input: { domain: "x.example" },
    is: { result: "permerror", problem: "multiple-records" },
  },
  {
    name: "§4.6 syntax",
    txt: "v=spf1 ip4:192.0.2.1 nonsense",
    is: { result: "permerror", problem: "syntax" },
  },
  { name: "§4.3 single label", txt: "v=spf1", input: { domain: "jp" }, is: { result: "none", lookups: 0 } },
  {
    name: "§4.3 address literal",
    txt: "v=spf1",
    input: { domain: "[192.0.2.1]" },
    is: { result: "none", domain: "" },
  },
  {
    name: "§4.3 bare address",
    txt: "v=spf1",
    input: { domain: "192.0.2.1" },
    is: { result: "none", domain: "" },
  },
  {
    name: "§4.3 NXDOMAIN, not void",
    txt: "v=spf1",
    input: { domain: "no.example" },
    is: { result: "none", voidLookups: 0 },
  },
  {
    name: "§5 IPv4-mapped",
    txt: "v=spf1 ip4:192.0.2.1 -all",
    input: { ip: address("::ffff:192.0.2.1") },
    is: { result: "pass" },
  },
  {
    name: "§5.2 include none",
    txt: "v=spf1 include:no.example -all",
    is: { result: "permerror", problem: "include-none", lookups: 1, voidLookups: 1 },
  },
  {
    name: "§5.2 include malformed",
    txt: "v=spf1 include:a..example -all",
    is: { result: "permerror", problem: "include-none", voidLookups: 0 },
  },
  {
    name: "§5.2 include temperror",
    txt: "v=spf1 include:t.example -all",
    more: { "t.example": ["SERVFAIL"] },
    is: { result: "temperror", problem: "dns-failure" },
  },
  {
    name: "§5.2 include, outer term told",
    txt: "v=spf1 ~include:i.example -all",
    more: { "i.example": [{ TXT: "v=spf1 a:h.example -all" }], "h.example": [{ A: "192.0.2.1" }] },
    is: { result: "softfail", matched: "~include:i.example", lookups: 2 },
  },
  {
    name: "§6.1 redirect none",
    txt: "v=spf1 redirect=no.example",
    is: { result: "permerror", problem: "redirect-none" },
  },
  {
    name: "§6.1 redirect, inner term told",
    txt: "v=spf1 redirect=r.example",
    more: { "r.example": [{ TXT: "v=spf1 -all" }] },
    is: { result: "fail", matched: "-all", domain: "example.jp" },
  },
  {
    name: "§6.1 redirect ignored",
    txt: "v=spf1 redirect=no.example ?all",
    is: { result: "neutral", lookups: 0 },
  },
  {
    name: "§4.6.4 eleventh term",
    txt: `v=spf1${" a".repeat(11)} -all`,
    more: { "example.jp": [{ A: "192.0.2.9" }] },
    is: { result: "permerror", problem: "lookup-limit" },
  },
  {
    name: "§4.6.4 tenth term",
    txt: `v=spf1${" a".repeat(10)} -all`,
    more: { "example.jp": [{ A: "192.0.2.9" }] },
    is: { result: "fail", lookups: 10 },
  },
  {
    name: "§4.6.4 loop",
    txt: "v=spf1 redirect=example.jp",
    is: { result: "permerror", problem: "lookup-limit" },
  },
  {
    name: "§4.6.4 third void",
    txt: "v=spf1 a:x.example exists:y.example mx:z.example -all",
    is: { result: "permerror", problem: "void-lookup-limit" },
  },
  {
    name: "§4.6.4 limit set",
    txt: "v=spf1 a:x.example exists:y.example mx:z.example -all",
    input: { options: { maxVoidLookups: 3 } },
    is: { result: "fail", voidLookups: 3 },
  },
  {
    name: "§4.6.4 exp never counts",
    txt: "v=spf1 a:x.example a:y.example -all exp=%{p}.z.example",
    is: { result: "fail", voidLookups: 2, lookups: 2 },
  },
  {
    name: "§4.8 unaskable",
    txt: `v=spf1 a:${"x".repeat(64)}.example a:b..example exists:%{h}.example -all`,
    input: { helo: "\u0001" },
    is: { result: "fail", voidLookups: 0 },
  },
  {
    name: "§5.5 ptr",
    txt: "v=spf1 ptr:example.org -all",
    more: { "1.2.0.192.in-addr.arpa": [{ PTR: "mx.Example.ORG" }], "mx.example.org": [{ A: "192.0.2.1" }] },
    is: { result: "pass" },
  },
  {
    name: "§5.5 ptr failure is no match",
    txt: "v=spf1 ptr ?all",
    more: { "1.2.0.192.in-addr.arpa": ["TIMEOUT"] },
    is: { result: "neutral" },
  },
  {
    name: "§5.5 sibling name",
    txt: "v=spf1 ptr:example.org -all",
    more: { "1.2.0.192.in-addr.arpa": [{ PTR: "badexample.org" }], "badexample.org": [{ A: "192.0.2.1" }] },
    is: { result: "fail" },
  },
  {
    name: "§5.4 null MX",
    txt: "v=spf1 mx -all",
    more: { "example.jp": [{ MX: [0, ""] }] },
    is: { result: "fail", voidLookups: 0 },
  },
  {
    name: "RFC 8616 §4 U-labels",
    txt: "v=spf1",
    more: { "xn--eckwd4c7c.xn--zckzah": [{ TXT: "v=spf1 exists:%{o} -all" }, { A: "192.0.2.7" }] },
    input: {
      domain: "\u30c9\u30e1\u30a4\u30f3.\u30c6\u30b9\u30c8",
      sender: "taro@\u30c9\u30e1\u30a4\u30f3.\u30c6\u30b9\u30c8",
    },
    is: { result: "pass", domain: "xn--eckwd4c7c.xn--zckzah" },
  },
  {
    name: "RFC 8616 §4 local part",
    txt: "v=spf1 include:%{l}.example exists:%{s}.example ?all",
    input: { sender: "\u592a\u90ce@example.jp" },
    is: { result: "neutral", voidLookups: 0 },
  },
  {
    name: "RFC 8616 §4 redirect",
    txt: "v=spf1 redirect=%{l}.example",
    input: { sender: "\u592a\u90ce@example.jp" },
    is: { result: "neutral" },
  },
];
test.each(records)("RFC 7208 $name", async ({ txt, more = {}, input = {}, is }) => {
  const own = [{ TXT: txt }, ...(more["example.jp"] ?? [])];
  expect(await check({ ...more, "example.jp": own }, input)).toMatchObject(is);
});

test("RFC 7208 §4.6.4: more than ten MX are a permerror, at ten all are looked at", async () => {
  const zone = (count: number): MemoryZone => ({
    "example.jp": [
      { TXT: "v=spf1 mx -all" },
      ...Array.from({ length: count }, (_, i) => ({ MX: [count - i, `m${i}.example`] as const })),
    ],
    ...Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`m${i}.example`, [{ A: `192.0.2.${i + 1}` }]]),
    ),
  });
  expect(await check(zone(11))).toMatchObject({ result: "permerror", problem: "mx-limit" });
  expect(await check(zone(10))).toMatchObject({ result: "pass", lookups: 1 });
});

test("RFC 7208 §4.6.4: beyond ten PTR names the rest is ignored", async () => {
  const names = Array.from({ length: 11 }, (_, i) => `h${i}.example`);
  const zone = (good: number): MemoryZone => ({
    "example.jp": [{ TXT: `v=spf1 ptr:h${good}.example -all` }],
    "1.2.0.192.in-addr.arpa": names.map((name) => ({ PTR: name })),
    ...Object.fromEntries(names.map((name, i) => [name, [{ A: i === good ? "192.0.2.1" : "192.0.2.99" }]])),
  });
  expect((await check(zone(9))).result).toBe("pass");
  expect((await check(zone(10))).result).toBe("fail");
});

test("RFC 7208 §7.3: the client's names are looked up once, however many macros ask", async () => {
  const dns = memoryResolver({ "example.jp": [{ TXT: `v=spf1 a:${"%{p}".repeat(50)} a:%{p} ?all` }] });
  const { result, voidLookups } = await check({}, { dns });
  expect([result, voidLookups]).toEqual(["neutral", 2]);
  expect(dns.asked.filter((question) => question.endsWith(" PTR"))).toHaveLength(1);
});

test("RFC 7208 §4.6.4: a void lookup by a macro may be one too many", async () => {
  const txt = "v=spf1 a:x.example a:y.example a:%{p}.example -all";
  expect(await check({ "example.jp": [{ TXT: txt }] })).toMatchObject({ problem: "void-lookup-limit" });
});

test("RFC 7208 §4.8: a backslash is no escape, so that it cannot join labels", async () => {
  const dns = memoryResolver({ "example.jp": [{ TXT: "v=spf1 exists:%{l}.a\\b.example ?all" }] });
  await check({}, { dns, sender: "x\\@example.jp" });
  expect(dns.asked).toEqual(["example.jp TXT", "x\\\\.a\\\\b.example A"]);
});

const names: readonly [name: string, is: boolean][] = [
  ["example.jp", true],
  ["jp", true],
  ["a b.example", true],
  ["", false],
  [".", false],
  ["a..b", false],
  [".a", false],
  ["a.", false],
  ["\u00e9.example", false],
  [`${"x".repeat(63)}.example`, true],
  [`${"x".repeat(64)}.example`, false],
  [`example.${"x".repeat(64)}`, false],
  [`${"\\\\".repeat(63)}.example`, true],
  [`${"\\032".repeat(63)}.example`, true],
  [`${"abcdefg.".repeat(31)}abcde`, true],
  [`${"abcdefg.".repeat(31)}abcdef`, false],
  [`\\\\${"abcdefg.".repeat(31)}abcd`, true],
];
test.each(names)("RFC 7208 §4.8: %j can be asked: %s", (name, is) => {
  expect(isAskable(name)).toBe(is);
});

/** A clock on which every query takes `step` milliseconds. */
function slow(zone: MemoryZone, step: number): { readonly dns: DnsResolver; readonly clock: Clock } {
  let now = 0;
  const inner = memoryResolver(zone);
  const dns: DnsResolver = {
    query(name, type) {
      now += step;
      return inner.query(name, type);
    },
  };
  return { dns, clock: { now: () => 0, monotonic: () => now } };
}

test("RFC 7208 §4.6.4: after twenty seconds the result is temperror", async () => {
  const zone: MemoryZone = { "example.jp": [{ TXT: "v=spf1 a a a ptr -all" }, { A: "192.0.2.9" }] };
  expect(await check({}, slow(zone, 6000))).toMatchObject({ result: "temperror", problem: "time-limit" });
  expect(await check({}, slow(zone, 1000))).toMatchObject({ result: "fail" });
  expect(await check({}, { ...slow(zone, 1000), deadline: 2500 })).toMatchObject({ problem: "time-limit" });
});

test("an offline resolver is a temperror, a name that it cannot ask does not exist", async () => {
  const failing = (reason: "offline" | "bad-name"): DnsResolver => ({
    query: () => Promise.resolve({ kind: "failure", reason }),
  });
  expect(await check({}, { dns: failing("offline") })).toMatchObject({
    result: "temperror",
    problem: "dns-failure",
  });
  expect(await check({}, { dns: failing("bad-name") })).toMatchObject({ result: "none" });
});

test("the trace tells records, queries and terms in order, with depth and running counts", async () => {
  const { trace } = await check({
    "example.jp": [{ TXT: "v=spf1 include:i.example redirect=r.example" }],
    "i.example": [{ TXT: "v=spf1 a:no.example -all" }],
    "r.example": [{ TXT: "v=spf1 -all exp=e.example" }],
    "e.example": [{ TXT: "no" }],
  });
  expect(
    trace.map((step) => {
      if (step.kind === "query") return `${step.depth} ${step.name} ${step.type} ${step.outcome}`;
      if (step.kind === "record") return `${step.depth} ${step.domain} ${step.record}`;
      return `${step.depth} ${step.domain} ${step.term} ${step.outcome} ${step.lookups}/${step.voids.query}`;
    }),
  ).toEqual([
    "0 example.jp TXT answer",
    "0 example.jp v=spf1 include:i.example redirect=r.example",
    "1 i.example TXT answer",
    "1 i.example v=spf1 a:no.example -all",
    "1 no.example A nxdomain",
    "1 i.example a:no.example no-match 2/1",
    "1 i.example -all match 2/1",
    "0 example.jp include:i.example no-match 2/1",
    "0 example.jp redirect=r.example redirect 3/1",
    "0 r.example TXT answer",
    "0 r.example v=spf1 -all exp=e.example",
    "0 r.example -all match 3/1",
    "0 r.example exp=e.example explanation 3/1",
    "0 e.example TXT answer",
  ]);
});

test("a huge hostile record is evaluated, with a trace that stays small", async () => {
  const txt = `v=spf1 ${"ip4:10.0.0.1 ".repeat(5000)} exists:${"%{h1r-}".repeat(9000)} -all`;
  const result = await check({ "example.jp": [{ TXT: txt }] }, { helo: "-x".repeat(30_000) });
  expect(result.result).toBe("fail");
  expect(result.trace.length).toBeLessThanOrEqual(1000);
});
