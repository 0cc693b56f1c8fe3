import { parseArcTags } from "../../src/core/arc/tags.ts";
import { parseTagList, type TagList, tagValue } from "../../src/core/message/taglist.ts";
import type { ArcResult } from "../../src/core/results.ts";
import { referenceFields } from "../../test/reference-canonicalization.ts";
import type { ArcDifferentialCase } from "./arc-cases.ts";

export interface PeerChain {
  readonly result: "pass" | "fail" | "none";
  readonly oldestPass?: number;
  readonly why: string;
}

export interface ArcDisagreement {
  readonly test: ArcDifferentialCase;
  readonly ours: ArcResult;
  readonly theirs: PeerChain;
}

/** A known way in which dkimpy differs. */
export interface ArcClass {
  readonly id: string;
  readonly right: "ours" | "theirs" | "either";
  /** The text that decides. */
  readonly clause: string;
  readonly reason: string;
  /** Looks for the cause in the message, the keys and the verdicts. */
  applies(disagreement: ArcDisagreement): boolean;
  /** Where that alone would not prove it: the case without the cause, on which both must agree. */
  repair?(disagreement: ArcDisagreement): ArcDifferentialCase;
}

interface ChainField {
  readonly kind: "seal" | "message" | "results";
  readonly instance: number;
  /** Name, colon and value. */
  readonly text: string;
  readonly tags: TagList;
}

const kinds = {
  "arc-seal": "seal",
  "arc-message-signature": "message",
  "arc-authentication-results": "results",
} as const;

function split(message: string): { header: string; rest: string } {
  if (message.startsWith("\r\n")) return { header: "", rest: message };
  const end = message.indexOf("\r\n\r\n");
  return end < 0
    ? { header: message, rest: "" }
    : { header: message.slice(0, end + 2), rest: message.slice(end + 2) };
}

function chainField(text: string): ChainField | undefined {
  const colon = text.indexOf(":");
  const kind = kinds[text.slice(0, Math.max(colon, 0)).trim().toLowerCase() as keyof typeof kinds];
  if (kind === undefined) return undefined;
  const tags = parseArcTags(text.slice(colon + 1));
  return { kind, text, tags, instance: Number(/[:;\s]i\s*=\s*(\d+)/.exec(text)?.[1] ?? 0) };
}

function chainOf({ test }: ArcDisagreement): ChainField[] {
  return referenceFields(split(test.message).header)
    .map(chainField)
    .filter((field) => field !== undefined);
}

function fieldsOf(one: ArcDisagreement, kind: ChainField["kind"]): ChainField[] {
  return chainOf(one).filter((field) => field.kind === kind);
}

function newest(one: ArcDisagreement): number {
  return Math.max(0, ...chainOf(one).map(({ instance }) => instance));
}

/** The message signature that one side holds to be broken and the other not; undefined when it is not about that. */
function disputed(one: ArcDisagreement): ChainField | undefined {
  const { ours, theirs } = one;
  const broken = (oldest: number | undefined): number => (oldest === undefined ? newest(one) : oldest - 1);
  const instance = Math.max(broken(ours.oldestPass), broken(theirs.oldestPass));
  return fieldsOf(one, "message").find((field) => field.instance === instance);
}

function disputedTag(one: ArcDisagreement, name: string): string | undefined {
  const field = disputed(one);
  return field === undefined ? undefined : tagValue(field.tags, name);
}

/** Only dkimpy fails the chain, and says so. */
function peerSays(pattern: RegExp): (one: ArcDisagreement) => boolean {
  return ({ ours, theirs }) => ours.result === "pass" && theirs.result === "fail" && pattern.test(theirs.why);
}

/** Ours holds the newest message signature, or one that dkimpy accepts, to be broken. */
function oursIsStricter({ ours, theirs }: ArcDisagreement): boolean {
  if (theirs.result !== "pass") return false;
  return ours.result === "fail" || (ours.oldestPass ?? 0) > (theirs.oldestPass ?? 0);
}

function withHeader(
  { test }: ArcDisagreement,
  change: (fields: readonly string[]) => readonly string[],
): ArcDifferentialCase {
  const { header, rest } = split(test.message);
  const fields = change(referenceFields(header));
  return { ...test, message: fields.map((field) => `${field}\r\n`).join("") + rest };
}

function isFrom(field: string): boolean {
  return /^from[ \t]*:/i.test(field);
}

/** The newest set on top, in each of them seal, message signature, results. */
function inOrder(fields: readonly string[]): readonly string[] {
  const order = ["seal", "message", "results"];
  const arc = fields.map(chainField).filter((field) => field !== undefined);
  arc.sort((a, b) => b.instance - a.instance || order.indexOf(a.kind) - order.indexOf(b.kind));
  return [...arc.map(({ text }) => text), ...fields.filter((field) => chainField(field) === undefined)];
}

function isPlainKey(record: string): boolean {
  return /^v=DKIM1; k=(?:rsa|ed25519); p=[A-Za-z0-9+/]+={0,2}$/.test(record);
}

function plainKey(record: string): string {
  const list = parseTagList(record);
  const text = (tagValue(list, "p") ?? "").replace(/[^A-Za-z0-9+/=]|=(?!=*$)/g, "");
  return `v=DKIM1; k=${text.length < 50 ? "ed25519" : "rsa"}; p=${text}`;
}

const dkimTags = ["c", "l", "x", "bh", "v", "q"];
const bareLf = /(^|[^\r])\n/;

export const arcClasses: readonly ArcClass[] = [
  {
    id: "older-message-signature",
    right: "ours",
    clause: "RFC 8617 §5.2 step 5 A",
    reason:
      "An older message signature breaks the syntax, has expired or covers a seal. That it does not validate does not affect the validity of the chain; dkimpy fails the chain.",
    applies: (one) =>
      peerSays(/missing b'|value is |unknown signature algorithm|MUST NOT sign|InvalidTag|tag/)(one) &&
      (one.ours.oldestPass ?? 0) > 1,
  },
  {
    id: "no-ed25519",
    right: "either",
    clause: "RFC 8617 §4.1.2, §4.1.3; RFC 8463 §3",
    reason: "dkimpy knows ed25519-sha256 for DKIM only; ours takes what DKIM takes.",
    applies: peerSays(/unknown signature algorithm: b'ed25519/),
  },
  {
    id: "message-signature-version",
    right: "ours",
    clause: "RFC 8617 §4.1.2",
    reason: "v= in a message signature MUST be ignored; dkimpy wants it to be 1.",
    applies: (one) =>
      peerSays(/v= value is not 1/)(one) &&
      fieldsOf(one, "message").some(({ tags }) => tagValue(tags, "v") !== undefined),
  },
  {
    id: "unknown-seal-tags",
    right: "ours",
    clause: "RFC 8617 §4.1.3; RFC 6376 §3.2",
    reason:
      "The seal has tags of DKIM that a seal does not support (c, l, x, bh, v, q), which are to be ignored like any unknown tag; dkimpy goes by them.",
    applies: (one) =>
      peerSays(/= value|body hash|invalid c=/)(one) &&
      fieldsOf(one, "seal").some(({ tags }) => tags.tags.some(({ name }) => dkimTags.includes(name))),
  },
  {
    id: "place-of-the-instance",
    right: "ours",
    clause: "RFC 8617 §4.1.2; RFC 6376 §3.2",
    reason:
      'dkimpy looks for the message signature by the octets " i=N;" and breaks off when white space stands elsewhere.',
    applies: (one) =>
      peerSays(/IndexError/)(one) &&
      fieldsOf(one, "message").some(
        ({ text, tags }) => !text.toLowerCase().includes(` i=${tagValue(tags, "i")};`),
      ),
  },
  {
    id: "letter-case-of-cv",
    right: "ours",
    clause: "RFC 8617 §3.9; RFC 5234 §2.3",
    reason: "The words of cv= are quoted strings of the grammar, so they match in any letter case.",
    applies: (one) =>
      peerSays(/cv= value is not valid/)(one) &&
      fieldsOf(one, "seal").some(({ tags }) => /[A-Z]/.test(tagValue(tags, "cv") ?? "")),
  },
  {
    id: "order-of-fields",
    right: "ours",
    clause: "RFC 8617 §5.1.1, §5.2 step 1",
    reason:
      "Sets are collected by their instance tags; dkimpy picks the fields to be hashed from the bottom of the header, whatever set they belong to.",
    applies: peerSays(/did not validate/),
    repair: (one) => withHeader(one, inOrder),
  },
  {
    id: "second-from",
    right: "ours",
    clause: "RFC 6376 §5.4.2, §8.15",
    reason: "dkimpy signs one From more than h= names; see the classes for DKIM.",
    applies: ({ test }) => referenceFields(split(test.message).header).filter(isFrom).length > 1,
    repair: (one) =>
      withHeader(one, (fields) => {
        const last = fields.findLastIndex(isFrom);
        return fields.filter((field, index) => !isFrom(field) || index === last);
      }),
  },
  {
    id: "body-not-covered",
    right: "either",
    clause: "RFC 6376 §3.5 l=, §8.2",
    reason:
      "l= of a message signature is not the length of the body. Ours takes that for a signature that does not verify, dkimpy hashes what there is.",
    applies: (one) => oursIsStricter(one) && disputedTag(one, "l") !== undefined,
  },
  {
    id: "expiration-leeway",
    right: "either",
    clause: "RFC 6376 §3.5 x=",
    reason:
      "Receivers MAY add a fudge factor to x= of a message signature; dkimpy adds ten hours, ours none.",
    applies: (one) => {
      const expiration = Number(disputedTag(one, "x") ?? Number.NaN);
      return oursIsStricter(one) && expiration < one.test.now && expiration + 36_000 >= one.test.now;
    },
  },
  {
    id: "key-record",
    right: "ours",
    clause: "RFC 6376 §3.6.1",
    reason: "dkimpy reads key records with less care; see the classes for DKIM.",
    applies: ({ test }) => Object.values(test.keys).some((record) => !isPlainKey(record)),
    repair: ({ test }) => ({
      ...test,
      keys: Object.fromEntries(Object.entries(test.keys).map(([name, record]) => [name, plainKey(record)])),
    }),
  },
  {
    id: "canonicalization-not-named",
    right: "either",
    clause: "RFC 8617 §4.1.2; RFC 6376 §3.5 c=",
    reason:
      "A message signature without c= is simple/simple by DKIM's rule; dkimpy and the published test suite take relaxed/relaxed, ours either.",
    applies: (one) => disputed(one) !== undefined && disputedTag(one, "c") === undefined,
  },
  {
    id: "signature-in-its-own-list",
    right: "ours",
    clause: "RFC 6376 §3.5 h=, §5.4",
    reason:
      "h= names ARC-Message-Signature: that is another one, never the one being verified. dkimpy counts it in.",
    applies: (one) =>
      peerSays(/did not validate/)(one) && /arc-message-signature/i.test(disputedTag(one, "h") ?? ""),
  },
  {
    id: "tag-list-syntax",
    right: "ours",
    clause: "RFC 6376 §3.2, §2.10",
    reason: "A tag-list is malformed or a base64 value has other octets in it; dkimpy reads over it.",
    applies: (one) =>
      oursIsStricter(one) &&
      chainOf(one).some(({ kind, tags }) => kind !== "results" && tags.problem !== undefined),
  },
  {
    id: "header-line-refused",
    right: "either",
    clause: "RFC 5322 §2.2",
    reason: "dkimpy refuses a message whose header has a line that is no field; ours skips the line.",
    applies: ({ theirs }) => /Unexpected characters in RFC822 header/.test(theirs.why),
  },
  {
    id: "bare-line-feed",
    right: "ours",
    clause: "RFC 6376 §3.4, §5.3",
    reason: "dkimpy reads an LF without CR as a line end; on the wire it is an octet like any other.",
    applies: ({ test }) => bareLf.test(test.message),
    repair: ({ test }) => ({ ...test, message: test.message.replace(/([^\r])\n/g, "$1") }),
  },
  {
    id: "body-without-final-line-end",
    right: "ours",
    clause: "RFC 6376 §3.4.4",
    reason: "White space before the end of a body without CRLF is at the end of a line; dkimpy keeps it.",
    applies: ({ test }) => !test.message.endsWith("\r\n"),
    repair: ({ test }) => ({ ...test, message: `${test.message}\r\n` }),
  },
];
