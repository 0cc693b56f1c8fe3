// Tables of docs/performance.md from what the neutral harness printed: node bench/table.ts FILE.jsonl
// A row for each program, medians with the lowest and the highest, and the ratios to the peer of the same group.
import { readFileSync } from "node:fs";

interface Run {
  /** Of the library: "dkim sekisho". */
  readonly label?: string;
  /** Of a milter. */
  readonly name?: string;
  readonly conns?: number;
  readonly [figure: string]: unknown;
}

const peers = ["mailauth", "opendkim-v"];
/** Names of the same figure in library and milter runs. */
const figures: readonly (readonly [title: string, ...names: string[]])[] = [
  ["messages/s", "per_s"],
  ["p50 ms", "p50", "p50_ms"],
  ["p99 ms", "p99", "p99_ms"],
  ["CPU ms/message", "cpu_ms"],
  ["RSS MB", "peak_mb", "rss_mb"],
];

const runs = readFileSync(process.argv[2] ?? "", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line) as Run);
const groups = Map.groupBy(runs, ({ label, conns }) => label?.split(" ")[0] ?? `${conns} connections`);

console.log(
  `\n| | | runs | ${figures.map(([title]) => title).join(" | ")} | CPU, ratio | p99, ratio | rate, ratio |`,
);
console.log(`|${" --- |".repeat(figures.length + 6)}`);
for (const [group, ofGroup] of groups) {
  const programs = Map.groupBy(ofGroup, ({ label, name }) => label?.split(" ")[1] ?? String(name));
  const peer = [...programs].find(([program]) => peers.includes(program))?.[1] ?? [];
  for (const [program, ofProgram] of programs) {
    const ratio = (title: string): string =>
      ratioOf(median(valuesOf(ofProgram, title)) / median(valuesOf(peer, title)));
    const cells = figures.map(([title]) => cell(valuesOf(ofProgram, title)));
    const ratios = ["CPU ms/message", "p99 ms", "messages/s"].map(ratio);
    console.log(`| ${[group, program, ofProgram.length, ...cells, ...ratios].join(" | ")} |`);
  }
}
const failed = runs.filter(({ errors, failed }) => failed !== undefined || Number(errors ?? 0) > 0);
if (failed.length > 0) console.log(`\n${failed.length} runs failed or had errors`);

function valuesOf(of: readonly Run[], title: string): number[] {
  const names = figures.find(([one]) => one === title)?.slice(1) ?? [];
  return of
    .map((run) => names.map((name) => run[name]).find((value) => typeof value === "number"))
    .filter((value) => value !== undefined)
    .toSorted((a, b) => a - b);
}

/** Nothing where there is no peer. */
function ratioOf(value: number): string {
  return Number.isNaN(value) ? "–" : value.toFixed(2);
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function cell(sorted: readonly number[]): string {
  if (sorted.length === 0) return "–";
  const spread = sorted.length > 1 ? ` (${digits(sorted[0])}–${digits(sorted.at(-1))})` : "";
  return `${digits(median(sorted))}${spread}`;
}

function digits(value = Number.NaN): string {
  if (value >= 100) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
