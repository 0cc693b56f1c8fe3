import { expect, test } from "vitest";
import { describeShared } from "../../test/shared.ts";
import { readArcCases, runArcSuite, validateArcCase } from "./arc.ts";

describeShared("ARC conformance vectors", () => {
  test("all pass", async () => {
    const outcome = await runArcSuite();
    expect(outcome.failures).toEqual([]);
    expect(outcome.passed).toBe(175);
  });

  test("where the newest seal says cv=fail the chain fails, and for that reason where it is the newest", async () => {
    const cases = (await readArcCases()).filter(({ sealedAsFailed }) => sealedAsFailed);
    expect(cases).toHaveLength(3);
    const problems = await Promise.all(
      cases.map(async (one) => (await validateArcCase(one, [one.octets])).problem),
    );
    expect(problems.toSorted()).toEqual(["chain-value", "sealed-as-failed", "sealed-as-failed"]);
  });

  test("a message in octets gives the same result", async () => {
    for (const one of (await readArcCases()).filter((_, index) => index % 7 === 0)) {
      const whole = await validateArcCase(one, [one.octets]);
      const octets = Array.from(one.octets, (octet) => Buffer.of(octet));
      expect(await validateArcCase(one, octets)).toEqual(whole);
    }
  });
});
