import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import type { DkimResult, DmarcResult, SpfResult } from "../results.ts";
import { discoverPolicy } from "./discovery.ts";
import { evaluateDmarc } from "./evaluate.ts";
import { type PublicSuffixFinder, parsePublicSuffixList } from "./public-suffix.ts";

const list = "com\nnet\njp\nco.jp\n*.kobe.jp\n!city.kobe.jp\nexample\ngithub.example\n";
const publicSuffix = parsePublicSuffixList(list) as PublicSuffixFinder;

/** Records at `_dmarc.` of each name. */
function zoneOf(records: Readonly<Record<string, string | readonly string[]>>): MemoryZone {
  return Object.fromEntries(
    Object.entries(records).map(([name, texts]) => [
      `_dmarc.${name}`,
      (typeof texts === "string" ? [texts] : texts).map((text) =>
        text === "TIMEOUT" || text === "SERVFAIL" ? text : { TXT: text },
      ),
    ]),
  );
}

const spfPass = (domain: string): SpfResult => ({
  method: "spf",
  result: "pass",
  identity: "mailfrom",
  domain,
  lookups: 0,
  voidLookups: 0,
  trace: [],
});
const dkimPass = (domain: string): DkimResult => ({
  method: "dkim",
  result: "pass",
  domain,
  selector: "s",
  identity: `@${domain}`,
  algorithm: "rsa-sha256",
  fieldIndex: 0,
});

interface Case {
  readonly is: string;
  readonly zone: Readonly<Record<string, string | readonly string[]>>;
  readonly from: string;
  readonly spf?: string;
  readonly dkim?: readonly string[];
  /** 0.5 when left out. */
  readonly random?: number;
  readonly expect: Partial<DmarcResult>;
  /** Names whose record is asked for. */
  readonly asked: readonly string[];
}

const reject = "v=DMARC1; p=reject";
const rua = "rua=mailto:a@example.com";

const cases: readonly Case[] = [
  // §3.2
  {
    is: "§3.2 the example: a.b.c.d.example.com",
    zone: { "example.com": reject },
    from: "a.b.c.d.example.com",
    expect: { result: "fail", organizationalDomain: "example.com", policyDomain: "example.com" },
    asked: ["a.b.c.d.example.com", "example.com"],
  },
  {
    is: "§3.2 the longest suffix",
    zone: { "example.co.jp": reject },
    from: "mail.example.co.jp",
    dkim: ["other.co.jp"],
    expect: { result: "fail", organizationalDomain: "example.co.jp", alignedDkim: [] },
    asked: ["mail.example.co.jp", "example.co.jp"],
  },
  {
    is: "§3.2 a suffix by a wildcard rule",
    zone: { "b.c.kobe.jp": reject },
    from: "a.b.c.kobe.jp",
    expect: { organizationalDomain: "b.c.kobe.jp", policyDomain: "b.c.kobe.jp" },
    asked: ["a.b.c.kobe.jp", "b.c.kobe.jp"],
  },
  {
    is: "§3.2 an exception of a wildcard rule",
    zone: { "city.kobe.jp": reject },
    from: "a.city.kobe.jp",
    expect: { organizationalDomain: "city.kobe.jp", policyDomain: "city.kobe.jp" },
    asked: ["a.city.kobe.jp", "city.kobe.jp"],
  },
  {
    is: "§3.2 a suffix of the private section",
    zone: { "me.github.example": reject },
    from: "me.github.example",
    dkim: ["you.github.example", "github.example"],
    expect: { result: "fail", organizationalDomain: "me.github.example", alignedDkim: [] },
    asked: ["me.github.example"],
  },
  {
    is: "§3.2 a top-level domain that is in no list",
    zone: { "corp.internal": reject },
    from: "a.corp.internal",
    dkim: ["b.corp.internal"],
    expect: { result: "pass", organizationalDomain: "corp.internal", alignedDkim: ["b.corp.internal"] },
    asked: ["a.corp.internal", "corp.internal"],
  },
  {
    is: "§3.2 one label",
    zone: { localhost: reject },
    from: "localhost",
    expect: { result: "fail", organizationalDomain: "localhost", policyTag: "p" },
    asked: ["localhost"],
  },
  {
    is: "§3.2 a public suffix as author has no organizational domain above it",
    zone: { jp: reject },
    from: "co.jp",
    expect: { result: "none", problem: "no-record" },
    asked: ["co.jp"],
  },
  {
    is: "§3.2 a public suffix as author with a record of its own",
    zone: { "co.jp": reject },
    from: "co.jp",
    dkim: ["example.co.jp"],
    expect: { result: "fail", policyDomain: "co.jp", organizationalDomain: "co.jp", alignedDkim: [] },
    asked: ["co.jp"],
  },
  // §3.1
  {
    is: "§3.1.1 relaxed: d=example.com, From news.example.com",
    zone: { "example.com": reject },
    from: "news.example.com",
    dkim: ["example.com"],
    expect: { result: "pass", alignedDkim: ["example.com"] },
    asked: ["news.example.com", "example.com"],
  },
  {
    is: "§3.1.1 strict: d=example.com, From news.example.com",
    zone: { "example.com": "v=DMARC1; p=reject; adkim=s" },
    from: "news.example.com",
    dkim: ["example.com"],
    expect: { result: "fail", alignedDkim: [] },
    asked: ["news.example.com", "example.com"],
  },
  {
    is: "§3.1.1 d=com is never aligned",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["com"],
    expect: { result: "fail", alignedDkim: [] },
    asked: ["example.com"],
  },
  {
    is: "§3.1.1 any of several signatures",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["example.net", "a.example.com"],
    expect: { result: "pass", alignedDkim: ["a.example.com"] },
    asked: ["example.com"],
  },
  {
    is: "§3.1.2 relaxed: cbg.bounces.example.com",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "cbg.bounces.example.com",
    expect: { result: "pass", alignedSpf: true },
    asked: ["example.com"],
  },
  {
    is: "§3.1.2 strict: cbg.bounces.example.com",
    zone: { "example.com": "v=DMARC1; p=reject; aspf=s" },
    from: "example.com",
    spf: "cbg.bounces.example.com",
    expect: { result: "fail", alignedSpf: false },
    asked: ["example.com"],
  },
  {
    is: "§3.1 records between say nothing about alignment",
    zone: { "example.com": reject, "a.example.com": "v=DMARC1; p=none; psd=n" },
    from: "example.com",
    dkim: ["x.a.example.com"],
    expect: { result: "pass", alignedDkim: ["x.a.example.com"] },
    asked: ["example.com"],
  },
  // §6.6.3
  {
    is: "§6.6.3 step 1 the author domain's own record, its p",
    zone: { "a.example.com": "v=DMARC1; p=none; sp=reject", "example.com": "v=DMARC1; p=reject; sp=reject" },
    from: "a.example.com",
    expect: { policyDomain: "a.example.com", policy: "none", policyTag: "p", appliedPolicy: "none" },
    asked: ["a.example.com"],
  },
  {
    is: "§6.6.3 step 3 then the organizational domain's, not what is between",
    zone: { "b.example.com": "v=DMARC1; p=none", "example.com": reject },
    from: "a.b.example.com",
    expect: { policyDomain: "example.com", policy: "reject", policyTag: "p" },
    asked: ["a.b.example.com", "example.com"],
  },
  {
    is: "§6.3 sp for a subdomain",
    zone: { "example.com": "v=DMARC1; p=reject; sp=quarantine" },
    from: "a.example.com",
    expect: { policy: "quarantine", policyTag: "sp", appliedPolicy: "quarantine" },
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§6.3 sp is not for the domain itself",
    zone: { "example.com": "v=DMARC1; p=reject; sp=quarantine" },
    from: "example.com",
    expect: { policy: "reject", policyTag: "p" },
    asked: ["example.com"],
  },
  {
    is: "§6.6.3 nothing above the organizational domain is asked",
    zone: { com: reject },
    from: "a.example.com",
    dkim: ["a.example.com"],
    expect: { result: "none", problem: "no-record", alignedDkim: [] },
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§6.6.3 step 2 a record of another version leads on to the organizational domain",
    zone: { "a.example.com": "v=DMARC2; p=none", "example.com": reject },
    from: "a.example.com",
    expect: { result: "fail", policyDomain: "example.com" },
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§6.6.3 step 2 v= that is not the first tag",
    zone: { "example.com": "p=reject; v=DMARC1" },
    from: "example.com",
    expect: { result: "none", problem: "no-record" },
    asked: ["example.com"],
  },
  {
    is: "§6.6.3 step 5 several records at the author domain: no DMARC, although there is one above",
    zone: { "a.example.com": [reject, reject], "example.com": reject },
    from: "a.example.com",
    dkim: ["a.example.com"],
    expect: { result: "none", problem: "no-record", alignedDkim: [] },
    asked: ["a.example.com"],
  },
  {
    is: "§6.6.3 step 5 several records at the organizational domain",
    zone: { "example.com": [reject, "v=DMARC1; p=none"] },
    from: "a.example.com",
    expect: { result: "none", problem: "no-record" },
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§6.6.3 step 2 other TXT records beside it are discarded",
    zone: { "example.com": ["v=spf1 -all", reject] },
    from: "example.com",
    expect: { result: "fail", policy: "reject" },
    asked: ["example.com"],
  },
  {
    is: "§6.6.3 step 6 no p, with rua: as p=none",
    zone: { "example.com": `v=DMARC1; ${rua}` },
    from: "example.com",
    expect: { result: "fail", policy: "none", appliedPolicy: "none" },
    asked: ["example.com"],
  },
  {
    is: "§6.6.3 step 6 no p, with sp, with rua: as p=none for a subdomain too",
    zone: { "example.com": `v=DMARC1; sp=reject; ${rua}` },
    from: "a.example.com",
    expect: { result: "fail", policy: "none", policyTag: "p" },
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§6.6.3 step 6 no p, without rua: no DMARC",
    zone: { "example.com": "v=DMARC1" },
    from: "example.com",
    dkim: ["example.com"],
    expect: { result: "none", problem: "policy-invalid", alignedDkim: [] },
    asked: ["example.com"],
  },
  {
    is: "§6.6.3 step 6 bad sp, without rua: no DMARC for the domain itself either",
    zone: { "example.com": "v=DMARC1; p=reject; sp=block" },
    from: "example.com",
    expect: { result: "none", problem: "policy-invalid" },
    asked: ["example.com"],
  },
  {
    is: "§6.6.3 step 6 bad p at the author domain, a good record above is not looked for",
    zone: { "a.example.com": "v=DMARC1; p=block", "example.com": reject },
    from: "a.example.com",
    expect: { result: "none", problem: "policy-invalid", policyDomain: "a.example.com" },
    asked: ["a.example.com"],
  },
  {
    is: "§6.6.3 DNS failure at the author domain",
    zone: { "a.example.com": "TIMEOUT", "example.com": reject },
    from: "a.example.com",
    dkim: ["a.example.com"],
    expect: { result: "temperror", problem: "dns-failure" },
    asked: ["a.example.com"],
  },
  {
    is: "§6.6.3 DNS failure at the organizational domain",
    zone: { "example.com": "SERVFAIL" },
    from: "a.example.com",
    expect: { result: "temperror", problem: "dns-failure" },
    asked: ["a.example.com", "example.com"],
  },
  // §6.3 unknown tags
  {
    is: "§6.3 np is no tag of this version",
    zone: { "example.com": "v=DMARC1; p=none; np=reject" },
    from: "no.example.com",
    expect: { policy: "none", policyTag: "p" },
    asked: ["no.example.com", "example.com"],
  },
  {
    is: "§6.3 a bad np is ignored like any unknown tag",
    zone: { "example.com": "v=DMARC1; p=reject; np=block" },
    from: "example.com",
    expect: { result: "fail", policy: "reject" },
    asked: ["example.com"],
  },
  {
    is: "§6.3 t=y is no tag of this version",
    zone: { "example.com": "v=DMARC1; p=reject; t=y" },
    from: "example.com",
    expect: { policy: "reject", appliedPolicy: "reject", testing: false },
    asked: ["example.com"],
  },
  {
    is: "§6.3 psd=y makes no public suffix",
    zone: { "bank.example": "v=DMARC1; p=reject; psd=y" },
    from: "giant.bank.example",
    dkim: ["mega.bank.example"],
    expect: { result: "pass", organizationalDomain: "bank.example", alignedDkim: ["mega.bank.example"] },
    asked: ["giant.bank.example", "bank.example"],
  },
  {
    is: "§6.3, §6.4 p behind other tags; case of values",
    zone: { "example.com": "v=DMARC1; adkim=S; sp=NONE; p=Reject" },
    from: "example.com",
    dkim: ["a.example.com"],
    expect: { result: "fail", policy: "reject" },
    asked: ["example.com"],
  },
  // §6.6.4
  {
    is: "§6.6.4 B.2.4 pct=25, drawn 0.24",
    zone: { "test.example.com": `v=DMARC1; p=quarantine; ${rua},mailto:b@example.net!10m; pct=25` },
    from: "test.example.com",
    random: 0.24,
    expect: { result: "fail", policy: "quarantine", appliedPolicy: "quarantine", policyTag: "p" },
    asked: ["test.example.com"],
  },
  {
    is: "§6.6.4 B.2.4 pct=25, drawn 0.25: not subject to quarantine, so as usual",
    zone: { "test.example.com": `v=DMARC1; p=quarantine; ${rua}; pct=25` },
    from: "test.example.com",
    random: 0.25,
    expect: { result: "fail", policy: "quarantine", appliedPolicy: "none", sampledOut: true },
    asked: ["test.example.com"],
  },
  {
    is: "§6.6.4 not subject to reject, so quarantine",
    zone: { "example.com": "v=DMARC1; p=reject; pct=25" },
    from: "example.com",
    expect: { result: "fail", policy: "reject", appliedPolicy: "quarantine", sampledOut: true },
    asked: ["example.com"],
  },
  {
    is: "§6.6.4 pct is for sp too",
    zone: { "example.com": "v=DMARC1; p=none; sp=reject; pct=25" },
    from: "a.example.com",
    expect: { policy: "reject", policyTag: "sp", appliedPolicy: "quarantine", sampledOut: true },
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§6.6.4 a message that passes is not drawn for",
    zone: { "example.com": "v=DMARC1; p=reject; pct=0" },
    from: "example.com",
    dkim: ["example.com"],
    expect: { result: "pass", appliedPolicy: "reject" },
    asked: ["example.com"],
  },
  {
    is: "§6.6.4 p=none has nothing below it",
    zone: { "example.com": "v=DMARC1; p=none; pct=0" },
    from: "example.com",
    expect: { result: "fail", appliedPolicy: "none" },
    asked: ["example.com"],
  },
  // Appendix B.3.1
  {
    is: "B.3.1",
    zone: { "example.com": "v=DMARC1; p=reject; aspf=r; rua=mailto:dmarc-feedback@example.com" },
    from: "example.com",
    spf: "mail.example.com",
    dkim: ["example.com"],
    expect: { result: "pass", alignedSpf: true, alignedDkim: ["example.com"] },
    asked: ["example.com"],
  },
];

function evaluate({ zone, from, spf, dkim, random = 0.5 }: Omit<Case, "is" | "expect" | "asked">) {
  const dns = memoryResolver(zoneOf(zone));
  const result = evaluateDmarc({
    author: { kind: "domain", domain: from },
    ...(spf !== undefined && { spf: spfPass(spf) }),
    dkim: (dkim ?? []).map(dkimPass),
    dns,
    discovery: { method: "psl", publicSuffix, random: () => random },
  });
  return { dns, result };
}

test.each(cases)("RFC 7489 $is", async ({ expect: expected, asked, ...one }) => {
  const { dns, result } = evaluate(one);
  expect(await result).toMatchObject({ domain: one.from, discovery: "psl", ...expected });
  if (expected.sampledOut === undefined) expect(await result).not.toHaveProperty("sampledOut");
  expect(dns.asked).toEqual(asked.map((name) => `_dmarc.${name} TXT`));
});

test("the table is as long as it was meant to be", () => {
  expect(cases.length).toBeGreaterThanOrEqual(30);
});

describe("RFC 7489 §6.3, §6.4 pct", () => {
  /** `share` of 1000 evenly spread draws leave the policy as published. */
  test.each([
    { pct: "", share: 1 },
    { pct: "pct=0", share: 0 },
    { pct: "pct=000", share: 0 },
    { pct: "pct=1", share: 0.01 },
    { pct: "pct=25", share: 0.25 },
    { pct: "PCT = 33", share: 0.33 },
    { pct: "pct=99", share: 0.99 },
    { pct: "pct=100", share: 1 },
    { pct: "pct=101", share: 1 },
    { pct: "pct=-1", share: 1 },
    { pct: "pct=5%", share: 1 },
    { pct: "pct=2.5", share: 1 },
    { pct: "pct=0100", share: 1 },
    { pct: "pct=", share: 1 },
    { pct: "pct=x", share: 1 },
    { pct: "pct=10; pct=90", share: 0.1 },
  ])('"$pct": $share', async ({ pct, share }) => {
    let kept = 0;
    for (let i = 0; i < 1000; i++) {
      const zone = { "example.com": `v=DMARC1; p=reject; ${pct}` };
      const { appliedPolicy } = await evaluate({ zone, from: "example.com", random: i / 1000 }).result;
      expect(appliedPolicy).toMatch(/^(reject|quarantine)$/);
      if (appliedPolicy === "reject") kept += 1;
    }
    expect(kept / 1000).toBeCloseTo(share, 5);
  });

  test("is drawn once a message, and by the tree walk never", async () => {
    const dns = memoryResolver(zoneOf({ "example.com": "v=DMARC1; p=reject; pct=50" }));
    let draws = 0;
    const random = (): number => {
      draws += 1;
      return 0.9;
    };
    const message = { author: { kind: "domain", domain: "example.com" }, dkim: [], dns } as const;
    await evaluateDmarc({ ...message, discovery: { method: "psl", publicSuffix, random } });
    expect(draws).toBe(1);
    const walked = await evaluateDmarc({ ...message, discovery: { method: "treewalk" } });
    expect(walked).toMatchObject({ appliedPolicy: "reject" });
    expect(walked).not.toHaveProperty("sampledOut");
  });

  test("by chance it comes near the percentage", async () => {
    const dns = memoryResolver(zoneOf({ "example.com": "v=DMARC1; p=reject; pct=50" }));
    const message = { author: { kind: "domain", domain: "example.com" }, dkim: [], dns } as const;
    let kept = 0;
    for (let i = 0; i < 2000; i++) {
      const result = await evaluateDmarc({ ...message, discovery: { method: "psl", publicSuffix } });
      if (result.appliedPolicy === "reject") kept += 1;
    }
    // Ten standard deviations.
    expect(Math.abs(kept - 1000)).toBeLessThan(224);
  });
});

test("a From without one author domain is the same problem by both discoveries: RFC 7489 §6.6.1", async () => {
  const dns = memoryResolver({});
  const author = { kind: "problem", problem: "from-multiple-fields", domains: [] } as const;
  const result = await evaluateDmarc({ author, dkim: [], dns, discovery: { method: "psl", publicSuffix } });
  expect(result).toMatchObject({ result: "permerror", discovery: "psl", problem: "from-multiple-fields" });
});

test("the policy alone can be asked for", async () => {
  const dns = memoryResolver(zoneOf({ "example.com": reject }));
  const policy = await discoverPolicy("a.example.com", { dns, discovery: { method: "psl", publicSuffix } });
  expect(policy).toMatchObject({ kind: "policy", domain: "example.com", policy: "reject" });
});

const name = fc
  .array(fc.constantFrom("a", "b", "com", "jp", "co", "kobe", "city"), { minLength: 1, maxLength: 12 })
  .map((labels) => labels.join("."));
const record = fc.oneof(
  fc.constantFrom(reject, "v=DMARC1; p=quarantine; pct=10", "v=DMARC1; p=none; psd=y", "x", "TIMEOUT"),
  fc.string({ maxLength: 40 }).map((rest) => `v=DMARC1;${rest}`),
  fc.string({ maxLength: 6 }).map((pct) => `v=DMARC1; p=reject; pct=${pct}`),
);

test("property: whatever is published, a pass is aligned, at most two names are asked, and nothing throws", async () => {
  await fc.assert(
    fc.asyncProperty(
      name,
      fc.array(fc.tuple(name, record), { maxLength: 6 }),
      fc.array(name, { maxLength: 4 }),
      fc.option(name, { nil: undefined }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (from, published, dkim, spf, random) => {
        const zone = Object.fromEntries(published);
        const { dns, result } = evaluate({ zone, from, dkim, random, ...(spf !== undefined && { spf }) });
        const { alignedDkim, alignedSpf, policy, appliedPolicy, sampledOut, ...of } = await result;
        expect(of.result === "pass").toBe(alignedSpf || alignedDkim.length > 0);
        expect(dns.asked.length).toBeLessThanOrEqual(2);
        if (sampledOut) expect([of.result, policy === appliedPolicy]).toEqual(["fail", false]);
        else expect(appliedPolicy).toBe(policy);
        if (of.organizationalDomain !== undefined)
          expect(`.${from}`.endsWith(`.${of.organizationalDomain}`)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
