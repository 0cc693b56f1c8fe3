import type { Config } from "../../config/config.ts";
import { SekishoError } from "../../errors.ts";
import { isStoreThere } from "../../store/is-store-there.ts";
import { openReportStore, reportsPath } from "../../store/reports/open.ts";
import type { ReportStore } from "../../store/reports/port.ts";
import { readConfig } from "../config-option.ts";
import type { Io } from "../io.ts";
import { printable } from "../layout.ts";
import { reportText } from "../text/report-text.ts";

/**
 * Works with the store of reports that the configuration names, and closes it. One that is not there is told, and not made: mostly
 * it is another configuration that was meant.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export async function withReports<T>(
  configFile: string | undefined,
  io: Io,
  work: (store: ReportStore, config: Config) => Promise<T>,
): Promise<T> {
  const config = await readConfig(configFile, io);
  const path = reportsPath(config.dataDir);
  if (config.store === undefined && !isStoreThere(path))
    throw new SekishoError("STORE_UNAVAILABLE", reportText(io.lang).noStore(printable(path)));
  const store = await openReportStore(config);
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}
