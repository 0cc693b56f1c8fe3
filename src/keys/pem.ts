import { createPrivateKey, type KeyObject } from "node:crypto";

export type PemProblem = "no-private-key" | "passphrase-missing" | "passphrase-wrong";

export type PemReading =
  | { readonly kind: "key"; readonly key: KeyObject }
  | { readonly kind: "problem"; readonly problem: PemProblem };

/** Reads a private key in PEM: PKCS#1 (RFC 8017) or PKCS#8 (RFC 5958), encrypted or not. */
export function readPem(pem: string, passphrase?: string): PemReading {
  const isEncrypted =
    pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----") || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
  if (isEncrypted && passphrase === undefined) return { kind: "problem", problem: "passphrase-missing" };
  try {
    const key = createPrivateKey(passphrase === undefined ? pem : { key: pem, format: "pem", passphrase });
    return { kind: "key", key };
  } catch {
    return { kind: "problem", problem: isEncrypted ? "passphrase-wrong" : "no-private-key" };
  }
}
