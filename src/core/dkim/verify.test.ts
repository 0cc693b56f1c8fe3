import { describe, expect, test } from "vitest";
import { ed25519TestKey, rsaTestKey } from "../../../test/dkim-test-keys.ts";
import { type SigningRequest, signatureField } from "../../../test/sign-message.ts";
import { fixedClock } from "../clock.ts";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import { parseHead } from "../message/message.ts";
import type { DkimResult } from "../results.ts";
import { type DkimOptions, openDkimVerification } from "./verify.ts";

const rsa = rsaTestKey(1024);
const rsa2048 = rsaTestKey(2048);
const ed25519 = ed25519TestKey(1);
const rsaRecord = `v=DKIM1; k=rsa; p=${rsa.publicText}`;
const edRecord = `v=DKIM1; k=ed25519; p=${ed25519.publicText}`;
const now = 1_700_000_000;
const keyName = "s1._domainkey.example.com";

const header =
  "Received: from b\r\nReceived: from a\r\nFrom: Joe <joe@example.com>\r\nTo: suzie@example.net\r\n" +
  "Subject: Is  dinner\r\n\tready?  \r\nDate: Fri, 11 Jul 2003 21:00:37 -0700\r\n";
const body = "Hi.\r\n\r\nWe lost  the game. \r\n\r\n\r\n";

type Tags = Readonly<Record<string, string | undefined>>;
const baseTags: Tags = {
  v: "1",
  a: "rsa-sha256",
  c: "relaxed/relaxed",
  d: "example.com",
  s: "s1",
  h: "from:to:subject",
  bh: "{bh}",
  b: "{b}",
};

interface Row {
  readonly rule: string;
  /** Over the base tags; undefined leaves a tag out. */
  readonly tags?: Tags;
  /** Instead of tags. */
  readonly layout?: string;
  readonly sign?: Partial<SigningRequest>;
  /** What stands at the selector, one TXT record each; the RSA key when absent. */
  readonly keys?: readonly string[];
  readonly zone?: MemoryZone;
  /** What happens to the signed message on its way. */
  readonly change?: (message: string) => string;
  /** Put above the signed message. */
  readonly above?: string;
  readonly at?: number;
  readonly options?: DkimOptions;
  /** Result, problem, or "pass". */
  readonly is: string;
}

function layoutOf(tags: Tags): string {
  const texts = Object.entries({ ...baseTags, ...tags }).flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}=${value}`],
  );
  return texts.join(";");
}

function signRow({ tags = {}, layout, sign = {} }: Row): string {
  const request: SigningRequest = {
    header,
    body,
    key: rsa,
    canonicalization: ["relaxed", "relaxed"],
    signed: ["from", "to", "subject"],
    layout: layout ?? layoutOf(tags),
    ...sign,
  };
  return `${signatureField(request)}${request.header}\r\n${request.body}`;
}

async function verifyText(
  message: string,
  dns: DnsResolver,
  { at = now, options }: { readonly at?: number; readonly options?: DkimOptions } = {},
): Promise<readonly DkimResult[]> {
  const octets = Buffer.from(message, "latin1");
  const end = octets.indexOf("\r\n\r\n") + 2;
  const head = parseHead(octets.subarray(0, end));
  const clock = fixedClock(at * 1000);
  const verification = openDkimVerification(head, {
    dns,
    clock,
    ...(options === undefined ? {} : { options }),
  });
  verification.body(octets.subarray(end + 2));
  return verification.finish();
}

async function verifyRow(row: Row): Promise<readonly DkimResult[]> {
  const signed = signRow(row);
  const message = (row.above ?? "") + (row.change?.(signed) ?? signed);
  const zone = row.zone ?? { [keyName]: (row.keys ?? [rsaRecord]).map((text) => ({ TXT: text })) };
  return verifyText(message, memoryResolver(zone), row);
}

function verdict(result: DkimResult | undefined): string | undefined {
  return result?.problem === undefined ? result?.result : `${result.result} ${result.problem}`;
}

function replaced(from: string, to: string): (message: string) => string {
  return (message) => {
    expect(message).toContain(from);
    return message.replace(from, () => to);
  };
}

const ed: Row = { rule: "", tags: { a: "ed25519-sha256" }, sign: { key: ed25519 }, keys: [edRecord], is: "" };
const simple: Row = {
  rule: "",
  tags: { c: "simple/simple" },
  sign: { canonicalization: ["simple", "simple"] },
  is: "",
};
const relaxedLength = "Hi.\r\n\r\nWe lost the game.\r\n".length;

const rows: readonly Row[] = [
  // Algorithms
  { rule: "6376 §3.3.2 rsa-sha256, 1024 bits", is: "pass" },
  { rule: "8301 §3.2 2048 bits", sign: { key: rsa2048 }, keys: [`p=${rsa2048.publicText}`], is: "pass" },
  {
    rule: "8301 §3.2 4096 bits",
    sign: { key: rsaTestKey(4096) },
    keys: [`p=${rsaTestKey(4096).publicText}`],
    is: "pass",
  },
  {
    rule: "8301 §3.2 1016 bits",
    sign: { key: rsaTestKey(1016) },
    keys: [`p=${rsaTestKey(1016).publicText}`],
    is: "policy key-too-short",
  },
  {
    rule: "8301 §3.2 512 bits",
    sign: { key: rsaTestKey(512) },
    keys: [`p=${rsaTestKey(512).publicText}`],
    is: "policy key-too-short",
  },
  {
    rule: "8301 §3.2 short key, wrong signature",
    sign: { key: rsaTestKey(512) },
    keys: [`p=${rsaTestKey(512).publicText}`],
    change: replaced("Hi.", "Ho."),
    is: "policy key-too-short",
  },
  { rule: "8301 §3.2 local policy asks for more", options: { minRsaBits: 2048 }, is: "policy key-too-short" },
  {
    rule: "8301 §3.2 local policy cannot ask for less",
    options: { minRsaBits: 512 },
    sign: { key: rsaTestKey(512) },
    keys: [`p=${rsaTestKey(512).publicText}`],
    is: "policy key-too-short",
  },
  { rule: "8301 §3.1 rsa-sha1", tags: { a: "rsa-sha1" }, sign: { hash: "sha1" }, is: "policy sha1" },
  { ...ed, rule: "8463 §3 ed25519-sha256", is: "pass" },
  {
    ...ed,
    rule: "8463 §3 another key",
    keys: [`k=ed25519; p=${ed25519TestKey(2).publicText}`],
    is: "fail signature-mismatch",
  },
  { rule: "6376 §3.3.4 unknown algorithm", tags: { a: "rsa-sha512" }, is: "permerror unknown-algorithm" },
  { rule: "6376 §3.3.4 no algorithm at all", tags: { a: "" }, is: "permerror unknown-algorithm" },
  { rule: "6376 §3.5 a= in capitals (RFC 5234 §2.3)", tags: { a: "RSA-SHA256" }, is: "pass" },

  // Canonicalization
  { ...simple, rule: "6376 §3.4.1, §3.4.3 simple/simple", is: "pass" },
  {
    rule: "6376 §3.4 simple/relaxed",
    tags: { c: "simple/relaxed" },
    sign: { canonicalization: ["simple", "relaxed"] },
    is: "pass",
  },
  {
    rule: "6376 §3.4 relaxed/simple",
    tags: { c: "relaxed/simple" },
    sign: { canonicalization: ["relaxed", "simple"] },
    is: "pass",
  },
  {
    rule: "6376 §3.5 c=relaxed is relaxed/simple",
    tags: { c: "relaxed" },
    sign: { canonicalization: ["relaxed", "simple"] },
    is: "pass",
  },
  {
    rule: "6376 §3.5 no c= is simple/simple",
    tags: { c: undefined },
    sign: { canonicalization: ["simple", "simple"] },
    is: "pass",
  },
  {
    rule: "6376 §3.4 unknown canonicalization",
    tags: { c: "relaxed/nowsp" },
    is: "permerror signature-syntax",
  },
  { rule: "6376 §3.5 empty c=", tags: { c: "" }, is: "permerror signature-syntax" },
  {
    rule: "6376 §3.5 three names in c=",
    tags: { c: "relaxed/relaxed/relaxed" },
    is: "permerror signature-syntax",
  },
  {
    rule: "6376 §3.4.2 header refolded, relaxed",
    change: replaced("Is  dinner\r\n\tready?  ", "Is dinner ready?"),
    is: "pass",
  },
  {
    rule: "6376 §3.4.2 name in other letter case, relaxed",
    change: replaced("Subject: Is", "SUBJECT : \t Is"),
    is: "pass",
  },
  {
    ...simple,
    rule: "6376 §3.4.1 header refolded, simple",
    change: replaced("Is  dinner\r\n\tready?", "Is  dinner ready?"),
    is: "fail signature-mismatch",
  },
  {
    ...simple,
    rule: "6376 §3.4.1 name in other letter case, simple",
    change: replaced("Subject:", "subject:"),
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §3.4.4 blanks at line ends, relaxed",
    change: replaced("Hi.\r\n", "Hi. \t \r\n"),
    is: "pass",
  },
  {
    rule: "6376 §3.4.4 empty lines at the end, relaxed",
    change: (message) => `${message}\r\n \r\n`,
    is: "pass",
  },
  {
    ...simple,
    rule: "6376 §3.4.3 empty lines at the end, simple",
    change: (message) => `${message}\r\n\r\n`,
    is: "pass",
  },
  {
    ...simple,
    rule: "6376 §3.4.3 a line of blanks at the end, simple",
    change: (message) => `${message} \r\n`,
    is: "fail body-hash-mismatch",
  },
  {
    ...simple,
    rule: "6376 §3.4.3 blanks at line ends, simple",
    change: replaced("Hi.\r\n", "Hi. \r\n"),
    is: "fail body-hash-mismatch",
  },
  { rule: "6376 §3.4.4 empty body, relaxed", sign: { body: "" }, is: "pass" },
  {
    rule: "6376 §3.4.3 empty body, simple",
    tags: { c: "simple/simple" },
    sign: { body: "", canonicalization: ["simple", "simple"] },
    is: "pass",
  },
  {
    ...simple,
    rule: "6376 §3.4.3 empty body grown by CRLF, simple",
    sign: { body: "", canonicalization: ["simple", "simple"] },
    change: (message) => `${message}\r\n`,
    is: "pass",
  },
  {
    rule: "6376 §3.4.3 no CRLF at the end",
    tags: { c: "relaxed/simple" },
    sign: { body: "Hi.", canonicalization: ["relaxed", "simple"] },
    is: "pass",
  },
  {
    rule: "6376 §3.7 8-bit header and body",
    sign: { header: "From: \xc3\xa4\r\nTo: \xff\r\nSubject: \x80\r\n", body: "\xe3\x81\x82\xff\r\n" },
    is: "pass",
  },

  // The signature field itself
  {
    ...simple,
    rule: "6376 §3.7 folded b= is emptied exactly, simple",
    layout: " v=1; a=rsa-sha256; d=example.com; s=s1;\r\n h=from:to:subject; bh={bh};\r\n\tb=\r\n  {b}\r\n ",
    sign: { canonicalization: ["simple", "simple"], fold: "\r\n\t " },
    is: "pass",
  },
  {
    rule: "6376 §3.7 folded b= before other tags",
    layout: "v=1;b={b} ;a=rsa-sha256;c=relaxed/relaxed;d=example.com;s=s1;h=from:to:subject;bh={bh}",
    sign: { fold: " \r\n " },
    is: "pass",
  },
  {
    ...simple,
    rule: "6376 §3.7 b= with white space around its equals sign, simple",
    layout: "v=1;a=rsa-sha256;d=example.com;s=s1;h=from:to:subject;bh={bh}; b\t=\t{b} ;",
    sign: { canonicalization: ["simple", "simple"] },
    is: "pass",
  },
  {
    rule: "6376 §3.2 white space in every tag",
    layout:
      "\r\n v = 1 ;\ta= rsa-sha256 ; c =relaxed/relaxed; d\r\n =\r\n example.com ; s=s1; h=from \r\n : to\t: subject ;bh={bh};b={b} ;",
    is: "pass",
  },
  {
    rule: "6376 §3.5 bh= with white space inside",
    change: (message) => message,
    layout: layoutOf({ bh: " {bh} " }),
    is: "pass",
  },
  {
    rule: "6376 §3.2 tags in another order, trailing semicolon",
    layout: "b={b}; bh={bh}; h=from:to:subject; s=s1; d=example.com; c=relaxed/relaxed; a=rsa-sha256; v=1;",
    is: "pass",
  },
  { rule: "6376 §3.5 unknown tags are signed and ignored", tags: { xyz: "1 2", zz: "" }, is: "pass" },
  {
    rule: "6376 §3.5 unknown tag changed",
    tags: { xyz: "1" },
    change: replaced("xyz=1", "xyz=2"),
    is: "fail signature-mismatch",
  },
  { rule: "6376 §3.5 z= is for diagnosis only", tags: { z: "From:joe=20@example.com|To:x" }, is: "pass" },
  {
    rule: "6376 §3.2 duplicate tag",
    layout: `${layoutOf({})}; d=example.com`,
    is: "permerror signature-syntax",
  },
  { rule: "6376 §3.2 no equals sign", layout: `${layoutOf({})}; foo`, is: "permerror signature-syntax" },
  {
    rule: "6376 §3.2 nothing between semicolons",
    layout: `${layoutOf({})};;`,
    is: "permerror signature-syntax",
  },
  {
    rule: "6376 §3.2 tag names are case-sensitive",
    tags: { d: undefined, D: "example.com" },
    is: "permerror tag-missing",
  },
  { rule: "6376 §3.5 field name in other letter case", sign: { fieldName: "dkim-SIGNATURE" }, is: "pass" },

  // Required tags, version
  ...["v", "a", "bh", "d", "h", "s"].map((name) => ({
    rule: `6376 §6.1.1 no ${name}=`,
    tags: { [name]: undefined },
    is: "permerror tag-missing",
  })),
  { rule: "6376 §6.1.1 no b=", tags: { b: undefined }, is: "permerror tag-missing" },
  { rule: "6376 §6.1.1 v=2", tags: { v: "2" }, is: "permerror unknown-version" },
  { rule: "6376 §6.1.1 v=0.5", tags: { v: "0.5" }, is: "permerror unknown-version" },
  { rule: "6376 §6.1.1 empty v=", tags: { v: "" }, is: "permerror unknown-version" },
  { rule: "6376 §6.1.1 v=2 without other tags", layout: "v=2; a=x", is: "permerror unknown-version" },
  { rule: "6376 §2.10 empty b=", tags: { b: "" }, is: "permerror signature-syntax" },
  { rule: "6376 §2.10 empty bh=", tags: { bh: "" }, is: "permerror signature-syntax" },
  { rule: "6376 §2.10 bh= is no base64", tags: { bh: "!" }, is: "permerror signature-syntax" },
  { rule: "6376 §2.10 b= is no base64", tags: { b: "a-b_" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.7 bh= of another length", tags: { bh: "AAAA" }, is: "fail body-hash-mismatch" },

  // Domain, selector, identity
  { rule: "6376 §3.5 d= in capitals", tags: { d: "Example.COM" }, is: "pass" },
  { rule: "6376 §3.5 d= of one label", tags: { d: "com" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 d= with a final dot", tags: { d: "example.com." }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 empty d=", tags: { d: "" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 d= with a blank", tags: { d: "example .com" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 empty s=", tags: { s: "" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.1 s= with empty label", tags: { s: "a..b" }, is: "permerror signature-syntax" },
  {
    rule: "6376 §3.1 s= of two labels",
    tags: { s: "march2005.reykjavik" },
    zone: { "march2005.reykjavik._domainkey.example.com": [{ TXT: rsaRecord }] },
    is: "pass",
  },
  {
    rule: "1035 §2.3.4 s= with a label of 64 octets",
    tags: { s: "a".repeat(64) },
    is: "permerror signature-syntax",
  },
  {
    rule: "8616 §5 d= as U-label",
    tags: { d: "b\xc3\xbccher.example" },
    zone: { "s1._domainkey.xn--bcher-kva.example": [{ TXT: rsaRecord }] },
    is: "pass",
  },
  {
    rule: "8616 §5 d= as A-label",
    tags: { d: "xn--bcher-kva.example", i: "x@b\xc3\xbccher.example" },
    zone: { "s1._domainkey.xn--bcher-kva.example": [{ TXT: rsaRecord }] },
    is: "pass",
  },
  { rule: "8616 §5 d= that is no UTF-8", tags: { d: "b\xfccher.example" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 i= is d=", tags: { i: "joe@example.com" }, is: "pass" },
  { rule: "6376 §3.5 i= without local part", tags: { i: "@example.com" }, is: "pass" },
  { rule: "6376 §3.5 i= in a subdomain", tags: { i: "joe@a.b.example.com" }, is: "pass" },
  {
    rule: "6376 §6.1.1 i= in another domain",
    tags: { i: "joe@example.net" },
    is: "permerror identity-outside-domain",
  },
  {
    rule: "6376 §6.1.1 i= in a parent domain",
    tags: { d: "a.example.com", i: "joe@example.com" },
    is: "permerror identity-outside-domain",
  },
  {
    rule: "6376 §6.1.1 i= that only ends in d=",
    tags: { i: "joe@badexample.com" },
    is: "permerror identity-outside-domain",
  },
  {
    rule: "6376 §3.5 i= with a final dot",
    tags: { i: "joe@example.com." },
    is: "permerror signature-syntax",
  },
  { rule: "6376 §3.5 i= without @", tags: { i: "example.com" }, is: "permerror signature-syntax" },
  { rule: "6376 §2.11 i= quoted-printable", tags: { i: "joe=2Bx=\r\n 40a.example.com" }, is: "pass" },
  {
    rule: "6376 §2.11 i= quoted-printable in small letters",
    tags: { i: "joe=2bx@example.com" },
    is: "permerror signature-syntax",
  },
  {
    rule: "6376 §3.5 i= with a line end in its local part",
    tags: { i: "joe=0D=0A@example.com" },
    is: "permerror signature-syntax",
  },

  // h=
  {
    rule: "6376 §6.1.1 From not signed",
    tags: { h: "to:subject" },
    sign: { signed: ["to", "subject"] },
    is: "permerror signature-syntax",
  },
  { rule: "6376 §3.5 empty h=", tags: { h: "" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 empty name in h=", tags: { h: "from::to" }, is: "permerror signature-syntax" },
  {
    rule: "6376 §3.5 blank inside a name of h=",
    tags: { h: "from:to subject" },
    is: "permerror signature-syntax",
  },
  { rule: "6376 §3.5 h= in another letter case", tags: { h: "FROM:tO:Subject" }, is: "pass" },
  {
    rule: "6376 §3.7 order of h=",
    tags: { h: "subject:from:to" },
    sign: { signed: ["subject", "from", "to"] },
    is: "pass",
  },
  {
    rule: "6376 §3.7 h= in another order than signed",
    tags: { h: "subject:from:to" },
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §5.4.2 repeated field, lowest first",
    tags: { h: "from:received:received" },
    sign: { signed: ["from", "received", "received"] },
    is: "pass",
  },
  {
    rule: "6376 §5.4.2 one of two is the lower one",
    tags: { h: "from:received" },
    sign: { signed: ["from", "received"] },
    change: replaced("Received: from b", "Received: from c"),
    is: "pass",
  },
  {
    rule: "6376 §5.4.2 the lower one changed",
    tags: { h: "from:received" },
    sign: { signed: ["from", "received"] },
    change: replaced("Received: from a", "Received: from c"),
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §5.4.2 repeated fields swapped",
    tags: { h: "from:received:received" },
    sign: { signed: ["from", "received", "received"] },
    change: replaced("from b\r\nReceived: from a", "from a\r\nReceived: from b"),
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §5.4 missing field signed",
    tags: { h: "from:cc:to:subject" },
    sign: { signed: ["from", "cc", "to", "subject"] },
    is: "pass",
  },
  {
    rule: "6376 §5.4 missing field added later",
    tags: { h: "from:cc" },
    sign: { signed: ["from", "cc"] },
    above: "Cc: x\r\n",
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §5.4 oversigned From",
    tags: { h: "from:from:to" },
    sign: { signed: ["from", "from", "to"] },
    is: "pass",
  },
  {
    rule: "6376 §5.4 From added above an oversigned one",
    tags: { h: "from:from:to" },
    sign: { signed: ["from", "from", "to"] },
    above: "From: evil@example.org\r\n",
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §5.4 From added above one signed once",
    tags: { h: "from:to" },
    sign: { signed: ["from", "to"] },
    above: "From: evil@example.org\r\n",
    is: "pass",
  },
  {
    rule: "6376 §3.5 h= names DKIM-Signature, which is not itself",
    tags: { h: "from:dkim-signature" },
    sign: { signed: ["from", "dkim-signature"] },
    is: "pass",
  },

  // Body
  { rule: "6376 §6.1.3 body changed", change: replaced("Hi.", "Ho."), is: "fail body-hash-mismatch" },
  {
    rule: "6376 §6.1.3 body grown",
    change: (message) => `${message}more\r\n`,
    is: "fail body-hash-mismatch",
  },
  {
    rule: "6376 §6.1.3 signed field changed",
    change: replaced("suzie", "susie"),
    is: "fail signature-mismatch",
  },
  { rule: "6376 §6.1.3 unsigned field changed", change: replaced("Date: Fri", "Date: Sat"), is: "pass" },
  {
    rule: "6376 §6.1.3 signature changed",
    change: (message) => message.replace(/ b=(...)/, " b=AAA"),
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §3.5 l= is the whole body",
    tags: { l: String(relaxedLength) },
    sign: { bodyLength: relaxedLength },
    is: "pass",
  },
  {
    rule: "6376 §8.2 l= is less than the body",
    tags: { l: "10" },
    sign: { bodyLength: 10 },
    is: "policy body-not-covered",
  },
  {
    rule: "6376 §8.2 text added behind l=",
    tags: { l: String(relaxedLength) },
    sign: { bodyLength: relaxedLength },
    change: (message) => `${message}more\r\n`,
    is: "policy body-not-covered",
  },
  {
    rule: "6376 §8.2 l= is one octet less",
    tags: { l: String(relaxedLength - 1) },
    sign: { bodyLength: relaxedLength - 1 },
    is: "policy body-not-covered",
  },
  {
    rule: "6376 §3.5 text changed before l=",
    tags: { l: "10" },
    sign: { bodyLength: 10 },
    change: replaced("Hi.", "Ho."),
    is: "fail body-hash-mismatch",
  },
  {
    rule: "6376 §8.2 l= too short and a field changed",
    tags: { l: "10" },
    sign: { bodyLength: 10 },
    change: replaced("suzie", "susie"),
    is: "fail signature-mismatch",
  },
  { rule: "6376 §8.2 l=0", tags: { l: "0" }, sign: { bodyLength: 0 }, is: "policy body-not-covered" },
  {
    rule: "6376 §3.5 l=0 of an empty body, relaxed",
    tags: { l: "0" },
    sign: { bodyLength: 0, body: "" },
    is: "pass",
  },
  {
    rule: "6376 §3.4.3 l=0 of an empty body, simple",
    tags: { l: "0", c: "simple/simple" },
    sign: { bodyLength: 0, body: "", canonicalization: ["simple", "simple"] },
    is: "policy body-not-covered",
  },
  {
    rule: "6376 §3.5 l= is more than the body",
    tags: { l: String(relaxedLength + 1) },
    is: "fail body-hash-mismatch",
  },
  { rule: "6376 §3.5 l= of 76 digits", tags: { l: "9".repeat(76) }, is: "fail body-hash-mismatch" },
  { rule: "6376 §3.5 l= of 77 digits", tags: { l: "9".repeat(77) }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 l= is no number", tags: { l: "-1" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 empty l=", tags: { l: "" }, is: "permerror signature-syntax" },
  {
    rule: "6376 §3.4.4 l= counts after canonicalization",
    tags: { l: String(relaxedLength) },
    sign: { bodyLength: relaxedLength },
    change: replaced("lost  the", "lost \t\t the"),
    is: "pass",
  },

  // Times
  { rule: "6376 §3.5 t= in the past", tags: { t: String(now - 10) }, is: "pass" },
  { rule: "6376 §3.5 t= in the future", tags: { t: String(now + 1_000_000) }, is: "pass" },
  { rule: "6376 §3.5 x= in the future", tags: { t: String(now), x: String(now + 10) }, is: "pass" },
  { rule: "6376 §3.5 x= is now", tags: { x: String(now) }, is: "pass" },
  { rule: "6376 §3.5 x= is past", tags: { x: String(now - 1) }, is: "policy signature-expired" },
  {
    rule: "6376 §3.5 x= is past, key not there",
    tags: { x: String(now - 1) },
    zone: {},
    is: "policy signature-expired",
  },
  {
    rule: "6376 §3.5 x= before t=",
    tags: { t: String(now + 20), x: String(now + 10) },
    is: "permerror signature-syntax",
  },
  {
    rule: "6376 §3.5 x= equal to t=",
    tags: { t: String(now + 10), x: String(now + 10) },
    is: "permerror signature-syntax",
  },
  { rule: "6376 §3.5 t= of 13 digits", tags: { t: "1".repeat(13) }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 x= of 12 digits", tags: { x: "9".repeat(12) }, is: "pass" },
  { rule: "6376 §3.5 t= is no number", tags: { t: "now" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 x= is no number", tags: { x: "1.5" }, is: "permerror signature-syntax" },

  // q=
  { rule: "6376 §3.5 q=dns/txt", tags: { q: "dns/txt" }, is: "pass" },
  { rule: "6376 §3.5 unknown methods are ignored beside dns/txt", tags: { q: "x509 : dns/txt" }, is: "pass" },
  { rule: "6376 §3.5 unknown methods only", tags: { q: "x509" }, is: "permerror signature-syntax" },
  { rule: "6376 §3.5 dns without txt", tags: { q: "dns" }, is: "permerror signature-syntax" },

  // Key queries
  { rule: "6376 §6.1.2 name does not exist", zone: {}, is: "permerror no-key" },
  { rule: "6376 §6.1.2 no TXT record", zone: { [keyName]: [{ A: "192.0.2.1" }] }, is: "permerror no-key" },
  { rule: "6376 §6.1.2 timeout", zone: { [keyName]: ["TIMEOUT"] }, is: "temperror dns-failure" },
  { rule: "6376 §6.1.2 SERVFAIL", zone: { [keyName]: ["SERVFAIL"] }, is: "temperror dns-failure" },
  {
    rule: "6376 §6.1.2 key behind a CNAME",
    zone: { [keyName]: [{ CNAME: "k.example.net" }], "k.example.net": [{ TXT: rsaRecord }] },
    is: "pass",
  },
  {
    rule: "6376 §3.6.2.2 record in several strings",
    zone: { [keyName]: [{ TXT: [rsaRecord.slice(0, 100), rsaRecord.slice(100)] }] },
    is: "pass",
  },

  // Key records
  { rule: "6376 §3.6.1 v= and k= by default", keys: [`p=${rsa.publicText}`], is: "pass" },
  { rule: "6376 §3.6.1 RSAPublicKey as the text says", keys: [`p=${rsa.pkcs1Text}`], is: "pass" },
  {
    rule: "6376 §3.6.1 white space in p=",
    keys: [`p=${rsa.publicText.replace(/(.{50})/g, "$1 \t")}`],
    is: "pass",
  },
  {
    rule: "6376 §3.6.1 unknown tags",
    keys: [`v=DKIM1; g=*; n=a note, 100=25; x=; p=${rsa.publicText};`],
    is: "pass",
  },
  { rule: "6376 §3.6.1 another version", keys: [`v=DKIM2; p=${rsa.publicText}`], is: "permerror key-syntax" },
  {
    rule: "6376 §3.6.1 v= in small letters",
    keys: [`v=dkim1; p=${rsa.publicText}`],
    is: "permerror key-syntax",
  },
  {
    rule: "6376 §3.6.1 v= is not the first tag",
    keys: [`k=rsa; v=DKIM1; p=${rsa.publicText}`],
    is: "permerror key-syntax",
  },
  { rule: "6376 §3.6.1 empty p=", keys: ["v=DKIM1; p="], is: "permerror key-revoked" },
  { rule: "6376 §3.6.1 no p=", keys: ["v=DKIM1; k=rsa"], is: "permerror key-syntax" },
  { rule: "6376 §6.1.2 p= is no base64", keys: ["p=!!!!"], is: "permerror key-syntax" },
  { rule: "6376 §6.1.2 p= is no key", keys: ["p=AAAA"], is: "permerror key-syntax" },
  {
    rule: "6376 §6.1.2 p= is cut off",
    keys: [`p=${rsa.publicText.slice(0, 100)}`],
    is: "permerror key-syntax",
  },
  {
    rule: "6376 §6.1.2 escaped semicolons",
    keys: [`v=DKIM1\\; p=${rsa.publicText}`],
    is: "permerror key-syntax",
  },
  {
    rule: "6376 §6.1.2 record in quotation marks",
    keys: [`"v=DKIM1; p=${rsa.publicText}"`],
    is: "permerror key-syntax",
  },
  { rule: "6376 §6.1.2 duplicate tag", keys: [`p=${rsa.publicText}; p=`], is: "permerror key-syntax" },
  { rule: "6376 §6.1.2 another kind of record", keys: ["v=spf1 -all"], is: "permerror key-syntax" },
  { rule: "6376 §6.1.2 empty record", keys: [""], is: "permerror key-syntax" },
  { rule: "6376 §3.6.1 unknown key type", keys: [`k=dsa; p=${rsa.publicText}`], is: "permerror key-syntax" },
  { rule: "6376 §6.1.2 Ed25519 key for an RSA signature", keys: [edRecord], is: "permerror key-syntax" },
  {
    ...ed,
    rule: "6376 §6.1.2 RSA key for an Ed25519 signature",
    keys: [rsaRecord],
    is: "permerror key-syntax",
  },
  {
    ...ed,
    rule: "8463 §4.2 Ed25519 key without k=",
    keys: [`p=${ed25519.publicText}`],
    is: "permerror key-syntax",
  },
  {
    ...ed,
    rule: "8463 §4.2 Ed25519 key of 31 octets",
    keys: [`k=ed25519; p=${Buffer.alloc(31, 1).toString("base64")}`],
    is: "permerror key-syntax",
  },
  { rule: "6376 §3.6.1 h=sha256", keys: [`h=sha256; p=${rsa.publicText}`], is: "pass" },
  {
    rule: "6376 §3.6.1 h= with unknown and known",
    keys: [`h=sha1 : x-new:SHA256; p=${rsa.publicText}`],
    is: "pass",
  },
  { rule: "6376 §6.1.2 h=sha1", keys: [`h=sha1; p=${rsa.publicText}`], is: "permerror key-hash-not-allowed" },
  { rule: "6376 §3.6.1 s=email", keys: [`s=email; p=${rsa.publicText}`], is: "pass" },
  { rule: "6376 §3.6.1 s=* among others", keys: [`s=tlsrpt:*; p=${rsa.publicText}`], is: "pass" },
  {
    rule: "6376 §3.6.1 s= another service",
    keys: [`s=tlsrpt; p=${rsa.publicText}`],
    is: "permerror key-not-for-email",
  },
  {
    rule: "6376 §3.6.1 t=s and i= is d=",
    tags: { i: "joe@example.com" },
    keys: [`t=s; p=${rsa.publicText}`],
    is: "pass",
  },
  { rule: "6376 §3.6.1 t=s without i=", keys: [`t=s; p=${rsa.publicText}`], is: "pass" },
  {
    rule: "6376 §3.6.1 t=s and i= in a subdomain",
    tags: { i: "joe@a.example.com" },
    keys: [`t=y:s; p=${rsa.publicText}`],
    is: "permerror identity-not-allowed",
  },
  { rule: "6376 §3.6.1 t=y and a good signature", keys: [`t=y; p=${rsa.publicText}`], is: "pass" },
  {
    rule: "6376 §3.6.1 t=y and a changed body",
    keys: [`t=y; p=${rsa.publicText}`],
    change: replaced("Hi.", "Ho."),
    is: "neutral key-testing",
  },
  {
    rule: "6376 §3.6.1 t=y and a changed field",
    keys: [`t = s : y; p=${rsa.publicText}`],
    change: replaced("suzie", "susie"),
    is: "neutral key-testing",
  },
  {
    rule: "6376 §3.6.1 t=y and too short l=",
    tags: { l: "10" },
    sign: { bodyLength: 10 },
    keys: [`t=y; p=${rsa.publicText}`],
    is: "policy body-not-covered",
  },
  {
    rule: "6376 §3.6.1 unknown flags",
    keys: [`t=x:w; p=${rsa.publicText}`],
    change: replaced("Hi.", "Ho."),
    is: "fail body-hash-mismatch",
  },

  // Several records at the selector
  {
    rule: "6376 §6.1.2 step 4 the second key verifies",
    keys: [`p=${rsa2048.publicText}`, rsaRecord],
    is: "pass",
  },
  {
    rule: "6376 §6.1.2 step 4 other records beside the key",
    keys: ["v=spf1 -all", "junk", "a=b", rsaRecord],
    is: "pass",
  },
  {
    rule: "6376 §6.1.2 step 4 the fourth key is not tried",
    keys: [`p=${rsa2048.publicText}`, "p=", edRecord, rsaRecord],
    is: "fail signature-mismatch",
  },
  {
    rule: "6376 §6.1.2 step 4 none verifies: the one that came furthest",
    keys: ["p=", `p=${rsa2048.publicText}`],
    is: "fail signature-mismatch",
  },
  { rule: "6376 §6.1.2 step 4 revoked twice", keys: ["p=", "k=rsa; p="], is: "permerror key-revoked" },

  // Order of the steps
  {
    rule: "6376 §6.1 a missing key is told before a changed body",
    zone: {},
    change: replaced("Hi.", "Ho."),
    is: "permerror no-key",
  },
  {
    rule: "6376 §6.1.3 the body hash is told before the signature",
    change: (message) => message.replace("Hi.", "Ho.").replace("suzie", "susie"),
    is: "fail body-hash-mismatch",
  },
  {
    rule: "6376 §6.1.1 syntax before everything",
    tags: { l: "x", x: "1" },
    zone: {},
    is: "permerror signature-syntax",
  },
  {
    rule: "limit: a signature field of more than 64 KiB",
    tags: { xyz: "a".repeat(65_536) },
    is: "policy signature-too-large",
  },
];

test.each(rows)("RFC $rule: $is", async (row) => {
  const results = await verifyRow(row);
  expect(results).toHaveLength(1);
  expect(verdict(results[0])).toBe(row.is);
});

test("each rule is named once", () => {
  expect(new Set(rows.map(({ rule }) => rule)).size).toBe(rows.length);
});

describe("what a result says", () => {
  test("a pass", async () => {
    const [result] = await verifyRow({
      rule: "",
      tags: { d: "Example.com", s: "S1", i: "Joe@A.Example.com", l: String(relaxedLength), a: "RSA-sha256" },
      sign: { bodyLength: relaxedLength },
      above: "X: y\r\n",
      is: "",
    });
    expect(result).toEqual({
      method: "dkim",
      result: "pass",
      domain: "example.com",
      selector: "s1",
      identity: "Joe@a.example.com",
      algorithm: "rsa-sha256",
      keyBits: 1024,
      bodyLength: relaxedLength,
      signaturePrefix: expect.stringMatching(/^[A-Za-z0-9+/]{8}$/),
      fieldIndex: 1,
    });
  });

  test("a fault: what can be read", async () => {
    const [result] = await verifyRow({ rule: "", tags: { v: "3", d: "x.example" }, is: "" });
    expect(result).toMatchObject({
      result: "permerror",
      domain: "x.example",
      selector: "s1",
      identity: "@x.example",
      algorithm: "rsa-sha256",
    });
  });

  test("a stranger's text in a= is not passed on", async () => {
    const [result] = await verifyRow({ rule: "", tags: { a: "x (dmarc)" }, is: "" });
    expect(result?.algorithm).toBe("");
  });
});

describe("several signatures", () => {
  const zone: MemoryZone = {
    [keyName]: [{ TXT: rsaRecord }],
    "s2._domainkey.example.com": [{ TXT: edRecord }],
  };

  function signTwice(): string {
    const first = signRow({ rule: "", is: "" });
    const second = signatureField({
      header,
      body,
      key: ed25519,
      canonicalization: ["simple", "simple"],
      signed: ["from"],
      layout: layoutOf({ a: "ed25519-sha256", s: "s2", c: "simple", h: "from" }),
    });
    return second + first;
  }

  test("each has its result, from the top", async () => {
    const dns = memoryResolver(zone);
    const results = await verifyText(signTwice(), dns);
    expect(results.map((result) => [verdict(result), result.selector, result.fieldIndex])).toEqual([
      ["pass", "s2", 0],
      ["pass", "s1", 1],
    ]);
    expect(dns.asked).toEqual(["s2._domainkey.example.com TXT", `${keyName} TXT`]);
  });

  test("one key is asked once", async () => {
    const dns = memoryResolver(zone);
    const signed = signRow({ rule: "", is: "" });
    const field = signed.slice(0, signed.indexOf("\r\n") + 2);
    const results = await verifyText(field + field + signed, dns);
    expect(results.map(verdict)).toEqual(["pass", "pass", "pass"]);
    expect(dns.asked).toEqual([`${keyName} TXT`]);
  });

  test("§3.5 h=: an older signature may be signed, also when both are the same", async () => {
    const older = signRow({ rule: "", is: "" });
    const olderField = older.slice(0, older.indexOf("\r\n") + 2);
    const newer = signatureField({
      header: olderField + header,
      body,
      key: rsa,
      canonicalization: ["relaxed", "relaxed"],
      signed: ["from", "dkim-signature"],
      layout: layoutOf({ h: "from:dkim-signature" }),
    });
    const results = await verifyText(newer + older, memoryResolver(zone));
    expect(results.map(verdict)).toEqual(["pass", "pass"]);
    // The signature counts as no instance wherever it stands.
    const moved = await verifyText(olderField + newer + older.slice(olderField.length), memoryResolver(zone));
    expect(moved.map(verdict)).toEqual(["pass", "pass"]);
    const broken = await verifyText(
      (newer + older).replace("s=s1; h=from:to", "s=s1;  h=from:To"),
      memoryResolver(zone),
    );
    expect(verdict(broken[0])).toBe("fail signature-mismatch");
  });

  test("beyond the limit they are not evaluated, beyond 100 not told", async () => {
    const signed = signRow({ rule: "", is: "" });
    const field = signed.slice(0, signed.indexOf("\r\n") + 2);
    const dns = memoryResolver(zone);
    const results = await verifyText(field.repeat(149) + signed, dns, { options: { maxSignatures: 4 } });
    expect(results).toHaveLength(100);
    expect(results.slice(0, 4).map(verdict)).toEqual(["pass", "pass", "pass", "pass"]);
    expect(new Set(results.slice(4).map(verdict))).toEqual(new Set(["policy too-many-signatures"]));
    const usual = await verifyText(field.repeat(10) + signed, dns);
    expect(usual.map(verdict)).toEqual([...Array<string>(10).fill("pass"), "policy too-many-signatures"]);
  });

  test("RFC 6008 §4: prefixes of b= are long enough to tell them apart", async () => {
    const twin = (b: string): string =>
      `DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh=AAAA; b=${b}\r\n`;
    const text = `${twin("AAAAAAAAAAAAAAAAAAAABBBB")}${twin("AAAAAAAAAAAA AAAAAAAACCCC")}From: x\r\n\r\n`;
    const results = await verifyText(text, memoryResolver(zone));
    expect(results.map((result) => result.signaturePrefix)).toEqual([
      "AAAAAAAAAAAAAAAAAAAABBBB",
      "AAAAAAAAAAAAAAAAAAAACCCC",
    ]);
  });
});

describe("the verification as it runs", () => {
  const clock = fixedClock(now * 1000);
  const head = parseHead(
    Buffer.from(`${signRow({ rule: "", is: "" }).split("\r\n\r\n", 1)[0]}\r\n`, "latin1"),
  );

  test("without a signature nothing is asked and the body is not needed", async () => {
    const dns = memoryResolver({});
    const verification = openDkimVerification(parseHead(Buffer.from("From: x\r\n")), { dns, clock });
    expect(verification.needsBody).toBe(false);
    expect(await verification.finish()).toEqual([]);
    expect(dns.asked).toEqual([]);
  });

  test("a signature that is refused at once needs neither body nor key", async () => {
    const dns = memoryResolver({});
    const text = "DKIM-Signature: v=1; a=rsa-sha1; d=example.com; s=s1; h=from; bh=AAAA; b=AAAA\r\n";
    const verification = openDkimVerification(parseHead(Buffer.from(text)), { dns, clock });
    expect(verification.needsBody).toBe(false);
    expect((await verification.finish()).map(verdict)).toEqual(["policy sha1"]);
    expect(dns.asked).toEqual([]);
  });

  test("the key is asked for before the body comes, with the deadline", () => {
    const seen: unknown[] = [];
    const dns: DnsResolver = {
      query(name, type, options) {
        seen.push([name, type, options]);
        return Promise.resolve({ kind: "nxdomain", authentic: false });
      },
    };
    const verification = openDkimVerification(head, { dns, clock, deadline: 4711 });
    expect(verification.needsBody).toBe(true);
    expect(seen).toEqual([[keyName, "TXT", { deadline: 4711 }]]);
  });

  test("a resolver that breaks its promise is a DNS failure", async () => {
    const dns: DnsResolver = { query: () => Promise.reject(new Error("broken")) };
    const results = await openDkimVerification(head, { dns, clock }).finish();
    expect(results.map(verdict)).toEqual(["temperror dns-failure"]);
  });

  test.each([
    ["timeout", "temperror dns-failure"],
    ["bogus", "temperror dns-failure"],
    ["offline", "temperror dns-failure"],
    ["bad-name", "permerror no-key"],
  ] as const)("RFC 6376 §6.1.2: DNS failure %s is %s", async (reason, is) => {
    const dns: DnsResolver = { query: () => Promise.resolve({ kind: "failure", reason }) };
    expect((await openDkimVerification(head, { dns, clock }).finish()).map(verdict)).toEqual([is]);
  });

  test("in a head that is cut off nothing is evaluated", async () => {
    const dns = memoryResolver({ [keyName]: [{ TXT: rsaRecord }] });
    const results = await openDkimVerification({ ...head, truncated: true }, { dns, clock }).finish();
    expect(results.map(verdict)).toEqual(["policy signature-too-large"]);
  });

  test("the body may be cut at every place", async () => {
    for (const row of [
      simple,
      { rule: "", is: "" },
      { rule: "", tags: { l: "20" }, sign: { bodyLength: 20 }, is: "" },
    ]) {
      const message = Buffer.from(signRow(row), "latin1");
      const end = message.indexOf("\r\n\r\n") + 2;
      const content = message.subarray(end + 2);
      for (let at = 0; at <= content.length; at++) {
        const dns = memoryResolver({ [keyName]: [{ TXT: rsaRecord }] });
        const verification = openDkimVerification(parseHead(message.subarray(0, end)), { dns, clock });
        verification.body(content.subarray(0, at));
        verification.body(content.subarray(at));
        const [result] = await verification.finish();
        expect(verdict(result)).toBe(row.tags?.["l"] === undefined ? "pass" : "policy body-not-covered");
      }
    }
  });
});
