import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findingExamples, findingsDocument } from "./findings-document.ts";

// Writes docs/findings.md and .ja.md; tools/findings-document.test.ts fails when they are out of date.
const examples = await findingExamples();
for (const lang of ["en", "ja"] as const) {
  const name = lang === "en" ? "findings.md" : "findings.ja.md";
  writeFileSync(fileURLToPath(new URL(`../docs/${name}`, import.meta.url)), findingsDocument(lang, examples));
}
