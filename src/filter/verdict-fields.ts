import { HeadBuilder } from "../core/message/head-builder.ts";
import type { RemovedField } from "../store/record.ts";
import { findForgedFields } from "./forged-fields.ts";
import { quarantineField, rulesField } from "./policy.ts";

const resultsField = "Authentication-Results";
/** Fields that only we write: whoever sent them, they go. */
const ownFields: readonly string[] = [quarantineField, rulesField];
/** BIMI draft §5.6, §7.8: of another site they go; BIMI-Selector is the sender's and stays. */
const receiversFields: readonly string[] = ["BIMI-Location", "BIMI-Indicator", "BIMI-Logo-Preference"];

/** As many are read; real mail has a dozen. */
const maxFieldsRead = 1000;
/** White space may stand before the colon (RFC 5322 §4.5), as much as a line holds. */
const maxNameOctets = 998;

const byLowerName: ReadonlyMap<string, string> = new Map(
  [resultsField, ...ownFields, ...receiversFields].map((name) => [name.toLowerCase(), name]),
);

/**
 * The fields of a message that only a verifier may have written, kept apart from its head, which is cut when it is
 * too long: a forged field must not hide behind ten thousand others.
 */
export class VerdictFields {
  readonly #builder = new HeadBuilder();
  readonly #counts = new Map<string, number>();

  add(name: Buffer, value: Buffer): void {
    if (name.length > maxNameOctets) return;
    const known = byLowerName.get(name.toString("latin1").trim().toLowerCase());
    if (known === undefined) return;
    const count = (this.#counts.get(known) ?? 0) + 1;
    this.#counts.set(known, count);
    if (known === resultsField && count <= maxFieldsRead) this.#builder.add(name, value);
  }

  /**
   * Those that must go. What was not read goes as well.
   * @param writesBimi Whether we write BIMI fields ourselves, so that even those of a relay of ours go.
   */
  forged(authservIds: readonly string[], fromStranger: boolean, writesBimi = false): RemovedField[] {
    const head = this.#builder.head();
    const removed = findForgedFields(head, { authservIds }, { fromStranger });
    return [
      ...removed,
      ...this.#from(resultsField, head.fields.length, "unread"),
      ...this.#own(),
      ...(fromStranger || writesBimi ? this.#receivers() : []),
    ];
  }

  /** Every one, for when they cannot be told apart. */
  all(): RemovedField[] {
    return [...this.#from(resultsField, 0, "unread"), ...this.#own(), ...this.#receivers()];
  }

  #own(): RemovedField[] {
    return ownFields.flatMap((name) => this.#from(name, 0, "own-field"));
  }

  #receivers(): RemovedField[] {
    return receiversFields.flatMap((name) => this.#from(name, 0, "receivers-field"));
  }

  #from(name: string, kept: number, reason: RemovedField["reason"]): RemovedField[] {
    const count = (this.#counts.get(name) ?? 0) - kept;
    return Array.from({ length: Math.max(0, count) }, (_, index) => {
      return { name, occurrence: kept + index + 1, reason };
    });
  }
}
