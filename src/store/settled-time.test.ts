import { expect, test } from "vitest";
import { SettledTime } from "./settled-time.ts";

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2026, 10, 1);

/** A wall clock `ahead` of the one that only goes on, which starts at 0. */
function clocks() {
  const state = { passed: 0, ahead: start };
  const time = new SettledTime(() => state.passed);
  return { state, at: () => time.at(state.ahead + state.passed) };
}

test("goes on with the clock, and with small settings of it", () => {
  const { state, at } = clocks();
  expect(at()).toBe(start);
  state.passed = 100 * day;
  expect(at()).toBe(start + 100 * day);
  state.ahead += hour / 2;
  expect(at()).toBe(start + 100 * day + hour / 2);
});

test("a clock that leaps ahead and back changes nothing", () => {
  const { state, at } = clocks();
  at();
  state.ahead += 365 * day;
  state.passed += hour;
  expect(at()).toBe(start + hour);
  state.passed += 22 * hour;
  expect(at()).toBe(start + 23 * hour);
  state.ahead -= 365 * day;
  expect(at()).toBe(start + 23 * hour);
  // The day begins anew with the next leap.
  state.ahead += 365 * day;
  state.passed += 23 * hour;
  expect(at()).toBe(start + 46 * hour);
});

test("a clock that stays ahead for a day is right: the one before was not, or the machine slept", () => {
  const { state, at } = clocks();
  at();
  state.ahead += 3 * day;
  expect(at()).toBe(start);
  state.passed += day - 1;
  expect(at()).toBe(start + day - 1);
  state.passed += 1;
  expect(at()).toBe(start + 4 * day);
});

test("a clock that goes back is followed at once, and from there it may leap again", () => {
  const { state, at } = clocks();
  at();
  state.ahead -= 30 * day;
  expect(at()).toBe(start - 30 * day);
  state.ahead += 30 * day;
  expect(at()).toBe(start - 30 * day);
});

test("a machine that sleeps every night is followed, some days behind", () => {
  const { state, at } = clocks();
  at();
  for (let night = 1; night <= 1000; night++) {
    state.passed += 8 * hour;
    state.ahead += 16 * hour;
    // Three days awake make a day by the clock that stands still at night.
    expect(at()).toBe(start + night * 8 * hour + Math.max(0, night - 3) * 16 * hour);
  }
});

test("a clock that leaps ever further is followed, whatever it was in between", () => {
  const { state, at } = clocks();
  at();
  for (let count = 0; count < 5_000; count++) {
    state.ahead += 2 * hour;
    at();
  }
  expect(at()).toBe(start);
  state.passed += day;
  at();
  state.passed += day;
  expect(at()).toBe(start + 10_000 * hour + 2 * day);
});
