import { expect, test } from "vitest";
import { describeShared } from "../../test/shared.ts";
import { readArcSignCases, runArcSignSuite, sealArcCase } from "./arc-sign.ts";

describeShared("ARC signing vectors", () => {
  test("all pass, with the b= that the suite states", async () => {
    const outcome = await runArcSignSuite();
    expect(outcome.failures).toEqual([]);
    expect(outcome.passed).toBe(17);
  });

  test("RFC 8617 §5.1 step 2: on top of cv=fail nothing is added", async () => {
    const cases = (await readArcSignCases()).filter(({ AS }) => AS.trim() === "");
    expect(cases).toHaveLength(1);
    for (const one of cases)
      expect(await sealArcCase(one)).toEqual({ kind: "unsealed", reason: "sealed-as-failed" });
  });
});
