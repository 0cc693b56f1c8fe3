import { afterEach, describe, expect, test, vi } from "vitest";
import { rsaTestKey } from "../../test/dkim-test-keys.ts";
import { systemClock } from "../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import { parseIp } from "../core/ip.ts";
import { finding } from "../findings/table.ts";
import { type CheckDeps, type CheckRequest, checkDomain, type DomainReport } from "./check-domain.ts";
import type { Check } from "./context.ts";
import { guessProfile } from "./guess-profile.ts";
import { gatherSelectors } from "./selectors.ts";

const request: CheckRequest = {
  domain: "example.jp",
  zones: [],
  ownClients: [],
  heloNames: [],
  offline: false,
  ownKeys: [],
  blocklists: [],
  ownMx: [],
  selectors: [],
};

function run(checks: Readonly<Record<string, Check>>, deps: Partial<CheckDeps> = {}): Promise<DomainReport> {
  const subjects = Object.entries(checks).map(([name, check]) => ({ name: name as "mx", check }));
  return checkDomain(request, { dns: memoryResolver({}), clock: systemClock, subjects, ...deps });
}

const fine: Check = () =>
  Promise.resolve({
    findings: [finding("mx.null", "example.jp", { domain: "example.jp" })],
    facts: { seen: 1 },
  });

afterEach(() => {
  vi.useRealTimers();
});

describe("a subject with a fault", () => {
  test("is told, and the others are checked all the same", async () => {
    const report = await run({ mx: fine, spf: () => Promise.reject(new Error("broken")) });
    expect(report.findings).toMatchObject([
      { id: "check.failed", severity: "error", params: { subject: "spf", reason: "broken" } },
      { id: "mx.null" },
    ]);
    expect(report.facts).toMatchObject({ mx: { seen: 1 }, spf: {} });
  });

  test("that never ends is cut off", async () => {
    vi.useFakeTimers();
    const report = run({ mx: fine, spf: () => new Promise(() => {}) }, { timeLimitMs: 1000 });
    await vi.advanceTimersByTimeAsync(6001);
    expect((await report).findings.map(({ id }) => id)).toEqual(["check.failed", "mx.null"]);
  });
});

test("the worst comes first, what is equally bad in the order of the subjects, and nothing twice", async () => {
  const params = { domain: "example.jp" };
  const notice = finding("mx.v6-missing", "example.jp", { ...params, hosts: [] });
  const error = finding("mx.null-mixed", "example.jp", { ...params, others: [] });
  const file = finding("dns.zone-syntax", "f", { file: "f", line: 1, fault: "quote", detail: "" });
  const report = await run({
    mx: () => Promise.resolve({ findings: [notice, error], facts: {} }),
    dns: () => Promise.resolve({ findings: [file, error], facts: {} }),
  });
  expect(report.findings.map(({ id }) => id)).toEqual(["dns.zone-syntax", "mx.null-mixed", "mx.v6-missing"]);
});

test("what was skipped is not said to be checked", async () => {
  const report = await run({
    mx: fine,
    helo: () => Promise.resolve({ findings: [], facts: {}, skipped: "no-helo" }),
  });
  expect(report).toMatchObject({ checked: ["mx"], skipped: [{ subject: "helo", reason: "no-helo" }] });
});

describe("questions", () => {
  const askMany =
    (count: number): Check =>
    async ({ dns }) => {
      await Promise.all(Array.from({ length: count }, (_, index) => dns.query(`n${index}.example`, "A")));
      return { findings: [], facts: {} };
    };

  test("are bounded, and what was not asked is told", async () => {
    const report = await run({ mx: askMany(3500) });
    expect(report.findings).toMatchObject([
      { id: "dns.unanswered", params: { reason: "limit", count: 505 } },
    ]);
  });

  test("are asked once", async () => {
    const dns = memoryResolver({});
    await run({ mx: askMany(1), spf: askMany(1) }, { dns });
    expect(dns.asked.filter((question) => question === "n0.example A")).toHaveLength(1);
  });

  test("to a slow server end with the time, and what was left is told", async () => {
    const dns = {
      query: () =>
        new Promise<{ readonly kind: "nodata"; readonly authentic: false }>((resolve) => {
          setTimeout(() => resolve({ kind: "nodata", authentic: false }), 20);
        }),
    };
    const oneByOne: Check = async ({ dns: resolver }) => {
      for (let index = 0; index < 1000; index++) await resolver.query(`n${index}.example`, "A");
      return { findings: [], facts: {} };
    };
    const report = await run({ mx: oneByOne }, { dns, timeLimitMs: 200 });
    expect(report.findings).toMatchObject([{ id: "dns.unanswered", params: { reason: "limit" } }]);
  });

  test("without any answer nothing is known", async () => {
    const dns = { query: () => Promise.resolve({ kind: "failure", reason: "timeout" } as const) };
    const report = await run({ mx: fine }, { dns });
    expect(report.answered).toBe(false);
    expect(report.findings).toMatchObject([
      { id: "dns.unanswered", params: { reason: "timeout", names: ["example.jp MX", "example.jp TXT"] } },
      { id: "mx.null" },
    ]);
  });

  test.each(["offline", "bad-name"] as const)("%s is no silence of a server", async (reason) => {
    const dns = { query: () => Promise.resolve({ kind: "failure", reason } as const) };
    expect((await run({}, { dns })).findings).toEqual([]);
  });
});

describe("the guessed profile", () => {
  const known = {
    domain: "example.jp",
    ownKeys: [],
    ownClients: [],
    heloNames: [],
    selectors: gatherSelectors("example.jp", [], []),
  };
  const mx = { MX: [10, "mx.example.jp"] } as const;
  const nullMx = { MX: [0, "."] } as const;
  const spf = { TXT: "v=spf1 mx -all" };
  const nothing = { TXT: "v=spf1 -all" };
  test.each<[string, MemoryZone[string], string]>([
    ["MX and SPF", [mx, spf], "sender"],
    ["MX without SPF", [mx], "sender"],
    ["SPF without MX", [spf], "sender"],
    ["null MX, SPF for senders", [nullMx, spf], "sender"],
    ["MX, nobody sends", [mx, nothing], "receiver"],
    ["null MX, nobody sends", [nullMx, nothing], "parked"],
    ["nobody sends", [nothing], "parked"],
    ["null MX", [nullMx], "parked"],
    ["nothing at all", [{ A: "192.0.2.1" }], "parked"],
    ["DNS does not answer", ["TIMEOUT"], "sender"],
  ])("%s: %s", async (_, records, profile) => {
    const dns = memoryResolver({ "example.jp": records });
    expect(await guessProfile({ ...known, dns })).toBe(profile);
  });

  const key = { TXT: `v=DKIM1; p=${rsaTestKey(2048).publicText}` };
  test.each<[string, MemoryZone, string]>([
    ["a key without MX and SPF", { "s1._domainkey.example.jp": [key] }, "sender"],
    [
      "a key, v=spf1 -all and MX",
      { "example.jp": [mx, nothing], "s1._domainkey.example.jp": [key] },
      "sender",
    ],
    ["a selector that nobody guesses", { "zz9._domainkey.example.jp": [key] }, "sender"],
    ["names below _domainkey, as below any other", { "example.jp": [], "*.example.jp": [nothing] }, "parked"],
    ["a key left over", { "example.jp": [nullMx, nothing], "s1._domainkey.example.jp": [key] }, "parked"],
  ])("%s: %s", async (_, zone, profile) => {
    const dns = memoryResolver({ "example.jp": [{ A: "192.0.2.1" }], ...zone });
    expect(await guessProfile({ ...known, dns })).toBe(profile);
  });

  test("a client or a HELO name says that it sends", async () => {
    const dns = memoryResolver({ "example.jp": [nullMx, nothing] });
    const ip = parseIp("192.0.2.1");
    expect(await guessProfile({ ...known, dns, ownClients: ip === undefined ? [] : [ip] })).toBe("sender");
    expect(await guessProfile({ ...known, dns, heloNames: ["mail.example.jp"] })).toBe("sender");
  });
});
