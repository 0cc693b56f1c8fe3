/** What one arrival may unpack to. Whatever is beyond is refused by name, before it takes memory. */
export interface ExtractLimits {
  /** Octets of all unpacked documents together. */
  readonly maxOctets: number;
  /** Octets out for one octet in, once eight megabytes have come out. Deflate itself reaches 1,032. */
  readonly maxRatio: number;
  /** Archives and mails within each other. */
  readonly maxDepth: number;
  /** Files of archives and parts of mails, together. */
  readonly maxEntries: number;
  /** Records of aggregate reports, together: they are in memory until they are stored, of a hundred octets and more. */
  readonly maxRecords: number;
}

/** For what strangers send. Real reports have 50,000 records at most, of 50 MB, and 100 octets for one. */
export const defaultLimits: ExtractLimits = {
  maxOctets: 256 * 1024 * 1024,
  maxRatio: 400,
  maxDepth: 8,
  maxEntries: 2_000,
  maxRecords: 250_000,
};

/** For files that the operator gives himself. */
export const fileLimits: ExtractLimits = {
  maxOctets: 1024 ** 3,
  maxRatio: 2_000,
  maxDepth: 8,
  maxEntries: 100_000,
  maxRecords: 2_000_000,
};

/** Of a mail, or of base64 in one piece: they are looked at as text, of which Node takes no more than twice as much. */
export const maxTextOctets: number = 256 * 1024 * 1024;

export type RefusedReason =
  | "bomb"
  | "too-large"
  | "too-deep"
  | "too-many-entries"
  | "damaged"
  | "encrypted"
  | "unknown-method";

/** For all mails within each other, so that a thousand of them with slow name servers do not hold up those that follow. */
const askingMs = 60_000;

/** What is left of the limits while one arrival is read. */
export class Allowance {
  readonly limits: ExtractLimits;
  readonly asking: { msLeft: number } = { msLeft: askingMs };
  #octets = 0;
  #entries = 0;
  #records = 0;

  constructor(limits: ExtractLimits = defaultLimits) {
    this.limits = limits;
  }

  /** Octets that may still come out. */
  get octetsLeft(): number {
    return this.limits.maxOctets - this.#octets;
  }

  took(octets: number): void {
    this.#octets += octets;
  }

  get entriesLeft(): number {
    return this.limits.maxEntries - this.#entries;
  }

  /** @returns false when there were too many. */
  enter(): boolean {
    this.#entries += 1;
    return this.#entries <= this.limits.maxEntries;
  }

  /** One more record. @returns false when there were too many. */
  tookRecord(): boolean {
    this.#records += 1;
    return this.#records <= this.limits.maxRecords;
  }
}
