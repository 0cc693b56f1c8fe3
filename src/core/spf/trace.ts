import type { DnsAnswer, DnsRecordOf, DnsType } from "../dns/resolver.ts";
import { formatIp } from "../ip.ts";
import type { SpfTraceStep } from "../results.ts";
import type { Evaluation, Frame } from "./evaluation.ts";
import { voidCounts } from "./lookup-budget.ts";

/** A hostile record can have thousands of terms; what comes after these steps is evaluated but not kept. */
const maxTraceSteps = 1000;
const maxTracedRecords = 50;

export function traceRecord(trace: SpfTraceStep[], frame: Frame, record: string): void {
  if (trace.length < maxTraceSteps)
    trace.push({ kind: "record", domain: frame.domain, record, depth: frame.depth });
}

export type TermTraceOutcome = Extract<SpfTraceStep, { readonly kind: "term" }>["outcome"];

export function traceTerm(
  { trace, budget }: Evaluation,
  { domain, depth }: Frame,
  term: string,
  outcome: TermTraceOutcome,
): void {
  if (trace.length >= maxTraceSteps) return;
  trace.push({
    kind: "term",
    domain,
    term,
    outcome,
    lookups: budget.lookups,
    voids: voidCounts(budget),
    depth,
  });
}

export function traceQuery<T extends DnsType>(
  trace: SpfTraceStep[],
  name: string,
  type: T,
  answer: DnsAnswer<DnsRecordOf[T]>,
  depth: number,
): void {
  if (trace.length >= maxTraceSteps) return;
  const outcome = answer.kind === "failure" ? answer.reason : answer.kind;
  const records =
    answer.kind === "answer"
      ? answer.records.slice(0, maxTracedRecords).map((record) => formatRecord(record))
      : [];
  trace.push({ kind: "query", name, type, outcome, records, depth });
}

/** A record in words that a person can read; the types that SPF asks for. */
function formatRecord(record: DnsRecordOf[DnsType]): string {
  if (typeof record === "string") return record;
  if ("octets" in record) return formatIp(record);
  if ("text" in record) return record.text;
  if ("exchange" in record) return `${record.preference} ${record.exchange === "" ? "." : record.exchange}`;
  return "";
}
