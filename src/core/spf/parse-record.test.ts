import fc from "fast-check";
import { expect, test } from "vitest";
import { isSpfRecord, parseSpfRecord } from "./parse-record.ts";
import type { SpfSyntaxProblem, SpfTerm } from "./record.ts";

const versions: readonly [section: string, text: string, is: boolean][] = [
  ["§4.5", "v=spf1", true],
  ["§4.5", "v=spf1 -all", true],
  ["§4.5", "v=spf10 -all", false],
  ["§4.5", "v=spf1-all", false],
  ["§4.5", " v=spf1 -all", false],
  ["§4.5", "v=spf1\t-all", false],
  ["§4.6.1", "V=SpF1 -all", true],
  ["§3", "", false],
];
test.each(versions)("RFC 7208 %s version: %j is a record: %s", (_, text, is) => {
  expect(isSpfRecord(text)).toBe(is);
  if (!is) expect(parseSpfRecord(text)).toMatchObject({ kind: "error", errors: [{ problem: "version" }] });
});

const good: readonly [section: string, terms: string, summary: readonly string[]][] = [
  ["§4.6.2", "all +ALL -all ~all ?all", ["pass all", "pass all", "fail all", "softfail all", "neutral all"]],
  ["§5.2", "include:a.example", ["pass include a.example"]],
  ["§5.3", "a a:b.example a/24 a//64 a/24//64", ["a", "a b.example", "a /24", "a //64", "a /24//64"]],
  ["§5.3", "a:b.example/0//0 a:b.example. a:%{d}/32", ["a b.example /0//0", "a b.example", "a %{d}"]],
  ["§7.1", "a:foo:bar/baz.example/24", ["a foo:bar/baz.example /24"]],
  ["§7.1", "a:x/%{d}", ["a x/%{d}"]],
  ["§7.1", "a:%{d/} a:%{lr+-.}.e.x-1", ["a %{d/}", "a %{lr+-.}.e.x-1"]],
  ["§5.4", "mx mx:b.example//128", ["mx", "mx b.example"]],
  ["§5.5", "ptr ptr:b.example", ["ptr", "ptr b.example"]],
  ["§5.6", "ip4:192.0.2.0/24 ip4:0.0.0.0/0 ip4:255.255.255.255", ["ip4 /24", "ip4 /0", "ip4 /32"]],
  ["§5.6", "ip6:2001:db8::/32 ip6:::/0 ip6:::ffff:192.0.2.1", ["ip6 /32", "ip6 /0", "ip6 /128"]],
  ["§5.7", "exists:%{ir}.%{l1r+-}._spf.%{d}", ["exists %{ir}.%{l1r+-}._spf.%{d}"]],
  [
    "§6",
    "redirect=a.example exp=%{d2} x.y-z_1=%{s}%%/: moo= x=%{c}",
    ["redirect", "exp", "x.y-z_1", "moo", "x"],
  ],
  ["§4.6.1", " ", []],
];
test.each(good)("RFC 7208 %s reads %j", (_, terms, summary) => {
  const parsed = parseSpfRecord(`v=spf1 ${terms}`);
  if (parsed.kind === "error") throw new Error(JSON.stringify(parsed.errors));
  expect(parsed.record.terms).toHaveLength(summary.length);
  for (const [index, term] of parsed.record.terms.entries()) {
    expect(parsed.record.text.slice(term.start, term.end)).toBe(term.text);
    for (const word of (summary[index] as string).split(" ")) expect(describeTerm(term)).toContain(word);
  }
});

/** All that a term says, in words that the table above uses. */
function describeTerm(term: SpfTerm): string {
  if (term.kind === "modifier") return term.name === "unknown" ? term.written : term.name;
  const { qualifier, mechanism } = term;
  const spec = "domain" in mechanism ? (mechanism.domain?.fixed ?? mechanism.domain?.text) : "";
  const prefix = "prefix" in mechanism ? `/${mechanism.prefix}` : "";
  const dual = "prefix4" in mechanism ? `/${mechanism.prefix4}//${mechanism.prefix6}` : "";
  return `${qualifier} ${mechanism.name} ${spec} ${prefix}${dual}`;
}

const bad: readonly [section: string, terms: string, problem: SpfSyntaxProblem, at: number][] = [
  ["§4.6", "-all moo", "unknown-mechanism", 5],
  ["§4.6.1", "all\t-all", "character", 3],
  ["§3.1", "a:\u00fc.example", "character", 2],
  ["§4.6.1", "-redirect=a.example", "qualified-modifier", 0],
  ["§4.6.1", "1up=foo", "modifier-name", 0],
  ["§4.6.1", "=all", "modifier-name", 0],
  ["§4.6.1", "redirect:a.example", "unknown-mechanism", 0],
  ["§4.6.1", "moo.cow:far_out=man", "unknown-mechanism", 0],
  ["§5.1", "all.", "unknown-mechanism", 0],
  ["§5.1", "all:x", "argument-not-allowed", 3],
  ["§5.1", "all/8", "argument-not-allowed", 3],
  ["§5.2", "include", "argument-missing", 7],
  ["§5.2", "include:", "argument-missing", 7],
  ["§5.2", "include:a.example/24", "domain-spec", 8],
  ["§5.2", "include/24", "argument-not-allowed", 7],
  ["§5.3", "a:", "argument-missing", 1],
  ["§5.3", "a/", "prefix-length", 1],
  ["§5.3", "a/33", "prefix-length", 1],
  ["§5.3", "a/024", "prefix-length", 1],
  ["§5.3", "a//129", "prefix-length", 1],
  ["§5.3", "a/24/64", "prefix-length", 4],
  ["§5.3", "a:b.example/24/64", "prefix-length", 14],
  ["§5.3", "a///64", "prefix-length", 1],
  ["§5.3", "a:b.example/", "domain-spec", 2],
  ["§5.5", "ptr/24", "argument-not-allowed", 3],
  ["§5.5", "ptr:", "argument-missing", 3],
  ["§5.6", "ip4", "argument-missing", 3],
  ["§5.6", "ip4/24", "ip4-network", 3],
  ["§5.6", "ip4:192.0.2", "ip4-network", 4],
  ["§5.6", "ip4:192.0.2.01", "ip4-network", 4],
  ["§5.6", "ip4:192.0.2.1:25", "ip4-network", 4],
  ["§5.6", "ip4:2001:db8::1", "ip4-network", 4],
  ["§5.6", "ip6:192.0.2.1", "ip6-network", 4],
  ["§5.6", "ip6:2001:db8::1::", "ip6-network", 4],
  ["§5.6", "ip4:192.0.2.1/33", "prefix-length", 13],
  ["§5.6", "ip4:192.0.2.1//32", "prefix-length", 13],
  ["§5.6", "ip6:::/129", "prefix-length", 6],
  ["§5.6", "ip4:192.0.2.1/", "prefix-length", 13],
  ["§5.7", "exists", "argument-missing", 6],
  ["§6", "exp=a.example exp=b.example", "duplicate-modifier", 14],
  ["§6", "redirect=a.example REDIRECT=a.example", "duplicate-modifier", 19],
  ["§6.1", "redirect=", "argument-missing", 9],
  ["§6.2", "exp=-all", "domain-spec", 4],
  ["§7.1", "a:museum", "domain-spec", 2],
  ["§7.1", "a:museum.", "domain-spec", 2],
  ["§7.1", "a:192.0.2.1", "domain-spec", 2],
  ["§7.1", "a:b.-c", "domain-spec", 2],
  ["§7.1", "a:b.c-", "domain-spec", 2],
  ["§7.1", "a:%{d}b", "domain-spec", 2],
  ["§7.1", "a:%{d}.", "domain-spec", 2],
  ["§7.2", "exists:%{c}.example", "macro", 7],
  ["§7.2", "exists:x%{x}.example", "macro", 8],
  ["§7.3", "exists:%(ir).example", "macro", 7],
  ["§7.3", "exists:%{d0}.example", "macro", 7],
  ["§7.3", "exists:%{dr2}.example", "macro", 7],
  ["§7.3", "exists:%{d", "macro", 7],
  ["§7.3", "exists:a.example%", "macro", 16],
  ["§4.6.1", "moo=%", "macro", 4],
];
test.each(bad)("RFC 7208 %s refuses %j: %s at %i", (_, terms, problem, at) => {
  const parsed = parseSpfRecord(`v=spf1 ${terms}`);
  expect(
    parsed.kind === "error" ? parsed.errors.map((error) => [error.problem, error.at - 7]) : parsed,
  ).toEqual([[problem, at]]);
});

test("RFC 7208 §4.6: every fault is told, and what could be read is there", () => {
  const parsed = parseSpfRecord("v=spf1 ip4:192.0.2 a mx:x -all");
  expect(parsed).toMatchObject({
    kind: "error",
    errors: [{ problem: "ip4-network" }, { problem: "domain-spec", text: "mx:x", start: 21, end: 25 }],
    terms: [{ text: "a" }, { text: "-all" }],
  });
});

test("whatever the octets, terms and errors lie where they say and in order", () => {
  const word = fc.constantFrom(
    "a",
    "mx:",
    "ip4:1.2.3.4",
    "/24",
    "%{",
    "d2r-}",
    "exp=",
    "%%",
    ".example",
    " ",
    "\0",
  );
  const octets = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(word, octets)), (words) => {
      const text = `v=spf1 ${words.join("")}`;
      const parsed = parseSpfRecord(text);
      const found = parsed.kind === "record" ? parsed.record.terms : [...parsed.errors, ...parsed.terms];
      for (const { start, end, text: term } of found) expect(text.slice(start, end)).toBe(term);
      if (parsed.kind === "error") expect(parsed.errors.length).toBeGreaterThan(0);
      else
        expect(parsed.record.terms.map((term) => term.text)).toEqual(
          text.split(" ").slice(1).filter(Boolean),
        );
    }),
  );
});
