import type { Clock } from "../clock.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import { type Field, type MessageHead, rawValue } from "../message/message.ts";
import type { DkimProblem, DkimResult, DkimWord } from "../results.ts";
import type { Verification } from "../verification.ts";
import type { BodyDigest } from "./body-hash.ts";
import { type FieldPicker, headerHashInput, withoutValueRange } from "./canonical-header.ts";
import { checkSignature, type SignatureOutcome } from "./check-signature.ts";
import type { KeyLookup } from "./key-query.ts";
import { type DkimSignature, type DkimSignatureFault, parseDkimSignature } from "./signature.ts";
import { SignedMaterial } from "./signed-material.ts";

export interface DkimOptions {
  /** Signatures that are evaluated, from the top; 10 when absent. */
  readonly maxSignatures?: number;
  /** RSA keys with fewer bits are not accepted; 1024 when absent, and never less (RFC 8301 §3.2). */
  readonly minRsaBits?: number;
}

export interface DkimContext {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** Time by `clock.monotonic()` after which key queries fail. */
  readonly deadline?: number;
  readonly options?: DkimOptions;
}

const defaultMaxSignatures = 10;
/** Results for signatures that are not evaluated are bounded too. */
const maxResults = 100;
const maxSignatureOctets = 64 * 1024;
const lowestRsaBits = 1024;

/**
 * Verifies the DKIM signatures of a message: RFC 6376 §6, with RFC 8301, RFC 8463 and RFC 8616. Key queries start at
 * once, each name once; the body is hashed while it comes in; signatures are checked by `finish`.
 *
 * Results stand in the order of the signatures from the top, at most 100. A timestamp (`t=`) in the future is not held
 * against a signature (§3.5 t=: MAY); an expiration (`x=`) that is past is. An `l=` beyond the end of the body is a
 * body that does not match. In a head that is `truncated` no signature is evaluated, as what it signs may be missing.
 */
export function openDkimVerification(
  head: MessageHead,
  context: DkimContext,
): Verification<readonly DkimResult[]> {
  const material = new SignedMaterial(head, context);
  const { hashes } = material;
  const dkim = startDkim(material, context);
  return {
    needsBody: !hashes.empty,
    body: (chunk) => hashes.update(chunk),
    finish: () => {
      hashes.end();
      return dkim.finish();
    },
  };
}

/** DKIM verification under way; see `openDkimVerification`. Whoever made the material feeds the body and ends it. */
export interface PendingDkim {
  /** `d=` of each signature in which it can be read, from the top. */
  readonly domains: readonly string[];
  /** Never rejects. Call once, after the body hashes have ended. */
  finish(): Promise<readonly DkimResult[]>;
}

/** Starts the verification over material that others of the message share. */
export function startDkim(
  material: SignedMaterial,
  context: Pick<DkimContext, "clock" | "options">,
): PendingDkim {
  const { head, hashes, keys } = material;
  const found = findSignatures(head, context);
  const pending = found.map((one) => openSignature(one, hashes, keys));
  return {
    domains: found.map(({ signature }) => signature.domain).filter((domain) => domain !== ""),
    finish: async () => {
      const lookups = await Promise.all(pending.map((one) => one?.keys));
      const prefixLength = signaturePrefixLength(found);
      return found.map((one, index) => {
        const { picker } = material;
        const outcome = finishSignature(one, pending[index], lookups[index], head, picker, context.options);
        return formResult(one, outcome, prefixLength);
      });
    },
  };
}

interface FoundSignature {
  readonly field: Field;
  readonly fieldIndex: number;
  readonly signature: DkimSignature | DkimSignatureFault;
  /** Decided without body and key. */
  readonly refusal?: Refusal;
}

interface Refusal {
  readonly result: DkimWord;
  readonly problem: DkimProblem;
}

/** What a signature waits for. */
interface PendingSignature {
  readonly signature: DkimSignature;
  readonly digest: () => BodyDigest;
  readonly keys: Promise<KeyLookup>;
}

function findSignatures(
  head: MessageHead,
  { clock, options }: Pick<DkimContext, "clock" | "options">,
): FoundSignature[] {
  const found: FoundSignature[] = [];
  const limit = options?.maxSignatures ?? defaultMaxSignatures;
  for (const [fieldIndex, field] of head.fields.entries()) {
    if (field.lowerName !== "dkim-signature") continue;
    if (found.length === maxResults) break;
    const signature = readSignatureField(head, field);
    const refusal = found.length >= limit ? tooMany : refuse(signature, head, clock);
    found.push({ field, fieldIndex, signature, ...(refusal === undefined ? {} : { refusal }) });
  }
  return found;
}

const tooMany: Refusal = { result: "policy", problem: "too-many-signatures" };
const tooLarge: DkimSignatureFault = {
  problem: "signature-too-large",
  domain: "",
  selector: "",
  algorithm: "",
  signatureText: "",
};

function readSignatureField(head: MessageHead, field: Field): DkimSignature | DkimSignatureFault {
  return field.end - field.start > maxSignatureOctets ? tooLarge : parseDkimSignature(rawValue(head, field));
}

function refuse(
  signature: DkimSignature | DkimSignatureFault,
  head: MessageHead,
  clock: Clock,
): Refusal | undefined {
  if (signature.problem === "signature-too-large" || head.truncated === true)
    return { result: "policy", problem: "signature-too-large" };
  if (signature.problem !== undefined) return { result: "permerror", problem: signature.problem };
  // RFC 8301 §3.1: rsa-sha1 MUST NOT be used for verifying.
  if (signature.algorithm === "rsa-sha1") return { result: "policy", problem: "sha1" };
  // §3.5 x=, §6.1.1: past its expiration.
  if (signature.expiration !== undefined && clock.now() > signature.expiration * 1000)
    return { result: "policy", problem: "signature-expired" };
  return undefined;
}

function openSignature(
  { signature, refusal }: FoundSignature,
  hashes: SignedMaterial["hashes"],
  keys: SignedMaterial["keys"],
): PendingSignature | undefined {
  if (refusal !== undefined || signature.problem !== undefined) return undefined;
  return {
    signature,
    digest: hashes.ask(signature.bodyCanonicalization, signature.bodyLength),
    keys: keys.lookup(signature.selector, signature.domain),
  };
}

function finishSignature(
  { field, refusal }: FoundSignature,
  pending: PendingSignature | undefined,
  keys: KeyLookup | undefined,
  head: MessageHead,
  picker: FieldPicker,
  options: DkimOptions | undefined,
): SignatureOutcome {
  if (pending === undefined || keys === undefined) return refusal ?? tooMany;
  const { signature } = pending;
  let input: Buffer | undefined;
  const check = {
    signature,
    body: { stated: signature.bodyHash, digest: pending.digest() },
    headerHashInput: () => {
      input ??= signedOctets(head, field, signature, picker);
      return input;
    },
    minRsaBits: Math.max(options?.minRsaBits ?? lowestRsaBits, lowestRsaBits),
  };
  return checkSignature(check, keys);
}

function signedOctets(
  head: MessageHead,
  field: Field,
  signature: DkimSignature,
  picker: FieldPicker,
): Buffer {
  const { start, end } = signature.signatureTag;
  return headerHashInput(
    picker.pick(signature.signedFields, field),
    withoutValueRange(head, field, start, end),
    signature.headerCanonicalization,
  );
}

function formResult(
  { fieldIndex, signature }: FoundSignature,
  outcome: SignatureOutcome,
  prefixLength: number,
): DkimResult {
  const { domain, selector, algorithm, signatureText } = signature;
  const bodyLength = signature.problem === undefined ? signature.bodyLength : undefined;
  return {
    method: "dkim",
    result: outcome.result,
    domain,
    selector,
    identity: identityOf(signature),
    algorithm,
    ...(outcome.keyBits === undefined ? {} : { keyBits: outcome.keyBits }),
    ...(bodyLength === undefined ? {} : { bodyLength }),
    ...(signatureText === "" ? {} : { signaturePrefix: signatureText.slice(0, prefixLength) }),
    fieldIndex,
    ...(outcome.problem === undefined ? {} : { problem: outcome.problem }),
  };
}

function identityOf(signature: DkimSignature | DkimSignatureFault): string {
  if (signature.problem === undefined) return `${signature.identity.localPart}@${signature.identity.domain}`;
  return signature.domain === "" ? "" : `@${signature.domain}`;
}

/** RFC 6008 §4: at least eight characters, and so many that results can be told apart; no more than 64 here. */
function signaturePrefixLength(found: readonly FoundSignature[]): number {
  const texts = new Set(found.map(({ signature }) => signature.signatureText));
  for (let length = 8; length < 64; length *= 2)
    if (new Set([...texts].map((text) => text.slice(0, length))).size === texts.size) return length;
  return 64;
}
