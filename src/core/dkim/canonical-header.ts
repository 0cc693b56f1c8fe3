import type { Field, MessageHead } from "../message/message.ts";
import type { Canonicalization } from "./signature.ts";

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const tab = 0x09;
const colon = 0x3a;

/** A field by itself, for example a signature that is still to be added; offsets as in `Field`. */
export interface FieldOctets {
  readonly octets: Buffer;
  readonly start: number;
  /** First octet after the colon. */
  readonly valueStart: number;
  /** After the CRLF that ends the field. */
  readonly end: number;
}

/**
 * The octets that a DKIM signature, an ARC-Message-Signature or an ARC-Seal signs: RFC 6376 §3.7 step 2.
 * @param fields The signed fields, in the order of signing.
 * @param signature The signature field with the value of `b=` taken out; its CRLF is left off here.
 */
export function headerHashInput(
  fields: readonly FieldOctets[],
  signature: FieldOctets,
  canonicalization: Canonicalization,
): Buffer {
  let size = signature.end - signature.start;
  for (const field of fields) size += field.end - field.start;
  const target = Buffer.allocUnsafe(size);
  let at = 0;
  for (const field of fields) at = canonicalizeField(field, canonicalization, target, at);
  at = canonicalizeField(signature, canonicalization, target, at);
  return target.subarray(0, at - 2);
}

/** Fields with their CRLFs, one behind the other: RFC 6376 §3.4.1, §3.4.2. */
export function canonicalizeFields(
  fields: readonly FieldOctets[],
  canonicalization: Canonicalization,
): Buffer {
  let size = 0;
  for (const field of fields) size += field.end - field.start;
  const target = Buffer.allocUnsafe(size);
  let at = 0;
  for (const field of fields) at = canonicalizeField(field, canonicalization, target, at);
  return target.subarray(0, at);
}

/** A field that is being written. @param text Name, colon and value with CRLF at the end, one octet a character. */
export function fieldOctets(text: string): FieldOctets {
  const octets = Buffer.from(text, "latin1");
  return { octets, start: 0, valueStart: text.indexOf(":") + 1, end: octets.length };
}

/** One field with its CRLF: RFC 6376 §3.4.1, §3.4.2. */
export function canonicalizeHeaderField(field: FieldOctets, canonicalization: Canonicalization): Buffer {
  const target = Buffer.allocUnsafe(field.end - field.start);
  return target.subarray(0, canonicalizeField(field, canonicalization, target, 0));
}

/** @returns Where the next field goes in `target`; never more octets are written than the field has. */
function canonicalizeField(
  field: FieldOctets,
  canonicalization: Canonicalization,
  target: Buffer,
  at: number,
): number {
  if (canonicalization === "simple") return at + field.octets.copy(target, at, field.start, field.end);
  return relaxValue(field, target, relaxName(field, target, at));
}

/** §3.4.2: the name in lower case, no white space before the colon. */
function relaxName({ octets, start, valueStart }: FieldOctets, target: Buffer, from: number): number {
  let end = valueStart - 1;
  while (end > start && isWsp(octets[end - 1])) end -= 1;
  let at = from;
  for (let i = start; i < end; i++, at++) {
    const octet = octets[i] as number;
    target[at] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
  }
  target[at] = colon;
  return at + 1;
}

/** §3.4.2: unfolded, each run of white space one blank, none at either end. */
function relaxValue({ octets, valueStart, end }: FieldOctets, target: Buffer, from: number): number {
  const last = end - 2;
  let at = from;
  let blank = false;
  for (let i = valueStart; i < last; i++) {
    const octet = octets[i] as number;
    if (octet === space || octet === tab) blank = true;
    else if (octet === cr && octets[i + 1] === lf && isWsp(octets[i + 2])) i += 1;
    else {
      if (blank && at > from) target[at++] = space;
      blank = false;
      target[at++] = octet;
    }
  }
  target[at] = cr;
  target[at + 1] = lf;
  return at + 2;
}

function isWsp(octet: number | undefined): boolean {
  return octet === space || octet === tab;
}

/** The field without the octets [from, to) of its value: RFC 6376 §3.7, the value of `b=` treated as empty. */
export function withoutValueRange(head: MessageHead, field: Field, from: number, to: number): FieldOctets {
  const { octets } = head;
  const before = octets.subarray(field.start, field.valueStart + from);
  const after = octets.subarray(field.valueStart + to, field.end);
  const joined = Buffer.concat([before, after], before.length + after.length);
  return { octets: joined, start: 0, valueStart: field.valueStart - field.start, end: joined.length };
}

/**
 * Picks the fields that `h=` names: RFC 6376 §5.4.2. The first mention of a name is its lowest instance, the next the
 * one above; mentions without an instance left stand for nothing (§5.4). Keeps no state between calls.
 */
export class FieldPicker {
  readonly #head: MessageHead;
  readonly #byName: ReadonlyMap<string, readonly Field[]>;

  constructor(head: MessageHead) {
    const byName = new Map<string, Field[]>();
    for (const field of head.fields) {
      const same = byName.get(field.lowerName);
      if (same === undefined) byName.set(field.lowerName, [field]);
      else same.push(field);
    }
    this.#head = head;
    this.#byName = byName;
  }

  /** Fields of that name. */
  count(lowerName: string): number {
    return this.#byName.get(lowerName)?.length ?? 0;
  }

  /**
   * @param lowerNames Names of `h=` in lower case, in order.
   * @param except The signature itself, which does not count as an instance of its name (§3.5 h=).
   */
  pick(lowerNames: readonly string[], except?: Field): FieldOctets[] {
    const { octets } = this.#head;
    const left = new Map<string, number>();
    const picked: FieldOctets[] = [];
    for (const name of lowerNames) {
      const fields = this.#byName.get(name);
      if (fields === undefined) continue;
      let index = (left.get(name) ?? fields.length) - 1;
      if (index >= 0 && fields[index] === except) index -= 1;
      const field = fields[index];
      left.set(name, Math.max(index, 0));
      if (field !== undefined)
        picked.push({ octets, start: field.start, valueStart: field.valueStart, end: field.end });
    }
    return picked;
  }
}
