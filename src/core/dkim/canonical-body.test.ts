import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { referenceBody } from "../../../test/reference-canonicalization.ts";
import { createBodyCanonicalizer } from "./canonical-body.ts";
import type { Canonicalization } from "./signature.ts";

function canonicalize(chunks: readonly Buffer[], canonicalization: Canonicalization): string {
  const out: Buffer[] = [];
  const body = createBodyCanonicalizer(canonicalization, (octets, start, end) => {
    out.push(Buffer.from(octets.subarray(start, end)));
  });
  for (const chunk of chunks) body.update(chunk);
  body.end();
  return Buffer.concat(out).toString("latin1");
}

const cases = [
  { rule: "§3.4.3 no body", body: "", simple: "\r\n", relaxed: "" },
  { rule: "§3.4.3 one CRLF", body: "\r\n", simple: "\r\n", relaxed: "" },
  { rule: "§3.4.3 several CRLF", body: "\r\n\r\n\r\n", simple: "\r\n", relaxed: "" },
  { rule: "§3.4.3 no final CRLF", body: "a", simple: "a\r\n", relaxed: "a\r\n" },
  { rule: "§3.4.3 empty lines at the end", body: "a\r\n\r\n\r\n", simple: "a\r\n", relaxed: "a\r\n" },
  {
    rule: "§3.4.3 empty lines inside",
    body: "\r\n\r\na\r\n\r\nb\r\n",
    simple: "\r\n\r\na\r\n\r\nb\r\n",
    relaxed: "\r\n\r\na\r\n\r\nb\r\n",
  },
  {
    rule: "§3.4.4 blanks at a line end",
    body: "a \t\r\nb\r\n",
    simple: "a \t\r\nb\r\n",
    relaxed: "a\r\nb\r\n",
  },
  { rule: "§3.4.4 blanks inside a line", body: "a \t b\r\n", simple: "a \t b\r\n", relaxed: "a b\r\n" },
  { rule: "§3.4.4 blanks at a line start", body: "\t a\r\n", simple: "\t a\r\n", relaxed: " a\r\n" },
  {
    rule: "§3.4.4 a line of blanks at the end",
    body: "a\r\n \t\r\n\r\n",
    simple: "a\r\n \t\r\n",
    relaxed: "a\r\n",
  },
  { rule: "§3.4.4 nothing but blanks", body: "  \t", simple: "  \t\r\n", relaxed: "" },
  { rule: "§3.4.4 nothing but lines of blanks", body: " \r\n\t\r\n", simple: " \r\n\t\r\n", relaxed: "" },
  { rule: "§3.4.4 blanks before the end of the body", body: "a \t", simple: "a \t\r\n", relaxed: "a\r\n" },
  { rule: "bare LF is an octet", body: "a \nb\n\n", simple: "a \nb\n\n\r\n", relaxed: "a \nb\n\n\r\n" },
  { rule: "bare CR is an octet", body: "a \rb\r", simple: "a \rb\r\r\n", relaxed: "a \rb\r\r\n" },
  { rule: "CR CR LF", body: "a\r\r\n\r\n", simple: "a\r\r\n", relaxed: "a\r\r\n" },
  { rule: "blank, CR, blank, CRLF", body: "a \r \r\n", simple: "a \r \r\n", relaxed: "a \r\r\n" },
] as const;

describe.each(cases)("RFC 6376 $rule", ({ body, simple, relaxed }) => {
  test("whole", () => {
    expect(canonicalize([Buffer.from(body, "latin1")], "simple")).toBe(simple);
    expect(canonicalize([Buffer.from(body, "latin1")], "relaxed")).toBe(relaxed);
  });
  test("octet by octet", () => {
    const octets = [...Buffer.from(body, "latin1")].map((octet) => Buffer.from([octet]));
    expect(canonicalize(octets, "simple")).toBe(simple);
    expect(canonicalize(octets, "relaxed")).toBe(relaxed);
  });
});

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(" ", "\t", "\r", "\n", "\r\n", "  ", " \r\n", "a", "\u00ff") },
  { weight: 2, arbitrary: fc.stringMatching(/^[a-z ]{0,80}$/) },
  // Long enough to be handed on without copying, and to leave the byte loop again.
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 5000 }).map((length) => "x".repeat(length)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }).map((count) => "\r\n".repeat(count)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }).map((count) => " \t".repeat(count)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 1000 }).map((count) => "ab  c\td \r\n".repeat(count)) },
);
const bodies = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

function cut(octets: Buffer, places: readonly number[]): Buffer[] {
  const edges = [
    0,
    ...places.map((place) => place % (octets.length + 1)).sort((a, b) => a - b),
    octets.length,
  ];
  return edges.slice(1).map((edge, index) => octets.subarray(edges[index], edge));
}

test.each(["simple", "relaxed"] as const)(
  "%s is what the reference says, however the body is cut",
  (form) => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(), { maxLength: 12 }), (body, places) => {
        const octets = Buffer.from(body, "latin1");
        expect(canonicalize(cut(octets, places), form) === referenceBody(body, form)).toBe(true);
      }),
      { numRuns: 600 },
    );
  },
);

const hostile = {
  blanks: " ",
  tabs: "\t",
  "carriage returns": "\r",
  "line ends": "\r\n",
  "blanks and line ends": " \r\n",
  "letters and double blanks": "a  ",
  "letters and TABs": "a\t",
  "lines that are gathered in blocks": `${"x".repeat(100)}  \r\n`,
  "long lines that are gathered in blocks": `${"x".repeat(1900)} \t y`,
} as const;
test.each(Object.entries(hostile))("a body of %s gives what the reference gives", (_, unit) => {
  const body = `${unit.repeat(Math.ceil(200_000 / unit.length))}end`;
  const chunks = cut(Buffer.from(body, "latin1"), [1, 65_535, 65_536, 131_073]);
  for (const form of ["simple", "relaxed"] as const)
    expect(canonicalize(chunks, form) === referenceBody(body, form)).toBe(true);
});
