import type { DnsRecordOf, DnsType } from "../dns/resolver.ts";
import { ask, dnsFailure } from "./ask.ts";
import { isAskable } from "./domain-spec.ts";
import type { Evaluation, SpfStop } from "./evaluation.ts";
import { countVoid } from "./lookup-budget.ts";

/** Records of one type; none for a name that is missing, has none of the type or cannot be asked. */
export type LookupOutcome<T> = { readonly kind: "records"; readonly records: readonly T[] } | SpfStop;

const noRecords = { kind: "records", records: [] } as const;

/** Asks for records on behalf of a term and counts a void lookup: RFC 7208 §4.6.4 and §5. */
export async function lookup<T extends DnsType>(
  evaluation: Evaluation,
  name: string,
  type: T,
  depth: number,
): Promise<LookupOutcome<DnsRecordOf[T]>> {
  // §4.8 leaves open what a name does that no query can hold: here it does not exist, and nothing is asked.
  if (!isAskable(name)) return noRecords;
  const answer = await ask(evaluation, name, type, depth);
  switch (answer.kind) {
    case "answer":
      return { kind: "records", records: answer.records };
    case "failure":
      return answer.reason === "bad-name" ? noRecords : dnsFailure(evaluation);
    case "nodata":
    case "nxdomain":
      return (await countVoid(evaluation, name, type, answer.kind, depth)) ?? noRecords;
  }
}
