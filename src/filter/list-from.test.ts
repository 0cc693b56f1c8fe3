import { expect, test } from "vitest";
import type { ListHostConfig } from "../config/list-config.ts";
import { parseHead } from "../core/message/message.ts";
import { namesOnly } from "./list-from.ts";

const addresses: ListHostConfig["addresses"] = [{ localPart: "staff", domain: "lists.example" }];

// RFC 5321 §4.1.2: a route stands in a path of the envelope; in a field the same octets are a local part.
test.each([
  { from: "staff@lists.example", is: true },
  { from: '"staff"@LISTS.example', is: true },
  { from: "staff@lists.example, boss@lists.example", is: false },
  { from: '"@x:staff"@lists.example', is: false },
  { from: "boss@lists.example", is: false },
])("only the list is in From: $from", ({ from, is }) => {
  expect(namesOnly(parseHead(Buffer.from(`From: ${from}\r\n`)), addresses)).toBe(is);
});
