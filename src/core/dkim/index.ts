/** DKIM (RFC 6376, RFC 8301, RFC 8463, RFC 8616): verification, signing, and the pieces that ARC builds on. */
export { type BodyDigest, bodyHash, createBodyHasher } from "./body-hash.ts";
export { parseDkimKey } from "./key.ts";
export {
  type DkimSignatureRequest,
  type DkimSigning,
  type DkimSigningContext,
  formatSignedField,
  openDkimSigning,
  type SignatureCanonicalization,
  type SignedField,
  type SigningProblem,
} from "./sign.ts";
export { parseDkimSignature } from "./signature.ts";
export { defaultFields, type FieldSelection } from "./signed-names.ts";
export {
  createSigningKey,
  type SigningKey,
  type SigningKeyOutcome,
  type SigningKeyProblem,
} from "./signing-key.ts";
export { type DkimContext, type DkimOptions, openDkimVerification } from "./verify.ts";
