import { type ExitCode, exitOk } from "../command.ts";
import { formatJson, type Io } from "../io.ts";
import { csvLine, exportColumns, exportRow } from "./export-row.ts";
import { readChoice, readFilter } from "./filter.ts";
import type { ReportValues } from "./options.ts";
import { withReports } from "./store.ts";

/** Prints the records of aggregate reports, one a line. */
export async function exportRecords(values: ReportValues, _: readonly string[], io: Io): Promise<ExitCode> {
  const wanted = readChoice("--format", values.format, ["csv", "ndjson"] as const, io);
  const format = wanted ?? (values.json ? "ndjson" : "csv");
  const filter = { ...readFilter(values, io), uncounted: values.uncounted };
  return withReports(values.config, io, async (store) => {
    if (format === "csv") await io.outSlowly(`${exportColumns.join(",")}\r`);
    for await (const record of store.records(filter)) {
      const row = exportRow(record);
      await io.outSlowly(format === "csv" ? `${csvLine(row)}\r` : formatJson(row));
    }
    return exitOk;
  });
}
