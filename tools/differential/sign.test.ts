import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { runSignDifferential } from "./sign.ts";
import { randomSignCase } from "./sign-cases.ts";

test("the cases take every algorithm with every canonicalization in turn", () => {
  const random = seededRandom(1);
  const cases = Array.from({ length: 8 }, (_, id) => randomSignCase(random, id));
  const styles = cases.map(({ key, canonicalization: c }) => `${key.algorithm} ${c.header}/${c.body}`);
  expect(new Set(styles).size).toBe(8);
});

test("120 messages, and chains of three hops over some: everybody who is installed accepts them", {
  timeout: 60_000,
}, async () => {
  const { cases, agreed, unexplained } = await runSignDifferential({ seed: 3, count: 120 });
  expect(unexplained).toEqual([]);
  expect(agreed).toBe(cases);
  // Ours looks at every message and at every chain.
  expect(cases).toBeGreaterThanOrEqual(120 + 50);
  if (cases === 120 + 50) console.warn("skipped: neither dkimpy nor Mail::DKIM nor OpenDKIM is installed");
});
