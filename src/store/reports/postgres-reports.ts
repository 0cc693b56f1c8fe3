import type { ReportStore } from "./port.ts";
import { openPostgresEngine, type PostgresEngineOptions } from "./postgres-engine.ts";
import { SqlReportStore } from "./report-store.ts";

/**
 * Opens a database of PostgreSQL and brings its schema up to date. Several processes on several machines may use it at once.
 * @param now Of jobs and leases.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export async function openPostgresReports(
  options: PostgresEngineOptions,
  now?: () => number,
): Promise<ReportStore> {
  return new SqlReportStore(await openPostgresEngine(options), now);
}
