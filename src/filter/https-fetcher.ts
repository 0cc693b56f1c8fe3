import type { BimiFetch, FetchOptions, FetchOutcome } from "../core/bimi/fetch.ts";
import type { Clock } from "../core/clock.ts";
import { FetchCache } from "./fetch-cache.ts";
import { type HttpsGetOptions, type HttpsGetResult, httpsGet } from "./https-get.ts";

export interface HttpsFetcherOptions extends Pick<HttpsGetOptions, "dns" | "ca" | "mayConnect"> {
  readonly clock: Clock;
  /** For one fetch, in ms, whoever waits for it. */
  readonly timeoutMs?: number;
  readonly maxActive?: number;
  readonly maxWaiting?: number;
  readonly maxCacheOctets?: number;
}

export interface FetcherStats {
  /** Fetches begun since the start. */
  readonly fetches: number;
  readonly cacheHits: number;
  readonly cacheEntries: number;
  readonly active: number;
}

export interface HttpsFetcher {
  readonly fetch: BimiFetch;
  stats(): FetcherStats;
  /** Ends what is under way. */
  close(): void;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const defaults = { timeoutMs: 15 * secondMs, maxActive: 8, maxWaiting: 64, maxCacheOctets: 32 * 1024 * 1024 };
const maxCacheEntries = 5_000;
/** How long documents are kept: what their server says, within bounds, else an hour. */
const keepMs = { least: 5 * minuteMs, most: 24 * 60 * minuteMs, unsaid: 60 * minuteMs };
/** A failure is not tried again for every message. */
const failureKeepMs = { temporary: minuteMs, permanent: 10 * minuteMs };

/**
 * Fetches documents for many messages: each once at a time, a few at a time, and kept for a while. Who waits gives up
 * at his deadline; the fetch goes on, so that the next message finds what it brought.
 */
export function createHttpsFetcher(options: HttpsFetcherOptions): HttpsFetcher {
  const fetcher = new Fetcher(options);
  return {
    fetch: (uri, wanted) => fetcher.fetch(uri, wanted),
    stats: () => fetcher.stats(),
    close: () => fetcher.close(),
  };
}

class Fetcher {
  readonly #options: HttpsFetcherOptions & typeof defaults;
  readonly #cache: FetchCache;
  readonly #underWay = new Map<string, Promise<FetchOutcome>>();
  readonly #aborts = new Set<AbortController>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #fetches = 0;
  #cacheHits = 0;
  #closed = false;

  constructor(options: HttpsFetcherOptions) {
    this.#options = { ...defaults, ...options };
    this.#cache = new FetchCache({
      maxEntries: maxCacheEntries,
      maxOctets: this.#options.maxCacheOctets,
    });
  }

  async fetch(uri: string, { deadline, maxOctets }: FetchOptions): Promise<FetchOutcome> {
    const key = `${maxOctets} ${uri}`;
    const known = this.#cache.get(key, this.#now());
    if (known !== undefined) {
      this.#cacheHits += 1;
      return known;
    }
    const outcome = this.#underWay.get(key) ?? this.#begin(key, uri, maxOctets);
    // A timer for ever would go off at once.
    return deadline === undefined || !Number.isFinite(deadline)
      ? outcome
      : before(outcome, deadline - this.#now());
  }

  stats(): FetcherStats {
    return {
      fetches: this.#fetches,
      cacheHits: this.#cacheHits,
      cacheEntries: this.#cache.size,
      active: this.#active,
    };
  }

  close(): void {
    this.#closed = true;
    for (const abort of this.#aborts) abort.abort();
    for (const proceed of this.#waiting.splice(0)) proceed();
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  #begin(key: string, uri: string, maxOctets: number): Promise<FetchOutcome> {
    if (this.#closed || this.#waiting.length >= this.#options.maxWaiting) return Promise.resolve(busy);
    const outcome = this.#run(key, uri, maxOctets).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, outcome);
    return outcome;
  }

  async #run(key: string, uri: string, maxOctets: number): Promise<FetchOutcome> {
    // Who had to wait is handed the place of one that ended, so that nobody slips in between.
    if (this.#active >= this.#options.maxActive)
      await new Promise<void>((proceed) => this.#waiting.push(proceed));
    else this.#active += 1;
    if (this.#closed) return busy;
    this.#fetches += 1;
    try {
      const result = await this.#get(uri, maxOctets);
      if (!this.#closed) this.#cache.set(key, result.outcome, this.#now() + keepFor(result));
      return result.outcome;
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#active -= 1;
      else next();
    }
  }

  async #get(uri: string, maxOctets: number): Promise<HttpsGetResult> {
    const { timeoutMs, clock: _clock, ...options } = this.#options;
    const abort = new AbortController();
    this.#aborts.add(abort);
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      return await httpsGet(uri, { ...options, maxOctets, signal: abort.signal });
    } finally {
      clearTimeout(timer);
      this.#aborts.delete(abort);
    }
  }
}

const busy: FetchOutcome = { kind: "failure", problem: "busy", temporary: true };
const tooLate: FetchOutcome = { kind: "failure", problem: "timeout", temporary: true };

function keepFor({ outcome, maxAge }: HttpsGetResult): number {
  if (outcome.kind === "failure")
    return outcome.temporary ? failureKeepMs.temporary : failureKeepMs.permanent;
  if (maxAge === undefined) return keepMs.unsaid;
  return Math.min(Math.max(maxAge * secondMs, keepMs.least), keepMs.most);
}

function before(outcome: Promise<FetchOutcome>, ms: number): Promise<FetchOutcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(tooLate), Math.max(ms, 0));
    outcome.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
