import type { ArcWord } from "../core/results.ts";

/** What is remembered of a message that went in to a list. Plain data. */
export interface WayIn {
  /** When it came: ms since 1970. */
  readonly at: number;
  /** Addresses of lists among its recipients, `name address`, with the name of the list host. */
  readonly lists: readonly string[];
  /** Digest of its Message-ID; absent when it had none. */
  readonly messageId?: string;
  /** authserv-id and results, as Authentication-Results had them. */
  readonly payload: string;
  /** The state of its ARC chain as it left, and a digest of the sets. */
  readonly chain: ArcWord;
  readonly sets: string;
  /** The author domain whose mail it was, proven by DMARC or by the author's right to send through us. */
  readonly author?: string;
  /** Its From named a list of ours, and nothing proved that: then it proves nothing when it comes back. */
  readonly claimsList?: true;
}

/** What the message says that comes with a token. */
export interface TokenUse {
  /** Name of the list host by whose socket or from whose network it came. */
  readonly host: string;
  /** What tells lists of one host apart: the address, or the List-Id. */
  readonly list: string;
  readonly messageId?: string;
  /** Over which it came; another for each connection of the list to the MTA. */
  readonly connection: string;
  /** Digest of what it says: a list may hand over one message in several batches, but not another one. */
  readonly content: string;
  /** Digest of the envelope recipients: every batch has others. */
  readonly recipients: string;
}

/** Why the word of a token is not taken. */
export type TokenRefusal =
  /** Never given out, or forgotten: too old, or too many since. */
  | "unknown"
  /** The message went to no list of that host. */
  | "other-host"
  /** It is bound to another message. */
  | "other-message"
  /** Used up by that list, or by as many as it went to. */
  | "used";

export type Redemption =
  | {
      readonly kind: "known";
      readonly wayIn: WayIn /** One more batch of the same. */;
      readonly again: boolean;
    }
  | {
      readonly kind: "refused";
      readonly reason: TokenRefusal;
      /** As in `WayIn`: that holds whatever else the token is no good for. */
      readonly claimsList?: true;
    };

export interface MemoryTerms {
  /** For so long after it came in a message is remembered. */
  readonly keepMs: number;
  /**
   * For so long after the first batch others of the same message count as one use, whatever connection they come over;
   * those over the same connection always do.
   */
  readonly batchesMs: number;
}

/** What is written down of the memory, so that it outlives the process. Plain data. */
export type MemoryEntry =
  | { readonly kind: "in"; readonly key: string; readonly wayIn: WayIn }
  | { readonly kind: "out"; readonly key: string; readonly at: number; readonly use: TokenUse };

interface ListUse {
  readonly at: number;
  readonly connection: string;
  readonly content: string;
  readonly batches: Set<string>;
}

interface Remembered {
  readonly wayIn: WayIn;
  octets: number;
  /** By host and list. */
  readonly uses: Map<string, ListUse>;
}

/** Bounds of the memory; beyond them the oldest is forgotten. */
export interface MemoryLimits {
  readonly messages: number;
  readonly octets: number;
}

const defaultLimits: MemoryLimits = { messages: 20_000, octets: 64 * 1024 * 1024 };
const maxBatches = 1_000;
/** About what a use and a batch of it take. */
const useOctets = 400;
const batchOctets = 150;

/**
 * The memory of the way in: by token what was found out about a message before a list changed it. A token counts once
 * for each list that the message went to, for that one message, and for a limited time.
 */
export class ListMemory {
  readonly #limits: MemoryLimits;
  /** The oldest first. */
  readonly #messages = new Map<string, Remembered>();
  #octets = 0;

  constructor(limits: MemoryLimits = defaultLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** @param key Of a new token (`tokenKey`); one that is known already is not given another meaning. */
  remember(key: string, wayIn: WayIn, now: number, { keepMs }: MemoryTerms): boolean {
    this.#forgetOld(now, keepMs);
    const octets = octetsOf(wayIn);
    if (this.#messages.has(key) || octets > this.#limits.octets) return false;
    const remembered: Remembered = { wayIn, octets: 0, uses: new Map() };
    this.#messages.set(key, remembered);
    this.#grow(remembered, octets);
    return true;
  }

  redeem(key: string, use: TokenUse, now: number, { keepMs, batchesMs }: MemoryTerms): Redemption {
    this.#forgetOld(now, keepMs);
    const remembered = this.#messages.get(key);
    if (remembered === undefined) return refused("unknown");
    const { wayIn, uses } = remembered;
    const places = wayIn.lists.filter((list) => list.startsWith(`${use.host} `)).length;
    if (places === 0) return refused("other-host", wayIn);
    if (wayIn.messageId !== undefined && wayIn.messageId !== use.messageId)
      return refused("other-message", wayIn);
    const place = `${use.host} ${use.list}`;
    const before = uses.get(place);
    if (before !== undefined) {
      if (!isBatch(before, use, now, batchesMs)) return refused("used", wayIn);
      this.#grow(remembered, batchOctets);
      return known(wayIn, true);
    }
    const usedHere = [...uses.keys()].filter((one) => one.startsWith(`${use.host} `)).length;
    if (usedHere >= places) return refused("used", wayIn);
    const { connection, content, recipients } = use;
    uses.set(place, { at: now, connection, content, batches: new Set([recipients]) });
    this.#grow(remembered, useOctets);
    return known(wayIn, false);
  }

  /** Everything that is still of use, for writing it down. */
  *entries(): Generator<MemoryEntry> {
    for (const [key, { wayIn, uses }] of this.#messages) {
      yield { kind: "in", key, wayIn };
      for (const [place, { at, connection, content, batches }] of uses) {
        const blank = place.indexOf(" ");
        const list = { host: place.slice(0, blank), list: place.slice(blank + 1) };
        const messageId = wayIn.messageId === undefined ? {} : { messageId: wayIn.messageId };
        // In the order in which they came.
        for (const recipients of batches)
          yield { kind: "out", key, at, use: { ...list, ...messageId, connection, content, recipients } };
      }
    }
  }

  /** Takes in what was written down, in that order. */
  restore(entry: MemoryEntry, terms: MemoryTerms): void {
    if (entry.kind === "in") this.remember(entry.key, entry.wayIn, entry.wayIn.at, terms);
    else this.redeem(entry.key, entry.use, entry.at, terms);
  }

  #grow(remembered: Remembered, octets: number): void {
    remembered.octets += octets;
    this.#octets += octets;
    while (this.#messages.size > this.#limits.messages || this.#octets > this.#limits.octets)
      this.#forgetOldest();
  }

  #forgetOld(now: number, keepMs: number): void {
    for (const { wayIn } of this.#messages.values()) {
      if (wayIn.at + keepMs > now) return;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#messages;
    if (oldest === undefined) return;
    this.#messages.delete(oldest[0]);
    this.#octets -= oldest[1].octets;
  }
}

function isBatch(before: ListUse, use: TokenUse, now: number, batchesMs: number): boolean {
  if (before.content !== use.content) return false;
  if (before.connection !== use.connection && now >= before.at + batchesMs) return false;
  if (before.batches.has(use.recipients) || before.batches.size >= maxBatches) return false;
  before.batches.add(use.recipients);
  return true;
}

function refused(reason: TokenRefusal, { claimsList }: Partial<WayIn> = {}): Redemption {
  return { kind: "refused", reason, ...(claimsList === true && { claimsList }) };
}

function known(wayIn: WayIn, again: boolean): Redemption {
  return { kind: "known", wayIn, again };
}

function octetsOf({ payload, lists, author, sets }: WayIn): number {
  const lengths = lists.map((list) => list.length).reduce((sum, length) => sum + length, 0);
  return 2 * (payload.length + lengths + (author?.length ?? 0) + sets.length) + 400;
}
