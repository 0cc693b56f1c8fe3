import fc from "fast-check";
import { expect, test } from "vitest";
import {
  displayWidth,
  hanging,
  labelled,
  padEnd,
  padStart,
  printable,
  printableOctets,
  truncate,
  wrap,
} from "./layout.ts";

test.each([
  ["abc", 3],
  ["関所", 4],
  ["ｱｲｳ", 3],
  ["ＡＢ", 4],
  ["が", 2],
  ["か\u3099", 2],
  ["\u001b[31mred\u001b[0m", 3],
  ["é", 1],
  ["e\u0301", 1],
  ["한글", 4],
  ["📧", 2],
  ["", 0],
])("the width of %j is %i", (text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test("padding counts columns", () => {
  expect(padEnd("関所", 6)).toBe("関所  ");
  expect(padStart("関所", 6)).toBe("  関所");
  expect(padEnd("abcdef", 3)).toBe("abcdef");
});

test.each([
  ["abcdef", 6, "abcdef"],
  ["abcdefg", 6, "abcde…"],
  ["関所関所", 6, "関所…"],
  ["関所関所", 5, "関所…"],
])("%j cut to %i columns", (text, width, is) => {
  expect(truncate(text, width)).toBe(is);
});

test.each([
  { name: "at blanks", text: "one two three", width: 8, is: ["one two", "three"] },
  { name: "no line begins with a full stop", text: "ああああ。いい", width: 8, is: ["あああ", "あ。いい"] },
  {
    name: "no line ends with an opening bracket",
    text: "ああ（いい）",
    width: 6,
    is: ["ああ", "（い", "い）"],
  },
  {
    name: "names stay whole",
    text: "設定は example.jp だけです",
    width: 20,
    is: ["設定は", "example.jp だけです"],
  },
  {
    name: "Japanese words and their particles stay whole",
    text: "メールの記録を表示します。接続元、各判定と応答が分かります。",
    width: 38,
    is: ["メールの記録を表示します。接続元、", "各判定と応答が分かります。"],
  },
  {
    name: "a particle does not begin a line after a Latin word",
    text: "結果を書くヘッダーの名前は authserv-id です。",
    width: 38,
    is: ["結果を書くヘッダーの名前は", "authserv-id です。"],
  },
  { name: "a figure keeps its counter", text: "1 行に 10 件ずつ", width: 10, is: ["1 行に", "10 件ずつ"] },
  {
    name: "compounds stay whole",
    text: "FILE を（複数指定可）",
    width: 16,
    is: ["FILE を", "（複数指定可）"],
  },
  {
    name: "options stay whole",
    text: "設定は--configで選びます",
    width: 12,
    is: ["設定は", "--configで", "選びます"],
  },
  { name: "a long word is cut", text: "abcdefghij", width: 4, is: ["abcd", "efgh", "ij"] },
  { name: "line feeds stay", text: "a\nb", width: 10, is: ["a", "b"] },
  { name: "nothing is one empty line", text: "", width: 10, is: [""] },
])("wrapping: $name", ({ text, width, is }) => {
  expect(wrap(text, width)).toEqual(is);
});

test("wrapped lines fit and lose nothing but blanks", () => {
  const texts = fc.string({
    unit: fc.constantFrom("a", "b", ".", " ", "関", "所", "。", "（", "）", "ー", "1"),
  });
  fc.assert(
    fc.property(texts, fc.integer({ min: 4, max: 40 }), (text, width) => {
      const lines = wrap(text, width);
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});

test("a word that is longer than a line stands out where words are not cut", () => {
  const path = "/var/lib/sekisho/keys/example.jp/s20261031.pem";
  expect(wrap(`鍵ファイル ${path} を読めません。権限がありません`, 30, { cutsWords: false })).toEqual([
    "鍵ファイル",
    `${path} を`,
    "読めません。権限がありません",
  ]);
  expect(wrap(`see ${path} now`, 20, { cutsWords: false })).toEqual(["see", path, "now"]);
});

test("a hanging indent goes on below the text", () => {
  expect(hanging("対処: ", "one two three four five", 26)).toEqual([
    "対処: one two three four",
    "      five",
  ]);
});

test("labels share a column", () => {
  expect(
    labelled(
      [
        ["a", "1"],
        ["長い", "2"],
      ],
      40,
    ),
  ).toEqual(["  a     1", "  長い  2"]);
});

test.each([
  ["\u001b[2J", "\\x1b[2J"],
  ["\u009b2J", "\\x9b2J"],
  ["a\r\nb", "a\\x0d\\x0ab"],
  ["\u202egnp.exe", "\\u202egnp.exe"],
  ["\u2067\u061c\u2028", "\\u2067\\u061c\\u2028"],
  ["exam\u200bple\u00ad.jp\ufeff", "exam\\u200bple\\xad.jp\\ufeff"],
  ["a\u3164b\u{e0041}", "a\\u3164b\\u{e0041}"],
  ["関所", "関所"],
  ["辻\u{e0100}", "辻\u{e0100}"],
])("what drives a terminal, turns the direction or is not seen is shown: %j", (text, is) => {
  expect(printable(text)).toBe(is);
});

test("octets are read as UTF-8 where they are UTF-8", () => {
  expect(printableOctets(Buffer.from("関所").toString("latin1"))).toBe("関所");
  expect(printableOctets("caf\u00e9")).toBe("caf\u00e9");
});
