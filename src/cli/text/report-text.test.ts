import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { reportEn } from "./report-en.ts";
import { reportJa } from "./report-ja.ts";

const source = fileURLToPath(new URL("../../", import.meta.url));

function sources(folder: string): string {
  return readdirSync(join(source, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(source, folder, name), "utf8"))
    .join("\n");
}

const code =
  sources("core/reports") +
  sources("collect/extract") +
  readFileSync(join(source, "collect/read-arrival.ts"), "utf8");
const warningIds = new Set(Array.from(code.matchAll(/\.add\(\s*"([a-z0-9-]+)"/g), ([, id]) => id as string));
const reasons = new Set([
  ...Array.from(code.matchAll(/reason: "([a-z0-9-]+)"/g), ([, id]) => id as string),
  ...Array.from(code.matchAll(/#failed \?*= "([a-z0-9-]+)"/g), ([, id]) => id as string),
]);

test("every oddity that a reader can tell has a sentence", () => {
  expect(warningIds.size).toBeGreaterThan(15);
  for (const id of warningIds) {
    expect(reportEn.warning(id), id).not.toBe(id);
    expect(reportJa.warning(id), id).toMatch(/[ぁ-ん]/);
  }
});

test("every reason why something is unread or skipped has a sentence", () => {
  expect(reasons.size).toBeGreaterThan(12);
  for (const reason of reasons) {
    expect(reportEn.reason(reason), reason).not.toBe(reason);
    expect(reportJa.reason(reason), reason).toMatch(/[ぁ-ん]/);
  }
});
