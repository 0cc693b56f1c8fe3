import { createPublicKey, hash, type KeyObject, verify as verifyOctets } from "node:crypto";
import type { Clock } from "../clock.ts";
import { type Field, type MessageHead, rawValue } from "../message/message.ts";
import { type BodyDigest, BodyHashes } from "./body-hash.ts";
import { FieldPicker, headerHashInput, withoutValueRange } from "./canonical-header.ts";
import {
  type DkimSignatureRequest,
  finishSignatures,
  headProblem,
  planSigning,
  type SignedField,
  type SigningProblem,
} from "./sign.ts";
import { type Canonicalization, type DkimSignature, parseDkimSignature } from "./signature.ts";
import type { SigningKey } from "./signing-key.ts";

/** Signing of a message whose header is changed before it leaves: the body is hashed first, the header is given last. */
export interface LateSigning {
  /** Octets with CRLF line ends, cut anywhere; not kept. */
  body(chunk: Buffer): void;
  /**
   * One signature for each request, over that header; the body is always in the form that was named at the beginning.
   * Call after the last chunk. Never rejects.
   */
  sign(head: MessageHead, requests: readonly DkimSignatureRequest[]): Promise<LateSignatures>;
  /**
   * Which of the keys have a good signature in that header: RFC 6376 §6.1.3 without DNS. Only signatures that were there
   * at the beginning, and those that `sign` made, can be found good. Call after the last chunk.
   */
  goodKeys(head: MessageHead, keys: readonly SigningKey[]): ReadonlySet<SigningKey>;
}

export type LateSignatures =
  | { readonly kind: "signed"; readonly fields: readonly SignedField[] }
  | { readonly kind: "problem"; readonly problem: SigningProblem };

export interface LateSigningContext {
  readonly clock: Clock;
  /** Of the signatures that will be made. */
  readonly bodyCanonicalization: Canonicalization;
  /** d= of signatures in the header that may be asked about. */
  readonly ownDomains: ReadonlySet<string>;
}

/** As many of our own signatures are looked at. */
const maxOwnSignatures = 20;
const maxSignatureOctets = 64 * 1024;

/** @param head As received. */
export function openLateSigning(
  head: MessageHead,
  { clock, bodyCanonicalization, ownDomains }: LateSigningContext,
): LateSigning {
  const hashes = new BodyHashes();
  hashes.ask(bodyCanonicalization);
  const known = new Set<string>([formName(bodyCanonicalization, undefined)]);
  for (const { signature } of signaturesOf(head, ownDomains)) {
    hashes.ask(signature.bodyCanonicalization, signature.bodyLength);
    known.add(formName(signature.bodyCanonicalization, signature.bodyLength));
  }
  const digestOf = ({ bodyCanonicalization: form, bodyLength }: DkimSignature): BodyDigest | undefined =>
    known.has(formName(form, bodyLength)) ? hashes.ask(form, bodyLength)() : undefined;
  return {
    body: (chunk) => hashes.update(chunk),
    async sign(leaving, requests) {
      hashes.end();
      const picker = new FieldPicker(leaving);
      const problem = headProblem(leaving, picker);
      if (problem !== undefined) return { kind: "problem", problem };
      const plan = planSigning(
        requests.map((request) => inForm(request, bodyCanonicalization)),
        picker,
        hashes,
      );
      if (typeof plan === "string") return { kind: "problem", problem: plan };
      return { kind: "signed", fields: await finishSignatures(plan.plans, clock) };
    },
    goodKeys(leaving, keys) {
      hashes.end();
      return goodKeysIn(leaving, keys, digestOf, clock);
    },
  };
}

function formName(form: Canonicalization, length: number | undefined): string {
  return `${form} ${length}`;
}

function inForm(request: DkimSignatureRequest, body: Canonicalization): DkimSignatureRequest {
  return {
    ...request,
    canonicalization: { header: request.canonicalization?.header ?? "relaxed", body },
  };
}

interface FoundSignature {
  readonly field: Field;
  readonly signature: DkimSignature;
}

function signaturesOf(head: MessageHead, domains: ReadonlySet<string>): FoundSignature[] {
  const found: FoundSignature[] = [];
  for (const field of head.fields) {
    if (field.lowerName !== "dkim-signature" || field.end - field.start > maxSignatureOctets) continue;
    const value = rawValue(head, field);
    if (!namesOneOf(value, domains)) continue;
    const signature = parseDkimSignature(value);
    if (signature.problem === undefined && domains.has(signature.domain)) found.push({ field, signature });
    if (found.length === maxOwnSignatures) break;
  }
  return found;
}

/** Whether a domain stands in it as we write it: then it is worth reading. */
function namesOneOf(value: string, domains: ReadonlySet<string>): boolean {
  const lower = value.toLowerCase();
  for (const domain of domains) if (lower.includes(domain)) return true;
  return false;
}

function goodKeysIn(
  head: MessageHead,
  keys: readonly SigningKey[],
  digestOf: (signature: DkimSignature) => BodyDigest | undefined,
  clock: Clock,
): ReadonlySet<SigningKey> {
  const good = new Set<SigningKey>();
  let picker: FieldPicker | undefined;
  const domains = new Set(keys.map(({ domain }) => domain));
  for (const { field, signature } of signaturesOf(head, domains)) {
    const key = keys.find((one) => isBy(signature, one));
    if (key === undefined || good.has(key) || isExpired(signature, clock)) continue;
    const digest = digestOf(signature);
    if (digest?.coverage !== "whole" || !digest.hash.equals(signature.bodyHash)) continue;
    const { start, end } = signature.signatureTag;
    picker ??= new FieldPicker(head);
    const input = headerHashInput(
      picker.pick(signature.signedFields, field),
      withoutValueRange(head, field, start, end),
      signature.headerCanonicalization,
    );
    if (verifies(signature, input, publicHalf(key))) good.add(key);
  }
  return good;
}

function isBy({ domain, selector, algorithm }: DkimSignature, key: SigningKey): boolean {
  return domain === key.domain && selector === key.selector && algorithm === key.algorithm;
}

/** §3.5 x=. */
function isExpired({ expiration }: DkimSignature, clock: Clock): boolean {
  return expiration !== undefined && clock.now() > expiration * 1000;
}

const publicHalves = new WeakMap<KeyObject, KeyObject>();

function publicHalf({ privateKey }: SigningKey): KeyObject {
  const known = publicHalves.get(privateKey);
  if (known !== undefined) return known;
  const made = createPublicKey(privateKey);
  publicHalves.set(privateKey, made);
  return made;
}

function verifies({ algorithm, signature }: DkimSignature, input: Buffer, key: KeyObject): boolean {
  try {
    // RFC 8463 §3: Ed25519 signs the SHA-256 hash, not the text.
    return algorithm === "ed25519-sha256"
      ? verifyOctets(null, hash("sha256", input, "buffer"), key, signature)
      : verifyOctets("sha256", input, key, signature);
  } catch {
    return false;
  }
}
