import { type Collector, createCollector } from "../collect/collector.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../core/clock.ts";
import { createCollectMetrics } from "./collector-metrics.ts";
import { describeError, type Engine, type EngineSnapshot } from "./engine.ts";
import { familiesOf } from "./metric-total.ts";
import { createSwitchableDns } from "./switchable-dns.ts";
import type { SwitchableLog } from "./switchable-log.ts";

/** When the process has to end without being told how long it may take. */
const graceMs = 25_000;

/** What runs in the process that collects reports. */
export function createCollectorEngine(log: SwitchableLog): Engine {
  return new CollectorEngine(log);
}

class CollectorEngine implements Engine {
  readonly #log: SwitchableLog;
  readonly #dns = createSwitchableDns();
  readonly #collector: Collector;
  readonly #metrics: ReturnType<typeof createCollectMetrics>;
  #work: Promise<void> = Promise.resolve();

  constructor(log: SwitchableLog) {
    this.#log = log;
    this.#collector = createCollector({ dns: this.#dns, clock: systemClock, log });
    this.#metrics = createCollectMetrics(() => this.#collector.status());
  }

  configure(config: Config, handles: ReadonlyMap<string, object>): Promise<void> {
    const done = this.#work.then(() => {
      this.#log.use(config.log);
      this.#dns.use(config);
      return this.#collector.use(config, handles);
    });
    this.#work = done.catch(() => {});
    return done;
  }

  async snapshot(): Promise<EngineSnapshot> {
    const { user, system } = process.cpuUsage();
    return {
      connections: 0,
      messages: 0,
      rssOctets: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      spool: { appended: 0, written: 0, dropped: 0, pendingOctets: 0, spoolOctets: 0 },
      metrics: await familiesOf(this.#metrics),
      collect: this.#collector.status(),
    };
  }

  noteRejection(error: unknown): void {
    this.#log.error("a promise was rejected and nobody looked", { error: describeError(error) });
  }

  retire(): Promise<void> {
    return this.close(graceMs);
  }

  async close(grace: number): Promise<void> {
    await this.#collector.close(grace);
    this.#dns.close();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }
}
