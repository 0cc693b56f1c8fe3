import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-folder-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("makes what is missing, with its mode, and nothing twice", () => {
  const path = join(folder, "a", "b", "c");
  expect(makeFolder(path, 0o700)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
  expect(makeFolder(path, 0o700)).toBe(false);
});

test("says why it cannot, and comes back", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => makeFolder(join(folder, "file", "a"), 0o700)).toThrow(/ENOTDIR/);
  expect(() => makeFolder("/proc/sekisho/a", 0o700)).toThrow(/ENOENT|EACCES|EPERM/);
});
