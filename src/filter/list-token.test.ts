import fc from "fast-check";
import { expect, test } from "vitest";
import { createToken, parseToken, tokenKey } from "./list-token.ts";

test("a token has 192 bits that no other has, and reads as itself", () => {
  const tokens = new Set(Array.from({ length: 2_000 }, createToken));
  expect(tokens.size).toBe(2_000);
  const positions = Array.from({ length: 32 }, () => new Set<string>());
  for (const token of tokens) {
    expect(Buffer.from(token, "base64url")).toHaveLength(24);
    expect(parseToken(` ${token}\r\n`)).toBe(token);
    for (const [index, character] of [...token].entries()) positions[index]?.add(character);
  }
  for (const seen of positions) expect(seen.size).toBe(64);
});

const good = "abcdefghijklmnopqrstuvwxyz012345";

test.each([
  { name: "white space around it", value: ` \t${good} `, is: good },
  { name: "nothing", value: "", is: undefined },
  { name: "one character less", value: good.slice(1), is: undefined },
  { name: "one character more", value: `${good}6`, is: undefined },
  { name: "another alphabet", value: `${good.slice(1)}+`, is: undefined },
  { name: "something behind it", value: `${good}; x`, is: undefined },
  { name: "a fold inside", value: `${good.slice(0, 16)}\r\n ${good.slice(16)}`, is: undefined },
  { name: "a line end behind it", value: `${good}\n`, is: good },
  { name: "endless white space", value: `${" ".repeat(1_000_000)}${good}`, is: undefined },
])("parseToken: $name", ({ value, is }) => {
  expect(parseToken(value)).toBe(is);
});

test("parseToken takes nothing but a token", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const token = parseToken(value);
      expect(token === undefined || /^[A-Za-z0-9_-]{32}$/.test(token)).toBe(true);
    }),
  );
});

test("the key does not tell the token", () => {
  expect(tokenKey(good)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(tokenKey(good)).not.toBe(tokenKey(createToken()));
});
