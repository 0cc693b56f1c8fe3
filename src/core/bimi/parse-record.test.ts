import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isHttpsUri } from "./https-uri.ts";
import { parseBimiRecord } from "./parse-record.ts";

const location = "https://www.example.com/logo.svg";
const authority = "https://www.example.com/mark.pem";
const record = { location, avatarPreference: "brand", declined: false };

describe("Assertion Records (BIMI draft -10 §4.3)", () => {
  test.each([
    { text: `v=BIMI1; l=${location}`, is: record, section: "4.3" },
    { text: `v=BIMI1;l=${location};`, is: record, section: "4.3" },
    { text: ` v = BIMI1 ; l = ${location} ; `, is: record, section: "4.3" },
    { text: `v=BIMI1; l=${location}; a=${authority}`, is: { ...record, authority }, section: "4.3 a=" },
    {
      text: `v=BIMI1; a=${authority}; l=${location}`,
      is: { ...record, authority },
      section: "4.3 any order",
    },
    { text: `v=BIMI1; l=${location}; a=`, is: record, section: "4.3 a= empty" },
    { text: `v=BIMI1; l=${location}; x=y; zz=`, is: record, section: "4.3 unknown tags" },
    {
      text: `v=BIMI1; l=${location}; avp=personal`,
      is: { ...record, avatarPreference: "personal" },
      section: "4.3 avp=",
    },
    { text: `v=BIMI1; l=${location}; avp=brand;`, is: record, section: "4.3 avp=" },
    {
      text: `v=BIMI1; l=${location}; avp=Personal`,
      is: { location, declined: false },
      section: "4.3 avp= %s",
    },
    { text: `v=BIMI1; l=${location}; avp=`, is: { location, declined: false }, section: "4.3 avp=" },
    { text: "v=BIMI1; l=; a=;", is: { avatarPreference: "brand", declined: true }, section: "4.3.1" },
    { text: "v=BIMI1; l=", is: { avatarPreference: "brand", declined: true }, section: "4.3.1" },
    {
      text: "v=BIMI1; l=; a=; lps=brand-indicators-;",
      is: { avatarPreference: "brand", declined: true, localPartPrefixes: ["brand-indicators-"] },
      section: "4.3.1",
    },
    { text: `v=BIMI1; l=${location}; lps=`, is: { ...record, localPartPrefixes: [] }, section: "4.5" },
    {
      text: `v=BIMI1; l=${location}; lps = Brand-One , two2`,
      is: { ...record, localPartPrefixes: ["brand-one", "two2"] },
      section: "4.5",
    },
    { text: `v=BIMI1; l=${location}; lps=a,,b`, is: { problem: "record-syntax" }, section: "4.3 lps=" },
    { text: `v=BIMI1; l=${location}; lps=a_b`, is: { problem: "record-syntax" }, section: "4.3 lps=" },
    {
      text: `v=BIMI1; l=${location}; lps=${"a".repeat(64)}`,
      is: { problem: "record-syntax" },
      section: "4.3 lps= 63",
    },
    { text: "v=BIMI1", is: { problem: "location-missing" }, section: "4.3 l= REQUIRED" },
    { text: `v=BIMI1; L=${location}`, is: { problem: "location-missing" }, section: "4.3 capitalization" },
    { text: `v=BIMI1; l=; a=${authority}`, is: { problem: "location-missing" }, section: "7.3 step 1" },
    { text: "v=BIMI1; l=http://a.example/x.svg", is: { problem: "location-not-https" }, section: "4.3 l=" },
    { text: "v=BIMI1; l=www.example.com/x.svg", is: { problem: "location-not-https" }, section: "4.3 l=" },
    {
      text: `v=BIMI1; l=${location}; a=http://a.example/x.pem`,
      is: { problem: "authority-not-https" },
      section: "4.3 a=",
    },
    { text: "v=BIMI1; l=https://a.example/x.PNG", is: { problem: "location-format" }, section: "4.3.2" },
    { text: "v=BIMI1; l=https://a.example/x.jpeg?y", is: { problem: "location-format" }, section: "4.3.2" },
    {
      text: `v=BIMI1; l=${location}; l=${location}`,
      is: { problem: "record-syntax" },
      section: "RFC 6376 §3.2",
    },
    { text: `v=BIMI1;; l=${location}`, is: { problem: "record-syntax" }, section: "RFC 6376 §3.2" },
    { text: `v=BIMI1; l=${location}; nonsense`, is: { problem: "record-syntax" }, section: "RFC 6376 §3.2" },
    { text: `v=BIMI2; l=${location}`, is: undefined, section: "4.3 v=" },
    { text: `v=bimi1; l=${location}`, is: undefined, section: "4.3 v= exactly" },
    { text: `V=BIMI1; l=${location}`, is: undefined, section: "4.3 v= exactly" },
    { text: `l=${location}; v=BIMI1`, is: undefined, section: "4.3 v= first" },
    { text: `; v=BIMI1; l=${location}`, is: undefined, section: "4.3 v= first" },
    { text: `v=BIMI1 l=${location}`, is: undefined, section: "4.3 v=" },
    { text: "v=spf1 -all", is: undefined, section: "7.2 step 4" },
    { text: "", is: undefined, section: "7.2 step 4" },
  ])("$text ($section)", ({ text, is }) => {
    expect(parseBimiRecord(text)).toEqual(is);
  });

  test("the suffixes that are none of another image stay (§4.3.2)", () => {
    for (const path of ["x.svg", "x.svgz", "x.SVG", "logo", "logo.php", "png/", ""])
      expect(parseBimiRecord(`v=BIMI1; l=https://a.example/${path}`)).toHaveProperty("declined", false);
  });

  test("property: whatever the text, it is read without an exception, and what comes out is clean", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "v=BIMI1",
        "l=",
        "a=",
        "lps=",
        "avp=",
        ";",
        "https://a.example/x.svg",
        ",",
        " ",
        "brand",
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const parsed = parseBimiRecord(pieces.join(""));
        if (parsed === undefined || parsed.problem !== undefined) return;
        for (const uri of [parsed.location, parsed.authority])
          expect(uri ?? "https://a.example").toMatch(/^https:\/\/[!-~]+$/i);
        expect(parsed.declined).toBe(parsed.location === undefined);
      }),
    );
  });
});

describe("URIs (BIMI draft -10 §4.3, RFC 3986)", () => {
  test.each([
    { uri: "https://example.com/", is: true },
    { uri: "HTTPS://Example.COM/a%20b?c=d&e#f", is: true },
    { uri: "https://example.com:8443/x", is: true },
    { uri: "https://xn--wgv71a119e.example/x", is: true },
    { uri: "https://example/x", is: false },
    { uri: "https://localhost/x", is: false },
    { uri: "https://192.0.2.1/x", is: false },
    { uri: "https://0x7f.1/x", is: false },
    { uri: "https://[2001:db8::1]/x", is: false },
    { uri: "https://user@example.com/x", is: false },
    { uri: "https://example.com/a,b", is: false },
    { uri: "https://example.com/a%2Cb", is: true },
    { uri: "https://example.com/%zz", is: false },
    { uri: "https://example.com/a b", is: false },
    { uri: "https:example.com/x", is: false },
    { uri: "https:/example.com/x", is: false },
    { uri: "ftp://example.com/x", is: false },
    { uri: "javascript:alert(1)", is: false },
    { uri: `https://example.com/${"x".repeat(900)}`, is: false },
    { uri: 'https://example.com/"', is: false },
    { uri: "", is: false },
  ])("$uri: $is", ({ uri, is }) => {
    expect(isHttpsUri(uri)).toBe(is);
  });
});
