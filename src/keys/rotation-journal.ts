import type { RotateConfig } from "../config/rotate-config.ts";
import type { SignConfig } from "../config/sign-config.ts";
import type { StateStore, StateTransaction } from "../store/state.ts";
import type { PlanFault } from "./plan-fault.ts";
import type { Publisher, RecordChange } from "./publish.ts";
import { listKeys, readKey, rotatesIn, saveKey } from "./rotated-keys.ts";
import { advance, isHeldUp, isIncoming, type KeyEvent, type KeyState, type RotatedKey } from "./rotation.ts";

/** Something that the operator should hear of. */
export type RotationNote =
  | { readonly kind: "moved"; readonly key: RotatedKey; readonly from: KeyState }
  /** A step waits for the operator: the record is to be published, changed or removed by hand. */
  | { readonly kind: "by-hand"; readonly key: RotatedKey; readonly change: RecordChange }
  /** A step could not be done or proved. @param lasts It has been so for `warn_after`, or is no matter of waiting. */
  | { readonly kind: "trouble"; readonly key: RotatedKey; readonly lasts: boolean }
  /** A new key is due and cannot be begun. */
  | {
      readonly kind: "no-plan";
      readonly domain: string;
      readonly type: RotatedKey["type"];
      readonly problem: PlanFault;
    };

export interface JournalOptions {
  readonly state: StateStore;
  readonly sign: SignConfig & { readonly rotate: RotateConfig };
  readonly publisher: Pick<Publisher, "method">;
  tell(note: RotationNote): void;
}

/** A transaction, and what is to be told after it. */
export interface Changing {
  readonly tx: StateTransaction;
  readonly notes: RotationNote[];
}

/** Writes down how far each key has come, and tells the operator once that holds. */
export class RotationJournal {
  readonly #options: JournalOptions;
  readonly #now: () => number;
  #stopped = false;

  constructor(options: JournalOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** From now on nothing is written down of what was asked in DNS. */
  stop(): void {
    this.#stopped = true;
  }

  /** Keys of the domains that rotate. */
  async ours(tx: StateTransaction): Promise<readonly RotatedKey[]> {
    return (await listKeys(tx)).filter(rotatesIn(this.#options.sign));
  }

  /** Reads the key anew: another process may have changed it. @returns It afterwards; undefined when refused. */
  advance(key: RotatedKey, event: KeyEvent): Promise<RotatedKey | undefined> {
    // An answer that did not come since we are leaving proves nothing.
    if (this.#stopped && event.kind === "observed") return Promise.resolve(undefined);
    return this.change(async (changing) => {
      const current = await readKey(changing.tx, key);
      return current === undefined ? undefined : this.advanceIn(changing, current, event);
    });
  }

  /** @returns The key afterwards; undefined when refused. */
  async advanceIn(
    { tx, notes }: Changing,
    key: RotatedKey,
    event: KeyEvent,
  ): Promise<RotatedKey | undefined> {
    const now = this.#now();
    const outcome = advance(key, event, now, this.#options.sign.rotate);
    if (outcome.kind === "refused") return undefined;
    const note: RotationNote | undefined =
      outcome.kind === "moved"
        ? { kind: "moved", key: outcome.key, from: key.state }
        : this.#troubleNote(key, outcome.key, now);
    const isTold = note?.kind === "trouble" && note.lasts;
    await saveKey(tx, isTold ? { ...outcome.key, toldAt: now } : outcome.key);
    if (note !== undefined) notes.push(note);
    return outcome.key;
  }

  /** One transaction; what there is to tell is told once it holds. */
  async change<T>(work: (changing: Changing) => Promise<T>): Promise<T> {
    let notes: RotationNote[] = [];
    const result = await this.#options.state.tx((tx) => {
      notes = [];
      return work({ tx, notes });
    });
    for (const note of notes) this.#options.tell(note);
    return result;
  }

  /** The first time, and again as long as it lasts. */
  #troubleNote(before: RotatedKey, { trouble, ...key }: RotatedKey, now: number): RotationNote | undefined {
    if (trouble === undefined || trouble === before.trouble) return undefined;
    // Waiting for the operator is told as such.
    const isByHand = this.#options.publisher.method === "manual" && key.change !== undefined;
    if (isByHand && !isIncoming(key) && trouble.step === "prove") return undefined;
    const { warnAfterMs } = this.#options.sign.rotate;
    const lasts = isHeldUp({ trouble }, warnAfterMs, now);
    const isNews =
      before.trouble?.step !== trouble.step ||
      (before.trouble.reason !== trouble.reason && !lasts) ||
      now - (before.toldAt ?? trouble.since) >= warnAfterMs;
    return isNews ? { kind: "trouble", key: { ...key, trouble }, lasts } : undefined;
  }

  /** The operator is to change DNS: told once, and again after each `warn_after`. */
  async tellByHand(key: RotatedKey, change: RecordChange): Promise<void> {
    const { sign, tell } = this.#options;
    if (key.toldAt !== undefined && this.#now() - key.toldAt < sign.rotate.warnAfterMs) return;
    const told = await this.advance(key, { kind: "told" });
    if (told !== undefined) tell({ kind: "by-hand", key: told, change });
  }
}
