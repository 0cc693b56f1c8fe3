import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { StateStore } from "../store/state.ts";

/** Who may change keys at present: one process at a time, of all that share the store. */
export interface Lease {
  /** Sees to it that it holds for one more step. @returns False when somebody else has it meanwhile. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Of the process, in clock ticks since the system's start: process numbers come again. */
  readonly started: string;
  /** Wall-clock time in ms. */
  readonly until: number;
  readonly number: string;
}

const kind = "lease";
/** Three quarters of it are longer than any one step takes. */
const leaseMs = 1_200_000;
let count = 0;
/** Of this process, and could not be given back: the store was not there. */
const abandoned = new Set<string>();

/** @returns undefined when somebody else has it. */
export async function takeLease(
  state: StateStore,
  id: string,
  now: () => number = Date.now,
): Promise<Lease | undefined> {
  count += 1;
  const number = `${process.pid}.${count}.${now()}`;
  const write = async (first: boolean): Promise<boolean> =>
    state.tx(async (tx) => {
      const holder = (await tx.get(kind, id)) as Holder | undefined;
      if (first ? isHeld(holder, now()) : holder?.number !== number) return false;
      const own: Holder = { ...ownProcess(), until: now() + leaseMs, number };
      await tx.put(kind, id, own);
      return true;
    });
  if (!(await write(true))) return undefined;
  let writtenMs = now();
  return {
    async renew() {
      if (now() - writtenMs < leaseMs / 4) return true;
      writtenMs = now();
      return write(false);
    },
    async release() {
      abandoned.add(number);
      await state.tx(async (tx) => {
        const holder = (await tx.get(kind, id)) as Holder | undefined;
        if (holder?.number === number) await tx.remove(kind, id);
      });
      abandoned.delete(number);
    },
  };
}

function isHeld(holder: Holder | undefined, now: number): boolean {
  if (holder === undefined || holder.until <= now || abandoned.has(holder.number)) return false;
  // A process of this machine that was killed holds nothing.
  if (holder.host === hostname()) return startOf(holder.pid) === holder.started;
  // Nobody takes it for so long: the clock was ahead.
  return holder.until <= now + 2 * leaseMs;
}

function ownProcess(): Pick<Holder, "host" | "pid" | "started"> {
  return { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? "" };
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
