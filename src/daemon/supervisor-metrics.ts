import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { addCounters, addGauges } from "./metrics.ts";
import type { ConfigStatus, Status } from "./status.ts";
import type { PoolCounts, WorkerStatus } from "./worker-pool.ts";

/** Where the supervisor's own figures come from. */
export interface SupervisorFigures {
  workers(): readonly WorkerStatus[];
  wantedWorkers(): number;
  poolCounts(): PoolCounts;
  config(): ConfigStatus;
  /** As of the last look. */
  store(): Status["store"];
  spool(): Pick<Status["spool"], "segments" | "octets" | "oldestSeconds">;
  /** Promises of the supervisor that were rejected and nobody looked. */
  rejections(): number;
  readonly version: string;
  readonly startedMs: number;
}

/** Metrics of the supervisor; those of the messages are counted in the workers. */
export function createSupervisorMetrics(figures: SupervisorFigures): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { workers, poolCounts, config, store, spool } = figures;
  addGauges(registry, {
    start_time_seconds: { help: "When the program was started", read: () => figures.startedMs / 1000 },
    workers_wanted: { help: "Workers that the configuration asks for", read: figures.wantedWorkers },
    workers_up: {
      help: "Workers at work",
      read: () => workers().filter(({ state }) => state === "up").length,
    },
    config_last_reload_successful: {
      help: "1 when the configuration in force is the newest that was read",
      read: () => (config().last?.ok === false ? 0 : 1),
    },
    config_loaded_time_seconds: {
      help: "When the configuration in force was read",
      read: () => Date.parse(config().loadedAt) / 1000,
    },
    spool_bytes: { help: "Records that wait for the store", read: () => spool().octets },
    spool_segments: { help: "Files of records that wait for the store", read: () => spool().segments },
    spool_oldest_seconds: {
      help: "Age of the oldest file that waits for the store",
      read: () => spool().oldestSeconds,
    },
    store_up: { help: "1 when the store takes records", read: () => (store().error === undefined ? 1 : 0) },
    store_records: { help: "Records in the store", read: () => store().records },
    store_bytes: { help: "Size of the store without free pages", read: () => store().octets },
  });
  addCounters(registry, {
    worker_restarts_total: { help: "Workers that died and came back", read: () => poolCounts().restarts },
    worker_uncaught_total: {
      help: "Workers that died of a fault of ours",
      read: () => poolCounts().uncaught,
    },
    worker_signalled_total: { help: "Workers that a signal has ended", read: () => poolCounts().signalled },
    worker_hung_total: { help: "Workers ended as they gave no sign of life", read: () => poolCounts().hung },
    unhandled_rejections_total: { help: "Faults of ours that ended nothing", read: figures.rejections },
    reloads_total: { help: "Configurations read after the start", read: () => config().reloads },
    reload_failures_total: { help: "Of those the bad ones", read: () => config().failedReloads },
    store_ingested_total: { help: "Records taken into the store", read: () => store().ingested },
    store_expired_total: { help: "Records deleted for their age or the size", read: () => store().expired },
    store_damaged_lines_total: { help: "Records that could not be read", read: () => store().damagedLines },
  });
  new Gauge({
    name: "sekisho_build_info",
    help: "Always 1",
    labelNames: ["version", "node"],
    registers: [registry],
  }).set({ version: figures.version, node: process.version }, 1);
  addWorkerGauges(registry, workers);
  return registry;
}

function addWorkerGauges(registry: Registry, workers: () => readonly WorkerStatus[]): void {
  const gauges: Readonly<
    Record<string, readonly [help: string, read: (one: WorkerStatus) => number | undefined]>
  > = {
    worker_up: ["1 when the worker is at work", ({ state }) => (state === "up" ? 1 : 0)],
    worker_connections: ["Connections of MTAs at this worker", ({ connections }) => connections],
    worker_resident_memory_bytes: ["Resident memory of this worker", ({ rssOctets }) => rssOctets],
  };
  for (const [name, [help, read]] of Object.entries(gauges))
    new Gauge({
      name: `sekisho_${name}`,
      help,
      labelNames: ["worker"],
      registers: [registry],
      collect() {
        this.reset();
        for (const worker of workers()) this.set({ worker: String(worker.id) }, read(worker) ?? 0);
      },
    });
}
