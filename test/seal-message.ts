import type { Canonicalization } from "../src/core/dkim/signature.ts";
import type { TestKey } from "./dkim-test-keys.ts";
import { referenceField, referenceFields } from "./reference-canonicalization.ts";
import { foldedSignature, signatureField, signOctets, withEmptySignature } from "./sign-message.ts";

export type SealTags = Readonly<Record<string, string | undefined>>;

/** One ARC set to be added. What it says otherwise is taken over, right or wrong. */
export interface SealingRequest {
  /** Instance that the set gets; one more than the newest of the message when absent. */
  readonly instance?: number;
  /** In place of `i=N` in all three fields, in front. */
  readonly instanceText?: string;
  readonly key: TestKey;
  /** Of the message signature; `key` when absent. */
  readonly messageKey?: TestKey;
  /** `cv=`; "none" for the first set and "pass" for the others when absent. */
  readonly cv?: string;
  /** The value of ARC-Authentication-Results behind `i=N;`. */
  readonly results?: string;
  /** Over the tags that the sealer gives; undefined leaves a tag out. {b} and {bh} stand for what belongs there. */
  readonly messageTags?: SealTags;
  readonly sealTags?: SealTags;
  /** Between tags; "; " when absent. */
  readonly separator?: string;
  /** What the message signature is made with, and `c=` unless `messageTags` says otherwise. */
  readonly canonicalization?: readonly [Canonicalization, Canonicalization];
  /** Names of `h=`, as they stand there. */
  readonly signed?: readonly string[];
  readonly bodyLength?: number;
  readonly hash?: "sha1" | "sha256";
  readonly fold?: string;
  /** The seal is over the sets from 1 on, or over its own only (RFC 8617 §5.1.2). */
  readonly scope?: "chain" | "own";
}

const kinds = ["arc-authentication-results", "arc-message-signature", "arc-seal"];

/**
 * Adds an ARC set on top of a message, as RFC 8617 §5.1 reads. For tests: simple, not fast.
 * @param message Whole, CRLF line ends, one octet a character.
 */
export function sealMessage(message: string, request: SealingRequest): string {
  const { key, fold, signed = ["from", "to", "subject", "date"], canonicalization, bodyLength } = request;
  const instance = request.instance ?? newestInstance(message) + 1;
  const forms = canonicalization ?? (["relaxed", "relaxed"] as const);
  const { instanceText = `i=${instance}` } = request;
  const results = `ARC-Authentication-Results: ${instanceText};${request.results ?? " mx.example.org; spf=pass"}\r\n`;
  const end = message.startsWith("\r\n") ? 0 : message.indexOf("\r\n\r\n") + 2;
  const header = results + message.slice(0, end);
  const messageTags = {
    i: String(instance),
    a: `${(request.messageKey ?? key).type}-${request.hash ?? "sha256"}`,
    c: forms.join("/"),
    d: "example.org",
    s: "s1",
    h: signed.join(":"),
    l: bodyLength?.toString(),
    bh: "{bh}",
    b: "{b}",
    ...request.messageTags,
  };
  const messageSignature = signatureField({
    header,
    body: message.slice(end + 2),
    key: request.messageKey ?? key,
    canonicalization: forms,
    signed,
    layout: layoutOf(messageTags, request),
    fieldName: "ARC-Message-Signature",
    ...(bodyLength !== undefined && { bodyLength }),
    ...(request.hash !== undefined && { hash: request.hash }),
    ...(fold !== undefined && { fold }),
  });
  const sealTags = {
    i: String(instance),
    a: `${key.type}-${request.hash ?? "sha256"}`,
    cv: request.cv ?? (instance === 1 ? "none" : "pass"),
    d: "example.org",
    s: "s1",
    b: "{b}",
    ...request.sealTags,
  };
  const seal = `ARC-Seal:${layoutOf(sealTags, request)}`;
  const older = request.scope === "own" ? [] : chainFields(header.slice(results.length), instance - 1);
  const fields = [...older, results.slice(0, -2), messageSignature.slice(0, -2), withEmptySignature(seal)];
  const input = fields.map((field) => referenceField(field, "relaxed")).join("\r\n");
  const signature = signOctets(Buffer.from(input, "latin1"), key, request.hash ?? "sha256");
  const text = foldedSignature(signature, fold);
  return `${seal.replaceAll("{b}", text)}\r\n${messageSignature}${header}${message.slice(end)}`;
}

function layoutOf(tags: SealTags, { separator = "; ", instanceText }: SealingRequest): string {
  const texts = Object.entries(tags).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  if (instanceText !== undefined) texts[0] = instanceText;
  return ` ${texts.join(separator)}`;
}

/** RFC 8617 §5.1.1: the sets in order, each as results, message signature, seal. */
function chainFields(header: string, newest: number): string[] {
  const fields = referenceFields(header);
  const chain: string[] = [];
  for (let instance = 1; instance <= newest; instance++)
    for (const kind of kinds)
      chain.push(...fields.filter((field) => kindOf(field) === kind && instanceOf(field) === instance));
  return chain;
}

function newestInstance(message: string): number {
  const end = message.indexOf("\r\n\r\n");
  const fields = referenceFields(end < 0 ? message : message.slice(0, end));
  return Math.max(0, ...fields.filter((field) => kinds.includes(kindOf(field))).map(instanceOf));
}

function kindOf(field: string): string {
  return field.slice(0, field.indexOf(":")).trim().toLowerCase();
}

function instanceOf(field: string): number {
  return Number(/[:;\s]i\s*=\s*(\d+)/.exec(field)?.[1] ?? 0);
}
