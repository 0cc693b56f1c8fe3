import { parseTagList, tagValue } from "../../src/core/message/taglist.ts";
import type { DkimProblem, DkimResult } from "../../src/core/results.ts";
import { referenceBody, referenceFields } from "../../test/reference-canonicalization.ts";
import type { DkimDifferentialCase } from "./dkim-cases.ts";

export type DkimPeer = "dkimpy" | "Mail::DKIM";

export interface PeerSignature {
  readonly result: "pass" | "no-pass";
  readonly why: string;
}

export interface DkimDisagreement {
  readonly test: DkimDifferentialCase;
  /** Which signature of the message, from the top, from 0. */
  readonly place: number;
  readonly ours: DkimResult;
  readonly theirs: PeerSignature;
  /** The value of the signature field, one octet a character. */
  readonly value: string;
  /** The key record that the signature names; empty without one. */
  readonly record: string;
}

/**
 * A known way in which a peer differs. `applies` looks for its cause in the message, the record and the verdicts.
 * Where that alone would not prove it, the case can be repaired, and both sides must then agree on it.
 */
export interface DkimClass {
  readonly id: string;
  readonly peers: readonly DkimPeer[];
  readonly right: "ours" | "theirs" | "either";
  /** The text that decides. */
  readonly clause: string;
  readonly reason: string;
  applies(disagreement: DkimDisagreement): boolean;
  /** The case without the cause: both must then agree. */
  repair?(disagreement: DkimDisagreement): DkimDifferentialCase;
}

const both: readonly DkimPeer[] = ["dkimpy", "Mail::DKIM"];

function tag({ value }: DkimDisagreement, name: string): string {
  return tagValue(parseTagList(value), name) ?? "";
}

/** With the white space around it. */
function rawTag({ value }: DkimDisagreement, name: string): string {
  const found = parseTagList(value).tags.find((one) => one.name === name);
  return found === undefined ? "" : value.slice(found.start, found.end);
}

function keyText(record: string): string {
  return tagValue(parseTagList(record), "p") ?? "";
}

/** Digits only, and whole groups of four where there is padding. */
function isBase64(text: string): boolean {
  const plain = text.replace(/[ \t\r\n]/g, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(plain) && (!plain.endsWith("=") || plain.length % 4 === 0);
}

/** rsaEncryption, as RFC 8017 appendix A.1 has it. */
const rsaOid = "2a864886f70d010101";

function signedNames(disagreement: DkimDisagreement): string[] {
  return tag(disagreement, "h")
    .split(":")
    .map((name) => name.trim().toLowerCase());
}

function form(disagreement: DkimDisagreement, part: "header" | "body"): string {
  const [header = "simple", body = "simple"] = (tag(disagreement, "c") || "simple/simple")
    .toLowerCase()
    .split("/");
  return part === "header" ? header : body;
}

function ourProblem(...problems: readonly DkimProblem[]): (disagreement: DkimDisagreement) => boolean {
  return ({ ours, theirs }) =>
    theirs.result === "pass" && ours.problem !== undefined && problems.includes(ours.problem);
}

function peerSays(pattern: RegExp): (disagreement: DkimDisagreement) => boolean {
  return ({ ours, theirs }) => ours.result === "pass" && pattern.test(theirs.why);
}

function split(message: string): { header: string; body: string } {
  if (message.startsWith("\r\n")) return { header: "", body: message.slice(2) };
  const end = message.indexOf("\r\n\r\n");
  return end < 0
    ? { header: message, body: "" }
    : { header: message.slice(0, end + 2), body: message.slice(end + 4) };
}

function withMessage(test: DkimDifferentialCase, message: string): DkimDifferentialCase {
  return { ...test, message };
}

function canonicalBody(disagreement: DkimDisagreement): string {
  const { body } = split(disagreement.test.message);
  return referenceBody(body, form(disagreement, "body") === "relaxed" ? "relaxed" : "simple");
}

function lengthTag(disagreement: DkimDisagreement): number | undefined {
  const text = tag(disagreement, "l");
  return text === "" ? undefined : Number(text);
}

function isFrom(field: string): boolean {
  return /^from[ \t]*:/i.test(field);
}

/** From fields above those that `h=` covers. */
function extraFroms(disagreement: DkimDisagreement): number {
  const covered = signedNames(disagreement).filter((name) => name === "from").length;
  return referenceFields(split(disagreement.test.message).header).filter(isFrom).length - covered;
}

function withoutTopFroms(message: string, count: number): string {
  const { header, body } = split(message);
  let left = count;
  const fields = referenceFields(header).filter((field) => {
    if (left === 0 || !isFrom(field)) return true;
    left -= 1;
    return false;
  });
  return `${fields.map((field) => `${field}\r\n`).join("")}\r\n${body}`;
}

function hasEndlessBody({ test }: DkimDisagreement): boolean {
  const { body } = split(test.message);
  return body !== "" && !body.endsWith("\r\n");
}

function withFinalLineEnd({ test }: DkimDisagreement): DkimDifferentialCase {
  return withMessage(test, `${test.message}\r\n`);
}

/** Names and values without white space of any kind at their ends. */
function withPlainEnds(message: string): string {
  const { header, body } = split(message);
  const fields = referenceFields(header).map((field) => {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(colon, 0)).replace(/[ \t\r\n\v\f]+$/, "");
    return `${name}:${field.slice(colon + 1).replace(/^[ \t\r\n\v\f]+|[ \t\r\n\v\f]+$/g, "")}\r\n`;
  });
  return `${fields.join("")}\r\n${body}`;
}

const blankBeforeColon = /^([!-9;-~]+)[ \t]+:/m;
const bareLf = /(^|[^\r])\n/;

export const dkimClasses: readonly DkimClass[] = [
  {
    id: "body-not-covered",
    peers: both,
    right: "either",
    clause: "RFC 6376 §6.1.3, §8.2",
    reason:
      "Octets stand behind l=. Verifiers can treat such a signature as invalid; ours does, both peers accept it.",
    applies: ourProblem("body-not-covered"),
  },
  {
    id: "length-beyond-body",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §3.5 l=",
    reason: "l= MUST NOT be larger than the canonicalized body; both peers hash what there is.",
    applies: (one) => one.theirs.result === "pass" && (lengthTag(one) ?? 0) > canonicalBody(one).length,
  },
  {
    id: "from-not-signed",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §6.1.1",
    reason: "Without From in h= the verifier MUST ignore the signature; both peers accept it.",
    applies: (one) => ourProblem("signature-syntax")(one) && !signedNames(one).includes("from"),
  },
  {
    id: "signature-in-its-own-list",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §3.5 h=, §5.4",
    reason:
      "h= names DKIM-Signature: that is another one, never the one being verified. Both peers count it in.",
    applies: (one) => one.ours.result === "pass" && signedNames(one).includes("dkim-signature"),
  },
  {
    id: "expiration-before-timestamp",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §3.5 x=, §6.1.1",
    reason: "x= MUST be greater than t=; neither peer gets to compare them.",
    applies: (one) =>
      ourProblem("signature-syntax")(one) &&
      tag(one, "x") !== "" &&
      Number(tag(one, "x")) <= Number(tag(one, "t")),
  },
  {
    id: "tag-list-syntax",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §3.2, §6.1.1",
    reason:
      "The tag-list of the signature is malformed (an empty tag, a name or value with octets that the grammar does not have, a duplicate); the format is to be validated meticulously.",
    applies: (one) => ourProblem("signature-syntax")(one) && parseTagList(one.value).problem !== undefined,
  },
  {
    id: "base64-junk",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §2.10, §6.1.1, §6.1.2 step 5",
    reason:
      "A base64 value of the signature or the key has octets that base64 does not know, or padding that does not fit; the peers skip them.",
    applies: (one) =>
      (ourProblem("signature-syntax")(one) && !(isBase64(tag(one, "b")) && isBase64(tag(one, "bh")))) ||
      (ourProblem("key-syntax")(one) && !isBase64(keyText(one.record))),
  },
  {
    id: "key-list-syntax",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §3.2, §6.1.2 step 5",
    reason: "The tag-list of the key record is malformed; such a record must be ignored.",
    applies: (one) => ourProblem("key-syntax")(one) && parseTagList(one.record).problem !== undefined,
  },
  {
    id: "key-identifier",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.6.1 k=, §6.1.2 step 5",
    reason: "The SubjectPublicKeyInfo says that the key is of another kind than RSA; dkimpy does not look.",
    applies: (one) => {
      const der = Buffer.from(keyText(one.record), "base64").toString("hex");
      return ourProblem("key-syntax")(one) && /^30..?.?.?.?.?30/.test(der) && !der.includes(rsaOid);
    },
  },
  {
    id: "key-version-place",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §3.6.1 v=",
    reason: "v= stands in the key record but is not its first tag.",
    applies: (one) =>
      ourProblem("key-syntax")(one) &&
      parseTagList(one.record).tags.findIndex(({ name }) => name === "v") > 0,
  },
  {
    id: "old-algorithm",
    peers: both,
    right: "ours",
    clause: "RFC 8301 §3.1",
    reason: "rsa-sha1 MUST NOT be used for verifying.",
    applies: ourProblem("sha1"),
  },

  {
    id: "second-from",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §5.4.2, §8.15",
    reason:
      "dkimpy signs one From more than h= names, so a second From above breaks the signature. A sound precaution, but not DKIM's rule; ours leaves messages with several From fields to DMARC.",
    applies: (one) => one.ours.result === "pass" && extraFroms(one) > 0,
    repair: (one) => withMessage(one.test, withoutTopFroms(one.test.message, extraFroms(one))),
  },
  {
    id: "end-of-signature-field",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.4.1, §3.7",
    reason:
      "With simple header canonicalization the white space at the end of the signature field is signed; dkimpy strips it.",
    applies: (one) =>
      one.ours.result === "pass" && form(one, "header") === "simple" && /[ \t\r\n]$/.test(one.value),
  },
  {
    id: "blank-after-signature",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.7 step 2",
    reason:
      "The value of b= is deleted with all white space around it; dkimpy leaves what stands between it and the semicolon.",
    applies: (one) => one.ours.result === "pass" && /[ \t\r\n]$/.test(rawTag(one, "b")),
  },
  {
    id: "signature-first",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.2, §3.7 step 2",
    reason:
      "b= is the first tag, right after the colon; dkimpy looks for it behind a semicolon or white space only.",
    applies: (one) => one.ours.result === "pass" && one.value.startsWith("b"),
  },
  {
    id: "padding",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §2.10",
    reason: "The padding of base64 is optional in DKIM; dkimpy wants it.",
    applies: peerSays(/Incorrect padding|is not valid base64/),
  },
  {
    id: "future-timestamp",
    peers: ["dkimpy"],
    right: "either",
    clause: "RFC 6376 §3.5 t=",
    reason: "A signature dated in the future MAY be ignored; dkimpy does beyond ten hours, ours never.",
    applies: peerSays(/t= value is in the future/),
    repair: ({ test }) => ({ ...test, now: test.now + 3 * 86_400 }),
  },
  {
    id: "expiration-leeway",
    peers: ["dkimpy"],
    right: "either",
    clause: "RFC 6376 §3.5 x=",
    reason: "Receivers MAY add a fudge factor; dkimpy adds ten hours, ours none.",
    applies: (one) => ourProblem("signature-expired")(one) && Number(tag(one, "x")) + 36_000 >= one.test.now,
    repair: (one) => ({ ...one.test, now: Number(tag(one, "x")) }),
  },
  {
    id: "query-methods",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.5 q=",
    reason: "q= lists dns/txt beside other methods, which are to be ignored; dkimpy takes only the one word.",
    applies: (one) =>
      peerSays(/q= value is not dns\/txt/)(one) && tag(one, "q").split(":").includes("dns/txt"),
  },
  {
    id: "service-list",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.6.1 s=",
    reason:
      "s= in a key record is a list; dkimpy compares it as one word, and takes a record for another service when it is read as RSA.",
    applies: (one) => peerSays(/UnknownKeyTypeError/)(one) || ourProblem("key-not-for-email")(one),
  },
  {
    id: "key-tags-ignored",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.6.1 h=, t=; §6.1.2 step 6",
    reason: "dkimpy looks neither at h= nor at t=s of a key record.",
    applies: ourProblem("key-hash-not-allowed", "identity-not-allowed"),
  },
  {
    id: "header-line-refused",
    peers: ["dkimpy"],
    right: "either",
    clause: "RFC 5322 §2.2",
    reason: "dkimpy refuses a message whose header has a line that is no field; ours skips the line.",
    applies: peerSays(/Unexpected characters in RFC822 header|IndexError/),
  },
  {
    id: "blank-before-colon",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.4.2, RFC 5322 §4.5",
    reason:
      "White space between name and colon is allowed and relaxed away; dkimpy does not take the line for a field.",
    applies: ({ test }) => blankBeforeColon.test(split(test.message).header),
    repair: ({ test }) => {
      const { header, body } = split(test.message);
      return withMessage(test, `${header.replace(new RegExp(blankBeforeColon, "gm"), "$1:")}\r\n${body}`);
    },
  },
  {
    id: "bare-line-feed",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.4, §5.3",
    reason: "dkimpy reads an LF without CR as a line end; on the wire it is an octet like any other.",
    applies: ({ test }) => bareLf.test(test.message),
    repair: ({ test }) => withMessage(test, test.message.replace(/\r?\n/g, "\r\n")),
  },
  {
    id: "blanks-before-the-end",
    peers: ["dkimpy"],
    right: "ours",
    clause: "RFC 6376 §3.4.4",
    reason:
      "White space at the end of a last line without CRLF is at the end of a line too; dkimpy keeps it as one blank.",
    applies: (one) =>
      hasEndlessBody(one) && /[ \t]$/.test(one.test.message) && form(one, "body") === "relaxed",
    repair: withFinalLineEnd,
  },

  {
    id: "other-white-space",
    peers: both,
    right: "ours",
    clause: "RFC 6376 §2.8, §3.4.2",
    reason:
      "White space is SP and TAB; the peers take CR, LF, VT and FF for it too at the ends of a value when relaxing the header.",
    applies: (one) => form(one, "header") === "relaxed",
    repair: ({ test }) => withMessage(test, withPlainEnds(test.message)),
  },
  {
    id: "no-ed25519",
    peers: ["Mail::DKIM"],
    right: "ours",
    clause: "RFC 8463 §3",
    reason: "This version of Mail::DKIM does not know ed25519-sha256.",
    applies: peerSays(/unsupported algorithm ed25519-sha256/),
  },
  {
    id: "rsa-public-key",
    peers: ["Mail::DKIM"],
    right: "ours",
    clause: "RFC 6376 §3.6.1 k=",
    reason: "p= holds an RSAPublicKey, as the text says; Mail::DKIM reads only SubjectPublicKeyInfo.",
    applies: (one) => peerSays(/OpenSSL error: wrong tag/)(one),
  },
  {
    id: "body-without-final-line-end",
    peers: ["Mail::DKIM"],
    right: "ours",
    clause: "RFC 6376 §3.4.3, §3.4.4",
    reason:
      "The body does not end with CRLF, which canonicalization adds; Mail::DKIM does not get this right.",
    applies: hasEndlessBody,
    repair: withFinalLineEnd,
  },
  {
    id: "length-zero",
    peers: ["Mail::DKIM"],
    right: "ours",
    clause: "RFC 6376 §3.5 l=",
    reason: "Mail::DKIM takes l=0 for no l= at all.",
    applies: (one) => lengthTag(one) === 0,
  },
  {
    id: "missing-tags",
    peers: ["Mail::DKIM"],
    right: "ours",
    clause: "RFC 6376 §6.1.1",
    reason:
      "A required tag is missing; Mail::DKIM goes on without v= and even without bh=, that is without a body hash.",
    applies: ourProblem("tag-missing"),
  },
];
