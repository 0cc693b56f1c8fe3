import { expect, test } from "vitest";
import { loadTargets } from "./load.ts";
import { makeInput, materialOf } from "./mutate.ts";
import { Random } from "./random.ts";
import { fuzz, inputOf, runCase } from "./run.ts";
import type { FuzzTarget } from "./target.ts";

const targets = await loadTargets();

test.each(targets)(
  "$name: 300 inputs from the fixed seed, and its seeds",
  async (target) => {
    expect(target.seeds.length).toBeGreaterThanOrEqual(5);
    const { cases, finds } = await fuzz(target, { seed: "1", cases: 300 });
    expect(finds.filter(({ kind }) => kind === "throw")).toEqual([]);
    expect(cases).toBe(300);
  },
  60_000,
);

test("names of targets are unique", () => {
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
});

function targetOf(run: FuzzTarget["run"]): FuzzTarget {
  return { name: "planted", seeds: [Buffer.from("alpha; beta=1"), Buffer.from("gamma")], run };
}

test("the same seed gives the same inputs, another seed others", () => {
  const target = targetOf(() => {});
  const inputs = (seed: string): string[] =>
    Array.from({ length: 50 }, (_, index) => inputOf(target, seed, index).toString("hex"));
  expect(inputs("7")).toEqual(inputs("7"));
  expect(inputs("7")).not.toEqual(inputs("8"));
});

test("inputs are changed seeds, long ones, and none over the limit", () => {
  const material = materialOf([Buffer.from("alpha; beta=1\r\n gamma"), Buffer.from("delta")]);
  const random = new Random(1);
  const inputs = Array.from({ length: 3000 }, () => makeInput(random, material));
  expect(Math.max(...inputs.map(({ length }) => length))).toBeGreaterThan(64 * 1024);
  expect(Math.max(...inputs.map(({ length }) => length))).toBeLessThanOrEqual(128 * 1024);
  expect(inputs.some(({ length }) => length === 0)).toBe(true);
  expect(inputs.some((input) => input.includes("beta") && input.includes("delta"))).toBe(true);
});

test.each([
  { name: "thrown", run: (): void => fail() },
  { name: "rejected", run: async (): Promise<void> => fail() },
])("what is $name is found, once for each place", async ({ run }) => {
  const { finds } = await fuzz(targetOf(run), { seed: "1", cases: 20 });
  expect(finds).toHaveLength(1);
  expect(finds[0]).toMatchObject({ kind: "throw", case: 0, input: Buffer.from("alpha; beta=1") });
  expect(finds[0]?.message).toContain("planted fault");
});

function fail(): never {
  throw new Error("planted fault");
}

test("an input that always takes long is found; one that was slow once is not", async () => {
  const always = await runCase(
    targetOf(() => busy(60)),
    Buffer.alloc(0),
  );
  expect(always).toMatchObject({ kind: "stall", message: expect.stringContaining("held up the event loop") });
  let first = true;
  const once = await runCase(
    targetOf(() => {
      if (first) busy(60);
      first = false;
    }),
    Buffer.alloc(0),
  );
  expect(once.message).toBeUndefined();
});

test("waiting is no stall", async () => {
  const waiting = await runCase(
    targetOf(() => new Promise((resolve) => setTimeout(resolve, 60))),
    Buffer.alloc(0),
  );
  expect(waiting.message).toBeUndefined();
});

/** Computes for that long, however busy the machine is. */
function busy(ms: number): void {
  const start = process.threadCpuUsage();
  let spent = 0;
  while (spent < ms * 1000) {
    const { user, system } = process.threadCpuUsage(start);
    spent = user + system;
  }
}
