import { isWithin } from "../domain-name.ts";
import { reverseName, sameIp } from "../ip.ts";
import { targetName } from "./domain-spec.ts";
import {
  type Evaluation,
  type Frame,
  type MechanismOutcome,
  match,
  noMatch,
  type SpfStop,
} from "./evaluation.ts";
import { lookup } from "./lookup.ts";
import { maxNamesPerTerm } from "./lookup-budget.ts";

/** Names of the client that lead back to its address, in the order of its PTR records. */
export type ValidatedNames = { readonly kind: "names"; readonly names: readonly string[] } | SpfStop;

/** Evaluates "ptr": whether a validated name of the client is `target` or lies below it. RFC 7208 §5.5. */
export async function evaluatePtr(
  evaluation: Evaluation,
  target: string,
  depth: number,
): Promise<MechanismOutcome> {
  const validated = await validateNames(evaluation, depth);
  if (validated.kind !== "names") return validated;
  return validated.names.some((name) => isWithin(name, target)) ? match : noMatch;
}

/** The value of %{p}: the <domain> if it is validated, else a name below it, else any, else "unknown". §7.3. */
export async function validatedNameFor(
  evaluation: Evaluation,
  { domain, depth }: Frame,
): Promise<string | SpfStop> {
  // Looked up once in an evaluation: a record has room for thousands of %{p}.
  evaluation.validatedNames ??= validateNames(evaluation, depth);
  const validated = await evaluation.validatedNames;
  if (validated.kind !== "names") return validated;
  const { names } = validated;
  if (names.includes(domain)) return domain;
  return names.find((name) => isWithin(name, domain)) ?? names[0] ?? "unknown";
}

async function validateNames(evaluation: Evaluation, depth: number): Promise<ValidatedNames> {
  const pointers = await lookup(evaluation, reverseName(evaluation.ip), "PTR", depth);
  if (pointers.kind !== "records") return unlessSkipped(pointers) ?? { kind: "names", names: [] };
  const names: string[] = [];
  // §4.6.4: beyond ten PTR records the rest is ignored; they are the client's own and not the publisher's.
  for (const pointer of pointers.records.slice(0, maxNamesPerTerm)) {
    const name = targetName(pointer);
    const addresses = await lookup(evaluation, name, evaluation.ip.family === 4 ? "A" : "AAAA", depth);
    if (addresses.kind === "records") {
      if (addresses.records.some((address) => sameIp(address, evaluation.ip))) names.push(name);
      continue;
    }
    const stop = unlessSkipped(addresses);
    if (stop !== undefined) return stop;
  }
  return { kind: "names", names };
}

/** §5.5: a DNS error at the PTR records is no match, one at a name's addresses skips the name; limits stay limits. */
function unlessSkipped(stop: SpfStop): SpfStop | undefined {
  return stop.problem === "dns-failure" ? undefined : stop;
}
