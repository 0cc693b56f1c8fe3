/** What keeping time does, and is followed at once. */
const toleranceMs = 3_600_000;
/** A clock that has been ahead for so long is taken to be right. */
const settledMs = 86_400_000;

/** More at a time than these are one. */
const maxLeaps = 100;

/** The offset is the one between the wall clock and the clock that only goes on. */
interface Leap {
  readonly offset: number;
  readonly since: number;
}

/**
 * The time by which something is too old. A wall clock that leaps ahead, because it was set wrong for a while or as the machine slept,
 * deletes nothing before it has stayed so for a day; one that goes back is followed at once.
 */
export class SettledTime {
  readonly #monotonic: () => number;
  #believed: number | undefined;
  /** Ever further ahead of what is believed. */
  #leaps: readonly Leap[] = [];

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** @param nowMs By the wall clock; ms since 1970. */
  at(nowMs: number): number {
    const monotonic = this.#monotonic();
    const offset = nowMs - monotonic;
    const before = this.#believed ?? offset;
    const leaps = withLeap(this.#leaps, before, { offset, since: monotonic });
    const isSettled = ({ since }: Leap): boolean => monotonic - since >= settledMs;
    this.#leaps = leaps.filter((leap) => !isSettled(leap));
    // Small settings of the clock are followed at once.
    this.#believed = this.#leaps.length === 0 ? offset : (leaps.findLast(isSettled)?.offset ?? before);
    return this.#believed + monotonic;
  }
}

/** Those that the clock has not gone back from, and the one that it makes now. */
function withLeap(leaps: readonly Leap[], believed: number, now: Leap): readonly Leap[] {
  const lasting = leaps.filter(({ offset }) => offset - now.offset <= toleranceMs);
  const last = lasting.at(-1)?.offset ?? believed;
  const isLeap = now.offset - last > toleranceMs && lasting.length < maxLeaps;
  return isLeap ? [...lasting, now] : lasting;
}
