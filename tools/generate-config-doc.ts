import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configDocument } from "./config-document.ts";

// Writes docs/configuration.md and .ja.md; with --check only says whether they are up to date.
const check = process.argv.includes("--check");
for (const lang of ["en", "ja"] as const) {
  const name = lang === "en" ? "configuration.md" : "configuration.ja.md";
  const path = fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
  const text = configDocument(lang);
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`docs/${name} is out of date: node tools/generate-config-doc.ts`);
    process.exitCode = 1;
  }
}
