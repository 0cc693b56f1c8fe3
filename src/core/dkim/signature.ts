import { isWithin, toAsciiDomain } from "../domain-name.ts";
import { parseTagList, type Tag, type TagList, tagValue, trimSpace } from "../message/taglist.ts";
import type { DkimProblem } from "../results.ts";
import { decodeBase64, withoutSpace } from "./base64.ts";

export type Canonicalization = "simple" | "relaxed";
export type SigningAlgorithm = "rsa-sha256" | "ed25519-sha256" | "rsa-sha1";

/** A DKIM-Signature field that keeps to RFC 6376 §3.5. */
export interface DkimSignature {
  /** Only a `DkimSignatureFault` has one. */
  readonly problem?: undefined;
  readonly algorithm: SigningAlgorithm;
  /** `b=`, decoded. */
  readonly signature: Buffer;
  /** The `b=` tag; its offsets count octets of the field's value. */
  readonly signatureTag: Tag;
  /** `b=` as written, without white space. */
  readonly signatureText: string;
  /** `bh=`, decoded. */
  readonly bodyHash: Buffer;
  readonly headerCanonicalization: Canonicalization;
  readonly bodyCanonicalization: Canonicalization;
  /** `d=` as A-labels in lower case. */
  readonly domain: string;
  /** `s=` as A-labels in lower case. */
  readonly selector: string;
  /** `i=`: local part (decoded) and domain (A-labels, lower case). */
  readonly identity: { readonly localPart: string; readonly domain: string };
  /** Names of `h=` in lower case, in order. */
  readonly signedFields: readonly string[];
  /** `l=` in octets. */
  readonly bodyLength?: number;
  /** `t=`, `x=`: seconds since 1970. */
  readonly timestamp?: number;
  readonly expiration?: number;
}

/** What can be told of a signature that breaks a rule. */
export interface DkimSignatureFault {
  readonly problem: DkimProblem;
  /** Empty where not readable. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
  readonly signatureText: string;
}

/**
 * Reads the value of a DKIM-Signature field: RFC 6376 §3.5, §6.1.1; RFC 8463 §4.1; RFC 8616 §5. Names that the ABNF
 * writes as quoted strings ("rsa", "relaxed", "dns/txt") match in any letter case (RFC 5234 §2.3).
 * @param value Octets after the colon with the folds, one character each.
 */
export function parseDkimSignature(value: string): DkimSignature | DkimSignatureFault {
  const tags = parseTagList(value);
  const problem = firstProblem(tags);
  if (problem !== undefined) return { problem, ...readable(tags) };
  const signature = readSignature(tags);
  return typeof signature === "string" ? { problem: signature, ...readable(tags) } : signature;
}

/** §6.1.1: the list as a whole, then the version, then the tags that must be there. */
function firstProblem(tags: TagList): DkimProblem | undefined {
  if (tags.problem !== undefined) return "signature-syntax";
  const version = tagValue(tags, "v");
  if (version !== undefined && version !== "1") return "unknown-version";
  for (const name of ["v", "a", "b", "bh", "d", "h", "s"])
    if (tagValue(tags, name) === undefined) return "tag-missing";
  return undefined;
}

function readSignature(tags: TagList): DkimSignature | DkimProblem {
  const algorithm = readAlgorithm(requiredValue(tags, "a"));
  if (algorithm === undefined) return "unknown-algorithm";
  const names = readNames(tags);
  if (typeof names === "string") return names;
  const signatureTag = tags.tags.find((tag) => tag.name === "b");
  const signatureText = withoutSpace(requiredValue(tags, "b"));
  const signature = decodeBase64(signatureText);
  const bodyHash = decodeBase64(requiredValue(tags, "bh"));
  const canonicalization = readCanonicalization(tagValue(tags, "c") ?? "simple/simple");
  const signedFields = readSignedFields(requiredValue(tags, "h"));
  const limits = readLimits(tags);
  if (signatureTag === undefined || signature === undefined || bodyHash === undefined)
    return "signature-syntax";
  if (canonicalization === undefined || signedFields === undefined || limits === undefined)
    return "signature-syntax";
  if (!hasDnsTxt(tagValue(tags, "q") ?? "dns/txt")) return "signature-syntax";
  return {
    algorithm,
    signature,
    signatureTag,
    signatureText,
    bodyHash,
    ...canonicalization,
    ...names,
    signedFields,
    ...limits,
  };
}

/** The value of a tag; empty without one. */
export function requiredValue(tags: TagList, name: string): string {
  return tagValue(tags, name) ?? "";
}

/** `a=` of RFC 6376 §3.5 and RFC 8463 §3. */
export function readAlgorithm(value: string): SigningAlgorithm | undefined {
  const name = value.toLowerCase();
  return name === "rsa-sha256" || name === "ed25519-sha256" || name === "rsa-sha1" ? name : undefined;
}

function readNames(tags: TagList): Pick<DkimSignature, "domain" | "selector" | "identity"> | DkimProblem {
  const domain = readDomain(requiredValue(tags, "d"));
  const selector = readSelector(requiredValue(tags, "s"));
  if (domain === undefined || selector === undefined) return "signature-syntax";
  const written = tagValue(tags, "i");
  const identity = written === undefined ? { localPart: "", domain } : readIdentity(written);
  if (identity === undefined) return "signature-syntax";
  // §6.1.1: d= is the domain of i= or a parent of it.
  return isWithin(identity.domain, domain) ? { domain, selector, identity } : "identity-outside-domain";
}

/** §3.5 d=: sub-domain 1*("." sub-domain), so at least two labels and no final dot. */
export function readDomain(value: string): string | undefined {
  const domain = readSelector(value);
  return domain?.includes(".") ? domain : undefined;
}

/** §3.1: sub-domain *( "." sub-domain ). Underscores are let through, as the DNS does. */
export function readSelector(value: string): string | undefined {
  const text = decodeUtf8(value);
  return text === undefined || text.endsWith(".") ? undefined : toAsciiDomain(text);
}

/** RFC 8616 §5: U-labels come as UTF-8. */
function decodeUtf8(octets: string): string | undefined {
  if (!/[\u0080-\u00ff]/.test(octets)) return octets;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(octets, "latin1"));
  } catch {
    return undefined;
  }
}

/** §3.5 i=: [ Local-part ] "@" domain-name in dkim-quoted-printable (§2.11). */
function readIdentity(value: string): DkimSignature["identity"] | undefined {
  const decoded = decodeQuotedPrintable(value);
  const text = decoded === undefined ? undefined : decodeUtf8(decoded);
  if (text === undefined) return undefined;
  const at = text.lastIndexOf("@");
  const localPart = text.slice(0, Math.max(at, 0));
  const domain = toAsciiDomain(text.slice(at + 1));
  if (at < 0 || domain === undefined || text.endsWith(".") || hasControl(localPart)) return undefined;
  return { localPart, domain };
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function decodeQuotedPrintable(value: string): string | undefined {
  const text = withoutSpace(value);
  if (!text.includes("=")) return text;
  // §2.11: two hexadecimal digits, capitals only.
  if (/=(?![0-9A-F]{2})/.test(text)) return undefined;
  return text.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** §3.5 c=: one name alone is that of the header, the body is then "simple". */
export function readCanonicalization(
  value: string,
): Pick<DkimSignature, "headerCanonicalization" | "bodyCanonicalization"> | undefined {
  const [header, body = "simple", more] = value.toLowerCase().split("/", 3);
  if (more !== undefined || !isCanonicalization(header) || !isCanonicalization(body)) return undefined;
  return { headerCanonicalization: header, bodyCanonicalization: body };
}

function isCanonicalization(name: string | undefined): name is Canonicalization {
  return name === "simple" || name === "relaxed";
}

/** §3.5 h=: field names; §6.1.1: From must be among them. */
function readSignedFields(value: string): readonly string[] | undefined {
  const names = value.toLowerCase().split(":").map(trimSpace);
  return names.every((name) => /^[\x21-\x7e]+$/.test(name)) && names.includes("from") ? names : undefined;
}

/** §3.5 q=: methods that are not known are ignored; "dns" without "txt" is none. */
export function hasDnsTxt(value: string): boolean {
  return value
    .toLowerCase()
    .split(":")
    .some((method) => trimSpace(method) === "dns/txt");
}

/** `l=`, `t=` and `x=`: RFC 6376 §3.5. @returns undefined when one of them is no such number, or x= not after t=. */
export function readLimits(
  tags: TagList,
): Pick<DkimSignature, "bodyLength" | "timestamp" | "expiration"> | undefined {
  const bodyLength = readNumber(tagValue(tags, "l"), 76);
  const timestamp = readNumber(tagValue(tags, "t"), 12);
  const expiration = readNumber(tagValue(tags, "x"), 12);
  if (Number.isNaN(bodyLength) || Number.isNaN(timestamp) || Number.isNaN(expiration)) return undefined;
  // §3.5 x=: must be greater than t= when both are there.
  if (timestamp !== undefined && expiration !== undefined && expiration <= timestamp) return undefined;
  return {
    ...(bodyLength === undefined ? {} : { bodyLength }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(expiration === undefined ? {} : { expiration }),
  };
}

/** NaN when the value is no run of at most `digits` digits. */
function readNumber(value: string | undefined, digits: number): number | undefined {
  if (value === undefined) return undefined;
  return value.length <= digits && /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
}

function readable(tags: TagList): Omit<DkimSignatureFault, "problem"> {
  const algorithm = (tagValue(tags, "a") ?? "").toLowerCase();
  return {
    domain: readSelector(tagValue(tags, "d") ?? "") ?? "",
    selector: readSelector(tagValue(tags, "s") ?? "") ?? "",
    // A stranger's text: shown only when it has the form of a name (§3.5 a=).
    algorithm: /^[a-z0-9-]{1,40}$/.test(algorithm) ? algorithm : "",
    signatureText:
      decodeBase64(tagValue(tags, "b") ?? "") === undefined ? "" : withoutSpace(tagValue(tags, "b") ?? ""),
  };
}
