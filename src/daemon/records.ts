import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import type { StoreEvent } from "../store/keeper.ts";
import type { StoreStats } from "../store/port.ts";
import { type RunningStore, startRecordStore } from "../store/record-store.ts";
import { listSegments, spoolFolder } from "../store/spool-files.ts";
import type { StoreErrorData } from "../store/store-error.ts";

/** The supervisor's side of the records: workers append to the spool, the store takes them in. */
export interface Records {
  /** What is wrong with the store at present; undefined when nothing is. */
  trouble(): StoreErrorData | undefined;
  /** The queue before the store, counted on disk. */
  queue(): SpoolQueue;
  /** Of the store, since the start; the last known ones while it cannot answer. */
  stats(): Promise<StoreStats>;
  /** Takes another `record.keep` or `record.max_size` into use. */
  configure(config: Config): Promise<void>;
  /** Takes in what the workers have left, and lets go. */
  close(): Promise<void>;
}

export interface SpoolQueue {
  readonly segments: number;
  readonly octets: number;
  /** Age of the oldest segment by its last write; 0 when there is none. */
  readonly oldestSeconds: number;
}

const noStats: StoreStats = {
  records: 0,
  octets: 0,
  ingested: 0,
  repeated: 0,
  damagedLines: 0,
  expired: 0,
};
const answerWithinMs = 1_000;

export function openRecords(config: Config, log: Log): Records {
  return new StoredRecords(config, log);
}

class StoredRecords implements Records {
  readonly #log: Log;
  #config: Config;
  #store: RunningStore;
  #trouble: StoreErrorData | undefined;
  #stats = noStats;
  /** What stores before this one have counted. */
  #before = noStats;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#store = this.#start();
  }

  trouble(): StoreErrorData | undefined {
    return this.#trouble;
  }

  queue(): SpoolQueue {
    const segments = this.#segments();
    const oldest = segments[0]?.modifiedMs;
    return {
      segments: segments.length,
      octets: segments.reduce((sum, { octets }) => sum + octets, 0),
      oldestSeconds: oldest === undefined ? 0 : Math.max(0, Math.round((Date.now() - oldest) / 1000)),
    };
  }

  async stats(): Promise<StoreStats> {
    const timeout = new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), answerWithinMs).unref();
    });
    const stats = await Promise.race([this.#store.stats().catch(() => undefined), timeout]);
    if (stats !== undefined) this.#stats = sinceStart(this.#before, stats);
    return this.#stats;
  }

  async configure(config: Config): Promise<void> {
    const { keepMs, maxSize } = this.#config.record;
    this.#config = config;
    if (keepMs === config.record.keepMs && maxSize === config.record.maxSize) return;
    this.#before = await this.stats();
    await this.#store
      .close()
      .catch((error: unknown) => this.#log.warn("records: close", { reason: String(error) }));
    this.#trouble = undefined;
    this.#store = this.#start();
  }

  async close(): Promise<void> {
    // What the store cannot take now lies in the spool until the next start.
    await this.#store.ingest().catch(() => {});
    await this.#store
      .close()
      .catch((error: unknown) => this.#log.warn("records: close", { reason: String(error) }));
  }

  #start(): RunningStore {
    const { dataDir, record } = this.#config;
    return startRecordStore({
      dataDir,
      keepMs: record.keepMs,
      maxOctets: record.maxSize,
      onEvent: (event) => {
        if (event.kind === "unavailable") this.#trouble = event.error;
        if (event.kind === "available") this.#trouble = undefined;
        logEvent(event, this.#log);
      },
    });
  }

  #segments(): ReturnType<typeof listSegments> {
    try {
      return listSegments(spoolFolder(this.#config.dataDir));
    } catch {
      return [];
    }
  }
}

function logEvent(event: StoreEvent, log: Log): void {
  if (event.kind === "unavailable") {
    const { error, restartInMs } = event;
    log.warn("records: unavailable", { reason: error.message, restartInMs });
  } else {
    const { kind, ...fields } = event;
    log.warn(`records: ${kind}`, fields);
  }
}

function sinceStart(before: StoreStats, now: StoreStats): StoreStats {
  return {
    ...now,
    ingested: before.ingested + now.ingested,
    repeated: before.repeated + now.repeated,
    damagedLines: before.damagedLines + now.damagedLines,
    expired: before.expired + now.expired,
  };
}
