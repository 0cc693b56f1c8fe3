import { toAsciiDomain } from "../domain-name.ts";
import { decodeOctets, FieldScanner } from "./authres-scanner.ts";
import { decodeEncodedWords } from "./encoded-words.ts";

/** Longer is no name of anybody; readings are cut there. */
const maxIdLength = 300;

/** The form in which authserv-ids are compared: as a domain in A-labels where it is one, else in lower case. */
export function comparableAuthservId(id: string): string {
  const text = id.trim();
  return toAsciiDomain(text) ?? text.toLowerCase();
}

/**
 * All that a reader, careful or careless, could take for the authserv-id of a field: comments that do not nest or do
 * not close, quotes that are content or are not, encoded words, control characters that vanish or end the name.
 * For finding forgeries: whoever removes fields that claim his own id (RFC 8601 §5) must see it wherever the programs
 * behind him may see it.
 * @param value Octets after the colon, one per character.
 * @returns Each once, the most proper first; empty when nothing of the kind is there.
 */
export function authservIdReadings(value: string): string[] {
  const readings = new Set<string>();
  for (const text of possibleTexts(value)) {
    for (const start of possibleStarts(text)) {
      for (const reading of readingsAt(text, start)) if (reading !== "") readings.add(reading);
    }
  }
  return [...readings];
}

/**
 * Octets that are not UTF-8 throughout are also read as UTF-8 with holes. Encoded words (RFC 2047) have no place in this
 * field, but some readers decode every field first.
 */
function possibleTexts(value: string): string[] {
  const decoded = decodeEncodedWords(value);
  const last = decoded === undefined ? [] : [decoded];
  const text = decodeOctets(value);
  if (text !== value || !/[\x80-\xff]/.test(value)) return [text, ...last];
  return [Buffer.from(value, "latin1").toString("utf8"), value, ...last];
}

/** Where the id may begin: after the comments, by three ways of reading comments. */
function possibleStarts(text: string): ReadonlySet<number> {
  const proper = new FieldScanner(text);
  proper.skipCfws();
  const starts = new Set<number>();
  if (!proper.done) starts.add(proper.at);
  const flat = afterFlatComments(text);
  if (flat < text.length) starts.add(flat);
  // A comment that is not closed may be no comment to others.
  if (proper.unterminatedComment) starts.add(afterJunk(text, 0, isOpenOrBlank));
  return starts;
}

/** As readers do for which a comment ends at the first `)`. */
function afterFlatComments(text: string): number {
  let at = afterJunk(text, 0, isBlankOrControl);
  while (text.charAt(at) === "(") {
    const close = text.indexOf(")", at);
    if (close < 0) return at;
    at = afterJunk(text, close + 1, isBlankOrControl);
  }
  return at;
}

function afterJunk(text: string, from: number, isJunk: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && isJunk(text.charCodeAt(at))) at += 1;
  return at;
}

function isBlankOrControl(code: number): boolean {
  return code <= 0x20 || code === 0x7f;
}

function isOpenOrBlank(code: number): boolean {
  return code === 0x28 || isBlankOrControl(code);
}

/** ASCII that no name begins with: brackets, quotes, separators. */
function isPunctuation(code: number): boolean {
  return isBlankOrControl(code) || (code < 0x80 && !isWordCode(code));
}

function isWordCode(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x2d ||
    code === 0x5f ||
    code >= 0x80
  );
}

function* readingsAt(text: string, start: number): Generator<string> {
  const proper = properId(text, start);
  yield proper;
  const bare = text.slice(afterJunk(text, start, isPunctuation)).slice(0, maxIdLength);
  yield untilDelimiter(bare);
  yield untilDelimiter(proper.trim());
  const visible = bare.replaceAll(/\p{Cc}+/gu, "");
  yield untilDelimiter(visible);
  yield untilDelimiter(visible.replaceAll("\\", ""));
  // What is not ASCII vanishes for some readers, and becomes ASCII for others ("․" is a dot to NFKC).
  yield untilDelimiter(visible.replaceAll(/[\u0080-\uffff]+/g, ""));
  yield untilDelimiter(visible.normalize("NFKC"));
}

/** Words and quoted strings, put together over dots that have comments or folds around them (RFC 5322 §4.4). */
function properId(text: string, from: number): string {
  const scanner = new FieldScanner(text);
  scanner.at = from;
  let id = "";
  while (id.length <= maxIdLength) {
    const start = scanner.at;
    if (scanner.next === '"') id += scanner.readQuotedString() ?? "";
    else id += scanner.readRun("=,/<>");
    if (scanner.at > start) continue;
    scanner.skipCfws();
    if (scanner.at === start || !(id.endsWith(".") || scanner.next === ".")) break;
  }
  return id.slice(0, maxIdLength);
}

function untilDelimiter(text: string): string {
  return /^[-\w.\\\u0080-\uffff]*/.exec(text)?.[0] ?? "";
}
