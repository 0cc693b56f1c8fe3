import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { runSpfDifferential } from "./spf.ts";
import { randomCase } from "./spf-cases.ts";
import { spfClasses } from "./spf-classes.ts";
import { spfDifferentialPage } from "./spf-page.ts";

test("the same seed makes the same cases, another seed others", async () => {
  const cases = async (seed: number) => {
    const random = seededRandom(seed);
    return JSON.stringify([await randomCase(random, 0), await randomCase(random, 1)]);
  };
  expect(await cases(3)).toBe(await cases(3));
  expect(await cases(3)).not.toBe(await cases(4));
});

test("300 cases: whatever peers are installed, every disagreement has a class", {
  timeout: 60_000,
}, async () => {
  const { cases, agreed, classes, unexplained } = await runSpfDifferential({ seed: 1, count: 300 });
  expect(unexplained).toEqual([]);
  const classified = [...classes.values()].reduce((sum, times) => sum + times, 0);
  expect(agreed + classified).toBe(cases);
  if (cases > 0) expect(agreed / cases).toBeGreaterThan(0.9);
  else console.warn("skipped: neither pyspf nor Mail::SPF is installed");
});

test("classes have ids of their own and name the clause that decides", () => {
  expect(new Set(spfClasses.map(({ id }) => id)).size).toBe(spfClasses.length);
  for (const { clause } of spfClasses) expect(clause).toMatch(/^RFC \d+ §/);
});

test("docs/differential-spf.md is made from the table of classes", () => {
  const page = readFileSync(new URL("../../docs/differential-spf.md", import.meta.url), "utf8");
  expect(page).toBe(spfDifferentialPage());
});
