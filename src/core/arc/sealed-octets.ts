import { canonicalizeHeaderField, headerHashInput, withoutValueRange } from "../dkim/canonical-header.ts";
import type { Field, MessageHead } from "../message/message.ts";
import type { ChainSet } from "./chain.ts";

/**
 * What the seals of a chain are over: RFC 8617 §5.1.1. The sets from the first on, each as results, message signature
 * and seal, relaxed; the seal itself at the end, the value of its `b=` taken out. Each field is canonicalized once.
 */
export class SealedOctets {
  readonly #head: MessageHead;
  readonly #sets: readonly ChainSet[];
  /** All fields of the chain in order, and where the seal of each set begins. */
  readonly #chain: Buffer;
  readonly #sealStarts: readonly number[];

  /** @param sets Of every instance from 1 on, in order. */
  constructor(head: MessageHead, sets: readonly ChainSet[]) {
    const pieces: Buffer[] = [];
    const sealStarts: number[] = [];
    let length = 0;
    const add = (field: Field): void => {
      const piece = canonicalizeHeaderField({ ...field, octets: head.octets }, "relaxed");
      pieces.push(piece);
      length += piece.length;
    };
    for (const { results, messageField, sealField } of sets) {
      add(results);
      add(messageField);
      sealStarts.push(length);
      add(sealField);
    }
    this.#head = head;
    this.#sets = sets;
    this.#chain = Buffer.concat(pieces, length);
    this.#sealStarts = sealStarts;
  }

  /** For the seal of that instance; empty when there is none. */
  of(instance: number): Buffer {
    const set = this.#sets[instance - 1];
    const tag = set?.seal?.signatureTag;
    if (set === undefined || tag === undefined) return Buffer.alloc(0);
    const seal = headerHashInput(
      [],
      withoutValueRange(this.#head, set.sealField, tag.start, tag.end),
      "relaxed",
    );
    return Buffer.concat([this.#chain.subarray(0, this.#sealStarts[instance - 1]), seal]);
  }
}
