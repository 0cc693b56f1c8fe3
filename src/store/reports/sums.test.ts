import { expect, test } from "vitest";
import { daysOf, spread } from "./sums.ts";

const day = 86_400;

test.each([
  { span: "a day", begin: 0, end: day, records: 1, days: [0] },
  { span: "a day of another time zone", begin: -9 * 3600, end: day - 9 * 3600, records: 1, days: [0] },
  { span: "a day of 25 hours", begin: 0, end: day + 3600, records: 1, days: [0] },
  { span: "two days", begin: 0, end: 2 * day, records: 1, days: [0, 1] },
  { span: "no time at all", begin: 5 * day, end: 5 * day, records: 1, days: [5] },
  { span: "a week of a giant report", begin: 0, end: 7 * day, records: 250_000, days: [0, 1, 2, 3, 4, 5, 6] },
])("$span counts for its days", ({ begin, end, records, days }) => {
  expect(daysOf(begin, end, records).map((share) => share.day)).toEqual(days);
});

test.each([
  { records: 0, days: 400 },
  { records: 1, days: 400 },
  { records: 10_000, days: 400 },
  { records: 250_000, days: 16 },
  { records: 5_000_000, days: 1 },
])("$records records over a hundred years fill the last $days days, and no message is lost", (row) => {
  const shares = daysOf(0, 36_500 * day, row.records);
  expect(shares).toHaveLength(row.days);
  expect(shares.at(-1)?.day).toBe(36_499);
  let sum = 0;
  spread(1_000, shares, (_, messages) => {
    sum += messages;
  });
  expect(sum).toBe(1_000);
});
