import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkRules } from "../src/findings/check/ids.ts";
import type { FindingRule } from "../src/findings/finding.ts";
import { zoneCases as cases } from "./check-zones/all.ts";
import { elsewhere } from "./check-zones/elsewhere.ts";
import { checkZone, findingOf, silentZone } from "./check-zones.ts";

// Run those of one subject with: npx vitest run test/check-zones.test.ts -t "spf\."
const titled = cases.map((one) => ({
  title: one.about === undefined ? one.id : `${one.id} (${one.about})`,
  one,
}));

describe("every finding through the command", () => {
  test.each(titled)("$title: one zone brings it up, the other does not", async ({ one }) => {
    const found = await findingOf(one);
    expect(found, "the zone brings it up").toBeDefined();
    if (found === undefined) return;
    // A change that is printed has to mend it; a silent zone made by hand would not show that.
    if (found.change !== undefined) expect(one.silent, "there is a change to apply").toBe("change");
    const args = one.silentArgs ?? one.args ?? [];
    const after = await checkZone(silentZone(one, found), { ...one, args });
    const left = after.findings.filter(({ id }) => id === one.id);
    const [same] =
      one.about === undefined ? left : left.filter(({ params }) => sameParams(params, found.params));
    expect(same, "the other does not").toBeUndefined();
    const before = await checkZone(one.zone, one);
    const added = after.findings.filter(
      ({ id, severity }) => severity === "error" && !before.findings.some((old) => old.id === id),
    );
    if (found.change !== undefined) expect(added, "a change brings up no new error").toEqual([]);
  });

  test.each(Object.entries(elsewhere))("%s is tested in %s", (id, file) => {
    expect(readFileSync(new URL(`../${file}`, import.meta.url), "utf8")).toContain(id);
  });

  const inScope = Object.entries<FindingRule>(checkRules).filter(
    ([, { needs }]) => needs === "dns" || needs === "zone" || needs === "key",
  );
  test.each(inScope.map(([id]) => id))("%s has a case", (id) => {
    const here = cases.some((one) => one.id === id);
    const there = Object.hasOwn(elsewhere, id);
    expect(here || there).toBe(true);
    expect(here && there, "listed as tested elsewhere, too").toBe(false);
  });
});

function sameParams(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
