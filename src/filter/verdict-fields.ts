import { HeadBuilder } from "../core/message/head-builder.ts";
import type { RemovedField } from "../store/record.ts";
import { findForgedFields } from "./forged-fields.ts";

const fieldName = "authentication-results";
/** As many are read; real mail has a dozen. */
const maxFieldsRead = 1000;

/**
 * The Authentication-Results fields of a message, kept apart from its head, which is cut when it is too long: a
 * forged field must not hide behind ten thousand others.
 */
export class VerdictFields {
  readonly #builder = new HeadBuilder();
  #count = 0;

  add(name: Buffer, value: Buffer): void {
    if (name.length < fieldName.length || name.length > 2 * fieldName.length) return;
    if (name.toString("latin1").trim().toLowerCase() !== fieldName) return;
    this.#count += 1;
    if (this.#count <= maxFieldsRead) this.#builder.add(name, value);
  }

  /** Those that must go. What was not read goes as well. */
  forged(authservIds: readonly string[], fromStranger: boolean): RemovedField[] {
    const head = this.#builder.head();
    const removed = findForgedFields(head, { authservIds }, { fromStranger });
    return [...removed, ...this.#unread(head.fields.length)];
  }

  /** Every one, for when they cannot be told apart. */
  all(): RemovedField[] {
    return this.#unread(0);
  }

  #unread(read: number): RemovedField[] {
    return Array.from({ length: this.#count - read }, (_, index) => {
      return { name: "Authentication-Results", occurrence: read + index + 1, reason: "unread" };
    });
  }
}
