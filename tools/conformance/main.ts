import { runArcSuite } from "./arc.ts";
import { runArcSignSuite } from "./arc-sign.ts";
import { runDkimSuite } from "./dkim.ts";
import { spfConformance } from "./spf.ts";
import type { SuiteOutcome } from "./suite.ts";

/** Runs every conformance suite and prints what came out: `node tools/conformance/main.ts`. Exit 1 on a failure. */
async function main(): Promise<void> {
  const outcomes: SuiteOutcome[] = [
    await spfConformance(),
    await runDkimSuite(),
    await runArcSuite(),
    await runArcSignSuite(),
  ];
  for (const { suite, passed, failures } of outcomes) {
    console.log(`${suite}: ${passed} passed, ${failures.length} failed`);
    for (const failure of failures) console.log(`  ${failure}`);
  }
  process.exitCode = outcomes.some(({ failures }) => failures.length > 0) ? 1 : 0;
}

await main();
