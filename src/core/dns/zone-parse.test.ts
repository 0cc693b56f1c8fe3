import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseZone } from "./zone-parse.ts";

/** `name ttl TYPE data`, one a line. */
function records(text: string, options?: Parameters<typeof parseZone>[1]): string[] {
  return parseZone(text, options).records.map(
    ({ name, ttl, type, data }) => `${name} ${ttl} ${type} ${JSON.stringify(data)}`,
  );
}

/** `line id parameters`, the file before it. */
function errors(text: string, options?: Parameters<typeof parseZone>[1]): string[] {
  return parseZone(text, options).errors.map(
    ({ line, problem, file }) => `${file ?? ""}${line} ${Object.values(problem).join(" ")}`,
  );
}

const strings = (...parts: readonly string[]): string =>
  JSON.stringify({ strings: parts, text: parts.join("") });

test("a whole zone: RFC 1035 §5", () => {
  const text = `
; comment
$ORIGIN example.jp.
$TTL 1h
@       IN SOA ns1 hostmaster.example.jp. (
            2024010101 ; serial
            2h 30m 4w
            5m )   ; minimum
        IN NS  ns1
           NS  ns2.example.net.
        300 IN MX 10 mail
        IN 300 MX 20 mail2
ns1     A 192.0.2.1
\tAAAA 2001:db8::1
mail    60 A 192.0.2.2
_dmarc  TXT "v=DMARC1; p=none"
s1._domainkey IN TXT ( "v=DKIM1; k=rsa; "
        "p=MIIB" "IjAN" )
www     CNAME @
_25._tcp.mail TLSA 3 1 1 abcd ef01
*.wild  TXT wild
$ORIGIN sub
a       PTR b
`;
  expect(errors(text)).toEqual([]);
  expect(records(text)).toEqual([
    `example.jp 3600 SOA ${JSON.stringify({ primary: "ns1.example.jp", mailbox: "hostmaster.example.jp", serial: 2024010101, refresh: 7200, retry: 1800, expire: 2419200, minimum: 300 })}`,
    'example.jp 3600 NS "ns1.example.jp"',
    'example.jp 3600 NS "ns2.example.net"',
    'example.jp 300 MX {"preference":10,"exchange":"mail.example.jp"}',
    'example.jp 300 MX {"preference":20,"exchange":"mail2.example.jp"}',
    'ns1.example.jp 3600 A {"family":4,"octets":{"0":192,"1":0,"2":2,"3":1}}',
    `ns1.example.jp 3600 AAAA ${JSON.stringify({ family: 6, octets: new Uint8Array([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) })}`,
    'mail.example.jp 60 A {"family":4,"octets":{"0":192,"1":0,"2":2,"3":2}}',
    `_dmarc.example.jp 3600 TXT ${strings("v=DMARC1; p=none")}`,
    `s1._domainkey.example.jp 3600 TXT ${strings("v=DKIM1; k=rsa; ", "p=MIIB", "IjAN")}`,
    'www.example.jp 3600 CNAME "example.jp"',
    `_25._tcp.mail.example.jp 3600 TLSA ${JSON.stringify({ usage: 3, selector: 1, matchingType: 1, data: Buffer.from("abcdef01", "hex") })}`,
    `*.wild.example.jp 3600 TXT ${strings("wild")}`,
    'a.sub.example.jp 3600 PTR "b.sub.example.jp"',
  ]);
  expect(parseZone(text).origins).toEqual(["example.jp", "sub.example.jp"]);
});

test("plain lines: name, type, value", () => {
  const text = 'example.jp TXT "v=spf1 -all"\nexample.jp. MX 10 mx.example.jp\r\nExample.JP mx 0 .\r\n';
  expect(records(text)).toEqual([
    `example.jp 3600 TXT ${strings("v=spf1 -all")}`,
    'example.jp 3600 MX {"preference":10,"exchange":"mx.example.jp"}',
    'example.jp 3600 MX {"preference":0,"exchange":""}',
  ]);
  expect(parseZone(text).origins).toEqual([]);
});

describe("TXT: RFC 1035 §5.1", () => {
  test.each([
    { value: '"a;b" ; comment', is: ["a;b"] },
    { value: "v=spf1 -all", is: ["v=spf1", "-all"] },
    { value: "v=DKIM1; p=x", is: ["v=DKIM1"] },
    { value: "v=DKIM1\\; p=x", is: ["v=DKIM1;", "p=x"] },
    { value: '"a\\"b\\\\c"', is: ['a"b\\c'] },
    { value: '"\\065\\255"', is: ["A\u00ff"] },
    { value: '"a""b"', is: ["a", "b"] },
    { value: '""', is: [""] },
    { value: '"(a)"', is: ["(a)"] },
    { value: '"\u65e5"', is: ["\u00e6\u0097\u00a5"] },
    { value: "\\# 4 03616263", is: ["abc"] },
    { value: `"${"x".repeat(255)}"`, is: ["x".repeat(255)] },
  ])("$value", ({ value, is }) => {
    expect(parseZone(`a.jp TXT ${value}`)).toMatchObject({
      errors: [],
      records: [{ data: { strings: is } }],
    });
  });
});

describe("names", () => {
  test.each([
    { owner: "a", origin: "Example.JP", is: "a.example.jp" },
    { owner: "a.", origin: "example.jp", is: "a" },
    { owner: "@", origin: "example.jp.", is: "example.jp" },
    { owner: "a\\.", origin: "example.jp", is: "a\\..example.jp" },
    { owner: "a\\\\.", origin: "example.jp", is: "a\\\\" },
    { owner: "\\@", origin: "example.jp", is: "@.example.jp" },
    { owner: "a\\ b", origin: "example.jp", is: "a\\032b.example.jp" },
    { owner: "例え", origin: "jp", is: "xn--r8jz45g.jp" },
    { owner: "a", origin: ".", is: "a" },
  ])("$owner in $origin is $is", ({ owner, origin, is }) => {
    expect(parseZone(`${owner} A 192.0.2.1`, { origin })).toMatchObject({
      errors: [],
      records: [{ name: is }],
    });
  });

  test("a label of any character keeps an entry in one piece", () => {
    expect(records("a\\;b.jp A 192.0.2.1")).toHaveLength(1);
  });
});

describe("TTL: RFC 2308 §4, RFC 1035 §5.1, §3.3.13", () => {
  const soa = "a.jp SOA a.jp a.jp 1 2 3 4 900";
  test.each([
    { what: "none stated", text: "a.jp A 192.0.2.1", ttl: 3600 },
    { what: "$TTL", text: "$TTL 60\na.jp A 192.0.2.1", ttl: 60 },
    { what: "its own", text: "$TTL 60\na.jp 1d12h A 192.0.2.1", ttl: 129_600 },
    { what: "the last stated", text: "b.jp 77 A 192.0.2.1\na.jp A 192.0.2.1", ttl: 77 },
    { what: "$TTL before the last stated", text: "$TTL 60\nb.jp 77 A 192.0.2.1\na.jp A 192.0.2.1", ttl: 60 },
    { what: "the MINIMUM of the SOA", text: `${soa}\na.jp A 192.0.2.1`, ttl: 900 },
    { what: "of a type that is not kept", text: "b.jp 77 SRV 0 0 0 .\na.jp A 192.0.2.1", ttl: 77 },
  ])("$what", ({ text, ttl }) => {
    expect(parseZone(text).records.at(-1)).toMatchObject({ name: "a.jp", type: "A", ttl });
  });

  test("the option gives the default", () => {
    expect(parseZone("a.jp A 192.0.2.1", { ttl: 5 }).records).toMatchObject([{ ttl: 5 }]);
  });
});

describe("other types", () => {
  test.each([
    "ALIAS x.example.net.",
    "300 IN aname x.example.net.",
    "AWS ALIAS A x.example.net. Z2 false",
    "LUA A \"ifportup(25, {'192.0.2.1'})\"",
  ])("%s is told; the name exists, with addresses that only its server knows", (rest) => {
    const zone = parseZone(`a.jp ${rest}\nb.jp A 192.0.2.1`);
    expect(zone).toMatchObject({ otherNames: [], computedNames: ["a.jp"], records: [{ name: "b.jp" }] });
    expect(zone.errors.map(({ problem }) => problem.id)).toEqual(["computed-type"]);
  });

  test.each([
    "SRV 0 0 25 mx",
    'CAA 0 issue "x"',
    "RRSIG A 8 2 ( 1 2\n 3 )",
    "TYPE65280 \\# 0",
    "HTTPS 1 .",
    'URI 10 1 "https://x.jp/"',
  ])("%s is known and left out; the name exists", (rest) => {
    expect(parseZone(`a.jp ${rest}\nb.jp A 192.0.2.1`)).toMatchObject({
      errors: [],
      otherNames: ["a.jp"],
      records: [{ name: "b.jp" }],
    });
  });

  test.each(["SPF", "TYPE99"])("RFC 7208 §14.1: %s is read as TXT is", (type) => {
    expect(parseZone(`a.jp ${type} "v=spf1" " -all"`)).toMatchObject({
      errors: [],
      records: [{ type: "SPF", data: { strings: ["v=spf1", " -all"], text: "v=spf1 -all" } }],
    });
  });

  test("RFC 3597 §5: TYPE16 is TXT, CLASS1 is IN", () => {
    expect(parseZone("a.jp CLASS1 TYPE16 \\# 2 0161")).toMatchObject({
      errors: [],
      records: [{ type: "TXT", data: { text: "a" } }],
    });
  });
});

describe("errors name the line, and the rest is read", () => {
  test.each([
    { text: "a.jp", is: "1 no-type" },
    { text: '  "y"', is: "1 loose-text" },
    { text: '"y" "z"', is: "1 loose-text" },
    { text: "a.jp 60 IN", is: "1 no-type" },
    { text: "\n a.jp A 192.0.2.1", is: "2 no-owner" },
    { text: "a.jp FOO x", is: "1 unknown-type FOO" },
    { text: "a.jp TYPE65536 \\# 0", is: "1 unknown-type TYPE65536" },
    { text: 'a.jp "A" 192.0.2.1', is: "1 unknown-type A" },
    { text: "a.jp IN IN A 192.0.2.1", is: "1 unknown-type IN" },
    { text: "a.jp 99999999999 A 192.0.2.1", is: "1 unknown-type 99999999999" },
    { text: "a.jp CH TXT x", is: "1 other-class CH" },
    { text: "a.jp A", is: "1 no-data A" },
    { text: "a.jp A 192.0.2", is: "1 no-address 192.0.2 4" },
    { text: "a.jp A ::1", is: "1 no-address ::1 4" },
    { text: "a.jp AAAA 192.0.2.1", is: "1 no-address 192.0.2.1 6" },
    { text: "a.jp A 192.0.2.1 x", is: "1 no-address 192.0.2.1 x 4" },
    { text: "a..jp A 192.0.2.1", is: "1 no-domain-name a..jp" },
    { text: "a.jp MX mx.jp", is: "1 mx-data" },
    { text: "a.jp MX 65536 mx.jp", is: "1 mx-data" },
    { text: "a.jp MX 10 a..b", is: "1 no-domain-name a..b" },
    { text: "a.jp CNAME a b", is: "1 one-name CNAME" },
    { text: "a.jp SOA a b 1 2 3 4", is: "1 soa-data" },
    { text: "a.jp SOA a b 1 2 3 4 x", is: "1 soa-time" },
    { text: "a.jp TLSA 3 1 1 abc", is: "1 tlsa-data" },
    { text: "a.jp TLSA 3 1 256 ab", is: "1 tlsa-data" },
    { text: `a.jp TXT "${"x".repeat(256)}"`, is: "1 string-too-long 256" },
    { text: 'a.jp TXT "\\256"', is: "1 bad-escape" },
    { text: "a.jp TXT \\# 3 0161", is: "1 generic-data TXT" },
    { text: 'a.jp TXT "x', is: "1 quote-open" },
    { text: '\n\na.jp TXT ("x\n', is: "3 quote-open" },
    { text: "a.jp TXT x )", is: "1 parenthesis-alone" },
    { text: "$ORIGIN", is: "1 directive-alone $ORIGIN" },
    { text: "$ORIGIN a..b", is: "1 no-domain-name a..b" },
    { text: "$TTL x", is: "1 no-ttl x" },
    { text: "$GENERATE 1-9 a$ A 192.0.2.$", is: "1 unknown-directive $GENERATE" },
    { text: "$INCLUDE other", is: "1 not-included other" },
  ])("$text", ({ text, is }) => {
    const { length } = text.split("\n");
    expect(errors(text)).toEqual([is]);
    expect(errors(`${text}\nz.jp A 192.0.2.1\nq`)).toEqual([is, `${length + 2} no-type`]);
    expect(records(`${text}\nz.jp A 192.0.2.1`)).toHaveLength(1);
  });

  test("an open parenthesis is told where its entry begins", () => {
    expect(errors("a.jp A 192.0.2.1\nb.jp TXT ( x\nc.jp A 192.0.2.1\n")).toEqual(["2 parenthesis-open"]);
  });

  test("the file is named when there is a name", () => {
    expect(errors("x", { file: "zones/a:" })).toEqual(["zones/a:1 no-type"]);
    expect(errors("", { origin: "a..b" })).toEqual(["1 bad-origin a..b"]);
  });
});

describe("$INCLUDE: RFC 1035 §5.1", () => {
  const files: Readonly<Record<string, string>> = {
    part: "a A 192.0.2.1\n$ORIGIN deep\nb A 192.0.2.2\nbad",
    self: "$INCLUDE self",
    twice: "$INCLUDE twice\n$INCLUDE twice",
  };
  const include = (file: string): string | undefined => files[file];

  test("reads the file; origin and owner of this one stay", () => {
    const text = "$ORIGIN jp.\nx A 192.0.2.9\n$INCLUDE part sub\n  A 192.0.2.8\ny A 192.0.2.7\nbad";
    expect(parseZone(text, { include, file: "main" })).toMatchObject({
      records: [
        { name: "x.jp" },
        { name: "a.sub.jp" },
        { name: "b.deep.sub.jp" },
        { name: "x.jp" },
        { name: "y.jp" },
      ],
      errors: [
        { file: "part", line: 4 },
        { file: "main", line: 6 },
      ],
    });
  });

  test.each(["self", "twice"])("a file that includes itself ends: %s", (file) => {
    const { errors: found } = parseZone(`$INCLUDE ${file}`, { include });
    expect(found[0]?.problem).toEqual({ id: "too-many-includes" });
    expect(found.length).toBeLessThan(1000);
  });
});

test("no text makes it throw, and what it reads it reads again", () => {
  const piece = fc.constantFrom(
    "a.jp",
    "$ORIGIN",
    "$TTL",
    "@",
    "TXT",
    "A",
    "SOA",
    "MX",
    "TLSA",
    "IN",
    "60",
    "192.0.2.1",
    "\n",
    "\n",
    "\n ",
    "(",
    ")",
    '"',
    ";",
    "\\",
    "\\#",
    "\\065",
    "10",
    "é",
    " ",
    "$INCLUDE",
    "x",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join(" ");
      const zone = parseZone(text, { include: () => "a.jp A 192.0.2.1" });
      expect(parseZone(`${text}\n`, { include: () => "a.jp A 192.0.2.1" }).records).toEqual(zone.records);
    }),
    { numRuns: 1000 },
  );
});
