import type { Clock } from "../clock.ts";
import { isWithin } from "../domain-name.ts";
import type { MessageHead } from "../message/message.ts";
import type { Verification } from "../verification.ts";
import { type BodyDigest, BodyHashes } from "./body-hash.ts";
import { canonicalizeFields, canonicalizeHeaderField, FieldPicker, fieldOctets } from "./canonical-header.ts";
import { layOutTags, type SignatureTagText, withSignature } from "./field-layout.ts";
import { makeSignature, signatureLength } from "./make-signature.ts";
import type { Canonicalization } from "./signature.ts";
import { defaultFields, type FieldSelection, signedNames } from "./signed-names.ts";
import type { SigningKey } from "./signing-key.ts";

export interface SignatureCanonicalization {
  readonly header: Canonicalization;
  readonly body: Canonicalization;
}

/** One signature that is to be made. */
export interface DkimSignatureRequest {
  readonly key: SigningKey;
  /** relaxed/relaxed when absent. */
  readonly canonicalization?: SignatureCanonicalization;
  /** `defaultFields` when absent. */
  readonly fields?: FieldSelection;
  /** `i=`; left out when absent, or when its domain (A-labels, lower case) is neither d= nor below it. */
  readonly identity?: { readonly localPart: string; readonly domain: string };
  /** Whether `t=` is written; true when absent. */
  readonly timestamp?: boolean;
  /** `x=`: whole seconds after the time of signing; without it there is none. */
  readonly expiresAfter?: number;
}

export interface DkimSigningContext {
  /** One field is made for each, in this order. */
  readonly signatures: readonly DkimSignatureRequest[];
  /** For t= and x=. */
  readonly clock: Clock;
}

/** A field to be put on top of the header as name, colon, one blank, value. */
export interface SignedField {
  readonly name: string;
  /** ASCII, folded with LF as milters want it; see `formatSignedField`. */
  readonly value: string;
}

/** Why a message is not signed. */
export type SigningProblem =
  /** The head is `truncated`: fields that must be signed may be missing. */
  | "header-too-long"
  /** It begins with white space: a field on top of it would be continued by that line. */
  | "header-malformed"
  | "from-missing"
  /** RFC 6376 §8.15: whose mail it is depends on who reads it. */
  | "from-repeated"
  /** `h=` would name more than 300 fields. */
  | "too-many-fields";

/** Signing under way: opened with the head, fed the body, finished once. */
export interface DkimSigning extends Verification<readonly SignedField[]> {
  /** With a problem nothing is signed, and `finish` gives no field. */
  readonly problem?: SigningProblem;
}

/**
 * Signs a message: RFC 6376 §5, RFC 8301, RFC 8463, RFC 8616. All signatures are made in one pass: the body is
 * canonicalized once for each form and hashed while it comes in; RSA is done off the event loop. No `l=`, never SHA-1.
 *
 * The head must be the one that leaves: what is changed afterwards among the signed fields breaks the signature.
 * `finish` leaves out a signature that its key fails to make, which `createSigningKey` has ruled out but for a lack of
 * memory.
 */
export function openDkimSigning(head: MessageHead, { signatures, clock }: DkimSigningContext): DkimSigning {
  const picker = new FieldPicker(head);
  const problem = headProblem(head, picker);
  const signer = problem === undefined ? planSigning(signatures, picker) : problem;
  if (typeof signer === "string")
    return { needsBody: false, body: () => {}, finish: async () => [], problem: signer };
  return {
    needsBody: !signer.hashes.empty,
    body: (chunk) => signer.hashes.update(chunk),
    finish: () => {
      signer.hashes.end();
      return finishSignatures(signer.plans, clock);
    },
  };
}

/** The fields of signatures whose body hashes have ended; without those that their keys fail to make. */
export async function finishSignatures(
  plans: readonly SignaturePlan[],
  clock: Clock,
): Promise<readonly SignedField[]> {
  const now = Math.floor(clock.now() / 1000);
  const fields = await Promise.all(plans.map((plan) => finishSignature(plan, now)));
  return fields.filter((field) => field !== undefined);
}

/** The field as it stands in a file or on the wire, with its line end. */
export function formatSignedField({ name, value }: SignedField, lineEnd: "\n" | "\r\n"): string {
  return `${name}: ${lineEnd === "\n" ? value : value.replaceAll("\n", "\r\n")}${lineEnd}`;
}

/** What of a head forbids any signature. */
export function headProblem(head: MessageHead, picker: FieldPicker): SigningProblem | undefined {
  if (head.truncated === true) return "header-too-long";
  const first = head.octets[0];
  if (first === 0x20 || first === 0x09) return "header-malformed";
  const authors = picker.count("from");
  if (authors === 1) return undefined;
  return authors === 0 ? "from-missing" : "from-repeated";
}

/** A signature whose header part is ready. */
export interface SignaturePlan {
  readonly request: DkimSignatureRequest;
  readonly canonicalization: SignatureCanonicalization;
  readonly names: readonly string[];
  readonly signedOctets: Buffer;
  readonly digest: () => BodyDigest;
}

const relaxed: SignatureCanonicalization = { header: "relaxed", body: "relaxed" };

/** @param hashes Of the body that is still to come; or of one that has, with every form asked for before. */
export function planSigning(
  requests: readonly DkimSignatureRequest[],
  picker: FieldPicker,
  hashes: BodyHashes = new BodyHashes(),
): SigningProblem | { readonly hashes: BodyHashes; readonly plans: readonly SignaturePlan[] } {
  const plans: SignaturePlan[] = [];
  for (const request of requests) {
    const { canonicalization = relaxed, fields = defaultFields } = request;
    // Signatures of one message mostly differ in nothing but the key.
    const same = plans.find(
      (plan) =>
        plan.canonicalization.header === canonicalization.header &&
        (plan.request.fields ?? defaultFields) === fields,
    );
    const names = same?.names ?? signedNames(fields, picker);
    if (names === undefined) return "too-many-fields";
    const lowerNames = names.map((name) => name.toLowerCase());
    plans.push({
      request,
      canonicalization,
      names,
      signedOctets:
        same?.signedOctets ?? canonicalizeFields(picker.pick(lowerNames), canonicalization.header),
      digest: hashes.ask(canonicalization.body),
    });
  }
  return { hashes, plans };
}

async function finishSignature(plan: SignaturePlan, now: number): Promise<SignedField | undefined> {
  const { request, canonicalization, signedOctets } = plan;
  const field = layOutTags("DKIM-Signature", signatureTags(plan, now));
  const signature = await makeSignature(
    request.key,
    signatureInput(signedOctets, field.before + field.after, canonicalization.header),
  );
  return signature === undefined ? undefined : toSignedField(withSignature(field, signature));
}

/** RFC 6376 §3.7 step 2: the signed fields and the signature with an empty `b=`, without its CRLF. */
export function signatureInput(
  signedOctets: Buffer,
  unsigned: string,
  canonicalization: Canonicalization,
): Buffer {
  const own = canonicalizeHeaderField(fieldOctets(`${unsigned}\r\n`), canonicalization);
  return Buffer.concat([signedOctets, own.subarray(0, -2)], signedOctets.length + own.length - 2);
}

/** @param text Name, colon, blank and value, CRLF folds. */
export function toSignedField(text: string): SignedField {
  const colon = text.indexOf(":");
  return { name: text.slice(0, colon), value: text.slice(colon + 2).replaceAll("\r\n", "\n") };
}

function signatureTags(
  { request, canonicalization, names, digest }: SignaturePlan,
  now: number,
): SignatureTagText[] {
  const { key, identity, timestamp = true, expiresAfter } = request;
  const tags: SignatureTagText[] = [
    { name: "v", value: "1" },
    { name: "a", value: key.algorithm },
    { name: "c", value: `${canonicalization.header}/${canonicalization.body}` },
    { name: "d", value: key.domain },
    { name: "s", value: key.selector },
  ];
  if (identity !== undefined && isWithin(identity.domain, key.domain))
    tags.push({ name: "i", value: `${quotedPrintable(identity.localPart)}@${identity.domain}` });
  if (timestamp) tags.push({ name: "t", value: String(now) });
  // §3.5 x=: greater than t=.
  if (expiresAfter !== undefined) tags.push({ name: "x", value: String(now + Math.max(1, expiresAfter)) });
  return [
    ...tags,
    { name: "h", value: names.join(":"), foldsAtColons: true },
    { name: "bh", value: digest().hash.toString("base64") },
    { name: "b", value: " ".repeat(signatureLength(key)) },
  ];
}

/** RFC 6376 §2.11, more quoted than it asks for: what is not plain ASCII is written as its UTF-8 octets. */
function quotedPrintable(text: string): string {
  let quoted = "";
  for (const octet of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(octet);
    quoted += /[A-Za-z0-9!#$%&'*+/?^_.{}~-]/.test(character)
      ? character
      : `=${octet.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return quoted;
}
