import type { ReportStore } from "./port.ts";
import { SqlReportStore } from "./report-store.ts";
import { openSqliteEngine, type SqliteEngineOptions } from "./sqlite-engine.ts";
import { whenFree } from "./sqlite-patience.ts";

/**
 * Opens the database of reports, makes it when it is not there, and brings its schema up to date. Several processes may use it
 * at once. Synchronous inside: it holds up the thread that asks.
 * @param now Of jobs and leases.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function openSqliteReports(options: SqliteEngineOptions, now?: () => number): ReportStore {
  return new SqlReportStore(openSqliteEngine(options), now);
}

const openWithinMs = 30_000;
const attemptMs = 100;

/**
 * The same without holding up the thread while another process makes or renews the tables.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function openSqliteReportsWhenFree(path: string): Promise<ReportStore> {
  const attempt = (): ReportStore => openSqliteReports({ path, openTimeoutMs: attemptMs });
  return whenFree(performance.now() + openWithinMs, attempt);
}
