import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { readSecret, showSecret } from "./secret.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-secret-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "good"), "s3cret\r\nsecond line\n");
writeFileSync(join(folder, "empty"), "\n");
vi.stubEnv("SEKISHO_TEST_SECRET", "fr0m env");

test.each([
  { value: "plain", is: "plain" },
  { value: `file:${folder}/good`, is: "s3cret" },
  { value: "env:SEKISHO_TEST_SECRET", is: "fr0m env" },
])("$value", async ({ value, is }) => expect(await readSecret(value)).toBe(is));

test.each([`file:${folder}/none`, `file:${folder}/empty`, "env:SEKISHO_TEST_NOT_SET"])(
  "%s is for the operator to mend",
  async (value) => {
    await expect(readSecret(value)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  },
);

test("only where a secret lies is shown, never what it is", () => {
  expect(["plain", "file:/x", "env:X"].map(showSecret)).toEqual(["***", "file:/x", "env:X"]);
});
