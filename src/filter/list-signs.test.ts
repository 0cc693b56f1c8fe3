import { expect, test } from "vitest";
import { parseHead } from "../core/message/message.ts";
import { listSigns } from "./list-signs.ts";

const of = (head: string) => listSigns(parseHead(Buffer.from(head, "latin1")));

test.each([
  {
    rfc: "2919 §3",
    value: "List Header Mailing List <list-header.nisto.com>",
    ids: ["list-header.nisto.com"],
  },
  { rfc: "2919 §3", value: "<Dev.Lists.Example>", ids: ["dev.lists.example"] },
  { rfc: "2919 §3", value: '"A <quoted> list"\r\n <a.example>', ids: ["a.example"] },
  { rfc: "2919 §3 white space within is ignored", value: "<dev. lists.example>", ids: ["dev.lists.example"] },
  { rfc: "2919 no brackets", value: "dev.lists.example", ids: ["dev.lists.example"] },
  { rfc: "2919 nothing", value: "<>", ids: [] },
  { rfc: "2919 not closed", value: "x <a.example", ids: ["a.example"] },
  { rfc: "2919 too long", value: `<${"x".repeat(256)}>`, ids: [] },
])("RFC $rfc: $value", ({ value, ids }) => {
  expect(of(`List-Id: ${value}\r\n`)).toEqual({ listIds: ids, fields: ["list-id"] });
});

test("what lists and forwarders leave, each once", () => {
  const head = "List-Post: a\r\nlist-post: b\r\nResent-From: c\r\nARC-Seal: d\r\nSubject: list-id\r\n";
  expect(of(head)).toEqual({ listIds: [], fields: ["list-post", "resent-from", "arc-seal"] });
});

test.each([
  {
    by: "Postfix and qmail, when they deliver to a forwarding address",
    head: "Delivered-To: a@b.example\r\n",
  },
  { by: "Postfix, likewise", head: "X-Original-To: a@b.example\r\n" },
  { by: "fml", head: "X-ML-Name: dev\r\n" },
  { by: "Mailman", head: "X-BeenThere: dev@lists.example\r\n" },
  { by: "software that sends on, against loops", head: "X-Loop: a\r\n" },
])("a sign that is left by $by", ({ head }) => {
  expect(of(head).fields).toHaveLength(1);
});

test.each([
  { value: "list", is: 1 },
  { value: "Bulk", is: 1 },
  { value: "first-class", is: 0 },
])("Precedence: $value", ({ value, is }) => {
  expect(of(`Precedence: ${value}\r\n`).fields).toHaveLength(is);
});

test("a mail without any", () => expect(of("From: a\r\n")).toEqual({ listIds: [], fields: [] }));

test("more List-Id fields than anybody needs are not read", () => {
  expect(of("List-Id: <a>\r\n".repeat(100)).listIds).toHaveLength(5);
});
