import fc from "fast-check";
import { expect, test } from "vitest";
import { toAsciiDomain } from "../domain-name.ts";
import { parseHead } from "../message/message.ts";
import { authorDomain, type FromProblem } from "./author-domain.ts";

function authorOf(header: string): ReturnType<typeof authorDomain> {
  return authorDomain(parseHead(Buffer.from(header, "utf8")));
}

const good = [
  ["§5.3.1 one address", "From: a@bank.example", "bank.example"],
  ["§5.3.1 lower case", "From: A@Bank.EXAMPLE", "bank.example"],
  ["§5.3.1 U-label", "From: 太郎 <a@日本語.jp>", "xn--wgv71a119e.jp"],
  ["§5.3.1 ideographic full stop", "From: a@日本語。jp", "xn--wgv71a119e.jp"],
  ["§5.3.1 several addresses, one domain", "From: a@bank.example, b@BANK.example", "bank.example"],
  ["RFC 6854 group, one domain", "From: Team: a@bank.example, b@bank.example;", "bank.example"],
  ["RFC 5322 §3.2.2 comment", "From: a@evil.example (b@bank.example)", "evil.example"],
  ["RFC 5322 §3.2.2 comments all over", "From: (x) a (y) @ (z) evil.example (w)", "evil.example"],
  ["§11.4 display name", 'From: "x@bank.example" <a@evil.example>', "evil.example"],
  ["§11.4 encoded word", "From: =?utf-8?Q?x@bank.example?= <a@evil.example>", "evil.example"],
  ["RFC 5322 §3.4.1 quoted local part", 'From: "x@bank.example"@evil.example', "evil.example"],
  ["percent hack", "From: user%bank.example@evil.example", "evil.example"],
  ["bang path", "From: bank.example!user@evil.example", "evil.example"],
  ["address as an unquoted name", "From: a@bank.example <b@Bank.example>", "bank.example"],
  ["RFC 5322 §4.5.8 blank before the colon", "From : a@bank.example", "bank.example"],
  ["single label", "From: root@localhost", "localhost"],
  ["RFC 5322 §2.2.3 folded", "From: Joe\r\n <a\r\n @bank.example>", "bank.example"],
  [
    "other fields are not From",
    "Resent-From: a@evil.example\r\nFrom: a@bank.example\r\nFromage: b@c.example",
    "bank.example",
  ],
] as const;
test.each(good)("RFC 9989 %s: %j", (_section, header, domain) => {
  expect(authorOf(`Subject: x\r\n${header}\r\nTo: z@z.example\r\n`)).toEqual({ kind: "domain", domain });
});

type Bad = readonly [section: string, header: string, problem: FromProblem, domains: readonly string[]];
const bad: readonly Bad[] = [
  ["§4.4 absent", "Subject: x", "from-missing", []],
  [
    "§4.4 repeated",
    "From: a@evil.example\r\nFrom: b@bank.example",
    "from-multiple-fields",
    ["evil.example", "bank.example"],
  ],
  [
    "§4.4 repeated, same domain",
    "From: a@bank.example\r\nFROM: a@bank.example",
    "from-multiple-fields",
    ["bank.example"],
  ],
  ["§4.4 repeated, one empty", "From: a@bank.example\r\nFrom:", "from-multiple-fields", ["bank.example"]],
  [
    "§4.4 repeated, blank before the colon",
    "From: a@evil.example\r\nFrom : b@bank.example",
    "from-multiple-fields",
    ["evil.example", "bank.example"],
  ],
  [
    "§4.4 a line with NUL in its name",
    "From: a@evil.example\r\nFrom\0: b@bank.example",
    "from-multiple-fields",
    ["evil.example"],
  ],
  [
    "§4.4 behind a bare LF",
    "Subject: x\nFrom: b@bank.example\r\nFrom: a@evil.example",
    "from-multiple-fields",
    ["evil.example"],
  ],
  [
    "§4.4 behind a bare CR",
    "Subject: x\rFrom: b@bank.example\r\nFrom: a@evil.example",
    "from-multiple-fields",
    ["evil.example"],
  ],
  [
    "§11.5 two domains",
    "From: a@evil.example, b@bank.example",
    "from-multiple-domains",
    ["evil.example", "bank.example"],
  ],
  [
    "§11.5 parent and child",
    "From: a@bank.example, b@www.bank.example",
    "from-multiple-domains",
    ["bank.example", "www.bank.example"],
  ],
  [
    "§11.5 group of two domains",
    "From: T: a@evil.example, b@bank.example;",
    "from-multiple-domains",
    ["evil.example", "bank.example"],
  ],
  ["§5.3.1 zero, empty", "From:", "from-no-address", []],
  ["§5.3.1 zero, name only", "From: MAILER-DAEMON", "from-no-address", []],
  ["§5.3.1 zero, null path", "From: <>", "from-no-address", []],
  ["RFC 6854 empty group", "From: Undisclosed:;", "from-no-address", []],
  ["encoded address", "From: =?utf-8?B?YUBiYW5rLmV4YW1wbGU=?=", "from-no-address", []],
  ["§5.3.1 literal", "From: a@[192.0.2.1]", "from-domain-invalid", []],
  [
    "§5.3.1 literal beside a domain",
    "From: a@[192.0.2.1], b@bank.example",
    "from-domain-invalid",
    ["bank.example"],
  ],
  ["address without brackets", "From: a@192.0.2.1", "from-domain-invalid", []],
  ["underscores and hyphens only are odd, others wrong", "From: a@b$c.example", "from-domain-invalid", []],
  ["label over 63 octets", `From: a@${"b".repeat(64)}.example`, "from-domain-invalid", []],
  ["name over 253 octets", `From: a@${"b.".repeat(130)}example`, "from-domain-invalid", []],
  ["two @", "From: a@bank.example@evil.example", "from-syntax", ["bank.example", "evil.example"]],
  ["two angles", "From: <a@bank.example> <b@evil.example>", "from-syntax", ["bank.example", "evil.example"]],
  [
    "address before an angle",
    "From: a@bank.example <b@evil.example>",
    "from-syntax",
    ["bank.example", "evil.example"],
  ],
  [
    "address behind an angle",
    "From: <a@evil.example> b@bank.example",
    "from-syntax",
    ["evil.example", "bank.example"],
  ],
  ["missing >", "From: Joe <a@bank.example", "from-syntax", ["bank.example"]],
  ["missing <", "From: Joe a@bank.example>", "from-syntax", ["bank.example"]],
  ["trailing junk", "From: <a@bank.example> x", "from-syntax", ["bank.example"]],
  ["unbalanced quote", 'From: "Joe <a@bank.example>', "from-syntax", []],
  ["unbalanced quote behind", 'From: a@bank.example "x', "from-syntax", ["bank.example"]],
  ["unbalanced comment", "From: a@bank.example (x", "from-syntax", ["bank.example"]],
  ["source route", "From: <@bank.example:a@evil.example>", "from-syntax", ["bank.example", "evil.example"]],
  ["NUL", "From: a@bank.example\0.evil.example", "from-syntax", []],
  [
    "NUL between addresses",
    "From: <a@evil.example>\0<b@bank.example>",
    "from-syntax",
    ["evil.example", "bank.example"],
  ],
  ["bare LF", "From: a@evil.example,\n b@bank.example", "from-syntax", ["evil.example", "bank.example"]],
  ["bare CR", "From: a@evil.example\r (x)", "from-syntax", []],
  ["comment inside the domain", "From: a@bank.example(x).evil.example", "from-syntax", ["bank.example"]],
  ["white space inside the domain", "From: a@bank.example .evil.example", "from-syntax", ["bank.example"]],
  [
    "quoted pair before a comma",
    "From: <a@bank.example>\\, <b@evil.example>",
    "from-syntax",
    ["bank.example", "evil.example"],
  ],
  ["unquoted comma", "From: Doe, Joe <a@bank.example>", "from-syntax", ["bank.example"]],
  [
    "semicolon as a comma",
    "From: a@evil.example; b@bank.example",
    "from-syntax",
    ["evil.example", "bank.example"],
  ],
  [
    "encoded word in the address",
    "From: =?utf-8?B?YUBiYW5rPg==?=@evil.example",
    "from-syntax",
    ["evil.example"],
  ],
  ["angle in a comment", "From: (<b@bank.example>) a@evil.example", "from-syntax", ["evil.example"]],
  ["domain missing", "From: a@", "from-syntax", []],
  ["local part missing", "From: @bank.example", "from-syntax", ["bank.example"]],
  ["final dot", "From: a@bank.example.", "from-syntax", ["bank.example"]],
];
test.each(bad)("RFC 9989 %s: %j", (_section, header, problem, domains) => {
  expect(authorOf(`${header}\r\nTo: z@z.example\r\n`)).toEqual({ kind: "problem", problem, domains });
});

test("a From that a truncated header may hide: RFC 9989 §4.4", () => {
  const head = parseHead(Buffer.from("From: a@bank.example\r\n"));
  expect(authorDomain({ ...head, truncated: true })).toMatchObject({ problem: "from-syntax" });
});

test("many spellings of one domain do not hide another behind a limit", () => {
  const spellings = Array.from({ length: 64 }, (_, bits) =>
    [..."evilx.test"].map((c, i) => ((bits >> i) & 1 ? c.toUpperCase() : c)).join(""),
  );
  const from = [...spellings, "bank.example"].map((domain) => `a@${domain}`).join(", ");
  expect(authorOf(`From: ${from}\r\n`)).toMatchObject({ problem: "from-multiple-domains" });
});

const piece = fc.constantFrom(
  ...'@@<>(),:;\\"[].\0\n\r ',
  "\r\n ",
  "\r\nFrom: ",
  "a",
  "bank.example",
  "evil.example",
  "日本",
);
const hostile = fc.array(piece, { maxLength: 30 }).map((pieces) => `From: ${pieces.join("")}\r\n`);

test("never throws; a domain is one that is written behind an @, and the only one", () => {
  fc.assert(
    fc.property(hostile, (header) => {
      const author = authorOf(header);
      if (author.kind === "problem") return;
      const written = [...header.matchAll(/@[ \r\n]*([a-z.日本]+)/g)].map(([, domain]) => domain ?? "");
      const domains = written.map(toAsciiDomain);
      // Names inside quotes and comments are not addresses.
      if (!/["(]/.test(header)) expect(new Set(domains)).toEqual(new Set([author.domain]));
    }),
    { numRuns: 5000 },
  );
});
