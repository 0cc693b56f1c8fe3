import type { ReportStore } from "./port.ts";
import { SqlReportStore } from "./report-store.ts";
import { openSqliteEngine, type SqliteEngineOptions } from "./sqlite-engine.ts";

/**
 * Opens the database of reports, makes it when it is not there, and brings its schema up to date. Several processes may use it
 * at once. Synchronous inside: it holds up the thread that asks.
 * @param now Of jobs and leases.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function openSqliteReports(options: SqliteEngineOptions, now?: () => number): ReportStore {
  return new SqlReportStore(openSqliteEngine(options), now);
}
