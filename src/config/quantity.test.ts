import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize } from "./quantity.ts";

test.each([
  ["30s", 30_000],
  ["5m", 300_000],
  ["1d", 86_400_000],
  ["2w", 1_209_600_000],
  ["250ms", 250],
  ["3 h", 10_800_000],
  ["0s", 0],
  ["30", undefined],
  ["s", undefined],
  ["-1s", undefined],
  ["1.5s", undefined],
  ["1s 2m", undefined],
  ["5M", undefined],
  ["999999999999w", undefined],
  ["", undefined],
])("duration %s", (text, is) => expect(parseDuration(text)).toBe(is));

test.each([
  ["10MB", 10_000_000],
  ["10MiB", 10_485_760],
  ["1 GB", 1_000_000_000],
  ["512B", 512],
  ["10M", undefined],
  ["10mb", undefined],
  ["MB", undefined],
  ["constructor", undefined],
])("size %s", (text, is) => expect(parseSize(text)).toBe(is));

test.each([
  [1_209_600_000, "2w"],
  [90_000, "90s"],
  [1500, "1500ms"],
  [0, "0ms"],
])("duration of %d ms is written %s", (ms, is) => expect(formatDuration(ms)).toBe(is));

test("property: what is written is read again as the same", () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e12 - 1 }), (value) => {
      expect(parseDuration(formatDuration(value))).toBe(value);
      expect(parseSize(formatSize(value))).toBe(value);
    }),
  );
});
