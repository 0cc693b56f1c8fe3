import { SekishoError } from "../../errors.ts";
import type { ReportStore, ReportSummary, StoredReport } from "../../store/reports/port.ts";
import type { Io } from "../io.ts";
import { printable } from "../layout.ts";
import { reportText } from "../text/report-text.ts";

const pageLength = 1_000;
const maxTold = 10;
/** Shorter beginnings of ids are taken for mistakes. */
const shortestPrefix = 4;

/**
 * A report by its number in the store, by its report id, or by the beginning of that.
 * @throws SekishoError with code NOT_FOUND when there is none, or several.
 */
export async function findReport(store: ReportStore, id: string, io: Io): Promise<StoredReport> {
  const byKey = await store.show(id);
  if (byKey !== undefined) return byKey;
  const text = reportText(io.lang);
  const found = await findById(store, id);
  const [only, second] = found;
  if (second !== undefined) {
    const keys = found.slice(0, maxTold).map(({ key }) => key);
    const more = found.length > maxTold ? ", …" : "";
    throw new SekishoError("NOT_FOUND", text.ambiguous(printable(id), keys.join(", ") + more));
  }
  const report = only && (await store.show(only.key));
  if (report === undefined) throw new SekishoError("NOT_FOUND", text.noSuchReport(printable(id)));
  return report;
}

async function findById(store: ReportStore, id: string): Promise<readonly ReportSummary[]> {
  const exact: ReportSummary[] = [];
  const beginning: ReportSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit: pageLength, ...(cursor !== undefined && { cursor }) });
    for (const report of page.reports) {
      if (report.reportId === id) exact.push(report);
      else if (id.length >= shortestPrefix && report.reportId.startsWith(id) && beginning.length <= maxTold)
        beginning.push(report);
    }
    cursor = page.cursor;
  } while (cursor !== undefined && exact.length <= maxTold);
  return exact.length > 0 ? exact : beginning;
}
