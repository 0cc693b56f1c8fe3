import { type Material, makeInput, materialOf } from "./mutate.ts";
import { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

/** Milliseconds for which a short input may hold up the event loop, and what each KB of it may add on a slow machine. */
const maxStallMs = 50;
const maxStallMsPerKb = 1;
const maxFinds = 10;
const retries = 5;
/** Between two looks at signals and timers. */
const sliceMs = 100;

export interface Find {
  readonly kind: "throw" | "stall";
  /** Which input it was: `inputOf(target, seed, case)`. */
  readonly case: number;
  readonly message: string;
  readonly input: Buffer;
}

export interface FuzzReport {
  readonly target: string;
  readonly seed: string;
  readonly cases: number;
  readonly elapsedMs: number;
  /** Longest time that one input held up the event loop, after slow ones were tried again alone. */
  readonly longestStallMs: number;
  readonly finds: readonly Find[];
}

export interface FuzzOptions {
  readonly seed: string;
  /** The run ends at whichever comes first. */
  readonly cases?: number;
  readonly seconds?: number;
  /** Called before each case, for a watchdog. */
  readonly onCase?: (index: number) => void;
}

/** The input of one case; cases do not depend on one another, so a find can be run again alone. */
export function inputOf(target: FuzzTarget, seed: string, index: number, material?: Material): Buffer {
  return makeInput(new Random(target.name, seed, index), material ?? materialOf(target.seeds));
}

/** Runs a target on the seeds themselves and then on inputs made from them. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const material = materialOf(target.seeds);
  const start = performance.now();
  const end = start + (options.seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const finds: Find[] = [];
  let longestStallMs = 0;
  let yieldAt = start + sliceMs;
  let index = 0;
  const more = (): boolean => index < (options.cases ?? Number.POSITIVE_INFINITY) && performance.now() < end;
  for (; more() && finds.length < maxFinds; index++) {
    options.onCase?.(index);
    const input = target.seeds[index] ?? inputOf(target, options.seed, index, material);
    const outcome = await runCase(target, input);
    longestStallMs = Math.max(longestStallMs, outcome.stallMs);
    if (outcome.message !== undefined)
      addFind(finds, { ...outcome, message: outcome.message, case: index, input });
    if (performance.now() > yieldAt) {
      await nextTurn();
      yieldAt = performance.now() + sliceMs;
    }
  }
  const elapsedMs = performance.now() - start;
  return { target: target.name, seed: options.seed, cases: index, elapsedMs, longestStallMs, finds };
}

/** One find for each place that threw, and one stall. */
function addFind(finds: Find[], find: Find): void {
  const known = finds.some(
    ({ kind, message }) => kind === find.kind && placeIn(message) === placeIn(find.message),
  );
  if (!known) finds.push(find);
}

/** The first line of the stack; messages may hold parts of the input. */
function placeIn(message: string): string {
  return message.split("\n").find((line) => /^\s+at /.test(line)) ?? "";
}

interface CaseOutcome {
  readonly kind: Find["kind"];
  readonly stallMs: number;
  readonly message?: string;
}

/**
 * Runs one input. When it takes long it is run again, alone: collecting garbage, compiling and what else runs on the
 * machine are not its fault.
 */
export async function runCase(target: FuzzTarget, input: Buffer): Promise<CaseOutcome> {
  const allowedMs = maxStallMs + (input.length / 1000) * maxStallMsPerKb;
  let stallMs: number;
  try {
    const start = performance.now();
    const result = target.run(input);
    if (result instanceof Promise) await result;
    stallMs = performance.now() - start;
    for (let i = 0; i < retries && stallMs >= allowedMs; i++)
      stallMs = Math.min(stallMs, await stallOf(target, input));
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "throw", stallMs: 0, message: firstLines(message) };
  }
  if (stallMs < allowedMs) return { kind: "stall", stallMs };
  return { kind: "stall", stallMs, message: `held up the event loop for ${Math.round(stallMs)} ms` };
}

/**
 * The longest time within the case in which nothing else could run, and no more than what this thread computed in it:
 * neither waiting for a timer nor for the processor is a stall.
 */
async function stallOf(target: FuzzTarget, input: Buffer): Promise<number> {
  await nextTurn();
  let longest = 0;
  let last = performance.now();
  let over = false;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  const before = process.threadCpuUsage();
  await target.run(input);
  const { user, system } = process.threadCpuUsage(before);
  longest = Math.max(longest, performance.now() - last);
  over = true;
  await nextTurn();
  return Math.min(longest, (user + system) / 1000);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The message and where it came from. */
function firstLines(text: string): string {
  return text.split("\n").slice(0, 3).join("\n");
}
