import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMsOf } from "../../test/cpu-time.ts";
import { parseDmarcRecord } from "../core/dmarc/parse-record.ts";
import { formatTags, mendedTags } from "./dmarc-mend.ts";
import { intendedRecord, looksLikeDmarc, reportEntries } from "./dmarc-text.ts";

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
const mended = (text: string): string => formatTags(mendedTags(intendedRecord(latin1(text))));

describe("a record is read as it was meant", () => {
  test.each([
    ["v=DMARC1; p=none", [], "v=DMARC1; p=none"],
    [
      "v=DMARC1;p=reject;rua=mailto:a@b.jp,mailto:c@d.jp;",
      [],
      "v=DMARC1; p=reject; rua=mailto:a@b.jp,mailto:c@d.jp",
    ],
    ["v=DMARC1, p=reject, sp=none", ["comma"], "v=DMARC1; p=reject; sp=none"],
    ["v=DMARC1: p=reject", ["colon"], "v=DMARC1; p=reject"],
    ["v:DMARC1; p:reject", ["colon"], "v=DMARC1; p=reject"],
    ["v=DMARC1 p=reject", ["space"], "v=DMARC1; p=reject"],
    ["v=DMARC1; p reject", ["space"], "v=DMARC1; p=reject"],
    ["v=DMARC1; p=reject; rua:mailto:a@b.jp", ["colon"], "v=DMARC1; p=reject; rua=mailto:a@b.jp"],
    ["v=DMARC1; p=reject; rau:mailto:a@b.jp", ["colon"], "v=DMARC1; p=reject; rua=mailto:a@b.jp"],
    [
      "v=DMARC1; p=reject; rua=mailto:a@b.jp;mailto:c@d.jp",
      ["semicolon"],
      "v=DMARC1; p=reject; rua=mailto:a@b.jp,mailto:c@d.jp",
    ],
    ["“v=DMARC1; p=reject”", ["quote"], "v=DMARC1; p=reject"],
    ["v=DMARC1\\; p=reject", ["backslash"], "v=DMARC1; p=reject"],
    ["ｖ＝ＤＭＡＲＣ１；　ｐ＝ｒｅｊｅｃｔ", ["full-width"], "v=DMARC1; p=reject"],
    ["v=DMARC1;\u00a0p=reject\u200b", ["invisible"], "v=DMARC1; p=reject"],
    ["p=reject; v=DMARC1", [], "v=DMARC1; p=reject"],
    ["DMARC1; p=reject", [], "v=DMARC1; p=reject"],
    // RFC 6376 §3.2: of a tag that is there twice the first stays.
    ["v=DMARC1; p=reject; p=none", [], "v=DMARC1; p=reject"],
    ["v=DMARC1; p=reject; fo=1:d; ruf=mailto:a@b.jp", [], "v=DMARC1; p=reject; fo=1:d; ruf=mailto:a@b.jp"],
    ["v=DMARC1; p=reject; fo=1:d", [], "v=DMARC1; p=reject"],
    [
      "v=DMARC1; p=reject; rua=mailto:a@b.jp?subject=p%3D1",
      [],
      "v=DMARC1; p=reject; rua=mailto:a@b.jp?subject=p%3D1",
    ],
    ["v=DMARC1; P=Reject; ADKIM=S", [], "v=DMARC1; p=reject; adkim=s"],
    ["v=DMARC1; p=rejected; adkim=strict; t=true", [], "v=DMARC1; p=reject; adkim=s; t=y"],
  ])("%s", (text, separators, better) => {
    expect(intendedRecord(latin1(text)).separators).toEqual(separators);
    expect(mended(text)).toBe(better);
  });

  test.each([
    ["v=DMARC1", true],
    ["V = dmarc1; p=none", true],
    ["p=none; rua=mailto:a@b.jp", true],
    ['"v=DMARC1; p=none"', true],
    ["v=spf1 -all", false],
    ["v=DKIM1; p=MIIB", false],
    ["google-site-verification=abc", false],
    ["", false],
  ])("whether it is meant for DMARC: %s", (text, is) => {
    expect(looksLikeDmarc(text)).toBe(is);
  });
});

describe("RFC 9989 §4.8: addresses for reports", () => {
  test.each([
    ["mailto:a@b.jp", undefined, "mailto:a@b.jp"],
    ["MAILTO:a@b.jp", undefined, "MAILTO:a@b.jp"],
    ["mailto:a@b.jp!10m", undefined, "mailto:a@b.jp"],
    ["https://b.jp/x", undefined, "https://b.jp/x"],
    ["a@b.jp", "no-scheme", "mailto:a@b.jp"],
    ["malto:a@b.jp", "no-scheme", "mailto:a@b.jp"],
    ["mailto://a@b.jp", "slashes", "mailto:a@b.jp"],
    ["mailto:a @b.jp", "blank", "mailto:a@b.jp"],
    ["b.jp", "no-scheme", undefined],
    ["mailto:b.jp", "address", undefined],
    ["mailto:a!b@c.jp", "character", undefined],
    ["mailto:a@日本語.jp", "u-label", "mailto:a@xn--wgv71a119e.jp"],
    ["mailto:a@日本語.jp!10m", "u-label", "mailto:a@xn--wgv71a119e.jp"],
    ["a@日本語.jp", "no-scheme", "mailto:a@xn--wgv71a119e.jp"],
    ["mailto: a@日本語.jp", "blank", "mailto:a@xn--wgv71a119e.jp"],
    ["mailto:é@日本語.jp", "character", undefined],
  ])("%s", (text, fault, uri) => {
    const [entry] = reportEntries(text);
    expect([entry?.fault, entry?.uri?.uri]).toEqual([fault, uri]);
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    "v=DMARC1",
    "v",
    "p",
    "sp",
    "rua",
    "t",
    "psd",
    "fo",
    "adkim",
    "pct",
    "xyz",
    "reject",
    "none",
  ),
  fc.constantFrom(
    "=",
    ":",
    ";",
    ",",
    " ",
    "\t",
    '"',
    "\\",
    "mailto:a@b.jp",
    "@",
    "!10m",
    "0",
    "1",
    "\u00ef\u00bc\u009b",
  ),
  fc.string({ unit: "binary" }),
);

test("whatever stands there, what is mended is a record without such faults, and stays as it is", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const better = mended(pieces.join(""));
      expect(parseDmarcRecord(better)).toMatchObject({ policyInvalid: false });
      const again = intendedRecord(better);
      expect([again.separators, again.junk]).toEqual([[], []]);
      expect(formatTags(mendedTags(again))).toBe(better);
    }),
    { numRuns: 500 },
  );
});

test.each(["p=", "p= ", "rua:", " p", ",p=", "v=DMARC1;", "=", ":", "@,", '"', "；"])(
  "a long run of %s takes no longer than its length",
  (part) => {
    const text = latin1(part.repeat(Math.floor(65_000 / part.length)));
    const spent = cpuMsOf(() => {
      mended(text);
      looksLikeDmarc(text);
    });
    // Quadratic work would take minutes.
    expect(spent).toBeLessThan(5000);
  },
);
