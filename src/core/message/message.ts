/** One header field, as offsets into the octets of the head; nothing is decoded or re-encoded. */
export interface Field {
  /** The name as written, without white space before the colon. */
  readonly name: string;
  readonly lowerName: string;
  /** First octet of the name. */
  readonly start: number;
  /** First octet after the colon. */
  readonly valueStart: number;
  /** After the CRLF that ends the field. */
  readonly end: number;
}

/** The header of a message: RFC 5322 §2.2. Fields from the top. */
export interface MessageHead {
  readonly octets: Buffer;
  readonly fields: readonly Field[];
  /** The header went beyond `headLimits`; `fields` ends with the last whole field within them. */
  readonly truncated?: boolean;
}

/** What of a header is looked at; the rest is dropped and the head is marked `truncated`. */
export const headLimits: { readonly octets: number; readonly fields: number } = {
  octets: 1024 * 1024,
  fields: 10_000,
};

/** The value of a field with its folds, without the CRLF at its end; each character is one octet. */
export function rawValue(head: MessageHead, field: Field): string {
  return head.octets.toString("latin1", field.valueStart, field.end - 2);
}

/** Fields of that name (lower case), from the top. */
export function fieldsNamed(head: MessageHead, lowerName: string): Field[] {
  return head.fields.filter((field) => field.lowerName === lowerName);
}

const cr = 0x0d;
const lf = 0x0a;
const colon = 0x3a;
const crlf: Buffer = Buffer.from("\r\n", "latin1");

/**
 * Reads the header of a message: RFC 5322 §2.2. `octets` are fields with their CRLF, up to the empty line or to the
 * end of the buffer, which is kept and not copied (but for a CRLF that the last line lacks). Only CRLF ends a line; a
 * bare CR or LF belongs to the line. A line that begins with white space continues the field above.
 *
 * A line that is no field (no colon, or a name with other octets than 33 to 126) is skipped together with the lines
 * that continue it, and reading goes on; so is a continuation with nothing above it. White space between name and
 * colon is allowed (RFC 5322 §4.5). Never throws.
 */
export function parseHead(octets: Buffer): MessageHead {
  const whole = octets.length <= headLimits.octets;
  const source = whole ? withFinalLineEnd(octets) : octets;
  const limit = whole ? source.length : headLimits.octets;
  const fields: Field[] = [];
  let start = 0;
  while (start < limit) {
    if (source[start] === cr && source[start + 1] === lf) return { octets: source, fields };
    const end = fieldEnd(source, start, limit);
    if (end === undefined || fields.length === headLimits.fields)
      return { octets: source, fields, truncated: true };
    const field = readField(source, start, end);
    if (field !== undefined) fields.push(field);
    start = end;
  }
  return whole ? { octets: source, fields } : { octets: source, fields, truncated: true };
}

function withFinalLineEnd(octets: Buffer): Buffer {
  const { length } = octets;
  if (length === 0 || (octets[length - 2] === cr && octets[length - 1] === lf)) return octets;
  return Buffer.concat([octets, crlf]);
}

/** After the CRLF that no white space follows; undefined when that lies beyond the limit. */
function fieldEnd(octets: Buffer, start: number, limit: number): number | undefined {
  let from = start;
  for (;;) {
    const at = octets.indexOf(crlf, from);
    if (at < 0 || at + 2 > limit) return undefined;
    if (at + 2 === limit || !isWsp(octets[at + 2])) return at + 2;
    from = at + 2;
  }
}

function readField(octets: Buffer, start: number, end: number): Field | undefined {
  let nameEnd = start;
  while (isNameOctet(octets[nameEnd])) nameEnd += 1;
  let at = nameEnd;
  while (isWsp(octets[at])) at += 1;
  // White space never leads: such a line continues what stands above it.
  if (nameEnd === start || at >= end || octets[at] !== colon) return undefined;
  return makeField(octets.toString("latin1", start, nameEnd), start, at + 1, end);
}

/** @param name Without white space. */
export function makeField(name: string, start: number, valueStart: number, end: number): Field {
  return { name, lowerName: name.toLowerCase(), start, valueStart, end };
}

/** RFC 5322 §3.6.8: ftext, printable US-ASCII without the colon. */
function isNameOctet(octet: number | undefined): boolean {
  return octet !== undefined && octet > 0x20 && octet < 0x7f && octet !== colon;
}

function isWsp(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}
