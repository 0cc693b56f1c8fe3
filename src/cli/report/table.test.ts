import fc from "fast-check";
import { expect, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import { displayWidth } from "../layout.ts";
import { type Column, day, grouped, tableLines, utcTime } from "./table.ts";

const columns: readonly Column[] = [
  { title: "n", right: true },
  { title: "ドメイン", least: 6 },
  { title: "path", least: 6, keepEnd: true },
  { title: "never" },
];

test("columns stand below their titles, and empty ones are left out", () => {
  const rows = [
    ["1", "a.example", "/x/y", ""],
    ["1,000", "日本.example", "/z", ""],
  ];
  expect(tableLines(columns, rows, testIo("ja"))).toEqual([
    "    n  ドメイン      path",
    "    1  a.example     /x/y",
    "1,000  日本.example  /z",
  ]);
});

test("what does not fit is cut where there is most, paths at their beginning", () => {
  const rows = [["1", "日本語".repeat(20), `/${"folder/".repeat(20)}file.xml`, ""]];
  const lines = tableLines(columns, rows, testIo("ja", { columns: 60 }));
  expect(lines.map(displayWidth).every((width) => width <= 60)).toBe(true);
  expect(lines[1]).toMatch(/^1 {2}日本語.*… +….*file\.xml$/);
});

test("a path of a stranger's choosing is cut in no time", () => {
  const long = `${"長い".repeat(100_000)}/end.zip`;
  const [, line = ""] = tableLines(columns, [["1", "a", long, ""]], testIo("ja", { columns: 40 }));
  expect(line).toMatch(/^1 {2}a {9}…い(?:長い)*\/end\.zip$|^1 {2}a {9}…(?:長い)*\/end\.zip$/);
  expect(displayWidth(line)).toBeLessThanOrEqual(40);
});

test("a table is never wider than the terminal, if its columns may be cut", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "日", "é", " "), maxLength: 120 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell), { maxLength: 5 }),
      fc.integer({ min: 40, max: 120 }),
      (rows, width) => {
        const two: readonly Column[] = [
          { title: "一", least: 4 },
          { title: "二", least: 4, right: true },
        ];
        for (const line of tableLines(two, rows, testIo("en", { columns: width })))
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});

test("figures and times", () => {
  expect(grouped(1_234_567)).toBe("1,234,567");
  expect(day(1_700_000_000)).toBe("2023-11-14");
  expect(utcTime(1_700_000_000)).toBe("2023-11-14T22:13:20Z");
  expect(utcTime(1e20)).toBe("100000000000000000000");
});

test("a wide terminal is used, and what is cut last stays as long as something else can be cut", () => {
  const two: readonly Column[] = [
    { title: "a", least: 5 },
    { title: "b", least: 5, cutLast: true },
  ];
  const rows = [["x".repeat(50), "y".repeat(50)]];
  expect(tableLines(two, rows, testIo("en", { columns: 80, tableColumns: 120 }))[1]).toHaveLength(102);
  expect(tableLines(two, rows, testIo("en", { columns: 80 }))[1]).toBe(
    `${"x".repeat(27)}…  ${"y".repeat(50)}`,
  );
  expect(tableLines(two, rows, testIo("en", { columns: 40 }))[1]).toBe(`xxxx…  ${"y".repeat(32)}…`);
});
