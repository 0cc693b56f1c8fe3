/** Time as core sees it; passed in, so that tests and `--now` can set it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970, for expiry checks. */
  now(): number;
  /** Milliseconds on a clock that never jumps, for time budgets. Only differences mean anything. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** A clock whose wall time stands still, while time budgets go on running. */
export function fixedClock(nowMs: number): Clock {
  return { now: () => nowMs, monotonic: () => performance.now() };
}
