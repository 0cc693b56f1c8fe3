import type { DmarcResult } from "../results.ts";

export type DmarcDifference = "result" | "policy" | "policyDomain";

/**
 * In what two evaluations of one message come apart: the result, the policy that applies (after t= or pct=), or where
 * the record was found, which decides who gets reports.
 */
export function dmarcDifferences(one: DmarcResult, other: DmarcResult): readonly DmarcDifference[] {
  const differences: DmarcDifference[] = [];
  if (one.result !== other.result) differences.push("result");
  if (one.appliedPolicy !== other.appliedPolicy) differences.push("policy");
  if (one.policyDomain !== other.policyDomain) differences.push("policyDomain");
  return differences;
}
