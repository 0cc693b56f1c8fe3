import { expect, test } from "vitest";
import { parseHead } from "../message/message.ts";
import type { DkimResult } from "../results.ts";
import { chooseSelector, parseSelectorField } from "./selector.ts";

test.each([
  { value: " v=BIMI1; s=brand;", is: "brand", section: "5.1" },
  { value: "v=BIMI1;s=brand", is: "brand", section: "5.1" },
  { value: " V=BIMI1; S=Brand", is: "brand", section: "5 case insensitive" },
  { value: " v=BIMI1;\r\n s=a.b-c", is: "a.b-c", section: "4.4" },
  { value: " v=BIMI1; s=brand; x=y", is: "brand", section: "5.1" },
  { value: " v=BIMI2; s=brand", is: undefined, section: "5.1 v=" },
  { value: " v=bimi1; s=brand", is: undefined, section: "5.1 v= exactly" },
  { value: " s=brand", is: undefined, section: "5.1 v= REQUIRED" },
  { value: " s=brand; v=BIMI1", is: undefined, section: "5.1 v= first" },
  { value: " v=BIMI1", is: undefined, section: "5.1 s= REQUIRED" },
  { value: " v=BIMI1; s=", is: undefined, section: "4.4" },
  { value: " v=BIMI1; s=a; S=b", is: undefined, section: "RFC 6376 §3.2" },
  { value: " v=BIMI1; s=-a", is: undefined, section: "4.4" },
  { value: " v=BIMI1; s=a..b", is: undefined, section: "4.4" },
  { value: " v=BIMI1; s=a_b", is: undefined, section: "4.4" },
  { value: " v=BIMI1; s=a b", is: undefined, section: "4.4" },
  { value: ` v=BIMI1; s=${"a".repeat(64)}`, is: undefined, section: "4.4" },
  { value: ` v=BIMI1; s=${"a.".repeat(150)}a`, is: undefined, section: "4.4" },
])("BIMI-Selector:$value ($section)", ({ value, is }) => {
  expect(parseSelectorField(value)).toBe(is);
});

const signature = (signed: string): string =>
  `DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=x; h=${signed}; bh=YQ==; b=YQ==\r\n`;
const passing = (
  fieldIndex: number,
  domain = "example.com",
  result: DkimResult["result"] = "pass",
): DkimResult => ({
  method: "dkim",
  result,
  domain,
  selector: "x",
  identity: `@${domain}`,
  algorithm: "rsa-sha256",
  fieldIndex,
});
const field = "BIMI-Selector: v=BIMI1; s=brand\r\n";
const covering = signature("from:bimi-selector");

test.each([
  { name: "no field", head: covering, dkim: [passing(0)], is: { selector: "default" } },
  { name: "signed", head: covering + field, dkim: [passing(0)], is: { selector: "brand" } },
  {
    name: "signed by the second signature",
    head: signature("from") + covering + field,
    dkim: [passing(0), passing(1)],
    is: { selector: "brand" },
  },
  {
    name: "not in h=",
    head: signature("from:subject") + field,
    dkim: [passing(0)],
    is: { selector: "default", ignored: "unsigned" },
  },
  {
    name: "the signature fails",
    head: covering + field,
    dkim: [passing(0, "example.com", "fail")],
    is: { selector: "default", ignored: "unsigned" },
  },
  {
    name: "the signature is not one that DMARC relied on",
    head: covering + field,
    dkim: [passing(0, "other.example")],
    is: { selector: "default", ignored: "unsigned" },
  },
  { name: "no signature", head: field, dkim: [], is: { selector: "default", ignored: "unsigned" } },
  {
    name: "two fields",
    head: covering + field + field,
    dkim: [passing(0)],
    is: { selector: "default", ignored: "several" },
  },
  {
    name: "no version",
    head: `${covering}BIMI-Selector: s=brand\r\n`,
    dkim: [passing(0)],
    is: { selector: "default", ignored: "syntax" },
  },
])("BIMI draft -10 §5.5, §7.2 step 2: $name", ({ head, dkim, is }) => {
  expect(chooseSelector(parseHead(Buffer.from(head)), dkim, ["example.com"])).toEqual(is);
});
