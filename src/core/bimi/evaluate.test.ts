import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { makeMarkChain } from "../../../test/certificates.ts";
import { sampleSvg } from "../../../test/sample-svg.ts";
import { describeResults } from "../authentication-results.ts";
import { fixedClock } from "../clock.ts";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import { parseHead } from "../message/message.ts";
import type { BimiResult, DmarcResult } from "../results.ts";
import { type BimiOptions, evaluateBimi } from "./evaluate.ts";
import type { BimiFetch, FetchOutcome } from "./fetch.ts";
import { bimiFields, indicatorHash } from "./header-fields.ts";
import { readMarkRoots } from "./mark-certificate.ts";

const location = "https://www.example.com/logo.svg";
const authority = "https://www.example.com/mark.pem";
const svg = Buffer.from(sampleSvg());
const chain = makeMarkChain(svg);
const roots = readMarkRoots(chain.root.pem) ?? [];
const head = parseHead(Buffer.from("From: News <news@example.com>\r\n"));
const dmarc: DmarcResult = {
  method: "dmarc",
  result: "pass",
  domain: "example.com",
  organizationalDomain: "example.com",
  policyDomain: "example.com",
  policy: "reject",
  policyTag: "p",
  discovery: "treewalk",
  alignedDkim: [],
  alignedSpf: true,
  published: { v: "DMARC1", p: "reject" },
};
const full = `v=BIMI1; l=${location}; a=${authority}`;
const document = (octets: Buffer | string): FetchOutcome => ({
  kind: "document",
  octets: Buffer.from(octets),
});
const broken = (temporary: boolean): FetchOutcome => ({ kind: "failure", problem: "http-status", temporary });

/** A web of two documents. */
function web(logo: FetchOutcome, mark: FetchOutcome = document(chain.pem)): BimiFetch & { asked: string[] } {
  const asked: string[] = [];
  const fetch: BimiFetch = (uri) => {
    asked.push(uri);
    return Promise.resolve(uri === location ? logo : mark);
  };
  return Object.assign(fetch, { asked });
}

function evaluate(
  record: string | MemoryZone[string],
  options: BimiOptions,
  changes: { dmarc?: Partial<DmarcResult>; now?: number } = {},
): Promise<BimiResult> {
  const zone = { "default._bimi.example.com": typeof record === "string" ? [{ TXT: record }] : record };
  return evaluateBimi(
    { head, dkim: [], dmarc: { ...dmarc, ...changes.dmarc } },
    { dns: memoryResolver(zone), clock: fixedClock(changes.now ?? Date.now()), options },
  );
}

const at = { domain: "example.com", selector: "default" };
const published = { ...at, location, avatarPreference: "brand" };

describe("the record (BIMI draft -10 §7.1, §7.2)", () => {
  test.each([
    {
      name: "§7.1 no DMARC pass",
      record: full,
      changes: { dmarc: { result: "fail" } },
      is: { result: "skipped", problem: "dmarc-not-enforced", detail: "dmarc-no-pass" },
    },
    { name: "§7.7 no record", record: [], is: { result: "none" } },
    { name: "§7.7 DNS fails", record: ["TIMEOUT"], is: { result: "temperror", problem: "dns-failure" } },
    {
      name: "§7.2 step 8",
      record: [{ TXT: full }, { TXT: full }],
      is: { result: "fail", ...at, problem: "multiple-records" },
    },
    {
      name: "§7.7 a record that breaks a rule",
      record: "v=BIMI1",
      is: { result: "fail", ...at, problem: "location-missing" },
    },
    {
      name: "§7.5 declined",
      record: "v=BIMI1; l=; a=;",
      is: { result: "declined", ...at, avatarPreference: "brand" },
    },
    {
      name: "without fetching",
      record: full,
      is: { result: "skipped", ...published, authority, problem: "not-fetched" },
    },
  ] as const)("$name", async ({ record, is, ...rest }) => {
    const changes = "changes" in rest ? rest.changes : {};
    expect(await evaluate(record, {}, changes)).toEqual({ method: "bimi", ...is });
  });

  test("nothing is asked of DNS or web when the message is not eligible", async () => {
    const fetch = web(document(svg));
    const dns = memoryResolver({});
    const context = { dns, clock: fixedClock(0), options: { fetch } };
    await evaluateBimi({ head, dkim: [], dmarc: { ...dmarc, result: "fail" } }, context);
    expect([dns.asked, fetch.asked]).toEqual([[], []]);
  });

  test("a declined or broken record is not fetched", async () => {
    const fetch = web(document(svg));
    await evaluate("v=BIMI1; l=; a=;", { fetch });
    await evaluate("v=BIMI1", { fetch });
    await evaluate(`v=BIMI1; l=${location}`, { fetch });
    expect(fetch.asked).toEqual([]);
  });
});

interface FetchCase {
  readonly name: string;
  readonly record?: string;
  readonly logo?: FetchOutcome;
  readonly mark?: FetchOutcome;
  readonly options?: Omit<BimiOptions, "fetch">;
  readonly is: object;
}
const trusted = { roots };
const optional = { ...trusted, requireEvidence: false };
const logoOnly = `v=BIMI1; l=${location}`;

describe("indicator and evidence (BIMI draft -10 §7.3 to §7.6)", () => {
  test.each<FetchCase>([
    {
      name: "§7.4 with a mark certificate",
      is: { result: "pass", authorityStatus: "pass", evidence: "vmc" },
    },
    { name: "an SVGZ with the same SVG in it", logo: document(gzipSync(svg)), is: { result: "pass" } },
    {
      name: "§7.5 without one",
      record: logoOnly,
      options: optional,
      is: { result: "pass", authorityStatus: "none" },
    },
    {
      name: "without one, and one is required",
      record: logoOnly,
      is: { result: "fail", authorityStatus: "none", problem: "certificate-missing" },
    },
    {
      name: "§7.6 step 3 the SVG breaks a rule",
      logo: document(sampleSvg("<script/>")),
      is: { result: "fail", problem: "indicator-invalid", detail: "svg-script", authorityStatus: "pass" },
    },
    {
      name: "§7.6 step 1 it is too large",
      logo: document(sampleSvg(`<desc>${"x".repeat(40_000)}</desc>`)),
      is: { result: "fail", problem: "indicator-invalid", detail: "svg-too-large" },
    },
    {
      name: "§7.9 the SVGs differ by a blank",
      logo: document(`${sampleSvg()} `),
      is: { result: "fail", authorityStatus: "fail", problem: "certificate-indicator-mismatch" },
    },
    {
      name: "§7.5 l= is not there",
      logo: broken(false),
      is: { result: "fail", problem: "location-unavailable", detail: "http-status", authorityStatus: "pass" },
    },
    {
      name: "l= is not there now",
      logo: broken(true),
      is: { result: "temperror", problem: "location-unavailable" },
    },
    {
      name: "a= is not there",
      mark: broken(false),
      is: { result: "fail", problem: "authority-unavailable", authorityStatus: "none" },
    },
    {
      name: "a= is not there now",
      mark: broken(true),
      is: { result: "temperror", problem: "authority-unavailable" },
    },
    {
      name: "a= is no certificate",
      mark: document("<html>"),
      is: { result: "fail", authorityStatus: "fail", problem: "certificate-invalid", detail: "pem-syntax" },
    },
    {
      name: "a bad certificate is no better than none, even where none is needed",
      mark: document("<html>"),
      options: optional,
      is: { result: "fail", authorityStatus: "fail" },
    },
    {
      name: "nobody is trusted",
      options: {},
      is: { result: "fail", authorityStatus: "none", problem: "certificate-untrusted" },
    },
    {
      name: "nobody is trusted, and nobody need be: the logo passes without evidence",
      options: { requireEvidence: false },
      is: { result: "pass", authorityStatus: "none", problem: "certificate-untrusted" },
    },
    {
      name: "others are trusted",
      options: { roots: readMarkRoots(makeMarkChain(svg).root.pem) ?? [], requireEvidence: false },
      is: { result: "fail", authorityStatus: "fail", problem: "certificate-untrusted" },
    },
    {
      name: "the certificate is for another domain",
      mark: document(
        makeMarkChain(svg, { root: { key: chain.root.key }, mark: { dnsNames: ["a.example"] } }).pem,
      ),
      is: { result: "fail", authorityStatus: "fail", problem: "certificate-name" },
    },
  ])("$name", async ({ record = full, logo = document(svg), mark, options = trusted, is }) => {
    const result = await evaluate(record, { ...options, fetch: web(logo, mark) });
    expect(result).toMatchObject({ ...published, ...is });
    if (!("evidence" in is)) expect(result.evidence ?? "vmc").toBe("vmc");
    if (result.result !== "pass" || result.authorityStatus !== "pass")
      expect(result).not.toHaveProperty("evidence");
    expect(result).not.toHaveProperty("indicator");
  });

  test("a certificate that has expired since", async () => {
    const now = Date.now() + 400 * 86_400_000;
    const result = await evaluate(full, { ...trusted, fetch: web(document(svg)) }, { now });
    expect(result).toMatchObject({ result: "fail", problem: "certificate-expired" });
  });

  test("both documents are asked for at once, within one deadline and their sizes", async () => {
    const asked: object[] = [];
    const fetch: BimiFetch = (uri, { deadline, maxOctets }) => {
      asked.push({ uri, maxOctets });
      expect(deadline).toBeLessThanOrEqual(performance.now() + 700);
      return Promise.resolve(broken(true));
    };
    await evaluate(full, { ...trusted, fetch, timeoutMs: 700 });
    expect(asked).toEqual([
      { uri: location, maxOctets: 32_768 },
      { uri: authority, maxOctets: 262_144 },
    ]);
  });

  test("a fetch that rejects, against its contract, is a failure", async () => {
    const fetch: BimiFetch = () => Promise.reject(new Error("x"));
    const result = await evaluate(full, { ...trusted, fetch });
    expect(result).toMatchObject({ result: "temperror", problem: "location-unavailable" });
  });

  test("the deadline of the message goes before the time for fetching", async () => {
    let until = 0;
    const fetch: BimiFetch = (_uri, { deadline = 0 }) => {
      until = deadline;
      return Promise.resolve(broken(true));
    };
    const dns = memoryResolver({ "default._bimi.example.com": [{ TXT: full }] });
    const deadline = performance.now() + 50;
    const context = { dns, clock: fixedClock(0), deadline, options: { fetch } };
    await evaluateBimi({ head, dkim: [], dmarc }, context);
    expect(until).toBe(deadline);
  });
});

describe("what is written (BIMI draft -10 §5, §7.7 to §7.11)", () => {
  const kept = (record = full, options: BimiOptions = trusted): Promise<BimiResult> =>
    evaluate(record, { ...options, fetch: web(document(svg)), keepIndicator: true });

  test("the fields of a message that passes", async () => {
    const fields = bimiFields(await kept(`${full}; avp=personal`));
    expect(fields).toEqual([
      { name: "BIMI-Location", value: `v=BIMI1;\n    l=${location};\n    a=${authority};` },
      { name: "BIMI-Indicator", value: expect.stringMatching(/^[A-Za-z0-9+/]{76}\n [A-Za-z0-9+/]/) },
      { name: "BIMI-Logo-Preference", value: "avp=personal;" },
    ]);
    expect(Buffer.from(fields[1]?.value.replaceAll("\n ", "") ?? "", "base64")).toEqual(svg);
    for (const line of fields.flatMap(({ value }) => value.split("\n")))
      expect(line.length).toBeLessThan(998);
  });

  test("§5.2: without verified evidence no a=; §7.11: no preference that is not one", async () => {
    const fields = bimiFields(await kept(`${logoOnly}; avp=other`, optional));
    expect(fields.map(({ name }) => name)).toEqual(["BIMI-Location", "BIMI-Indicator"]);
    expect(fields[0]?.value).toBe(`v=BIMI1;\n    l=${location};`);
  });

  test("none when it does not pass, or nobody wants them", async () => {
    const failed = await evaluate(full, { ...trusted, fetch: web(document("x")), keepIndicator: true });
    expect(bimiFields(failed)).toEqual([]);
    expect(failed).not.toHaveProperty("indicator");
    const unwanted = await evaluate(full, { ...trusted, fetch: web(document(svg)) });
    expect([bimiFields(unwanted), indicatorHash(unwanted)]).toEqual([[], undefined]);
  });

  test("an indicator too large for a field is left out, and so is its hash", () => {
    const result: BimiResult = { method: "bimi", result: "pass", location, indicator: Buffer.alloc(50_000) };
    expect(bimiFields(result).map(({ name }) => name)).toEqual(["BIMI-Location"]);
    expect(indicatorHash(result)).toBeUndefined();
  });

  test("the limit of the field is that of what is written", () => {
    for (let octets = 43_800; octets < 43_900; octets++) {
      const result: BimiResult = {
        method: "bimi",
        result: "pass",
        location,
        indicator: Buffer.alloc(octets),
      };
      expect(bimiFields(result).length === 2).toBe(indicatorHash(result) !== undefined);
    }
  });

  const statement = (bimi: BimiResult) =>
    describeResults({ dkim: [], dmarc, bimi, dns: [] }).find(({ method }) => method === "bimi");
  const properties = (bimi: BimiResult) =>
    statement(bimi)?.properties.map(({ ptype, property, value }) => `${ptype}.${property}=${value}`);

  test("§7.7: the statement of a pass", async () => {
    expect(properties(await kept())).toEqual([
      "header.d=example.com",
      "header.selector=default",
      "policy.authority=pass",
      `policy.authority-uri=${authority}`,
      `policy.indicator-uri=${location}`,
      expect.stringMatching(/^policy\.indicator-hash=[0-9a-f]{8}$/),
      "policy.logo-preference=brand",
    ]);
  });

  test.each<{ bimi: Omit<BimiResult, "method">; is: string[]; reason?: string }>([
    { bimi: { result: "none" }, is: [] },
    { bimi: { result: "declined", ...at }, is: ["header.d=example.com", "header.selector=default"] },
    { bimi: { result: "skipped", problem: "dmarc-not-enforced" }, is: [], reason: "dmarc-not-enforced" },
    {
      bimi: { result: "skipped", location, authority, problem: "not-fetched" },
      is: [],
      reason: "not-fetched",
    },
    {
      bimi: { result: "fail", authority, authorityStatus: "fail", problem: "certificate-name" },
      is: ["policy.authority=fail", `policy.authority-uri=${authority}`],
      reason: "certificate-name",
    },
  ])("§7.7: the statement of $bimi.result", ({ bimi, is, reason }) => {
    const result = { method: "bimi", ...bimi } as const;
    expect(properties(result)).toEqual(is);
    expect(statement(result)).toMatchObject({ result: bimi.result, ...(reason !== undefined && { reason }) });
  });
});
