import { createPublicKey, type KeyObject } from "node:crypto";
import { decodeBase64 } from "./base64.ts";

export interface PublicKey {
  readonly key: KeyObject;
  /** Modulus of an RSA key; 256 for Ed25519. */
  readonly bits: number;
}

export type KeyType = "rsa" | "ed25519";

/** RFC 8301 §3.2 asks for 4096; beyond this a stranger's key would only cost time. */
const maxRsaBits = 8192;
const maxExponentOctets = 32;
const maxCachedKeys = 1000;

/** By key type and text, the least recently used first. */
const cache = new Map<string, PublicKey>();

/**
 * The key in a `p=` value: an RSA SubjectPublicKeyInfo as everybody publishes it, an RSAPublicKey as RFC 6376 §3.6.1
 * says, or the 32 octets of an Ed25519 key (RFC 8463 §4.2). Kept for later messages.
 * @param text Base64 without white space.
 * @returns undefined when it is no such key.
 */
export function publicKeyOf(type: KeyType, text: string): PublicKey | undefined {
  const name = `${type} ${text}`;
  const known = cache.get(name);
  if (known !== undefined) {
    cache.delete(name);
    cache.set(name, known);
    return known;
  }
  const octets = decodeBase64(text);
  const key = octets === undefined ? undefined : type === "rsa" ? importRsa(octets) : importEd25519(octets);
  if (key === undefined) return undefined;
  if (cache.size >= maxCachedKeys) cache.delete(cache.keys().next().value ?? "");
  cache.set(name, key);
  return key;
}

function importEd25519(octets: Buffer): PublicKey | undefined {
  if (octets.length !== 32) return undefined;
  try {
    const jwk = { kty: "OKP", crv: "Ed25519", x: octets.toString("base64url") };
    return { key: createPublicKey({ key: jwk, format: "jwk" }), bits: 256 };
  } catch {
    return undefined;
  }
}

function importRsa(octets: Buffer): PublicKey | undefined {
  const der = rsaPublicKeyOf(octets);
  const bits = der === undefined ? undefined : modulusBits(der);
  if (der === undefined || bits === undefined || bits > maxRsaBits) return undefined;
  try {
    // PKCS#1 is imported many times faster than SubjectPublicKeyInfo.
    return { key: createPublicKey({ key: der, format: "der", type: "pkcs1" }), bits };
  } catch {
    return undefined;
  }
}

/** AlgorithmIdentifier of rsaEncryption (1.2.840.113549.1.1.1) with its NULL, which some leave out: RFC 8017 A.1. */
const rsaIdentifiers: readonly Buffer[] = ["06092a864886f70d0101010500", "06092a864886f70d010101"].map(
  (hex) => Buffer.from(hex, "hex"),
);

/** The RSAPublicKey inside a SubjectPublicKeyInfo (RFC 5280 §4.1), or the octets themselves. */
function rsaPublicKeyOf(octets: Buffer): Buffer | undefined {
  const outer = readDer(octets, 0, 0x30);
  if (outer === undefined || outer.end !== octets.length) return undefined;
  const algorithm = readDer(octets, outer.start, 0x30);
  if (algorithm === undefined) return octets;
  const identifier = octets.subarray(algorithm.start, algorithm.end);
  const bitString = readDer(octets, algorithm.end, 0x03);
  if (!rsaIdentifiers.some((known) => known.equals(identifier))) return undefined;
  // The first octet of a BIT STRING counts unused bits.
  if (bitString === undefined || bitString.end !== outer.end || octets[bitString.start] !== 0)
    return undefined;
  return octets.subarray(bitString.start + 1, bitString.end);
}

function modulusBits(der: Buffer): number | undefined {
  const sequence = readDer(der, 0, 0x30);
  const modulus = sequence === undefined ? undefined : readDer(der, sequence.start, 0x02);
  const exponent = modulus === undefined ? undefined : readDer(der, modulus.end, 0x02);
  if (sequence === undefined || modulus === undefined || exponent === undefined) return undefined;
  if (sequence.end !== der.length || exponent.end !== der.length) return undefined;
  if (exponent.end - exponent.start > maxExponentOctets) return undefined;
  let start = modulus.start;
  while (start < modulus.end && der[start] === 0) start += 1;
  if (start === modulus.end) return undefined;
  return (modulus.end - start) * 8 - (Math.clz32(der[start] as number) - 24);
}

/** One DER element with that tag, of definite length (X.690 §8.1.3); undefined when it is not there whole. */
function readDer(octets: Buffer, at: number, tag: number): { start: number; end: number } | undefined {
  if (octets[at] !== tag) return undefined;
  const first = octets[at + 1];
  if (first === undefined || first === 0x80 || first > 0x83) return undefined;
  const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
  let length = lengthOctets === 0 ? first : 0;
  for (let i = 0; i < lengthOctets; i++) length = length * 256 + (octets[at + 2 + i] ?? 0);
  const start = at + 2 + lengthOctets;
  return start + length <= octets.length ? { start, end: start + length } : undefined;
}
