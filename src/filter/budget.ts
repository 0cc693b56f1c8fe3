import type { BimiOptions } from "../core/bimi/evaluate.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";

/**
 * The time that one message may still wait for DNS and for what BIMI fetches. Open until the end of the message, as the MTA may take minutes to
 * send it and only our own waiting counts; then closed at a point in time.
 */
export interface TimeBudget {
  /** By the monotonic clock; undefined while the message is still coming in. */
  deadline: number | undefined;
}

/** Left for writing the answer after the last DNS query has been given up. */
export const answerReserveMs = 1_000;
const shortestQuestionMs = 100;

/**
 * The longest that one question may take, ms: asked just before the message ends, when the budget begins to run, it
 * must be over before the budget is.
 */
export function questionTimeout(dnsTimeoutMs: number, timeBudgetMs: number): number {
  return Math.min(dnsTimeoutMs, Math.max(timeBudgetMs - answerReserveMs, shortestQuestionMs));
}

/** Asks `dns` within the budget as it stands at each question. */
export function withinBudget(dns: DnsResolver, budget: TimeBudget): DnsResolver {
  return {
    query(name, type, options) {
      const own = options?.deadline ?? Number.POSITIVE_INFINITY;
      const deadline = Math.min(own, budget.deadline ?? Number.POSITIVE_INFINITY);
      return dns.query(name, type, deadline === Number.POSITIVE_INFINITY ? undefined : { deadline });
    },
  };
}

/** Fetches within the budget as it stands at each fetch. */
export function bimiWithinBudget({ fetch, ...options }: BimiOptions, budget: TimeBudget): BimiOptions {
  if (fetch === undefined) return options;
  return {
    ...options,
    fetch: (uri, { deadline = Number.POSITIVE_INFINITY, maxOctets }) =>
      fetch(uri, { maxOctets, deadline: Math.min(deadline, budget.deadline ?? Number.POSITIVE_INFINITY) }),
  };
}
