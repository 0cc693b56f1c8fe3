import { SekishoError } from "../../errors.ts";
import type { ReportStore, ReportSummary, StoredReport } from "../../store/reports/port.ts";
import type { Io } from "../io.ts";
import { printable, truncate } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { day } from "./table.ts";

const maxTold = 10;
/** Shorter beginnings of ids are taken for mistakes. */
const shortestPrefix = 4;
/** Of a name that is told. */
const toldWidth = 40;

/**
 * A report by its number in the store, by its report id, or by the beginning of that.
 * @throws SekishoError with code NOT_FOUND when there is none, or several, which are told.
 */
export async function findReport(store: ReportStore, id: string, io: Io): Promise<StoredReport> {
  const byKey = await store.show(id);
  if (byKey !== undefined) return byKey;
  const text = reportText(io.lang);
  const found = await findById(store, id);
  const [only, second] = found;
  if (second !== undefined) {
    const told = found.slice(0, maxTold).map(candidate);
    const more = found.length > maxTold ? ["…"] : [];
    const list = [...told, ...more].map((line) => `\n  ${line}`).join("");
    throw new SekishoError("NOT_FOUND", text.ambiguous(printable(id)) + list);
  }
  const report = only && (await store.show(only.key));
  if (report === undefined) throw new SekishoError("NOT_FOUND", text.noSuchReport(printable(id)));
  return report;
}

async function findById(store: ReportStore, id: string): Promise<readonly ReportSummary[]> {
  const limit = maxTold + 1;
  const exact = await store.list({ id, limit });
  if (exact.reports.length > 0 || Array.from(id).length < shortestPrefix) return exact.reports;
  return (await store.list({ idPrefix: id, limit })).reports;
}

/** `17  2026-01-31  example.com  Example Org  1769817600.77` */
function candidate({ key, begin, domain, reporter, reportId }: ReportSummary): string {
  const names = [domain, reporter, reportId].map((name) => truncate(printable(name), toldWidth));
  return [key, day(begin), ...names].join("  ");
}
