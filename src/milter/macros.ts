import { commandCode, parseMacros } from "./command.ts";
import type { Macros } from "./types.ts";

interface StageMacros {
  readonly octets: Buffer;
  readonly macros: Macros;
}

const connectionStages: ReadonlySet<number> = new Set([commandCode.connect, commandCode.helo]);
const stages: ReadonlySet<number> = new Set(Object.values(commandCode));
const none: Macros = new Map();

/**
 * The macros of a connection, kept for each stage: a packet replaces those of its own stage and no other. MTAs send
 * them before each event, Postfix before every header field and also before events that were turned off.
 */
export class MacroTable {
  readonly #stages = new Map<number, StageMacros>();
  /** Stages whose macros came after the last event, so that they belong to the next one. */
  readonly #fresh = new Set<number>();
  #merged: Macros | undefined = none;
  #newest = 0;

  /** @param stage Command byte of the event that the macros belong to; one that no event has is ignored. */
  set(stage: number, octets: Buffer): void {
    if (!stages.has(stage)) return;
    this.#fresh.add(stage);
    const known = this.#stages.get(stage);
    if (stage === this.#newest && known?.octets.equals(octets) === true) return;
    this.#newest = stage;
    // Last in the order of the map: where two stages state the same name, the newer one wins.
    this.#stages.delete(stage);
    this.#stages.set(stage, { octets: Buffer.from(octets), macros: parseMacros(octets) });
    this.#merged = undefined;
  }

  /** All that is known; a map of its own that does not change later. */
  all(): Macros {
    if (this.#merged === undefined) {
      const merged = new Map<string, string>();
      for (const { macros } of this.#stages.values()) {
        for (const [name, value] of macros) merged.set(name, value);
      }
      this.#merged = merged;
    }
    return this.#merged;
  }

  /** An event has used what came before it. */
  eventDone(): void {
    if (this.#fresh.size > 0) this.#fresh.clear();
  }

  /**
   * Forgets what belongs to a message.
   * @param keepFresh The event that is being handled ended it by coming too early, and what came before it is its own.
   */
  endMessage(keepFresh: boolean): void {
    for (const stage of this.#stages.keys()) {
      if (connectionStages.has(stage) || (keepFresh && this.#fresh.has(stage))) continue;
      this.#stages.delete(stage);
      this.#merged = undefined;
    }
  }

  clear(): void {
    this.#stages.clear();
    this.#fresh.clear();
    this.#merged = none;
  }
}
