import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import { addressOctets } from "./address-octets.ts";

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

export interface SourceDaySums {
  readonly day: number;
  readonly ip: Uint8Array;
  readonly sums: Sums;
}

export interface ReportSums {
  readonly days: readonly { readonly day: number; readonly sums: Sums }[];
  /** In the order of day and address, so that two processes never wait for each other. */
  readonly sources: readonly SourceDaySums[];
}

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

/** Sums of a report by day, and by day and source. Counts are spread in whole messages, and nothing is lost. */
export function sumReport(begin: number, end: number, records: readonly AggregateRecord[]): ReportSums {
  const shares = daysOf(begin, end);
  const days = new Map<number, Sums>();
  const sources = new Map<string, SourceDaySums>();
  for (const record of records) {
    let before = 0;
    for (const { day, until } of shares) {
      const upTo = Math.round(record.count * until);
      const messages = upTo - before;
      before = upTo;
      if (messages > 0) addRecord({ days, sources, day, messages, estimated: shares.length > 1 }, record);
    }
  }
  return {
    days: [...days].map(([day, sums]) => ({ day, sums })).sort((a, b) => a.day - b.day),
    sources: [...sources.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, source]) => source),
  };
}

interface Adding {
  readonly days: Map<number, Sums>;
  readonly sources: Map<string, SourceDaySums>;
  readonly day: number;
  readonly messages: number;
  readonly estimated: boolean;
}

function addRecord({ days, sources, day, messages, estimated }: Adding, record: AggregateRecord): void {
  const sums = days.get(day) ?? noMessages();
  days.set(day, sums);
  addMessages(sums, messages, estimated, record);
  const ip = addressOctets(record.sourceIp);
  const key = `${String(day).padStart(8, "0")} ${Buffer.from(ip).toString("latin1")}`;
  const source = sources.get(key) ?? { day, ip, sums: noMessages() };
  sources.set(key, source);
  addMessages(source.sums, messages, estimated, record);
}

function noMessages(): Sums {
  return { messages: 0, dkim: 0, spf: 0, passed: 0, quarantined: 0, rejected: 0, estimated: 0 };
}

function addMessages(sums: Sums, messages: number, estimated: boolean, record: AggregateRecord): void {
  sums.messages += messages;
  if (record.dkimAligned) sums.dkim += messages;
  if (record.spfAligned) sums.spf += messages;
  if (record.dkimAligned || record.spfAligned) sums.passed += messages;
  if (record.disposition === "quarantine") sums.quarantined += messages;
  if (record.disposition === "reject") sums.rejected += messages;
  if (estimated) sums.estimated += messages;
}
