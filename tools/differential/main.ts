import { parseArgs } from "node:util";
import { runArcDifferential } from "./arc.ts";
import { runDkimDifferential } from "./dkim.ts";
import type { DifferentialOutcome } from "./outcome.ts";
import { runSignDifferential } from "./sign.ts";
import { runSpfDifferential } from "./spf.ts";

const usage =
  "npm run differential -- [--seed N] [--count N] [--only spf|dkim|arc|sign] [--corpus DIR (of sign)]";
const suites = {
  spf: runSpfDifferential,
  dkim: runDkimDifferential,
  arc: runArcDifferential,
  sign: runSignDifferential,
} as const;
const options = {
  seed: { type: "string", default: "1" },
  count: { type: "string", default: "2000" },
  only: { type: "string" },
  corpus: { type: "string" },
  help: { type: "boolean", default: false },
} as const;
const maxPrinted = 20;

/** Compares with other programs over random cases and prints what came out. Exit 1 on a disagreement without a class. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  const seed = Number(values.seed);
  const count = Number(values.count);
  const chosen = Object.entries(suites).filter(([name]) => (values.only ?? name) === name);
  if (values.help || chosen.length === 0 || !Number.isInteger(seed) || !(count >= 1)) {
    console.error(usage);
    return values.help ? 0 : 2;
  }
  let unexplained = 0;
  for (const [, run] of chosen) {
    const outcome = await run({ seed, count, ...(values.corpus !== undefined && { corpus: values.corpus }) });
    print(outcome, seed);
    unexplained += outcome.unexplained.length;
  }
  return unexplained > 0 ? 1 : 0;
}

function print({ suite, cases, agreed, classes, unexplained }: DifferentialOutcome, seed: number): void {
  console.log(
    `${suite}, seed ${seed}: ${cases} comparisons, ${agreed} agreed, ${unexplained.length} unexplained`,
  );
  if (cases === 0) console.log("  none of the other programs is installed");
  for (const [id, times] of [...classes].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`  ${id}: ${times}`);
  for (const one of unexplained.slice(0, maxPrinted)) console.log(`  ${one}`);
}

process.exitCode = await main();
