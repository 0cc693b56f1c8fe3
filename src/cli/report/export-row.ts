import type { GroupName } from "../../collect/classify/source.ts";
import { formatIp } from "../../core/ip.ts";
import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { StoredRecord } from "../../store/reports/port.ts";
import { formatJson } from "../io.ts";
import { printable } from "../layout.ts";
import { utcTime } from "./table.ts";

/** One record of a report, as `report export` gives it. */
export interface ExportRow {
  readonly domain: string;
  readonly reporter: string;
  readonly reportId: string;
  /** RFC 3339, UTC. */
  readonly begin: string;
  readonly end: string;
  /** null: the report has none. */
  readonly sourceIp: string | null;
  readonly count: number;
  readonly headerFrom: string;
  readonly envelopeFrom?: string;
  readonly envelopeTo?: string;
  readonly disposition: string;
  readonly dkimAligned: boolean;
  readonly spfAligned: boolean;
  readonly dkim: AggregateRecord["dkim"];
  readonly spf: AggregateRecord["spf"];
  readonly overrides: AggregateRecord["overrides"];
  readonly group?: GroupName;
}

export const exportColumns: readonly (keyof ExportRow)[] = [
  "domain",
  "reporter",
  "reportId",
  "begin",
  "end",
  "sourceIp",
  "count",
  "headerFrom",
  "envelopeFrom",
  "envelopeTo",
  "disposition",
  "dkimAligned",
  "spfAligned",
  "dkim",
  "spf",
  "overrides",
  "group",
];

export function exportRow(
  { domain, reporter, reportId, begin, end, record }: StoredRecord,
  group?: GroupName,
): ExportRow {
  const { sourceIp, count, headerFrom, envelopeFrom, envelopeTo, disposition } = record;
  const { dkimAligned, spfAligned, dkim, spf, overrides } = record;
  return {
    domain,
    reporter,
    reportId,
    begin: utcTime(begin),
    end: utcTime(end),
    sourceIp: sourceIp === undefined ? null : formatIp(sourceIp),
    count,
    headerFrom,
    ...(envelopeFrom !== undefined && { envelopeFrom }),
    ...(envelopeTo !== undefined && { envelopeTo }),
    disposition,
    dkimAligned,
    spfAligned,
    dkim,
    spf,
    overrides,
    ...(group !== undefined && { group }),
  };
}

/** RFC 4180 §2, without the line end. Lists stand as JSON; what could drive a terminal is written as an escape. */
export function csvLine(row: ExportRow): string {
  return exportColumns.map((column) => csvCell(row[column])).join(",");
}

function csvCell(value: ExportRow[keyof ExportRow]): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? withoutFormula(printable(value)) : formatJson(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets take these for formulas, Japanese ones also when full-width, and what stands in a report is a stranger's word. */
function withoutFormula(text: string): string {
  return /^[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text;
}
