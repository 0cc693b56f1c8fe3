import type { RecordGroups } from "../../collect/classify/group-records.ts";
import type { GroupName } from "../../collect/classify/source.ts";
import type { ReportFilter, ReportStore, ReportSummary, StoredRecord } from "../../store/reports/port.ts";
import { groupsOf, inBatches, together } from "./grouped-records.ts";
import type { FoundReports } from "./list.ts";

export interface GroupQuery {
  readonly filter: ReportFilter;
  readonly limit: number;
  readonly group: GroupName;
  readonly cursor?: string;
}

/** What is looked through at most: some seconds. The last report is read to its end. */
const defaultMost = { reports: 10_000, records: 200_000 };
const pageLength = 100;

/**
 * Aggregate reports with a record of a source of a group, the newest first. No sum tells which these are, so their records are read,
 * up to a limit; then it is told how far the search has come.
 */
export async function listGroup(
  store: ReportStore,
  groups: RecordGroups,
  { filter, limit, group, cursor: from }: GroupQuery,
  most: typeof defaultMost = defaultMost,
): Promise<FoundReports> {
  const reports: ReportSummary[] = [];
  let looked = 0;
  let records = 0;
  let cursor = from;
  for (;;) {
    const query = { ...filter, kind: "aggregate", limit: pageLength } as const;
    const page = await store.list({ ...query, ...(cursor !== undefined && { cursor }) });
    const last = page.reports.at(-1);
    for (const some of inSlices(page.reports)) {
      const found = await whichHave(store, some, group, groups);
      for (const report of some) {
        const isEnd = report === last && page.cursor === undefined;
        const { begin } = report;
        looked += 1;
        records += report.records;
        cursor = `${begin}.${report.key}`;
        if (found.has(report.key)) reports.push(report);
        if (isEnd) return { reports };
        if (reports.length === limit) return { reports, cursor };
        if (records >= most.records || looked >= most.reports)
          return { reports, cursor, lookedThrough: { reports: looked, begin } };
      }
    }
    if (last === undefined) return { reports };
  }
}

/** Small reports together, large ones alone. */
function inSlices(reports: readonly ReportSummary[]): readonly (readonly ReportSummary[])[] {
  const slices: ReportSummary[][] = [];
  let records = together;
  for (const report of reports) {
    records += report.records;
    const last = slices.at(-1);
    if (last !== undefined && records <= together) last.push(report);
    else {
      slices.push([report]);
      records = report.records;
    }
  }
  return slices;
}

/** Keys of those that have a record of the group. */
async function whichHave(
  store: ReportStore,
  reports: readonly ReportSummary[],
  group: GroupName,
  groups: RecordGroups,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const records of inBatches(recordsOf(store, reports))) {
    const of = await groupsOf(records, groups);
    for (const [index, { key }] of records.entries()) if (of[index] === group) found.add(key);
    // Of a large report nothing more is to be known.
    if (found.size === reports.length) break;
  }
  return found;
}

async function* recordsOf(
  store: ReportStore,
  reports: readonly ReportSummary[],
): AsyncIterable<StoredRecord> {
  for (const { key, records } of reports) if (records > 0) yield* store.records({ key, uncounted: true });
}
