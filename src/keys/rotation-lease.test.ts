import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { afterEach, expect, test } from "vitest";
import { openStateInMemory } from "../store/sqlite-state.ts";
import type { StateStore } from "../store/state.ts";
import { takeLease } from "./rotation-lease.ts";

let state: StateStore = openStateInMemory();
afterEach(async () => {
  await state.close();
  state = openStateInMemory();
});

async function heldBy(holder: object): Promise<boolean> {
  await state.tx((tx) => tx.put("lease", "keys", holder));
  return (await takeLease(state, "keys")) === undefined;
}

test("one at a time, and the next when it is released", async () => {
  const first = await takeLease(state, "keys");
  expect(first).toBeDefined();
  expect(await takeLease(state, "keys")).toBeUndefined();
  expect(await takeLease(state, "others")).toBeDefined();
  expect(await first?.renew()).toBe(true);
  await first?.release();
  expect(await takeLease(state, "keys")).toBeDefined();
});

test("one that could not be given back is taken again by the same process, and by nobody while it is held", async () => {
  const broken = { ...state, tx: () => Promise.reject(new Error("read-only")) };
  const first = await takeLease(state, "keys");
  const held = await takeLease(state, "keys");
  expect(held).toBeUndefined();
  let isBroken = false;
  const flaky: StateStore = {
    tx: (work) => (isBroken ? broken.tx() : state.tx(work)),
    revision: () => state.revision(),
    keepCopy: () => state.keepCopy(),
    close: () => state.close(),
  };
  await first?.release();
  const second = await takeLease(flaky, "keys");
  isBroken = true;
  await expect(second?.release()).rejects.toThrow("read-only");
  expect(await takeLease(state, "keys")).toBeDefined();
});

test("it runs out, and who has lost it neither renews nor releases that of another", async () => {
  let now = 0;
  const first = await takeLease(state, "keys", () => now);
  now = 3_600_000;
  const second = await takeLease(state, "keys", () => now);
  expect(second).toBeDefined();
  expect(await first?.renew()).toBe(false);
  await first?.release();
  expect(await takeLease(state, "keys", () => now)).toBeUndefined();
});

test("a process of this machine that was killed holds nothing; one of another machine does", async () => {
  const { pid } = spawnSync("true");
  const until = Date.now() + 60_000;
  const dead = { pid, started: "1", until, number: "x" };
  expect(await heldBy({ ...dead, host: hostname() })).toBe(false);
  expect(await heldBy({ ...dead, host: `not-${hostname()}` })).toBe(true);
  // Or this one had another name and a clock that was ahead, as a container has.
  expect(await heldBy({ ...dead, until: until + 10 ** 9, host: `not-${hostname()}` })).toBe(false);
  // The number has come again for another process.
  expect(await heldBy({ ...dead, pid: process.pid, host: hostname() })).toBe(false);
});
