import type { Clock } from "../clock.ts";
import type { DnsTraceEntry } from "../results.ts";
import { canonicalName } from "./name.ts";
import type { DnsAnswer, DnsQueryOptions, DnsRecordOf, DnsResolver, DnsType } from "./resolver.ts";

export interface DnsTrace {
  readonly resolver: DnsResolver;
  /** In the order of the answers; grows while the resolver is asked. */
  readonly entries: readonly DnsTraceEntry[];
}

const maxEntries = 200;

/**
 * Passes questions on and writes each one down; what comes after the first 200 is passed on only. Library users bring
 * resolvers of their own: one that rejects, against its contract, has failed to answer.
 */
export function traceResolver(dns: DnsResolver, clock: Clock): DnsTrace {
  const entries: DnsTraceEntry[] = [];
  async function query<T extends DnsType>(
    name: string,
    type: T,
    options?: DnsQueryOptions,
  ): Promise<DnsAnswer<DnsRecordOf[T]>> {
    const start = clock.monotonic();
    let answer: DnsAnswer<DnsRecordOf[T]>;
    try {
      answer = await dns.query(name, type, options);
    } catch {
      answer = { kind: "failure", reason: "servfail" };
    }
    if (entries.length < maxEntries)
      entries.push(traceEntry(name, type, answer, Math.round(clock.monotonic() - start)));
    return answer;
  }
  return { resolver: { query }, entries };
}

function traceEntry(name: string, type: DnsType, answer: DnsAnswer<unknown>, ms: number): DnsTraceEntry {
  const question = { name: canonicalName(name) ?? name, type };
  switch (answer.kind) {
    case "answer":
      return { ...question, outcome: "answer", ttl: answer.ttl, authentic: answer.authentic, ms };
    case "nodata":
    case "nxdomain":
      return { ...question, outcome: answer.kind, authentic: answer.authentic, ms };
    case "failure":
      return { ...question, outcome: answer.reason, ms };
  }
}
