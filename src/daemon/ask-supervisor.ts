import type { AskShared } from "../filter/shared-state.ts";
import type { NumberedAnswer, NumberedQuestion } from "./shared-answers.ts";

/** A worker's side of the questions to the supervisor. */
export interface Asker {
  readonly ask: AskShared;
  take(answers: readonly NumberedAnswer[]): void;
}

/** Also where the machine is busy: what is safe then may break the DMARC of mail that comes back from a list. */
const answerWithinMs = 2_000;
/** More than any number of connections asks at a time; beyond it the supervisor does not answer at all. */
const maxOpen = 20_000;

/**
 * Questions that arise together go in one message.
 * @param send Hands them to the supervisor; may do nothing when it is gone.
 */
export function createAsker(
  send: (questions: readonly NumberedQuestion[]) => void,
  withinMs: number = answerWithinMs,
): Asker {
  const open = new Map<number, (answer: unknown) => void>();
  let waiting: NumberedQuestion[] = [];
  let number = 0;
  const flush = (): void => {
    const questions = waiting;
    waiting = [];
    send(questions);
  };
  const ask = (name: NumberedQuestion["name"], question: unknown): Promise<unknown> => {
    if (open.size >= maxOpen) return Promise.resolve(undefined);
    number += 1;
    const own = number;
    return new Promise((resolve) => {
      const settle = (answer: unknown): void => {
        clearTimeout(timer);
        open.delete(own);
        resolve(answer);
      };
      // What has come while this process did not get on is read first.
      const timer = setTimeout(() => setImmediate(settle, undefined), withinMs);
      open.set(own, settle);
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ number: own, name, question });
    });
  };
  return {
    // The supervisor's handlers have the types of `SharedQuestions`.
    ask: ask as AskShared,
    take(answers) {
      for (const { number: of, answer } of answers) open.get(of)?.(answer);
    },
  };
}
