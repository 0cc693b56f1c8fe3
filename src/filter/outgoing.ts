import type { AuthResults } from "../core/results.ts";
import type { Macros } from "../milter/types.ts";
import type { MessageRecord, RecordedSigning } from "../store/record.ts";
import type { EditedHead } from "./edited-head.ts";
import type { FilterContext } from "./session.ts";
import type { Transaction } from "./transaction.ts";

/**
 * What is done to the header of a message, always in this order; each stage sees what those before it have left:
 *
 * 1. removals: forged Authentication-Results and other fields that only we may write
 * 2. `editHead` of each part: what a list needs, such as another From
 * 3. DKIM signatures, over the header as it is then (`filter/sign.ts`)
 * 4. our own fields: Authentication-Results and what the policy writes
 * 5. `seal` of each part: ARC, last of all
 *
 * A message that is refused or put off gets none of this. The body is never changed; whoever hashes it may begin at
 * the end of the header.
 */
export interface OutgoingPart {
  /** False: `body` need not be called. */
  readonly needsBody: boolean;
  /** A piece of the body, cut anywhere; not kept. */
  body?(chunk: Buffer): void;
  /** Stage 2. @param results Undefined where the message was not verified. */
  editHead?(edited: EditedHead, results: AuthResults | undefined): void | Promise<void>;
  /**
   * Stage 5.
   * @param authenticationResults Value of our field.
   * @param signing What became of stage 3.
   */
  seal?(
    edited: EditedHead,
    results: AuthResults | undefined,
    authenticationResults: string,
    signing: RecordedSigning | undefined,
  ): void | Promise<void>;
  /** What it adds to the record of the message, whatever became of it. */
  recorded?(): Partial<MessageRecord>;
}

/** What a part may know when the header is whole. */
export interface OutgoingFacts {
  readonly context: FilterContext;
  readonly transaction: Transaction;
  /** As of the end of the header. */
  readonly macros: Macros;
}

/** Opened for every message at the end of its header; undefined when the part has nothing to do with it. */
export type OpenOutgoingPart = (facts: OutgoingFacts) => OutgoingPart | undefined;
