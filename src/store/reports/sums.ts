import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import type { SumTable } from "./sql.ts";

/** Messages, and how many of them had which outcome. */
export interface Sums {
  messages: number;
  dkim: number;
  spf: number;
  /** By DKIM or SPF. */
  passed: number;
  quarantined: number;
  rejected: number;
  /** Of a report over several days, spread by share. */
  estimated: number;
}

export const sumNames = [
  "messages",
  "dkim",
  "spf",
  "passed",
  "quarantined",
  "rejected",
  "estimated",
] as const;

export const daySums: SumTable = {
  name: "day_sum",
  key: ["domain", "day", "reporter", "trust"],
  sums: sumNames,
};
export const sourceSums: SumTable = {
  name: "source_sum",
  key: ["domain", "day", "ip", "trust"],
  sums: sumNames,
};
export const tlsSums: SumTable = {
  name: "tls_sum",
  key: ["domain", "day", "reporter", "policy_type", "result_type", "trust"],
  sums: ["sessions"],
};

const dayLength = 86_400;
/** A day of 25 hours, and a minute for those who count one end too many. */
const oneDayAtMost = 90_060;
/** No report reaches so far; the span is taken from its end. */
const maxDays = 400;
/** Of one report: records by days. A giant one over a hostile span is spread over fewer days. */
const maxShares = 4_000_000;

interface DayShare {
  readonly day: number;
  /** Of the period, up to the end of this day: 0 to 1. */
  readonly until: number;
}

/**
 * Which days a period counts for. Up to a day it is the one that holds its middle, whatever the reporter's time zone.
 * @param records How many are spread over them.
 */
export function daysOf(begin: number, end: number, records: number): readonly DayShare[] {
  const length = end - begin;
  if (length <= oneDayAtMost) return [{ day: Math.floor((begin + end) / 2 / dayLength), until: 1 }];
  const last = Math.floor((end - 1) / dayLength);
  const most = Math.max(1, Math.min(maxDays, Math.floor(maxShares / Math.max(1, records))));
  const first = Math.max(Math.floor(begin / dayLength), last - most + 1);
  const days: DayShare[] = [];
  for (let day = first; day <= last; day++)
    days.push({ day, until: Math.min(1, ((day + 1) * dayLength - begin) / length) });
  return days;
}

/** Spreads a count over days in whole messages, and loses none. */
export function spread<Share extends DayShare>(
  count: number,
  shares: readonly Share[],
  add: (share: Share, messages: number) => void,
): void {
  let before = 0;
  for (const share of shares) {
    const upTo = Math.round(count * share.until);
    if (upTo > before) add(share, upTo - before);
    before = upTo;
  }
}

export interface SummedRecord {
  /** See `packAddress`. */
  readonly address: string;
  readonly count: number;
  readonly disposition: string;
  /** 1: DKIM, 2: SPF, 3: both. */
  readonly aligned: number;
}

/** Sessions by result; the summary counts where it says more than the details. Empty: those that succeeded. */
export function tlsResults({
  successful,
  failed,
  failures,
}: TlsReport["policies"][number]): Map<string, number> {
  const results = new Map<string, number>();
  if (successful > 0) results.set("", bounded(successful));
  let told = 0;
  for (const { resultType, failedSessions } of failures) {
    told += failedSessions;
    results.set(resultType, bounded((results.get(resultType) ?? 0) + failedSessions));
  }
  if (failed > told) results.set("not-told", bounded(failed - told));
  return results;
}

/** Nobody has so many; sums of what is larger would leave the whole numbers. */
const maxCount = 1e12;

export function bounded(count: number): number {
  return Math.min(count, maxCount);
}

/**
 * Where sums stop: two of them fit into the integers of both engines. Above 2^53 they are read as the nearest number that
 * JavaScript has.
 */
export const maxSum = 4e18;

/** Names that the sums of a TLS report need. */
export function tlsNames({ policies }: TlsReport): string[] {
  return policies.flatMap((policy) => [
    policy.policyDomain ?? "",
    policy.policyType,
    ...tlsResults(policy).keys(),
  ]);
}
