import fc from "fast-check";
import { expect, test } from "vitest";
import { isWithin, parentDomain, toAsciiDomain } from "./domain-name.ts";

test.each([
  ["Example.JP", "example.jp"],
  ["example.jp.", "example.jp"],
  ["_dmarc.example.jp", "_dmarc.example.jp"],
  ["日本語.jp", "xn--wgv71a119e.jp"],
  ["日本語。jp", "xn--wgv71a119e.jp"],
  ["XN--WGV71A119E.JP", "xn--wgv71a119e.jp"],
  ["ｅｘａｍｐｌｅ.jp", "example.jp"],
  ["１２７.０.０.１", "127.0.0.1"],
  ["1.2.3", "1.2.3"],
  ["faß.example", "xn--fa-hia.example"],
  [`${"a".repeat(63)}.jp`, `${"a".repeat(63)}.jp`],
])("RFC 8616 §2: %s becomes %s", (text, ascii) => {
  expect(toAsciiDomain(text)).toBe(ascii);
});

test.each([
  ["", "empty"],
  [".", "the root"],
  ["a..b", "an empty label"],
  [".a", "an empty first label"],
  [`${"a".repeat(64)}.jp`, "a label over 63"],
  [`${"a.".repeat(127)}jp`, "over 253 octets"],
  ["a b.jp", "a blank"],
  ["a@b.jp", "an at sign"],
  ["a/b.jp", "a slash"],
  ["[192.0.2.1]", "a literal"],
  ["a\u0000.jp", "NUL"],
  ["日 本.jp", "a blank among others"],
  ["日/本.jp", "a slash among others"],
  ["日#本.jp", "a number sign among others"],
  ["\u200d.jp", "nothing but a joiner"],
])("refuses %j: %s", (text) => {
  expect(toAsciiDomain(text)).toBeUndefined();
});

test("whatever comes out goes in again unchanged", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
      const ascii = toAsciiDomain(text);
      if (ascii === undefined) return;
      expect(ascii).toMatch(/^[a-z0-9_.-]+$/);
      expect(toAsciiDomain(ascii)).toBe(ascii);
    }),
  );
});

test("parents and ancestors", () => {
  expect(parentDomain("a.b.jp")).toBe("b.jp");
  expect(parentDomain("jp")).toBeUndefined();
  expect(isWithin("a.b.jp", "b.jp")).toBe(true);
  expect(isWithin("b.jp", "b.jp")).toBe(true);
  expect(isWithin("ab.jp", "b.jp")).toBe(false);
});
