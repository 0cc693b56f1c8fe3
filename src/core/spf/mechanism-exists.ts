import { type Evaluation, type MechanismOutcome, match, noMatch } from "./evaluation.ts";
import { lookup } from "./lookup.ts";

/** Evaluates "exists": whether the target-name has an A record, whatever the client's family. RFC 7208 §5.7. */
export async function evaluateExists(
  evaluation: Evaluation,
  target: string,
  depth: number,
): Promise<MechanismOutcome> {
  const found = await lookup(evaluation, target, "A", depth);
  if (found.kind !== "records") return found;
  return found.records.length > 0 ? match : noMatch;
}
