import type { Clock } from "../clock.ts";
import { parentName } from "./name.ts";
import type { Reply } from "./reply.ts";
import type { DnsRecordOf, DnsType } from "./resolver.ts";

export interface DnsCacheLimits {
  /** Default 100,000; 0 keeps nothing. */
  readonly maxEntries?: number;
  /** Estimated octets of memory, default 64 MiB. */
  readonly maxOctets?: number;
}

interface Entry {
  readonly reply: Reply;
  /** By `Clock.monotonic()`. */
  readonly expires: number;
  readonly octets: number;
}

/** Replies until their TTL ends; the least recently used go first when it is full. */
export class DnsCache {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #maxOctets: number;
  #octets = 0;
  #cuts = 0;

  constructor(clock: Clock, limits: DnsCacheLimits = {}) {
    this.#clock = clock;
    this.#maxEntries = limits.maxEntries ?? 100_000;
    this.#maxOctets = limits.maxOctets ?? 64 * 1024 * 1024;
  }

  get entries(): number {
    return this.#entries.size;
  }

  get octets(): number {
    return this.#octets;
  }

  /** The reply with what is left of its TTL. `name` is canonical. */
  get(name: string, type: DnsType): Reply | undefined {
    const found = this.#use(`${type} ${name}`);
    return found ?? (this.#cuts > 0 ? this.#cutAbove(name) : undefined);
  }

  set(name: string, type: DnsType, reply: Reply): void {
    if (reply.ttl <= 0 || this.#maxEntries === 0) return;
    this.#put(`${type} ${name}`, reply);
    // RFC 8020 §2, but only for a validated NXDOMAIN: many servers deny `_domainkey` while keys lie below it.
    if (reply.kind === "nxdomain" && reply.authentic) this.#put(cutKey(reply.end), { ...reply, aliases: 0 });
  }

  #use(key: string): Reply | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const left = entry.expires - this.#clock.monotonic();
    if (left <= 0) {
      this.#entries.delete(key);
      this.#forget(key, entry);
      return undefined;
    }
    if (this.#isHalfFull()) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return { ...entry.reply, ttl: Math.ceil(left / 1000) };
  }

  /** Before that nothing goes for long yet, and who was used when is not worth its price. */
  #isHalfFull(): boolean {
    return this.#entries.size * 2 >= this.#maxEntries || this.#octets * 2 >= this.#maxOctets;
  }

  /** An authentic NXDOMAIN of the name or of one above it. */
  #cutAbove(name: string): Reply | undefined {
    for (let at: string | undefined = name; at !== undefined; at = parentName(at)) {
      const cut = this.#use(cutKey(at));
      if (cut !== undefined) return cut;
    }
    return undefined;
  }

  #put(key: string, reply: Reply): void {
    const old = this.#entries.get(key);
    if (old !== undefined) {
      this.#entries.delete(key);
      this.#forget(key, old);
    }
    const octets = entryOctets + key.length + replyOctets(reply);
    if (octets > this.#maxOctets) return;
    this.#entries.set(key, { reply, expires: this.#clock.monotonic() + reply.ttl * 1000, octets });
    this.#octets += octets;
    if (isCut(key)) this.#cuts += 1;
    this.#evict();
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#octets <= this.#maxOctets) return;
      this.#entries.delete(key);
      this.#forget(key, entry);
    }
  }

  /** Keeps the counts after an entry was deleted. */
  #forget(key: string, entry: Entry): void {
    this.#octets -= entry.octets;
    if (isCut(key)) this.#cuts -= 1;
  }
}

function cutKey(name: string): string {
  return `* ${name}`;
}

function isCut(key: string): boolean {
  return key.startsWith("* ");
}

/** Rough costs in V8: map slot, entry, reply and key header; then one record with its objects. */
const entryOctets = 250;
const recordOctets = 120;

function replyOctets(reply: Reply): number {
  if (reply.kind !== "answer") return 0;
  let octets = 0;
  for (const record of reply.records) octets += recordOctets + variableOctets(record);
  return octets;
}

function variableOctets(data: DnsRecordOf[DnsType]): number {
  if (typeof data === "string") return data.length;
  // The strings are pieces of the text.
  if ("strings" in data) return data.text.length + 40 * data.strings.length;
  if ("data" in data) return data.data.length;
  return 0;
}
