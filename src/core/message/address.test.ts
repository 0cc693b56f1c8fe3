import fc from "fast-check";
import { expect, test } from "vitest";
import { type AddressDefect, addressLimits, parseAddressList } from "./address.ts";

/** UTF-8 octets, one a character, as `rawValue` hands them over. */
function octets(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

type Row = readonly [section: string, value: string, mailboxes: readonly string[]];

// A mailbox is written as "display name|local part|domain"; without a display name as "local part|domain".
const clean: readonly Row[] = [
  ["RFC 5322 §3.4 addr-spec", "a@b.example", ["a|b.example"]],
  [
    "RFC 5322 §3.4 name-addr",
    "Joe Q. Public <john.q.public@example.com>",
    ["Joe Q. Public|john.q.public|example.com"],
  ],
  [
    "RFC 5322 §A.1.2",
    '"Joe Q. Public" <john.q.public@example.com>',
    ["Joe Q. Public|john.q.public|example.com"],
  ],
  [
    "RFC 5322 §A.1.2",
    '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
    ["boss|nil.test", 'Giant; "Big" Box|sysservices|example.net'],
  ],
  [
    "RFC 5322 §A.1.3 group",
    "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
    ["Ed Jones|c|a.test", "joe|where.test", "John|jdoe|one.test"],
  ],
  ["RFC 5322 §A.1.3 empty group", "Undisclosed recipients:;", []],
  [
    "RFC 5322 §A.5 comments",
    "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
    ["Pete|pete|silly.test"],
  ],
  ["RFC 5322 §A.6.1 null members", " , a@b.example,, c@d.example ,", ["a|b.example", "c|d.example"]],
  ["RFC 5322 §3.2.2 folding", "Joe\r\n <a@b.example>\r\n\t(comment\r\n folded)", ["Joe|a|b.example"]],
  ["RFC 5322 §3.2.2 nested comment", "((a(b)c))a@b.example(())", ["a|b.example"]],
  ["RFC 5322 §3.2.4 quoted local part", '"a b@c"@d.example', ["a b@c|d.example"]],
  ["RFC 5322 §3.4.1 white space round @", "a @ b.example", ["a|b.example"]],
  [
    "RFC 5322 §3.4.1 domain literal",
    "a@[192.0.2.1], b@[IPv6:2001:db8::1]",
    ["a|[192.0.2.1]", "b|[IPv6:2001:db8::1]"],
  ],
  ["RFC 6532 §3.2 UTF-8", octets("山田 <太郎@例え.jp>"), ["山田|太郎|例え.jp"]],
  ["RFC 2047 §5 encoded word", "=?utf-8?B?5bGx?= <a@b.example>", ["=?utf-8?B?5bGx?=|a|b.example"]],
  ["RFC 2047 §5 @ inside", "=?utf-8?Q?x@y.example?= <a@b.example>", ["=?utf-8?Q?x@y.example?=|a|b.example"]],
  ["RFC 5322 §4.1 periods", "Dr. J. Doe Jr. <a@b.example>", ["Dr. J. Doe Jr.|a|b.example"]],
  ["mobile carriers' local parts", "foo..bar.@docomo.example", ["foo..bar.|docomo.example"]],
  ["brackets in a name", "[list 12] Joe <a@b.example>", ["[list 12] Joe|a|b.example"]],
  ["percent hack", "user%bank.example@evil.example", ["user%bank.example|evil.example"]],
  ["octets that are no UTF-8 in a name", "M\xfcller <a@b.example>", ["M\xfcller|a|b.example"]],
  ["nothing", "", []],
];

test.each(clean)("%s: %j", (_section, value, mailboxes) => {
  const list = parseAddressList(value);
  expect(list.defects).toEqual([]);
  expect(shown(list)).toEqual(mailboxes);
});

function shown({ mailboxes }: ReturnType<typeof parseAddressList>): readonly string[] {
  return mailboxes.map(({ displayName, localPart, domain }) =>
    (displayName === undefined ? [localPart, domain] : [displayName, localPart, domain]).join("|"),
  );
}

type BrokenRow = readonly [value: string, defects: readonly AddressDefect[], domains: readonly string[]];
const broken: readonly BrokenRow[] = [
  ["Joe Doe", ["no-address"], []],
  ["<>", ["no-address"], []],
  ["a@b@c", ["address-syntax"], ["b", "c"]],
  ["<a@b> <c@d>", ["text-after-address"], ["b", "d"]],
  ["<a@b>, <c@d", ["unclosed-angle"], ["b", "d"]],
  ["<a@b> junk", ["text-after-address"], ["b"]],
  ["a@b junk", ["address-syntax"], ["b"]],
  ["x@y <a@b>", ["address-in-display-name"], ["y", "b"]],
  ['"open <a@b>', ["unclosed-quote", "no-address"], []],
  ["a@b (open", ["unclosed-comment"], ["b"]],
  ["a@[192.0.2.1", ["unclosed-literal"], ["[192.0.2.1"]],
  ["a@[[x]", ["address-syntax"], ["[[x]"]],
  ["<@r,@s:a@b>", ["route"], ["r", "s", "b"]],
  ["(<x@y>) a@b", ["angle-in-comment"], ["b"]],
  [`${"(".repeat(17)}${")".repeat(17)} a@b`, ["comment-too-deep"], ["b"]],
  ["a@b (x).c", ["address-syntax"], ["b"]],
  ["a@b. c", ["address-syntax"], ["b."]],
  ["a@.b", ["address-syntax"], [".b"]],
  ["a@b.", ["address-syntax"], ["b."]],
  ['a@"b"', ["address-syntax"], ["b"]],
  ["a b@c", ["address-syntax"], ["c"]],
  ["@b", ["address-syntax"], ["b"]],
  ["a@", ["address-syntax"], []],
  ["=?a?q?b?=@c", ["encoded-word-in-address"], ["c"]],
  ["a@=?a?q?b?=", ["encoded-word-in-address", "address-syntax"], ["=?a?q?b?="]],
  ["a@=?a?q?b?=.c", ["encoded-word-in-address"], ["=?a?q?b?=.c"]],
  ["Mary Smith <@node.test:mary@example.net>", ["route"], ["node.test", "example.net"]],
  ["a\0@b", ["control-character"], ["b"]],
  ["a@b\0.c", ["control-character"], ["b\0.c"]],
  ["a@b\n c@d", ["control-character", "address-syntax"], ["b\n", "d"]],
  ["a@b\r\nc@d", ["control-character", "address-syntax"], ["b\r\nc", "d"]],
  ["Doe, Joe <a@b>", ["no-address"], ["b"]],
  ["a@b; c@d", ["address-syntax"], ["b", "d"]],
  ["G: a@b", ["group-syntax"], ["b"]],
  [": a@b;", ["group-syntax"], ["b"]],
  ["G: a@b; c@d", ["group-syntax"], ["b", "d"]],
  ["G: H: a@b;;", ["address-syntax", "group-syntax", "no-address"], ["b"]],
  ["x@y: a@b;", ["address-in-display-name"], ["y", "b"]],
  ["Re: x <a@b>", ["group-syntax"], ["b"]],
  ["a\\,b <c@d>", ["no-address"], ["d"]],
  ["a\\b <c@d>", ["display-name-syntax"], ["d"]],
  ["<a@b>\\, <c@d>", ["text-after-address"], ["b", "d"]],
  ["a@b\xff.example", ["not-utf8"], ["b\xff.example"]],
  ['"\x83\\" <a@b>, " <c@d>', ["ambiguous-octets"], ["d"]],
  ["\x83@ <a@b>", ["ambiguous-octets", "address-in-display-name"], ["b"]],
];

test.each(broken)("%j", (value, defects, domains) => {
  const list = parseAddressList(value);
  expect([...list.defects].sort()).toEqual([...defects].sort());
  expect(list.domains).toEqual(domains);
});

test("too long a value is cut, too many mailboxes are left out, and both are defects", () => {
  const long = parseAddressList(`a@b${" ".repeat(addressLimits.octets)}, c@d`);
  expect(long.defects).toEqual(["too-long"]);
  expect(long.mailboxes).toHaveLength(1);
  const many = parseAddressList("a@b,".repeat(addressLimits.mailboxes + 1));
  expect(many.defects).toEqual(["too-many-addresses"]);
  expect(many.mailboxes).toHaveLength(addressLimits.mailboxes);
});

const piece = fc.constantFrom(
  ...'@@<>(),:;\\"[]. \t',
  "\r\n ",
  "\n",
  "\0",
  "a",
  "b.example",
  "=?utf-8?q?x?=",
  "\x83",
  "\xe3\x81\x82",
);
const value = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

test("never throws, and a mailbox's domain is among the domains", () => {
  fc.assert(
    fc.property(value, (text) => {
      const list = parseAddressList(text);
      for (const { domain } of list.mailboxes) expect(list.domains).toContain(domain);
    }),
    { numRuns: 3000 },
  );
});

test("what was read without a defect reads the same when written out again", () => {
  const word = fc
    .stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}$/)
    .filter((text) => !text.includes("=?"));
  const mailbox = fc.record({
    name: fc.string({ unit: "grapheme-ascii", maxLength: 12 }),
    local: word,
    domain: word,
  });
  fc.assert(
    fc.property(fc.array(mailbox, { maxLength: 5 }), (boxes) => {
      const written = boxes.map(
        ({ name, local, domain }) => `"${name.replace(/["\\]/g, "\\$&")}" <${local}@${domain}>`,
      );
      const list = parseAddressList(written.join(", "));
      expect(list.defects).toEqual([]);
      expect(list.mailboxes).toEqual(
        boxes.map(({ name, local, domain }) => ({ displayName: name, localPart: local, domain })),
      );
    }),
  );
});
