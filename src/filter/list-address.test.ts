import { describe, expect, test } from "vitest";
import type { AuthorPattern } from "../config/sign-config.ts";
import { parseHead } from "../core/message/message.ts";
import { addressText, isAddressed, listAddressOf, listSender, readAddress } from "./list-address.ts";

const domain: AuthorPattern = { domain: "lists.example" };
const staff: AuthorPattern = { domain: "ours.example", localPart: "staff" };

function found(
  header: string,
  addresses: readonly AuthorPattern[],
  wentTo: readonly string[] = [],
): string | undefined {
  const address = listAddressOf(parseHead(Buffer.from(header)), { addresses }, wentTo);
  return address && addressText(address);
}

describe("listAddressOf", () => {
  test.each([
    { name: "the only address of the host", header: "", addresses: [staff], is: "staff@ours.example" },
    {
      name: "RFC 2369 §3.4 List-Post",
      header: "List-Post: <mailto:Staff@lists.example>\r\n",
      addresses: [domain],
      is: "staff@lists.example",
    },
    {
      name: "RFC 2369 §3.4 with a comment and a query",
      header: "List-Post: <MAILTO:staff@lists.example?subject=x> (Moderated)\r\n",
      addresses: [domain],
      is: "staff@lists.example",
    },
    { name: "RFC 2369 §3.4 NO", header: "List-Post: NO\r\n", addresses: [domain], is: undefined },
    {
      name: "RFC 2919 §2 List-Id as an address",
      header: "List-Id: The staff <staff.lists.example>\r\n",
      addresses: [domain],
      is: "staff@lists.example",
    },
    {
      name: "what it went to",
      header: "",
      addresses: [domain],
      wentTo: ["staff@lists.example"],
      is: "staff@lists.example",
    },
    {
      name: "two that it went to, and To",
      header: "To: B <b@lists.example>\r\n",
      addresses: [domain],
      wentTo: ["a@lists.example", "b@lists.example"],
      is: "b@lists.example",
    },
    {
      name: "To and Cc",
      header: "To: x@else.example\r\nCc: staff@lists.example\r\n",
      addresses: [domain],
      is: "staff@lists.example",
    },
    {
      name: "a stranger's List-Post does not make our president a list",
      header: "List-Post: <mailto:president@ours.example>\r\nTo: president@ours.example\r\n",
      addresses: [domain, staff],
      is: undefined,
    },
    {
      name: "an endless To",
      header: `To: ${"x@else.example,".repeat(5_000)}staff@lists.example\r\n`,
      addresses: [domain],
      is: undefined,
    },
    { name: "nothing", header: "List-Post: <mailto:\r\n", addresses: [domain], is: undefined },
  ])("$name", ({ header, addresses, wentTo, is }) => {
    expect(found(header, addresses, wentTo)).toBe(is);
  });
});

test.each([
  { text: "a@lists.example", is: true },
  { text: "A@LISTS.example", is: true },
  { text: "Staff@ours.example", is: true },
  { text: "staff+x@ours.example", is: false },
  { text: '"st\\aff"@ours.example', is: true },
  { text: '"sta ff"@ours.example', is: false },
  { text: "@x.example,@y.example:staff@ours.example", is: true },
  { text: "@x.example:boss@ours.example", is: false },
  { text: "a@sub.lists.example", is: false },
  { text: "lists.example", is: false },
  { text: "@lists.example", is: false },
  { text: "", is: false },
  { text: `${"x".repeat(300)}@lists.example`, is: false },
])("isAddressed: $text", ({ text, is }) => {
  const address = readAddress(text);
  expect(address !== undefined && isAddressed(address, [domain, staff])).toBe(is);
});

test("RFC 5321 §4.1.2: the address of a list is without route and quotes", () => {
  const address = readAddress('@x.example:"sta.ff"@lists.example');
  expect(address && addressText(address)).toBe("sta.ff@lists.example");
});

test("the list is called as the operator says, else by its address", () => {
  const address = { localPart: "staff", domain: "lists.example" };
  expect(listSender(address, {})).toEqual({ ...address, displayName: "staff" });
  expect(listSender(address, { displayName: "教職員" }).displayName).toBe("教職員");
});
