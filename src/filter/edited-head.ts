import { type Field, type MessageHead, makeField } from "../core/message/message.ts";
import { sentHeaderValue } from "../milter/edits.ts";
import type { MessageEdit } from "../milter/types.ts";

/** A field that is put in: LF and white space for folds in the value, no line end. */
export interface NewField {
  readonly name: string;
  readonly value: string;
}

type HeaderEdit = Extract<MessageEdit, { readonly name: string }>;

/**
 * The header of a message and the edits that are to be made to it, as one: `head()` is what the MTA will have when it
 * has made them, and what is signed. Occurrences count in the message as received, as in `MessageEdit`.
 */
export class EditedHead {
  /** As received. */
  readonly received: MessageHead;
  /** Undefined: deleted. By index in `received.fields`. */
  readonly #changed = new Map<number, string | undefined>();
  /** Edits of received fields, and then what comes to them, in the order in which they are sent. */
  readonly #changes: HeaderEdit[] = [];
  readonly #additions: HeaderEdit[] = [];
  /** As sent. The last one stands on top. */
  readonly #top: NewField[] = [];
  readonly #bottom: NewField[] = [];
  /** Of each name the fields, by index in `received.fields`; hostile mail may need ten thousand deletions. */
  #places: ReadonlyMap<string, readonly number[]> | undefined;
  readonly #changedNames = new Set<string>();
  #head: MessageHead | undefined;

  constructor(received: MessageHead) {
    this.received = received;
    this.#head = received;
  }

  /** Deletes the `occurrence`-th field of that name, from 1. */
  delete(name: string, occurrence: number): void {
    this.#changes.push({ kind: "delete-header", name, occurrence });
    const index = this.#indexOf(name, occurrence);
    if (index !== undefined) this.#note(index, name, undefined);
  }

  /**
   * Gives the `occurrence`-th field of that name another value: LF and white space for folds, no line end.
   * @returns False when there is no such field any more, or the value cannot be sent: then nothing is done.
   */
  change(name: string, occurrence: number, value: string): boolean {
    const sent = sentHeaderValue(name, value);
    const index = this.#indexOf(name, occurrence);
    if (sent === undefined || index === undefined || this.#isDeleted(index)) return false;
    this.#changes.push({ kind: "change-header", name, occurrence, value });
    this.#note(index, name, sent);
    return true;
  }

  /** Puts a field on top of all others, also of those that were put there before. @returns As `change`. */
  insertOnTop(name: string, value: string): boolean {
    return this.#add(this.#top, { kind: "insert-header", index: 0, name, value });
  }

  /** Puts a field at the end of the header. @returns As `change`. */
  append(name: string, value: string): boolean {
    return this.#add(this.#bottom, { kind: "add-header", name, value });
  }

  /** Whether a received field of that name has another value now or is gone. */
  hasChanged(name: string): boolean {
    return this.#changedNames.has(name.toLowerCase());
  }

  /** Whether a received field of that name has another value now. */
  hasRewritten(name: string): boolean {
    const lowerName = name.toLowerCase();
    return this.received.fields.some(
      (field, index) => field.lowerName === lowerName && this.#changed.get(index) !== undefined,
    );
  }

  /** In the order in which they are to be sent. */
  edits(): readonly MessageEdit[] {
    return [...this.#changes, ...this.#additions];
  }

  /** The header as the MTA will have it, without what the MTA itself puts on top. */
  head(): MessageHead {
    this.#head ??= this.#assemble([]);
    return this.#head;
  }

  /**
   * What `head()` would be with these fields on top, in this order.
   * @returns Undefined when one of them cannot be sent.
   */
  headWith(fields: readonly NewField[]): MessageHead | undefined {
    const sent: NewField[] = [];
    for (const { name, value } of fields) {
      const asSent = sentHeaderValue(name, value);
      if (asSent === undefined) return undefined;
      sent.push({ name, value: asSent });
    }
    return this.#assemble(sent);
  }

  #note(index: number, name: string, value: string | undefined): void {
    this.#changed.set(index, value);
    this.#changedNames.add(name.toLowerCase());
    this.#head = undefined;
  }

  #add(list: NewField[], edit: Extract<HeaderEdit, { readonly value: string }>): boolean {
    const { name } = edit;
    const value = sentHeaderValue(name, edit.value);
    if (value === undefined) return false;
    this.#additions.push(edit);
    list.push({ name, value });
    this.#head = undefined;
    return true;
  }

  #isDeleted(index: number): boolean {
    return this.#changed.has(index) && this.#changed.get(index) === undefined;
  }

  #indexOf(name: string, occurrence: number): number | undefined {
    this.#places ??= Map.groupBy(this.received.fields.keys(), (index) => this.#lowerNameAt(index));
    return this.#places.get(name.toLowerCase())?.[occurrence - 1];
  }

  #lowerNameAt(index: number): string {
    return this.received.fields[index]?.lowerName ?? "";
  }

  #assemble(above: readonly NewField[]): MessageHead {
    const { octets, fields, truncated } = this.received;
    const parts = new Parts();
    for (const field of [...above, ...this.#top.toReversed()]) parts.addNew(field);
    for (const [index, field] of fields.entries()) {
      const value = this.#changed.get(index);
      if (value !== undefined) parts.addNew({ name: field.name, value });
      else if (!this.#changed.has(index)) parts.addOld(octets, field);
    }
    for (const field of this.#bottom) parts.addNew(field);
    return truncated === true ? { ...parts.head(), truncated } : parts.head();
  }
}

/** A head that is put together out of pieces. */
class Parts {
  readonly #octets: Buffer[] = [];
  readonly #fields: Field[] = [];
  #length = 0;

  addOld(octets: Buffer, { name, start, valueStart, end }: Field): void {
    this.#add(name, octets.subarray(start, end), valueStart - start);
  }

  addNew({ name, value }: NewField): void {
    const octets = Buffer.from(`${name}: ${value.replaceAll("\n", "\r\n")}\r\n`, "utf8");
    this.#add(name, octets, Buffer.byteLength(name, "utf8") + 1);
  }

  head(): MessageHead {
    return { octets: Buffer.concat(this.#octets, this.#length), fields: this.#fields };
  }

  #add(name: string, octets: Buffer, valueStart: number): void {
    const start = this.#length;
    this.#length += octets.length;
    this.#octets.push(octets);
    this.#fields.push(makeField(name, start, start + valueStart, this.#length));
  }
}
