import type { Config } from "../config/config.ts";
import type { UnnumberedRecord } from "../filter/compose-record.ts";
import type { Log } from "../log.ts";
import { startRecordStore } from "../store/record-store.ts";
import { openSpool, type SpoolStats } from "../store/spool.ts";

/** The way of a record out of the filter: into the spool, and from there into the store. */
export interface Records {
  /** Takes the record at once; never waits for the database. */
  append(record: UnnumberedRecord): void;
  spool(): SpoolStats;
  /** What is wrong with the store at present; undefined when nothing is. */
  trouble(): string | undefined;
  /** Writes everything that waits. */
  close(): Promise<void>;
}

export function openRecords(config: Config, log: Log): Records {
  const { dataDir, record } = config;
  const spool = openSpool({ dataDir, host: config.hostname });
  let trouble: string | undefined;
  const store = startRecordStore({
    dataDir,
    keepMs: record.keepMs,
    maxOctets: record.maxSize,
    onEvent: (event) => {
      if (event.kind === "unavailable") trouble = event.reason;
      if (event.kind === "available") trouble = undefined;
      const { kind, ...fields } = event;
      log.warn(`records: ${kind}`, fields);
    },
  });
  return {
    append: (one) => void spool.append(one),
    spool: () => spool.stats(),
    trouble: () => trouble ?? spool.stats().lastError,
    async close() {
      await spool.close();
      // What the store cannot take now lies in the spool until the next start.
      await store.ingest().catch(() => {});
      await store.close();
    },
  };
}
