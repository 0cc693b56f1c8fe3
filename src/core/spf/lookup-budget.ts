import type { DnsType } from "../dns/resolver.ts";
import type { VoidCounts } from "../results.ts";
import { ask } from "./ask.ts";
import type { Evaluation, SpfStop } from "./evaluation.ts";

/** Which of the three counts of void lookups the limit looks at; see `VoidCounts`. */
export type VoidCounting = "query" | "term" | "name";

/** RFC 7208 §4.6.4: terms that may cause queries, in one evaluation with all its recursions. */
export const maxLookups = 10;
/** §4.6.4: MX records in one "mx", and PTR records of the client that are looked at. */
export const maxNamesPerTerm = 10;

/** What an evaluation has spent; one for all its recursions (RFC 7208 §4.1). */
export interface LookupBudget {
  readonly maxVoidLookups: number;
  readonly voidCounting: VoidCounting;
  /** Spend a query to learn whether a name lacks both families, even when the limit does not need it. */
  readonly traceAllCounts: boolean;
  lookups: number;
  voidQueries: number;
  voidTerms: number;
  readonly voidNames: Set<string>;
  /** Whether the term at hand has been counted as void. */
  termIsVoid: boolean;
  /** Once the result stands, the lookups for its explanation count for nothing. */
  closed: boolean;
}

/** Charges one term that causes queries: RFC 7208 §4.6.4. */
export function countTerm(budget: LookupBudget): SpfStop | undefined {
  budget.lookups += 1;
  budget.termIsVoid = false;
  return budget.lookups > maxLookups ? { kind: "permerror", problem: "lookup-limit" } : undefined;
}

/**
 * Charges one empty answer: RFC 7208 §4.6.4. By name, a host counts when it has neither A nor AAAA. An NXDOMAIN
 * says so by itself; for an empty answer the other family is asked, yet only when the limit goes by names or
 * `traceAllCounts` asks for it. Otherwise such a name is not counted, so that no query is spent for a number.
 */
export async function countVoid(
  evaluation: Evaluation,
  name: string,
  type: DnsType,
  answer: "nodata" | "nxdomain",
  depth: number,
): Promise<SpfStop | undefined> {
  const { budget } = evaluation;
  if (budget.closed) return undefined;
  budget.voidQueries += 1;
  if (!budget.termIsVoid) budget.voidTerms += 1;
  budget.termIsVoid = true;
  if (await isVoidName(evaluation, name, type, answer, depth))
    budget.voidNames.add(`${name} ${kindOf(type)}`);
  return voidsBy(budget, budget.voidCounting) > budget.maxVoidLookups
    ? { kind: "permerror", problem: "void-lookup-limit" }
    : undefined;
}

function kindOf(type: DnsType): string {
  return type === "A" || type === "AAAA" ? "host" : type;
}

async function isVoidName(
  evaluation: Evaluation,
  name: string,
  type: DnsType,
  answer: "nodata" | "nxdomain",
  depth: number,
): Promise<boolean> {
  if (answer === "nxdomain" || (type !== "A" && type !== "AAAA")) return true;
  const { voidCounting, traceAllCounts } = evaluation.budget;
  if (voidCounting !== "name" && !traceAllCounts) return false;
  const other = await ask(evaluation, name, type === "A" ? "AAAA" : "A", depth);
  return other.kind === "nodata" || other.kind === "nxdomain";
}

export function voidsBy(budget: LookupBudget, counting: VoidCounting): number {
  switch (counting) {
    case "query":
      return budget.voidQueries;
    case "term":
      return budget.voidTerms;
    case "name":
      return budget.voidNames.size;
  }
}

export function voidCounts(budget: LookupBudget): VoidCounts {
  return { query: budget.voidQueries, term: budget.voidTerms, name: budget.voidNames.size };
}
