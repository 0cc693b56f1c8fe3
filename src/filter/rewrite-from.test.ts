import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authorDomain } from "../core/dmarc/author-domain.ts";
import { parseAddressList } from "../core/message/address.ts";
import { decodeDisplayName } from "../core/message/display-name.ts";
import { fieldsNamed, type MessageHead, parseHead, rawValue } from "../core/message/message.ts";
import { EditedHead } from "./edited-head.ts";
import { type AuthorPlace, placeAuthors, rewriteFrom } from "./rewrite-from.ts";

const list = { localPart: "staff", domain: "lists.example", displayName: "Staff" };
const shiftJis = Buffer.from([0x8e, 0x52, 0x93, 0x63]).toString("latin1");

function headOf(text: string): MessageHead {
  return parseHead(Buffer.from(text, "latin1"));
}

function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** The name that a reader shows, and the address. */
function read(value: string): string {
  const { mailboxes, defects } = parseAddressList(utf8(value.replaceAll("\n", "\r\n")));
  expect(defects).toEqual([]);
  return mailboxes
    .map(
      ({ displayName = "", localPart, domain }) => `${decodeDisplayName(displayName)}|${localPart}@${domain}`,
    )
    .join();
}

describe("rewriteFrom", () => {
  test.each([
    { name: "a name", from: "Taro Yamada <t@a.example>", is: "Taro Yamada via Staff" },
    { name: "RFC 5322 §3.2.4 quoted", from: '"Yamada, Taro" <t@a.example>', is: "Yamada, Taro via Staff" },
    { name: "RFC 2047 UTF-8", from: "=?utf-8?B?5bGx55Sw?= <t@a.example>", is: "山田 via Staff" },
    {
      name: "RFC 2047 ISO-2022-JP in two words",
      from: "=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=\r\n =?ISO-2022-JP?B?GyRCQkBPOhsoQg==?= <t@a.example>",
      is: "山田太郎 via Staff",
    },
    {
      name: "RFC 2047 Shift_JIS",
      from: `=?Shift_JIS?B?${Buffer.from(shiftJis, "latin1").toString("base64")}?= <t@a.example>`,
      is: "山田 via Staff",
    },
    { name: "encoded words in quotes", from: '"=?utf-8?B?5bGx55Sw?=" <t@a.example>', is: "山田 via Staff" },
    { name: "RFC 6532 raw UTF-8", from: `${utf8("山田 太郎")} <t@a.example>`, is: "山田 太郎 via Staff" },
    { name: "raw Shift_JIS", from: `"${shiftJis}" <t@a.example>`, is: "山田 via Staff" },
    { name: "no name", from: "taro@a.example", is: "taro via Staff" },
    { name: "a comment", from: "taro@a.example (Taro Yamada)", is: "taro via Staff" },
    { name: "the address as a name", from: '"taro@a.example" <taro@a.example>', is: "taro via Staff" },
    {
      name: "an address inside the name",
      from: '"Taro (taro@a.example)" <t@a.example>',
      is: "Taro taro via Staff",
    },
    { name: "another's address as a name", from: '"ceo@bank.example" <t@a.example>', is: "ceo via Staff" },
    {
      name: "another's address in an encoded word",
      from: "=?utf-8?Q?ceo=40bank.example?= <t@a.example>",
      is: "ceo via Staff",
    },
    {
      name: "§3.4 a group (RFC 6854)",
      from: "Team: Taro <t@a.example>, b@a.example;",
      is: "Taro, b via Staff",
    },
    { name: "several authors", from: "A <a@a.example>, B <b@a.example>", is: "A, B via Staff" },
    { name: "several domains", from: "A <a@a.example>, B <b@b.example>", is: "A, B via Staff" },
    {
      name: "more authors than are named",
      from: "a@a.example, b@a.example, c@a.example, d@a.example",
      is: "a, b, c, ... via Staff",
    },
    { name: "RFC 6531 an address in UTF-8", from: `${utf8("太郎@例え.jp")}`, is: "太郎 via Staff" },
    { name: "a long name", from: `"${"x".repeat(500)}" <t@a.example>`, is: `${"x".repeat(64)} via Staff` },
    { name: "what hides text", from: `"Ta${utf8("\u202e")}ro" <t@a.example>`, is: "Taro via Staff" },
  ])("$name", ({ from, is }) => {
    const got = rewriteFrom(headOf(`From: ${from}\r\n`), list);
    if (got.kind === "left") throw new Error(got.reason);
    expect(read(got.value)).toBe(`${is}|staff@lists.example`);
    expect(got.value).toMatch(/^[ -~\n]+$/);
  });

  test("RFC 2047 §2: folded within 76 characters", () => {
    const from = `=?UTF-8?B?${Buffer.from("九州工業大学 情報工学部 飯塚地区 技術部 山田太郎").toString("base64")}?=`;
    const got = rewriteFrom(headOf(`From: ${from} <t@a.example>\r\n`), {
      ...list,
      displayName: "教職員メーリングリスト",
    });
    if (got.kind === "left") throw new Error(got.reason);
    const lines = `From: ${got.value}`.split("\n");
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(76);
    expect(read(got.value)).toBe(
      "九州工業大学 情報工学部 飯塚地区 技術部 山田太郎 via 教職員メーリングリスト|staff@lists.example",
    );
  });

  test.each([
    { name: "none", header: "To: a@b.example\r\n", reason: "from-missing" },
    {
      name: "two fields",
      header: "From: a@a.example\r\nFrom: b@b.example\r\n",
      reason: "from-multiple-fields",
    },
    { name: "no address", header: "From: Taro\r\n", reason: "from-no-address" },
    { name: "an empty group", header: "From: undisclosed:;\r\n", reason: "from-no-address" },
    { name: "two readings", header: "From: a@a.example <b@b.example>\r\n", reason: "from-syntax" },
    { name: "an open quote", header: 'From: "Taro <t@a.example>\r\n', reason: "from-syntax" },
    {
      name: "megabytes",
      header: `From: ${"a@a.example,".repeat(80_000)} a@a.example\r\n`,
      reason: "from-too-long",
    },
    {
      name: "megabytes of comments",
      header: `From: ${"(".repeat(500_000)}a@a.example\r\n`,
      reason: "from-too-long",
    },
    {
      name: "deep comments",
      header: `From: ${"(".repeat(4_000)}${")".repeat(4_000)} t@a.example\r\n`,
      reason: "from-syntax",
    },
    {
      name: "eleven authors",
      header: `From: ${Array.from({ length: 11 }, (_, i) => `a${i}@a.example`).join(", ")}\r\n`,
      reason: "too-many-authors",
    },
    { name: "an address in no charset", header: "From: \x8e\x52@a.example\r\n", reason: "from-syntax" },
  ])("left as it is: $name", ({ header, reason }) => {
    expect(rewriteFrom(headOf(header), list)).toEqual({ kind: "left", reason });
  });

  test("whatever comes in, what comes out is the list and nobody else to every reader", () => {
    const piece = fc.oneof(
      fc.constantFrom("<", ">", "@", '"', "(", ")", ",", ":", ";", "\\", " ", "\r\n ", "a", ".", "[", "]"),
      fc.constantFrom(
        "t@a.example",
        "=?utf-8?B?",
        "=?utf-8?Q?=0D=0AFrom:_x?=",
        "?=",
        "\xff",
        utf8("山"),
        "\x1b$B",
      ),
      fc.string({ unit: "binary-ascii" }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const head = headOf(`From: ${pieces.join("")}\r\n\r\n`);
        const got = rewriteFrom(head, list);
        if (got.kind === "left") return;
        const again = headOf(`From: ${got.value.replaceAll("\n", "\r\n")}\r\n`);
        expect(again.fields).toHaveLength(1);
        expect(authorDomain(again)).toEqual({ kind: "domain", domain: "lists.example" });
        expect(got.value).toMatch(/^[ -~\n]+$/);
        for (const line of got.value.split("\n").slice(1)) expect(line).toMatch(/^ \S/);
      }),
      { numRuns: 500 },
    );
  });
});

describe("placeAuthors", () => {
  const authors = [{ displayName: "山田", localPart: "t", domain: "a.example" }];
  const from = "From: t@a.example\r\n";

  test.each<{ name: string; header: string; place?: AuthorPlace; is: string; field?: string }>([
    { name: "RFC 5322 §3.6.2 no Reply-To", header: "", is: "reply-to", field: "Reply-To: 山田|t@a.example" },
    {
      name: "the list's Reply-To",
      header: "Reply-To: staff@lists.example\r\n",
      is: "cc",
      field: "Cc: 山田|t@a.example",
    },
    {
      name: "§3.6.3 a Cc that is there",
      header: "Reply-To: staff@lists.example\r\nCc: B <b@b.example>\r\n",
      is: "cc",
      field: "Cc: B|b@b.example,山田|t@a.example",
    },
    {
      name: "always Reply-To",
      header: "Reply-To: staff@lists.example\r\n",
      place: "reply-to",
      is: "reply-to",
      field: "Reply-To: undefined|staff@lists.example,山田|t@a.example",
    },
    { name: "always Cc", header: "", place: "cc", is: "cc", field: "Cc: 山田|t@a.example" },
    {
      name: "he is in Reply-To already",
      header: "Reply-To: T@A.example\r\n",
      place: "reply-to",
      is: "reply-to",
    },
    {
      name: "he is in To already",
      header: "Reply-To: x@y.example\r\nTo: t@a.example\r\nCc: z@z.example\r\n",
      is: "cc",
    },
    {
      name: "a Cc that nobody can read",
      header: 'Reply-To: x@y.example\r\nCc: "open <b@b.example>\r\n',
      is: "reply-to",
      field: "Reply-To: undefined|x@y.example,山田|t@a.example",
    },
    {
      name: "neither can be read",
      header: 'Reply-To: "open\r\nCc: "open\r\n',
      is: "nowhere",
    },
    {
      name: "an endless Reply-To",
      header: `Reply-To: ${"x@y.example,".repeat(3_000)}\r\n`,
      is: "cc",
      field: "Cc: 山田|t@a.example",
    },
  ])("$name", ({ header, place, is, field }) => {
    const edited = new EditedHead(headOf(from + header));
    expect(placeAuthors(edited, authors, place ?? "auto")).toBe(is);
    if (field === undefined) return void expect(edited.edits()).toEqual([]);
    const [name = "", expected = ""] = field.split(": ");
    const head = edited.head();
    const [first] = fieldsNamed(head, name.toLowerCase());
    if (first === undefined) throw new Error("no field");
    expect(read(Buffer.from(rawValue(head, first), "latin1").toString("utf8").replaceAll("\r\n", "\n"))).toBe(
      expected,
    );
  });

  test("RFC 6531: an author's address in UTF-8 stays one", () => {
    const edited = new EditedHead(headOf(from));
    placeAuthors(edited, [{ localPart: "太郎", domain: "例え.jp" }], "auto");
    expect(edited.edits()).toEqual([{ kind: "add-header", name: "Reply-To", value: "太郎@例え.jp" }]);
  });
});
