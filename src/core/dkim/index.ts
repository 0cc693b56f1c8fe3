/** DKIM (RFC 6376, RFC 8301, RFC 8463, RFC 8616): verification, and the pieces that signing and ARC build on. */
export { type BodyDigest, bodyHash, createBodyHasher } from "./body-hash.ts";
export { parseDkimKey } from "./key.ts";
export { parseDkimSignature } from "./signature.ts";
export { type DkimContext, type DkimOptions, openDkimVerification } from "./verify.ts";
