import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runDkimDifferential } from "./dkim.ts";
import { randomCase } from "./dkim-cases.ts";
import { dkimClasses } from "./dkim-classes.ts";
import { dkimDifferentialPage } from "./dkim-page.ts";
import { seededRandom } from "./random.ts";

test("the same seed makes the same cases, another seed others", () => {
  const cases = (seed: number): string => {
    const random = seededRandom(seed);
    return JSON.stringify([randomCase(random, 0), randomCase(random, 1)]);
  };
  expect(cases(3)).toBe(cases(3));
  expect(cases(3)).not.toBe(cases(4));
});

test("300 cases: whatever peers are installed, every disagreement has a class", {
  timeout: 60_000,
}, async () => {
  const { cases, agreed, classes, unexplained } = await runDkimDifferential({ seed: 1, count: 300 });
  expect(unexplained).toEqual([]);
  const classified = [...classes.values()].reduce((sum, times) => sum + times, 0);
  expect(agreed + classified).toBe(cases);
  if (cases > 0) expect(agreed / cases).toBeGreaterThan(0.7);
  else console.warn("skipped: neither dkimpy nor Mail::DKIM is installed");
});

test("classes have ids of their own and name the clause that decides", () => {
  expect(new Set(dkimClasses.map(({ id }) => id)).size).toBe(dkimClasses.length);
  for (const { clause } of dkimClasses) expect(clause).toMatch(/^RFC \d+ §/);
});

test("docs/differential-dkim.md is made from the table of classes", () => {
  const page = readFileSync(new URL("../../docs/differential-dkim.md", import.meta.url), "utf8");
  expect(page).toBe(dkimDifferentialPage());
});
