import type { Allowance } from "./limits.ts";
import { type PartHead, readableName, readParameters, readPartHead } from "./mime-head.ts";

/** One part of a mail that holds no parts: what it says it is, and its octets. */
export interface MailPart {
  readonly head: PartHead;
  /** Lower case, as declared; nothing is believed of it. */
  readonly type: string;
  readonly fileName?: string;
  /** The transfer encoding is taken off. */
  readonly octets: Buffer;
}

/** A mail with the parts that its structure leads to, in order. */
export interface Mail {
  readonly head: PartHead;
  readonly type: string;
  readonly parts: readonly MailPart[];
  /** The whole mail, as it came. */
  readonly octets: Buffer;
  /** Everything after the header, as it came. */
  readonly body: Buffer;
  /** It came within another mail: nobody who delivered that one has looked at this header. */
  readonly nested: boolean;
  /** What is left for asking DNS about all mails of one arrival. */
  readonly asking: { msLeft: number };
}

const maxMultipartDepth = 20;

/** Reads the structure of a mail (RFC 2046 §5.1). Never throws; whatever is broken is a part of its own. */
export function readMail(octets: Buffer, allowance: Allowance, nested = false): Mail {
  const { head, bodyAt } = readPartHead(octets);
  const parts: MailPart[] = [];
  walk(octets, parts, allowance, 0);
  const { value } = readParameters(head.get("content-type") ?? "text/plain");
  return {
    head,
    type: value,
    parts,
    octets,
    body: octets.subarray(bodyAt),
    nested,
    asking: allowance.asking,
  };
}

function walk(octets: Buffer, parts: MailPart[], allowance: Allowance, depth: number): void {
  const { head, bodyAt } = readPartHead(octets);
  const body = octets.subarray(bodyAt);
  const { value: type, parameters } = readParameters(head.get("content-type") ?? "text/plain");
  const boundary = parameters.get("boundary");
  if (
    type.startsWith("multipart/") &&
    boundary !== undefined &&
    boundary !== "" &&
    depth < maxMultipartDepth
  ) {
    // One more than may be, so that it is told.
    const inner = splitParts(body, boundary, Math.max(0, allowance.entriesLeft) + 1);
    for (const part of inner) {
      if (!allowance.enter()) return;
      walk(part, parts, allowance, depth + 1);
    }
    if (inner.length > 0) return;
  }
  parts.push(leaf(head, type, parameters, body));
}

function leaf(head: PartHead, type: string, parameters: ReadonlyMap<string, string>, body: Buffer): MailPart {
  const disposition = readParameters(head.get("content-disposition") ?? "");
  const fileName = disposition.parameters.get("filename") ?? parameters.get("name");
  const encoding = head.get("content-transfer-encoding")?.trim().toLowerCase();
  return {
    head,
    type,
    ...(fileName !== undefined && { fileName: readableName(fileName) }),
    octets: decodeBody(body, encoding),
  };
}

/** RFC 2046 §5.1.1: a delimiter stands at the beginning of a line, and the line end before it belongs to it. */
function splitParts(body: Buffer, boundary: string, most: number): Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`, "latin1");
  const parts: Buffer[] = [];
  let start: number | undefined;
  for (let at = delimiterAt(body, delimiter, 0); at >= 0; ) {
    if (start !== undefined) parts.push(body.subarray(start, beforeLineEnd(body, at)));
    const after = at + delimiter.length;
    const lineEnd = body.indexOf(0x0a, after);
    if (parts.length >= most || (body[after] === hyphen && body[after + 1] === hyphen)) return parts;
    start = lineEnd < 0 ? body.length : lineEnd + 1;
    at = delimiterAt(body, delimiter, start);
  }
  if (start !== undefined && start < body.length) parts.push(body.subarray(start));
  return parts;
}

const hyphen = 0x2d;

function delimiterAt(body: Buffer, delimiter: Buffer, from: number): number {
  let at = body.indexOf(delimiter, from);
  while (at >= 0 && !isDelimiter(body, at, at + delimiter.length))
    at = body.indexOf(delimiter, at + delimiter.length);
  return at;
}

/** A line of its own: the boundary of an outer part may be the beginning of an inner one. */
function isDelimiter(body: Buffer, at: number, after: number): boolean {
  if (at > 0 && body[at - 1] !== 0x0a) return false;
  const next = body[after];
  if (next === hyphen) return body[after + 1] === hyphen;
  return next === undefined || next === 0x0d || next === 0x0a || next === 0x20 || next === 0x09;
}

function beforeLineEnd(body: Buffer, at: number): number {
  if (body[at - 1] !== 0x0a) return at;
  return body[at - 2] === 0x0d ? at - 2 : at - 1;
}

function decodeBody(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === "base64") return decodeBase64(body);
  return encoding === "quoted-printable" ? decodeQuotedPrintable(body) : body;
}

/** RFC 2045 §6.8: padding ends the data; some encode each line for itself, so that more data follow. */
export function decodeBase64(body: Buffer): Buffer {
  const padding = body.indexOf(0x3d);
  const text = body.toString("latin1");
  const follows = padding >= 0 && /[A-Za-z0-9+/]/.test(text.slice(padding));
  return follows ? decodeSegments(body) : Buffer.from(text, "base64");
}

function decodeSegments(body: Buffer): Buffer {
  const out = Buffer.alloc(body.length);
  let length = 0;
  let bits = 0;
  let held = 0;
  for (const octet of body) {
    const value = base64Values[octet] as number;
    if (octet === 0x3d) held = 0;
    if (value < 0) continue;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[length++] = (bits >> held) & 0xff;
  }
  return out.subarray(0, length);
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const base64Values: readonly number[] = Array.from({ length: 256 }, (_, octet) =>
  base64Alphabet.indexOf(String.fromCharCode(octet)),
);

/** RFC 2045 §6.7. What is no escape stays as it is. */
export function decodeQuotedPrintable(body: Buffer): Buffer {
  const out = Buffer.alloc(body.length);
  let length = 0;
  for (let at = 0; at < body.length; at++) {
    const octet = body[at] ?? 0;
    if (octet !== 0x3d) {
      out[length++] = octet;
      continue;
    }
    const soft = softLineEnd(body, at + 1);
    const value = soft === 0 ? hexPair(body, at + 1) : undefined;
    if (soft === 0) out[length++] = value ?? octet;
    at += soft > 0 ? soft : value === undefined ? 0 : 2;
  }
  return out.subarray(0, length);
}

/** Octets of a soft line break after "=", 0 when there is none. Blanks may stand before the line end. */
function softLineEnd(body: Buffer, from: number): number {
  let at = from;
  while (at - from < 80 && (body[at] === 0x20 || body[at] === 0x09)) at += 1;
  if (body[at] === 0x0a) return at - from + 1;
  return body[at] === 0x0d && body[at + 1] === 0x0a ? at - from + 2 : 0;
}

function hexPair(body: Buffer, at: number): number | undefined {
  const pair = body.toString("latin1", at, at + 2);
  return /^[0-9A-Fa-f]{2}$/.test(pair) ? Number.parseInt(pair, 16) : undefined;
}
