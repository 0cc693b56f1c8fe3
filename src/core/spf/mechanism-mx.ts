import type { MxRecord } from "../dns/resolver.ts";
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
  for (const { exchange } of found.records.toSorted(byPreference)) {
    const outcome = await evaluateA(evaluation, mechanism, exchange, depth);
    if (outcome.kind !== "no-match") return outcome;
  }
  return noMatch;
}

/** A fixed order, so that the number of void lookups does not depend on the rotation either. */
function byPreference(a: MxRecord, b: MxRecord): number {
  return a.preference - b.preference || (a.exchange < b.exchange ? -1 : 1);
}
