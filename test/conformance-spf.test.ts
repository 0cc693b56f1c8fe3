import { expect, test } from "vitest";
import { readSpfSuite, runSpfCase } from "../tools/conformance/spf.ts";
import { describeShared } from "./shared.ts";

describeShared("RFC 7208 test suite", () => {
  const cases = readSpfSuite();

  test("has all its cases", () => {
    expect(cases).toHaveLength(203);
  });

  test.each(cases)("$name", async (row) => {
    const { result, explanation } = await runSpfCase(row);
    expect(row.results).toContain(result);
    if (row.explanation !== undefined) expect(explanation ?? "").toBe(row.explanation);
  });
});
