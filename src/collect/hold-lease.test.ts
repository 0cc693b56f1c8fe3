import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LeaseStore } from "../store/reports/port.ts";
import { holdLease } from "./hold-lease.ts";

/** As the stores keep them. */
class Leases implements LeaseStore {
  readonly #held = new Map<string, { holder: string; to: number; number: number }>();

  async take(name: string, holder: string, ttlMs: number): Promise<number | undefined> {
    const held = this.#held.get(name);
    const isFree = held === undefined || held.to <= Date.now();
    if (!isFree && held.holder !== holder) return undefined;
    const number = isFree ? (held?.number ?? 0) + 1 : held.number;
    this.#held.set(name, { holder, to: Date.now() + ttlMs, number });
    return number;
  }

  async release(name: string, number: number): Promise<void> {
    const held = this.#held.get(name);
    if (held?.number === number) held.to = 0;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("one does the work, the other learns that it is not his; then it is free", async () => {
  const leases = new Leases();
  const done: string[] = [];
  const other = async (): Promise<void> => void done.push("b");
  const first = await holdLease(leases, "x", "a", async () => {
    expect(await holdLease(leases, "x", "b", other)).toBe(false);
    expect(await holdLease(leases, "y", "b", other)).toBe(true);
    done.push("a");
  });
  expect(first).toBe(true);
  expect(await holdLease(leases, "x", "b", other)).toBe(true);
  expect(done).toEqual(["b", "a", "b"]);
});

test("work that takes ten minutes keeps it", async () => {
  const leases = new Leases();
  await holdLease(leases, "x", "a", async () => {
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await leases.take("x", "b", 1)).toBeUndefined();
  });
  expect(await leases.take("x", "b", 1)).toBeDefined();
});

test("work that fails gives it back", async () => {
  const leases = new Leases();
  const failing = holdLease(leases, "x", "a", () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(await leases.take("x", "b", 1)).toBeDefined();
});

test("whoever died with it takes it again at once; others wait a minute", async () => {
  const leases = new Leases();
  await leases.take("x", "a", 60_000);
  const nothing = async (): Promise<void> => {};
  expect(await holdLease(leases, "x", "b", nothing)).toBe(false);
  expect(await holdLease(leases, "x", "a", nothing)).toBe(true);
  await leases.take("x", "a", 60_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await holdLease(leases, "x", "b", nothing)).toBe(true);
});

test("a renewal that comes late does not keep it after the work", async () => {
  const leases = new Leases();
  const slow: LeaseStore = {
    take: async (...asked) => {
      if (isLate) await new Promise((resolve) => setTimeout(resolve, 5_000));
      return leases.take(...asked);
    },
    release: (name, number) => leases.release(name, number),
  };
  let isLate = false;
  const done = holdLease(slow, "x", "a", async () => {
    isLate = true;
    await new Promise((resolve) => setTimeout(resolve, 22_000));
  });
  await vi.advanceTimersByTimeAsync(30_000);
  await done;
  expect(await leases.take("x", "b", 1)).toBeDefined();
});
