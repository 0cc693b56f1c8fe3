import type { RotatedKey } from "./rotation.ts";

/** Smaller differences are what keeping time makes, and matter to no wait. */
const toleranceMs = 60_000;
/** A clock that is behind for so long is taken to be right: what was written down ahead of it was not. */
const settledMs = 3_600_000;

interface Moment {
  readonly now: number;
  readonly monotonic: number;
}

/** The clock was set. */
interface ClockSetting {
  /** What is to become of each time that was written down. */
  move(time: number): number;
  /** They have been moved; before that it is seen again. */
  done(): void;
}

/**
 * Notices that the wall clock was set. What waits is to wait neither shorter nor longer for that: the times that were
 * written down move with the clock. Where it is not known by which clock that was, longer is the safe way; so it is for
 * a machine that slept, as the clock that only goes on stands still then.
 */
export class ClockWatch {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #startedAt: number;
  #last: Moment;

  constructor(now: () => number, monotonic: () => number) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#startedAt = monotonic();
    this.#last = { now: now(), monotonic: this.#startedAt };
  }

  /** @returns undefined when the clock has gone on as it should. */
  look(): ClockSetting | undefined {
    const last = this.#last;
    const moment = { now: this.#now(), monotonic: this.#monotonic() };
    const passed = moment.monotonic - last.monotonic;
    const by = moment.now - last.now - passed;
    if (Math.abs(by) <= toleranceMs) {
      this.#last = moment;
      return undefined;
    }
    const before = moment.now - by;
    // When the watch began, by the old clock: that may have been wrong since the system's start, and right before.
    const begun = last.now - (last.monotonic - this.#startedAt);
    // Since the last look both clocks may have been in use; too late a time is the safe one.
    const isNew = (time: number): boolean => time >= moment.now - passed && time <= moment.now;
    const stays = (time: number): boolean => by < 0 && (time < begun || isNew(time));
    return {
      // Times ahead of the old clock are from another one, which may have been right.
      move: (time) => (time > before || stays(time) ? time : time + by),
      done: () => {
        this.#last = moment;
      },
    };
  }

  /** Whether times ahead of the clock are wrong rather than the clock. */
  isSettled(): boolean {
    return this.#monotonic() - this.#startedAt >= settledMs;
  }
}

/** Whether something was written down about a key at a time that is still to come. */
export function isAhead(key: RotatedKey, now: number): boolean {
  let latest = 0;
  withTimes(key, (time) => {
    latest = Math.max(latest, time);
    return time;
  });
  return latest > now + toleranceMs;
}

/** A key with other times, and without its proof: meanwhile something may have changed unseen. */
export function withTimes(key: RotatedKey, map: (time: number) => number): RotatedKey {
  const { provedAt: _, ...rest } = key;
  const { change, trouble, history } = key;
  return {
    ...rest,
    ...mapped(key, ["since", "servedSince", "activeAt", "releasedAt", "toldAt", "fileDeletedAt"], map),
    history: history.map((one) => ({ ...one, at: map(one.at) })),
    ...(change !== undefined && {
      change: { ...change, ...mapped(change, ["begunAt", "triedAt", "sentAt"], map) },
    }),
    ...(trouble !== undefined && { trouble: { ...trouble, since: map(trouble.since) } }),
  };
}

/** Those of the named members that are there. */
function mapped<Name extends string>(
  of: Readonly<Partial<Record<Name, number>>>,
  names: readonly Name[],
  map: (time: number) => number,
): Partial<Record<Name, number>> {
  const found: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const time = of[name];
    if (time !== undefined) found[name] = map(time);
  }
  return found;
}
