import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spfContext } from "../../../test/spf-context.ts";
import { systemClock } from "../../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../../core/dns/memory.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { formatIp, type IpAddress, parseIp } from "../../core/ip.ts";
import type { SpfWord } from "../../core/results.ts";
import type { Finding } from "../../findings/finding.ts";
import { writeFinding } from "../../findings/table.ts";
import { changedDns } from "../try-change.ts";
import { checkSpf } from "./check-spf.ts";
import { evaluateClient } from "./evaluate-clients.ts";

// ---------------------------------------------------------------- zones

const hostNames = ["four", "six", "dual", "none", "gone", "mixed"].map((name) => `${name}.example.jp`);
const hosts: MemoryZone = {
  "four.example.jp": [{ A: "192.0.2.1" }, { A: "192.0.2.2" }],
  "six.example.jp": [{ AAAA: "2001:db8::1" }],
  "dual.example.jp": [{ A: "192.0.2.3" }, { AAAA: "2001:db8::3" }],
  "none.example.jp": [{ TXT: "nothing" }],
  "mixed.example.jp": [
    { MX: [10, "four.example.jp"] },
    { MX: [20, "six.example.jp"] },
    { MX: [30, "m.example.net"] },
    { A: "192.0.2.4" },
  ],
  "m.example.net": [{ A: "198.51.100.9" }],
  "slow.example.net": ["TIMEOUT"],
};
const recordNames = [
  "_spf.example.jp",
  "more.example.jp",
  "s.example.net",
  "t.example.net",
  "lost.example.net",
];
const ips = ["192.0.2.1", "192.0.2.77/24", "198.51.100.0/28", "203.0.113.5"];
const ips6 = ["2001:db8::1", "2001:db8:1::/48", "2001:db8::5/64"];

const qualifier = fc.constantFrom("", "", "", "", "+", "-", "~", "?");
const host = fc.constantFrom(...hostNames, "slow.example.net");
const mechanism = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ips).map((ip) => `ip4:${ip}`) },
  { weight: 3, arbitrary: fc.constantFrom(...ips6).map((ip) => `ip6:${ip}`) },
  { weight: 4, arbitrary: host.map((name) => `a:${name}`) },
  host.map((name) => `mx:${name}/28`),
  { weight: 3, arbitrary: fc.constantFrom(...recordNames).map((name) => `include:${name}`) },
  fc.constantFrom("a", "mx", "ptr", "exists:%{i}.example.net", "ip4:2001:db8::1", "ipv4:192.0.2.8"),
);
const term = fc.tuple(qualifier, mechanism).map(([sign, text]) => sign + text);
const ending = fc.constantFrom(
  "-all",
  "~all",
  "?all",
  "+all",
  "",
  "~all;",
  "redirect=s.example.net",
  "exp=why.%{d}",
);
const text = fc
  .tuple(fc.array(term, { maxLength: 8 }), ending, fc.constantFrom(" ", "  "), fc.boolean())
  .map(([terms, end, blank, isBehind]) =>
    ["v=spf1", ...(isBehind ? terms : [end, ...terms]), ...(isBehind ? [end] : [])]
      .filter((word) => word !== "")
      .join(blank),
  );
/** As it is, or in two strings cut anywhere. */
const published = fc
  .tuple(text, fc.option(fc.nat({ max: 60 })))
  .map(([whole, cut]) =>
    cut === null || cut >= whole.length ? whole : [whole.slice(0, cut), whole.slice(cut)],
  );

const zones: fc.Arbitrary<MemoryZone> = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.tuple(published) }, fc.tuple(published, published)),
    ...recordNames.slice(0, 4).map(() => fc.option(published)),
  )
  .map(([own, ...others]) => ({
    ...hosts,
    "example.jp": [{ MX: [10, "dual.example.jp"] }, ...own.map((TXT) => ({ TXT }))],
    ...Object.fromEntries(
      others.flatMap((one, i) => (one === null ? [] : [[recordNames[i], [{ TXT: one }]] as const])),
    ),
  }));

const witnesses: readonly IpAddress[] = [
  ...["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.77", "192.0.2.200", "198.51.100.1"],
  ...["203.0.113.5", "198.51.100.9", "2001:db8::1", "2001:db8::3", "2001:db8::5", "2001:db8:1::7"],
  ...["127.0.0.1", "::1"],
].flatMap((one) => parseIp(one) ?? []);

interface Verdict {
  readonly ip: string;
  readonly strict: SpfWord;
  readonly lenient: SpfWord;
  readonly matched: string | undefined;
}

function verdicts(dns: DnsResolver): Promise<readonly Verdict[]> {
  return Promise.all(
    witnesses.map(async (ip) => {
      const { byQuery, byName } = await evaluateClient({ domain: "example.jp", dns, clock: systemClock }, ip);
      return { ip: formatIp(ip), strict: byQuery.result, lenient: byName.result, matched: byName.matched };
    }),
  );
}

/** The different changes of a report, each with the findings that it is printed for. */
function changesOf(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  return Map.groupBy(
    findings.filter(({ change }) => change !== undefined),
    ({ change }) => JSON.stringify(change),
  );
}

/** A record that cannot be read hides what else is wrong with it. */
const hiding = new Set(
  [
    ...["multiple-records", "version", "glued-strings", "syntax", "space-after-colon", "trailing-semicolon"],
    ...["family-mixup", "include-none", "include-loop", "redirect-none"],
  ].map((name) => `spf.${name}`),
);
const aboutVoids = new Set(["spf.void-v4", "spf.void-v6", "spf.void-disputed", "spf.multiple-records"]);

describe("whatever the zone", () => {
  test("every printed change mends its findings, brings nothing bad, and nobody that passed is lost", async () => {
    let changes = 0;
    await fc.assert(
      fc.asyncProperty(zones, async (zone) => {
        const dns = memoryResolver(zone);
        const { findings } = await checkSpf(spfContext(dns));
        for (const one of findings) for (const lang of ["en", "ja"] as const) writeFinding(one, lang);
        const before = await verdicts(dns);
        for (const [, mended] of changesOf(findings)) {
          changes += 1;
          const after = changedDns(dns, mended[0]?.change ?? []);
          const { findings: left } = await checkSpf(spfContext(after));
          const about = ({ id, subject }: Finding): string => `${id} ${subject}`;
          const leftIds = left.map(about);
          for (const one of mended) expect(leftIds).not.toContain(about(one));
          const known = findings.map(about);
          const isHidden = findings.some(({ id }) => hiding.has(id));
          for (const one of left)
            if (one.severity === "error" || (one.severity === "warning" && !isHidden))
              expect(known).toContain(about(one));
          expectSame(before, await verdicts(after), mended);
        }
      }),
      { numRuns: 150 },
    );
    expect(changes).toBeGreaterThan(50);
  });

  test("the check never rejects and asks no more than it may, mutated at any octet", async () => {
    const mutated = fc
      .tuple(text, fc.nat({ max: 80 }), fc.integer({ min: 0, max: 255 }))
      .map(([whole, at, octet]) => whole.slice(0, at) + String.fromCharCode(octet) + whole.slice(at + 1));
    await fc.assert(
      fc.asyncProperty(fc.array(mutated, { maxLength: 3 }), async (texts) => {
        const dns = memoryResolver({ ...hosts, "example.jp": texts.map((TXT) => ({ TXT })) });
        const { findings, facts } = await checkSpf(spfContext(dns));
        for (const one of findings) for (const lang of ["en", "ja"] as const) writeFinding(one, lang);
        JSON.stringify(facts);
        expect(new Set(dns.asked).size).toBeLessThan(200);
      }),
      { numRuns: 300 },
    );
  });
});

function expectSame(before: readonly Verdict[], after: readonly Verdict[], mended: readonly Finding[]): void {
  // Whom only "+all" let through is to be lost.
  const closed = mended.some(({ id }) => id === "spf.plus-all");
  for (const [index, old] of closed ? [] : before.entries()) {
    const now = after[index];
    if (old.lenient !== "pass" || /^\+?all$/i.test(old.matched ?? "")) continue;
    expect({ ip: old.ip, lenient: now?.lenient }).toEqual({ ip: old.ip, lenient: "pass" });
    const isStrict = old.strict === "pass" || mended.some(({ id }) => aboutVoids.has(id));
    if (isStrict) expect({ ip: old.ip, strict: now?.strict }).toEqual({ ip: old.ip, strict: "pass" });
  }
  for (const ip of ["127.0.0.1", "::1"]) {
    const [old, now] = [before, after].map((all) => all.find((one) => one.ip === ip));
    if (now?.lenient === "pass") expect(old?.lenient).toBe("pass");
  }
}
