import { describe, expect, test } from "vitest";
import { problemText } from "./problems.ts";
import { findingRules, findingTexts, writeFinding } from "./table.ts";

const langs = ["en", "ja"] as const;
const japanese = /[ぁ-んァ-ヶ一-龠]/;

describe.each(langs)("problems in %s", (lang) => {
  const rows = Object.entries(problemText(lang)).flatMap(([method, texts]) =>
    Object.entries<string>(texts).map(([problem, text]) => ({ method, problem, text })),
  );

  test.each(rows)("$method $problem is told in whole sentences", ({ text }) => {
    expect(text).toMatch(lang === "ja" ? /。$/ : /^[A-Z].*\.$/);
    expect(japanese.test(text)).toBe(lang === "ja");
    expect(text.length).toBeLessThan(200);
  });

  test("no two problems of a method say the same", () => {
    for (const texts of Object.values(problemText(lang)))
      expect(new Set(Object.values<string>(texts)).size).toBe(Object.keys(texts).length);
  });
});

test("every finding has a rule and a sentence in both languages", () => {
  const ids = Object.keys(findingRules).toSorted();
  for (const lang of langs) expect(Object.keys(findingTexts[lang]).toSorted()).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[a-z]+\.[a-z0-9-]+$/);
});

test("a finding is written with sentence, fix and basis", () => {
  const found = {
    id: "postfix.protocol-old",
    severity: "warning",
    subject: "milter_protocol",
    params: { protocol: "2" },
  } as const;
  const written = writeFinding(found, "ja");
  expect(written).toMatchObject({
    ...found,
    fix: "milter_protocol = 6",
    basis: "postconf(5) milter_protocol",
  });
  expect(written.text).toMatch(japanese);
  expect(writeFinding(found, "en").text).toContain("milter_protocol = 2");
});
