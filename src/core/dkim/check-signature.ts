import { hash, type KeyObject, verify as verifyOctets } from "node:crypto";
import type { DkimProblem, DkimWord } from "../results.ts";
import type { BodyDigest } from "./body-hash.ts";
import { type DkimKeyRecord, keyRecordProblem } from "./key.ts";
import { publicKeyOf } from "./key-material.ts";
import type { KeyLookup } from "./key-query.ts";
import type { DkimSignature } from "./signature.ts";

export interface SignatureOutcome {
  readonly result: DkimWord;
  readonly problem?: DkimProblem;
  /** Bits of the key that was tried. */
  readonly keyBits?: number;
}

/** What of a signature is looked at here. */
export type CheckedSignature = Pick<DkimSignature, "algorithm" | "signature" | "domain" | "identity">;

export interface SignatureCheck {
  readonly signature: CheckedSignature;
  /** The hash that `bh=` states and what was found; an ARC-Seal covers no body (RFC 8617 §4.1.3). */
  readonly body: { readonly stated: Buffer; readonly digest: BodyDigest } | "not-signed";
  /** What the signature is over (§3.7 step 2); called when it is needed. */
  readonly headerHashInput: () => Buffer;
  readonly minRsaBits: number;
}

/**
 * Checks one signature against the keys at its selector: RFC 6376 §6.1.2 and §6.1.3. Of several keys the first that
 * gives a pass counts, else the outcome that came furthest.
 */
export function checkSignature(check: SignatureCheck, keys: KeyLookup): SignatureOutcome {
  if (keys.kind !== "records") return { result: keys.kind, problem: keys.problem };
  let best: SignatureOutcome = { result: "permerror", problem: "key-syntax" };
  for (const [index, record] of keys.records.entries()) {
    const outcome = checkWithKey(check, record);
    if (index === 0 || progress(outcome) > progress(best)) best = outcome;
    if (best.result === "pass") break;
  }
  return best;
}

function progress({ result, problem }: SignatureOutcome): number {
  if (result === "pass") return 3;
  if (problem === "body-not-covered") return 2;
  return result === "fail" || result === "neutral" ? 1 : 0;
}

function checkWithKey(check: SignatureCheck, record: DkimKeyRecord): SignatureOutcome {
  const { signature, body, minRsaBits } = check;
  const algorithm = signature.algorithm === "ed25519-sha256" ? "ed25519" : "rsa";
  const subdomainIdentity = signature.identity.domain !== signature.domain;
  const problem = keyRecordProblem(record, { keyType: algorithm, subdomainIdentity });
  if (problem !== undefined) return { result: "permerror", problem };
  const publicKey = publicKeyOf(algorithm, record.publicKey);
  if (publicKey === undefined) return { result: "permerror", problem: "key-syntax" };
  const { key, bits: keyBits } = publicKey;
  // RFC 8301 §3.2: shorter RSA keys MUST NOT count.
  if (algorithm === "rsa" && keyBits < minRsaBits)
    return { result: "policy", problem: "key-too-short", keyBits };
  const mismatch = findMismatch(check, key);
  // §3.6.1 t=y: a failure is to be treated as no signature at all.
  if (mismatch !== undefined && record.flags.includes("y"))
    return { result: "neutral", problem: "key-testing", keyBits };
  if (mismatch !== undefined) return { result: "fail", problem: mismatch, keyBits };
  // §6.1.3, §8.2: what stands behind l= is anybody's.
  if (body !== "not-signed" && body.digest.coverage === "shorter")
    return { result: "policy", problem: "body-not-covered", keyBits };
  return { result: "pass", keyBits };
}

/** §6.1.3 steps 3 and 4. */
function findMismatch(check: SignatureCheck, key: KeyObject): DkimProblem | undefined {
  const { signature, body } = check;
  // §3.5 l=: MUST NOT be larger than the body, so the octets that bh= states are not there.
  if (body !== "not-signed" && (body.digest.coverage === "longer" || !body.digest.hash.equals(body.stated)))
    return "body-hash-mismatch";
  return verifies(signature, check.headerHashInput(), key) ? undefined : "signature-mismatch";
}

function verifies({ algorithm, signature }: CheckedSignature, input: Buffer, key: KeyObject): boolean {
  try {
    // RFC 8463 §3: Ed25519 signs the SHA-256 hash, not the text.
    return algorithm === "ed25519-sha256"
      ? verifyOctets(null, hash("sha256", input, "buffer"), key, signature)
      : verifyOctets("sha256", input, key, signature);
  } catch {
    // OpenSSL refuses some keys (an even modulus, a huge exponent) only when they are used.
    return false;
  }
}
