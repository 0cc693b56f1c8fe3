import type { ReportFilter, ReportStore, ReportSummary } from "../../store/reports/port.ts";
import { type ExitCode, exitFindings, exitOk, usageError } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { readChoice, readFilter, readGroup, readLimit, withKnownReporter } from "./filter.ts";
import { listGroup } from "./list-group.ts";
import { listOdd } from "./list-odd.ts";
import type { ReportValues } from "./options.ts";
import { legendLines, noteText } from "./report-notes.ts";
import { withGroups } from "./site.ts";
import { withReports } from "./store.ts";
import { type Column, day, grouped, tableLines, utcTime } from "./table.ts";

const defaultLimit = 50;
const pageLength = 1_000;

/** Lists reports, the newest period first, or mails and files that were not simply saved. */
export async function listReports(values: ReportValues, _: readonly string[], io: Io): Promise<ExitCode> {
  const outcome = readChoice("--outcome", values.outcome, ["unread", "conflict", "skipped"] as const, io);
  if (outcome === "unread" || outcome === "skipped") return listOdd(outcome, values, io);
  const filter = { ...readFilter(values, io), ...(outcome === "conflict" && { conflict: true }) };
  const limit = readLimit(values, io) ?? defaultLimit;
  const group = readGroup(values, io);
  if (group !== undefined && (filter.kind ?? "aggregate") !== "aggregate")
    throw usageError(reportText(io.lang).groupOfKind(filter.kind ?? ""));
  const cursor = readCursor(values, io);
  const from = cursor === undefined ? {} : { cursor };
  const found = await withReports(values.config, io, async (store, config): Promise<FoundReports> => {
    const known = await withKnownReporter(store, filter, io);
    return group === undefined
      ? readPages(store, { filter: known, limit, ...from })
      : withGroups(config, store, known, (groups) =>
          listGroup(store, groups, { filter: known, limit, group, ...from }),
        );
  });
  await tell(found, values, io);
  return outcome === "conflict" && found.reports.length > 0 ? exitFindings : exitOk;
}

/** What was found, and where it goes on. */
export interface FoundReports {
  readonly reports: readonly ReportSummary[];
  readonly cursor?: string;
  /** When not as many were found as were wanted, and yet there may be more: how far the search has come. */
  readonly lookedThrough?: { readonly reports: number; readonly begin: number };
}

interface PagesQuery {
  readonly filter: ReportFilter;
  readonly limit: number;
  readonly cursor?: string;
}

async function readPages(
  store: ReportStore,
  { filter, limit, cursor: from }: PagesQuery,
): Promise<FoundReports> {
  const reports: ReportSummary[] = [];
  let cursor = from;
  do {
    const left = Math.min(pageLength, limit - reports.length);
    const page = await store.list({ ...filter, limit: left, ...(cursor !== undefined && { cursor }) });
    reports.push(...page.reports);
    cursor = page.cursor;
  } while (cursor !== undefined && reports.length < limit);
  return { reports, ...(cursor !== undefined && { cursor }) };
}

/** @throws SekishoError with code USAGE: what is no cursor would begin anew without a word. */
function readCursor({ cursor }: ReportValues, io: Io): string | undefined {
  if (cursor === undefined || /^-?\d{1,15}\.\d{1,15}$/.test(cursor)) return cursor;
  throw usageError(reportText(io.lang).badCursor(printable(cursor)));
}

/** The table, or JSON; where it goes on is said beside JSON, too, and there on stderr. */
async function tell(
  { reports, cursor, lookedThrough }: FoundReports,
  { json }: ReportValues,
  io: Io,
): Promise<void> {
  const text = reportText(io.lang);
  if (json) for (const report of reports) await io.outSlowly(formatJson(reportJson(report)));
  else showReports(reports, io);
  if (cursor === undefined) return;
  const option = `--cursor ${cursor}`;
  const more =
    lookedThrough === undefined
      ? text.more(option)
      : text.lookedThrough(grouped(lookedThrough.reports), day(lookedThrough.begin), option);
  if (json) io.err(more);
  else for (const line of wrap(more, io.columns)) io.out(line);
}

function showReports(reports: readonly ReportSummary[], io: Io): void {
  if (reports.length === 0) {
    io.out(reportText(io.lang).noReports);
    return;
  }
  // Where all are alike it is not worth its place.
  const isMixed = reports.some(({ kind }) => kind !== "aggregate");
  const rows = reports.map((one) => reportRow(one, isMixed, io));
  for (const line of tableLines(reportColumns(io), rows, io)) io.out(line);
  for (const line of legendLines(reports, io)) io.out(line);
}

function reportColumns(io: Io): readonly Column[] {
  const { columns } = reportText(io.lang);
  return [
    { title: columns.key, right: true },
    { title: columns.begin },
    { title: columns.kind },
    { title: columns.domain, least: 9 },
    { title: columns.reporter, least: 8 },
    { title: columns.records, right: true },
    { title: columns.messages, right: true },
    { title: columns.notes, least: 9, cutLast: true },
  ];
}

function reportRow(report: ReportSummary, isMixed: boolean, io: Io): string[] {
  return [
    report.key,
    day(report.begin),
    isMixed ? reportText(io.lang).kind[report.kind] : "",
    printable(report.domain),
    printable(report.reporter),
    grouped(report.records),
    grouped(report.messages),
    noteText(report, io),
  ];
}

/** Times as RFC 3339. */
export function reportJson({ begin, end, receivedAt, ...report }: ReportSummary): object {
  return {
    ...report,
    begin: utcTime(begin),
    end: utcTime(end),
    receivedAt: new Date(receivedAt).toISOString(),
  };
}
