import fc from "fast-check";
import { expect, test } from "vitest";
import { referenceField, referencePick } from "../../../test/reference-canonicalization.ts";
import { parseHead } from "../message/message.ts";
import {
  canonicalizeHeaderField,
  FieldPicker,
  headerHashInput,
  withoutValueRange,
} from "./canonical-header.ts";

function fieldOf(text: string): Parameters<typeof canonicalizeHeaderField>[0] {
  const octets = Buffer.from(text, "latin1");
  return { octets, start: 0, valueStart: octets.indexOf(":") + 1, end: octets.length };
}

const cases = [
  { rule: "name in lower case", field: "SUBJect: AbC\r\n", relaxed: "subject:AbC\r\n" },
  { rule: "blanks around the colon", field: "A \t: \t x\r\n", relaxed: "a:x\r\n" },
  { rule: "unfolding", field: "A: x\r\n\ty\r\n  z\r\n", relaxed: "a:x y z\r\n" },
  { rule: "blanks at the end", field: "A: x \t\r\n", relaxed: "a:x\r\n" },
  { rule: "a fold at the end", field: "A: x\r\n \r\n", relaxed: "a:x\r\n" },
  { rule: "a fold at the start", field: "A:\r\n x\r\n", relaxed: "a:x\r\n" },
  { rule: "no value", field: "A:\r\n", relaxed: "a:\r\n" },
  { rule: "nothing but blanks", field: "A: \r\n \t\r\n", relaxed: "a:\r\n" },
  { rule: "bare CR and LF stay", field: "A: x\ry\nz\r\n", relaxed: "a:x\ry\nz\r\n" },
  { rule: "colons in the value", field: "A: b: c\r\n", relaxed: "a:b: c\r\n" },
  { rule: "8-bit octets stay", field: "A: \xc3\x84\xa0\r\n", relaxed: "a:\xc3\x84\xa0\r\n" },
  { rule: "a line end that is no fold stays", field: "A: x\r\ny\r\n", relaxed: "a:x\r\ny\r\n" },
] as const;
test.each(cases)("RFC 6376 §3.4.2: $rule", ({ field, relaxed }) => {
  expect(canonicalizeHeaderField(fieldOf(field), "relaxed").toString("latin1")).toBe(relaxed);
});
test.each(cases)("RFC 6376 §3.4.1 changes nothing: $rule", ({ field }) => {
  expect(canonicalizeHeaderField(fieldOf(field), "simple").toString("latin1")).toBe(field);
});

test("RFC 6376 §3.7: [from, to) of the value goes, everything around it stays", () => {
  const head = parseHead(Buffer.from("X: 1\r\nSig: a=1; b= AbC\r\n DeF ; c=2\r\n", "latin1"));
  const field = head.fields[1];
  if (field === undefined) throw new Error("no field");
  const { octets } = withoutValueRange(head, field, 8, 19);
  expect(octets.toString("latin1")).toBe("Sig: a=1; b=; c=2\r\n");
});

/** A CR and an LF that meet would end the field; what stands around them may meet after they are gone. */
function withoutLineEnds(text: string): string {
  const less = text.replace(/\r\n(?![ \t])/g, "");
  return less === text ? text : withoutLineEnds(less);
}

const value = fc
  .array(fc.constantFrom("a", "B", " ", "\t", "\r\n ", "\r\n\t", "\r", "\n", ":", "\xff"), { maxLength: 20 })
  .map((parts) => withoutLineEnds(parts.join("")));
const name = fc.constantFrom("From", "to", "TO ", "Subject", "X-y\t");

test("fields picked and canonicalized are what the reference says", () => {
  const fields = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 10 });
  const signed = fc.array(fc.constantFrom("from", "to", "subject", "x-y", "cc"), { maxLength: 12 });
  fc.assert(
    fc.property(fields, signed, fc.constantFrom("simple", "relaxed"), (list, names, form) => {
      const header = list.map(([n, v]) => `${n}:${v}x\r\n`).join("");
      const head = parseHead(Buffer.from(header, "latin1"));
      const own = fieldOf("DKIM-Signature: b= \r\n");
      const input = headerHashInput(new FieldPicker(head).pick(names), own, form);
      const wanted = [...referencePick(header, names), "DKIM-Signature: b= "];
      expect(input.toString("latin1")).toBe(wanted.map((field) => referenceField(field, form)).join("\r\n"));
    }),
    { numRuns: 1000 },
  );
});
