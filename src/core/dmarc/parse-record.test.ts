import fc from "fast-check";
import { expect, test } from "vitest";
import { type DmarcRecord, parseDmarcRecord, parseReportUris } from "./parse-record.ts";

const versions = [
  ["v=DMARC1", true],
  ["v=DMARC1;", true],
  ["v = DMARC1 ; p=none", true],
  ["V=DMARC1; p=none", true],
  [" v=DMARC1; p=none", true],
  ["v=dmarc1; p=none", false],
  ["v=DMARC2; p=none", false],
  ["v=DMARC1 p=none", false],
  ["v=DMARC1p=none", false],
  ["v=DMARC1, p=none", false],
  ["p=none; v=DMARC1", false],
  ["; v=DMARC1; p=none", false],
  ["x; v=DMARC1; p=none", false],
  ["p=none", false],
  ["v=spf1 -all", false],
  ["", false],
] as const;
test.each(versions)("RFC 9989 §4.7 v=, §4.8: %j is a record: %s", (text, is) => {
  expect(parseDmarcRecord(text) !== undefined).toBe(is);
});

const defaults = {
  policyInvalid: true,
  adkim: "relaxed",
  aspf: "relaxed",
  psd: "u",
  testing: false,
  fo: ["0"],
  rua: [],
  ruf: [],
} as const;
type Row = readonly [section: string, tags: string, expected: Partial<DmarcRecord>];
const rows: readonly Row[] = [
  ["§4.7 p", "p=none", { p: "none", policyInvalid: false }],
  ["§4.7 p", "p=quarantine", { p: "quarantine", policyInvalid: false }],
  ["§4.7 p", "p=reject", { p: "reject", policyInvalid: false }],
  ["§4.8 words are in any case", "P=Reject; ADKIM=S", { p: "reject", adkim: "strict", policyInvalid: false }],
  ["§4.8 white space", "  p\t= reject \t;  sp =none ;", { p: "reject", sp: "none", policyInvalid: false }],
  ["§4.10.1 bad p", "p=block", {}],
  ["§4.10.1 empty p", "p=", {}],
  ["§4.10.1 bad sp", "p=reject; sp=x", { p: "reject" }],
  ["§4.10.1 bad np", "p=reject; np=", { p: "reject" }],
  [
    "§4.7 sp, np",
    "p=none; sp=quarantine; np=reject",
    { p: "none", sp: "quarantine", np: "reject", policyInvalid: false },
  ],
  [
    "§4.7 adkim, aspf",
    "p=none; adkim=s; aspf=s",
    { p: "none", adkim: "strict", aspf: "strict", policyInvalid: false },
  ],
  [
    "§4.8 bad values are the defaults",
    "p=none; adkim=x; aspf=strict; psd=z; t=1; fo=7",
    { p: "none", policyInvalid: false },
  ],
  ["§4.7 psd", "p=none; psd=y", { p: "none", psd: "y", policyInvalid: false }],
  ["§4.7 psd", "p=none; psd=n", { p: "none", psd: "n", policyInvalid: false }],
  ["§4.7 t", "p=none; t=y", { p: "none", testing: true, policyInvalid: false }],
  ["§4.7 fo", "p=none; fo=1:d:s", { p: "none", fo: ["1", "d", "s"], policyInvalid: false }],
  ["§4.7 fo 0 and 1", "p=none; fo=0:1", { p: "none", policyInvalid: false }],
  ["§4.7 unknown tags", "x=1; p=none; _y=2", { p: "none", policyInvalid: false }],
  ["§C.5.2 removed tags", "p=none; pct=50; rf=afrf; ri=86400", { p: "none", policyInvalid: false }],
  ["§4.8 a repeated tag: the first", "p=reject; p=none", { p: "reject", policyInvalid: false }],
  ["§4.8 no equals sign", "reject; p=none; ;;", { p: "none", policyInvalid: false }],
];
test.each(rows)("RFC 9989 %s: %s", (_section, tags, expected) => {
  const { tags: _tags, ...record } = parseDmarcRecord(`v=DMARC1;${tags}`) as DmarcRecord;
  expect(record).toEqual({ ...defaults, ...expected });
});

test("RFC 9990: the tags as published, unknown ones too", () => {
  const record = parseDmarcRecord("v=DMARC1; P=Reject; pct=50; x1=2; p=none; __proto__=z; constructor=c");
  expect({ ...record?.tags }).toEqual({ v: "DMARC1", p: "Reject", pct: "50", constructor: "c" });
});

const uris: readonly (readonly [value: string, expected: readonly string[]])[] = [
  ["mailto:a@b.example", ["mailto a@b.example"]],
  ["MAILTO:a@b.example", ["mailto a@b.example"]],
  ["mailto:a@b.example , mailto:c@d.example", ["mailto a@b.example", "mailto c@d.example"]],
  ["mailto:a@b.example!10m", ["mailto a@b.example"]],
  ["mailto:a@b.example!10M,mailto:c@d.example!5", ["mailto a@b.example", "mailto c@d.example"]],
  ["mailto:a%2Cb%21@d.example", ["mailto a,b!@d.example"]],
  ["mailto:a@b.example?subject=x", ["mailto a@b.example"]],
  ["https://b.example/x", ["https undefined"]],
  ["a@b.example", []],
  ["mailto:", []],
  ["mailto:a", []],
  ["mailto:@b.example", []],
  ["mailto:a@", []],
  ["mailto:a!b@c.example", []],
  ["mailto:a@b.example!10x", []],
  ["mailto:a@b.example!10mm", []],
  ["mailto:a b@c.example", []],
  ["mailto:a%0d%0aRCPT@c.example", []],
  ["mailto:a%00@c.example", []],
  ["mailto:a%3Cx%3E@c.example", []],
  ["mailto:a%zz@c.example", []],
  ["mailto:%ff@c.example", []],
  ["mailto:a@b..example", []],
  ["mailto://a@b.example", ["mailto //a@b.example"]],
  ["1x:y", []],
  ["x:", []],
  ["", []],
  [",,mailto:a@b.example,", ["mailto a@b.example"]],
  ["mailto:\xe3\x81\x82@b.example", []],
];
test.each(uris)("RFC 9989 §4.8 dmarc-urilist: %j", (value, expected) => {
  expect(parseReportUris(value).map(({ scheme, address }) => `${scheme} ${address}`)).toEqual(expected);
});

test("at most 20 reporting URIs are read", () => {
  expect(parseReportUris("mailto:a@b.example,".repeat(1000))).toHaveLength(20);
});

test("never throws, and the version decides alone", () => {
  const piece = fc.constantFrom(
    ..."=;, \t!%@:\0\xff",
    "v=DMARC1",
    "p",
    "reject",
    "rua",
    "mailto:",
    "a@b.example",
    "%2C",
    "%zz",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const rest = pieces.join("");
      parseDmarcRecord(rest);
      expect(parseDmarcRecord(`v=DMARC1;${rest}`)).toBeDefined();
    }),
    { numRuns: 2000 },
  );
});
