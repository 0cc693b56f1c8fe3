import { describe, expect, test } from "vitest";
import type { RotatedKey } from "./rotation.ts";
import { ClockWatch, isAhead, withTimes } from "./rotation-clock.ts";

const start = Date.UTC(2026, 10, 21);
const hour = 3_600_000;
const year = 8760 * hour;

function clocks(): { readonly watch: ClockWatch; pass(ms: number): void; set(ms: number): void } {
  let passed = 0;
  let wrong = 0;
  return {
    watch: new ClockWatch(
      () => start + passed + wrong,
      () => passed,
    ),
    pass(ms) {
      passed += ms;
    },
    set(ms) {
      wrong = ms;
    },
  };
}

describe("the clock is set while nobody looks for an hour", () => {
  test.each([
    ["forward: times move with it", year, start + hour, start + year + hour],
    ["forward: one from ahead is of another clock", year, start + 2 * year, start + 2 * year],
    ["back: times move with it", -year, start, start - year],
    ["back: one from ahead is of another clock", -year, start + 2 * hour, start + 2 * hour],
    // Written by the new clock before the look; a year earlier it would count as long over.
    ["back: one of the last hour stays", -year, start - year + hour / 2, start - year + hour / 2],
    // Written before this process began, perhaps by a right clock.
    ["back: one from before the start stays", -year, start - year - hour, start - year - hour],
    ["forward: one from before the start moves", year, start - hour, start + year - hour],
  ])("%s", (_, by, time, expected) => {
    const { watch, pass, set } = clocks();
    pass(hour);
    set(by);
    expect(watch.look()?.move(time)).toBe(expected);
  });
});

test("a clock that goes a little wrong is not set, however long that lasts", () => {
  const { watch, pass, set } = clocks();
  for (let i = 1; i < 100; i++) {
    pass(hour);
    set(i * 50_000);
    expect(watch.look()).toBeUndefined();
  }
});

test("what has not been written down is seen again", () => {
  const { watch, set } = clocks();
  set(year);
  expect(watch.look()).toBeDefined();
  const again = watch.look();
  expect(again?.move(start)).toBe(start + year);
  again?.done();
  expect(watch.look()).toBeUndefined();
});

test("it takes an hour to trust the clock more than what was written down", () => {
  const { watch, pass } = clocks();
  pass(hour - 1);
  expect(watch.isSettled()).toBe(false);
  pass(1);
  expect(watch.isSettled()).toBe(true);
});

const key: RotatedKey = {
  domain: "example.jp",
  selector: "s1",
  type: "rsa",
  file: "/s1.pem",
  origin: "rotation",
  state: "published",
  since: 1,
  why: "sent",
  history: [{ state: "generated", at: 2, why: "written" }],
  zone: "example.jp",
  change: { kind: "publish", begunAt: 3, triedAt: 4, sentAt: 5 },
  servedSince: 6,
  provedAt: 7,
  activeAt: 8,
  releasedAt: 9,
  toldAt: 10,
  fileDeletedAt: 11,
  trouble: { step: "prove", reason: "no", since: 12, times: 13 },
  staleMs: 14,
  jitter: 0.5,
  nextAt: 15,
};

test("every time of a key is moved, and nothing else; a proof is none any more", () => {
  const { provedAt: _, ...unproved } = key;
  expect(withTimes(key, (time) => time + 100)).toStrictEqual({
    ...unproved,
    since: 101,
    history: [{ state: "generated", at: 102, why: "written" }],
    change: { kind: "publish", begunAt: 103, triedAt: 104, sentAt: 105 },
    servedSince: 106,
    activeAt: 108,
    releasedAt: 109,
    toldAt: 110,
    fileDeletedAt: 111,
    trouble: { step: "prove", reason: "no", since: 112, times: 13 },
  });
});

test("what is not there does not come by that", () => {
  const { change: _, trouble: __, servedSince: ___, provedAt: ____, ...bare } = key;
  expect(Object.keys(withTimes(bare, (time) => time)).toSorted()).toEqual(Object.keys(bare).toSorted());
});

test.each([
  [start + hour, true],
  [start + 30_000, false],
  [start - hour, false],
])("ahead: %d is %s", (releasedAt, is) => expect(isAhead({ ...key, releasedAt }, start)).toBe(is));
