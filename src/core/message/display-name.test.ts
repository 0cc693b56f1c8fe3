import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAddressList } from "./address.ts";
import { decodeDisplayName, formatAddrSpec, formatMailbox, shortened } from "./display-name.ts";

const shiftJis = Buffer.from([0x8e, 0x52, 0x93, 0x63, 0x20, 0x91, 0xbe, 0x98, 0x59]);
const eucJp = Buffer.from([0xbb, 0xb3, 0xc5, 0xc4]);
const escaped = "\x1b$B;3ED\x1b(B";

function word(charset: string, octets: Buffer | string): string {
  return `=?${charset}?B?${Buffer.from(octets as string, "latin1").toString("base64")}?=`;
}

describe("decodeDisplayName", () => {
  test.each<{ name: string; text: string; octets?: boolean; is: string | undefined }>([
    { name: "§2 UTF-8, B", text: "=?UTF-8?B?5bGx55SwIOWkqumDjg==?=", is: "山田 太郎" },
    { name: "§2 UTF-8, Q", text: "=?utf-8?q?=E5=B1=B1=E7=94=B0_x?=", is: "山田 x" },
    { name: "§2 ISO-2022-JP", text: "=?ISO-2022-JP?B?GyRCOzNFREJATzobKEI=?=", is: "山田太郎" },
    { name: "§2 Shift_JIS", text: word("Shift_JIS", shiftJis), is: "山田 太郎" },
    { name: "Shift_JIS by another name", text: word("cp932", shiftJis), is: "山田 太郎" },
    { name: "§2 EUC-JP", text: word("EUC-JP", eucJp), is: "山田" },
    { name: "RFC 2231 §5 with a language", text: "=?utf-8*ja?B?5bGx55Sw?=", is: "山田" },
    { name: "§6.2 white space between words", text: "=?utf-8?B?5bGx?=  =?utf-8?B?55Sw?=", is: "山田" },
    { name: "§6.2 text between words", text: "=?utf-8?B?5bGx?= x =?utf-8?B?55Sw?=", is: "山 x 田" },
    {
      name: "§5 a character cut in two",
      text: "=?utf-8?Q?=E5=B1=B1=E7=94?= =?utf-8?Q?=B0?=",
      is: "山田",
    },
    {
      name: "two charsets side by side",
      text: `=?utf-8?B?5bGx?= ${word("Shift_JIS", shiftJis)}`,
      is: "山山田 太郎",
    },
    { name: "a charset that nobody knows", text: "=?x-none?B?VGFybw==?=", is: "Taro" },
    { name: "an end that never comes", text: "=?utf-8?B?5bGx55Sw", is: "=?utf-8?B?5bGx55Sw" },
    { name: "no encoding of that name", text: "=?utf-8?X?abc?=", is: "=?utf-8?X?abc?=" },
    { name: "raw UTF-8 that was decoded", text: "José 山田", is: "José 山田" },
    { name: "raw octets of UTF-8", text: Buffer.from("山田").toString("latin1"), octets: true, is: "山田" },
    { name: "raw Shift_JIS", text: shiftJis.toString("latin1"), octets: true, is: "山田 太郎" },
    { name: "raw ISO-2022-JP", text: escaped, is: "山田" },
    { name: "raw octets of nothing", text: "Taro \xff\xfe", octets: true, is: "Taro" },
    { name: "RFC 2047 §5 a broken end", text: "=?utf-8?B?5bGx55Sw5Q==?=", is: "山田" },
    { name: "what hides or turns text", text: "a\u202eb\u200bc\ufeff\u00add", is: "abcd" },
    { name: "line ends and tabs", text: "=?utf-8?B?YQ0KRnJvbTogYgkJYw==?=", is: "a From: b c" },
    { name: "joined pictures", text: "👨‍👩‍👧", is: "👨‍👩‍👧" },
    { name: "nothing readable", text: "=?utf-8?B??= \u200b", is: undefined },
  ])("RFC 2047: $name", ({ text, octets, is }) => {
    expect(decodeDisplayName(text, octets)).toBe(is);
  });

  test("whatever comes in, one line without controls comes out, in linear time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.boolean(), (text, octets) => {
        const name = decodeDisplayName(`=?utf-8?Q?${text}?= ${text}`, octets);
        expect(name ?? "").not.toMatch(/[\p{Cc}\u202a-\u202e\ufffd]/u);
        expect(name?.isWellFormed() ?? true).toBe(true);
      }),
    );
    expect(decodeDisplayName("=?utf-8?B?".repeat(200_000))?.length).toBeLessThanOrEqual(10_000);
  });
});

test.each([
  { text: "山田太郎", most: 2, is: "山田" },
  { text: "か\u3099か\u3099", most: 3, is: "か\u3099" },
  { text: "ab", most: 2, is: "ab" },
  { text: "𠮷野家", most: 1, is: "𠮷" },
])("shortened to $most: $text", ({ text, most, is }) => {
  expect(shortened(text, most)).toBe(is);
});

describe("formatMailbox", () => {
  const address = { localPart: "list", domain: "lists.example" };

  test.each<{ name: string; displayName?: string; localPart?: string; is: string }>([
    { name: "§3.4 an address alone", is: "list@lists.example" },
    { name: "§3.2.3 atoms", displayName: "Taro via Staff", is: "Taro via Staff <list@lists.example>" },
    {
      name: "§3.2.4 a quoted string",
      displayName: 'Joe "Q." Public\\',
      is: '"Joe \\"Q.\\" Public\\\\" <list@lists.example>',
    },
    {
      name: "RFC 2047 §5 (3) not ASCII",
      displayName: "山田",
      is: "=?UTF-8?B?5bGx55Sw?= <list@lists.example>",
    },
    {
      name: "ASCII that looks like an encoded word",
      displayName: "=?utf-8?B?YQ==?=",
      is: "=?UTF-8?B?PT91dGYtOD9CP1lRPT0/PQ==?= <list@lists.example>",
    },
    { name: "§3.4.1 odd periods", localPart: "a..b.", is: '"a..b."@lists.example' },
    { name: "§3.4.1 a blank", localPart: 'a "b', is: '"a \\"b"@lists.example' },
    { name: "RFC 6532 §3.2 UTF-8", localPart: "太郎.x", is: "太郎.x@lists.example" },
  ])("RFC 5322 $name", ({ displayName, localPart, is }) => {
    const mailbox = { ...address, ...(localPart && { localPart }), ...(displayName && { displayName }) };
    expect(formatMailbox(mailbox, "From: ".length)).toBe(is);
  });

  test("RFC 2047 §2: no word over 75, no line with one over 76, whole characters, and the same name again", () => {
    const name = fc
      .array(
        fc.oneof(fc.constantFrom("山", "田", "𠮷", "é", "a", " ", "か\u3099", '"', "<", "@"), fc.string()),
        {
          maxLength: 60,
        },
      )
      .map((parts) => decodeDisplayName(parts.join("")) ?? "x")
      .filter((text) => !text.includes("=?"));
    fc.assert(
      fc.property(name, (displayName) => {
        const written = formatMailbox({ ...address, displayName }, "From: ".length);
        const lines = `From: ${written}`.split("\n");
        for (const line of lines)
          if (line.includes("=?UTF-8?")) {
            expect(line.length).toBeLessThanOrEqual(76);
            for (const [, text = ""] of line.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)) {
              expect(text.length + 12).toBeLessThanOrEqual(75);
              expect(() =>
                new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "base64")),
              ).not.toThrow();
            }
          }
        expect(written).toMatch(/^[ -~\n]*$/);
        const [mailbox, ...others] = parseAddressList(written.replaceAll("\n", "\r\n")).mailboxes;
        expect(others).toEqual([]);
        expect(formatAddrSpec(mailbox ?? address)).toBe("list@lists.example");
        expect(decodeDisplayName(mailbox?.displayName ?? "")).toBe(displayName);
      }),
    );
  });
});
