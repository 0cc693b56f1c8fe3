import type { Clock } from "../core/clock.ts";
import { BurstCounter } from "../filter/burst.ts";
import type { AskShared, SharedHandlers, SharedName } from "../filter/shared-state.ts";
import type { ListJournal } from "./list-journal.ts";

const withoutLists: ListJournal["handlers"] = {
  "list.remember": () => false,
  "list.redeem": () => ({ kind: "refused", reason: "unknown" }),
};

/**
 * The state that is one for all workers, and what answers for it. It lives in the supervisor, in memory.
 * @param lists The memory of mail to lists; nothing is remembered without it.
 */
export function createSharedHandlers(
  clock: Pick<Clock, "monotonic">,
  lists?: Pick<ListJournal, "handlers">,
): SharedHandlers {
  const bursts = new BurstCounter(() => clock.monotonic());
  return {
    "sign.burst": (question) => bursts.count(question),
    ...(lists?.handlers ?? withoutLists),
  };
}

/** A question of a worker, as it travels. */
export interface NumberedQuestion {
  readonly number: number;
  readonly name: SharedName;
  readonly question: unknown;
}

export interface NumberedAnswer {
  readonly number: number;
  /** Undefined when nobody could answer. */
  readonly answer: unknown;
}

/** Answers questions as they travel; an unknown name (of a worker of another version) and a fault give no answer. */
export async function answerAll(
  handlers: SharedHandlers,
  questions: readonly NumberedQuestion[],
): Promise<readonly NumberedAnswer[]> {
  const table = handlers as Readonly<Record<string, (question: unknown) => unknown>>;
  return Promise.all(
    questions.map(async ({ number, name, question }) => {
      try {
        return { number, answer: Object.hasOwn(table, name) ? await table[name]?.(question) : undefined };
      } catch {
        return { number, answer: undefined };
      }
    }),
  );
}

/** For an engine in the supervisor's own process (`milter.workers: 0`). */
export function askHere(handlers: SharedHandlers): AskShared {
  return async (name, question) => {
    try {
      return await handlers[name](question);
    } catch {
      return undefined;
    }
  };
}
