import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAuthorPattern } from "../config/sign-schema.ts";
import { parseHead } from "../core/message/message.ts";
import { authorOf, type SigningRule, signingKeysFor, signingTable } from "./signing-table.ts";

interface NamedRule extends SigningRule {
  readonly name: string;
}

function rule(name: string, from: string, more: Partial<SigningRule> = {}): NamedRule {
  const patterns = from.split(" ").filter((text) => text !== "");
  return {
    name,
    from: patterns.map((text) => {
      const pattern = parseAuthorPattern(text);
      if (pattern === undefined) throw new Error(text);
      return pattern;
    }),
    includeSubdomains: false,
    anyDomain: false,
    ...more,
  };
}

const below = { includeSubdomains: true };
const rules = [
  rule("rsa", "example.jp"),
  rule("ed", "example.jp"),
  rule("boss", "boss@example.jp"),
  rule("labs", "lab.example.jp dept.example.jp", below),
  rule("one-lab", "a.lab.example.jp"),
  rule("parent", "example.com", below),
  rule("unused", ""),
];

function names(author: string, table: readonly NamedRule[]): readonly string[] {
  const at = author.indexOf("@");
  const asked = at < 0 ? author : { localPart: author.slice(0, at), domain: author.slice(at + 1) };
  return signingKeysFor(asked, table).map(({ name }) => name);
}

describe("signingKeysFor", () => {
  test.each([
    // All keys of the domain sign.
    ["example.jp", ["rsa", "ed"]],
    ["taro@example.jp", ["rsa", "ed"]],
    // An address goes before its domain, in any letter case.
    ["boss@example.jp", ["boss"]],
    ["BOSS@example.jp", ["boss"]],
    ["boss@lab.example.jp", ["labs"]],
    // A subdomain needs the word.
    ["sub.example.jp", []],
    ["boss@sub.example.jp", []],
    ["lab.example.jp", ["labs"]],
    ["b.lab.example.jp", ["labs"]],
    ["x.dept.example.jp", ["labs"]],
    // The nearest.
    ["a.lab.example.jp", ["one-lab"]],
    ["b.a.lab.example.jp", ["labs"]],
    ["example.com", ["parent"]],
    ["x.y.example.com", ["parent"]],
    // Not a subdomain, only the same letters at the end.
    ["badexample.com", []],
    ["badexample.jp", []],
    // Never a domain above.
    ["jp", []],
    // The list is closed.
    ["example.org", []],
    ["example.jp.example.org", []],
  ])("%s: %j", (author, expected) => expect(names(author, rules)).toEqual(expected));

  test("of two domains above the nearer one decides, whatever the order", () => {
    const near = rule("near", "lab.example.jp", below);
    const far = rule("far", "example.jp", below);
    expect(names("x.lab.example.jp", [near, far])).toEqual(["near"]);
    expect(names("x.lab.example.jp", [far, near])).toEqual(["near"]);
    expect(names("y.example.jp", [near, far])).toEqual(["far"]);
  });

  test("any_domain is for those only whom no other key is for", () => {
    const open = [...rules, rule("any", "", { anyDomain: true })];
    expect(names("example.org", open)).toEqual(["any"]);
    expect(names("sub.example.jp", open)).toEqual(["any"]);
    expect(names("example.jp", open)).toEqual(["rsa", "ed"]);
    expect(names("x.dept.example.jp", open)).toEqual(["labs"]);
  });

  test("an address with include_subdomains is still one address", () => {
    const table = [rule("boss", "boss@example.jp", below)];
    expect(names("boss@sub.example.jp", table)).toEqual([]);
    expect(names("other@example.jp", table)).toEqual([]);
  });

  test("an empty table signs for nobody", () => expect(names("example.jp", [])).toEqual([]));
});

test("the table of many rules chooses as one look at all of them does", () => {
  const domain = fc.constantFrom("jp", "example.jp", "lab.example.jp", "a.lab.example.jp", "example.com");
  const localPart = fc.option(fc.constantFrom("boss", "Boss", "other"), { nil: undefined });
  const person = fc.record({ domain, localPart }).map(({ domain: of, localPart: name }) => ({
    domain: of,
    ...(name !== undefined && { localPart: name }),
  }));
  const pattern = person.map((one) =>
    one.localPart === undefined ? one : { ...one, localPart: one.localPart.toLowerCase() },
  );
  const anyRule = fc.record({
    from: fc.array(pattern, { maxLength: 3 }),
    includeSubdomains: fc.boolean(),
    anyDomain: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  });
  fc.assert(
    fc.property(fc.array(anyRule, { maxLength: 8 }), person, (table, author) => {
      expect(signingTable(table)(author)).toEqual(signingKeysFor(author, table));
    }),
    { numRuns: 300 },
  );
});

describe("authorOf", () => {
  test.each([
    ["From: Taro <Taro@Example.JP>", { domain: "example.jp", localPart: "Taro" }],
    ["From: a@例え.jp", { domain: "xn--r8jz45g.jp", localPart: "a" }],
    // Two addresses of one domain: the domain is clear, the address is not.
    ["From: a@example.jp, b@example.jp", { domain: "example.jp" }],
    ["From: a@example.jp, b@example.com", "from-multiple-domains"],
    ["From: a@example.jp\r\nFrom: b@example.jp", "from-multiple-fields"],
    ["To: a@example.jp", "from-missing"],
    ["From: nobody", "from-no-address"],
  ])("%s", (header, expected) => {
    const found = authorOf(parseHead(Buffer.from(`${header}\r\n`, "utf8")));
    expect(found.kind === "author" ? found.author : found.problem).toEqual(expected);
  });
});
