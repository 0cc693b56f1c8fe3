import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import type { ParsedAuthRes } from "./authres.ts";
import { parseAuthenticationResults } from "./authres-parse.ts";

/** `method=result reason="..." ptype.property=value` lines, for short tables. */
function flat(parsed: ParsedAuthRes): string[] {
  if (parsed.kind !== "parsed") return [parsed.kind];
  return parsed.results.map(({ method, result, reason, properties }) =>
    [
      `${method}=${result}`,
      ...(reason === undefined ? [] : [`reason=<${reason}>`]),
      ...properties.map(({ ptype, property, value }) => `${ptype}.${property}=<${value}>`),
    ].join(" "),
  );
}

function idOf(parsed: ParsedAuthRes): string | undefined {
  return parsed.kind === "unparsable" ? parsed.authservIdGuess : parsed.authservId;
}

const rfcExamples = [
  { source: "B.2", value: " example.org 1; none", id: "example.org", is: [] },
  {
    source: "B.3",
    value: " example.com;\r\n          spf=pass smtp.mailfrom=example.net",
    id: "example.com",
    is: ["spf=pass smtp.mailfrom=<example.net>"],
  },
  {
    source: "B.4",
    value:
      " example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net",
    id: "example.com",
    is: ["auth=pass smtp.auth=<sender@example.net>", "spf=pass smtp.mailfrom=<example.net>"],
  },
  {
    source: "B.5",
    value:
      " example.com;\r\n sender-id=fail header.from=example.com;\r\n dkim=pass (good signature) header.d=example.com",
    id: "example.com",
    is: ["sender-id=fail header.from=<example.com>", "dkim=pass header.d=<example.com>"],
  },
  {
    source: "B.6",
    value:
      ' example.com;\r\n dkim=pass reason="good signature"\r\n header.i=@mail-router.example.net;\r\n dkim=fail reason="bad signature"\r\n header.i=@newyork.example.com',
    id: "example.com",
    is: [
      "dkim=pass reason=<good signature> header.i=<@mail-router.example.net>",
      "dkim=fail reason=<bad signature> header.i=<@newyork.example.com>",
    ],
  },
  {
    source: "B.7",
    value:
      " foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
    id: "foo.example.net",
    is: ["dkim=fail policy.expired=<1362471462>"],
  },
];
test.each(rfcExamples)("RFC 8601 appendix $source", ({ value, id, is }) => {
  const parsed = parseAuthenticationResults(value);
  expect(parsed).toMatchObject({ kind: "parsed", authservId: id, defects: [] });
  expect(flat(parsed)).toEqual(is);
});

const real = [
  {
    name: "Microsoft, no authserv-id, action without ptype",
    value:
      " spf=pass (sender IP is 192.0.2.22)\r\n smtp.mailfrom=example.com; dkim=pass (signature was verified)\r\n header.d=example.com;dmarc=pass action=none\r\n header.from=example.com;compauth=pass reason=100",
    id: undefined,
    is: [
      "spf=pass smtp.mailfrom=<example.com>",
      "dkim=pass header.d=<example.com>",
      "dmarc=pass header.from=<example.com>",
      "compauth=pass reason=<100>",
    ],
    defects: ["no-authserv-id", "no-ptype"],
  },
  {
    name: "Microsoft with a version",
    value: " mx.microsoft.com 1; spf=pass (sender ip is 192.0.2.1) smtp.mailfrom=a.example; arc=none (0)",
    id: "mx.microsoft.com",
    is: ["spf=pass smtp.mailfrom=<a.example>", "arc=none"],
    defects: [],
  },
  {
    name: "Google",
    value:
      ' mx.google.com;\r\n       dkim=pass header.i=@example.com header.s=20230601 header.b="Ab/Cd+==";\r\n       spf=pass (google.com: domain of a@example.com designates 2001:db8::1 as permitted sender) smtp.mailfrom=a@example.com;\r\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.com',
    id: "mx.google.com",
    is: [
      "dkim=pass header.i=<@example.com> header.s=<20230601> header.b=<Ab/Cd+==>",
      "spf=pass smtp.mailfrom=<a@example.com>",
      "dmarc=pass header.from=<example.com>",
    ],
    defects: [],
  },
  {
    name: "slash and equals sign without quotes",
    value:
      "mx.example; dkim=pass header.b=Ab/Cd+==; spf=none smtp.mailfrom=bounce-1=user=b.example@a.example",
    id: "mx.example",
    is: ["dkim=pass header.b=<Ab/Cd+==>", "spf=none smtp.mailfrom=<bounce-1=user=b.example@a.example>"],
    defects: [],
  },
  {
    name: "an old filter's null pointer",
    value: "mx.example; (null)=pass header.from=a.example; spf=pass",
    id: "mx.example",
    is: ["spf=pass"],
    defects: ["no-method"],
  },
  {
    name: "a null pointer and no authserv-id",
    value: "(null)=pass; spf=pass",
    id: undefined,
    is: ["spf=pass"],
    defects: ["no-authserv-id", "no-method"],
  },
  {
    name: "null sender, quoted",
    value: 'mx.example; spf=neutral smtp.mailfrom="" smtp.helo="mail02.example"; tls=pass key.length="256"',
    id: "mx.example",
    is: ["spf=neutral smtp.mailfrom=<> smtp.helo=<mail02.example>", "tls=pass key.length=<256>"],
    defects: [],
  },
  {
    name: "null sender in brackets",
    value: "mx.example; spf=none smtp.mailfrom=<> smtp.helo=a.example",
    id: "mx.example",
    is: ["spf=none smtp.mailfrom=<<>> smtp.helo=<a.example>"],
    defects: [],
  },
  {
    name: "values that are missing",
    value:
      "mx.example; spf=none smtp.mailfrom= smtp.helo=a.example; spf=none smtp.mailfrom=; spf=none smtp.helo=",
    id: "mx.example",
    is: [
      "spf=none smtp.mailfrom=<> smtp.helo=<a.example>",
      "spf=none smtp.mailfrom=<>",
      "spf=none smtp.helo=<>",
    ],
    defects: ["no-value"],
  },
  {
    name: "a missing equals sign",
    value: "mx.example; dkim pass header.d=a.example; spf=pass",
    id: "mx.example",
    is: ["spf=pass"],
    defects: ["no-equals-sign"],
  },
  {
    name: "a missing result",
    value: "mx.example; dkim= ; dkim=(x) header.d; spf=pass",
    id: "mx.example",
    is: ["spf=pass"],
    defects: ["no-result", "not-a-keyword"],
  },
  {
    name: "no statement",
    value: " mx.example ",
    id: "mx.example",
    is: [],
    defects: ["no-statement"],
  },
  { name: "semicolons only", value: "mx.example;;; ;", id: "mx.example", is: [], defects: ["no-statement"] },
  {
    name: "semicolons about",
    value: ";; mx.example=pass;;",
    id: undefined,
    is: [],
    defects: ["no-authserv-id", "not-a-keyword"],
  },
  {
    name: "upper case",
    value: "MX.Example; DKIM=Pass HEADER.D=A.Example; None",
    id: "MX.Example",
    is: ["dkim=pass header.d=<A.Example>"],
    defects: [],
  },
  {
    name: "quoted everything",
    value: '"mx.ex\\ample" 01; dkim=pass reason="a \\"b\\"\r\n c" header.i="\\"d e\\"@a.example"',
    id: "mx.example",
    is: ['dkim=pass reason=<a "b" c> header.i=<"d e"@a.example>'],
    defects: [],
  },
  {
    name: "a quoted local part",
    value: 'mx.example; auth=pass smtp.auth="d ; e"@a.example smtp.mailfrom=f (g) @b.example',
    id: "mx.example",
    is: ['auth=pass smtp.auth=<"d ; e"@a.example> smtp.mailfrom=<f@b.example>'],
    defects: [],
  },
  {
    name: "nested comments with escapes",
    value:
      "(a (b \\) ( c)) )mx.example(;)(\\();(x)dkim(y)=(z)pass(;spf=pass)header(a).(b)d(c)=(d)a.example(e)",
    id: "mx.example",
    is: ["dkim=pass header.d=<a.example>"],
    defects: [],
  },
  {
    name: "a comment that is not closed hides the rest",
    value: "mx.example; spf=pass; dkim=fail (x; dmarc=pass",
    id: "mx.example",
    is: ["spf=pass", "dkim=fail"],
    defects: ["unterminated-comment"],
  },
  {
    name: "a quoted string that is not closed gives no value",
    value: 'mx.example; spf=fail smtp.mailfrom="a; dkim=pass header.d=b.example',
    id: "mx.example",
    is: ["spf=fail"],
    defects: ["unterminated-quoted-string"],
  },
  {
    name: "an unknown method version",
    value: "mx.example; dkim/2=pass header.d=a.example; dkim/1=fail; dkim/ =fail",
    id: "mx.example",
    is: ["dkim=fail"],
    defects: ["unsupported-method-version"],
  },
  {
    name: "text after the authserv-id",
    value: "mx.example from here; spf=pass",
    id: "mx.example",
    is: ["spf=pass"],
    defects: ["text-after-authserv-id"],
  },
  {
    name: "stray text and control characters",
    value: 'mx.example; spf=pass and "so" on \0 smtp.mailfrom=a.example , smtp.helo=b.example',
    id: "mx.example",
    is: ["spf=pass smtp.mailfrom=<a.example> smtp.helo=<b.example>"],
    defects: ["stray-text"],
  },
  {
    name: "UTF-8 (RFC 8601 §2.2 by RFC 6532)",
    value: Buffer.from("関所.example; dkim=pass header.d=例え.example").toString("latin1"),
    id: "関所.example",
    is: ["dkim=pass header.d=<例え.example>"],
    defects: [],
  },
  {
    name: "octets that are not UTF-8",
    value: "mx.example; dkim=pass header.i=\xe9@a.example",
    id: "mx.example",
    is: ["dkim=pass header.i=<\xe9@a.example>"],
    defects: [],
  },
];
test.each(real)("as the world writes it: $name", ({ value, id, is, defects }) => {
  const parsed = parseAuthenticationResults(value);
  expect(flat(parsed)).toEqual(is);
  expect(idOf(parsed)).toBe(id);
  expect(parsed.kind === "parsed" ? [...parsed.defects].sort() : parsed.kind).toEqual([...defects].sort());
});

test.each([
  { value: "", reason: "empty" },
  { value: " \r\n (nothing) ", reason: "empty" },
  { value: "(mx.example; none", reason: "unterminated-comment", authservIdGuess: "mx.example" },
  { value: '"mx.example; none', reason: "unterminated-quoted-string", authservIdGuess: "mx.example" },
  { value: ";;", reason: "no-statement" },
  { value: `mx.example; ${"x".repeat(70_000)}`, reason: "too-long", authservIdGuess: "mx.example" },
])("unparsable: $reason $#", ({ value, ...is }) => {
  expect(parseAuthenticationResults(value)).toEqual({ kind: "unparsable", ...is });
});

test.each([
  { value: "mx.example 2; dkim=pass", version: "2" },
  { value: "mx.example (c) 10 (d); dkim=pass", version: "10" },
  { value: "mx.example 0", version: "0" },
  { value: "mx.example 2 what; ever", version: "2" },
])("RFC 8601 §2.6 unknown version: $value", ({ value, version }) => {
  expect(parseAuthenticationResults(value)).toEqual({
    kind: "unsupported-version",
    authservId: "mx.example",
    version,
  });
});

test("counts are bounded", () => {
  const results = parseAuthenticationResults(`mx.example${"; a=b".repeat(500)}`);
  expect(results).toMatchObject({ kind: "parsed", defects: ["too-many-results"] });
  expect(flat(results)).toHaveLength(100);
  const properties = parseAuthenticationResults(`mx.example; a=b${" header.x=y".repeat(500)}; c=d`);
  expect(properties).toMatchObject({ kind: "parsed", defects: ["too-many-properties"] });
  expect(flat(properties)).toHaveLength(2);
});

test.each([
  "(",
  ")",
  "((",
  '"',
  '"\\',
  "=",
  ".",
  ";",
  "\\",
  "a=b c.d=",
  "a.",
  "/ ",
  "\r\n ",
  'a"b',
  "(\\",
  "@ ",
])("64 KiB of %j is read in one go", (text) => {
  for (const start of ["", "mx.example; ", "mx.example; a=b c.d="]) {
    const value = (start + text.repeat(65_536)).slice(0, 65_536);
    expect(["parsed", "unparsable", "unsupported-version"]).toContain(parseAuthenticationResults(value).kind);
  }
});

describe("properties", () => {
  const pieces = [
    "mx.example",
    ";",
    "dkim",
    "=",
    "pass",
    "header",
    ".",
    "d",
    '"',
    "(",
    ")",
    "\\",
    " ",
    "\r\n ",
    "1",
    "none",
    "/",
    "reason",
    "@",
    "\0",
    "\xe3",
  ];
  test("whatever the octets, there is an answer without control characters outside quotes", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 40 }), (parts) => {
        const parsed = parseAuthenticationResults(Buffer.from(parts.join("")).toString("latin1"));
        if (parsed.kind !== "parsed") return;
        for (const { method, result, properties } of parsed.results) {
          expect(`${method} ${result}`).toMatch(/^[a-z0-9-]+ [a-z0-9-]+$/);
          for (const { ptype, property, value } of properties) {
            expect(`${ptype} ${property}`).toMatch(/^[a-z0-9-]+ [a-z0-9-]+$/);
            expect(value).not.toMatch(/[\r\n]/);
          }
        }
      }),
      { seed: 8601, numRuns: 500 },
    );
  });
});

describeShared("fields of real mail", () => {
  test("every Authentication-Results field in the shared mail is read", () => {
    const values = sharedMails().flatMap(fieldValues);
    expect(values.length).toBeGreaterThan(5);
    for (const value of values) {
      expect(parseAuthenticationResults(value), value).toMatchObject({ kind: "parsed" });
    }
  });
});

function sharedMails(): string[] {
  const root = sharedPath("conformance");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".eml"))
    .map((name) => readFileSync(join(root, name), "latin1").replaceAll("\r\n", "\n"));
}

function fieldValues(mail: string): string[] {
  const found = mail.matchAll(/^(?:X-|ARC-)?Authentication-Results(?:-Original)?:(.*(?:\n[ \t].*)*)/gim);
  return [...found].map((match) => (match[1] as string).replaceAll("\n", "\r\n"));
}
