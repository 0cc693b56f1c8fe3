/** One value of DER: where its content lies in the octets that were read. */
export interface DerValue {
  /** The identifier octet, e.g. 0x30 for a SEQUENCE. */
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  sequence: 0x30,
  set: 0x31,
} as const;

const maxChildren = 1_000;

/**
 * Reads the value that begins at `start` and ends by `end`: definite lengths, identifiers of one octet (X.690 §8.1).
 * @returns undefined when there is none.
 */
export function readDer(octets: Buffer, start: number, end: number): DerValue | undefined {
  const tag = octets[start];
  const first = octets[start + 1];
  if (tag === undefined || first === undefined || start + 2 > end || (tag & 0x1f) === 0x1f) return undefined;
  if (first < 0x80) return valueWithin(tag, start + 2, first, end);
  const count = first & 0x7f;
  // 0x80 is the indefinite length, which DER does not have; three octets count 16 MB.
  if (count === 0 || count > 3 || start + 2 + count > end) return undefined;
  return valueWithin(tag, start + 2 + count, octets.readUIntBE(start + 2, count), end);
}

function valueWithin(tag: number, start: number, length: number, end: number): DerValue | undefined {
  return start + length <= end ? { tag, start, end: start + length } : undefined;
}

/** The values inside a constructed one; undefined when they do not fill it, or are over a thousand. */
export function derChildren(octets: Buffer, parent: DerValue | undefined): DerValue[] | undefined {
  if (parent === undefined || (parent.tag & 0x20) === 0) return undefined;
  const children: DerValue[] = [];
  let at = parent.start;
  while (at < parent.end) {
    const child = readDer(octets, at, parent.end);
    if (child === undefined || children.length === maxChildren) return undefined;
    children.push(child);
    at = child.end;
  }
  return children;
}

/** An OBJECT IDENTIFIER with dots (X.690 §8.19); undefined for anything else. */
export function derObjectId(octets: Buffer, value: DerValue | undefined): string | undefined {
  if (value?.tag !== derTag.objectId || value.end - value.start > 64) return undefined;
  const arcs: number[] = [];
  let arc = 0;
  for (let i = value.start; i < value.end; i++) {
    const octet = octets[i] as number;
    arc = arc * 128 + (octet & 0x7f);
    if (arc > 0xffffffff) return undefined;
    if (octet >= 0x80) continue;
    if (arcs.length === 0)
      arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2));
    else arcs.push(arc);
    arc = 0;
  }
  const whole = arcs.length > 0 && ((octets[value.end - 1] as number) & 0x80) === 0;
  return whole ? arcs.join(".") : undefined;
}

/** The octets of a value as a text, one character each. */
export function derText(octets: Buffer, { start, end }: DerValue): string {
  return octets.toString("latin1", start, end);
}

/** A small INTEGER that is not negative. */
export function derInteger(octets: Buffer, value: DerValue | undefined): number | undefined {
  if (value?.tag !== derTag.integer) return undefined;
  const length = value.end - value.start;
  if (length < 1 || length > 4) return undefined;
  const number = octets.readIntBE(value.start, length);
  return number < 0 ? undefined : number;
}
