import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MethodResult, registeredPtypes } from "./authres.ts";
import { formatAuthenticationResults } from "./authres-format.ts";
import { parseAuthenticationResults } from "./authres-parse.ts";

function one(value: string, ptype = "header", property = "i"): MethodResult {
  return { method: "dkim", result: "pass", properties: [{ ptype, property, value }] };
}

function formatted(...results: MethodResult[]): string {
  return formatAuthenticationResults({ authservId: "mx.example", results });
}

const values = [
  { is: "a.example", value: "a.example", source: "RFC 2045 §5.1 token" },
  { is: "192.0.2.1", value: "192.0.2.1", source: "token" },
  { is: '"2001:db8::1"', value: "2001:db8::1", source: "RFC 2045 §5.1 tspecials" },
  { is: '"[192.0.2.1]"', value: "[192.0.2.1]", source: "tspecials" },
  { is: '"Ab/Cd+=="', value: "Ab/Cd+==", source: "tspecials" },
  { is: '""', value: "", source: "RFC 5322 §3.2.4" },
  { is: "@a.example", value: "@a.example", source: "RFC 8601 §2.2 pvalue" },
  { is: "b=c/d@a.example", value: "b=c/d@a.example", source: "RFC 5322 §3.2.3 atext" },
  { is: '"b..c@a.example"', value: "b..c@a.example", source: "RFC 5322 §3.2.3 dot-atom" },
  { is: '"b@localhost"', value: "b@localhost", source: "RFC 6376 §3.5 domain-name" },
  { is: '"b@-a.example"', value: "b@-a.example", source: "RFC 6376 §3.5 domain-name" },
  { is: '"\\"b c\\"@a.example"', value: '"b c"@a.example', source: "RFC 5322 §3.2.4" },
  { is: '"a;b(c)d\\\\e\\"f"', value: 'a;b(c)d\\e"f', source: "RFC 5322 §3.2.4" },
  { is: '"a??b?c"', value: "a\r\nb\0c", source: "RFC 5322 §3.2.4" },
  { is: '"??@?.example"', value: "例え@🦊.example", source: "RFC 8601 §2.2 without EAI" },
];
test.each(values)("$source: $value is written $is", ({ value, is }) => {
  expect(formatted(one(value))).toBe(`mx.example;\n    dkim=pass header.i=${is}`);
});

const leftOut: readonly { readonly name: string; readonly result: MethodResult }[] = [
  { name: "a ptype nobody registered", result: one("x", "x-tls") },
  { name: "a property that is no keyword", result: one("x", "header", "a b") },
  { name: "a property with a final hyphen", result: one("x", "header", "a-") },
  { name: "a value longer than any mailbox", result: one("x".repeat(321)) },
];
test.each(leftOut)("$name is left out", ({ result }) => {
  expect(formatted(result)).toBe("mx.example;\n    dkim=pass");
});

test.each(["", "di kim", "dkim;", "dkim=", "dkim\n"])("the method %j cannot be said", (method) => {
  expect(formatted({ method, result: "pass", properties: [] })).toBe("mx.example; none");
  expect(formatted({ method: "dkim", result: method, properties: [] })).toBe("mx.example; none");
});

test("RFC 8601 §2.2 no-result", () => {
  expect(formatted()).toBe("mx.example; none");
});

test.each([
  { authservId: "mx.example", is: "mx.example; none" },
  { authservId: "a b", is: '"a b"; none' },
  { authservId: 'x"; dkim=pass (', is: '"x\\"; dkim=pass ("; none' },
  { authservId: "x\r\nBcc: y", is: '"x??Bcc: y"; none' },
])("the authserv-id is a value: $is", ({ authservId, is }) => {
  expect(formatAuthenticationResults({ authservId, results: [] })).toBe(is);
});

test("RFC 5322 §2.1.1: lines are folded between words at 78 columns", () => {
  const properties = ["d", "s", "a", "i", "b"].map((property) => ({
    ptype: "header",
    property,
    value: "selector-20261121.mail.example.jp",
  }));
  const field = formatted(
    { method: "iprev", result: "pass", properties: [] },
    { method: "dkim", result: "fail", reason: "body-hash-mismatch", properties },
  );
  expect(field).toBe(
    [
      "mx.example;",
      "    iprev=pass;",
      '    dkim=fail reason="body-hash-mismatch"',
      "      header.d=selector-20261121.mail.example.jp",
      "      header.s=selector-20261121.mail.example.jp",
      "      header.a=selector-20261121.mail.example.jp",
      "      header.i=selector-20261121.mail.example.jp",
      "      header.b=selector-20261121.mail.example.jp",
    ].join("\n"),
  );
});

test("a CRLF form for messages", () => {
  const field = formatAuthenticationResults(
    { authservId: "mx.example", results: [one("x")] },
    { lineEnd: "\r\n" },
  );
  expect(field).toBe("mx.example;\r\n    dkim=pass header.i=x");
});

test("a field never grows past what milter libraries let through", () => {
  const field = formatted(...Array.from({ length: 2000 }, () => one("x".repeat(300))));
  expect(field.length).toBeLessThan(60_000);
  expect(parseAuthenticationResults(field)).toMatchObject({ kind: "parsed" });
});

describe("properties", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(...'"\\();=\r\n \t\0.@ax/'), maxLength: 400 }),
  );
  const word = fc.oneof(fc.constantFrom("dkim", "spf", "Pass", "x-y"), text);
  const result = fc.record(
    {
      method: word,
      result: word,
      reason: text,
      properties: fc.array(
        fc.record({
          ptype: fc.oneof(fc.constantFrom(...registeredPtypes), text),
          property: fc.oneof(fc.constantFrom("d", "from", "mailfrom"), text),
          value: text,
        }),
        { maxLength: 4 },
      ),
    },
    { requiredKeys: ["method", "result", "properties"] },
  );

  test("what is formatted is read back equal, and never breaks out of its field", () => {
    fc.assert(
      fc.property(
        text,
        fc.array(result, { maxLength: 4 }),
        fc.integer({ min: 20, max: 2000 }),
        (authservId, results, lineLength) => {
          const field = formatAuthenticationResults({ authservId, results }, { lineLength });
          expect(field).toMatch(/^[\n\x20-\x7e]*$/);
          expect(field).not.toMatch(/\n(?! )/);
          for (const line of field.split("\n")) {
            expect(line.length).toBeLessThan(990);
            expect(line.trim()).not.toBe("");
          }
          const parsed = parseAuthenticationResults(` ${field.replaceAll("\n", "\r\n")}`);
          expect(parsed).toEqual({
            kind: "parsed",
            authservId: ascii(authservId.slice(0, 255)),
            results: results.filter(sayable).map(asSaid),
            defects: [],
          });
        },
      ),
      { seed: 8601, numRuns: 1000 },
    );
  });

  test("lines keep to 78 columns unless one word is longer", () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 4 }), (results) => {
        for (const line of formatted(...results).split("\n")) {
          if (line.length > 78) expect(wordsOf(line)).toBe(1);
        }
      }),
      { seed: 5322, numRuns: 500 },
    );
  });
});

/** Words of a line, blanks inside quoted strings not counted. */
function wordsOf(line: string): number {
  return line
    .trim()
    .replaceAll(/\\./g, "_")
    .replaceAll(/"[^"]*"/g, "_")
    .split(" ").length;
}

function ascii(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/gu, "?");
}

function keyword(value: string): boolean {
  return /^[A-Za-z0-9-]{0,62}[A-Za-z0-9]$/.test(value);
}

function sayable({ method, result }: MethodResult): boolean {
  return keyword(method) && keyword(result);
}

function asSaid({ method, result, reason, properties }: MethodResult): MethodResult {
  return {
    method: method.toLowerCase(),
    result: result.toLowerCase(),
    ...(reason !== undefined && { reason: ascii(reason.slice(0, 200)) }),
    properties: properties
      .filter(
        ({ ptype, property, value }) =>
          registeredPtypes.has(ptype.toLowerCase()) && keyword(property) && value.length <= 320,
      )
      .map(({ ptype, property, value }) => ({
        ptype: ptype.toLowerCase(),
        property: property.toLowerCase(),
        value: ascii(value),
      })),
  };
}
