import { createHash } from "node:crypto";
import { signatureField } from "../sign-message.ts";
import type { Submission } from "./smtp-client.ts";
import { type Host, hosts, idn, type Signer, signers } from "./zones.ts";

/** One message to send, and all that must come of it. */
export interface TestMessage {
  readonly kind: string;
  /** Stands in the Message-ID and, but for empty ones, in the body. */
  readonly token: string;
  readonly submission: Submission;
  /** What must arrive below the MTA's Received field, to the octet: LF line ends, forged fields gone. */
  readonly kept: Buffer;
  /** The statements of our field in order, quotes taken off; `["none"]` when nothing was verified. */
  readonly statements: readonly string[];
}

/** Text of which each character is one octet. */
type Octets = string;
type Canonicalization = "relaxed" | "simple";

interface Signature {
  readonly by: Signer;
  readonly form?: readonly [Canonicalization, Canonicalization];
  readonly signed?: readonly string[];
  /** Further tags, such as "x=1700000000". */
  readonly tags?: string;
  readonly bodyLength?: number;
  readonly hash?: "sha1";
  /** Result and problem as the field must say them. */
  readonly says: string;
}

/** What tells one kind of message from the usual one. */
interface Recipe {
  readonly host?: Host;
  readonly login?: string;
  readonly mailFrom?: string;
  readonly smtputf8?: true;
  /** Value of the From field. */
  readonly from?: Octets;
  readonly subject?: Octets;
  /** Fields with CRLF, above all others; signed fields may be among them. */
  readonly top?: Octets;
  /** Fields with CRLF, below all others. */
  readonly bottom?: Octets;
  readonly body?: Octets;
  readonly signatures?: readonly Signature[];
  /** What happens to header and body on the way, after signing. */
  readonly alter?: (octets: Octets) => Octets;
  /** Fields that must go: at the top, above From, and at the end. */
  readonly forged?: readonly Octets[];
  /** Nothing is to be verified. */
  readonly unverified?: true;
  /** Statements about the client; what is left out is that of `hosts.mail` with an author.example envelope. */
  readonly iprev?: string | undefined;
  readonly spf?: readonly string[];
  readonly dmarc?: string;
}

/** `number` counts the messages of a kind from 0; `token` is the message's own. */
type Kind = (number: number, token: string) => Recipe;

const dmarcPass = "dmarc=pass header.from=author.example policy.dmarc=reject";
const dmarcFail = "dmarc=fail header.from=author.example policy.dmarc=reject";
const spoofed = {
  host: hosts.stranger,
  iprev: "iprev=permerror reason=no-ptr policy.iprev=203.0.113.9",
  spf: ["spf=fail smtp.mailfrom=author.example"],
  dmarc: dmarcFail,
} as const;
/** SPF fails as well, so that only the signature counts. */
const viaStranger = { ...spoofed, dmarc: dmarcPass } as const;
const viaGateway = { host: hosts.gateway } as const;

const forms: readonly (readonly [Canonicalization, Canonicalization])[] = [
  ["relaxed", "relaxed"],
  ["simple", "simple"],
  ["relaxed", "simple"],
  ["simple", "relaxed"],
];

/** Fields that claim to be from mx.rcpt.example, each in another way. */
const forgeries: readonly Octets[] = [
  "Authentication-Results: mx.rcpt.example; dmarc=pass header.from=author.example\r\n",
  "authentication-results: MX.Rcpt.Example; dkim=pass\r\n",
  "AUTHENTICATION-RESULTS: mx.rcpt.example 1; spf=pass smtp.mailfrom=author.example\r\n",
  "Authentication-Results:mx.rcpt.example;none\r\n",
  "Authentication-Results:\r\n mx.rcpt.example\r\n\t;\r\n dmarc=pass\r\n",
  "Authentication-Results: (a (nested) comment) mx.rcpt.example (; x); dmarc=pass\r\n",
  'Authentication-Results: "mx.rcpt.example"; dmarc=pass\r\n',
  'Authentication-Results: "mx\\.rcpt.ex\\ample" 1; dmarc=pass\r\n',
  "Authentication-Results: mx.rcpt.example.; dmarc=pass\r\n",
  "Authentication-Results : mx.rcpt.example; dmarc=pass\r\n",
  "Authentication-Results: mx.rcpt.example dmarc=pass\r\n",
  "Authentication-Results: mx.rcpt.example; (never closed\r\n",
  "Authentication-Results: mx.rcpt.example/1; dmarc=pass\r\n",
  `Authentication-Results: ${utf8("ｍｘ．ｒｃｐｔ．ｅｘａｍｐｌｅ")}; dmarc=pass\r\n`,
  "Authentication-Results: =?utf-8?q?mx=2Ercpt.example?=; dmarc=pass\r\n",
  "Authentication-Results: other.example 2; dmarc=pass\r\n",
];
/** Fields of others that look alike, and stay. */
const foreign: readonly Octets[] = [
  "Authentication-Results: other.example; dmarc=pass header.from=mx.rcpt.example\r\n",
  "Authentication-Results: mx.rcpt.example.other.example; dmarc=pass\r\n",
  "Authentication-Results: amx.rcpt.example (mx.rcpt.example); none\r\n",
  "X-Authentication-Results: mx.rcpt.example; dmarc=pass\r\n",
];

const kinds: Readonly<Record<string, readonly [count: number, kind: Kind]>> = {
  unsigned: [19, () => ({})],
  "signed with RSA": [
    40,
    (number) => ({ ...viaStranger, signatures: [{ by: signers.rsa, ...formOf(number), says: "pass" }] }),
  ],
  "signed with Ed25519": [
    40,
    (number) => ({ ...viaStranger, signatures: [{ by: signers.ed25519, ...formOf(number), says: "pass" }] }),
  ],
  "signed with both": [
    28,
    (number) => ({
      ...viaStranger,
      signatures: [
        { by: signers.ed25519, ...formOf(number), says: "pass" },
        { by: signers.rsa, ...formOf(number + 1), says: "pass" },
      ],
    }),
  ],
  "several signatures": [
    16,
    () => ({
      ...viaStranger,
      signatures: [
        { by: signers.third, says: "pass" },
        { by: { ...signers.rsa, selector: "missing" }, says: "permerror reason=no-key" },
        { by: signers.ed25519, says: "pass" },
        { by: { ...signers.rsa, key: signers.short.key }, says: "fail reason=signature-mismatch" },
      ],
    }),
  ],
  "signed by a third party": [12, () => ({ ...spoofed, signatures: [{ by: signers.third, says: "pass" }] })],
  spoofed: [30, () => spoofed],
  "spoofed from a host with a false name": [
    10,
    () => ({
      ...spoofed,
      host: hosts.liar,
      iprev: "iprev=fail reason=no-match policy.iprev=203.0.113.10",
    }),
  ],
  "three forged fields": [30, (number) => ({ ...forging(number) })],
  "three forged fields in spoofed mail": [20, (number) => ({ ...spoofed, ...forging(number) })],
  "three forged fields and a signature": [
    14,
    (number) => ({
      ...viaStranger,
      ...forging(number),
      signatures: [{ by: signers.rsa, ...formOf(number), says: "pass" }],
    }),
  ],
  "fields of others that look forged": [8, () => ({ top: foreign.join(""), bottom: foreign[0] ?? "" })],
  "IPv6 client": [12, () => ({ host: hosts.mail6, iprev: "iprev=pass policy.iprev=2001:db8::25" })],
  "HELO name with SPF": [
    8,
    () => ({
      host: hosts.hello,
      mailFrom: "bounce@hello.example",
      from: "Hello <hello@hello.example>",
      iprev: "iprev=pass policy.iprev=192.0.2.26",
      spf: ["spf=pass smtp.mailfrom=hello.example", "spf=pass smtp.helo=mx.hello.example"],
      dmarc: "dmarc=pass header.from=hello.example policy.dmarc=none",
    }),
  ],
  "null sender": [
    12,
    () => ({
      host: hosts.hello,
      mailFrom: "",
      from: "MAILER-DAEMON@hello.example",
      iprev: "iprev=pass policy.iprev=192.0.2.26",
      spf: ["spf=pass smtp.helo=mx.hello.example"],
      dmarc: "dmarc=pass header.from=hello.example policy.dmarc=none",
    }),
  ],
  "8-bit body": [
    12,
    (number, token) => ({
      ...viaStranger,
      top: "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
      subject: utf8("生の 8 bit の件名"),
      body: `${utf8(`関所  手形\r\n 　全角の空白　\r\n`)}\xff\xfe ${token}\r\n`,
      signatures: [{ by: signers.rsa, ...formOf(number), says: "pass" }],
    }),
  ],
  "ISO-2022-JP": [
    12,
    (number, token) => ({
      ...viaStranger,
      from: "=?ISO-2022-JP?B?GyRCNFg9ahsoQg==?= <sekisho@author.example>",
      top: "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n",
      subject: "\x1b$B4X=j\x1b(B",
      body: `\x1b$B4X=j$N<j7A\x1b(B\r\n${token}\r\n\x1b$B$*$o$j\x1b(B\r\n`,
      signatures: [{ by: signers.ed25519, ...formOf(number), says: "pass" }],
    }),
  ],
  SMTPUTF8: [
    12,
    (number) => ({
      host: hosts.mail,
      smtputf8: true,
      mailFrom: "鈴木@日本語.example",
      from: utf8("鈴木 <鈴木@日本語.example>"),
      subject: utf8("国際化された電子メール"),
      spf: [`spf=pass smtp.mailfrom=${idn}`],
      signatures: [{ by: signers.idn, ...formOf(number), says: "pass" }],
      dmarc: `dmarc=pass header.from=${idn} policy.dmarc=quarantine`,
    }),
  ],
  "From with a U-label, spoofed": [
    6,
    () => ({
      ...spoofed,
      smtputf8: true,
      mailFrom: "鈴木@日本語.example",
      from: utf8("鈴木@日本語.example"),
      spf: [`spf=fail smtp.mailfrom=${idn}`],
      dmarc: `dmarc=fail header.from=${idn} policy.dmarc=quarantine`,
    }),
  ],
  "one of 50 MB": [
    1,
    (_, token) => ({
      ...viaStranger,
      body: largeBody(token),
      signatures: [{ by: signers.rsa, form: ["relaxed", "simple"], says: "pass" }],
    }),
  ],
  // Postfix itself cuts a field at 60,000 octets.
  "field of 59,000 octets": [
    3,
    (number, token) => ({
      ...viaStranger,
      top: `X-Long: ${token}${folds(59_000)}\r\n`,
      signatures: [
        { by: signers.ed25519, ...formOf(number), signed: [...usuallySigned, "x-long"], says: "pass" },
      ],
    }),
  ],
  "header of 100,000 octets": [
    3,
    (number) => ({
      ...viaStranger,
      ...forging(number),
      top: `X-Long: ${number}${folds(50_000)}\r\n`,
      bottom: Array.from({ length: 625 }, (_, i) => `X-Field-${i}: ${"x".repeat(66)}\r\n`).join(""),
      signatures: [
        { by: signers.rsa, ...formOf(number), signed: [...usuallySigned, "x-long"], says: "pass" },
      ],
    }),
  ],
  "empty body": [
    6,
    (number) => ({
      ...viaStranger,
      body: "",
      signatures: [{ by: signers.ed25519, ...formOf(number), says: "pass" }],
    }),
  ],
  "body broken": [
    10,
    (number) => ({
      ...spoofed,
      alter: (octets) => `${octets}-- \r\nSent to you by a list\r\n`,
      signatures: [{ by: signers.rsa, ...formOf(number), says: "fail reason=body-hash-mismatch" }],
    }),
  ],
  "header broken": [
    10,
    (number) => ({
      ...spoofed,
      alter: (octets) => octets.replace(/^Subject: /m, "Subject: [list] "),
      signatures: [{ by: signers.ed25519, ...formOf(number), says: "fail reason=signature-mismatch" }],
    }),
  ],
  expired: [
    8,
    () => ({
      ...spoofed,
      signatures: [
        { by: signers.rsa, tags: "t=1600000000; x=1600086400", says: "policy reason=signature-expired" },
      ],
    }),
  ],
  "body not covered": [
    6,
    () => ({
      ...spoofed,
      signatures: [{ by: signers.rsa, bodyLength: 10, says: "policy reason=body-not-covered" }],
    }),
  ],
  "key revoked": [
    6,
    () => ({ ...spoofed, signatures: [{ by: signers.revoked, says: "permerror reason=key-revoked" }] }),
  ],
  "key too short": [
    6,
    () => ({ ...spoofed, signatures: [{ by: signers.short, says: "policy reason=key-too-short" }] }),
  ],
  "key on trial": [
    6,
    () => ({
      ...spoofed,
      alter: (octets) => `${octets}.\r\n`,
      signatures: [{ by: signers.testing, says: "neutral reason=key-testing" }],
    }),
  ],
  "SHA-1": [
    4,
    () => ({ ...spoofed, signatures: [{ by: signers.rsa, hash: "sha1", says: "policy reason=sha1" }] }),
  ],
  "policy of the organizational domain": [
    8,
    () => ({
      mailFrom: "bounce@news.author.example",
      from: "news@news.author.example",
      spf: ["spf=pass smtp.mailfrom=news.author.example"],
      signatures: [{ by: signers.sub, says: "pass" }],
      dmarc: "dmarc=pass header.from=news.author.example policy.dmarc=quarantine",
    }),
  ],
  "strict alignment, a subdomain signed": [
    6,
    () => ({
      mailFrom: "bounce@third.example",
      from: "strict@strict.example",
      spf: ["spf=neutral smtp.mailfrom=third.example"],
      signatures: [{ by: signers.strict, says: "pass" }],
      dmarc: "dmarc=fail header.from=strict.example policy.dmarc=reject",
    }),
  ],
  "two SPF records, no DMARC": [
    6,
    () => ({
      mailFrom: "a@broken.example",
      from: "a@broken.example",
      spf: ["spf=permerror reason=multiple-records smtp.mailfrom=broken.example"],
      dmarc: "dmarc=none header.from=broken.example",
    }),
  ],
  "two author domains": [
    6,
    () => ({
      from: "a@author.example, b@third.example",
      dmarc: "dmarc=permerror reason=from-multiple-domains",
    }),
  ],
  "through our gateway": [
    12,
    (number) => ({
      ...viaGateway,
      top: gatewayReceived("from mail.author.example (mail.author.example [192.0.2.25])", number),
    }),
  ],
  "spoofed through our gateway": [
    12,
    (number) => ({
      ...spoofed,
      ...viaGateway,
      // Below stands what the stranger wrote: that is not believed.
      top:
        gatewayReceived("from mail.author.example (unknown [203.0.113.9])", number) +
        gatewayReceived("from mail.author.example (mail.author.example [192.0.2.25])", number + 1),
    }),
  ],
  "through our gateway, client unknown": [
    8,
    (number) => ({
      ...viaGateway,
      top: gatewayReceived("from mail.author.example (unknown)", number),
      iprev: undefined,
      spf: [],
      signatures: [{ by: signers.rsa, says: "pass" }],
    }),
  ],
  "a laboratory of ours spoofs": [
    8,
    () => ({
      host: hosts.lab,
      iprev: "iprev=pass policy.iprev=192.0.2.70",
      spf: ["spf=fail smtp.mailfrom=author.example"],
      dmarc: dmarcFail,
    }),
  ],
  submitter: [10, () => ({ host: hosts.desktop, from: "user@rcpt.example", unverified: true })],
  "submitter, with forged fields": [
    4,
    (number) => ({ host: hosts.desktop, ...forging(number), unverified: true }),
  ],
  "logged in": [
    10,
    () => ({ host: hosts.stranger, login: "user", from: "user@rcpt.example", unverified: true }),
  ],
};

/** The names of all kinds. */
export const kindNames: readonly string[] = Object.keys(kinds);

/** All messages of all kinds, 500 in all, in an order that looks like none and is always the same. */
export function makeMessages(): TestMessage[] {
  return shuffled(
    Object.entries(kinds).flatMap(([name, [count, kind]]) =>
      Array.from({ length: count }, (_, number) => makeMessage(name, number, kind)),
    ),
  );
}

/** The first few of each kind but the largest. */
export function makeSample(perKind: number): TestMessage[] {
  const small = Object.entries(kinds).filter(([name]) => name !== "one of 50 MB");
  return small.flatMap(([name, [, kind]]) =>
    Array.from({ length: perKind }, (_, number) => makeMessage(name, number, kind)),
  );
}

/** A message of that kind that is not among the others. */
export function makeAnother(kind: string): TestMessage {
  const recipe = kinds[kind]?.[1];
  if (recipe === undefined) throw new Error(`no kind "${kind}"`);
  others += 1;
  return makeMessage(kind, 1_000_000 + others, recipe);
}
let others = 0;

function makeMessage(name: string, number: number, kind: Kind): TestMessage {
  const token = createHash("sha256").update(`${name} ${number}`).digest("hex").slice(0, 32);
  const recipe = kind(number, token);
  const { host = hosts.mail, mailFrom = "bounce@author.example", login, smtputf8 } = recipe;
  const { message, kept, statements } = build(recipe, token, number);
  return {
    kind: name,
    token,
    submission: {
      client: host,
      mailFrom,
      rcptTo: "someone@rcpt.example",
      message: Buffer.from(message, "latin1"),
      ...(login !== undefined && { login }),
      ...(smtputf8 !== undefined && { smtputf8 }),
    },
    kept: Buffer.from(kept.replaceAll("\r\n", "\n"), "latin1"),
    statements,
  };
}

// ---------------------------------------------------------------- what is sent

const usuallySigned = ["from", "to", "subject", "date", "message-id"];

function build(
  recipe: Recipe,
  token: string,
  number: number,
): { readonly message: Octets; readonly kept: Octets; readonly statements: readonly string[] } {
  const from = `From: ${recipe.from ?? "Author  Name <author@author.example>"}\r\n`;
  const rest =
    "To: someone@rcpt.example\r\n" +
    `Subject: ${recipe.subject ?? `Message ${number}\r\n\tfolded \t and  spaced`}\r\n` +
    "Date: Mon, 01 Jun 2026 12:00:00 +0900\r\n" +
    `Message-ID: <${token}@author.example>\r\n` +
    (recipe.bottom ?? "");
  const body = recipe.body ?? usualBody(number, token);
  const alter = recipe.alter ?? ((octets) => octets);
  const signed = `${recipe.top ?? ""}${from}${rest}`;
  const fields = (recipe.signatures ?? []).map((signature) => sign(signature, signed, body));
  const [first = "", second = "", third = ""] = recipe.forged ?? [];
  const top = fields.join("") + (recipe.top ?? "");
  return {
    message: alter(`${first}${top}${second}${from}${rest}${third}\r\n${body}`),
    kept: alter(`${top}${from}${rest}\r\n${body}`),
    statements: statementsOf(recipe, fields),
  };
}

/** Blanks and empty lines that canonicalization looks at, dots, and lines like those of a mailbox file. */
function usualBody(number: number, token: string): Octets {
  const lines = [
    `This is message ${token}.`,
    "",
    "Two  blanks,\ta tab and one at the end \t",
    ".",
    "..two dots",
    "From the start of a line",
    ...Array.from({ length: number % 40 }, (_, line) => `${line} ${token.repeat(2)}`),
    ...Array.from({ length: number % 4 }, () => ""),
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function largeBody(token: string): Octets {
  const line = `${token} ${"0123456789abcdef".repeat(4)}\r\n`;
  return `${line.repeat(Math.ceil(50_000_000 / line.length))}the end of ${token}\r\n`;
}

function folds(octets: number): Octets {
  const line = `\r\n ${"x".repeat(37)}  ${"y".repeat(36)} \t`;
  return line.repeat(Math.floor(octets / line.length));
}

function gatewayReceived(from: Octets, number: number): Octets {
  return (
    `Received: ${from}\r\n\tby gw.rcpt.example (Postfix) with ESMTPS id ${number + 100}ABC\r\n` +
    "\tfor <someone@rcpt.example>; Mon,  1 Jun 2026 12:00:00 +0900 (JST)\r\n"
  );
}

function forging(number: number): Pick<Recipe, "forged"> {
  const pick = (offset: number): Octets => forgeries[(number * 3 + offset) % forgeries.length] ?? "";
  return { forged: [pick(0), pick(1), pick(2)] };
}

function formOf(number: number): Required<Pick<Signature, "form">> {
  return { form: forms[number % forms.length] ?? ["relaxed", "relaxed"] };
}

function sign(signature: Signature, header: Octets, body: Octets): Octets {
  const { by, form = ["relaxed", "relaxed"], signed = usuallySigned, bodyLength, hash } = signature;
  const tags = [
    "v=1",
    `a=${algorithmOf(signature)}`,
    `c=${form.join("/")}`,
    `d=${by.domain}`,
    `s=${by.selector}`,
    ...(signature.tags === undefined ? [] : [signature.tags]),
    ...(bodyLength === undefined ? [] : [`l=${bodyLength}`]),
  ];
  return signatureField({
    header,
    body,
    key: by.key,
    canonicalization: form,
    signed,
    ...(bodyLength !== undefined && { bodyLength }),
    ...(hash !== undefined && { hash }),
    layout: ` ${tags.join("; ")};\r\n\th=${signed.join(":")};\r\n\tbh={bh};\r\n\tb={b}`,
    fold: "\r\n\t ",
  });
}

function algorithmOf({ by, hash }: Signature): string {
  return by.key.type === "rsa" ? `rsa-${hash ?? "sha256"}` : "ed25519-sha256";
}

// ---------------------------------------------------------------- what must be said

function statementsOf(recipe: Recipe, fields: readonly Octets[]): string[] {
  if (recipe.unverified) return ["none"];
  const { spf = ["spf=pass smtp.mailfrom=author.example"], dmarc = dmarcPass, signatures = [] } = recipe;
  const iprev = "iprev" in recipe ? recipe.iprev : "iprev=pass policy.iprev=192.0.2.25";
  const dkim = signatures.map((signature, index) => dkimStatement(signature, fields[index] ?? ""));
  return [
    ...(iprev === undefined ? [] : [iprev]),
    ...spf,
    ...(dkim.length === 0 ? ["dkim=none"] : dkim),
    dmarc,
  ];
}

function dkimStatement(signature: Signature, field: Octets): string {
  const { domain, selector } = signature.by;
  // RFC 6008 §4: the first eight characters of b=.
  const value = field.slice(field.lastIndexOf("b=") + 2).replace(/\s/g, "");
  return (
    `dkim=${signature.says} header.d=${domain} header.s=${selector} header.a=${algorithmOf(signature)}` +
    ` header.i=@${domain} header.b=${value.slice(0, 8)}`
  );
}

// ---------------------------------------------------------------- helpers

function utf8(text: string): Octets {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** By the hash of the token, so that all kinds are mixed. */
function shuffled(messages: readonly TestMessage[]): TestMessage[] {
  return messages.toSorted((a, b) => (a.token < b.token ? -1 : 1));
}
