/** What one arrival may unpack to. Whatever is beyond is refused by name, before it takes memory. */
export interface ExtractLimits {
  /** Octets of all unpacked documents together. */
  readonly maxOctets: number;
  /** Octets out for one octet in, once a megabyte has come out. Reports reach about 100. */
  readonly maxRatio: number;
  /** Archives and mails within each other. */
  readonly maxDepth: number;
  /** Files of archives and parts of mails, together. */
  readonly maxEntries: number;
}

export const defaultLimits: ExtractLimits = {
  maxOctets: 1024 ** 3,
  maxRatio: 400,
  maxDepth: 8,
  maxEntries: 2_000,
};

export type RefusedReason =
  | "bomb"
  | "too-deep"
  | "too-many-entries"
  | "damaged"
  | "encrypted"
  | "unknown-method";

/** What is left of the limits while one arrival is read. */
export class Allowance {
  readonly limits: ExtractLimits;
  #octets = 0;
  #entries = 0;

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

  /** @returns false when there were too many. */
  enter(): boolean {
    this.#entries += 1;
    return this.#entries <= this.limits.maxEntries;
  }
}
