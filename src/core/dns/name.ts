import { toAsciiDomain } from "../domain-name.ts";

const maxLabelOctets = 63;
/** RFC 1035 §2.3.4: on the wire, with the length octets and the root. */
const maxNameOctets = 255;

/**
 * Brings a name in presentation form to the one form in which this folder compares, caches and encodes names: lower
 * case, no final dot, `\.`, `\\` and `\DDD` (RFC 1035 §5.1) only where they must be, U-labels as A-labels. "." is "".
 * @returns undefined when no query can be made of it: empty or overlong labels, an overlong name, a wrong escape.
 */
export function canonicalName(text: string): string | undefined {
  if (text.length === 0 || text.length > maxNameOctets - 2) return rareName(text);
  let labelOctets = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === dot) {
      if (labelOctets === 0) return rareName(text);
      labelOctets = 0;
    } else if (!isPlain(code) || ++labelOctets > maxLabelOctets) return rareName(text);
  }
  return labelOctets === 0 ? rareName(text) : text;
}

const dot = 0x2e;
const backslash = 0x5c;

/** Printable ASCII that stands for itself: no blank, backslash, dot or capital letter. */
function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f && code !== backslash && code !== dot && !(code >= 0x41 && code <= 0x5a);
}

function rareName(text: string): string | undefined {
  if (text === ".") return "";
  if (text === "" || text.length > 4 * maxNameOctets) return undefined;
  const labels: string[] = [];
  let octets = 1;
  for (const raw of splitLabels(text)) {
    const label = canonicalLabel(raw);
    if (label === undefined) return undefined;
    labels.push(label.text);
    octets += label.octets;
  }
  return octets <= maxNameOctets ? labels.join(".") : undefined;
}

/** Cuts at dots that are not escaped; a final dot makes no empty label. */
function splitLabels(text: string): string[] {
  const labels: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i += 1;
    else if (code === dot) {
      labels.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (start < text.length) labels.push(text.slice(start));
  return labels;
}

/** `octets` counts the label on the wire with its length octet. */
function canonicalLabel(raw: string): { readonly text: string; readonly octets: number } | undefined {
  if (/\P{ASCII}/u.test(raw)) {
    const ascii = toAsciiDomain(raw);
    // An ideographic full stop inside makes several labels of one; each dot is then a length octet.
    return ascii === undefined ? undefined : { text: ascii, octets: ascii.length + 1 };
  }
  const octets = unescapeOctets(raw);
  if (octets === undefined || octets.length === 0 || octets.length > maxLabelOctets) return undefined;
  return { text: escapeLabel(octets), octets: octets.length + 1 };
}

/**
 * Takes the escapes of RFC 1035 §5.1 out.
 * @returns One character per octet; undefined when an escape is cut off or over 255. Text must be ASCII.
 */
export function unescapeOctets(text: string): string | undefined {
  let at = text.indexOf("\\");
  if (at < 0) return text;
  let octets = "";
  let start = 0;
  while (at >= 0) {
    const found = readEscape(text, at);
    if (found === undefined) return undefined;
    octets += text.slice(start, at) + String.fromCharCode(found.code);
    start = at + found.length;
    at = text.indexOf("\\", start);
  }
  return octets + text.slice(start);
}

function readEscape(text: string, at: number): { code: number; length: number } | undefined {
  const code = text.charCodeAt(at + 1);
  if (Number.isNaN(code)) return undefined;
  if (!isDigit(code)) return { code, length: 2 };
  if (!isDigit(text.charCodeAt(at + 2)) || !isDigit(text.charCodeAt(at + 3))) return undefined;
  const value = Number(text.slice(at + 1, at + 4));
  return value <= 255 ? { code: value, length: 4 } : undefined;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** One label of any octets (one character each) in presentation form, in lower case. */
export function escapeLabel(octets: string): string {
  return withEscapes(octets, true);
}

/**
 * Makes a name that `DnsResolver.query` can ask of dot-separated octets (one character each, U+0000 to U+00FF), such
 * as the expansion of an SPF macro: backslashes and whatever is not printable ASCII are escaped, dots still separate.
 */
export function escapeOctets(octets: string): string {
  return withEscapes(octets, false);
}

function withEscapes(octets: string, dots: boolean): string {
  let text = "";
  for (let i = 0; i < octets.length; i++) {
    const code = octets.charCodeAt(i) & 0xff;
    if (code === backslash || (code === dot && dots)) text += `\\${String.fromCharCode(code)}`;
    else if (code > 0x20 && code < 0x7f) text += String.fromCharCode(code);
    else text += `\\${String(code).padStart(3, "0")}`;
  }
  return text.toLowerCase();
}

/** The canonical name one label shorter; undefined for the root. */
export function parentName(name: string): string | undefined {
  if (name === "") return undefined;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === backslash) i += 1;
    else if (code === dot) return name.slice(i + 1);
  }
  return "";
}

/** Whether a canonical name is `ancestor` or lies below it; everything lies below the root. */
export function isBelowOrAt(name: string, ancestor: string): boolean {
  for (let at: string | undefined = name; at !== undefined; at = parentName(at)) {
    if (at === ancestor) return true;
    if (at.length < ancestor.length) return false;
  }
  return false;
}

/** Writes a canonical name as labels (RFC 1035 §3.1), uncompressed, and returns the offset after it. */
export function writeName(name: string, into: Buffer, offset: number): number {
  let lengthAt = offset;
  let at = offset + 1;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === dot) {
      into[lengthAt] = at - lengthAt - 1;
      lengthAt = at++;
    } else if (code === backslash) {
      const octet = readEscape(name, i) ?? { code: backslash, length: 1 };
      into[at++] = octet.code;
      i += octet.length - 1;
    } else into[at++] = code;
  }
  into[lengthAt] = at - lengthAt - 1;
  if (name !== "") into[at++] = 0;
  return at;
}

/** Room enough for any canonical name on the wire. */
export const nameRoom: number = maxNameOctets;

/**
 * Reads names from a message, compressed or not (RFC 1035 §4.1.4), in canonical form. A pointer must lead to before
 * the labels it continues, so that every chain of pointers ends.
 */
export class NameReader {
  readonly #message: Buffer;
  /** After the name that was last read or skipped. */
  end = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  read(offset: number): string | undefined {
    const message = this.#message;
    let name = "";
    let octets = 1;
    let at = offset;
    let before = offset;
    this.end = -1;
    for (;;) {
      const length = message[at];
      if (length === undefined) return undefined;
      if (length === 0) {
        if (this.end < 0) this.end = at + 1;
        return name;
      }
      if (length >= 0xc0) {
        const low = message[at + 1];
        if (low === undefined) return undefined;
        if (this.end < 0) this.end = at + 2;
        at = ((length & 0x3f) << 8) | low;
        if (at >= before) return undefined;
        before = at;
        continue;
      }
      octets += length + 1;
      if (length > maxLabelOctets || octets > maxNameOctets || at + 1 + length > message.length)
        return undefined;
      const label = this.#label(at + 1, at + 1 + length);
      name = name === "" ? label : `${name}.${label}`;
      at += length + 1;
    }
  }

  #label(start: number, end: number): string {
    const text = this.#message.toString("latin1", start, end);
    for (let i = 0; i < text.length; i++) if (!isPlain(text.charCodeAt(i))) return escapeLabel(text);
    return text;
  }

  /** Moves `end` after the name at the offset; false when it runs out of the message. What a pointer leads to is not read. */
  skip(offset: number): boolean {
    const message = this.#message;
    let at = offset;
    for (;;) {
      const length = message[at];
      if (length === undefined || (length > maxLabelOctets && length < 0xc0)) return false;
      at += length >= 0xc0 ? 2 : length + 1;
      if (length !== 0 && length < 0xc0) continue;
      this.end = at;
      return at <= message.length;
    }
  }
}
