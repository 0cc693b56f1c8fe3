import { makeFolder } from "../../store/make-folder.ts";
import { openReportStore } from "../../store/reports/open.ts";
import type { ReportStore } from "../../store/reports/port.ts";
import { readConfig } from "../config-option.ts";
import type { Io } from "../io.ts";

/** Works with the store of reports that the configuration names, and closes it. */
export async function withReports<T>(
  configFile: string | undefined,
  io: Io,
  work: (store: ReportStore) => Promise<T>,
): Promise<T> {
  const config = await readConfig(configFile, io);
  if (config.store === undefined) makeFolder(config.dataDir, 0o700);
  const store = await openReportStore(config);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
