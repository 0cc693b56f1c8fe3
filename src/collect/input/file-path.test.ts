import fc from "fast-check";
import { expect, test } from "vitest";
import { keyOf, nameOf, shown, within } from "./file-path.ts";

const report = Buffer.from([0x83, 0x8c, 0x83, 0x7c, 0x81, 0x5b, 0x83, 0x67]);

test("a name in Shift_JIS below a folder in UTF-8 is shown so that it can be read", () => {
  const path = within("/受信", report);
  expect(path).toEqual(Buffer.concat([Buffer.from("/受信/"), report]));
  expect(shown(path)).toBe("/受信/レポート");
  expect(shown(within(path, Buffer.from("a.xml")))).toBe("/受信/レポート/a.xml");
  expect(nameOf(path)).toEqual(report);
});

test("text where that says the same", () => {
  expect(within("/a", Buffer.from("日本.xml"))).toBe("/a/日本.xml");
});

test("each name has a key of its own, and can be shown", () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((octets) => Buffer.from(octets));
  fc.assert(
    fc.property(name, name, (one, other) => {
      expect(keyOf(within("/é", one)) === keyOf(within("/é", other))).toBe(one.equals(other));
      expect(shown(within("/é", one)).startsWith("/é/")).toBe(true);
    }),
  );
  // The same characters, once as UTF-8 and once as the octets of Latin-1.
  expect(keyOf(within("/a", Buffer.from("é")))).not.toBe(keyOf(within("/a", Buffer.from("é", "latin1"))));
});
