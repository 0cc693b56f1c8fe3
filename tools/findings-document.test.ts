import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkRules } from "../src/findings/check/ids.ts";
import { laterChecks } from "../src/findings/check/later.ts";
import type { FindingRule } from "../src/findings/finding.ts";
import { describeShared, sharedPath } from "../test/shared.ts";
import { findingExamples, findingsDocument } from "./findings-document.ts";

const examples = await findingExamples();

test.each(["en", "ja"] as const)("docs/findings (%s) is what the table makes", (lang) => {
  const name = lang === "en" ? "findings.md" : "findings.ja.md";
  // Out of date? node tools/generate-findings-doc.ts
  expect(readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8")).toBe(
    findingsDocument(lang, examples),
  );
});

test("every finding has an example", () => {
  expect(Object.keys(checkRules).filter((id) => !examples.has(id))).toEqual([]);
});

test("what is looked for is no longer listed as known only", () => {
  expect(laterChecks.map(({ id }) => id).filter((id) => Object.hasOwn(checkRules, id))).toEqual([]);
  expect(new Set(laterChecks.map(({ id }) => id)).size).toBe(laterChecks.length);
});

describeShared("the list of ids that was agreed on", () => {
  /** That TLS 1.2 or 1.3 is missing stands there without its subject, and as if DNS told it. */
  const renamed: Readonly<Record<string, string>> = { "no-1.2": "tls.no-1.2", "no-1.3": "tls.no-1.3" };
  const lines = readFileSync(sharedPath("facts", "check-ids.tsv"), "utf8").trim().split("\n").slice(1);
  const agreed = lines.map((line) => line.split("\t")[0] as string).map((id) => renamed[id] ?? id);
  const rules: Readonly<Record<string, FindingRule>> = checkRules;
  const ours = new Set([...Object.keys(rules), ...laterChecks.map(({ id }) => id)]);

  test("holds nothing that we do not know", () => {
    expect(agreed.filter((id) => !ours.has(id))).toEqual([]);
  });

  test("what needs DNS, zone files or keys is looked for", () => {
    const inScope = lines
      .map((line) => line.split("\t"))
      .filter(([, , needs]) => /^(?:dns|zone|key)$/.test(needs ?? ""));
    const missing = inScope
      .map(([id]) => id as string)
      .filter((id) => !(id in renamed) && !Object.hasOwn(rules, id));
    expect(missing).toEqual([]);
  });
});
