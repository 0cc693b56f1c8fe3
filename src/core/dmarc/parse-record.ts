import { toAsciiDomain } from "../domain-name.ts";
import { parseTagList, type TagList } from "../message/taglist.ts";
import type { DmarcPolicy } from "../results.ts";

/** A destination of reports: RFC 9989 §4.6, §4.8 `dmarc-uri`. */
export interface ReportUri {
  /** As published, without the obsolete size suffix. */
  readonly uri: string;
  /** Lower case, without the colon. */
  readonly scheme: string;
  /** Of a mailto: URI the address, percent-decoded, without `?` and what follows. */
  readonly address?: string;
}

export type DmarcAlignment = "relaxed" | "strict";

/** A DMARC Policy Record: RFC 9989 §4.7. Values that are bad or missing are the defaults. */
export interface DmarcRecord {
  /** Absent when missing or bad. */
  readonly p?: DmarcPolicy;
  readonly sp?: DmarcPolicy;
  readonly np?: DmarcPolicy;
  /** No valid p, or an sp or np that is there but not valid (RFC 9989 §4.10.1). */
  readonly policyInvalid: boolean;
  readonly adkim: DmarcAlignment;
  readonly aspf: DmarcAlignment;
  readonly psd: "y" | "n" | "u";
  /** `t=y` */
  readonly testing: boolean;
  /** Of `0 1 d s`, in the order published. */
  readonly fo: readonly string[];
  readonly rua: readonly ReportUri[];
  readonly ruf: readonly ReportUri[];
  /** Every tag as published, names in lower case, of a repeated tag the first: also unknown ones and pct, rf, ri. */
  readonly tags: Readonly<Record<string, string>>;
}

const maxUris = 20;

/**
 * Reads a TXT record as a DMARC Policy Record: RFC 9989 §4.7, §4.8.
 * @param text The strings of the record joined; each character is one octet.
 * @returns undefined when the record is none: not `v=DMARC1` first. Anything else that is wrong falls back.
 */
export function parseDmarcRecord(text: string): DmarcRecord | undefined {
  const list = parseTagList(text);
  if (!startsWithVersion(text, list)) return undefined;
  const tags = firstTags(list);
  const [p, sp, np] = [policyOf(tags["p"]), policyOf(tags["sp"]), policyOf(tags["np"])];
  return {
    ...(p && { p }),
    ...(sp && { sp }),
    ...(np && { np }),
    policyInvalid: !p || (!sp && tags["sp"] !== undefined) || (!np && tags["np"] !== undefined),
    adkim: alignmentOf(tags["adkim"]),
    aspf: alignmentOf(tags["aspf"]),
    psd: psdOf(tags["psd"]),
    testing: word(tags["t"]) === "y",
    fo: failureOptions(tags["fo"]),
    rua: parseReportUris(tags["rua"] ?? ""),
    ruf: parseReportUris(tags["ruf"] ?? ""),
    tags,
  };
}

/** dmarc-version = "v" equals %s"DMARC1": white space before it is overlooked, as DKIM's tag-list allows it. */
function startsWithVersion(text: string, { tags }: TagList): boolean {
  const [first] = tags;
  if (first === undefined || word(first.name) !== "v" || first.value !== "DMARC1") return false;
  const semicolon = text.indexOf(";");
  return semicolon < 0 || semicolon >= first.start;
}

/** §4.8: syntax errors are discarded; the second of two equal tags is one. Names are ABNF words, so case is free. */
function firstTags({ tags }: TagList): Readonly<Record<string, string>> {
  const first: Record<string, string> = Object.create(null);
  for (const { name, value } of tags) {
    const key = word(name) ?? "";
    if (/^[a-z]+$/.test(key)) first[key] ??= value;
  }
  return first;
}

function word(value: string | undefined): string | undefined {
  return value?.toLowerCase();
}

function policyOf(value: string | undefined): DmarcPolicy | undefined {
  const policy = word(value);
  return policy === "none" || policy === "quarantine" || policy === "reject" ? policy : undefined;
}

function alignmentOf(value: string | undefined): DmarcAlignment {
  return word(value) === "s" ? "strict" : "relaxed";
}

function psdOf(value: string | undefined): "y" | "n" | "u" {
  const psd = word(value);
  return psd === "y" || psd === "n" ? psd : "u";
}

/** §4.7: 0 and 1 exclude each other; a value that breaks a rule is the default. */
function failureOptions(value: string | undefined): readonly string[] {
  const options = (word(value) ?? "0").split(":", 8).map((option) => option.trim());
  const valid =
    options.every((option) => /^[01ds]$/.test(option)) &&
    new Set(options).size === options.length &&
    !(options.includes("0") && options.includes("1"));
  return valid ? options : ["0"];
}

/**
 * Reads the value of rua= or ruf=: RFC 9989 §4.8 `dmarc-urilist`. What is no URI is left out; at most 20 are read.
 */
export function parseReportUris(value: string): readonly ReportUri[] {
  const uris: ReportUri[] = [];
  for (const item of value.split(",", maxUris)) {
    const uri = parseReportUri(item.trim());
    if (uri !== undefined) uris.push(uri);
  }
  return uris;
}

function parseReportUri(text: string): ReportUri | undefined {
  const uri = withoutSize(text);
  const colon = uri.indexOf(":");
  if (colon <= 0) return undefined;
  const scheme = uri.slice(0, colon).toLowerCase();
  const rest = uri.slice(colon + 1);
  // RFC 3986 §3.1, §2; RFC 9989 §4.8: "!" must be encoded.
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme) || !isUriText(rest)) return undefined;
  if (scheme !== "mailto") return { uri, scheme };
  const address = mailtoAddress(rest);
  return address === undefined ? undefined : { uri, scheme, address };
}

/** §4.8 obs-dmarc-report-size: "!" 1*DIGIT [ "k" / "m" / "g" / "t" ], to be ignored. */
function withoutSize(text: string): string {
  const mark = text.lastIndexOf("!");
  return mark >= 0 && /^\d+[kmgt]?$/i.test(text.slice(mark + 1)) ? text.slice(0, mark) : text;
}

function isUriText(rest: string): boolean {
  return /^[A-Za-z0-9._~:/?#[\]@$&'()*+;=%-]+$/.test(rest) && !/%(?![0-9A-Fa-f]{2})/.test(rest);
}

/** RFC 6068 §2, one address. Control characters, which could end a command or a field, make it none. */
function mailtoAddress(rest: string): string | undefined {
  const end = rest.search(/[?#]/);
  const address = percentDecoded(end < 0 ? rest : rest.slice(0, end));
  if (address === undefined || /[\p{Cc}\s<>]/u.test(address) || address.length > 320) return undefined;
  const at = address.lastIndexOf("@");
  return at > 0 && toAsciiDomain(address.slice(at + 1)) !== undefined ? address : undefined;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // Octets that are no UTF-8.
    return undefined;
  }
}
