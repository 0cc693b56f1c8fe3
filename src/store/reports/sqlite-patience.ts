import { setTimeout as sleep } from "node:timers/promises";
import { isBusy } from "../file-fault.ts";

const firstWaitMs = 5;
const longestWaitMs = 100;

/**
 * Does what another process may stand in the way of, again and again until that has finished. Between two attempts this thread does
 * its other work.
 * @param untilMs By `performance.now()`; after it there is no further attempt.
 * @throws What the last attempt threw.
 */
export async function whenFree<T>(untilMs: number, attempt: () => T): Promise<T> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= untilMs) throw error;
    }
    // Two that wait for the same do not ask at the same time.
    await sleep(waitMs * (0.5 + Math.random()));
  }
}
