import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadTargets } from "./load.ts";
import { type Find, type FuzzReport, fuzz, inputOf, runCase } from "./run.ts";
import type { FuzzTarget } from "./target.ts";
import { startWatchdog } from "./watchdog.ts";

const usage = `npm run fuzz -- --target NAME|all [--seconds N] [--cases N] [--seed S] [--json]
npm run fuzz -- --target NAME --seed S --case N      runs one case again and prints its input
npm run fuzz -- --list

Each target runs for N seconds (10). Exit code 1: an input threw, or held up the event loop for 50 ms or more.`;
const options = {
  target: { type: "string" },
  seconds: { type: "string" },
  cases: { type: "string" },
  seed: { type: "string" },
  case: { type: "string" },
  json: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;
const maxPrinted = 2000;
const findsFolder = fileURLToPath(new URL("../../.cache/fuzz/", import.meta.url));

async function main(): Promise<number> {
  const values = readOptions();
  if (values?.help === true) return print(usage);
  const all = await loadTargets();
  if (values?.list === true) return print(all.map(({ name }) => name).join("\n"));
  const chosen = values?.target === "all" ? all : all.filter(({ name }) => name === values?.target);
  if (values === undefined || chosen.length === 0) {
    process.stderr.write(`${usage}\n\nTargets: ${all.map(({ name }) => name).join(", ")}\n`);
    return 2;
  }
  const seed = values.seed ?? String(Date.now());
  if (values.case !== undefined) return runOne(chosen, seed, Number(values.case));
  return runAll(chosen, seed, values);
}

/** Undefined when they cannot be read. */
function readOptions(): ReturnType<typeof parseArgs<{ options: typeof options }>>["values"] | undefined {
  try {
    return parseArgs({ options }).values;
  } catch {
    return undefined;
  }
}

async function runAll(
  targets: readonly FuzzTarget[],
  seed: string,
  values: { readonly seconds?: string; readonly cases?: string; readonly json: boolean },
): Promise<number> {
  const watchdog = startWatchdog(seed);
  let finds = 0;
  for (const target of targets) {
    const before = memory();
    const report = await fuzz(target, {
      seed,
      ...(values.cases !== undefined && { cases: Number(values.cases) }),
      ...((values.seconds !== undefined || values.cases === undefined) && {
        seconds: Number(values.seconds ?? 10),
      }),
      onCase: watchdog.watch(target.name),
    });
    const summary = summarize(report, before, memory());
    print(values.json ? JSON.stringify(summary) : inWords(summary));
    finds += report.finds.length;
  }
  await watchdog.stop();
  return finds === 0 ? 0 : 1;
}

async function runOne(targets: readonly FuzzTarget[], seed: string, index: number): Promise<number> {
  for (const target of targets) {
    const input = target.seeds[index] ?? inputOf(target, seed, index);
    print(`${target.name}: ${input.length} octets, base64 ${input.toString("base64")}`);
    const { message, stallMs } = await runCase(target, input);
    print(message ?? `nothing found, ${stallMs.toFixed(1)} ms`);
    if (message !== undefined) return 1;
  }
  return 0;
}

/** Megabytes, after collecting garbage where that can be asked for (--expose-gc). */
function memory(): { readonly heapMb: number; readonly rssMb: number } {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMb: Math.round(heapUsed / 1e6), rssMb: Math.round(rss / 1e6) };
}

interface Summary {
  readonly target: string;
  readonly seed: string;
  readonly cases: number;
  readonly casesPerSecond: number;
  readonly longestStallMs: number;
  readonly memoryBefore: ReturnType<typeof memory>;
  readonly memoryAfter: ReturnType<typeof memory>;
  readonly finds: readonly {
    readonly kind: string;
    readonly case: number;
    readonly message: string;
    readonly input: string;
    readonly file: string;
  }[];
}

function summarize(
  report: FuzzReport,
  memoryBefore: Summary["memoryBefore"],
  memoryAfter: Summary["memoryAfter"],
): Summary {
  const { target, seed, cases, elapsedMs, longestStallMs } = report;
  return {
    target,
    seed,
    cases,
    casesPerSecond: Math.round((cases * 1000) / elapsedMs),
    longestStallMs: Math.round(longestStallMs * 10) / 10,
    memoryBefore,
    memoryAfter,
    finds: report.finds.map((find) => ({
      ...find,
      input: find.input.toString("base64"),
      file: save(report, find),
    })),
  };
}

/** Where the input was written. */
function save({ target, seed }: FuzzReport, find: Find): string {
  mkdirSync(findsFolder, { recursive: true });
  const file = `${findsFolder}${target}-${seed.replaceAll(/[^A-Za-z0-9]/g, "_")}-${find.case}.bin`;
  writeFileSync(file, find.input);
  return file;
}

function inWords({
  target,
  seed,
  cases,
  casesPerSecond,
  longestStallMs,
  memoryBefore,
  memoryAfter,
  finds,
}: Summary): string {
  const lines = [
    `${target}: ${cases} cases, ${casesPerSecond}/s, longest stall ${longestStallMs} ms, ` +
      `heap ${memoryBefore.heapMb} to ${memoryAfter.heapMb} MB, rss ${memoryBefore.rssMb} to ${memoryAfter.rssMb} MB, ` +
      `seed ${seed}: ${finds.length === 0 ? "nothing found" : `${finds.length} found`}`,
  ];
  for (const find of finds) {
    lines.push(
      `  ${find.kind}: ${find.message}`,
      `  again: npm run fuzz -- --target ${target} --seed ${seed} --case ${find.case}   input: ${find.file}`,
      `  base64: ${find.input.slice(0, maxPrinted)}${find.input.length > maxPrinted ? "... (the file has all of it)" : ""}`,
    );
  }
  return lines.join("\n");
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

process.exitCode = await main();
