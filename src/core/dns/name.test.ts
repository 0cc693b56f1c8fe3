import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalName,
  escapeLabel,
  escapeOctets,
  isBelowOrAt,
  NameReader,
  nameRoom,
  parentName,
  unescapeOctets,
  writeName,
} from "./name.ts";

const label63 = "a".repeat(63);

describe("canonicalName", () => {
  test.each([
    { text: "example.jp", is: "example.jp" },
    { text: "Example.JP.", is: "example.jp" },
    { text: "_dmarc.example.jp", is: "_dmarc.example.jp" },
    { text: "*.example.jp", is: "*.example.jp" },
    { text: "例え.jp", is: "xn--r8jz45g.jp" },
    { text: "例え。JP", is: "xn--r8jz45g.jp" },
    { text: ".", is: "" },
    { text: "a b.jp", is: "a\\032b.jp" },
    { text: "a\\.b.jp", is: "a\\.b.jp" },
    { text: "a\\046b.jp", is: "a\\.b.jp" },
    { text: "a\\\\b.jp", is: "a\\\\b.jp" },
    { text: "\\065\\255.jp", is: "a\\255.jp" },
    { text: "a\\+b.jp", is: "a+b.jp" },
    { text: "a\\.", is: "a\\." },
    { text: `${label63}.jp`, is: `${label63}.jp` },
    { text: `${"\\255".repeat(63)}.jp`, is: `${"\\255".repeat(63)}.jp` },
    {
      text: `${label63}.${label63}.${label63}.${"a".repeat(61)}`,
      is: `${label63}.${label63}.${label63}.${"a".repeat(61)}`,
    },
  ])("RFC 1035 §5.1: $text is $is", ({ text, is }) => {
    expect(canonicalName(text)).toBe(is);
  });

  test.each([
    { what: "nothing", text: "" },
    { what: "an empty label", text: "a..b" },
    { what: "an empty label in front", text: ".a" },
    { what: "two final dots", text: "a.." },
    { what: "two dots", text: ".." },
    { what: "a label of 64", text: `a${label63}.jp` },
    { what: "an escaped label of 64", text: `${"\\255".repeat(64)}.jp` },
    { what: "256 octets", text: `${label63}.${label63}.${label63}.${"a".repeat(62)}` },
    { what: "an escape over 255", text: "a\\256.jp" },
    { what: "an escape cut off", text: "a\\25" },
    { what: "a lone backslash", text: "a\\" },
    { what: "a U-label that IDNA refuses", text: "a\u{fffd}.jp" },
    { what: "very much text", text: "\\097".repeat(500) },
  ])("RFC 1035 §2.3.4: refuses $what", ({ text }) => {
    expect(canonicalName(text)).toBeUndefined();
  });

  test("is stable, whatever comes in", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "B", ".", "\\", "0", "2", "é", " ", "\0", "_") }),
        (text) => {
          const name = canonicalName(text);
          if (name !== undefined) expect(canonicalName(name === "" ? "." : name)).toBe(name);
        },
      ),
    );
  });
});

const octetLabel = fc
  .uint8Array({ minLength: 1, maxLength: 63 })
  .map((octets) => Buffer.from(octets).toString("latin1"));

test("any labels of octets come back from the wire, in lower case", () => {
  fc.assert(
    fc.property(fc.array(octetLabel, { maxLength: 3 }), (labels) => {
      const name = labels.map(escapeLabel).join(".");
      const wire = Buffer.alloc(nameRoom);
      const end = writeName(name, wire, 0);
      const expected = labels.flatMap((label) => [
        label.length,
        ...Buffer.from(
          label.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
          "latin1",
        ),
      ]);
      expect([...wire.subarray(0, end)]).toEqual([...expected, 0]);
      const reader = new NameReader(wire.subarray(0, end));
      expect(reader.read(0)).toBe(name);
      expect(reader.end).toBe(end);
      expect(reader.skip(0)).toBe(true);
      expect(reader.end).toBe(end);
    }),
  );
});

describe("NameReader: RFC 1035 §4.1.4", () => {
  const hex = (text: string): NameReader => new NameReader(Buffer.from(text.replaceAll(" ", ""), "hex"));

  test("follows pointers back", () => {
    const reader = hex("02 6a70 00  07 4578414d504c65 c000  01 61 c004");
    expect(reader.read(4)).toBe("example.jp");
    expect(reader.end).toBe(14);
    expect(reader.read(14)).toBe("a.example.jp");
    expect(reader.end).toBe(18);
  });

  test.each([
    { what: "to itself", message: "c000", at: 0 },
    { what: "forward", message: "c002 00", at: 0 },
    { what: "to the labels before it, a loop", message: "01 61 c000", at: 0 },
    { what: "two at each other", message: "c002 c000", at: 2 },
    { what: "into two that lead to each other", message: "c002 c000 c002", at: 4 },
    { what: "cut off", message: "c0", at: 0 },
    { what: "out of the message", message: "ffff", at: 0 },
    { what: "after a label cut off", message: "05 61", at: 0 },
    { what: "missing: no end", message: "01 61", at: 0 },
    { what: "of the reserved kind 01", message: "41 61 00", at: 0 },
    { what: "of the reserved kind 10", message: "80 61 00", at: 0 },
  ])("refuses a pointer $what", ({ message, at }) => {
    expect(hex(message).read(at)).toBeUndefined();
  });

  test("refuses over 255 octets put together by pointers", () => {
    const chunk = `3f${"61".repeat(63)}`;
    const names = hex(`${chunk.repeat(3)}00 ${chunk}c000`);
    expect(names.read(0)).toHaveLength(191);
    expect(names.read(193)).toBeUndefined();
  });
});

test.each([
  { name: "a.b.jp", is: "b.jp" },
  { name: "a\\.b.jp", is: "jp" },
  { name: "a\\\\.jp", is: "jp" },
  { name: "jp", is: "" },
  { name: "", is: undefined },
])("the parent of $name is $is", ({ name, is }) => {
  expect(parentName(name)).toBe(is);
});

test.each([
  { name: "a.b.jp", ancestor: "b.jp", is: true },
  { name: "b.jp", ancestor: "b.jp", is: true },
  { name: "ab.jp", ancestor: "b.jp", is: false },
  { name: "a\\.b.jp", ancestor: "b.jp", is: false },
  { name: "jp", ancestor: "", is: true },
  { name: "jp", ancestor: "b.jp", is: false },
])("$name is below or at $ancestor: $is", ({ name, ancestor, is }) => {
  expect(isBelowOrAt(name, ancestor)).toBe(is);
});

test("escapeOctets keeps dots and escapes the rest, unescapeOctets takes it back", () => {
  expect(escapeOctets("A.b\\c \u00e9\0.jp")).toBe("a.b\\\\c\\032\\233\\000.jp");
  expect(unescapeOctets("a.b\\\\c\\032\\233\\000.jp")).toBe("a.b\\c \u00e9\0.jp");
});
