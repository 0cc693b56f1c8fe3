import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readIncluded } from "./dns-options.ts";

// A pipe has no end until somebody writes.
test("what a zone file includes is a file, or nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-include-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "keys"), "s1 TXT x\n");
  execFileSync("mkfifo", [join(folder, "pipe")]);
  const read = ["keys", "pipe", "none", "."].map((name) => readIncluded(join(folder, name)));
  expect(read).toEqual(["s1 TXT x\n", undefined, undefined, undefined]);
});
