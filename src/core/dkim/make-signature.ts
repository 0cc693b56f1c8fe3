import { hash, sign as signOctets } from "node:crypto";
import type { SigningKey } from "./signing-key.ts";

/**
 * Signs octets with a key: RFC 6376 §3.3, RFC 8463 §3. RSA is done off the event loop.
 * @returns Base64; undefined when the key cannot sign.
 */
export async function makeSignature(
  { algorithm, privateKey }: SigningKey,
  input: Buffer,
): Promise<string | undefined> {
  try {
    // RFC 8463 §3: Ed25519 signs the SHA-256 hash, not the text.
    if (algorithm === "ed25519-sha256")
      return signOctets(null, hash("sha256", input, "buffer"), privateKey).toString("base64");
    return await new Promise((resolve, reject) => {
      signOctets("sha256", input, privateKey, (error, signature) =>
        error === null ? resolve(signature.toString("base64")) : reject(error),
      );
    });
  } catch {
    return undefined;
  }
}

/** Characters of the base64 that `makeSignature` gives. */
export function signatureLength({ algorithm, bits }: SigningKey): number {
  const octets = algorithm === "rsa-sha256" ? Math.ceil(bits / 8) : 64;
  return Math.ceil(octets / 3) * 4;
}
