import { decodeBase64 } from "../dkim/base64.ts";
import {
  readAlgorithm,
  readDomain,
  readLimits,
  readSelector,
  requiredValue,
  type SigningAlgorithm,
} from "../dkim/signature.ts";
import { type Tag, type TagList, tagValue } from "../message/taglist.ts";
import type { ArcWord } from "../results.ts";

/** An ARC-Seal field that keeps to RFC 8617 §4.1.3. */
export interface SealSignature {
  readonly algorithm: SigningAlgorithm;
  /** `b=`, decoded. */
  readonly signature: Buffer;
  readonly signatureTag: Tag;
  /** A-labels in lower case. */
  readonly domain: string;
  readonly selector: string;
}

/** @returns undefined when a tag is missing or malformed, or `h=` is there. */
export function readSeal(tags: TagList): SealSignature | undefined {
  // §4.1.3: "h" is not allowed and MUST result in a failed chain.
  if (tags.problem !== undefined || tagValue(tags, "h") !== undefined) return undefined;
  const algorithm = readAlgorithm(requiredValue(tags, "a"));
  const signatureTag = tags.tags.find(({ name }) => name === "b");
  const signature = decodeBase64(requiredValue(tags, "b"));
  const domain = readDomain(requiredValue(tags, "d"));
  const selector = readSelector(requiredValue(tags, "s"));
  if (algorithm === undefined || signatureTag === undefined || signature === undefined) return undefined;
  if (domain === undefined || selector === undefined || !hasGoodTime(tags)) return undefined;
  return { algorithm, signature, signatureTag, domain, selector };
}

/** §4.1.3: of DKIM's numbers only `t=` has a meaning here; the others are unknown tags, whatever they say. */
function hasGoodTime({ tags }: TagList): boolean {
  return readLimits({ tags: tags.filter(({ name }) => name === "t") }) !== undefined;
}

/** `cv=`: RFC 8617 §3.9 chain-status, a quoted string and so in any letter case (RFC 5234 §2.3). */
export function readChainValidation(tags: TagList): ArcWord | undefined {
  const word = tagValue(tags, "cv")?.toLowerCase();
  return word === "none" || word === "fail" || word === "pass" ? word : undefined;
}
