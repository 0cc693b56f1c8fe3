import { parseReportUris, type ReportUri } from "../core/dmarc/parse-record.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { nearest } from "../core/nearest.ts";
import type { DmarcSeparator, DmarcUriFault } from "../findings/check/dmarc.ts";

export interface DmarcTag {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

/** What the writer of a record meant, whatever stands between the tags. */
export interface IntendedRecord {
  /** In the order written; of a tag that is there twice each one. */
  readonly tags: readonly DmarcTag[];
  /** What stands where it does not belong, each once. */
  readonly separators: readonly DmarcSeparator[];
  /** Pieces that are no tag at all. */
  readonly junk: readonly string[];
}

/** RFC 9989 §4.7 and those of RFC 7489 §6.3. */
const knownTags: readonly string[] = "v p sp np rua ruf adkim aspf fo psd t pct rf ri".split(" ");

export function isKnownTag(name: string): boolean {
  return knownTags.includes(name);
}

/** Whether a TXT record seems to be meant for DMARC, though receivers may not take it for that. */
export function looksLikeDmarc(text: string): boolean {
  const { tags } = intendedRecord(text.slice(0, 2000));
  const has = (name: string, test: RegExp): boolean =>
    tags.some((tag) => tag.name === name && test.test(tag.value));
  return has("v", /^dmarc/i) || has("p", /^(?:none|quarantine|reject)$/i);
}

/** There are 14 tags; what is longer is no record, and nobody's mistake. */
const maxParts = 100;

/** Reads a record as it was meant. Linear in its length; never throws. @param text One character per octet. */
export function intendedRecord(text: string): IntendedRecord {
  const separators = new Set<DmarcSeparator>();
  const tags: DmarcTag[] = [];
  const junk: string[] = [];
  for (const piece of plainText(text, separators).split(";"))
    for (const part of cutAtTags(piece.trim(), separators)) {
      if (tags.length + junk.length >= maxParts) return { tags, separators: [...separators], junk };
      const tag = readTag(part, separators);
      if (tag !== undefined) tags.push(tag);
      else if (!continueList(tags, part, separators) && part !== "") junk.push(part);
    }
  return { tags, separators: [...separators], junk };
}

/** Without quotes, backslashes and invisible characters, full-width characters as plain ones. */
function plainText(octets: string, separators: Set<DmarcSeparator>): string {
  if (/^[\t\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(octets)) return octets;
  let plain = "";
  for (const char of asCharacters(octets)) {
    const code = char.codePointAt(0) as number;
    if ('"“”‘’„«»「」\u0093\u0094'.includes(char)) separators.add("quote");
    else if (char === "\\") separators.add("backslash");
    else if (code >= 0xff01 && code <= 0xff5e) {
      separators.add("full-width");
      plain += String.fromCharCode(code - 0xfee0);
    } else if (char === "　" || char === "、") {
      separators.add("full-width");
      plain += char === "、" ? "," : " ";
    } else if (/[\u00ad\u200b-\u200f\u2060\ufeff]/.test(char)) separators.add("invisible");
    else if (code === 0xa0 || (code < 0x20 && char !== "\t")) {
      separators.add("invisible");
      plain += " ";
    } else plain += char;
  }
  return plain;
}

/** Octets as the UTF-8 that they are, if they are. */
function asCharacters(octets: string): string {
  const text = Buffer.from(octets, "latin1").toString("utf8");
  return text.includes("\ufffd") ? octets : text;
}

/** Cuts where another tag begins though no semicolon stands before it: `v=DMARC1, p=none`. */
function* cutAtTags(piece: string, separators: Set<DmarcSeparator>): Generator<string> {
  let from = 0;
  let searched = 0;
  for (let i = 0; i < piece.length; i++) {
    if (piece[i] !== "=" && piece[i] !== ":") continue;
    const cut = tagStart(piece, searched, i);
    searched = i + 1;
    if (cut === undefined || cut.end <= from) continue;
    separators.add(cut.separator);
    yield piece.slice(from, cut.end).trim();
    from = cut.start;
  }
  yield piece.slice(from).trim();
}

/** Where the name before `=` or `:` begins, and where what is before it ends; undefined when no known tag is there. */
function tagStart(
  piece: string,
  lowest: number,
  delimiter: number,
): { readonly start: number; readonly end: number; readonly separator: DmarcSeparator } | undefined {
  let nameEnd = delimiter;
  while (nameEnd > lowest && isBlank(piece[nameEnd - 1])) nameEnd -= 1;
  let start = nameEnd;
  while (start > lowest && /[A-Za-z]/.test(piece[start - 1] as string)) start -= 1;
  if (!isKnownTag(piece.slice(start, nameEnd).toLowerCase())) return undefined;
  let end = start;
  while (end > 0 && (isBlank(piece[end - 1]) || ",:".includes(piece[end - 1] as string))) end -= 1;
  const run = piece.slice(end, start);
  if (
    run === "" ||
    end === 0 ||
    (run === ":" && /(?:mailto|https?)$/i.test(piece.slice(Math.max(end - 6, 0), end)))
  )
    return undefined;
  const separator = run.includes(",") ? "comma" : run.includes(":") ? "colon" : "space";
  return { start, end, separator };
}

function isBlank(char: string | undefined): boolean {
  return char === " " || char === "\t";
}

function readTag(part: string, separators: Set<DmarcSeparator>): DmarcTag | undefined {
  const equals = part.indexOf("=");
  const colon = part.indexOf(":");
  const name = part.slice(0, Math.max(equals, 0)).trim();
  if (equals > 0 && (colon < 0 || equals < colon))
    return { name: name.toLowerCase(), value: part.slice(equals + 1).trim() };
  const named = readNamed(part, ":", colon) ?? readNamed(part, " ", part.search(/[ \t]/));
  if (named === undefined) return /^dmarc/i.test(part) ? { name: "v", value: part } : undefined;
  separators.add(named.by === ":" ? "colon" : "space");
  return named.tag;
}

/** `rua:mailto:x`, `p none`: a known tag, or nearly one, before another mark than "=". */
function readNamed(
  part: string,
  by: ":" | " ",
  at: number,
): { readonly by: ":" | " "; readonly tag: DmarcTag } | undefined {
  if (at <= 0) return undefined;
  const name = part.slice(0, at).trim().toLowerCase();
  const known = isKnownTag(name) || (by === ":" && meantTag(name) !== undefined);
  return known ? { by, tag: { name, value: part.slice(at + 1).trim() } } : undefined;
}

/** An address behind a semicolon belongs to the list before it. */
function continueList(tags: DmarcTag[], part: string, separators: Set<DmarcSeparator>): boolean {
  const last = tags.at(-1);
  if (last === undefined || (last.name !== "rua" && last.name !== "ruf") || !part.includes("@")) return false;
  separators.add("semicolon");
  tags[tags.length - 1] = { name: last.name, value: `${last.value},${part}` };
  return true;
}

/** The tag that an unknown one may have been meant for. */
export function meantTag(name: string, value?: string): string | undefined {
  if (name.length < 2 || isKnownTag(name)) return undefined;
  const current = knownTags.filter((tag) => !["v", "pct", "rf", "ri"].includes(tag));
  const meant = nearest(name, current);
  if (meant === undefined || (meant.length === 1 && name.length > 2)) return undefined;
  return value === undefined || isValueOf(meant, value) ? meant : undefined;
}

const policies: readonly string[] = ["none", "quarantine", "reject"];

/** Whether a value is one of the tag: RFC 9989 §4.8, table 2. Tags without such a rule take any. */
export function isValueOf(tag: string, value: string): boolean {
  const word = value.toLowerCase();
  switch (tag) {
    case "p":
    case "sp":
    case "np":
      return policies.includes(word);
    case "adkim":
    case "aspf":
      return word === "r" || word === "s";
    case "t":
      return word === "y" || word === "n";
    case "psd":
      return word === "y" || word === "n" || word === "u";
    case "fo": {
      const options = word.split(":", 9).map((option) => option.trim());
      return options.every((option) => /^[01ds]$/.test(option)) && new Set(options).size === options.length;
    }
    case "rua":
    case "ruf":
      return value.includes("@") || value.includes(":");
    default:
      return true;
  }
}

/** The value that a wrong one may have been meant for. */
export function meantValue(tag: string, value: string): string | undefined {
  const word = value.toLowerCase();
  if (tag === "p" || tag === "sp" || tag === "np") return nearest(word, policies);
  const spoken: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    adkim: { relaxed: "r", relax: "r", strict: "s" },
    aspf: { relaxed: "r", relax: "r", strict: "s" },
    t: { yes: "y", true: "y", "1": "y", no: "n", false: "n", "0": "n" },
    psd: { yes: "y", true: "y", no: "n", false: "n" },
  };
  if (tag === "fo")
    return isValueOf(tag, word.replaceAll(/[, ]+/g, ":")) ? word.replaceAll(/[, ]+/g, ":") : undefined;
  return spoken[tag]?.[word];
}

/** What counts when a tag has no valid value: RFC 9989 §4.7. */
export const defaultValues: Readonly<Record<string, string>> = {
  adkim: "r",
  aspf: "r",
  fo: "0",
  psd: "u",
  t: "n",
};

/** One entry of rua= or ruf=. */
export interface ReportEntry {
  readonly text: string;
  /** What receivers use, or would use once it is repaired. */
  readonly uri?: ReportUri;
  readonly fault?: DmarcUriFault;
  /** It has an obsolete size limit: RFC 9989 §4.8. */
  readonly sized: boolean;
}

const maxEntries = 20;

/** Reads rua= or ruf= with what is wrong in it. */
export function reportEntries(value: string): readonly ReportEntry[] {
  return value === "" ? [] : value.split(",", maxEntries).map((text) => readEntry(text.trim()));
}

function readEntry(text: string): ReportEntry {
  if (text === "") return { text, fault: "empty", sized: false };
  const [uri] = parseReportUris(text);
  if (uri === undefined) return repairedEntry(text);
  if (uri.scheme === "mailto")
    return uri.address?.startsWith("//") === true
      ? repaired(text, `mailto:${uri.uri.slice("mailto://".length)}`, "slashes")
      : { text, uri, sized: uri.uri !== text };
  // `malto:` is a scheme by its form, but hardly by intent.
  return nearest(uri.scheme, ["mailto"]) === undefined || !text.includes("@")
    ? { text, uri, sized: uri.uri !== text }
    : repaired(text, `mailto:${text.slice(text.indexOf(":") + 1)}`, "no-scheme");
}

function repairedEntry(text: string): ReportEntry {
  if (/[ \t]/.test(text)) return repaired(text, text.replaceAll(/[ \t]/g, ""), "blank");
  if (!text.includes(":")) return repaired(text, `mailto:${text}`, "no-scheme");
  const ascii = withAsciiDomain(text);
  if (ascii !== text) return repaired(text, ascii, "u-label");
  const characters = /^[A-Za-z0-9._~:/?#[\]@$&'()*+;=%-]+$/.test(text);
  return { text, fault: characters ? "address" : "character", sized: false };
}

/** RFC 6068 §2: `mailto:dmarc@日本語.jp` with the A-labels of its domain; the same text where that is not the fault. */
function withAsciiDomain(text: string): string {
  const at = text.lastIndexOf("@") + 1;
  const size = text.indexOf("!", at);
  const end = size < 0 ? text.length : size;
  const written = text.slice(at, end);
  const isLocalAscii = /^[\x21-\x7e]+$/.test(text.slice(0, at));
  const domain = isLocalAscii ? toAsciiDomain(written) : undefined;
  return domain === undefined || /^[\x21-\x7e]*$/.test(written)
    ? text
    : text.slice(0, at) + domain + text.slice(end);
}

function repaired(text: string, better: string, fault: DmarcUriFault): ReportEntry {
  const [uri] = parseReportUris(withAsciiDomain(better));
  return uri?.address === undefined || uri.address.startsWith("//")
    ? { text, fault, sized: false }
    : { text, uri, fault, sized: false };
}
