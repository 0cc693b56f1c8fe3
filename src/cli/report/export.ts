import type { GroupName } from "../../collect/classify/source.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import { refuseBeside } from "../idle-options.ts";
import { formatJson, type Io } from "../io.ts";
import { reportText } from "../text/report-text.ts";
import { csvLine, type ExportRow, exportColumns, exportRow } from "./export-row.ts";
import { readChoice, readFilter, readGroup, withKnownReporter } from "./filter.ts";
import { groupsOf, inBatches } from "./grouped-records.ts";
import type { ReportValues } from "./options.ts";
import { withGroups } from "./site.ts";
import { withReports } from "./store.ts";

/** Prints the records of aggregate reports, one a line, each with the group of its source. */
export async function exportRecords(values: ReportValues, _: readonly string[], io: Io): Promise<ExitCode> {
  const wanted = readChoice("--format", values.format, ["csv", "ndjson"] as const, io);
  if (wanted === "csv") refuseBeside(values, ["format"], "json", io);
  const format = wanted ?? (values.json ? "ndjson" : "csv");
  const group = readGroup(values, io);
  const written = readFilter(values, io);
  if (written.kind !== undefined && written.kind !== "aggregate")
    throw usageError(reportText(io.lang).exportOfKind(written.kind));
  const line = format === "csv" ? (row: ExportRow): string => `${csvLine(row)}\r` : formatRow;
  return withReports(values.config, io, async (store, config) => {
    const filter = await withKnownReporter(store, written, io);
    if (format === "csv") await io.outSlowly(`${exportColumns.join(",")}\r`);
    await withGroups(config, store, filter, async (groups) => {
      for await (const records of inBatches(store.records({ ...filter, uncounted: values.uncounted }))) {
        const found = await groupsOf(records, groups);
        const lines = records.flatMap((record, index) => {
          const own = found[index] as GroupName;
          return group === undefined || own === group ? [line(exportRow(record, own))] : [];
        });
        if (lines.length > 0) await io.outSlowly(lines.join("\n"));
      }
    });
    return exitOk;
  });
}

function formatRow(row: ExportRow): string {
  return formatJson(row);
}
