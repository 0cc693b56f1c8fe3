import { authorDomain } from "../../../src/core/dmarc/author-domain.ts";
import { parseAddressList } from "../../../src/core/message/address.ts";
import { type MessageHead, parseHead } from "../../../src/core/message/message.ts";
import { EditedHead } from "../../../src/filter/edited-head.ts";
import { placeAuthors, rewriteFrom } from "../../../src/filter/rewrite-from.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  " Taro Yamada <taro@a.example>",
  ' "Yamada, Taro" <taro@a.example>, b@a.example',
  " =?utf-8?B?5bGx55Sw?=\r\n =?ISO-2022-JP?B?GyRCOzNFREJATzobKEI=?= <taro@a.example>",
  " =?Shift_JIS?B?jlKTYw==?= <taro@a.example>\r\nReply-To: =?utf-8?Q?list?= <staff@lists.example>",
  " 山田 太郎 <太郎@日本語.jp>\r\nCc: b@b.example",
  " Team: Taro <t@a.example>, b@a.example;",
  ' "ceo@bank.example" <taro@a.example>',
  " foo..bar.@docomo.example (comment (nested))",
];

const list = { localPart: "staff", domain: "lists.example", displayName: "教職員" };

/**
 * Rewrites any From. What comes out names the list and nobody else, is ASCII, keeps the limits of RFC 2047, cannot become
 * another field, and moves the authors where a reader finds them.
 */
export const target: FuzzTarget = {
  name: "rewrite-from",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const head = headOf(input);
    const rewriting = rewriteFrom(head, list);
    if (rewriting.kind === "left") return;
    const { value, authors } = rewriting;
    if (/[^\n -~]/.test(value)) throw new Error("not ASCII");
    const lines = `From: ${value}`.split("\n");
    if (lines.some((line, index) => index > 0 && !/^ \S/.test(line))) throw new Error("a line is no fold");
    if (lines.some((line) => line.includes("=?UTF-8?") && line.length > 76))
      throw new Error("a line is too long");
    const author = authorDomain(headOf(Buffer.from(` ${value.replaceAll("\n", "\r\n")}`)));
    if (author.kind !== "domain" || author.domain !== "lists.example") throw new Error("not the list");
    if (authors.length === 0) throw new Error("no author");
    checkPlaces(head, authors.length);
  },
};

function checkPlaces(head: MessageHead, count: number): void {
  const rewriting = rewriteFrom(head, list);
  if (rewriting.kind === "left") return;
  const edited = new EditedHead(head);
  const before = head.fields.length;
  if (placeAuthors(edited, rewriting.authors, "auto") === "nowhere") {
    if (edited.edits().length > 0) throw new Error("an edit that did nothing");
    return;
  }
  const after = edited.head();
  if (after.fields.length > before + 1) throw new Error("more than one new field");
  if (count > 1000) throw new Error("too many authors");
  for (const edit of edited.edits())
    if ("value" in edit && parseAddressList(utf8(edit.value)).mailboxes.length === 0)
      throw new Error("no address where the authors should be");
}

function utf8(value: string): string {
  return Buffer.from(value.replaceAll("\n", "\r\n"), "utf8").toString("latin1");
}

function headOf(value: Buffer): MessageHead {
  return parseHead(Buffer.concat([Buffer.from("From:"), value, Buffer.from("\r\n")]));
}
