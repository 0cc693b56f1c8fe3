import { parseTagList, tagValue, trimSpace } from "../message/taglist.ts";
import type { DkimProblem } from "../results.ts";
import { withoutSpace } from "./base64.ts";

/** A key record that can be read: RFC 6376 §3.6.1. */
export interface DkimKeyRecord {
  /** `k=` in lower case. */
  readonly keyType: string;
  /** `h=` in lower case; undefined allows every hash. */
  readonly hashes?: readonly string[];
  /** `s=` in lower case. */
  readonly services: readonly string[];
  /** `t=` in lower case. */
  readonly flags: readonly string[];
  /** `p=` without white space; empty for a revoked key. */
  readonly publicKey: string;
}

/**
 * Reads a key record: RFC 6376 §3.6.1. Unknown tags, flags and services are ignored.
 * @param text The strings of the TXT record joined, one octet a character.
 * @returns undefined when the record breaks the syntax; it must then be ignored (§6.1.2).
 */
export function parseDkimKey(text: string): DkimKeyRecord | undefined {
  const list = parseTagList(text);
  if (list.problem !== undefined) return undefined;
  // §3.6.1 v=: when there, the first tag, and compared as a string.
  const version = list.tags.findIndex((tag) => tag.name === "v");
  if (version > 0 || (version === 0 && list.tags[0]?.value !== "DKIM1")) return undefined;
  const publicKey = tagValue(list, "p");
  if (publicKey === undefined) return undefined;
  const hashes = tagValue(list, "h");
  return {
    keyType: (tagValue(list, "k") ?? "rsa").toLowerCase(),
    ...(hashes === undefined ? {} : { hashes: words(hashes) }),
    services: words(tagValue(list, "s") ?? "*"),
    flags: words(tagValue(list, "t") ?? ""),
    publicKey: withoutSpace(publicKey),
  };
}

/** Whether a key may be used for this signature, by the record alone: RFC 6376 §3.6.1 and §6.1.2 steps 5 to 8. */
export function keyRecordProblem(
  key: DkimKeyRecord,
  use: { readonly keyType: "rsa" | "ed25519"; readonly subdomainIdentity: boolean },
): DkimProblem | undefined {
  // §3.6.1 s=: a record for other services is to be ignored.
  if (!key.services.includes("*") && !key.services.includes("email")) return "key-not-for-email";
  if (key.hashes !== undefined && !key.hashes.includes("sha256")) return "key-hash-not-allowed";
  if (key.publicKey === "") return "key-revoked";
  // §6.1.2 step 8: not suitable for the algorithm of a=; unknown key types are ignored (§3.6.1 k=).
  if (key.keyType !== use.keyType) return "key-syntax";
  // §3.6.1 t=s: the domain of i= is then d= itself.
  if (use.subdomainIdentity && key.flags.includes("s")) return "identity-not-allowed";
  return undefined;
}

function words(value: string): string[] {
  return value
    .toLowerCase()
    .split(":")
    .map(trimSpace)
    .filter((word) => word !== "");
}
