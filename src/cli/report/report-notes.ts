import type { ReportSummary } from "../../store/reports/port.ts";
import { daysOf } from "../../store/reports/sums.ts";
import type { Io } from "../io.ts";
import { labelled } from "../layout.ts";
import { type ReportNote, reportText } from "../text/report-text.ts";
import { grouped } from "./table.ts";

type Note = ReportNote | "days" | "warnings";

/** What is to be known of a report besides its numbers: the gravest first. */
function notesOf(report: ReportSummary): Note[] {
  const { conflict, counted, damaged = false, mailVerdict, recordsExpired, warnings } = report;
  const notes: readonly (readonly [Note, boolean])[] = [
    ["damaged", damaged],
    ["unaligned", mailVerdict === "unaligned"],
    ["conflict", conflict && !counted],
    ["counted", conflict && counted],
    ["notCounted", !conflict && !counted],
    ["expired", recordsExpired],
    ["heartbeat", isHeartbeat(report)],
    ["days", daysOfReport(report) > 1],
    ["warnings", warnings > 0],
  ];
  return notes.flatMap(([note, holds]) => (holds ? [note] : []));
}

/** A report that tells of nothing but that the reporter is alive. */
export function isHeartbeat({ kind, messages }: Pick<ReportSummary, "kind" | "messages">): boolean {
  return kind === "aggregate" && messages === 0;
}

/** Days that a report is counted for: more than one only where its period is longer than a day. */
export function daysOfReport({
  kind,
  begin,
  end,
  records,
}: Pick<ReportSummary, "kind" | "begin" | "end" | "records">): number {
  return kind === "failure" ? 1 : daysOf(begin, end, records).length;
}

/** The notes of a report as a list shows them. */
export function noteText(report: ReportSummary, io: Io): string {
  const { notes, noteDays, noteWarnings } = reportText(io.lang);
  return notesOf(report)
    .map((note) => {
      if (note === "days") return noteDays(grouped(daysOfReport(report)));
      return note === "warnings" ? noteWarnings(report.warnings) : notes[note];
    })
    .join(", ");
}

/** What the notes of a list mean, those that stand in it. */
export function legendLines(reports: readonly ReportSummary[], io: Io): string[] {
  const { legend, notes, noteDays, oddities, someNumber } = reportText(io.lang);
  const found = new Set(reports.flatMap(notesOf));
  if (found.size === 0) return [];
  const titles: Readonly<Record<Note, string>> = {
    ...notes,
    days: noteDays(someNumber),
    warnings: oddities,
  };
  const order = Object.keys(legend) as Note[];
  const rows = order.filter((note) => found.has(note)).map((note) => [titles[note], legend[note]] as const);
  return ["", ...labelled(rows, io.columns)].map((line) => io.style.dim(line));
}
