import { expect, test } from "vitest";
import { isPlainTime, readReportTime } from "./report-time.ts";
import { reportedDomain } from "./reported-domain.ts";
import { WarningSink } from "./warnings.ts";

test.each([
  ["1700000000", 1_700_000_000],
  ["1700000000.9", 1_700_000_000],
  ["1700000000000", 1_700_000_000],
  ["1700000000000000", 1_700_000_000],
  ["2023-11-14T22:13:20Z", 1_700_000_000],
  ["2023-11-15T07:13:20+09:00", 1_700_000_000],
  ["2023-11-14 22:13:20", 1_700_000_000],
  ["2023-11-14T22:13", 1_699_999_980],
  ["Tue, 14 Nov 2023 22:13:20 +0000", 1_700_000_000],
  ["0", undefined],
  ["-1700000000", undefined],
  ["1700000000000000000", undefined],
  ["yesterday", undefined],
  ["", undefined],
  ["2023-11-14T22:13:20Z".padEnd(80, "0"), undefined],
])("a time: %s", (text, seconds) => {
  expect(readReportTime(text)).toBe(seconds);
});

test.each([
  ["1700000000", true],
  ["1700000000.000", true],
  ["1700000000.5", false],
  ["1700000000000", false],
  ["2023-11-14", false],
])("RFC 7489 appendix C writes seconds: %s", (text, plain) => {
  expect(isPlainTime(text)).toBe(plain);
});

test.each([
  ["Example.COM.", "example.com"],
  ["例え.jp", "xn--r8jz45g.jp"],
  ["not a domain", "not a domain"],
  ["", ""],
])("a domain: %s", (text, domain) => {
  expect(reportedDomain(text)).toBe(domain);
  expect(reportedDomain(text)).toBe(domain);
});

test("more domains than are remembered", () => {
  for (let n = 0; n < 3_000; n++) expect(reportedDomain(`D${n}.example`)).toBe(`d${n}.example`);
});

test("a warning of each kind and place, with the first value and how often", () => {
  const sink = new WarningSink();
  for (const value of ["x".repeat(200), "b", "c"]) sink.add("bad-count", "row/count", value);
  sink.add("cut-off");
  for (let n = 0; n < 1_000; n++) sink.add(`id-${n}`);
  const list = sink.list();
  expect(list.slice(0, 2)).toEqual([
    { id: "bad-count", at: "row/count", value: "x".repeat(100), times: 3 },
    { id: "cut-off" },
  ]);
  expect(list).toHaveLength(100);
});
