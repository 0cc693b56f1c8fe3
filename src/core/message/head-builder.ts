import { withCrlf } from "./line-ends.ts";
import { type Field, headLimits, type MessageHead, makeField } from "./message.ts";
import { trimSpace } from "./taglist.ts";

const cr = 0x0d;
const lf = 0x0a;
const colon = 0x3a;
/** The colon and the line end. */
const octetsAround = 3;
const firstOctets = 4096;
const nothing: Buffer = Buffer.alloc(0);

/**
 * Puts a head together from fields that come one by one, as over the milter protocol. What goes beyond `headLimits`
 * is dropped, field by field, and the head is marked `truncated`.
 */
export class HeadBuilder {
  #octets: Buffer = nothing;
  readonly #fields: Field[] = [];
  #length = 0;
  #truncated = false;

  /**
   * @param name Octets of the field name; copied.
   * @param value Octets after the colon, without the line end of the field; copied. LF and CRLF inside become CRLF,
   *   a CR without LF stays as it is.
   */
  add(name: Buffer, value: Buffer): void {
    const normal = withCrlf(value);
    const length = name.length + normal.length + octetsAround;
    if (
      this.#truncated ||
      this.#fields.length === headLimits.fields ||
      this.#length + length > headLimits.octets
    ) {
      this.#truncated = true;
      return;
    }
    const start = this.#length;
    this.#write(name, normal);
    const fieldName = trimSpace(name.toString("latin1"));
    this.#fields.push(makeField(fieldName, start, start + name.length + 1, this.#length));
  }

  #write(name: Buffer, value: Buffer): void {
    const end = this.#length + name.length + value.length + octetsAround;
    if (end > this.#octets.length) this.#grow(end);
    const octets = this.#octets;
    octets.set(name, this.#length);
    const valueStart = this.#length + name.length + 1;
    octets[valueStart - 1] = colon;
    octets.set(value, valueStart);
    octets[end - 2] = cr;
    octets[end - 1] = lf;
    this.#length = end;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#octets.length, firstOctets));
    this.#octets.copy(larger, 0, 0, this.#length);
    this.#octets = larger;
  }

  /** The fields so far. */
  head(): MessageHead {
    // What has been written is never written again.
    const head = { octets: this.#octets.subarray(0, this.#length), fields: [...this.#fields] };
    return this.#truncated ? { ...head, truncated: true } : head;
  }
}
