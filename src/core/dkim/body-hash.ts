import { createHash, type Hash } from "node:crypto";
import { type BodyCanonicalizer, createBodyCanonicalizer } from "./canonical-body.ts";
import type { Canonicalization } from "./signature.ts";

export interface BodyDigest {
  /** SHA-256 over the first `l=` octets of the canonicalized body, or over as many as there are. */
  readonly hash: Buffer;
  /** Octets of the canonicalized body that were hashed. */
  readonly octets: number;
  /**
   * How `l=` compares with the canonicalized body: "whole" without `l=` or when it is as long as the body, "shorter"
   * when octets stand behind it, "longer" when the body has not so many, which no valid signature states (§3.5 l=).
   */
  readonly coverage: "whole" | "shorter" | "longer";
}

export interface BodyHasher {
  /** Octets with CRLF line ends, cut anywhere; not kept. */
  update(chunk: Buffer): void;
  /** Call once, after the last chunk. */
  digest(): BodyDigest;
}

/**
 * Hashes a body as `bh=` states it: RFC 6376 §3.4.3, §3.4.4, §3.4.5 (`l=`), §3.7.
 * @param length `l=` in octets of the canonicalized body; the whole body when undefined.
 */
export function createBodyHasher(canonicalization: Canonicalization, length?: number): BodyHasher {
  const digester = new Digester(length);
  const body = createBodyCanonicalizer(canonicalization, (octets, start, end) =>
    digester.update(octets, start, end),
  );
  return {
    update: (chunk) => {
      if (!digester.full) body.update(chunk);
    },
    digest: () => {
      body.end();
      return digester.digest();
    },
  };
}

/** The hash of a body that is there at once; see `createBodyHasher`. */
export function bodyHash(body: Buffer, canonicalization: Canonicalization, length?: number): BodyDigest {
  const hasher = createBodyHasher(canonicalization, length);
  hasher.update(body);
  return hasher.digest();
}

/** The body hashes that the signatures of one message ask for: each canonicalization is done once, each hash kept once. */
export class BodyHashes {
  readonly #bodies = new Map<
    Canonicalization,
    { body: BodyCanonicalizer; digesters: Map<string, Digester> }
  >();
  readonly #digests = new Map<Digester, BodyDigest>();
  #ended = false;

  get empty(): boolean {
    return this.#bodies.size === 0;
  }

  /** Call before the first `update`. @returns What gives the digest once `end` was called. */
  ask(canonicalization: Canonicalization, length?: number): () => BodyDigest {
    const { digesters } = this.#bodyFor(canonicalization);
    const name = String(length);
    const digester = digesters.get(name) ?? new Digester(length);
    digesters.set(name, digester);
    return () => this.#digestOf(digester);
  }

  update(chunk: Buffer): void {
    for (const { body, digesters } of this.#bodies.values()) {
      // Behind the longest l= nothing more can change.
      for (const digester of digesters.values())
        if (!digester.full) {
          body.update(chunk);
          break;
        }
    }
  }

  end(): void {
    if (!this.#ended) for (const { body } of this.#bodies.values()) body.end();
    this.#ended = true;
  }

  #bodyFor(canonicalization: Canonicalization): {
    body: BodyCanonicalizer;
    digesters: Map<string, Digester>;
  } {
    const known = this.#bodies.get(canonicalization);
    if (known !== undefined) return known;
    const digesters = new Map<string, Digester>();
    const body = createBodyCanonicalizer(canonicalization, (octets, start, end) => {
      for (const digester of digesters.values()) digester.update(octets, start, end);
    });
    const made = { body, digesters };
    this.#bodies.set(canonicalization, made);
    return made;
  }

  #digestOf(digester: Digester): BodyDigest {
    const digest = this.#digests.get(digester) ?? digester.digest();
    this.#digests.set(digester, digest);
    return digest;
  }
}

/** SHA-256 of the first `length` octets, and whether there were more. */
class Digester {
  readonly #hash: Hash = createHash("sha256");
  readonly #limited: boolean;
  #octets = 0;
  #left: number;
  /** Octets came that `l=` does not cover: the result stands. */
  full = false;

  constructor(length: number | undefined) {
    this.#limited = length !== undefined;
    this.#left = length ?? Number.POSITIVE_INFINITY;
  }

  update(octets: Buffer, start: number, end: number): void {
    if (this.full) return;
    const stop = Math.min(end, start + this.#left);
    if (stop > start) this.#hash.update(octets.subarray(start, stop));
    this.#octets += stop - start;
    this.#left -= stop - start;
    this.full = stop < end;
  }

  digest(): BodyDigest {
    const coverage = this.full ? "shorter" : this.#limited && this.#left > 0 ? "longer" : "whole";
    return { hash: this.#hash.digest(), octets: this.#octets, coverage };
  }
}
