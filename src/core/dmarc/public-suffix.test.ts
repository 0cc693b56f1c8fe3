import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { toAsciiDomain } from "../domain-name.ts";
import {
  organizationalDomainBelow,
  type PublicSuffixFinder,
  parsePublicSuffixList,
} from "./public-suffix.ts";

const text = `// comment
com
co.jp  and what stands behind white space
\t*.kobe.jp\r
!city.kobe.jp
公司.cn
*.ck
!www.ck
..
*.
!
// ===BEGIN PRIVATE DOMAINS===
github.io
`;
const find = parsePublicSuffixList(text) as PublicSuffixFinder;

test.each([
  ["com", "com", "com"],
  ["example.com", "com", "example.com"],
  ["a.b.example.com", "com", "example.com"],
  ["co.jp", "co.jp", "co.jp"],
  ["a.example.co.jp", "co.jp", "example.co.jp"],
  ["jp", "jp", "jp"],
  ["example.jp", "jp", "example.jp"],
  ["kobe.jp", "jp", "kobe.jp"],
  ["c.kobe.jp", "c.kobe.jp", "c.kobe.jp"],
  ["a.b.c.kobe.jp", "c.kobe.jp", "b.c.kobe.jp"],
  ["city.kobe.jp", "kobe.jp", "city.kobe.jp"],
  ["a.city.kobe.jp", "kobe.jp", "city.kobe.jp"],
  ["ck", "ck", "ck"],
  ["www.ck", "ck", "www.ck"],
  ["a.www.ck", "ck", "www.ck"],
  ["example.xn--55qx5d.cn", "xn--55qx5d.cn", "example.xn--55qx5d.cn"],
  ["a.me.github.io", "github.io", "me.github.io"],
  ["a.b.unlisted", "unlisted", "b.unlisted"],
  ["notcom", "notcom", "notcom"],
])("%s: suffix %s, organizational domain %s", (domain, suffix, organizational) => {
  expect(find(domain)).toBe(suffix);
  expect(organizationalDomainBelow(domain, find)).toBe(organizational);
});

test.each(["", "\n\n", "// only a comment\n", "..\n*.\n!\n", "\u0000\n"])("no list: %j", (none) => {
  expect(parsePublicSuffixList(none)).toBeUndefined();
});

test.each(["", "other", "xample.com", ".com"])("a finder that answers %j does no harm", (suffix) => {
  expect(organizationalDomainBelow("a.example.com", () => suffix)).toBe("a.example.com");
});

const domain = fc
  .array(fc.constantFrom("com", "co", "jp", "kobe", "city", "a", "ck", "www"), { minLength: 1, maxLength: 9 })
  .map((labels) => labels.join("."));

test("property: whatever the list, the suffix and the organizational domain are ends of the domain", () => {
  const line = fc.oneof(
    domain,
    fc.string({ maxLength: 20 }),
    domain.map((name) => `*.${name}`),
    domain.map((name) => `!${name}`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), domain, (lines, name) => {
      const finder = parsePublicSuffixList(lines.join("\n")) ?? ((of: string) => of);
      const suffix = finder(name);
      expect(`.${name}`.endsWith(`.${suffix}`)).toBe(true);
      const organizational = organizationalDomainBelow(name, finder);
      expect(`.${name}`.endsWith(`.${organizational}`)).toBe(true);
      expect(organizationalDomainBelow(organizational, finder)).toBe(organizational);
    }),
    { numRuns: 500 },
  );
});

test("a long list with a long line is read in one go", () => {
  const long = `${"a".repeat(1_000_000)}\n${" ".repeat(1_000_000)}\n*.${"x.".repeat(500_000)}\ncom\n`;
  expect(parsePublicSuffixList(long)?.("example.com")).toBe("com");
});

describeShared("the tests of the public suffix list, with the list itself", () => {
  const whole = parsePublicSuffixList(
    readFileSync(sharedPath("conformance", "psl", "public_suffix_list.dat"), "utf8"),
  ) as PublicSuffixFinder;
  const rows = readFileSync(sharedPath("conformance", "psl", "tests.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("//"))
    .map((line) => line.split(/\s+/) as [string, string]);
  // "null" as input, and names that begin with a dot, are no domains here.
  const domains = rows.filter(([input]) => input !== "null" && !input.startsWith("."));

  test("there are as many as there were", () => expect(domains.length).toBeGreaterThanOrEqual(70));

  test.each(domains)("%s: %s", (input, registrable) => {
    const name = toAsciiDomain(input) as string;
    const organizational = organizationalDomainBelow(name, whole);
    // A public suffix has no registrable domain; it stands for itself here.
    if (registrable === "null") expect(whole(name)).toBe(name);
    else expect(organizational).toBe(toAsciiDomain(registrable));
  });
});
