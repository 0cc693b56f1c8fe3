import { HeadBuilder } from "../core/message/head-builder.ts";
import { trimSpace } from "../core/message/taglist.ts";
import { isHeaderName } from "../milter/edits.ts";
import type { RemovedField } from "../store/record.ts";
import { findForgedFields } from "./forged-fields.ts";
import { tokenField } from "./list-token.ts";
import { quarantineField } from "./policy/conclude.ts";
import { rulesField } from "./policy/rules-vote.ts";

const resultsField = "Authentication-Results";
/** Fields that only we write: whoever sent them, they go. */
const ownFields: readonly string[] = [quarantineField, rulesField, tokenField];
/** BIMI draft §5.6, §7.8: of another site they go; BIMI-Selector is the sender's and stays. */
const receiversFields: readonly string[] = ["BIMI-Location", "BIMI-Indicator", "BIMI-Logo-Preference"];

/** As many are read; real mail has a dozen. */
const maxFieldsRead = 1000;
/** Of other names so many are counted, of so many octets in all. Strangers choose both; real mail has some forty. */
const maxNames = 20_000;
const maxNamesOctets = 1024 * 1024;
/** Of a name; nothing longer fits on a line (RFC 5322 §2.1.1). */
const maxNameOctets = 998;

/** So much of a line is looked at for a name. */
const maxHiddenOctets = 128;
const tab = 0x09;
const lf = 0x0a;
const cr = 0x0d;
const blank = 0x20;

const byLowerName: ReadonlyMap<string, string> = new Map(
  [resultsField, ...ownFields, ...receiversFields].map((name) => [name.toLowerCase(), name]),
);

/**
 * The fields of a message that only a verifier may have written, kept apart from its head, which is cut when it is
 * too long: a forged field must not hide behind ten thousand others.
 */
export class VerdictFields {
  readonly #builder = new HeadBuilder();
  /** Fields of each name so far, in lower case. */
  readonly #counts = new Map<string, number>();
  #namesOctets = 0;
  /** Fields in which another one is hidden. */
  readonly #hosts: RemovedField[] = [];
  /** Another one is hidden in a field that cannot be named to the MTA. */
  #isLost = false;

  add(name: Buffer, value: Buffer): void {
    // Only what MTAs take for white space: a field that bears another name there is not one of those they count.
    const written = trimSpace(name.toString("latin1"));
    const lowerName = written.toLowerCase();
    const count = this.#count(lowerName);
    const known = byLowerName.get(lowerName);
    if (known === resultsField && (count ?? 0) <= maxFieldsRead) this.#builder.add(name, value);
    // Also in one of these fields, which itself may be anybody's and stay.
    if (!hidesField(value)) return;
    if (count === undefined || !isHeaderName(written)) this.#isLost = true;
    else this.#hosts.push({ name: written, occurrence: count, reason: "hidden-field" });
  }

  /** @returns Which of its name this one is; undefined when it is too long, or there have been too many names. */
  #count(lowerName: string): number | undefined {
    if (lowerName.length > maxNameOctets) return undefined;
    const before = this.#counts.get(lowerName);
    if (before === undefined && !byLowerName.has(lowerName)) {
      if (this.#counts.size >= maxNames || this.#namesOctets + lowerName.length > maxNamesOctets)
        return undefined;
      this.#namesOctets += lowerName.length;
    }
    const count = (before ?? 0) + 1;
    this.#counts.set(lowerName, count);
    return count;
  }

  /**
   * Those that must go. What was not read goes as well.
   * @param writesBimi Whether we write BIMI fields ourselves, so that even those of a relay of ours go.
   * @throws Error when one that must go cannot be named to the MTA.
   */
  forged(authservIds: readonly string[], fromStranger: boolean, writesBimi = false): RemovedField[] {
    if (this.#isLost)
      throw new Error(
        "a field is hidden in another one, whose name is too long, has other letters than US-ASCII or is one of too many",
      );
    const head = this.#builder.head();
    const removed = findForgedFields(head, { authservIds }, { fromStranger });
    return eachOnce([
      ...removed,
      ...this.#from(resultsField, head.fields.length, "unread"),
      ...this.#own(),
      ...(fromStranger || writesBimi ? this.#receivers() : []),
      ...this.#hosts,
    ]);
  }

  /** Whether one that must go stays, as it cannot be named to the MTA. */
  get oneStays(): boolean {
    return this.#isLost;
  }

  /** Every one that can be named, for when they cannot be told apart. */
  all(): RemovedField[] {
    return eachOnce([
      ...this.#from(resultsField, 0, "unread"),
      ...this.#own(),
      ...this.#receivers(),
      ...this.#hosts,
    ]);
  }

  #own(): RemovedField[] {
    return ownFields.flatMap((name) => this.#from(name, 0, "own-field"));
  }

  #receivers(): RemovedField[] {
    return receiversFields.flatMap((name) => this.#from(name, 0, "receivers-field"));
  }

  #from(name: string, kept: number, reason: RemovedField["reason"]): RemovedField[] {
    const count = (this.#counts.get(name.toLowerCase()) ?? 0) - kept;
    if (count <= 0) return [];
    return Array.from({ length: count }, (_, index) => {
      return { name, occurrence: kept + index + 1, reason };
    });
  }
}

/** A field is deleted once, whatever speaks against it: a second deletion would hit the one behind it. */
function eachOnce(fields: readonly RemovedField[]): RemovedField[] {
  const found = new Map<string, RemovedField>();
  for (const field of fields) {
    const place = `${field.occurrence} ${field.name.toLowerCase()}`;
    if (!found.has(place)) found.set(place, field);
  }
  return [...found.values()];
}

/**
 * Whether a reader that takes a bare CR or LF for a line end would see a field of these names inside the value. No
 * honest mail has one; the field around it goes, as the inner one cannot be addressed.
 */
function hidesField(value: Buffer): boolean {
  for (let at = nextLineEnd(value, 0); at >= 0; at = nextLineEnd(value, at + 1)) {
    const line = value.toString("latin1", at + 1, at + 1 + maxHiddenOctets);
    const colon = line.indexOf(":");
    if (colon > 0 && byLowerName.has(line.slice(0, colon).trimEnd().toLowerCase())) return true;
  }
  return false;
}

/** The octet before the next line that is no fold. */
function nextLineEnd(value: Buffer, from: number): number {
  for (let at = from; at < value.length - 1; at++) {
    const next = value[at + 1];
    if (value[at] === lf && next !== blank && next !== tab) return at;
    if (value[at] === cr && next !== lf && next !== blank && next !== tab) return at;
  }
  return -1;
}
