import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuMsOf } from "../../../test/cpu-time.ts";
import { openRedaction } from "./redaction.ts";

const redact = openRedaction(Buffer.from("key"));
/** With every word of ours as R. */
const marked = (text: string): string => redact(text).replaceAll(/redacted-[0-9a-f]{16}/g, "R");

test.each([
  ["an address", "taro@b.example", "R@b.example"],
  ["in angle brackets with a name", "Taro <taro.yamada+tag@b.example>", "Taro <R@b.example>"],
  ["a quoted local part", '"taro yamada"@b.example', "R@b.example"],
  ["an address literal", "taro@[192.0.2.1]", "R@[192.0.2.1]"],
  ["RFC 6531", "山田@例え.jp", "R@例え.jp"],
  ["a full-width sign", "taro＠b.example", "R＠b.example"],
  ["several", "a@b.example, c@d.example;e@f", "R@b.example, R@d.example;R@f"],
  ["one within another (VERP, SRS)", "SRS0=x=tt=d.example=taro@b.example", "R@b.example"],
  ["route of RFC 5321", "<@a.example:taro@b.example>", "<@a.example:R@b.example>"],
  ["two signs", "taro@home@b.example", "R@R@b.example"],
  ["RFC 8601 §2.7", "spf=fail smtp.mailfrom=taro@b.example", "spf=fail smtp.mailfrom=R@b.example"],
  ["RFC 6376 §3.5", "d=b.example; i=taro@b.example", "d=b.example; i=R@b.example"],
  ["Received", "for <taro@b.example>; Fri", "for <R@b.example>; Fri"],
  ["Received-SPF", "envelope-from=taro@b.example", "envelope-from=R@b.example"],
  ["RFC 6068", "<mailto:taro@b.example?subject=x>", "<mailto:R@b.example?subject=x>"],
  [
    "in an address of the web",
    "https://x.example/u?e=taro%40b.example",
    "https://x.example/u?e=R%40b.example",
  ],
  ["a quote in a quoted one", '"ta\\"ro"@b.example', "R@b.example"],
  ["a sign in a quoted one", '"taro@home"@b.example', '"R@R@b.example'],
  ["a quoted sign, RFC 5322 §4.4", "taro\\@home@b.example", "R@R@b.example"],
  ["RFC 5322 §4.4: a comment", "taro(of sales)@b.example", "R@b.example"],
  ["a comment before the domain", "taro@(sales)b.example", "R@(sales)b.example"],
  ["blanks", "taro @ b.example, taro @b.example, taro@ b.example", "R@ b.example, R@b.example, R@ b.example"],
  ["words in quotes and out of them", '"taro".yamada@b.example', "R@b.example"],
  ["the other way round", 'taro."yamada"@b.example', "R@b.example"],
  ["a quote that never began", 'taro"@b.example', "R@b.example"],
  ["々 and 〆", "佐々木@例え.jp, 〆木@b.example", "R@例え.jp, R@b.example"],
  ["full-width and half-width", "ｔａｒｏ．ｙ＠b.example, ﾀﾛｳ@b.example", "R＠b.example, R@b.example"],
  ["a domain that is none", "taro@_b.example, taro@.b, taro@-b, <taro@>", "R@_b.example, R@.b, R@-b, <R@>"],
  ["a long one", `${"x".repeat(400)}taro@b.example`, "R@b.example"],
  ["a domain alone, RFC 6376 §3.5", "i=@b.example", "i=@b.example"],
  ["no domain", "taro@ home, @, a @ b", "taro@ home, @, a @ b"],
  ["no sign", "the null sender <>", "the null sender <>"],
])("%s", (_name, text, is) => {
  expect(marked(text)).toBe(is);
});

test("the same one whatever its case, and it stays", () => {
  const once = redact("Taro@b.example, taro@c.example");
  expect(once).toMatch(/^(redacted-\w{16})@b\.example, \1@c\.example$/);
  expect(redact(once)).toBe(once);
});

test("of very many addresses the first are kept", () => {
  const all = redact(Array.from({ length: 300 }, (_, index) => `u${index}@b.example`).join(", "));
  expect(all.match(/redacted-[0-9a-f]{16}@b\.example/g)).toHaveLength(200);
  expect(all).toMatch(/@b\.example, \(more\)$/);
  expect(redact(all)).toBe(all);
});

test("very many signs of no address cost no more than other text", () => {
  const cost = (unit: string): number => cpuMsOf(() => redact(unit.repeat(600_000 / unit.length)));
  cost("x @");
  expect(cost("%40")).toBeLessThan(2 * cost(")@"));
});

test("an address is never left, and what is not one is never touched", () => {
  const local = fc.stringMatching(/^[a-z][a-z0-9._+-]{3,30}[a-z0-9]$/);
  const around = fc.stringMatching(/^[ <>,;:()"]{0,5}$/);
  fc.assert(
    fc.property(around, local, around, (before, name, after) => {
      const text = redact(`${before}${name}@b.example${after}`);
      expect(text).not.toContain(`${name}@`);
      expect(text.endsWith(`@b.example${after}`)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
      if (!/[@＠]|%40/.test(text)) expect(redact(text)).toBe(text);
      expect(redact(redact(text))).toBe(redact(text));
    }),
  );
});
