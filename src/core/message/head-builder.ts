import { withCrlf } from "./line-ends.ts";
import { type Field, headLimits, type MessageHead, makeField } from "./message.ts";
import { trimSpace } from "./taglist.ts";

const lineEnd: Buffer = Buffer.from("\r\n", "latin1");
const colon: Buffer = Buffer.from(":", "latin1");

/**
 * Puts a head together from fields that come one by one, as over the milter protocol. What goes beyond `headLimits`
 * is dropped, field by field, and the head is marked `truncated`.
 */
export class HeadBuilder {
  readonly #parts: Buffer[] = [];
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
    const length = name.length + colon.length + normal.length + lineEnd.length;
    if (
      this.#truncated ||
      this.#fields.length === headLimits.fields ||
      this.#length + length > headLimits.octets
    ) {
      this.#truncated = true;
      return;
    }
    const start = this.#length;
    this.#parts.push(Buffer.concat([name, colon, normal, lineEnd], length));
    this.#length += length;
    const fieldName = trimSpace(name.toString("latin1"));
    this.#fields.push(makeField(fieldName, start, start + name.length + 1, this.#length));
  }

  /** The fields so far. */
  head(): MessageHead {
    const head = { octets: Buffer.concat(this.#parts, this.#length), fields: [...this.#fields] };
    return this.#truncated ? { ...head, truncated: true } : head;
  }
}
