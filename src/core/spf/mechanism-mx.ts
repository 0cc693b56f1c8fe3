import { type Evaluation, type MechanismOutcome, noMatch } from "./evaluation.ts";
import { lookup } from "./lookup.ts";
import { maxNamesPerTerm } from "./lookup-budget.ts";
import { evaluateA } from "./mechanism-a.ts";
import type { HostMechanism } from "./record.ts";

/** Evaluates "mx" for a target-name: RFC 7208 §5.4. No implicit MX. */
export async function evaluateMx(
  evaluation: Evaluation,
  mechanism: HostMechanism,
  target: string,
  depth: number,
): Promise<MechanismOutcome> {
  const found = await lookup(evaluation, target, "MX", depth);
  if (found.kind !== "records") return found;
  // §4.6.4: the publisher's own fault, hence a permerror, and at once: servers rotate the order of records.
  if (found.records.length > maxNamesPerTerm) return { kind: "permerror", problem: "mx-limit" };
  // In order of preference, so that void lookups do not depend on the rotation either.
  for (const { exchange } of found.records.toSorted((a, b) => a.preference - b.preference)) {
    const outcome = await evaluateA(evaluation, mechanism, exchange, depth);
    if (outcome.kind !== "no-match") return outcome;
  }
  return noMatch;
}
