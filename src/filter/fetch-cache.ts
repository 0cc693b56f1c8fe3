import type { FetchOutcome } from "../core/bimi/fetch.ts";

export interface FetchCacheOptions {
  readonly maxEntries: number;
  readonly maxOctets: number;
}

interface Entry {
  readonly outcome: FetchOutcome;
  readonly octets: number;
  /** By the monotonic clock. */
  readonly until: number;
}

/** What counts for an outcome besides its document. */
const entryOctets = 200;

/** Outcomes of fetches for as long as they may be used; the longest unused leave first. Times by the monotonic clock. */
export class FetchCache {
  readonly #options: FetchCacheOptions;
  readonly #entries = new Map<string, Entry>();
  #octets = 0;

  constructor(options: FetchCacheOptions) {
    this.#options = options;
  }

  get(key: string, now: number): FetchOutcome | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#delete(key, entry);
    if (entry.until <= now) return undefined;
    this.#add(key, entry);
    return entry.outcome;
  }

  set(key: string, outcome: FetchOutcome, until: number): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#delete(key, before);
    const octets = entryOctets + key.length + (outcome.kind === "document" ? outcome.octets.length : 0);
    if (octets > this.#options.maxOctets) return;
    this.#add(key, { outcome, octets, until });
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#options.maxEntries && this.#octets <= this.#options.maxOctets) break;
      this.#delete(oldest, entry);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#octets += entry.octets;
  }

  #delete(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#octets -= entry.octets;
  }
}
