import { join } from "node:path";
import { readSecret } from "../../config/secret.ts";
import type { ReportStore } from "./port.ts";
import { openSqliteReportsWhenFree } from "./sqlite-reports.ts";

/** Where the reports are when `store` names no other place. */
export function reportsPath(dataDir: string): string {
  return join(dataDir, "reports.sqlite");
}

/**
 * Opens the store of reports that the configuration names: PostgreSQL of `store`, or SQLite in `data_dir`; made when it is not
 * there.
 * @throws SekishoError STORE_UNAVAILABLE, or CONFIG_INVALID when `store` refers to a secret that cannot be read.
 */
export async function openReportStore({
  store,
  dataDir,
}: {
  readonly store?: string;
  readonly dataDir: string;
}): Promise<ReportStore> {
  if (store === undefined) return openSqliteReportsWhenFree(reportsPath(dataDir));
  // Only who uses it waits for its loading.
  const { openPostgresReports } = await import("./postgres-reports.ts");
  return openPostgresReports({ url: await readSecret(store) });
}
