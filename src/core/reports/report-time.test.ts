import { expect, onTestFinished, test } from "vitest";
import { isPlainTime, readDateText, readReportTime } from "./report-time.ts";
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
  // The example of RFC 9990 appendix B.
  ["302832000", 302_832_000],
  ["99999999", undefined],
  // The last day of the year 9999 in seconds, which is none of 1978 in milliseconds.
  ["253402214400", undefined],
  ["0", undefined],
  ["-1700000000", undefined],
  ["1700000000000000000", 1_700_000_000],
  ["1.7e+09", 1_700_000_000],
  ["20231114", 1_699_920_000],
  ["2023-11-14", 1_699_920_000],
  ["2023/11/14 22:13:20", 1_700_000_000],
  ["Tue, 14 Nov 2023 22:13:20", 1_700_000_000],
  ["14 Nov 2023", 1_699_920_000],
  ["Wed, 15 Nov 2023 07:13:20 JST", 1_700_000_000],
  ["Wed, 15 Nov 2023 07:13:20 +0900 (JST)", 1_700_000_000],
  ["Wed Nov 15 2023 07:13:20 GMT+0900 (Japan Standard Time)", 1_700_000_000],
  ["2023-11-15 07:13:20 +0900", 1_700_000_000],
  ["2023-11-14 22:13:20 UTC", 1_700_000_000],
  ["Tue, 14 Nov 2023 17:13:20 EST", 1_700_000_000],
  ["day 1", undefined],
  ["170000000000000000000", undefined],
  ["yesterday", undefined],
  ["", undefined],
  ["2023-11-14T22:13:20Z".padEnd(80, "0"), undefined],
])("a time, wherever it is read: %s", (text, seconds) => {
  for (const zone of ["UTC", "Asia/Tokyo", "America/New_York"]) {
    setZone(zone);
    expect(readReportTime(text)).toBe(seconds);
  }
});

function setZone(zone: string): void {
  const before = process.env["TZ"];
  onTestFinished(() => {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  });
  process.env["TZ"] = zone;
}

test("a date of a failure report without a zone is in UTC", () => {
  setZone("Asia/Tokyo");
  expect(readDateText("Tue, 14 Nov 2023 22:13:20")).toBe(1_700_000_000_000);
  expect(readDateText("soon")).toBeUndefined();
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
