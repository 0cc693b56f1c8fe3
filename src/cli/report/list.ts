import type { OddDocument, ReportFilter, ReportStore, ReportSummary } from "../../store/reports/port.ts";
import { type ExitCode, exitFindings, exitOk } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { readChoice, readFilter, readLimit } from "./filter.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";
import { type Column, day, grouped, tableLines, utcTime } from "./table.ts";

/** Lists reports, the newest period first, or mails and files that were not simply saved. */
export async function listReports(values: ReportValues, _: readonly string[], io: Io): Promise<ExitCode> {
  const outcome = readChoice("--outcome", values.outcome, ["unread", "conflict", "skipped"] as const, io);
  const filter = readFilter(values, io);
  const limit = readLimit(values, io) ?? 50;
  return withReports(values.config, io, (store) => {
    if (outcome === undefined) return listPage(store, { filter, limit }, values, io);
    if (outcome === "conflict") return listConflicts(store, { filter, limit }, values, io);
    return listOdd(store, outcome, limit, values, io);
  });
}

interface Wanted {
  readonly filter: ReportFilter;
  readonly limit: number;
}

async function listPage(
  store: ReportStore,
  { filter, limit }: Wanted,
  { cursor: from, json }: ReportValues,
  io: Io,
): Promise<ExitCode> {
  const shown: ReportSummary[] = [];
  let cursor = from;
  do {
    const left = Math.min(1_000, limit - shown.length);
    const page = await store.list({ ...filter, limit: left, ...(cursor !== undefined && { cursor }) });
    if (json) for (const report of page.reports) await io.outSlowly(formatJson(reportJson(report)));
    shown.push(...page.reports);
    cursor = page.cursor;
  } while (cursor !== undefined && shown.length < limit);
  if (json) return exitOk;
  showReports(shown, io);
  if (cursor !== undefined) io.out(reportText(io.lang).more(`--cursor ${cursor}`));
  return exitOk;
}

function showReports(reports: readonly ReportSummary[], io: Io): void {
  const text = reportText(io.lang);
  if (reports.length === 0) io.out(text.noReports);
  else
    for (const line of tableLines(
      reportColumns(io),
      reports.map((one) => reportRow(one, io)),
      io,
    ))
      io.out(line);
}

function reportColumns(io: Io): readonly Column[] {
  const { columns } = reportText(io.lang);
  return [
    { title: columns.key, right: true },
    { title: columns.begin },
    { title: columns.kind },
    { title: columns.domain, least: 12 },
    { title: columns.reporter, least: 10 },
    { title: columns.records, right: true },
    { title: columns.messages, right: true },
    { title: columns.notes, least: 8 },
  ];
}

function reportRow(report: ReportSummary, io: Io): string[] {
  const text = reportText(io.lang);
  return [
    report.key,
    day(report.begin),
    text.kind[report.kind],
    printable(report.domain),
    printable(report.reporter),
    grouped(report.records),
    grouped(report.messages),
    notesOf(report, io).join(", "),
  ];
}

function notesOf({ counted, mailVerdict, recordsExpired, warnings }: ReportSummary, io: Io): string[] {
  const { notes, noteWarnings } = reportText(io.lang);
  return [
    ...(counted ? [] : [notes.notCounted]),
    ...(mailVerdict === "unaligned" ? [notes.unaligned] : []),
    ...(recordsExpired ? [notes.expired] : []),
    ...(warnings > 0 ? [noteWarnings(warnings)] : []),
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

/** Every report that says that it is the same as another, with that. */
async function listConflicts(
  store: ReportStore,
  { filter, limit }: Wanted,
  { json }: ReportValues,
  io: Io,
): Promise<ExitCode> {
  const keys = new Set<string>();
  const reports: ReportSummary[] = [];
  for (const { key } of await store.odd("conflict", Math.min(limit, 1_000))) {
    if (key === undefined || keys.has(key)) continue;
    const report = await store.show(key);
    if (report === undefined || !matches(report, filter)) continue;
    for (const one of [report, ...(await showAll(store, report.conflicts))]) {
      if (!keys.has(one.key)) reports.push(one);
      keys.add(one.key);
    }
  }
  if (json) for (const report of reports) await io.outSlowly(formatJson(reportJson(report)));
  else showReports(reports, io);
  return reports.length === 0 ? exitOk : exitFindings;
}

async function showAll(store: ReportStore, keys: readonly string[]): Promise<ReportSummary[]> {
  const found = await Promise.all(keys.slice(0, 20).map((key) => store.show(key)));
  return found.filter((one) => one !== undefined);
}

function matches(report: ReportSummary, { domain, reporter, kind, since, before }: ReportFilter): boolean {
  return (
    (domain ?? report.domain) === report.domain &&
    (reporter ?? report.reporter) === report.reporter &&
    (kind ?? report.kind) === report.kind &&
    (since ?? report.begin) <= report.begin &&
    (before === undefined || report.begin < before)
  );
}

const shownDigest = 12;

async function listOdd(
  store: ReportStore,
  outcome: "unread" | "skipped",
  limit: number,
  { json }: ReportValues,
  io: Io,
): Promise<ExitCode> {
  const { columns, noReports } = reportText(io.lang);
  const odd = await store.odd(outcome, limit);
  if (json) for (const one of odd) await io.outSlowly(formatJson(oddJson(one)));
  else if (odd.length === 0) io.out(noReports);
  else {
    const titles: readonly Column[] = [
      { title: columns.id },
      { title: columns.when },
      { title: columns.reason, least: 24 },
      { title: columns.via, least: 16, keepEnd: true },
    ];
    for (const line of tableLines(
      titles,
      odd.map((one) => oddRow(one, io)),
      io,
    ))
      io.out(line);
    io.out("");
    for (const line of wrap(reportText(io.lang).lookAtUnread, io.columns)) io.out(line);
  }
  return odd.length === 0 || outcome === "skipped" ? exitOk : exitFindings;
}

function oddRow({ rawDigest, receivedAt, reason, via, name }: OddDocument, io: Io): string[] {
  const where = name === undefined || via.endsWith(name) ? via : `${via} (${name})`;
  return [
    rawDigest.slice(0, shownDigest),
    day(receivedAt / 1000),
    printable(reportText(io.lang).reason(reason ?? "")),
    printable(where),
  ];
}

function oddJson({ rawDigest, receivedAt, ...odd }: OddDocument): object {
  return { raw: rawDigest, receivedAt: new Date(receivedAt).toISOString(), ...odd };
}
