import { expect, test } from "vitest";
import { describeShared } from "../../test/shared.ts";
import { readDkimCases, runDkimSuite, verifyDkimCase } from "./dkim.ts";

describeShared("DKIM conformance vectors", () => {
  test("all pass", async () => {
    const outcome = await runDkimSuite();
    expect(outcome.failures).toEqual([]);
    expect(outcome.passed).toBeGreaterThan(40);
  });

  test("every message cut at every place gives the same results", async () => {
    for (const one of await readDkimCases()) {
      const whole = await verifyDkimCase(one, [one.octets]);
      for (let at = 1; at < one.octets.length; at++)
        expect(await verifyDkimCase(one, [one.octets.subarray(0, at), one.octets.subarray(at)])).toEqual(
          whole,
        );
    }
  });
});
