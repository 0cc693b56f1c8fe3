import { expect, test } from "vitest";
import { describeShared } from "../../test/shared.ts";
import { runDkimSuite } from "./dkim.ts";

describeShared("DKIM conformance vectors", () => {
  test("all pass", async () => {
    const outcome = await runDkimSuite();
    expect(outcome.failures).toEqual([]);
    expect(outcome.passed).toBeGreaterThan(40);
  });
});
