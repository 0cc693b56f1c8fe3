import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTagList, tagValue, trimSpace } from "./taglist.ts";

const wellFormed = [
  { rule: "one tag", text: "a=1", tags: [["a", "1"]] },
  { rule: "trailing semicolon", text: "a=1;", tags: [["a", "1"]] },
  { rule: "trailing semicolon and blanks", text: "a=1; \r\n ", tags: [["a", "1"]] },
  {
    rule: "FWS everywhere",
    text: " a \r\n\t=\r\n 1 \r\n ; b\t=2 ",
    tags: [
      ["a", "1"],
      ["b", "2"],
    ],
  },
  {
    rule: "empty value",
    text: "a=;b= ;",
    tags: [
      ["a", ""],
      ["b", ""],
    ],
  },
  { rule: "white space inside stays", text: "a=x  y\r\n z", tags: [["a", "x  y\r\n z"]] },
  {
    rule: "equals signs in the value",
    text: "bh=AA==;b==",
    tags: [
      ["bh", "AA=="],
      ["b", "="],
    ],
  },
  {
    rule: "names are case-sensitive",
    text: "a=1;A=2",
    tags: [
      ["a", "1"],
      ["A", "2"],
    ],
  },
  { rule: "underscore and digits in names", text: "a_1=x", tags: [["a_1", "x"]] },
  { rule: "UTF-8 in values", text: "d=\u00e4.example", tags: [["d", "\u00e4.example"]] },
] as const;
test.each(wellFormed)("RFC 6376 §3.2: $rule", ({ text, tags }) => {
  const list = parseTagList(text);
  expect(list.problem).toBeUndefined();
  expect(list.tags.map(({ name, value }) => [name, value])).toEqual(tags);
});

const malformed = [
  { rule: "nothing", text: "", problem: "empty-tag", at: 0, left: 0 },
  { rule: "only blanks", text: " ", problem: "empty-tag", at: 0, left: 0 },
  { rule: "only a semicolon", text: ";", problem: "empty-tag", at: 0, left: 0 },
  { rule: "leading semicolon", text: ";a=1", problem: "empty-tag", at: 0, left: 1 },
  { rule: "two semicolons", text: "a=1;;b=2", problem: "empty-tag", at: 4, left: 2 },
  { rule: "two semicolons at the end", text: "a=1;;", problem: "empty-tag", at: 4, left: 1 },
  { rule: "no equals sign", text: "a=1; b; c=2", problem: "no-equals-sign", at: 4, left: 2 },
  { rule: "no name", text: "=1", problem: "bad-name", at: 0, left: 1 },
  { rule: "name begins with a digit", text: "1a=x", problem: "bad-name", at: 0, left: 1 },
  { rule: "blank in the name", text: "a b=x", problem: "bad-name", at: 0, left: 1 },
  { rule: "hyphen in the name", text: "a-b=x", problem: "bad-name", at: 0, left: 1 },
  { rule: "duplicate", text: "a=1;b=2;a=1", problem: "duplicate-tag", at: 8, left: 3 },
  { rule: "NUL in the value", text: "a=\0", problem: "bad-value", at: 2, left: 1 },
  { rule: "bare LF in the value", text: "a=x\n y", problem: "bad-value", at: 2, left: 1 },
  { rule: "CRLF without white space after it", text: "a=x\r\ny", problem: "bad-value", at: 2, left: 1 },
  { rule: "DEL in the value", text: "a=\x7f", problem: "bad-value", at: 2, left: 1 },
] as const;
test.each(malformed)("RFC 6376 §3.2: $rule is a fault, the rest is read", ({ text, problem, at, left }) => {
  const list = parseTagList(text);
  expect(list.problem).toEqual({ kind: problem, at });
  expect(list.tags).toHaveLength(left);
});

test("offsets take in the white space of a value (§3.7)", () => {
  const text = "v=1; b =\r\n AbC= \r\n ;d=x";
  const tag = parseTagList(text).tags[1];
  expect(text.slice(tag?.start, tag?.end)).toBe("\r\n AbC= \r\n ");
  expect(tag?.value).toBe("AbC=");
});

test("of duplicates the first counts", () => {
  expect(tagValue(parseTagList("a=1;a=2"), "a")).toBe("1");
  expect(tagValue(parseTagList("a=1"), "b")).toBeUndefined();
  expect(tagValue(parseTagList("b="), "b")).toBe("");
});

test("any text: the tags are what splitting at each semicolon and first equals sign gives", () => {
  const part = fc.constantFrom("a", "b", "=", ";", " ", "\r\n", "\t", "\r", "\n", "\0", "_", "1", "\u00ff");
  fc.assert(
    fc.property(
      fc.array(part).map((parts) => parts.join("")),
      (text) => {
        const wanted = text.split(";").flatMap((spec) => {
          const equals = spec.indexOf("=");
          if (equals < 0) return [];
          return [[spec.slice(0, equals), spec.slice(equals + 1)].map(trimSpace)];
        });
        const { tags } = parseTagList(text);
        expect(tags.map(({ name, value }) => [name, value])).toEqual(wanted);
        for (const { value, start, end } of tags) {
          expect(trimSpace(text.slice(start, end))).toBe(value);
          expect(text[start - 1]).toBe("=");
          expect(end === text.length || text[end] === ";").toBe(true);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("well-formed lists come back as they were written", () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,6}$/);
  const value = fc.stringMatching(/^([!-:<-~]([!-:<-~ ]{0,10}[!-:<-~])?)?$/);
  const lists = fc.uniqueArray(fc.tuple(name, value), {
    selector: ([one]) => one,
    minLength: 1,
    maxLength: 9,
  });
  fc.assert(
    fc.property(lists, fc.constantFrom("", " ", "\r\n\t"), fc.boolean(), (tags, fws, trailing) => {
      const text =
        tags.map(([n, v]) => `${fws}${n}${fws}=${fws}${v}${fws}`).join(";") + (trailing ? ";" : "");
      const list = parseTagList(text);
      expect(list.problem).toBeUndefined();
      expect(list.tags.map((tag) => [tag.name, tag.value])).toEqual(tags);
    }),
  );
});
