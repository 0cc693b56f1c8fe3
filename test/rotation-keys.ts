import { generateKeyPairSync } from "node:crypto";

function rsaText(): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  return publicKey.export({ format: "der", type: "spki" }).toString("base64");
}

/** What `p=` says of keys that nobody has the other half of. */
export const testKeys: { readonly rsa: string; readonly otherRsa: string } = {
  rsa: rsaText(),
  otherRsa: rsaText(),
};
