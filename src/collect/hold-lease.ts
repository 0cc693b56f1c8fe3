import type { LeaseStore } from "../store/reports/port.ts";

/** Whoever dies with it keeps others out for no longer. */
const leaseMs = 60_000;
const renewEveryMs = 20_000;

/**
 * Does the work unless somebody else is at it, and keeps others out meanwhile.
 * @param holder Who it is: the same after a restart, which need not wait for its own lease then.
 * @returns Whether it was done; false leaves it to whoever has it.
 */
export async function holdLease(
  leases: LeaseStore,
  name: string,
  holder: string,
  work: () => Promise<void>,
): Promise<boolean> {
  let number = await leases.take(name, holder, leaseMs);
  if (number === undefined) return false;
  let renewing: Promise<void> = Promise.resolve();
  const renewal = setInterval(() => {
    // What it guards is the order of work alone: nothing counts twice without it either.
    renewing = leases.take(name, holder, leaseMs).then(
      (renewed) => {
        number = renewed;
      },
      () => {},
    );
  }, renewEveryMs);
  try {
    await work();
    return true;
  } finally {
    clearInterval(renewal);
    // One that comes after the release would keep others out for a minute.
    await renewing;
    if (number !== undefined) await leases.release(name, number).catch(() => {});
  }
}
