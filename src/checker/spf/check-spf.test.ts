import { describe, expect, test } from "vitest";
import { spfContext } from "../../../test/spf-context.ts";
import { type MemoryZone, memoryResolver } from "../../core/dns/memory.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { parseIp } from "../../core/ip.ts";
import type { FindingId } from "../../findings/finding.ts";
import { writeFinding } from "../../findings/table.ts";
import type { AuthoritativeServers, CheckContext } from "../context.ts";
import { checkSpf } from "./check-spf.ts";
import type { SpfFacts } from "./spf-facts.ts";

async function check(
  zone: MemoryZone,
  more: Partial<CheckContext> = {},
): Promise<{ readonly ids: readonly FindingId[]; readonly facts: SpfFacts; readonly asked: number }> {
  const dns = memoryResolver(zone);
  const { findings, facts } = await checkSpf(spfContext(dns, more));
  for (const one of findings) for (const lang of ["en", "ja"] as const) writeFinding(one, lang);
  return {
    ids: findings.map(({ id }) => id),
    facts: facts as unknown as SpfFacts,
    asked: new Set(dns.asked).size,
  };
}

const included = (count: number): MemoryZone =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`s${i}.example.net`, [{ TXT: "v=spf1 ip4:192.0.2.1 -all" }]]),
  );

describe("hostile records end in bounded time", () => {
  test("500 includes", async () => {
    const terms = Array.from({ length: 500 }, (_, i) => `include:s${i}.example.net`).join(" ");
    const zone = { "example.jp": [{ TXT: `v=spf1 ${terms} -all` }], ...included(500) };
    const { ids, facts, asked } = await check(zone);
    expect(ids).toContain("spf.lookups-over-10");
    expect(facts).toMatchObject({ lookups: 500, whole: false });
    expect(asked).toBeLessThan(300);
  });

  test("a tree that branches at every name", async () => {
    const both = "v=spf1 include:a.example.net include:b.example.net -all";
    const deeper = (name: string): [string, MemoryZone[string]][] =>
      Array.from({ length: 30 }, (_, i) => [
        `${name}${i}.example.net`,
        [{ TXT: `v=spf1 include:a${i + 1}.example.net include:b${i + 1}.example.net -all` }],
      ]);
    const zone: MemoryZone = {
      "example.jp": [{ TXT: both }],
      "a.example.net": [{ TXT: "v=spf1 include:a0.example.net include:b0.example.net -all" }],
      "b.example.net": [{ TXT: "v=spf1 include:a0.example.net include:b0.example.net -all" }],
      ...Object.fromEntries([...deeper("a"), ...deeper("b")]),
    };
    const { ids, facts } = await check(zone);
    expect(ids).toContain("spf.lookups-over-10");
    expect(facts.whole).toBe(false);
  });

  test.each([
    ["ip4 terms", "ip4:192.0.2.1 ".repeat(4500)],
    ["a terms", Array.from({ length: 3000 }, (_, i) => `a:h${i}.example.jp`).join(" ")],
    ["errors", "x:y ".repeat(16_000)],
    ["macros", `exists:${"%{i}".repeat(16_000)}.example.jp`],
    ["one word", "a".repeat(65_000)],
    ["octets", Array.from({ length: 64_000 }, (_, i) => String.fromCharCode(i % 256)).join("")],
  ])("64 KB of TXT: %s", async (_, terms) => {
    const { ids, asked } = await check({ "example.jp": [{ TXT: `v=spf1 ${terms} -all` }] });
    expect(ids).toContain("spf.size");
    expect(ids.length).toBeLessThan(60);
    expect(asked).toBeLessThan(600);
  });

  test("octets that are no text come through as they are", async () => {
    const { ids } = await check({ "example.jp": [{ TXT: "v=spf1 a:\u0000\u00ff\u001b[2J -all" }] });
    expect(ids).toContain("spf.syntax");
  });
});

describe("DNS that does not answer is told, never taken for good", () => {
  test.each([
    ["the record itself", { "example.jp": ["SERVFAIL"] }],
    [
      "an include",
      { "example.jp": [{ TXT: "v=spf1 include:s.example.net -all" }], "s.example.net": ["TIMEOUT"] },
    ],
    ["a host", { "example.jp": [{ TXT: "v=spf1 a:h.example.jp -all" }], "h.example.jp": [{ A: "TIMEOUT" }] }],
    ["the MX", { "example.jp": [{ TXT: "v=spf1 mx -all" }, { MX: "SERVFAIL" }] }],
  ] satisfies [string, MemoryZone][])("%s", async (_, zone) => {
    const { ids } = await check(zone, { ownClients: [parseIp("192.0.2.1") ?? never()] });
    expect(ids).toContain("spf.temperror");
    for (const id of ["spf.missing", "spf.include-none", "spf.name-unresolvable", "spf.own-ips"])
      expect(ids).not.toContain(id);
  });

  test("outside the zone files nothing is known, and nothing is told", async () => {
    const inside = memoryResolver({
      "example.jp": [{ TXT: "v=spf1 include:s.example.net a:h.example.net -all" }],
    });
    const dns: DnsResolver = {
      query: (name, type) =>
        name.endsWith("example.jp")
          ? inside.query(name, type)
          : Promise.resolve({ kind: "failure", reason: "offline" }),
    };
    const { findings } = await checkSpf(spfContext(dns, { offline: true }));
    expect(findings.map(({ id }) => id)).toEqual(["spf.hardfail-note"]);
  });
});

function never(): never {
  throw new Error("not reached");
}

describe("authoritative servers", () => {
  const servers = (...texts: readonly string[]): AuthoritativeServers =>
    ({
      askAll: () =>
        Promise.resolve(
          texts.map((text, i) => ({
            server: `ns${i}.example.jp`,
            ip: parseIp("192.0.2.53") ?? never(),
            answer: {
              kind: "answer",
              records: [{ strings: [text], text }],
              ttl: 300,
              authentic: false,
            },
            authoritative: true,
            truncated: false,
            over: "udp",
          })),
        ),
    }) as unknown as AuthoritativeServers;
  const old = "v=spf1 ip4:192.0.2.1 -all";
  const zone: MemoryZone = { "example.jp": [{ TXT: old }] };

  test("that hold other records are one merged record to publish", async () => {
    const context = spfContext(memoryResolver(zone), { servers: servers(old, "v=spf1 ip4:192.0.2.2 ~all") });
    const { findings } = await checkSpf(context);
    const found = findings.find(({ id }) => id === "spf.multiple-records");
    expect(found?.params).toMatchObject({ where: "servers", count: 2 });
    expect(found?.change?.filter(({ action }) => action === "add")).toEqual([
      {
        action: "add",
        name: "example.jp",
        type: "TXT",
        data: '"v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all"',
      },
    ]);
  });

  test("that agree are silent", async () => {
    const context = spfContext(memoryResolver(zone), { servers: servers(old, old) });
    const ids = (await checkSpf(context)).findings.map(({ id }) => id);
    expect(ids).toEqual(["spf.special-address", "spf.hardfail-note"]);
  });
});

describe("one's own included record", () => {
  const zone: MemoryZone = {
    "example.jp": [{ TXT: "v=spf1 include:_spf.example.jp -all" }],
    "_spf.example.jp": [{ TXT: "v=spf1 ip4:192.0.2.10/24 ipv4:198.51.100.1 -all" }],
  };

  test("is mended at its own name", async () => {
    const { findings } = await checkSpf(spfContext(memoryResolver(zone)));
    const found = findings.find(({ id }) => id === "spf.syntax");
    expect(found).toMatchObject({ subject: "_spf.example.jp" });
    expect(found?.change?.map(({ name, action }) => `${action} ${name}`)).toEqual([
      "remove _spf.example.jp",
      "add _spf.example.jp",
    ]);
    expect(found?.change?.[1]?.data).toBe('"v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.1 -all"');
  });

  test("is mended with the others when it comes to light only after the merge", async () => {
    const hidden: MemoryZone = {
      "example.jp": [{ TXT: "v=spf1 include:_spf.example.jp -all" }, { TXT: "v=spf1 ip4:192.0.2.9 -all" }],
      "_spf.example.jp": [{ TXT: "v=spf1 ip4:192.0.2.10/24 -all" }],
    };
    const { findings } = await checkSpf(spfContext(memoryResolver(hidden)));
    const found = findings.find(({ id }) => id === "spf.multiple-records");
    expect(found?.change?.map(({ action, name, data }) => [action, name, data])).toEqual([
      ["remove", "example.jp", '"v=spf1 include:_spf.example.jp -all"'],
      ["remove", "example.jp", '"v=spf1 ip4:192.0.2.9 -all"'],
      ["add", "example.jp", '"v=spf1 ip4:192.0.2.9 include:_spf.example.jp -all"'],
      ["remove", "_spf.example.jp", '"v=spf1 ip4:192.0.2.10/24 -all"'],
      ["add", "_spf.example.jp", '"v=spf1 ip4:192.0.2.0/24 -all"'],
    ]);
    expect(found?.params).toMatchObject({ merged: "v=spf1 ip4:192.0.2.9 include:_spf.example.jp -all" });
  });

  test("behind a CNAME is left to whoever has it", async () => {
    const aliased: MemoryZone = {
      "example.jp": [{ TXT: "v=spf1 include:_spf.example.jp -all" }],
      "_spf.example.jp": [{ CNAME: "spf.example.net" }],
      "spf.example.net": [{ TXT: "v=spf1 ip4:192.0.2.10/24 -all" }],
    };
    const { findings } = await checkSpf(spfContext(memoryResolver(aliased)));
    const found = findings.find(({ id }) => id === "spf.host-bits");
    expect(found).toBeDefined();
    expect(found?.change).toBeUndefined();
  });

  test.each([
    ["include:vendor.example", "spf.include-broken"],
    ["ip4:192.0.2.1", "spf.hardfail-note"],
  ])("%s: a fault of others has no change", async (term, id) => {
    const { findings } = await checkSpf(
      spfContext(
        memoryResolver({
          "example.jp": [{ TXT: `v=spf1 ${term} -all` }],
          "vendor.example": [{ TXT: "v=spf1 oops -all" }],
        }),
      ),
    );
    expect(findings.find((one) => one.id === id)?.change).toBeUndefined();
    expect(findings.map((one) => one.id)).toContain(id);
  });
});

describe("what if", () => {
  const zone: MemoryZone = {
    "example.jp": [{ TXT: "v=spf1 ip4:192.0.2.1 include:s0.example.net -all" }],
    ...included(2),
  };

  test("--add and --drop are evaluated beside the present record", async () => {
    const spfChange = { add: ["include:s1.example.net", "ip6:2001:db8::1"], drop: ["ip4:192.0.2.1", "mx"] };
    const { facts } = await check(zone, { spfChange });
    expect(facts.whatIf).toMatchObject({
      record: "v=spf1 ip6:2001:db8::1 include:s0.example.net include:s1.example.net -all",
      unknownTerms: ["mx"],
      lookups: 2,
    });
    expect(facts.lookups).toBe(1);
  });

  test("an include without a record shows what it would bring", async () => {
    const { facts, ids } = await check(zone, { spfChange: { add: ["include:none.example"], drop: [] } });
    expect(ids).not.toContain("spf.include-none");
    expect(facts.whatIf?.adds).toEqual(["spf.include-none"]);
    expect(facts.whatIf?.clients[0]?.byName.result).toBe("permerror");
  });
});

test.each([
  [
    "a",
    "v=spf1 a:h0.example.jp a:h1.example.jp a:h2.example.jp ~all",
    [],
    { "spf.void-v6": "warning", "spf.void-disputed": "notice" },
  ],
  [
    "a",
    "v=spf1 a:h0.example.jp a:h1.example.jp a:h2.example.jp ~all",
    ["2600::1"],
    { "spf.void-v6": "error", "spf.void-disputed": "warning" },
  ],
  ["mx", "v=spf1 mx ~all", [], { "spf.void-disputed": "notice" }],
  ["mx", "v=spf1 mx ip6:2600::1 ~all", [], { "spf.void-disputed": "warning" }],
])("voids of a family that never sends are no error: %s, %s %j", async (_, TXT, clients, severities) => {
  const zone: MemoryZone = {
    "example.jp": [
      { TXT },
      ...[0, 1, 2].map((i): { MX: [number, string] } => ({ MX: [i, `h${i}.example.jp`] })),
    ],
    ...Object.fromEntries([0, 1, 2].map((i) => [`h${i}.example.jp`, [{ A: `203.0.112.${i + 1}` }]])),
  };
  const ownClients = clients.flatMap((text) => parseIp(text) ?? []);
  const { findings } = await checkSpf(spfContext(memoryResolver(zone), { ownClients }));
  const voids = findings.filter(({ id }) => id.startsWith("spf.void"));
  expect(Object.fromEntries(voids.map(({ id, severity }) => [id, severity]))).toEqual(severities);
});

test.each([
  ["v=spf1 include:gone.example.jp ~all", "spf.include-none"],
  ["v=spf1 a:gone.example.jp -all", "spf.name-unresolvable"],
  ["v=spf1 include:example.jp ~all", "spf.include-loop"],
])("a record that would list nobody any more is none to publish: %s", async (TXT, id) => {
  const { findings } = await checkSpf(spfContext(memoryResolver({ "example.jp": [{ TXT }] })));
  const found = findings.find((one) => one.id === id);
  expect(found).toBeDefined();
  expect(found?.change).toBeUndefined();
});

test("addresses that two terms have are written once", async () => {
  const { findings } = await checkSpf(
    spfContext(
      memoryResolver({
        "example.jp": [
          { TXT: "v=spf1 mx a:b.example.jp a:c.example.jp ~all" },
          { MX: [10, "b.example.jp"] },
          { MX: [20, "c.example.jp"] },
        ],
        "b.example.jp": [{ A: "198.51.0.1" }],
        "c.example.jp": [{ A: "198.51.0.2" }],
      }),
    ),
  );
  const added = findings.flatMap(({ change = [] }) => change.filter(({ action }) => action === "add"));
  expect(added.map(({ data }) => data)).toContain('"v=spf1 ip4:198.51.0.1 ip4:198.51.0.2 ~all"');
});

test("what a mend changes with the rest is told with the rest", async () => {
  const TXT = "v=spf1 ip4:203.0.112.10/24 ptr exists:%{p}.example.jp inlcude:s.example.net ?all ip4:2600::1";
  const { findings } = await checkSpf(
    spfContext(
      memoryResolver({
        "example.jp": [{ TXT }],
        "s.example.net": [{ TXT: "v=spf1 ip4:203.0.113.2 ip6:2600::/64 ~all" }],
      }),
    ),
  );
  const changed = findings.filter(({ change }) => change !== undefined).map(({ id }) => id);
  expect(changed).toEqual(["spf.syntax", "spf.family-mixup", "spf.host-bits", "spf.neutral-all"]);
  expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(["spf.ptr", "spf.macro-p"]));
});

test("a clean domain gives nothing above notice", async () => {
  const { ids } = await check({
    "example.jp": [{ TXT: "v=spf1 ip4:203.0.112.7 ip6:2600::1 a:h.example.jp include:s.example.net ~all" }],
    "h.example.jp": [{ A: "203.0.112.1" }, { AAAA: "2600::2" }],
    "s.example.net": [{ TXT: "v=spf1 ip4:203.0.112.2 ip6:2600::/64 ~all" }],
  });
  expect(ids).toEqual([]);
});
