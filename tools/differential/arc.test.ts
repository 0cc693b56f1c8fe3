import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runArcDifferential } from "./arc.ts";
import { randomArcCase } from "./arc-cases.ts";
import { arcClasses } from "./arc-classes.ts";
import { arcDifferentialPage } from "./arc-page.ts";
import { seededRandom } from "./random.ts";

test("the same seed makes the same cases, another seed others", () => {
  const cases = (seed: number): string => {
    const random = seededRandom(seed);
    return JSON.stringify([randomArcCase(random, 0), randomArcCase(random, 1)]);
  };
  expect(cases(3)).toBe(cases(3));
  expect(cases(3)).not.toBe(cases(4));
});

test("300 cases: every disagreement with dkimpy has a class", { timeout: 60_000 }, async () => {
  const { cases, agreed, classes, unexplained } = await runArcDifferential({ seed: 1, count: 300 });
  expect(unexplained).toEqual([]);
  const classified = [...classes.values()].reduce((sum, times) => sum + times, 0);
  expect(agreed + classified).toBe(cases);
  if (cases > 0) expect(agreed / cases).toBeGreaterThan(0.7);
  else console.warn("skipped: dkimpy is not installed");
});

test("classes have ids of their own and name the clause that decides", () => {
  expect(new Set(arcClasses.map(({ id }) => id)).size).toBe(arcClasses.length);
  for (const { clause } of arcClasses) expect(clause).toMatch(/^RFC \d+ §/);
});

test("docs/differential-arc.md is made from the table of classes", () => {
  const page = readFileSync(new URL("../../docs/differential-arc.md", import.meta.url), "utf8");
  expect(page).toBe(arcDifferentialPage());
});
