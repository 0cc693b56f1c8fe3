import type { RecordFilter, ReportStore, StoredRecord } from "../src/store/reports/port.ts";
import { dayLength } from "./report-samples.ts";

/** Messages of one day and one source or reporter, worked out anew from the records. */
export interface PlainSum {
  messages: number;
  dkim: number;
  spf: number;
  passed: number;
  quarantined: number;
  rejected: number;
  estimated: number;
}

export interface PlainSums {
  /** By `domain day reporter`. */
  readonly days: ReadonlyMap<string, PlainSum>;
  /** By `domain address`. */
  readonly sources: ReadonlyMap<string, PlainSum & { firstSeen: number; lastSeen: number }>;
}

type Summed = Pick<StoredRecord, "domain" | "reporter" | "begin" | "end" | "record">;

const none = (): PlainSum => ({
  messages: 0,
  dkim: 0,
  spf: 0,
  passed: 0,
  quarantined: 0,
  rejected: 0,
  estimated: 0,
});

/** Written for clearness, and apart from the code under test. */
export function sumPlainly(records: Iterable<Summed>): PlainSums {
  const days = new Map<string, PlainSum>();
  const sources = new Map<string, PlainSum & { firstSeen: number; lastSeen: number }>();
  for (const one of records) {
    const { domain, reporter, begin, end, record } = one;
    for (const [day, messages] of plainShares(begin, end, record.count)) {
      if (messages === 0) continue;
      const dayKey = `${domain} ${day} ${reporter}`;
      const sourceKey = `${domain} ${record.sourceIp?.octets.join(".") ?? "-"}`;
      const ofDay = days.get(dayKey) ?? none();
      const ofSource = sources.get(sourceKey) ?? { ...none(), firstSeen: begin, lastSeen: end };
      days.set(dayKey, ofDay);
      sources.set(sourceKey, ofSource);
      ofSource.firstSeen = Math.min(ofSource.firstSeen, begin);
      ofSource.lastSeen = Math.max(ofSource.lastSeen, end);
      for (const sum of [ofDay, ofSource]) {
        sum.messages += messages;
        sum.dkim += record.dkimAligned ? messages : 0;
        sum.spf += record.spfAligned ? messages : 0;
        sum.passed += record.dkimAligned || record.spfAligned ? messages : 0;
        sum.quarantined += record.disposition === "quarantine" ? messages : 0;
        sum.rejected += record.disposition === "reject" ? messages : 0;
        sum.estimated += end - begin > 25 * 3600 + 60 ? messages : 0;
      }
    }
  }
  return { days, sources };
}

/** Messages by day, by how much of the period lies before each midnight. */
function plainShares(begin: number, end: number, count: number): [number, number][] {
  if (end - begin <= 25 * 3600 + 60) return [[Math.floor((begin + end) / 2 / dayLength), count]];
  const shares: [number, number][] = [];
  let given = 0;
  for (let day = Math.floor(begin / dayLength); day * dayLength < end; day++) {
    const part = Math.min(end, (day + 1) * dayLength) - begin;
    const upTo = Math.round((count * part) / (end - begin));
    shares.push([day, upTo - given]);
    given = upTo;
  }
  return shares;
}

/** What a store says of its sums, in the same form. */
export async function storedSums(store: ReportStore): Promise<PlainSums> {
  const days = new Map<string, PlainSum>();
  for (const { domain, day, reporter, ...sum } of await store.days({}))
    days.set(`${domain} ${day} ${reporter}`, sum);
  const sources = new Map<string, PlainSum & { firstSeen: number; lastSeen: number }>();
  for (const { domain, ip, ...sum } of await store.sources({}))
    sources.set(`${domain} ${ip?.octets.join(".") ?? "-"}`, sum);
  return { days, sources };
}

/** The records of all that counts. */
export async function countedRecords(store: ReportStore, filter: RecordFilter = {}): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const record of store.records(filter)) records.push(record);
  return records;
}
