import { isUtf8 } from "node:buffer";
import { decodeEncodedWords } from "../../core/message/encoded-words.ts";

/** The header of a part: names in lower case, values unfolded; each character is one octet. */
export type PartHead = ReadonlyMap<string, string>;

const maxHead = 1024 * 1024;
const maxFields = 2_000;

/** @returns The head, and where the body begins. A part without an empty line is all head. */
export function readPartHead(octets: Buffer): { readonly head: PartHead; readonly bodyAt: number } {
  const fields = new Map<string, string>();
  let at = 0;
  let name: string | undefined;
  while (at < octets.length && at < maxHead && fields.size < maxFields) {
    const next = octets.indexOf(0x0a, at);
    const lineEnd = next < 0 ? octets.length : next;
    const line = octets.toString("latin1", at, lineEnd).replace(/\r$/, "");
    at = next < 0 ? octets.length : next + 1;
    if (line === "") break;
    if (line.startsWith(" ") || line.startsWith("\t")) appendFold(fields, name, line);
    else name = addField(fields, line);
  }
  return { head: fields, bodyAt: at };
}

/** A value that goes on for long is cut: nothing that is asked for here is long. */
const maxFieldValue = 65_536;

function appendFold(fields: Map<string, string>, name: string | undefined, line: string): void {
  const value = name === undefined ? undefined : fields.get(name);
  if (name !== undefined && value !== undefined && value.length < maxFieldValue)
    fields.set(name, `${value} ${line.trim()}`);
}

/** The first of a name counts, for all that is asked here. @returns undefined when the line adds nothing. */
function addField(fields: Map<string, string>, line: string): string | undefined {
  const colon = line.indexOf(":");
  if (colon <= 0 || colon > 200) return undefined;
  const written = line.slice(0, colon).trim().toLowerCase();
  // A gateway writes `ContentType:`.
  const name = written === "contenttype" ? "content-type" : written;
  if (/[^!-9;-~]/.test(name) || fields.has(name)) return undefined;
  fields.set(name, line.slice(colon + 1).trim());
  return name;
}

/** A structured value: RFC 2045 §5.1 with the continuations and charsets of RFC 2231. */
export interface ValueWithParameters {
  /** Lower case. */
  readonly value: string;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const maxParameters = 100;

export function readParameters(text: string): ValueWithParameters {
  const semicolon = text.indexOf(";");
  const value = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
  const written = new Map<string, string>();
  let at = semicolon;
  while (at >= 0 && at < text.length && written.size < maxParameters) {
    const found = nextParameter(text, at + 1);
    if (found.name !== "" && !written.has(found.name)) written.set(found.name, found.value);
    at = found.end;
  }
  return { value, parameters: joinContinuations(written) };
}

function nextParameter(text: string, from: number): { name: string; value: string; end: number } {
  const semicolon = text.indexOf(";", from);
  const untilSemicolon = semicolon < 0 ? text.length : semicolon;
  const length = text.slice(from, untilSemicolon).indexOf("=");
  if (length < 0) return { name: "", value: "", end: untilSemicolon };
  const equals = from + length;
  const name = text.slice(from, equals).trim().toLowerCase();
  const start = equals + 1 + leadingBlanks(text, equals + 1);
  return text[start] === '"' ? quotedParameter(text, name, start) : plainParameter(text, name, start);
}

function leadingBlanks(text: string, from: number): number {
  let count = 0;
  while (text[from + count] === " " || text[from + count] === "\t") count += 1;
  return count;
}

function plainParameter(
  text: string,
  name: string,
  start: number,
): { name: string; value: string; end: number } {
  const semicolon = text.indexOf(";", start);
  const end = semicolon < 0 ? text.length : semicolon;
  return { name, value: text.slice(start, end).trim(), end };
}

function quotedParameter(
  text: string,
  name: string,
  start: number,
): { name: string; value: string; end: number } {
  let value = "";
  let at = start + 1;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] === "\\") at += 1;
    value += text[at] ?? "";
  }
  const semicolon = text.indexOf(";", at);
  return { name, value, end: semicolon < 0 ? text.length : semicolon };
}

interface Segment {
  /** -1: the whole value without charset, -2: with one. */
  readonly index: number;
  readonly encoded: boolean;
  readonly value: string;
}

/** RFC 2231 §3 and §4: `name*0*=utf-8''a; name*1=b`, in any order. `name*` goes before `name`. */
function joinContinuations(written: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const segments = new Map<string, Segment[]>();
  for (const [name, value] of written) {
    const [, base = name, index, star] = /^([^*]*)(?:\*(\d{1,3}))?(\*?)$/.exec(name) ?? [];
    const encoded = star === "*";
    const segment = { index: index === undefined ? (encoded ? -2 : -1) : Number(index), encoded, value };
    segments.set(base, [...(segments.get(base) ?? []), segment]);
  }
  return new Map(Array.from(segments, ([base, list]) => [base, joinSegments(list)]));
}

function joinSegments(segments: readonly Segment[]): string {
  const extended = segments.find(({ index }) => index === -2);
  if (extended !== undefined) return decodeSegments([extended]);
  const continued = segments.filter(({ index }) => index >= 0).toSorted((a, b) => a.index - b.index);
  return continued.length > 0 ? decodeSegments(continued) : (segments[0]?.value ?? "");
}

function decodeSegments(segments: readonly Segment[]): string {
  const start = segments[0]?.encoded === true ? /^([\w-]{0,40})'[\w-]{0,40}'/.exec(segments[0].value) : null;
  const octets = segments
    .map(({ value, encoded }, index) =>
      encoded ? percentDecoded(index === 0 ? value.slice(start?.[0].length ?? 0) : value) : value,
    )
    .join("");
  return decodeOctets(octets, start?.[1] ?? "utf-8");
}

/** @param octets One character for each octet. */
function decodeOctets(octets: string, charset: string): string {
  try {
    return new TextDecoder(charset === "" ? "utf-8" : charset, { fatal: true }).decode(
      Buffer.from(octets, "latin1"),
    );
  } catch {
    return octets;
  }
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The name of a file as people read it: RFC 2047 encoded words and bare UTF-8 do not belong there, and are there. */
export function readableName(name: string): string {
  const octets = Buffer.from(name, "latin1");
  if (octets.toString("latin1") !== name) return name;
  return decodeEncodedWords(name) ?? (isUtf8(octets) ? octets.toString("utf8") : name);
}
