import { accessSync, constants } from "node:fs";
import type { Registry } from "prom-client";
import type { Config, MilterSocketConfig } from "../config/config.ts";
import { codeOf } from "../config/file-fault.ts";
import { formatHostPort } from "../config/listen.ts";
import type { LoadedConfig } from "../config/load.ts";
import { type ConfigProblem, formatProblem } from "../config/problem.ts";
import { systemClock } from "../core/clock.ts";
import { SekishoError } from "../errors.ts";
import type { Lang } from "../findings/lang.ts";
import type { Log } from "../log.ts";
import { formatListenAddress } from "../milter/index.ts";
import { makeDataDir } from "../store/sqlite.ts";
import { troubleOf } from "../store/store-error.ts";
import { type Health, startWeb, type WebServer } from "../web/server.ts";
import { bindSockets } from "./bind-sockets.ts";
import {
  type CollectorProcess,
  createCollectorProcess,
  type PreparedCollector,
} from "./collector-process.ts";
import { type ControlServer, isRunning, serveControl } from "./control.ts";
import { createEngine, describeError } from "./engine.ts";
import { healthOf } from "./health.ts";
import { becomeUser, type Identity, identityOf, prepareFolders } from "./identity.ts";
import { addKeyMetrics } from "./key-metrics.ts";
import { createKeyRotation, type KeyRotation } from "./key-rotation.ts";
import { type ListJournal, openListJournal } from "./list-journal.ts";
import { openMethods, requireSigning } from "./methods.ts";
import { familiesOf, total } from "./metric-total.ts";
import { openRecords, type Records } from "./records.ts";
import { planReload, type ReloadPlan, workerCount } from "./reload-plan.ts";
import { askHere, createSharedHandlers } from "./shared-answers.ts";
import type { SharedSocket } from "./shared-socket.ts";
import {
  type ConfigStatus,
  dnsStatus,
  messageCounts,
  problemsOf,
  programVersion,
  type Status,
  socketIsThere,
} from "./status.ts";
import { createSupervisorMetrics } from "./supervisor-metrics.ts";
import type { SwitchableLog } from "./switchable-log.ts";
import { type DaemonText, daemonText } from "./text.ts";
import { forkWorker, localWorker } from "./worker-link.ts";
import { WorkerPool } from "./worker-pool.ts";

export type GoodConfig = Extract<LoadedConfig, { ok: true }>;

export interface DaemonOptions {
  readonly loaded: GoodConfig;
  /** Reads the configuration again, from the same place. */
  read(): Promise<LoadedConfig>;
  readonly log: SwitchableLog;
  /** Of what the operator is told. */
  readonly lang: Lang;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

export interface Daemon {
  /** Where the milter listens. */
  readonly milter: readonly string[];
  /** Where the web port listens; undefined when it is off. */
  readonly web: string | undefined;
  /** Reads the configuration again and takes it into use when it is good. @returns Whether it was; false once it closes. */
  reload(): Promise<boolean>;
  status(): Promise<Status>;
  /**
   * Takes no more work, finishes what is in flight for at most `graceMs` (27 s when left out), writes every record, and
   * lets go of everything.
   */
  close(graceMs?: number): Promise<void>;
}

/** How long messages in flight may take to finish when the program is told to stop. */
const graceMs = 27_000;
/** For workers of a program that was killed to notice that it is gone. */
const bindPatienceMs = 15_000;

/**
 * Starts every part that the configuration switches on. As root it opens the sockets first and becomes `user` then.
 * @throws SekishoError when a part cannot start, anything when `signal` has been aborted; the others have been stopped again.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const supervisor = new Supervisor(options);
  try {
    await supervisor.start();
    return supervisor;
  } catch (error) {
    await supervisor.close(options.signal?.aborted === true ? graceMs : 0);
    throw error;
  }
}

class Supervisor implements Daemon {
  readonly #log: SwitchableLog;
  readonly #lang: Lang;
  readonly #text: DaemonText;
  readonly #read: DaemonOptions["read"];
  readonly #signal: AbortSignal | undefined;
  readonly #startedMs = Date.now();
  readonly #version = programVersion();
  readonly #metrics: Registry;
  readonly #keys: KeyRotation;
  readonly #collector: CollectorProcess;
  #config: Config;
  #reloads: ConfigStatus;
  #sockets: readonly SharedSocket[] = [];
  #records: Records | undefined;
  #pool: WorkerPool | undefined;
  #web: WebServer | undefined;
  #control: ControlServer | undefined;
  #lists: ListJournal | undefined;
  #storeStats: Status["store"] = noStore;
  /** Reloads come one after the other. */
  #reloading: Promise<boolean> = Promise.resolve(true);
  #reloadWaits = false;
  #keysWait = false;
  #rejections = 0;
  /** Records thrown away so far, and when there were more of them the last time. */
  #dropped = { records: 0, atMs: Number.NEGATIVE_INFINITY };
  #onRejection: ((error: unknown) => void) | undefined;
  /** Told to stop; what is in flight is finished, and the web port still answers. */
  #draining = false;

  constructor({ loaded, read, log, lang, signal }: DaemonOptions) {
    this.#config = loaded.config;
    this.#read = read;
    this.#signal = signal;
    this.#log = log;
    this.#lang = lang;
    this.#text = daemonText(lang);
    this.#reloads = {
      ...(loaded.file !== undefined && { file: loaded.file }),
      loadedAt: new Date().toISOString(),
      reloads: 0,
      failedReloads: 0,
    };
    this.#keys = createKeyRotation({ log, lang, onChange: () => this.#takeKeys() });
    this.#collector = createCollectorProcess({ log, text: this.#text });
    this.#metrics = createSupervisorMetrics({
      workers: () => this.#pool?.workers() ?? [],
      wantedWorkers: () => workerCount(this.#config),
      poolCounts: () => this.#pool?.counts() ?? { restarts: 0, uncaught: 0, signalled: 0, hung: 0 },
      config: () => this.#reloads,
      store: () => this.#storeStats,
      spool: () => this.#records?.queue() ?? { segments: 0, octets: 0, oldestSeconds: 0 },
      rejections: () => this.#rejections,
      version: this.#version,
      startedMs: this.#startedMs,
    });
    addKeyMetrics(this.#metrics, this.#keys);
  }

  get milter(): readonly string[] {
    return this.#sockets.map(({ address }) => formatListenAddress(address));
  }

  get web(): string | undefined {
    return this.#web?.address;
  }

  async start(): Promise<void> {
    const config = this.#config;
    const text = this.#text;
    if (await isRunning(config.dataDir))
      throw new SekishoError("STORE_UNAVAILABLE", text.alreadyRuns(config.dataDir));
    const uid = process.getuid?.() ?? -1;
    const identity = identityOf(config, { uid }, text);
    if (identity !== undefined) prepareFolders(config, identity, text);
    this.#sockets = await bindSockets(config.milter.sockets, text, identity, bindPatienceMs);
    const collector = await this.#collector.prepare(config, identity, bindPatienceMs);
    this.#web = await this.#openWeb(config);
    if (identity !== undefined) this.#become(identity);
    else if (uid === 0) this.#log.warn(text.runningAsRoot);
    this.#makeDataDir(config.dataDir);
    const withKeys = await this.#keys.withKeysInUse(config);
    await checkMethods(withKeys, this.#lang, this.#log);
    this.#signal?.throwIfAborted();
    this.#records = openRecords(config, this.#log);
    await this.#openControl(config.dataDir);
    await this.#startPool(withKeys);
    this.#keys.confirm(withKeys.sign.keys);
    this.#keys.use(config);
    // Mail does not wait for it.
    void collector.use();
  }

  reload(): Promise<boolean> {
    // What it would open nobody would close.
    if (this.#draining) return Promise.resolve(false);
    // What comes while one waits is served by that one.
    if (this.#reloadWaits) return this.#reloading;
    this.#reloadWaits = true;
    this.#reloading = this.#reloading.then(() => {
      this.#reloadWaits = false;
      return this.#reload().catch((error: unknown) => this.#refuse([describeError(error)]));
    });
    return this.#reloading;
  }

  async status(): Promise<Status> {
    await this.#refresh();
    const metrics = await familiesOf(await this.#total());
    const snapshots = this.#pool?.snapshots() ?? [];
    const collect = this.#collector.status();
    const spool = snapshots.map((one) => one.spool).find(({ lastError }) => lastError !== undefined);
    const status = {
      version: this.#version,
      node: process.version,
      pid: process.pid,
      startedAt: new Date(this.#startedMs).toISOString(),
      upSeconds: Math.round((Date.now() - this.#startedMs) / 1000),
      config: this.#reloads,
      workers: this.#pool?.workers() ?? [],
      sockets: this.#socketStatus(),
      messages: messageCounts(metrics),
      spool: {
        ...(this.#records?.queue() ?? { segments: 0, octets: 0, oldestSeconds: 0 }),
        dropped: total(metrics, "sekisho_spool_dropped_total"),
        ...(spool?.lastError !== undefined && { error: spool.lastError }),
        ...(spool?.trouble !== undefined && { trouble: spool.trouble }),
      },
      store: this.#storeStats,
      dns: dnsStatus(
        metrics,
        snapshots.flatMap(({ silence }) => silence ?? []),
      ),
      keysHeldUp: this.#keys.isHeldUp(),
      ...(collect !== undefined && { collect }),
      ...(this.#collector.isDown() && { collectorDown: true as const }),
      ...(this.#web !== undefined && { web: this.#web.address }),
    };
    const { version, node, pid, startedAt, upSeconds, ...rest } = status;
    const problems = problemsOf(status, this.#droppedLately(status.spool.dropped));
    return { version, node, pid, startedAt, upSeconds, problems, ...rest };
  }

  async close(grace: number = graceMs): Promise<void> {
    this.#draining = true;
    const keysClosed = this.#keys.close();
    await this.#reloading;
    // Nobody shall wait in a queue that is never served again.
    for (const socket of this.#sockets) socket.close();
    await Promise.all([this.#pool?.close(grace), this.#collector.close(grace)]);
    await keysClosed;
    await this.#control?.close();
    await this.#web?.close();
    await this.#records?.close();
    await this.#lists?.close();
    if (this.#onRejection !== undefined) process.off("unhandledRejection", this.#onRejection);
  }

  #droppedLately(records: number): boolean {
    const nowMs = performance.now();
    if (records > this.#dropped.records) this.#dropped = { records, atMs: nowMs };
    return nowMs - this.#dropped.atMs < 3_600_000;
  }

  #makeDataDir(folder: string): void {
    try {
      makeDataDir(folder);
      // Here and not in a worker, where nobody would be told what to do.
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new SekishoError("STORE_UNAVAILABLE", this.#text.noDataDir(folder, codeOf(cause)), { cause });
    }
  }

  #become(identity: Identity): void {
    becomeUser(identity);
    this.#log.info(this.#text.runningAs(identity.user));
    const { file } = this.#reloads;
    if (file !== undefined && !isReadable(file))
      this.#log.warn(this.#text.unreadableLater(file, identity.user));
  }

  async #openControl(dataDir: string): Promise<void> {
    try {
      this.#control = await serveControl(dataDir, () => this.status());
    } catch (error) {
      this.#log.warn(this.#text.noControl(error instanceof Error ? error.message : String(error)));
    }
  }

  async #startPool(config: Config): Promise<void> {
    const count = workerCount(config);
    const inProcess = count === 0;
    this.#lists = openListJournal(config.dataDir, systemClock, this.#log);
    const handlers = createSharedHandlers(systemClock, this.#lists);
    const engine = inProcess ? createEngine(this.#log, askHere(handlers)) : undefined;
    this.#onRejection = (error) => {
      if (engine !== undefined) engine.noteRejection(error);
      else {
        this.#rejections += 1;
        this.#log.error("a promise was rejected and nobody looked", { error: describeError(error) });
      }
    };
    process.on("unhandledRejection", this.#onRejection);
    this.#pool = new WorkerPool(config, this.#sockets, {
      spawn: (id) => (engine === undefined ? forkWorker(id, handlers) : localWorker(engine)),
      log: this.#log,
      text: this.#text,
    });
    if (inProcess) await this.#pool.start(1);
    else await this.#startWorkers(this.#pool, count);
    this.#log.info(inProcess ? this.#text.inProcess : this.#text.workers(count));
  }

  /** Those that are still being loaded shall not hold up the end. */
  async #startWorkers(pool: WorkerPool, count: number): Promise<void> {
    const giveUp = (): void => void pool.close(graceMs);
    this.#signal?.throwIfAborted();
    this.#signal?.addEventListener("abort", giveUp);
    await pool.start(count);
    this.#signal?.removeEventListener("abort", giveUp);
  }

  async #openWeb({ web: { listen } }: Config): Promise<WebServer | undefined> {
    if (listen === undefined) return undefined;
    try {
      return await startWeb({
        ...listen,
        metrics: () => this.#metricsText(),
        health: () => this.#health(),
        status: () => this.status(),
      });
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      const address = formatHostPort(listen);
      throw new SekishoError("LISTEN_FAILED", this.#text.cannotListenWeb(address, code), { cause: error });
    }
  }

  async #metricsText(): Promise<string> {
    await this.#refresh();
    return (await this.#total()).metrics();
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.#pool?.refresh(), this.#collector.refresh(), this.#readStore()]);
  }

  async #total(): Promise<Registry> {
    const own = await familiesOf(this.#metrics);
    const collected = this.#collector.addMetrics(own);
    return this.#pool?.metrics(collected === undefined ? own : await familiesOf(collected)) ?? this.#metrics;
  }

  #health(): Health {
    return healthOf({
      workers: this.#pool?.workers() ?? [],
      sockets: this.#socketStatus(),
      recordsError:
        this.#records?.trouble()?.message ??
        this.#pool?.snapshots().find(({ spool }) => spool.lastError !== undefined)?.spool.lastError,
      isDraining: this.#draining,
    });
  }

  #socketStatus(): Status["sockets"] {
    return this.#sockets.map(({ listen, address }) => ({
      listen: formatListenAddress(address),
      role: this.#config.milter.sockets.find((socket) => socket.listen === listen)?.role ?? "both",
      ok: socketIsThere(address),
    }));
  }

  async #readStore(): Promise<void> {
    const stats = await this.#records?.stats();
    const error = this.#records?.trouble();
    this.#storeStats = {
      ...(stats ?? noStore),
      ...(error !== undefined && { error: error.message, trouble: troubleOf(error) }),
    };
  }

  async #reload(): Promise<boolean> {
    this.#log.info(this.#text.reloading(this.#reloads.file));
    const loaded = await this.#read();
    if (!loaded.ok) {
      const errors = loaded.errors.map((error) => formatProblem(error, this.#lang, loaded.file));
      return this.#refuse(errors, loaded.errors);
    }
    for (const warning of loaded.warnings) this.#log.warn(formatProblem(warning, this.#lang, loaded.file));
    const plan = planReload(this.#config, loaded.config);
    try {
      await this.#apply(plan);
    } catch (error) {
      if (!(error instanceof SekishoError)) throw error;
      return this.#refuse(error.message.split("\n"));
    }
    this.#noteReload({ ok: true, errors: [], needsRestart: plan.needsRestart });
    if (plan.needsRestart.length > 0) this.#log.warn(this.#text.needsRestart(plan.needsRestart));
    this.#log.info(this.#text.reloaded);
    return true;
  }

  /** Everything that can fail comes first, so that the old configuration is whole when it does. */
  async #apply(plan: ReloadPlan): Promise<void> {
    const { config } = plan;
    const withKeys = await this.#keys.withKeysInUse(config);
    await checkMethods(withKeys, this.#lang, this.#log);
    const opened = await bindSockets(plan.openSockets, this.#text, undefined, 0);
    const webBefore = this.#web;
    let collector: PreparedCollector | undefined;
    try {
      collector = await this.#collector.prepare(config);
      if (plan.webChanged) this.#web = await this.#openWeb(config);
      for (const socket of plan.permitSockets) this.#permit(socket);
      collector.permit();
    } catch (error) {
      this.#permitAsBefore(plan);
      for (const socket of opened) socket.close();
      collector?.undo();
      if (this.#web !== webBefore) await this.#web?.close();
      this.#web = webBefore;
      throw error;
    }
    const closed = this.#sockets.filter(({ listen }) => plan.closeSockets.includes(listen));
    this.#sockets = [...this.#sockets.filter((socket) => !closed.includes(socket)), ...opened];
    this.#config = config;
    this.#log.use(config.log);
    await this.#applyToPool(withKeys);
    this.#keys.use(config);
    for (const socket of closed) socket.close();
    if (plan.webChanged) await webBefore?.close();
    await collector.use();
    await this.#records?.configure(config);
  }

  #permit(socket: MilterSocketConfig): void {
    this.#sockets.find(({ listen }) => listen === socket.listen)?.permit(socket);
  }

  #permitAsBefore({ permitSockets }: ReloadPlan): void {
    const changed = new Set(permitSockets.map(({ listen }) => listen));
    for (const socket of this.#config.milter.sockets.filter(({ listen }) => changed.has(listen)))
      try {
        this.#permit(socket);
      } catch {
        // As with the new ones, where it is gone: why is told of those.
      }
  }

  async #applyToPool(withKeys: Config): Promise<void> {
    await this.#pool?.apply(withKeys, this.#sockets, Math.max(1, workerCount(withKeys)));
    this.#keys.confirm(withKeys.sign.keys);
  }

  /** Other keys are in use now. Between two reloads, never within one. */
  #takeKeys(): void {
    if (this.#keysWait || this.#draining) return;
    this.#keysWait = true;
    this.#reloading = this.#reloading.then(async (outcome) => {
      this.#keysWait = false;
      try {
        const withKeys = await this.#keys.withKeysInUse(this.#config);
        await this.#applyToPool(withKeys);
        const names = withKeys.sign.keys.map(({ domain, selector }) => `${domain}/${selector}`);
        this.#log.info("key: all workers know the keys in use", { keys: [...new Set(names)].join(",") });
      } catch (error) {
        this.#log.error("the workers could not be told of the keys in use", { error: describeError(error) });
      }
      return outcome;
    });
  }

  #refuse(errors: readonly string[], problems?: readonly ConfigProblem[]): false {
    for (const error of errors) this.#log.error(error);
    this.#log.error(this.#text.notReloaded);
    this.#noteReload({ ok: false, errors, ...(problems !== undefined && { problems }), needsRestart: [] });
    return false;
  }

  #noteReload(outcome: Omit<NonNullable<ConfigStatus["last"]>, "at">): void {
    const { ok } = outcome;
    const at = new Date().toISOString();
    const { reloads, failedReloads } = this.#reloads;
    this.#reloads = {
      ...this.#reloads,
      ...(ok && { loadedAt: at }),
      reloads: reloads + 1,
      failedReloads: failedReloads + (ok ? 0 : 1),
      last: { at, ...outcome },
    };
  }
}

const noStore: Status["store"] = {
  records: 0,
  octets: 0,
  ingested: 0,
  repeated: 0,
  damagedLines: 0,
  expired: 0,
};

/**
 * Whether the files that the methods need can be read, and every key can be used, before any worker is told. What is
 * only worth a word is logged.
 */
async function checkMethods(config: Config, lang: Lang, log: Log): Promise<void> {
  const dns = { query: () => Promise.resolve({ kind: "failure", reason: "offline" } as const) };
  const methods = await openMethods(config, { dns, clock: systemClock }, lang);
  methods.close();
  requireSigning(methods.signingProblems);
  for (const warning of methods.signingProblems.warnings) log.warn(warning);
}

function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
