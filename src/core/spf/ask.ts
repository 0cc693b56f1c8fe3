import type { DnsAnswer, DnsRecordOf, DnsType } from "../dns/resolver.ts";
import type { Evaluation, SpfStop } from "./evaluation.ts";
import { traceQuery } from "./trace.ts";

/** Puts a question within the time limit, and the answer into the trace; counts nothing. */
export async function ask<T extends DnsType>(
  evaluation: Evaluation,
  name: string,
  type: T,
  depth: number,
): Promise<DnsAnswer<DnsRecordOf[T]>> {
  const { dns, deadline } = evaluation;
  const answer: DnsAnswer<DnsRecordOf[T]> = isOverdue(evaluation)
    ? { kind: "failure", reason: "timeout" }
    : await dns.query(name, type, { deadline });
  traceQuery(evaluation.trace, name, type, answer, depth);
  return answer;
}

/** RFC 7208 §5: any error but NXDOMAIN is a temperror; §4.6.4: so is the time limit. */
export function dnsFailure(evaluation: Evaluation): SpfStop {
  return { kind: "temperror", problem: isOverdue(evaluation) ? "time-limit" : "dns-failure" };
}

function isOverdue(evaluation: Evaluation): boolean {
  return evaluation.clock.monotonic() >= evaluation.deadline;
}
