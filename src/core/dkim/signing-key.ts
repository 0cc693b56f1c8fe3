import {
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as signOctets,
  verify as verifyOctets,
} from "node:crypto";
import { toAsciiDomain } from "../domain-name.ts";

/** A private key with the name under which its public half is published; made by `createSigningKey`. */
export interface SigningKey {
  /** `d=`: A-labels in lower case. */
  readonly domain: string;
  /** `s=`: likewise. */
  readonly selector: string;
  readonly algorithm: "rsa-sha256" | "ed25519-sha256";
  readonly privateKey: KeyObject;
  /** Modulus of an RSA key; 256 for Ed25519. */
  readonly bits: number;
}

export type SigningKeyProblem =
  | "bad-domain"
  | "bad-selector"
  /** No private key, or neither RSA nor Ed25519. */
  | "key-type"
  /** RFC 8301 §3.2: signers use RSA keys of at least 1024 bits. */
  | "key-too-short"
  /** Its own public half does not verify what it signs. */
  | "key-broken";

export type SigningKeyOutcome =
  | { readonly kind: "key"; readonly key: SigningKey }
  | { readonly kind: "problem"; readonly problem: SigningKeyProblem };

const lowestRsaBits = 1024;

/**
 * Makes a signing key out of a parsed private key, once; it can then sign any number of messages. The key is tried
 * out, so that what stands in a key file half destroyed is found now and not at the first message.
 * @param options `domain` and `selector` may have U-labels, which become A-labels (RFC 8616 §5), and any letter case.
 */
export function createSigningKey({
  domain,
  selector,
  privateKey,
}: {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: KeyObject;
}): SigningKeyOutcome {
  const d = domain.endsWith(".") ? undefined : toAsciiDomain(domain);
  const s = selector.endsWith(".") ? undefined : toAsciiDomain(selector);
  // RFC 6376 §3.5 d=: at least two labels.
  if (d === undefined || !d.includes(".")) return refusal("bad-domain");
  if (s === undefined) return refusal("bad-selector");
  const algorithm = algorithmOf(privateKey);
  if (algorithm === undefined) return refusal("key-type");
  const bits = algorithm === "rsa-sha256" ? (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) : 256;
  if (algorithm === "rsa-sha256" && bits < lowestRsaBits) return refusal("key-too-short");
  if (!works(privateKey, algorithm)) return refusal("key-broken");
  return { kind: "key", key: { domain: d, selector: s, algorithm, privateKey, bits } };
}

function refusal(problem: SigningKeyProblem): SigningKeyOutcome {
  return { kind: "problem", problem };
}

function algorithmOf(key: KeyObject): SigningKey["algorithm"] | undefined {
  if (key.type !== "private") return undefined;
  if (key.asymmetricKeyType === "rsa") return "rsa-sha256";
  return key.asymmetricKeyType === "ed25519" ? "ed25519-sha256" : undefined;
}

function works(privateKey: KeyObject, algorithm: SigningKey["algorithm"]): boolean {
  const digest = algorithm === "rsa-sha256" ? "sha256" : null;
  const octets = randomBytes(32);
  try {
    return verifyOctets(digest, octets, createPublicKey(privateKey), signOctets(digest, octets, privateKey));
  } catch {
    return false;
  }
}
