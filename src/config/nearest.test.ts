import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test.each([
  ["jsno", ["json", "lang"], "json"],
  ["hostnam", ["hostname", "dns"], "hostname"],
  ["hots_name", ["hostname", "dns"], "hostname"],
  ["void-lookups", ["void_lookups", "void_counting"], "void_lookups"],
  ["dnss", ["dns", "log"], "dns"],
  ["entirely", ["dns", "log"], undefined],
  ["x".repeat(41), ["x".repeat(40)], undefined],
])("%s among %j is %s", (word, names, is) => {
  expect(nearest(word, names)).toBe(is);
});
