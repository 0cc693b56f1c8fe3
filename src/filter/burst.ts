import type { BurstConfig } from "../config/sign-config.ts";
import type { AskShared, BurstAnswer, BurstQuestion } from "./shared-state.ts";

/** What is kept of one sender. */
interface Tally {
  /** The window that `count` is for: the time divided by its length. */
  window: number;
  count: number;
  /** Of the window before. */
  before: number;
  /** Messages that workers may count by themselves, and have not told of yet. */
  lent: number;
  /** Somebody has been told, and the burst is not over. */
  told: boolean;
}

/** Senders kept; the one that has been silent for longest is forgotten first. */
const maxSenders = 100_000;
/** All workers together may count so much of the limit by themselves: no burst is seen later than that. */
const lentShare = 16;

/**
 * Counts messages by sender, for all workers, over a time that slides: what came in the running window, and of the one
 * before as much as still lies within the time, taken as spread evenly. Numbers alone are kept; memory is bounded.
 */
export class BurstCounter {
  readonly #now: () => number;
  readonly #maxSenders: number;
  /** The one heard of last stands last. */
  readonly #tallies = new Map<string, Tally>();

  /** @param now Milliseconds that never go back. */
  constructor(now: () => number, limit: number = maxSenders) {
    this.#now = now;
    this.#maxSenders = limit;
  }

  count({ sender, came, lent, messages, perMs }: BurstQuestion): BurstAnswer {
    const now = this.#now();
    const window = Math.floor(now / perMs);
    const tally = movedTo(window, this.#tallies.get(sender));
    tally.count += came;
    tally.lent = Math.max(0, tally.lent - lent);
    keep(this.#tallies, sender, tally, this.#maxSenders);
    const share = 1 - (now / perMs - window);
    const count = tally.count + Math.floor(tally.before * share);
    const first = count > messages && !tally.told;
    tally.told = count > messages;
    // One worker gets half of what there is. With a new window all is free again: a worker may have died with its part.
    const free = Math.min(messages / lentShare, messages - count) - tally.lent;
    const lend = Math.max(0, Math.floor(free / 2));
    tally.lent += lend;
    return { count, first, lend };
  }

  get senders(): number {
    return this.#tallies.size;
  }
}

function movedTo(window: number, known: Tally | undefined): Tally {
  if (known?.window === window) return known;
  if (known?.window === window - 1)
    return { window, count: 0, before: known.count, lent: 0, told: known.told };
  // Also after a reload with another length: then the old numbers mean nothing.
  return { window, count: 0, before: 0, lent: 0, told: false };
}

/** Puts a value last, and forgets the first one when there are too many. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** Counts a message of a sender; undefined when the one who counts for all does not answer. */
export type CountMessage = (
  sender: string,
  burst: BurstConfig,
) => Promise<Pick<BurstAnswer, "count" | "first"> | undefined>;

/** What a worker may count by itself. */
interface Loan {
  /** As it was told. */
  readonly count: number;
  readonly lent: number;
  readonly until: number;
  /** Messages since then. */
  came: number;
}

/** A loan is good for this part of the time. */
const loanShare = 20;
const maxLoans = 20_000;

/**
 * A worker's side of the counting. The one who counts for all is asked when a loan is used up, not at each message: it
 * would be asked by every worker, and each question costs as much as a tenth of a message.
 * @param now Milliseconds that never go back.
 */
export function countOnLoan(ask: AskShared, now: () => number): CountMessage {
  const loans = new Map<string, Loan>();
  return async (sender, { messages, perMs }) => {
    const loan = loans.get(sender);
    if (loan !== undefined && loan.came < loan.lent && now() < loan.until) {
      loan.came += 1;
      return { count: loan.count + loan.came, first: false };
    }
    loans.delete(sender);
    // What came long ago is none of this time's.
    const recent = loan !== undefined && now() < loan.until + perMs;
    const came = 1 + (recent ? loan.came : 0);
    const question = { sender, came, lent: recent ? loan.lent : 0, messages, perMs };
    const answer = await ask("sign.burst", question);
    if (answer === undefined) return undefined;
    const { count, first, lend } = answer;
    // Another message of the sender may have asked meanwhile.
    const other = loans.get(sender) ?? { lent: 0, came: 0 };
    const until = now() + perMs / loanShare;
    keep(loans, sender, { count, lent: other.lent + lend, until, came: other.came }, maxLoans);
    return { count, first };
  };
}
