import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseConfig } from "./load.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The fenced blocks of YAML in a page, without the indentation of a list that they stand in. */
function yamlBlocks(page: string): readonly string[] {
  return [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)].map(([, indent = "", text = ""]) =>
    text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** What is for another program, or a piece of a section that the page shows before. */
const notOurs = /^(?:name: mail|scrape_configs:|groups:| +- alert:| +token_command:)/;

const samples = globSync(["README*.md", "docs/*.md"], { cwd: root }).flatMap((page) =>
  yamlBlocks(readFileSync(`${root}/${page}`, "utf8"))
    .filter((text) => !notOurs.test(text))
    .map((text, index) => ({ page, number: index + 1, text })),
);

test("there are samples", () => {
  expect(samples.length).toBeGreaterThan(30);
});

test.each(samples)("sample $number of $page is a configuration", async ({ text, page }) => {
  expect(await parseConfig(text, { file: page, hostname: "mx.example.jp" })).toMatchObject({ ok: true });
});
