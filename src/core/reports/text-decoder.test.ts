import fc from "fast-check";
import { expect, test } from "vitest";
import { readableText } from "./readable-text.ts";
import { openReportDecoder } from "./text-decoder.ts";
import { type ReportWarning, WarningSink } from "./warnings.ts";

interface Decoded {
  readonly text: string;
  readonly warnings: readonly ReportWarning[];
}

function decode(pieces: readonly Buffer[]): Decoded {
  const sink = new WarningSink();
  const decoder = openReportDecoder(sink);
  const text = pieces.map((piece) => decoder.write(piece)).join("") + decoder.end();
  return { text, warnings: sink.list() };
}

const declared = (charset: string): string => `<?xml version="1.0" encoding="${charset}"?>`;
const latin = (text: string): Buffer => Buffer.from(text, "latin1");
/** 日本語 in charsets that Node reads and does not write. */
const japanese = {
  shift_jis: latin("\x93\xfa\x96\x7b\x8c\xea"),
  "euc-jp": latin("\xc6\xfc\xcb\xdc\xb8\xec"),
  "iso-2022-jp": latin("\x1b$BF|K\\8l\x1b(B"),
  utf8: Buffer.from("日本語"),
} as const;
const kana = {
  shift_jis: latin("\x83\x81\x81\x5b\x83\x8b"),
  "euc-jp": latin("\xa5\xe1\xa1\xbc\xa5\xeb"),
} as const;

function element(content: Buffer, declaration = ""): Buffer {
  return Buffer.concat([latin(`${declaration}<a><b>x</b><c>`), content, latin("</c></a>")]);
}
function text(content: string, declaration = ""): string {
  return `${declaration}<a><b>x</b><c>${content}</c></a>`;
}
function swapped(octets: Buffer): Buffer {
  return Buffer.from(octets).swap16();
}

const utf16 = Buffer.from(text("日本語", declared("UTF-16")), "utf16le");
type Case = readonly [name: string, octets: Buffer, is: string, charset?: string];
const cases: readonly Case[] = [
  ["UTF-8", element(japanese.utf8), text("日本語")],
  [
    "UTF-8 with a byte order mark",
    Buffer.concat([latin("\xef\xbb\xbf"), element(japanese.utf8)]),
    text("日本語"),
  ],
  ["UTF-16, little end first", Buffer.concat([latin("\xff\xfe"), utf16]), text("日本語", declared("UTF-16"))],
  [
    "UTF-16, big end first",
    Buffer.concat([latin("\xfe\xff"), swapped(utf16)]),
    text("日本語", declared("UTF-16")),
  ],
  ["UTF-16 without a mark", utf16, text("日本語", declared("UTF-16"))],
  ["UTF-16, big, without a mark", swapped(utf16), text("日本語", declared("UTF-16"))],
  [
    "8-bit text that says UTF-16",
    element(japanese.utf8, declared("UTF-16")),
    text("日本語", declared("UTF-16")),
  ],
  [
    "Latin-1, declared",
    element(latin("Gr\xf6\xdfe"), declared("ISO-8859-1")),
    text("Größe", declared("ISO-8859-1")),
  ],
  [
    "windows-1252, declared",
    element(latin("\x80 5"), declared("windows-1252")),
    text("€ 5", declared("windows-1252")),
  ],
  ["Latin-1, not declared", element(latin("Gr\xf6\xdfe")), text("Größe"), "windows-1252"],
  [
    "Latin-1, said to be UTF-8",
    element(latin("Gr\xf6\xdfe"), declared("utf-8")),
    text("Größe", declared("utf-8")),
    "windows-1252",
  ],
  [
    "UTF-8, said to be Latin-1",
    element(japanese.utf8, declared("iso-8859-1")),
    text("日本語", declared("iso-8859-1")),
    "utf-8",
  ],
  [
    "Shift_JIS, declared",
    element(japanese.shift_jis, declared("Shift_JIS")),
    text("日本語", declared("Shift_JIS")),
  ],
  ["Shift_JIS, not declared", element(japanese.shift_jis), text("日本語"), "shift_jis"],
  [
    "UTF-8, said to be Shift_JIS",
    element(japanese.utf8, declared("Shift_JIS")),
    text("日本語", declared("Shift_JIS")),
    "utf-8",
  ],
  ["EUC-JP, declared", element(japanese["euc-jp"], declared("EUC-JP")), text("日本語", declared("EUC-JP"))],
  ["EUC-JP, not declared", element(kana["euc-jp"]), text("メール"), "euc-jp"],
  ["EUC-JP, not declared, without kana", element(japanese["euc-jp"]), text("日本語"), "euc-jp"],
  [
    "ISO-2022-JP, declared",
    element(japanese["iso-2022-jp"], declared("ISO-2022-JP")),
    text("日本語", declared("ISO-2022-JP")),
  ],
  ["ISO-2022-JP, not declared", element(japanese["iso-2022-jp"]), text("日本語"), "iso-2022-jp"],
];

const named = cases.map(([name, octets, is, charset]) => ({ name, octets, is, charset }));

test.each(named)("$name", ({ octets, is, charset }) => {
  const whole = decode([octets]);
  expect(whole.text).toBe(is);
  expect(whole.warnings.map(({ value }) => value)).toEqual(charset === undefined ? [] : [charset]);
  for (let at = 0; at <= octets.length; at++)
    expect(decode([octets.subarray(0, at), octets.subarray(at)]).text).toBe(is);
  expect(decode(Array.from(octets, (octet) => Buffer.from([octet]))).text).toBe(is);
});

test("a charset that nobody knows", () => {
  const { text: found, warnings } = decode([element(japanese.utf8, declared("x-klingon"))]);
  expect(found).toBe(text("日本語", declared("x-klingon")));
  expect(warnings).toEqual([{ id: "charset-unknown", at: "encoding", value: "x-klingon" }]);
});

test("one bad value spoils no other", () => {
  const octets = Buffer.concat([
    latin("<a>"),
    latin("\xe9t\xe9"),
    latin("</a><b>"),
    japanese.utf8,
    latin("</b><c>"),
    kana.shift_jis,
    latin("</c>"),
  ]);
  expect(decode([octets]).text).toBe("<a>été</a><b>日本語</b><c>メール</c>");
  // What could not be read leaves nothing behind for what follows.
  expect(decode([octets]).text).toBe("<a>été</a><b>日本語</b><c>メール</c>");
});

test("text that nobody declares", () => {
  expect(readableText(Buffer.from("日本語"))).toBe("日本語");
  expect(readableText(japanese.shift_jis)).toBe("日本語");
  expect(readableText(japanese["iso-2022-jp"])).toBe("日本語");
  expect(readableText(latin("\xe9t\xe9"))).toBe("été");
  expect(readableText(Buffer.alloc(0))).toBe("");
});

test("whatever the octets and wherever they are cut, the text is the same", () => {
  const octet = fc.oneof(
    fc.constantFrom(0x3c, 0x3e, 0x1b, 0x24, 0x42, 0x61, 0x83, 0xe3, 0x81, 0x82),
    fc.nat(255),
  );
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 400 }), fc.nat(400), (octets, cut) => {
      const whole = Buffer.from(octets);
      expect(decode([whole.subarray(0, cut), whole.subarray(cut)]).text).toBe(decode([whole]).text);
    }),
    { numRuns: 500 },
  );
});
