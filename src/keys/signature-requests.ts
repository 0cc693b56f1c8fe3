import type { IdentityPolicy, SignConfig, SigningKeyConfig } from "../config/sign-config.ts";
import type { DkimSignatureRequest } from "../core/dkim/sign.ts";
import { defaultFields, type FieldSelection } from "../core/dkim/signed-names.ts";
import type { SigningKey } from "../core/dkim/signing-key.ts";
import type { Author } from "./signing-table.ts";

/** How messages are signed, whatever key is used. */
export type SigningStyle = Pick<
  SignConfig,
  "canonicalization" | "timestamp" | "expireMs" | "extraHeaders" | "oversignHeaders"
>;

/** What `openDkimSigning` is to make for mail of an author, one signature for each key, in their order. */
export function signatureRequests(
  author: Author,
  keys: readonly (Pick<SigningKeyConfig, "identity"> & { readonly key: SigningKey })[],
  style: SigningStyle,
): readonly DkimSignatureRequest[] {
  const fields = signedFields(style);
  return keys.map(({ key, identity }) => {
    const i = identityOf(identity, author);
    return {
      key,
      canonicalization: style.canonicalization,
      fields,
      timestamp: style.timestamp,
      ...(style.expireMs !== undefined && { expiresAfter: Math.round(style.expireMs / 1000) }),
      ...(i !== undefined && { identity: i }),
    };
  });
}

/** The built-in fields and the operator's own. */
export function signedFields({
  extraHeaders,
  oversignHeaders,
}: Pick<SignConfig, "extraHeaders" | "oversignHeaders">): FieldSelection {
  if (extraHeaders.length === 0 && oversignHeaders.length === 0) return defaultFields;
  return {
    oversigned: [...defaultFields.oversigned, ...oversignHeaders],
    whenPresent: [...defaultFields.whenPresent, ...extraHeaders],
  };
}

function identityOf(policy: IdentityPolicy, { domain, localPart }: Author): DkimSignatureRequest["identity"] {
  switch (policy) {
    case "none":
      return undefined;
    case "domain":
      return { localPart: "", domain };
    case "address":
      return localPart === undefined ? undefined : { localPart, domain };
  }
}
