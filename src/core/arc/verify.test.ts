import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { type SealingRequest, sealMessage } from "../../../test/seal-message.ts";
import { fixedClock } from "../clock.ts";
import { type MemoryResolver, type MemoryZone, memoryResolver } from "../dns/memory.ts";
import { parseHead } from "../message/message.ts";
import type { ArcResult } from "../results.ts";
import { openArcVerification } from "./verify.ts";

const rsa = rsaTestKey(1024);
const ed25519 = ed25519TestKey(1);
const now = 1_700_000_000;
const keyName = "s1._domainkey.example.org";
const rsaRecord = `v=DKIM1; k=rsa; p=${rsa.publicText}`;
const baseZone: MemoryZone = {
  [keyName]: [{ TXT: rsaRecord }],
  "ed._domainkey.example.org": [{ TXT: `k=ed25519; p=${ed25519.publicText}` }],
  "s1._domainkey.other.example": [{ TXT: rsaRecord }],
};

const message =
  "Received: from b\r\nFrom: Joe <joe@example.com>\r\nTo: suzie@example.net\r\nSubject: Is  dinner\r\n\tready?  \r\n" +
  "Date: Fri, 11 Jul 2003 21:00:37 -0700\r\n\r\nHi.\r\n\r\nWe lost  the game. \r\n\r\n\r\n";
const bodyOctets = "Hi.\r\n\r\nWe lost the game.\r\n".length;

/** A set that is added, with what differs from a good one, or anything else that happens to the message. */
type Step = Partial<SealingRequest> | ((text: string) => string);

interface Row {
  readonly rule: string;
  readonly steps: readonly Step[];
  /** Beside, or instead of, the keys that are always there. */
  readonly zone?: MemoryZone;
  /** `pass` with the oldest-pass, `fail` with the problem, or `none`. */
  readonly is: string;
}

const seal: Step = {};

function built(steps: readonly Step[]): string {
  return steps.reduce<string>(
    (text, step) => (typeof step === "function" ? step(text) : sealMessage(text, { key: rsa, ...step })),
    message,
  );
}

async function validate(text: string, dns: MemoryResolver, cuts: readonly number[] = []): Promise<ArcResult> {
  const octets = Buffer.from(text, "latin1");
  const end = text.startsWith("\r\n") ? 0 : octets.indexOf("\r\n\r\n") + 2;
  const verification = openArcVerification(parseHead(octets.subarray(0, end)), {
    dns,
    clock: fixedClock(now * 1000),
  });
  const body = octets.subarray(end + 2);
  let from = 0;
  for (const cut of [...cuts, body.length]) {
    verification.body(body.subarray(from, cut));
    from = cut;
  }
  return verification.finish();
}

function validateRow({ steps, zone }: Pick<Row, "steps" | "zone">): Promise<ArcResult> {
  return validate(built(steps), memoryResolver({ ...baseZone, ...zone }));
}

function verdict({ result, problem, oldestPass }: ArcResult): string {
  return [result, problem ?? oldestPass].filter((part) => part !== undefined).join(" ");
}

function replaced(from: string | RegExp, to: string): Step {
  return (text) => {
    expect(text).toMatch(from);
    return text.replace(from, () => to);
  };
}

/** The newest field of that name goes. */
function without(name: string): Step {
  return replaced(new RegExp(`^${name}:.*\\r\\n(?:[ \\t].*\\r\\n)*`, "m"), "");
}

/** The newest field of that name stands there twice. */
function doubled(name: string): Step {
  return (text) => {
    const field = new RegExp(`^${name}:.*\\r\\n(?:[ \\t].*\\r\\n)*`, "m").exec(text)?.[0] ?? "";
    expect(field).not.toBe("");
    return field + text;
  };
}

const above =
  (text: string): Step =>
  (whole) =>
    text + whole;
const seals = (count: number): Step[] => Array.from({ length: count }, () => seal);
const newSubject = replaced("Is  dinner", "[list] Is  dinner");
const ed = { key: ed25519, sealTags: { s: "ed" }, messageTags: { s: "ed" } };

const rows: readonly Row[] = [
  // Step 1: collecting
  { rule: "§5.2 step 1 no ARC field", steps: [], is: "none" },
  { rule: "§5.2 step 1 one set", steps: [seal], is: "pass 0" },
  { rule: "§5.2 step 1 three sets", steps: seals(3), is: "pass 0" },
  { rule: "§4.2.1 fifty sets", steps: seals(50), is: "pass 0" },
  { rule: "§5.2 step 1 fifty-one sets", steps: seals(51), is: "fail too-many-sets" },
  { rule: "§5.2 step 1 i=51 alone", steps: [{ instance: 51 }], is: "fail too-many-sets" },
  {
    rule: "§5.2 step 1 fields beyond 150",
    steps: [above("ARC-Seal: i=1\r\n".repeat(151))],
    is: "fail too-many-sets",
  },
  {
    rule: "our limit of 256 KiB",
    steps: [{ results: ` mx.example.org; spf=pass (${"x".repeat(60_000)})` }, ...seals(4)],
    is: "pass 0",
  },
  {
    rule: "our limit of 256 KiB, gone beyond",
    steps: Array.from({ length: 5 }, () => ({ results: ` mx; spf=pass (${"x".repeat(60_000)})` })),
    is: "fail too-many-sets",
  },
  { rule: "§4.1 field names in any case", steps: [seal, replaced("ARC-Seal:", "aRC-sEAL :")], is: "pass 0" },
  { rule: "§3.9 i=01 is 1", steps: [{ messageTags: { i: "01" }, sealTags: { i: "01" } }], is: "pass 0" },
  { rule: "§3.9 i=0", steps: [{ sealTags: { i: "0" } }], is: "fail syntax" },
  { rule: "§3.9 i=001 has three digits", steps: [{ sealTags: { i: "001" } }], is: "fail syntax" },
  { rule: "§3.9 i=+1", steps: [{ messageTags: { i: "+1" } }], is: "fail syntax" },
  { rule: "§3.9 i=1.0", steps: [{ messageTags: { i: "1.0" } }], is: "fail syntax" },
  { rule: "§3.9 no i= in the seal", steps: [{ sealTags: { i: undefined } }], is: "fail syntax" },
  { rule: "§3.9 I= is no i=", steps: [{ sealTags: { i: undefined, I: "1" } }], is: "fail syntax" },
  // The grammar of ARC-Authentication-Results
  {
    rule: "§4.1.1 comments and folds around the instance",
    steps: [{ results: " (a) mx (b); spf=pass", instanceText: "(x (y))\r\n i (z) = (;)\r\n\t1 (i=2;) " }],
    is: "pass 0",
  },
  {
    rule: "§4.1.1 no semicolon after the instance",
    steps: [seal, replaced("Results: i=1;", "Results: i=1 ")],
    is: "fail syntax",
  },
  {
    rule: "§4.1.1 the instance not first",
    steps: [seal, replaced("Results: i=1;", "Results: mx; i=1;")],
    is: "fail syntax",
  },
  {
    rule: "§3.9 I= in front of the results",
    steps: [seal, replaced("Results: i=1;", "Results: I=1;")],
    is: "fail syntax",
  },
  { rule: "§3.4 results that cannot be read", steps: [{ results: ' "unclosed (((' }], is: "pass 0" },
  { rule: "§3.4 empty results", steps: [{ results: "" }], is: "pass 0" },
  {
    rule: "§4.1.4 UTF-8 in results",
    steps: [{ results: " mx; spf=pass smtp.mailfrom=\xe3\x81\x82@x.example" }],
    is: "pass 0",
  },
  // Step 2
  { rule: "§5.2 step 2 cv=fail, i=1", steps: [{ cv: "fail" }], is: "fail sealed-as-failed" },
  { rule: "§5.2 step 2 cv=fail, i=2", steps: [seal, { cv: "fail" }], is: "fail sealed-as-failed" },
  {
    rule: "§5.1.2 cv=fail over its own set",
    steps: [seal, { cv: "fail", scope: "own" }],
    is: "fail sealed-as-failed",
  },
  {
    rule: "§5.2 step 2 before step 3: cv=fail over a gap",
    steps: [{ instance: 7, cv: "fail" }],
    is: "fail sealed-as-failed",
  },
  // Step 3 A and B
  ...["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"].flatMap((name) => [
    { rule: `§5.2 step 3 A no ${name}`, steps: [seal, seal, without(name)], is: "fail incomplete-set" },
    { rule: `§5.2 step 3 A two of ${name}`, steps: [seal, doubled(name)], is: "fail incomplete-set" },
  ]),
  { rule: "§5.2 step 3 B begins at 2", steps: [{ instance: 2 }], is: "fail incomplete-set" },
  { rule: "§5.2 step 3 B gap", steps: [seal, { instance: 3 }], is: "fail incomplete-set" },
  {
    rule: "§5.2 step 3 B the order of fields is free",
    steps: [seal, seal, (text) => reversedArc(text)],
    is: "pass 0",
  },
  // Step 3 C
  { rule: "§5.2 step 3 C cv=pass, i=1", steps: [{ cv: "pass" }], is: "fail chain-value" },
  { rule: "§5.2 step 3 C cv=none, i=2", steps: [seal, { cv: "none" }], is: "fail chain-value" },
  { rule: "§5.2 step 3 C cv=fail below", steps: [{ cv: "fail" }, seal], is: "fail chain-value" },
  { rule: "§5.2 step 3 C cv= unknown", steps: [{ cv: "maybe" }], is: "fail chain-value" },
  { rule: "§5.2 step 3 C no cv=", steps: [{ sealTags: { cv: undefined } }], is: "fail chain-value" },
  { rule: "§3.9, RFC 5234 §2.3 cv=None", steps: [{ cv: "None" }, { cv: "PASS" }], is: "pass 0" },
  // Step 4: the newest message signature
  {
    rule: "§5.2 step 4 body changed",
    steps: [seal, replaced("game", "match")],
    is: "fail message-signature",
  },
  { rule: "§5.2 step 4 signed field changed", steps: [seal, newSubject], is: "fail message-signature" },
  { rule: "§5.2 step 4 field that is not signed", steps: [seal, replaced("from b", "from c")], is: "pass 0" },
  { rule: "§4.1.2 simple", steps: [{ canonicalization: ["simple", "simple"] }], is: "pass 0" },
  {
    rule: "§4.1.2 simple, white space added",
    steps: [{ canonicalization: ["simple", "simple"] }, replaced("Hi.", "Hi. ")],
    is: "fail message-signature",
  },
  { rule: "§4.1.2 relaxed, white space added", steps: [seal, replaced("Hi.", "Hi. ")], is: "pass 0" },
  {
    rule: "§4.1.2 no c=, made simple",
    steps: [{ canonicalization: ["simple", "simple"], messageTags: { c: undefined } }],
    is: "pass 0",
  },
  {
    rule: "no c=, made relaxed, as in the test suite",
    steps: [{ messageTags: { c: undefined } }],
    is: "pass 0",
  },
  {
    rule: "no c=, made otherwise",
    steps: [
      { canonicalization: ["relaxed", "simple"], messageTags: { c: undefined } },
      replaced("Hi.", "Hi. "),
    ],
    is: "fail message-signature",
  },
  { rule: "§4.1.2 v= is ignored", steps: [{ messageTags: { v: "7" } }], is: "pass 0" },
  { rule: "§4.1.2 unknown tag", steps: [{ messageTags: { xx: "y" } }], is: "pass 0" },
  {
    rule: "§4.1.2 seals are not covered",
    steps: [seal, { signed: ["from", "arc-seal"] }],
    is: "fail syntax",
  },
  {
    rule: "§4.1.2 other ARC fields covered",
    steps: [seal, { signed: ["from", "arc-message-signature", "arc-authentication-results"] }],
    is: "pass 0",
  },
  { rule: "RFC 6376 §3.5 q= other than dns/txt", steps: [{ messageTags: { q: "http" } }], is: "fail syntax" },
  { rule: "RFC 6376 §3.5 t= is no number", steps: [{ messageTags: { t: "soon" } }], is: "fail syntax" },
  {
    rule: "RFC 6376 §3.5 x= past",
    steps: [{ messageTags: { x: String(now - 1) } }],
    is: "fail message-signature",
  },
  { rule: "RFC 6376 §3.5 x= to come", steps: [{ messageTags: { x: String(now + 1) } }], is: "pass 0" },
  { rule: "RFC 6376 §3.5 l= the whole body", steps: [{ bodyLength: bodyOctets }], is: "pass 0" },
  { rule: "RFC 6376 §8.2 l= a part of the body", steps: [{ bodyLength: 4 }], is: "fail message-signature" },
  {
    rule: "RFC 6376 §8.2 l= and more behind",
    steps: [{ bodyLength: bodyOctets }, (text) => `${text}more\r\n`],
    is: "fail message-signature",
  },
  {
    rule: "RFC 6376 §3.5 l= beyond the body",
    steps: [{ bodyLength: bodyOctets, messageTags: { l: String(bodyOctets + 1) } }],
    is: "fail message-signature",
  },
  {
    rule: "RFC 8301 §3.1 message signature with SHA-1",
    steps: [{ hash: "sha1", sealTags: { a: "rsa-sha256" } }],
    is: "fail message-signature",
  },
  { rule: "RFC 6376 §3.5 a= unknown", steps: [{ messageTags: { a: "rsa-md5" } }], is: "fail syntax" },
  ...["a", "b", "bh", "d", "h", "s"].map((name) => ({
    rule: `RFC 6376 §3.5 message signature without ${name}=`,
    steps: [{ messageTags: { [name]: undefined } }],
    is: "fail syntax",
  })),
  // Step 5
  { rule: "§5.2 step 5 the list changed the subject", steps: [seal, newSubject, seal], is: "pass 2" },
  {
    rule: "§5.2 step 5 changed twice",
    steps: [seal, newSubject, seal, newSubject, seal, seal],
    is: "pass 3",
  },
  {
    rule: "§5.2 step 5 B changed and changed back",
    steps: [seal, newSubject, seal, replaced("[list] ", "")],
    is: "fail message-signature",
  },
  {
    rule: "§5.2 step 5 stops at the first: M+1 although an older one verifies",
    steps: [{ signed: ["from"] }, seal, newSubject, seal],
    is: "pass 3",
  },
  {
    rule: "§5.2 step 5 A older signature of another syntax",
    steps: [{ messageTags: { h: undefined } }, seal],
    is: "pass 2",
  },
  {
    rule: "§5.2 step 5 A key of an older signature is gone",
    steps: [{ messageTags: { s: "gone" } }, seal],
    is: "pass 2",
  },
  {
    rule: "§5.2 step 5 A an older signature has expired",
    steps: [{ messageTags: { x: "1" } }, seal],
    is: "pass 2",
  },
  // Step 6
  { rule: "§5.2 step 6 seal changed", steps: [seal, replaced("cv=none", "cv=none; t=1")], is: "fail seal" },
  {
    rule: "§5.1.1 results changed",
    steps: [seal, seal, replaced("i=1; mx.example.org; spf=pass", "i=1; mx.example.org; spf=fail")],
    is: "fail seal",
  },
  {
    rule: "§5.1.1 a blank more at a place without one",
    steps: [seal, replaced("; spf=pass", " ; spf=pass")],
    is: "fail seal",
  },
  {
    rule: "§5.1.1 a blank becomes a fold",
    steps: [seal, replaced("; spf=pass", ";\r\n spf=pass")],
    is: "pass 0",
  },
  {
    rule: "§5.1.1 older message signature changed",
    steps: [
      seal,
      seal,
      (text) =>
        text.slice(0, text.lastIndexOf("h=from:to")) +
        text.slice(text.lastIndexOf("h=from:to")).replace("from:to", "From:to"),
    ],
    is: "fail seal",
  },
  {
    rule: "§5.1.1 the newest set taken out",
    steps: [
      seal,
      seal,
      seal,
      without("ARC-Seal"),
      without("ARC-Message-Signature"),
      without("ARC-Authentication-Results"),
    ],
    is: "pass 0",
  },
  {
    rule: "§5.1.1 the oldest set made anew",
    steps: [seal, seal, (text) => withoutSet(text, 1), { instance: 1, results: " mx; spf=none" }],
    is: "fail seal",
  },
  { rule: "§5.1.2 own set only, though cv=pass", steps: [seal, { scope: "own" }], is: "fail seal" },
  { rule: "§4.1.3 h= in a seal", steps: [{ sealTags: { h: "from" } }], is: "fail syntax" },
  { rule: "§4.1.3 h= in an older seal", steps: [{ sealTags: { h: "" } }, seal], is: "fail syntax" },
  {
    rule: "§4.1.3 unknown tags, and DKIM's others",
    steps: [{ sealTags: { xx: "y", l: "x", x: "1", c: "simple", bh: "" } }],
    is: "pass 0",
  },
  { rule: "§4.1.3 t= is no number", steps: [{ sealTags: { t: "-1" } }], is: "fail syntax" },
  {
    rule: "RFC 8301 §3.1 seal with SHA-1",
    steps: [{ hash: "sha1", messageTags: { a: "rsa-sha256" } }],
    is: "fail message-signature",
  },
  { rule: "RFC 8301 §3.1 seal says SHA-1", steps: [{ sealTags: { a: "rsa-sha1" } }], is: "fail seal" },
  ...["a", "b", "d", "s"].map((name) => ({
    rule: `§4.1.3 seal without ${name}=`,
    steps: [{ sealTags: { [name]: undefined } }],
    is: "fail syntax",
  })),
  {
    rule: "RFC 6376 §3.2 tag twice in a seal",
    steps: [seal, replaced("ARC-Seal: i=1;", "ARC-Seal: i=1; i=1;")],
    is: "fail syntax",
  },
  {
    rule: "§3.9 a comment behind the first semicolon",
    steps: [{ instanceText: "i=1; (x) y=" }],
    is: "fail syntax",
  },
  // Keys
  {
    rule: "§4.1.3 seal and message signature by different domains",
    steps: [{ sealTags: { d: "other.example" } }],
    is: "pass 0",
  },
  {
    rule: "§4.1.4 U-labels",
    steps: [{ sealTags: { d: "b\xc3\xbccher.example" }, messageTags: { s: "\xe6\x97\xa5" } }],
    zone: {
      "s1._domainkey.xn--bcher-kva.example": [{ TXT: rsaRecord }],
      "xn--wgv._domainkey.example.org": [{ TXT: rsaRecord }],
    },
    is: "pass 0",
  },
  { rule: "RFC 8463 Ed25519", steps: [ed, seal, ed], is: "pass 0" },
  { rule: "RFC 8463 Ed25519, seal changed", steps: [ed, replaced("cv=none", "cv=none ")], is: "fail seal" },
  { rule: "§5.2.1 no key", steps: [{ messageTags: { s: "gone" } }], is: "fail no-key" },
  { rule: "§5.2.1 no key for a seal", steps: [{ sealTags: { s: "gone" } }], is: "fail no-key" },
  { rule: "§5.2.1 no key for an older seal", steps: [{ sealTags: { s: "gone" } }, seal], is: "fail no-key" },
  { rule: "§5.2.1 DNS failure", steps: [seal], zone: { [keyName]: ["TIMEOUT"] }, is: "fail dns-failure" },
  {
    rule: "§5.2.1 DNS failure for an older seal",
    steps: [{ sealTags: { s: "slow" } }, seal],
    zone: { "slow._domainkey.example.org": ["SERVFAIL"] },
    is: "fail dns-failure",
  },
  {
    rule: "§5.2 step 5 DNS failure for an older message signature",
    steps: [{ messageTags: { s: "slow" } }, seal],
    zone: { "slow._domainkey.example.org": ["SERVFAIL"] },
    is: "pass 2",
  },
  { rule: "RFC 6376 §3.6.1 revoked", steps: [seal], zone: { [keyName]: [{ TXT: "p=" }] }, is: "fail no-key" },
  {
    rule: "RFC 6376 §3.6.1 no key record",
    steps: [seal],
    zone: { [keyName]: [{ TXT: "v=spf1 -all" }] },
    is: "fail no-key",
  },
  {
    rule: "RFC 8301 §3.2 1016 bits",
    steps: [{ key: rsaTestKey(1016) }],
    zone: { [keyName]: [{ TXT: `p=${rsaTestKey(1016).publicText}` }] },
    is: "fail no-key",
  },
  {
    rule: "RFC 6376 §3.6.1 t=s has nothing to say here",
    steps: [seal],
    zone: { [keyName]: [{ TXT: `t=s; p=${rsa.publicText}` }] },
    is: "pass 0",
  },
  {
    rule: "RFC 6376 §3.6.1 t=y, and the seal holds",
    steps: [seal],
    zone: { [keyName]: [{ TXT: `t=y; p=${rsa.publicText}` }] },
    is: "pass 0",
  },
  {
    rule: "RFC 6376 §3.6.1 t=y, and it does not",
    steps: [seal, newSubject],
    zone: { [keyName]: [{ TXT: `t=y; p=${rsa.publicText}` }] },
    is: "fail message-signature",
  },
  {
    rule: "RFC 6376 §3.6.1 the key of somebody else",
    steps: [seal],
    zone: { [keyName]: [{ TXT: `p=${rsaTestKey(2048).publicText}` }] },
    is: "fail message-signature",
  },
];

function arcFields(text: string): { readonly arc: string[]; readonly rest: string } {
  const end = text.indexOf("\r\n\r\n") + 2;
  const fields = text.slice(0, end).split(/(?<=\r\n)(?![ \t])/);
  const isArc = (field: string): boolean => /^arc-/i.test(field);
  return {
    arc: fields.filter(isArc),
    rest: fields.filter((field) => !isArc(field)).join("") + text.slice(end),
  };
}

function reversedArc(text: string): string {
  const { arc, rest } = arcFields(text);
  return arc.toReversed().join("") + rest;
}

function withoutSet(text: string, instance: number): string {
  const { arc, rest } = arcFields(text);
  return arc.filter((field) => !field.includes(` i=${instance};`)).join("") + rest;
}

test.each(rows)("RFC 8617 $rule", async (row) => {
  expect(verdict(await validateRow(row))).toBe(row.is);
});

describe("what is told of the chain", () => {
  test("sealers and sets stand from the newest to the oldest", async () => {
    const result = await validateRow({
      steps: [
        {
          results:
            " mx.a.example; spf=pass smtp.remote-ip=192.0.2.7; dkim=pass header.d=a.example; dmarc=pass",
        },
        {
          sealTags: { d: "other.example" },
          signed: ["to"],
          results: ' b; arc=pass smtp.remote-ip="2001:DB8:0::7"',
        },
      ],
    });
    expect(result).toEqual({
      method: "arc",
      result: "pass",
      instances: 2,
      sealers: ["other.example", "example.org"],
      oldestPass: 0,
      sets: [
        {
          instance: 2,
          domain: "other.example",
          selector: "s1",
          chainValidation: "pass",
          signsFrom: false,
          claims: ["arc=pass"],
          remoteIp: "2001:db8::7",
        },
        {
          instance: 1,
          domain: "example.org",
          selector: "s1",
          chainValidation: "none",
          signsFrom: true,
          claims: ["spf=pass", "dkim=pass", "dmarc=pass"],
          remoteIp: "192.0.2.7",
        },
      ],
    });
  });

  test("of a broken chain the sets that can be read", async () => {
    const result = await validateRow({ steps: [seal, seal, without("ARC-Seal")] });
    expect(result).toMatchObject({
      result: "fail",
      instances: 2,
      sealers: ["example.org"],
      sets: [{ instance: 1 }],
    });
    expect(result).not.toHaveProperty("oldestPass");
  });

  test.each([
    { results: " mx; dmarc=pass header.from=A.Example", is: ["a.example"] },
    { results: " mx; dmarc=pass header.from=u@日本語.example", is: ["xn--wgv71a119e.example"] },
    {
      results: " mx; dmarc=pass header.from=a.example; dmarc=fail header.from=b.example",
      is: ["a.example", "b.example"],
    },
    { results: ' mx; dmarc=pass header.from="not a domain"', is: [""] },
    { results: " mx; dmarc=pass policy.from=a.example; dkim=pass header.from=b.example", is: undefined },
  ])("RFC 9989 §9.1: whom DMARC was found for,$results", async ({ results, is }) => {
    const { sets } = await validateRow({ steps: [{ results: Buffer.from(results).toString("latin1") }] });
    expect(sets[0]?.authors).toEqual(is);
  });

  test("claims are bounded", async () => {
    const results = ` mx${Array.from({ length: 90 }, (_, index) => `; x${index}=pass; spf=pass`).join("")}`;
    const { sets } = await validateRow({ steps: [{ results }] });
    expect(sets[0]?.claims).toHaveLength(16);
    expect(sets[0]?.claims.slice(0, 3)).toEqual(["x0=pass", "spf=pass", "x1=pass"]);
  });

  test("without a chain nothing", async () => {
    expect(await validateRow({ steps: [] })).toEqual({
      method: "arc",
      result: "none",
      instances: 0,
      sealers: [],
      sets: [],
    });
  });
});

describe("DNS", () => {
  const selectors = (count: number): Step[] =>
    Array.from({ length: count }, (_, index) => ({
      sealTags: { s: `a${index + 1}` },
      messageTags: { s: `m${index + 1}` },
    }));

  test("keys of the newest sets are asked at once, each name once", () => {
    const dns = memoryResolver(baseZone);
    openArcVerification(parseHead(Buffer.from(built(selectors(3)), "latin1")), { dns, clock: fixedClock(0) });
    expect(dns.asked).toHaveLength(6);
    const same = memoryResolver(baseZone);
    openArcVerification(parseHead(Buffer.from(built(seals(3)), "latin1")), {
      dns: same,
      clock: fixedClock(0),
    });
    expect(same.asked).toEqual([`${keyName} TXT`]);
  });

  test("§9.2: a forged chain of fifty sets asks for eight", async () => {
    const dns = memoryResolver(baseZone);
    expect(await validate(built(selectors(50)), dns)).toMatchObject({ result: "fail", problem: "no-key" });
    expect(dns.asked).toHaveLength(8);
  });

  test("a chain of broken structure asks for none, and wants no body", () => {
    const dns = memoryResolver(baseZone);
    const head = parseHead(Buffer.from(built([seal, { cv: "none" }]), "latin1"));
    expect(openArcVerification(head, { dns, clock: fixedClock(0) }).needsBody).toBe(false);
    expect(dns.asked).toEqual([]);
  });

  test("a resolver that rejects has failed", async () => {
    const dns = { query: () => Promise.reject(new Error("no")) };
    const head = parseHead(Buffer.from(built([seal]), "latin1"));
    const verification = openArcVerification(head, { dns, clock: fixedClock(0) });
    expect(await verification.finish()).toMatchObject({ result: "fail", problem: "dns-failure" });
  });
});

test("a head that was cut off fails", async () => {
  const octets = Buffer.from(built([seal]), "latin1");
  const verification = openArcVerification(
    { ...parseHead(octets), truncated: true },
    { dns: memoryResolver(baseZone), clock: fixedClock(0) },
  );
  expect(await verification.finish()).toMatchObject({ result: "fail", problem: "too-many-sets" });
});

describe("properties", () => {
  const changedList = built([seal, newSubject, { canonicalization: ["simple", "simple"] }, seal]);

  test("however the body is cut, the result is the same", async () => {
    const body = changedList.length - changedList.indexOf("\r\n\r\n") - 4;
    const whole = await validate(changedList, memoryResolver(baseZone));
    expect(verdict(whole)).toBe("pass 2");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: body }), { maxLength: 6 }), async (cuts) => {
        const sorted = cuts.toSorted((a, b) => a - b);
        expect(await validate(changedList, memoryResolver(baseZone), sorted)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  test("an octet changed in the chain never throws, and passes only where it means nothing", async () => {
    const end = changedList.lastIndexOf("Received:");
    await fc.assert(
      fc.asyncProperty(fc.nat(end - 1), fc.integer({ min: 0, max: 255 }), async (at, octet) => {
        const text = changedList.slice(0, at) + String.fromCharCode(octet) + changedList.slice(at + 1);
        const { result, problem } = await validate(text, memoryResolver(baseZone));
        expect(result === "fail").toBe(problem !== undefined);
      }),
      { numRuns: 500 },
    );
  });

  test("any octets in the three fields", async () => {
    const octets = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString("latin1"));
    await fc.assert(
      fc.asyncProperty(octets, octets, octets, async (a, b, c) => {
        const text = `ARC-Seal:${a}\r\nARC-Message-Signature:${b}\r\nARC-Authentication-Results:${c}\r\n${message}`;
        expect((await validate(text, memoryResolver(baseZone))).result).not.toBe("pass");
      }),
      { numRuns: 300 },
    );
  });
});
