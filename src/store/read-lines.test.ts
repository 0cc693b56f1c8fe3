import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLines } from "./read-lines.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-lines-"));
afterAll(() => rmSync(folder, { recursive: true }));

function linesOf(text: string): { text: string; isWhole: boolean }[] {
  const path = join(folder, "lines");
  writeFileSync(path, text);
  return [...readLines(path)];
}

const whole = (...texts: readonly string[]): object[] => texts.map((text) => ({ text, isWhole: true }));

test.each([
  ["nothing", "", []],
  ["lines", "one\ntwo\n", whole("one", "two")],
  ["empty lines", "\n\none\n\n", whole("one")],
  ["a last line without its end", "one\ntw", [...whole("one"), { text: "tw", isWhole: false }]],
  ["letters of several octets", "関所\nü\n", whole("関所", "ü")],
])("%s", (_, text, lines) => {
  expect(linesOf(text)).toEqual(lines);
});

test.each([1, 262_143, 262_144, 262_145, 1_000_000])("lines of %i octets among short ones", (octets) => {
  const long = "é".repeat(octets / 2) + "x".repeat(octets % 2);
  const texts = ["first", long, "second", long, "last"].filter((text) => text !== "");
  expect(linesOf(`${texts.join("\n")}\n`)).toEqual(whole(...texts));
});
