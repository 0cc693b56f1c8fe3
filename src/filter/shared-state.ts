import type { MemoryTerms, Redemption, TokenUse, WayIn } from "./list-memory.ts";

/**
 * What is one for all workers: they ask, and the supervisor answers. Each kind of question adds itself here and its
 * handler in `daemon/shared-answers.ts`. Questions and answers are plain data (structured clone).
 */
export interface SharedQuestions {
  readonly "sign.burst": {
    readonly question: BurstQuestion;
    readonly answer: BurstAnswer;
  };
  /** A message goes in to a list. The answer: whether it is remembered. */
  readonly "list.remember": {
    readonly question: { readonly key: string; readonly wayIn: WayIn; readonly terms: MemoryTerms };
    readonly answer: boolean;
  };
  /** A message comes back from a list. */
  readonly "list.redeem": {
    readonly question: { readonly key: string; readonly use: TokenUse; readonly terms: MemoryTerms };
    readonly answer: Redemption;
  };
}

export type SharedName = keyof SharedQuestions;

/**
 * Asks. Never rejects; undefined when no answer comes in time, which has been counted and logged: then the caller does
 * what is safe.
 */
export type AskShared = <Name extends SharedName>(
  name: Name,
  question: SharedQuestions[Name]["question"],
) => Promise<SharedQuestions[Name]["answer"] | undefined>;

/** What answers: quick, in memory, never throws. */
export type SharedHandlers = {
  readonly [Name in SharedName]: (
    question: SharedQuestions[Name]["question"],
  ) => SharedQuestions[Name]["answer"] | Promise<SharedQuestions[Name]["answer"]>;
};

/** More messages of a sender. */
export interface BurstQuestion {
  /** Who: From domain and login. */
  readonly sender: string;
  /** Messages since the last question about him. */
  readonly came: number;
  /** What was lent with the last answer about him, to be given back. */
  readonly lent: number;
  /** So many within `perMs` are no burst. */
  readonly messages: number;
  readonly perMs: number;
}

export interface BurstAnswer {
  /** Messages of that sender within the time, with these. */
  readonly count: number;
  /** A burst begins with these: the time to tell somebody. */
  readonly first: boolean;
  /** So many more the worker may count before it asks again. */
  readonly lend: number;
}
