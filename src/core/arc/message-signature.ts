import { decodeBase64 } from "../dkim/base64.ts";
import {
  type Canonicalization,
  hasDnsTxt,
  readAlgorithm,
  readCanonicalization,
  readDomain,
  readLimits,
  readSelector,
  requiredValue,
  type SigningAlgorithm,
} from "../dkim/signature.ts";
import { type Tag, type TagList, tagValue, trimSpace } from "../message/taglist.ts";

export interface CanonicalForm {
  readonly headerCanonicalization: Canonicalization;
  readonly bodyCanonicalization: Canonicalization;
}

/** An ARC-Message-Signature field that keeps to RFC 8617 §4.1.2: DKIM's tags without `v=` and with another `i=`. */
export interface MessageSignature {
  readonly algorithm: SigningAlgorithm;
  /** `b=`, decoded. */
  readonly signature: Buffer;
  readonly signatureTag: Tag;
  /** `bh=`, decoded. */
  readonly bodyHash: Buffer;
  /** `c=`; the signature verifies when it does with one of them. */
  readonly forms: readonly CanonicalForm[];
  /** A-labels in lower case. */
  readonly domain: string;
  readonly selector: string;
  /** Names of `h=` in lower case, in order. */
  readonly signedFields: readonly string[];
  /** `l=` in octets. */
  readonly bodyLength?: number;
  /** `x=`: seconds since 1970. */
  readonly expiration?: number;
}

/** @returns undefined when a tag is missing or malformed. */
export function readMessageSignature(tags: TagList): MessageSignature | undefined {
  if (tags.problem !== undefined || !hasDnsTxt(tagValue(tags, "q") ?? "dns/txt")) return undefined;
  const algorithm = readAlgorithm(requiredValue(tags, "a"));
  const domain = readDomain(requiredValue(tags, "d"));
  const selector = readSelector(requiredValue(tags, "s"));
  const signatureTag = tags.tags.find(({ name }) => name === "b");
  const signature = decodeBase64(requiredValue(tags, "b"));
  const bodyHash = decodeBase64(requiredValue(tags, "bh"));
  const forms = readForms(tagValue(tags, "c"));
  const signedFields = readSignedFields(tagValue(tags, "h"));
  const limits = readLimits(tags);
  if (algorithm === undefined || domain === undefined || selector === undefined) return undefined;
  if (signatureTag === undefined || signature === undefined || bodyHash === undefined) return undefined;
  if (forms === undefined || signedFields === undefined || limits === undefined) return undefined;
  return {
    algorithm,
    domain,
    selector,
    signatureTag,
    signature,
    bodyHash,
    forms,
    signedFields,
    ...limits,
  };
}

/**
 * `c=`. Without it simple/simple by RFC 6376 §3.5, which RFC 8617 §4.1.2 takes over; the published test suite, and
 * sealers by it, take relaxed/relaxed. Either is good.
 */
function readForms(value: string | undefined): readonly CanonicalForm[] | undefined {
  if (value === undefined) return unnamedForms;
  const form = readCanonicalization(value);
  return form === undefined ? undefined : [form];
}

const unnamedForms: readonly CanonicalForm[] = [
  { headerCanonicalization: "simple", bodyCanonicalization: "simple" },
  { headerCanonicalization: "relaxed", bodyCanonicalization: "relaxed" },
];

/**
 * `h=`. Other than DKIM's it may be empty, have empty names, and leave out From: the published test suite has chains
 * with such signatures that pass. Whether From is covered is told with the result.
 */
function readSignedFields(value: string | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const names = value.toLowerCase().split(":").map(trimSpace);
  // §4.1.2: ARC fields MUST NOT be covered. Sealers that cover results and message signatures are met, and pass in the
  // test suite; seals never.
  const good = names.every((name) => /^[\x21-\x7e]*$/.test(name)) && !names.includes("arc-seal");
  return good ? names.filter((name) => name !== "") : undefined;
}
