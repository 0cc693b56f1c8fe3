import { expect, test } from "vitest";
import { Alarm, RetryWait } from "./retry-wait.ts";

test("waits double from half to all of it, up to the longest", () => {
  const wait = new RetryWait(1_000, 5_000);
  for (const most of [1_000, 2_000, 4_000, 5_000, 5_000]) {
    const ms = wait.next();
    expect(ms).toBeGreaterThanOrEqual(most / 2);
    expect(ms).toBeLessThanOrEqual(most);
  }
  wait.reset();
  expect(wait.next()).toBeLessThanOrEqual(1_000);
});

test("at least as long as asked for, and no longer than the longest", () => {
  const wait = new RetryWait(1_000, 300_000);
  expect(wait.next(60_000)).toBeGreaterThanOrEqual(30_000);
  expect(wait.next()).toBeGreaterThanOrEqual(60_000);
  expect(new RetryWait(1_000, 5_000).next(60_000)).toBeLessThanOrEqual(5_000);
});

test("those that failed together do not come together", () => {
  const waits = new Set(Array.from({ length: 20 }, () => new RetryWait(1_000, 5_000).next()));
  expect(waits.size).toBeGreaterThan(10);
});

test("a call before the wait counts, once", async () => {
  const alarm = new Alarm();
  alarm.wake();
  await alarm.wait(1_000_000);
  const second = alarm.wait(1_000_000);
  setImmediate(() => alarm.wake());
  await second;
  await alarm.wait(1);
});

test("a call that is forgotten does not count", async () => {
  const alarm = new Alarm();
  alarm.wake();
  alarm.quiet();
  const before = performance.now();
  await alarm.wait(50);
  expect(performance.now() - before).toBeGreaterThan(40);
});
