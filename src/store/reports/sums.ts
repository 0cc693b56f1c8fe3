import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import type { SqlValue, SumTable } from "./sql.ts";

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

interface DayShare {
  readonly day: number;
  /** Of the period, up to the end of this day: 0 to 1. */
  readonly until: number;
}

/** Which days a period counts for. Up to a day it is the one that holds its middle, whatever the reporter's time zone. */
export function daysOf(begin: number, end: number): readonly DayShare[] {
  const length = end - begin;
  if (length <= oneDayAtMost) return [{ day: Math.floor((begin + end) / 2 / dayLength), until: 1 }];
  const last = Math.floor((end - 1) / dayLength);
  const first = Math.max(Math.floor(begin / dayLength), last - maxDays + 1);
  const days: DayShare[] = [];
  for (let day = first; day <= last; day++)
    days.push({ day, until: Math.min(1, ((day + 1) * dayLength - begin) / length) });
  return days;
}

/** Spreads a count over days in whole messages, and loses none. */
export function spread(
  count: number,
  shares: readonly DayShare[],
  add: (day: number, messages: number) => void,
): void {
  let before = 0;
  for (const { day, until } of shares) {
    const upTo = Math.round(count * until);
    if (upTo > before) add(day, upTo - before);
    before = upTo;
  }
}

/** Which sums a report belongs to: numbers of names, and its period. */
export interface SumPlace {
  readonly domain: number;
  readonly reporter: number;
  readonly trust: number;
  readonly begin: number;
  readonly end: number;
}

export interface SummedRecord {
  readonly ip: Uint8Array;
  readonly count: number;
  readonly disposition: string;
  /** 1: DKIM, 2: SPF, 3: both. */
  readonly aligned: number;
}

interface Delta {
  readonly key: readonly SqlValue[];
  readonly sums: Sums;
}

interface SeenSource {
  readonly domain: number;
  readonly ip: Uint8Array;
  first: number;
  last: number;
}

/** What a transaction adds to the sums, and what it takes from them: written once, at its end, in one order. */
export class SumChanges {
  readonly #days = new Map<string, Delta>();
  readonly #sources = new Map<string, Delta>();
  readonly #seen = new Map<string, SeenSource>();
  readonly #tls = new Map<string, { readonly key: readonly SqlValue[]; sessions: number }>();

  /** @param sign 1 counts the records, -1 takes back that they were counted. */
  addRecords(place: SumPlace, records: Iterable<SummedRecord>, sign: 1 | -1): void {
    const shares = daysOf(place.begin, place.end);
    for (const record of records)
      spread(record.count, shares, (day, messages) => {
        const change = { day, messages: sign * messages, estimated: shares.length > 1 };
        this.#addRecord(place, record, change);
        if (sign > 0) this.#see(place, record.ip);
      });
  }

  addTls(
    place: SumPlace,
    { begin, end, policies }: TlsReport,
    sign: 1 | -1,
    nameOf: (text: string) => number,
  ): void {
    const shares = daysOf(begin, end);
    for (const policy of policies) {
      const domain = nameOf(policy.policyDomain ?? "");
      const type = nameOf(policy.policyType);
      for (const [result, sessions] of tlsResults(policy))
        spread(sessions, shares, (day, share) => {
          const key = [domain, day, place.reporter, type, nameOf(result), place.trust];
          const text = key.join(" ");
          const known = this.#tls.get(text);
          if (known === undefined) this.#tls.set(text, { key, sessions: sign * share });
          else known.sessions += sign * share;
        });
    }
  }

  dayRows(): (readonly SqlValue[])[] {
    return rowsOf(this.#days);
  }

  sourceRows(): (readonly SqlValue[])[] {
    return rowsOf(this.#sources);
  }

  seenRows(): (readonly SqlValue[])[] {
    return inOrder(this.#seen).map(({ domain, ip, first, last }) => [domain, ip, first, last]);
  }

  tlsRows(): (readonly SqlValue[])[] {
    return inOrder(this.#tls)
      .filter(({ sessions }) => sessions !== 0)
      .map(({ key, sessions }) => [...key, sessions]);
  }

  #addRecord(
    { domain, reporter, trust }: SumPlace,
    record: SummedRecord,
    change: { readonly day: number; readonly messages: number; readonly estimated: boolean },
  ): void {
    const { day } = change;
    const dayKey = `${domain} ${day} ${reporter} ${trust}`;
    addTo(deltaOf(this.#days, dayKey, [domain, day, reporter, trust]), change, record);
    const sourceKey = `${domain} ${day} ${trust} ${latin1(record.ip)}`;
    addTo(deltaOf(this.#sources, sourceKey, [domain, day, record.ip, trust]), change, record);
  }

  #see({ domain, begin, end }: SumPlace, ip: Uint8Array): void {
    const key = `${domain} ${latin1(ip)}`;
    const known = this.#seen.get(key);
    if (known === undefined) this.#seen.set(key, { domain, ip, first: begin, last: end });
    else {
      known.first = Math.min(known.first, begin);
      known.last = Math.max(known.last, end);
    }
  }
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("latin1");
}

function deltaOf(map: Map<string, Delta>, text: string, key: readonly SqlValue[]): Sums {
  const known = map.get(text);
  if (known !== undefined) return known.sums;
  const sums = { messages: 0, dkim: 0, spf: 0, passed: 0, quarantined: 0, rejected: 0, estimated: 0 };
  map.set(text, { key, sums });
  return sums;
}

function addTo(
  sums: Sums,
  { messages, estimated }: { readonly messages: number; readonly estimated: boolean },
  { aligned, disposition }: SummedRecord,
): void {
  sums.messages += messages;
  if ((aligned & 1) !== 0) sums.dkim += messages;
  if ((aligned & 2) !== 0) sums.spf += messages;
  if (aligned !== 0) sums.passed += messages;
  if (disposition === "quarantine") sums.quarantined += messages;
  if (disposition === "reject") sums.rejected += messages;
  if (estimated) sums.estimated += messages;
}

function rowsOf(map: ReadonlyMap<string, Delta>): (readonly SqlValue[])[] {
  return inOrder(map)
    .filter(({ sums }) => sumNames.some((name) => sums[name] !== 0))
    .map(({ key, sums }) => [...key, ...sumNames.map((name) => sums[name])]);
}

/** Any order will do, if only it is the same in every process. */
function inOrder<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** Sessions by result; the summary counts where it says more than the details. Empty: those that succeeded. */
function tlsResults({ successful, failed, failures }: TlsReport["policies"][number]): Map<string, number> {
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

/** Names that the sums of a TLS report need. */
export function tlsNames({ policies }: TlsReport): string[] {
  return policies.flatMap((policy) => [
    policy.policyDomain ?? "",
    policy.policyType,
    ...tlsResults(policy).keys(),
  ]);
}
