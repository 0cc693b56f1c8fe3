import fc from "fast-check";
import { expect, test } from "vitest";
import { localPartSelector, matchesPrefix } from "./local-part.ts";

test.each([
  { local: "news", is: "news" },
  { local: "News", is: "news" },
  { local: "news+tag", is: "news" },
  { local: "+tag", is: undefined },
  { local: "brand.one_noreply", is: "brand-one-noreply" },
  { local: "a._.b", is: "a-b" },
  { local: "a.-.b", is: "a---b" },
  { local: "_a.", is: "a" },
  { local: "--a--", is: "a" },
  { local: "...", is: undefined },
  { local: "", is: undefined },
  { local: "a b", is: undefined },
  { local: "名前", is: undefined },
  { local: "a".repeat(63), is: "a".repeat(63) },
  { local: "a".repeat(64), is: undefined },
  { local: `.${"a".repeat(63)}.`, is: "a".repeat(63) },
  { local: "a".repeat(5000), is: undefined },
])("BIMI draft -10 §4.5 step 3: $local gives $is", ({ local, is }) => {
  expect(localPartSelector(local)).toBe(is);
});

test.each([
  { selector: "brand-one", prefixes: [], is: true },
  { selector: "brand-one", prefixes: ["brand-"], is: true },
  { selector: "brand-one", prefixes: ["x", "brand-one"], is: true },
  { selector: "brand", prefixes: ["brand-"], is: false },
  { selector: "my-brand-", prefixes: ["brand-"], is: false },
])("BIMI draft -10 §4.5 step 4: $selector with $prefixes: $is", ({ selector, prefixes, is }) => {
  expect(matchesPrefix(selector, prefixes)).toBe(is);
});

test("property: a selector is one label, and its own selector", () => {
  fc.assert(
    fc.property(fc.string(), (local) => {
      const selector = localPartSelector(local);
      if (selector === undefined) return;
      expect(selector).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
      expect(localPartSelector(selector)).toBe(selector);
    }),
  );
});
