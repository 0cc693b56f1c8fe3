import type { CollectStatus } from "../collect/collector.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../core/clock.ts";
import type { UnnumberedRecord } from "../filter/compose-record.ts";
import type { AskShared } from "../filter/shared-state.ts";
import type { CloseReason, MilterEvent } from "../milter/index.ts";
import { openSpool, type Spool, type SpoolStats } from "../store/spool.ts";
import { createFilterService, type FilterService } from "./filter-service.ts";
import { messageLine } from "./message-line.ts";
import { type MethodServices, type OpenMethods, openMethods } from "./methods.ts";
import { familiesOf, type MetricFamily } from "./metric-total.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { DnsStatus } from "./status.ts";
import { createSwitchableDns, type DnsCounts, type SwitchableDns } from "./switchable-dns.ts";
import type { SwitchableLog } from "./switchable-log.ts";

/** Everything that handles mail in one process: DNS, methods, milter sockets, spool and counters. */
export interface Engine {
  /**
   * Takes a configuration into use, the first time and after a reload; one call after the other.
   * @param handles Bound sockets by `listen` of the configuration.
   */
  configure(config: Config, handles: ReadonlyMap<string, object>): Promise<void>;
  snapshot(): Promise<EngineSnapshot>;
  /** A promise was rejected and nobody looked: a fault of ours that ended nothing. */
  noteRejection(error: unknown): void;
  /** Accepts nothing more; settles when the last connection is over and every record is written. */
  retire(): Promise<void>;
  /** Finishes what is in flight for at most `graceMs`, writes every record, and lets go of everything. */
  close(graceMs: number): Promise<void>;
  /** Writes every record that waits. */
  flush(): Promise<void>;
}

/** How a process stands, as it tells the supervisor. */
export interface EngineSnapshot {
  readonly connections: number;
  /** Messages begun and over since its start. */
  readonly messages: number;
  readonly rssOctets: number;
  readonly cpuSeconds: number;
  readonly spool: SpoolStats;
  /** How long DNS has been silent; absent where DNS is not asked for mail. */
  readonly silence?: Pick<DnsStatus, "unanswered" | "unansweredSeconds">;
  readonly metrics: readonly MetricFamily[];
  /** Of the process that collects reports. */
  readonly collect?: CollectStatus;
}

/** As long as any message may still ask for what an old configuration fetched. */
const methodsGraceMs = 300_000;

/** @param ask Asks the supervisor about what is one for all workers; nobody answers when absent. */
export function createEngine(log: SwitchableLog, ask: AskShared = async () => undefined): Engine {
  return new MailEngine(log, ask);
}

class MailEngine implements Engine {
  readonly #log: SwitchableLog;
  /** Whether anybody reads a line a message. */
  #logsMessages = true;
  readonly #metrics: Metrics = createMetrics();
  readonly #filter: FilterService;
  readonly #ask: AskShared;
  /** When it was last told that no answer came. */
  #toldUnansweredMs = Number.NEGATIVE_INFINITY;
  readonly #services: MethodServices;
  readonly #dns: SwitchableDns = createSwitchableDns();
  #methods: OpenMethods | undefined;
  #spool: Spool | undefined;
  /** What was told last of it. */
  #spoolError: string | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(log: SwitchableLog, ask: AskShared) {
    this.#log = log;
    this.#ask = counted(ask, (name) => this.#unanswered(name));
    this.#services = { dns: this.#dns, clock: systemClock };
    this.#filter = createFilterService({
      ...this.#services,
      ask: this.#ask,
      keep: (record) => this.#keep(record),
      lost: (error) => {
        this.#metrics.recordLost();
        log.error("the record of a message was lost", { error: String(error) });
      },
      event: (socket, event) => noteEvent(socket, event, log),
    });
    this.#addLiveMetrics();
  }

  configure(config: Config, handles: ReadonlyMap<string, object>): Promise<void> {
    const done = this.#work.then(() => this.#configure(config, handles));
    this.#work = done.catch(() => {});
    return done;
  }

  async #configure(config: Config, handles: ReadonlyMap<string, object>): Promise<void> {
    this.#log.use(config.log);
    this.#logsMessages = config.log.level === "info" || config.log.level === "debug";
    const methods = await openMethods(config, this.#services);
    // The supervisor has refused such files; one may have gone bad since.
    for (const problem of methods.signingProblems.errors) this.#log.error(problem);
    try {
      this.#spool ??= openSpool({ dataDir: config.dataDir, host: config.hostname });
      this.#dns.use(config);
      await this.#filter.configure(config, methods.options, handles);
    } catch (error) {
      methods.close();
      throw error;
    }
    const before = this.#methods;
    // Only what closes them is kept for so long, not the lists that they were made of.
    if (before !== undefined) setTimeout(before.close, methodsGraceMs).unref();
    this.#methods = methods;
  }

  async snapshot(): Promise<EngineSnapshot> {
    this.#tellSpool();
    const { connections, messages } = this.#filter.stats();
    const { user, system } = process.cpuUsage();
    const { unanswered, unansweredMs } = this.#dns.unanswered();
    return {
      connections,
      messages,
      rssOctets: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      spool: this.#spool?.stats() ?? emptySpool,
      silence: { unanswered, unansweredSeconds: Math.round(unansweredMs / 1000) },
      metrics: await familiesOf(this.#metrics.registry),
    };
  }

  noteRejection(error: unknown): void {
    this.#metrics.unhandledRejection();
    this.#log.error("a promise was rejected and nobody looked", { error: describeError(error) });
  }

  async retire(): Promise<void> {
    await this.#filter.retire();
    await this.#end();
  }

  async close(graceMs: number): Promise<void> {
    await this.#filter.close(graceMs);
    await this.#end();
  }

  async flush(): Promise<void> {
    await this.#spool?.flush();
  }

  async #end(): Promise<void> {
    this.#methods?.close();
    this.#dns.close();
    await this.#spool?.close();
  }

  #unanswered(name: string): void {
    this.#metrics.unanswered(name);
    const nowMs = performance.now();
    if (nowMs - this.#toldUnansweredMs < unansweredEveryMs) return;
    this.#toldUnansweredMs = nowMs;
    this.#log.warn("the supervisor did not answer in time; what is safe was done", { question: name });
  }

  /** Once when it cannot be written, and once when it can again. */
  #tellSpool(): void {
    const reason = this.#spool?.stats().lastError;
    if ((reason === undefined) === (this.#spoolError === undefined)) return;
    this.#spoolError = reason;
    if (reason === undefined) this.#log.warn("records are written to the spool again");
    else this.#log.error("records cannot be written to the spool; they wait in memory", { reason });
  }

  #keep(record: UnnumberedRecord): void {
    this.#spool?.append(record);
    this.#tellSpool();
    this.#metrics.message(record);
    const burst = record.signing?.burst;
    if (burst?.first === true)
      this.#log.warn("a sudden burst of mail from one sender", {
        queueId: record.queueId,
        domain: record.signing?.domain,
        login: record.signing?.login,
        client: record.client.ip,
        ...burst,
      });
    if (record.fault !== undefined) this.#log.error("message, with a fault inside", messageLine(record));
    else if (record.signing?.outcome === "failed")
      this.#log.error("message, which could not be signed", messageLine(record));
    else if (record.signing?.reason === "login-mismatch" || record.signing?.reason === "login-unlisted")
      this.#log.warn("message, whose login may not write as its From", messageLine(record));
    else if (this.#logsMessages) this.#log.info("message", messageLine(record));
  }

  #addLiveMetrics(): void {
    const dns = (key: keyof DnsCounts): number => this.#dns.counts()[key];
    const spool = (): SpoolStats => this.#spool?.stats() ?? emptySpool;
    this.#metrics.addGauges({
      milter_connections: {
        help: "Connections of MTAs open now",
        read: () => this.#filter.stats().connections,
      },
      dns_cache_entries: {
        help: "DNS answers in the caches of all workers",
        read: () => this.#dns.cacheEntries(),
      },
      spool_pending_bytes: {
        help: "Records that wait in memory for being written",
        read: () => spool().pendingOctets,
      },
    });
    this.#metrics.addCounters({
      dns_questions_total: { help: "DNS questions of all methods", read: () => dns("asked") },
      dns_queries_total: { help: "DNS queries sent to servers", read: () => dns("queries") },
      dns_timeouts_total: {
        help: "Tries that no DNS server answered in time",
        read: () => dns("timeouts"),
      },
      dns_cache_hits_total: {
        help: "DNS questions answered from the cache",
        read: () => dns("cacheHits"),
      },
      dns_coalesced_total: {
        help: "DNS questions that joined an equal one on its way",
        read: () => dns("coalesced"),
      },
      spool_dropped_total: {
        help: "Records thrown away as spool or memory was full",
        read: () => spool().dropped,
      },
      milter_connections_total: {
        help: "Connections of MTAs accepted",
        read: () => this.#filter.stats().accepted,
      },
    });
  }
}

/** The metric counts every one. */
const unansweredEveryMs = 60_000;

function counted(ask: AskShared, unanswered: (name: string) => void): AskShared {
  return async (name, question) => {
    const answer = await ask(name, question);
    if (answer === undefined) unanswered(name);
    return answer;
  };
}

const emptySpool: SpoolStats = { appended: 0, written: 0, dropped: 0, pendingOctets: 0, spoolOctets: 0 };

function noteEvent(socket: string, event: MilterEvent, log: SwitchableLog): void {
  switch (event.kind) {
    case "refused":
      log.warn("connection refused", { socket, remote: event.remote, reason: event.reason });
      break;
    case "edits-dropped":
      log.error("edits that the MTA does not allow were left out", { socket, edits: event.edits });
      break;
    case "fault":
      log.error("fault", { socket, stage: event.stage, error: String(event.error) });
      break;
    case "closed":
      if (event.reason === "cut-off") log.warn("a message was cut off: it was not over in time", { socket });
      else if (!expectedEnds.has(event.reason))
        log.warn("connection closed", { socket, reason: event.reason });
      break;
    case "connected":
    case "negotiated":
    case "replied":
      break;
  }
}

const expectedEnds: ReadonlySet<CloseReason> = new Set(["quit", "mta-closed", "shutdown"]);

export function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
