import { expect, test } from "vitest";
import { checkDependencies, headingLevels, relativeLinks } from "./check-docs.ts";

const manifest = { dependencies: { yaml: "1.0.0" }, devDependencies: { vitest: "1.0.0" } };
const rows = "| package | for |\n|---|---|\n| `yaml` | configuration |\n| `vitest` | tests |\n";

test.each([
  { name: "complete", page: rows, is: [] },
  {
    name: "one missing",
    page: rows.replace(/.*vitest.*\n/, ""),
    is: ["docs/dependencies.md: nothing about vitest"],
  },
  {
    name: "one too many",
    page: `${rows}| \`left-pad\` | x |\n`,
    is: ["docs/dependencies.md:5: left-pad is no dependency"],
  },
  {
    name: "one twice",
    page: `${rows}| \`yaml\` | x |\n`,
    is: ["docs/dependencies.md:5: yaml stands there twice"],
  },
  { name: "an empty cell", page: rows.replace("tests", " "), is: ["docs/dependencies.md:4: an empty cell"] },
])("dependencies: $name", ({ page, is }) => {
  expect(checkDependencies(manifest, page)).toEqual(is);
});

test("relative links, and no others", () => {
  const page = [
    '[a](docs/a.md) ![b](b.png "title") [c](<c%20d.md>) [d](#part) [e](e.md#part)',
    "[f](https://example.jp/) [g](mailto:a@example.jp) `[h](h.md)`",
    "```\n[i](i.md)\n```",
    "    [j](j.md)",
  ].join("\n");
  expect(relativeLinks(page)).toEqual(["docs/a.md", "b.png", "c d.md", "e.md"]);
});

test("headings, but not in code", () => {
  expect(headingLevels("# a\n\n## b\n```sh\n# comment\n```\n### c\n#no\n    # indented\n")).toEqual([
    1, 2, 3,
  ]);
});
