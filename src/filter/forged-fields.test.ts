import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MessageHead, parseHead } from "../core/message/message.ts";
import type { RemovedField } from "../store/record.ts";
import { deletionsFor, findForgedFields } from "./forged-fields.ts";

const authservIds = ["mx.example.jp", "xn--fiq228c.example", "example-auth"];

function headOf(...fields: readonly string[]): MessageHead {
  return parseHead(Buffer.from(`${fields.join("\r\n")}\r\n`, "utf8"));
}

function reasonFor(value: string, fromStranger = false): RemovedField["reason"] | undefined {
  const [removed] = findForgedFields(
    headOf(`Authentication-Results:${value}`),
    { authservIds },
    { fromStranger },
  );
  return removed?.reason;
}

const own = [
  " mx.example.jp; dkim=pass header.d=bank.example",
  "mx.example.jp;none",
  "\tmx.example.jp; none",
  "\r\n mx.example.jp; none",
  " MX.Example.JP; none",
  " mx.example.jp.; none",
  " mx.example.jp 1; none",
  " mx.example.jp(c)1(d); none",
  " mx.example.jp 2; none",
  " mx.example.jp\r\n\t;\r\n none",
  ' "mx.example.jp"; none',
  ' "MX.example.jp" 1; none',
  ' "mx\\.ex\\ample.jp"; none',
  ' " mx.example.jp "; none',
  " (comment) mx.example.jp; none",
  " (a (b) \\) c)mx.example.jp(d); none",
  " ()()(;)mx.example.jp; none",
  " mx.example.jp",
  " mx.example.jp junk; dkim=pass",
  " mx.example.jp dkim=pass header.d=bank.example",
  " mx.example.jp; (never closed",
  " 中文.example; none",
  " XN--FIQ228C.EXAMPLE; none",
  " 中文。example; none",
  ' "中文.example"; none',
  " ｍｘ．ｅｘａｍｐｌｅ．ｊｐ; none",
  " mx.exam\u00adple.jp; none",
  " mx.example\u200b.jp; none",
  " \ufeffmx.example.jp; none",
  " Example-Auth; none",
  ' "example-auth"; none',
];
test.each(own)("RFC 8601 §5: ours: %j", (value) => {
  expect(reasonFor(value)).toBe("own-authserv-id");
});

const careless = [
  " (mx.example.jp; dkim=pass",
  " ((a) mx.example.jp; dkim=pass (b)) other.example; none",
  " ( mx.example.jp; dkim=pass",
  ' "mx.example.jp; dkim=pass',
  ' "mx.example.jp; dkim=pass"; none',
  " 'mx.example.jp'; dkim=pass",
  " <mx.example.jp>; dkim=pass",
  " [mx.example.jp]; dkim=pass",
  " ; mx.example.jp; dkim=pass",
  " , mx.example.jp; dkim=pass",
  " =mx.example.jp; dkim=pass",
  " mx.example.jp=pass; dkim=pass",
  " mx.example.jp, dkim=pass",
  " mx.example.jp/1; dkim=pass",
  " mx.example.jp/node-1; dkim=pass",
  " mx.example.jp:25; dkim=pass",
  " mx.example.jp<; dkim=pass",
  " mx . example (c) .\r\n jp; dkim=pass",
  " mx.(c)example.jp; dkim=pass",
  ' "mx".example.jp; dkim=pass',
  ' "mx.example".jp; dkim=pass',
  ' mx."example".jp; dkim=pass',
  " mx\\.example.jp; dkim=pass",
  " \0mx.example.jp; dkim=pass",
  " mx.exam\0ple.jp; dkim=pass",
  " mx.example.jp\0.evil.example; dkim=pass",
  " mx.example.jp\x7f; dkim=pass",
  " mx.example.jp\r; dkim=pass",
  " =?utf-8?q?mx.example.jp?=; dkim=pass",
  " =?UTF-8?Q?mx=2Eexample=2ejp?=; dkim=pass",
  " =?utf-8?B?bXguZXhhbXBsZS5qcA==?=; dkim=pass",
  ' "=?utf-8?q?mx.example.jp?="; dkim=pass',
  " =?utf-8?q?=E4=B8=AD=E6=96=87.example?=; dkim=pass",
  " =?utf-8?q?mx.?= =?utf-8?q?example.jp?=; dkim=pass",
  " =?utf-8?q?mx.example?=\r\n =?utf-8?q?.jp?=; dkim=pass",
  " mx.=?utf-8?q?example.jp?=; dkim=pass",
  " mx.exam=?utf-8?q?ple.jp?=; dkim=pass",
  " =?utf-8?q?(c)mx.example.jp;_dkim=3Dpass?=",
  " =?utf-8?q?mx.example.jp;_?_?= dkim=pass",
  " =?utf-8*ja?q?mx.example.jp?=; dkim=pass",
  " =?iso-2022-jp?b?GyhCbXguZXhhbXBsZS5qcA==?=; dkim=pass",
  " =?utf-16be?q?=00m=00x=00.=00e=00x=00a=00m=00p=00l=00e=00.=00j=00p?=; dkim=pass",
  " =?x-unknown?q?mx.example.jp?=; dkim=pass",
  `${" =?utf-8?q??=".repeat(40)} =?utf-8?q?mx.example.jp?=; dkim=pass`,
  " mx\u2024example\u2024jp; dkim=pass",
  " mx.exam\u3042ple.jp; dkim=pass (to a reader that drops what is not ASCII)",
  ` mx.(${"c".repeat(5000)})example.jp; dkim=pass`,
  `${" ".repeat(5000)}mx\r\n${" ".repeat(5000)}.example.jp; dkim=pass`,
  ` mx.example.jp; ${"x".repeat(70_000)}`,
  `${"(".repeat(30_000)}${")".repeat(30_000)} mx.example.jp; ${"x".repeat(10_000)}`,
];
test.each(careless)("ours to a careless reader: %j", (value) => {
  expect(reasonFor(value.slice(0, 200_000))).toMatch(/own-authserv-id$/);
});

const foreign = [
  " mx.google.com; dkim=pass header.d=mx.example.jp",
  " mx.example.jp.evil.example; dkim=pass",
  " evil-mx.example.jp; dkim=pass",
  " mx.example.jp-evil; dkim=pass",
  " mx.example.jpx; dkim=pass",
  " amx.example.jp; dkim=pass",
  " example.jp; dkim=pass",
  " sub.mx.example.jp; dkim=pass",
  " mx.example.com; (mx.example.jp) dkim=pass",
  " mx.example.com (mx.example.jp); dkim=pass",
  " (mx.example.jp) mx.example.com; dkim=pass",
  " spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=mx.example.jp; dkim=none",
  " spf=pass smtp.helo=mx.example.jp",
  " mх.example.jp; dkim=pass (a Cyrillic letter)",
  " mx.exam ple.jp; dkim=pass",
  " (nothing)",
  "",
  " =?utf-8?x?mx.example.jp?=; dkim=pass",
  " =?utf-8?q?mx.example.com?=; dkim=pass",
  " mx.example.com; none",
];
test.each(foreign)("not ours: %j", (value) => {
  expect(reasonFor(value, true)).toBeUndefined();
});

test.each([
  { name: "left out", octets: Buffer.from("mx.exam\xffple.jp; none", "latin1") },
  { name: "read octet by octet", octets: Buffer.from("mx.exam\xadple.jp; none \xff", "latin1") },
  {
    name: "read as UTF-8 with holes",
    octets: Buffer.concat([Buffer.from("中文.example; \xff"), Buffer.of(0xff)]),
  },
])("octets that are not UTF-8: $name", ({ octets }) => {
  const head = parseHead(
    Buffer.concat([Buffer.from("Authentication-Results: "), octets, Buffer.from("\r\n")]),
  );
  expect(findForgedFields(head, { authservIds }, { fromStranger: false })).toHaveLength(1);
});

test("a thousand fields of a thousand octets, none of them ours", () => {
  const value = `${"中文".repeat(60)}.${"文".repeat(60)}.${"字".repeat(60)}; none`;
  const head = headOf(...Array.from({ length: 1000 }, () => `Authentication-Results: ${value}`));
  expect(findForgedFields(head, { authservIds }, { fromStranger: true })).toEqual([]);
});

test.each([
  { value: " other.example 2; dkim=pass", stranger: "unsupported-version" },
  { value: " other.example (x) 3; dkim=pass", stranger: "unsupported-version" },
  { value: ' "other.example" 0; dkim=pass', stranger: "unsupported-version" },
  { value: " mx.microsoft.com 1; dkim=pass", stranger: undefined },
  { value: " other.example 01; dkim=pass", stranger: undefined },
])("RFC 8601 §5 unsupported version: $value", ({ value, stranger }) => {
  expect(reasonFor(value, true)).toBe(stranger);
  expect(reasonFor(value, false)).toBeUndefined();
});

test("occurrences count from 1, among fields of that name in any spelling", () => {
  const head = headOf(
    "Received: by mx.example.jp; now",
    "AUTHENTICATION-RESULTS: mx.example.jp; none",
    "Authentication-Results: other.example; none",
    "X-Authentication-Results: mx.example.jp; none",
    "ARC-Authentication-Results: i=1; mx.example.jp; none",
    "authentication-results : mx.example.jp; none",
    "Authentication-Results-Original: mx.example.jp; none",
    "Authentication-Results: other.example 9; none",
    "Authentication-Results\t: (mx.example.jp; none",
  );
  const removed = findForgedFields(head, { authservIds }, { fromStranger: true });
  expect(removed).toEqual([
    { name: "AUTHENTICATION-RESULTS", occurrence: 1, reason: "own-authserv-id" },
    { name: "authentication-results", occurrence: 3, reason: "own-authserv-id" },
    { name: "Authentication-Results", occurrence: 4, reason: "unsupported-version" },
    { name: "Authentication-Results", occurrence: 5, reason: "unparsable-own-authserv-id" },
  ]);
  expect(deletionsFor(removed)).toEqual([
    { kind: "delete-header", name: "Authentication-Results", occurrence: 5 },
    { kind: "delete-header", name: "Authentication-Results", occurrence: 4 },
    { kind: "delete-header", name: "authentication-results", occurrence: 3 },
    { kind: "delete-header", name: "AUTHENTICATION-RESULTS", occurrence: 1 },
  ]);
});

test("a name that only looks as if it ended in white space is not cut: that would be another field", () => {
  const [edit] = deletionsFor([{ name: "X-Note\u00a0", occurrence: 1, reason: "hidden-field" }]);
  expect(edit).toMatchObject({ name: "X-Note\u00a0" });
});

test.each([
  { name: "U-label", id: "中文.example" },
  { name: "upper case and final dot", id: "XN--FIQ228C.Example." },
])("our id may be configured in any form: $name", ({ id }) => {
  const head = headOf(
    "Authentication-Results: xn--fiq228c.example; none",
    "Authentication-Results: 中文.EXAMPLE; none",
  );
  expect(findForgedFields(head, { authservIds: [id] }, { fromStranger: false })).toHaveLength(2);
});

test("without ids of ours nothing is ours", () => {
  const head = headOf(
    "Authentication-Results: ; none",
    "Authentication-Results:",
    'Authentication-Results: ""; none',
  );
  expect(findForgedFields(head, { authservIds: [] }, { fromStranger: true })).toEqual([]);
  expect(findForgedFields(head, { authservIds: [""] }, { fromStranger: true })).toEqual([]);
});

describe("properties", () => {
  const blank = fc.constantFrom("", " ", "\t", "\r\n ", "(c)", " (a (b) c) ", '(")', "(\\))", "(\r\n ;)");
  const anyCase = fc
    .array(fc.boolean(), { minLength: 13, maxLength: 13 })
    .map((upper) => [..."mx.example.jp"].map((c, i) => (upper[i] === true ? c.toUpperCase() : c)).join(""));
  const spelling = fc.oneof(
    anyCase,
    anyCase.map((id) => `"${id}"`),
    anyCase.map((id) => `"${[...id].map((c) => `\\${c}`).join("")}"`),
    anyCase.map((id) => `${id}.`),
  );

  test("no dressing hides our id, whatever follows", () => {
    fc.assert(
      fc.property(blank, blank, spelling, blank, fc.string({ unit: "binary-ascii" }), (a, b, id, c, rest) => {
        expect(reasonFor(`${a}${b}${id}${c};${rest.replaceAll(/[\r\n]/g, " ")}`)).toBe("own-authserv-id");
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test("deleting from the list in order takes exactly the forged ones, as Postfix renumbers", () => {
    const value = fc.constantFrom(
      "mx.example.jp; none",
      "other.example; none",
      "(mx.example.jp;",
      "a 7; none",
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), (values) => {
        const head = headOf(...values.map((text) => `Authentication-Results: ${text}`));
        const left = [...values];
        for (const edit of deletionsFor(findForgedFields(head, { authservIds }, { fromStranger: true }))) {
          if (edit.kind === "delete-header") left.splice(edit.occurrence - 1, 1);
        }
        expect(left).toEqual(values.filter((text) => text.startsWith("other")));
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});
