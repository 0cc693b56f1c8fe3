/** When a worker that has died comes back: at once-ish, and ever later while it keeps dying young. */
export interface BackOff {
  /** Milliseconds to wait, after a life of `aliveMs`. */
  next(aliveMs: number): number;
}

const firstMs = 100;
const longestMs = 30_000;
/** A life that long clears the past, whatever the last wait was. */
const longLifeMs = 60_000;
/** As does one so many times as long as the last wait: who lives well is not punished for being killed. */
const worthIt = 10;

/** Waits 100 ms, then twice as long as the last time, up to 30 s; again 100 ms after a life that was long enough. */
export function createBackOff(): BackOff {
  let lastMs = 0;
  return {
    next(aliveMs) {
      const livedWell = aliveMs >= Math.min(longLifeMs, worthIt * lastMs);
      lastMs = lastMs === 0 || livedWell ? firstMs : Math.min(longestMs, 2 * lastMs);
      return lastMs;
    },
  };
}
