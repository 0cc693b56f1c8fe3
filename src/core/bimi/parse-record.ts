import { parseTagList, type TagList, tagValue } from "../message/taglist.ts";
import type { BimiProblem } from "../results.ts";
import { isHttpsUri } from "./https-uri.ts";

/** A BIMI Assertion Record that can be used: BIMI draft §4.3. */
export interface BimiRecord {
  readonly problem?: undefined;
  /** `l=`; absent when empty, which only a declination is. */
  readonly location?: string;
  /** `a=`; absent when empty or left out. */
  readonly authority?: string;
  /** `avp=`, "brand" when left out; absent when it is neither word. */
  readonly avatarPreference?: "brand" | "personal";
  /** `lps=` in lower case; empty when any local part will do. Absent without the tag. */
  readonly localPartPrefixes?: readonly string[];
  /** §4.3.1: l= and a= are empty. */
  readonly declined: boolean;
}

/** A record of this version that breaks a rule. */
export interface BimiRecordFault {
  readonly problem: Extract<
    BimiProblem,
    "record-syntax" | "location-missing" | "location-not-https" | "location-format" | "authority-not-https"
  >;
}

/**
 * Reads a TXT record as an Assertion Record: BIMI draft §4.3. Nothing is mended: tag names and values are taken with
 * their letter case, and a tag that stands there twice spoils the record (RFC 6376 §3.2).
 * @param text The strings of the record joined; each character is one octet.
 * @returns undefined when the record is none: not `v=BIMI1` first.
 */
export function parseBimiRecord(text: string): BimiRecord | BimiRecordFault | undefined {
  const list = parseTagList(text);
  if (!startsWithVersion(text, list)) return undefined;
  if (list.problem !== undefined) return { problem: "record-syntax" };
  const location = tagValue(list, "l");
  // §4.3 l=: REQUIRED.
  if (location === undefined) return { problem: "location-missing" };
  const authority = tagValue(list, "a") ?? "";
  const prefixes = readPrefixes(tagValue(list, "lps"));
  if (prefixes === "malformed") return { problem: "record-syntax" };
  const problem = uriProblem(location, authority);
  if (problem !== undefined) return { problem };
  const avatarPreference = readAvatarPreference(tagValue(list, "avp"));
  return {
    ...(location !== "" && { location }),
    ...(authority !== "" && { authority }),
    ...(avatarPreference !== undefined && { avatarPreference }),
    ...(prefixes !== undefined && { localPartPrefixes: prefixes }),
    declined: location === "" && authority === "",
  };
}

/** §4.3 v=: first, and exactly so; also of a BIMI-Selector field. */
export function startsWithVersion(text: string, { tags }: TagList): boolean {
  const [first] = tags;
  if (first === undefined || first.name !== "v" || first.value !== "BIMI1") return false;
  const semicolon = text.indexOf(";");
  return semicolon < 0 || semicolon >= first.start;
}

function uriProblem(location: string, authority: string): BimiRecordFault["problem"] | undefined {
  if (authority !== "" && !isHttpsUri(authority)) return "authority-not-https";
  // §7.3 step 1: without a valid location there is no indicator, whatever a= names. Both empty is a declination.
  if (location === "") return authority === "" ? undefined : "location-missing";
  if (!isHttpsUri(location)) return "location-not-https";
  return namesOtherFormat(location) ? "location-format" : undefined;
}

/** §4.3.2: "any other image format suffix". A name without a suffix is taken for an SVG until it is seen. */
function namesOtherFormat(location: string): boolean {
  const path = new URL(location).pathname.toLowerCase();
  return /\.(?:png|apng|jpe?g|gif|webp|avif|heic|bmp|ico|tiff?|jp2|jxl|eps|pdf|ai)$/.test(path);
}

/** §4.3 avp=: "Any other values MUST be ignored". */
function readAvatarPreference(value: string | undefined): "brand" | "personal" | undefined {
  if (value === undefined) return "brand";
  return value === "brand" || value === "personal" ? value : undefined;
}

/** §4.3 local-part-prefix-list. */
function readPrefixes(value: string | undefined): readonly string[] | "malformed" | undefined {
  if (value === undefined) return undefined;
  if (value === "") return [];
  const prefixes = value.split(",").map((prefix) => prefix.trim().toLowerCase());
  return prefixes.every((prefix) => /^[a-z0-9-]{1,63}$/.test(prefix)) ? prefixes : "malformed";
}
