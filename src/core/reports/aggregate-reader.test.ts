import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregateXml, sampleBegin } from "../../../test/report-files.ts";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { formatIp } from "../ip.ts";
import type { AggregateHead, AggregateOutcome, AggregateRecord } from "./aggregate.ts";
import type { ReportHints } from "./aggregate-head.ts";
import { openAggregateReader } from "./aggregate-reader.ts";

interface Read {
  readonly outcome: AggregateOutcome;
  readonly records: readonly AggregateRecord[];
}

function read(octets: Buffer, pieceLength = octets.length || 1, hints: ReportHints = {}): Read {
  const records: AggregateRecord[] = [];
  const reader = openAggregateReader({ hints, onRecord: (record) => records.push(record) });
  for (let at = 0; at < octets.length; at += pieceLength) reader.write(octets.subarray(at, at + pieceLength));
  return { outcome: reader.finish(), records };
}

function readText(text: string, hints?: ReportHints): Read {
  return read(Buffer.from(text), undefined, hints);
}

function headOf({ outcome }: Read): AggregateHead {
  if (outcome.kind !== "read") throw new Error(`${outcome.kind} ${outcome.reason}`);
  return outcome.head;
}

function warningsOf({ outcome }: Read): string[] {
  return outcome.kind === "read" ? outcome.warnings.map(({ id, at }) => `${id} ${at ?? ""}`.trim()) : [];
}

/** The sample with one thing otherwise. */
function changed(from: string | RegExp, to: string): string {
  const text = aggregateXml();
  const other = text.replace(from, to);
  if (other === text) throw new Error(`nothing to change: ${from}`);
  return other;
}

test("RFC 7489 appendix C: everything in its place", () => {
  const { outcome, records } = readText(aggregateXml({ counts: [3, 20] }));
  expect(outcome).toEqual({
    kind: "read",
    head: {
      orgName: "Example Org",
      email: "dmarc@example.org",
      reportId: "r1",
      begin: sampleBegin,
      end: sampleBegin + 86_399,
      errors: [],
      policy: { domain: "example.com", p: "none" },
    },
    warnings: [],
  });
  expect(records.map(({ sourceIp, ...rest }) => ({ ...rest, ip: sourceIp && formatIp(sourceIp) }))).toEqual(
    [3, 20].map((count, index) => ({
      ip: `192.0.2.${index + 1}`,
      count,
      disposition: "none",
      dkimAligned: true,
      spfAligned: false,
      overrides: [],
      headerFrom: "example.com",
      dkim: [{ domain: "example.com", selector: "s1", result: "pass" }],
      spf: [{ domain: "example.com", result: "fail" }],
    })),
  );
});

const rfc9990 = `<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><version>1.0</version><report_metadata><org_name lang="en">R</org_name>
<email>a@r.example</email><extra_contact_info>x</extra_contact_info><report_id>9</report_id><date_range><begin>1700000000</begin><end>1700086400</end></date_range>
<error>e1</error><generator>g/1</generator></report_metadata><policy_published><domain>Example.COM.</domain><p>Reject</p><sp>none</sp><np>reject</np>
<adkim>s</adkim><aspf>r</aspf><fo>1:d</fo><testing>y</testing><discovery_method>treewalk</discovery_method></policy_published>
<record><row><source_ip>2001:db8::1</source_ip><count>1</count><policy_evaluated><disposition>pass</disposition><dkim>fail</dkim><spf>pass</spf>
<reason><type>policy_test_mode</type><comment lang="en">t</comment></reason></policy_evaluated></row>
<identifiers><header_from>a.example.com</header_from><envelope_from/><envelope_to>rcpt.example</envelope_to></identifiers>
<auth_results><spf><domain>a.example.com</domain><scope>mfrom</scope><result>pass</result><human_result>ok</human_result></spf></auth_results>
<ext:more xmlns:ext="urn:x"><count>99</count></ext:more></record><extension><count>7</count></extension></feedback>`;

test("RFC 9990 §3.1: its own elements, and those that it does not know", () => {
  const all = readText(rfc9990);
  expect(warningsOf(all)).toEqual([]);
  expect(headOf(all)).toMatchObject({
    namespace: "urn:ietf:params:xml:ns:dmarc-2.0",
    version: "1.0",
    errors: ["e1"],
    generator: "g/1",
    extraContactInfo: "x",
    policy: {
      domain: "example.com",
      p: "reject",
      np: "reject",
      adkim: "s",
      testing: "y",
      discoveryMethod: "treewalk",
    },
  });
  expect(all.records).toMatchObject([
    {
      count: 1,
      disposition: "pass",
      envelopeFrom: "",
      envelopeTo: "rcpt.example",
      overrides: [{ type: "policy_test_mode", comment: "t" }],
      dkim: [],
      spf: [{ scope: "mfrom", humanResult: "ok" }],
    },
  ]);
});

test.each<readonly [string, string, readonly string[], object]>([
  ["prefixes", aggregateXml().replace(/<(\/?)(?=[a-z])/g, "<$1d:"), [], {}],
  ["a name in capitals", changed(/header_from/g, "HEADER_FROM"), [], {}],
  ["identities", changed(/identifiers/g, "identities"), [], {}],
  ["blanks around values", changed(/>([^<>\s]{1,30})<\//g, "> \n$1\t</"), [], {}],
  ["CDATA", changed("<count>3<", "<count><![CDATA[3]]><"), [], {}],
  ["capitals in values", changed("<dkim>pass<", "<dkim>PASS<"), [], {}],
  ["a v4-mapped address", changed("192.0.2.1<", "::ffff:192.0.2.1<"), [], {}],
  ["an address with a port", changed("192.0.2.1<", "192.0.2.1:25<"), [], {}],
  ["an address in brackets", changed("192.0.2.1<", "[2001:db8::1]:25<"), [], {}],
  [
    "the address in From",
    changed(/(<header_from>)[^<]*/, "$1A &lt;a@Example.com&gt;"),
    [],
    { headerFrom: "example.com" },
  ],
  [
    "a null sender in angle brackets",
    changed("<header_from>", "<envelope_from>&lt;&gt;</envelope_from><header_from>"),
    [],
    { envelopeFrom: "" },
  ],
  [
    "an instruction that ends as a tag does",
    `<?xml version="1.0">${aggregateXml().replace(/^<\?.*?\?>/, "")}`,
    [],
    {},
  ],
  ["days without date_range", aggregateXml().replace(/<\/?date_range>/g, ""), [], {}],
  [
    "an element around the records",
    aggregateXml().replace("<record>", "<records><record>").replace("</record>", "</record></records>"),
    [],
    {},
  ],
  ["two counts", changed("</count>", "</count><count>4</count>"), ["repeated record/count"], { count: 3 }],
  ["a count that no host reaches", changed(">3<", ">99999999999<"), ["bad-count row/count"], { count: 0 }],
  ["a count with its sign", changed(">3<", ">+3<"), ["bad-count row/count"], { count: 3 }],
  ["a report behind the report", aggregateXml() + aggregateXml(), ["repeated feedback"], {}],
  ["no address", changed("192.0.2.1<", "<"), ["no-source-ip row/source_ip"], {}],
  [
    "what is no address",
    changed("192.0.2.1<", "here<"),
    ["bad-source-ip row/source_ip", "no-source-ip row/source_ip"],
    {},
  ],
  ["a negative count", changed(">3<", ">-5<"), ["bad-count row/count"], { count: 0 }],
  ["thousands apart", changed(">3<", ">1,000<"), ["bad-count row/count"], { count: 1000 }],
  [
    "no author",
    changed(/<header_from>.*?<\/header_from>/, ""),
    ["no-header-from identifiers/header_from"],
    { headerFrom: "" },
  ],
  [
    "no disposition",
    changed(/<disposition>.*?<\/disposition>/, ""),
    ["no-disposition policy_evaluated/disposition"],
    { disposition: "none" },
  ],
  [
    "an unknown disposition",
    changed(">none</disposition>", ">Frobbed</disposition>"),
    ["unknown-value policy_evaluated/disposition"],
    { disposition: "frobbed" },
  ],
  [
    "spf of none",
    changed("<spf>fail<", "<spf>none<"),
    ["unknown-value policy_evaluated/spf"],
    { spfAligned: false },
  ],
  [
    "no policy_evaluated",
    changed(/<policy_evaluated>.*?<\/policy_evaluated>/s, ""),
    [
      "no-disposition policy_evaluated/disposition",
      "worked-out policy_evaluated/dkim",
      "worked-out policy_evaluated/spf",
    ],
    { dkimAligned: true, spfAligned: false },
  ],
  [
    "an element that is not closed",
    changed("</identifiers>", ""),
    ["tags-mismatched auth_results"],
    { count: 3 },
  ],
  ["an address in angle brackets", changed("dmarc@example.org", "Reports <dmarc@example.org>"), [], {}],
  ["a bare ampersand", changed("Example Org", "A & B"), [], {}],
  [
    "two policies",
    changed(
      "</policy_published>",
      "</policy_published><policy_published><domain>b.c</domain></policy_published>",
    ),
    ["repeated policy_published"],
    {},
  ],
  [
    "two ids",
    changed("</report_id>", "</report_id><report_id>r2</report_id>"),
    ["repeated report_metadata/report_id"],
    {},
  ],
  ["text behind the report", `${aggregateXml()}\nSent with love.`, [], {}],
  ["NULs behind the report", `${aggregateXml()}\0\0\0`, [], {}],
  [
    "escaped once more",
    aggregateXml().replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
    ["escaped-twice"],
    {},
  ],
])("kept, with a word where something was guessed: %s", (_name, text, warnings, record) => {
  const all = readText(text);
  expect(warningsOf(all)).toEqual(warnings);
  expect(headOf(all).policy.domain).toBe("example.com");
  expect(all.records).toHaveLength(1);
  expect(all.records[0]).toMatchObject({ ...record });
  for (const length of [1, 7, 64]) expect(read(Buffer.from(text), length)).toEqual(all);
});

test.each([
  [
    "the default one",
    'xmlns:xsi="urn:xsi" xmlns="urn:ietf:params:xml:ns:dmarc-2.0"',
    "urn:ietf:params:xml:ns:dmarc-2.0",
  ],
  [
    "one with a prefix",
    "xmlns:xsi='urn:xsi' xmlns:d='http://dmarc.org/dmarc-xml/0.1'",
    "http://dmarc.org/dmarc-xml/0.1",
  ],
  ["another one", 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="urn:d"', "urn:d"],
  [
    "none, but some for attributes",
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    undefined,
  ],
])("the namespace of the report: %s", (_name, attributes, namespace) => {
  expect(headOf(readText(changed("<feedback", `<feedback ${attributes}`))).namespace).toBe(namespace);
});

const rowOf = (ip: string): string => `<row><source_ip>${ip}</source_ip><count>1</count></row>`;
const named = (from: string): string => `<identifiers><header_from>${from}</header_from></identifiers>`;
const judged = (domain: string): string =>
  `<auth_results><spf><domain>${domain}</domain><result>pass</result></spf></auth_results>`;

test.each([
  [
    "rows that share the rest",
    rowOf("192.0.2.1") + rowOf("192.0.2.2") + named("a.example") + judged("s.example"),
    "row",
    "a.example",
    "s.example",
  ],
  [
    "the rest before the rows",
    named("a.example") + judged("s.example") + rowOf("192.0.2.1") + rowOf("192.0.2.2"),
    "row",
    "a.example",
    "s.example",
  ],
  [
    "whole records one behind the other",
    rowOf("192.0.2.1") +
      named("a.example") +
      judged("s.example") +
      rowOf("192.0.2.2") +
      named("b.example") +
      judged("t.example"),
    "row",
    "b.example",
    "t.example",
  ],
  [
    "the same with the row last",
    named("a.example") +
      judged("s.example") +
      rowOf("192.0.2.1") +
      named("b.example") +
      judged("t.example") +
      rowOf("192.0.2.2"),
    "identifiers",
    "b.example",
    "t.example",
  ],
])("several rows in one record are so many records: %s", (_name, inside, repeated, from, domain) => {
  const all = readText(changed(/<record>.*<\/record>/s, `<record>${inside}</record>`));
  expect(all.records.map(({ sourceIp }) => sourceIp && formatIp(sourceIp))).toEqual([
    "192.0.2.1",
    "192.0.2.2",
  ]);
  expect(all.records).toMatchObject([
    { headerFrom: "a.example", spf: [{ domain: "s.example" }] },
    { headerFrom: from, spf: [{ domain }] },
  ]);
  expect(warningsOf(all)).toContain(`several-rows record/${repeated}`);
});

test("identifiers and results of their own may stand twice around one row", () => {
  const inside =
    rowOf("192.0.2.1") + named("a.example") + named("b.example") + judged("s.example") + judged("t.example");
  const all = readText(changed(/<record>.*<\/record>/s, `<record>${inside}</record>`));
  expect(all.records).toMatchObject([
    { headerFrom: "a.example", spf: [{ domain: "s.example" }, { domain: "t.example" }] },
  ]);
});

test("so many rows of one record are read, and what is more is told", () => {
  const inside = rowOf("192.0.2.1").repeat(300) + named("a.example");
  const all = readText(changed(/<record>.*<\/record>/s, `<record>${inside}</record>`));
  expect(all.records).toHaveLength(100);
  expect(warningsOf(all)).toContain("too-many record/row");
});

test.each([
  ["ISO 8601", "2023-11-14T22:13:20Z"],
  ["milliseconds", "1700000000000"],
  ["microseconds", "1700000000000000"],
])("a begin in %s", (_name, text) => {
  const all = readText(changed(`<begin>${sampleBegin}<`, `<begin>${text}<`));
  expect(headOf(all).begin).toBe(sampleBegin);
  expect(warningsOf(all)).toEqual(["odd-time date_range/begin"]);
});

test("an end before its begin", () => {
  const all = readText(changed(`<end>${sampleBegin + 86_399}<`, `<end>${sampleBegin - 60}<`));
  expect(headOf(all)).toMatchObject({ begin: sampleBegin - 60, end: sampleBegin });
  expect(warningsOf(all)).toEqual(["end-before-begin date_range"]);
});

test.each<readonly [string, RegExp, ReportHints, object]>([
  ["the organisation", /<org_name>.*?<\/org_name>/, {}, { orgName: "example.org" }],
  [
    "the address, by the mail",
    /<email>.*?<\/email>/,
    { mailFrom: "a@b.example" },
    { email: "a@b.example", orgName: "Example Org" },
  ],
  [
    "both",
    /<org_name>.*?<\/email>/,
    { fileName: "r.example!d.example!1700000000!1700086400.xml" },
    { orgName: "r.example", email: "" },
  ],
  [
    "the id, by the subject",
    /<report_id>.*?<\/report_id>/,
    { subject: "Report Domain: x Submitter: y Report-ID: <7@y>" },
    { reportId: "7@y" },
  ],
  [
    "the id, by the file name",
    /<report_id>.*?<\/report_id>/,
    { fileName: "r.example!d.example!1700000000!1700086400!u-1.xml.gz" },
    { reportId: "u-1" },
  ],
  [
    "the id, by nothing",
    /<report_id>.*?<\/report_id>/,
    {},
    { reportId: `example.com!${sampleBegin}!${sampleBegin + 86_399}` },
  ],
  [
    "the days",
    /<date_range>.*?<\/date_range>/s,
    { fileName: "r.example!d.example!1600000000!1600086400.xml" },
    { begin: 1_600_000_000, end: 1_600_086_400 },
  ],
])("filled in where the report is silent: %s", (_name, pattern, hints, head) => {
  const all = readText(changed(pattern, ""), hints);
  expect(headOf(all)).toMatchObject(head);
  expect(warningsOf(all).every((warning) => warning.startsWith("filled-in"))).toBe(true);
  expect(warningsOf(all)).not.toEqual([]);
});

test.each([
  ["nothing", "", { kind: "skipped", reason: "empty" }],
  ["blank space", " \n\0", { kind: "skipped", reason: "empty" }],
  ["the word of one provider", "unused", { kind: "skipped", reason: "unused" }],
  ["text", "hello", { kind: "unread", reason: "not-xml" }],
  ["HTML", "<html><body>x</body></html>", { kind: "unread", reason: "not-a-report" }],
  [
    "declarations",
    `<!DOCTYPE feedback [<!ENTITY x SYSTEM "file:///etc/passwd">]>${aggregateXml()}`,
    { kind: "unread", reason: "document-type" },
  ],
  ["no domain", changed(/<domain>example.com<\/domain><p>/, "<p>"), { kind: "unread", reason: "no-domain" }],
  ["no days", changed(/<date_range>.*?<\/date_range>/s, ""), { kind: "unread", reason: "no-date-range" }],
  ["the end before a record", "<feedback><report_metadata>", { kind: "unread", reason: "cut-off" }],
  ["65 levels", `<feedback>${"<x>".repeat(70)}`, { kind: "unread", reason: "too-deep" }],
])("no report: %s", (_name, text, outcome) => {
  expect(readText(text).outcome).toEqual(outcome);
});

test("a document type without declarations is none of our business", () => {
  expect(
    readText(changed("<feedback>", '<!DOCTYPE feedback SYSTEM "x.dtd"><feedback>')).records,
  ).toHaveLength(1);
});

test("cut off: the records that are complete", () => {
  const text = aggregateXml({ counts: [1, 2, 3] });
  const all = readText(text.slice(0, text.lastIndexOf("<count>")));
  expect(all.records.map(({ count }) => count)).toEqual([1, 2]);
  expect(warningsOf(all)).toContain("cut-off");
});

test("a heartbeat has no record", () => {
  const all = readText(changed(/<source_ip>.*?<count>3/s, "<source_ip></source_ip><count>0"));
  expect(all.records).toEqual([]);
  expect(warningsOf(all)).toEqual(["no-record record"]);
});

test("more octets than may be", () => {
  const reader = openAggregateReader({ maxOctets: 100, onRecord: () => {} });
  reader.write(Buffer.from(aggregateXml()));
  expect(reader.finish()).toEqual({ kind: "unread", reason: "too-large" });
});

test("more results in one record than there can be", () => {
  const dkim = "<dkim><domain>a.b</domain><result>pass</result></dkim>".repeat(1_500);
  const all = readText(changed("<auth_results>", `<auth_results>${dkim}`));
  expect(all.records[0]?.dkim).toHaveLength(1_000);
  expect(warningsOf(all)).toEqual(["too-many auth_results/dkim"]);
});

test("a value is cut, and told", () => {
  const all = readText(changed("Example Org", "x".repeat(10_000)));
  expect(headOf(all).orgName).toHaveLength(4_096);
  expect(warningsOf(all)).toEqual(["value-cut org_name"]);
});

test("50,000 records, one like the other", () => {
  const { records } = readText(aggregateXml({ counts: Array.from({ length: 50_000 }, () => 2) }));
  expect(records).toHaveLength(50_000);
});

test("mutated reports: nothing throws, no count is impossible, cuts make no difference", () => {
  const texts = [aggregateXml({ counts: [3, 4] }), rfc9990];
  const junk = fc.oneof(
    fc.constantFrom("<", ">", "</", "&", "<record>", "</row>", "<![CDATA[", "\0"),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.nat(2_000),
      fc.nat(200),
      junk,
      fc.nat(50),
      (text, at, drop, more, length) => {
        const octets = Buffer.from(text.slice(0, at) + more + text.slice(at + drop));
        const whole = read(octets);
        expect(read(octets, length + 1)).toEqual(whole);
        for (const { count } of whole.records) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
        if (whole.outcome.kind === "read") {
          const { begin, end, policy } = whole.outcome.head;
          expect(begin).toBeLessThanOrEqual(end);
          expect(policy.domain).not.toBe("");
        }
      },
    ),
    { numRuns: 500 },
  );
});

interface Expected {
  readonly outcome: string;
  readonly rows: number;
  readonly messages: number;
  readonly warning?: boolean | "allowed";
}

describeShared("damaged reports", () => {
  const folder = sharedPath("conformance", "reports", "malformed");
  const expected = JSON.parse(readFileSync(`${folder}/EXPECTED.json`, "utf8")) as Record<string, Expected>;
  const files = readdirSync(`${folder}/xml`);
  test.each(files)("%s", (file) => {
    const wanted = expected[`xml/${file}`];
    const octets = readFileSync(`${folder}/xml/${file}`);
    for (const pieceLength of [octets.length, 1, 7]) {
      const { outcome, records } = read(octets, pieceLength);
      expect(outcome.kind === "read" ? "saved" : outcome.kind).toBe(wanted?.outcome);
      expect(records).toHaveLength(wanted?.rows ?? -1);
      expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(wanted?.messages);
      const warned = outcome.kind === "read" && outcome.warnings.length > 0;
      if (wanted?.warning === true) expect(warned).toBe(true);
      if (wanted?.warning === undefined && outcome.kind === "read") expect(outcome.warnings).toEqual([]);
    }
  });
});

test("RFC 9990 appendix B: its example is of 1979", () => {
  const begin = 302_832_000;
  const text = aggregateXml().replace(/<begin>\d+/, `<begin>${begin}`);
  const found = readText(text.replace(/<end>\d+/, `<end>${begin + 86_399}`));
  expect(headOf(found)).toMatchObject({ begin, end: begin + 86_399 });
  expect(found.outcome.kind === "read" && found.outcome.warnings).toEqual([]);
});
