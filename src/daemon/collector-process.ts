import { existsSync } from "node:fs";
import type { CollectStatus } from "../collect/collector.ts";
import type { LmtpConfig } from "../config/collect-config.ts";
import type { Config, MilterSocketConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { reportsPath } from "../store/reports/open.ts";
import type { Identity } from "./identity.ts";
import type { MetricFamily } from "./metric-total.ts";
import { orphansAreLeft } from "./orphans.ts";
import { bindSocket, type SharedSocket } from "./shared-socket.ts";
import type { DaemonText } from "./text.ts";
import { forkWorker } from "./worker-link.ts";
import { WorkerPool } from "./worker-pool.ts";

/**
 * The supervisor's side of the process that collects reports: one of its own, so that the reading of reports never holds up mail
 * or pages. The supervisor binds the socket of the receiver, as it may still be root then, and keeps it when the process dies.
 */
export interface CollectorProcess {
  /**
   * Binds the socket of a configuration, where it has another one than before.
   * @returns What takes the configuration into use; before that nothing has changed. `undo` lets go of the socket again.
   * @throws SekishoError LISTEN_FAILED.
   */
  prepare(config: Config, identity?: Identity, patienceMs?: number): Promise<PreparedCollector>;
  /** As of the last look; undefined when nothing is collected. */
  status(): CollectStatus | undefined;
  /** Whether it has ended and has not come up again. */
  isDown(): boolean;
  refresh(): Promise<void>;
  /** The figures with those of the process, also when it has died meanwhile. */
  addMetrics(own: readonly MetricFamily[]): ReturnType<WorkerPool["metrics"]> | undefined;
  close(graceMs: number): Promise<void>;
}

export interface PreparedCollector {
  /**
   * Gives a socket that stays its new mode and group. The last of what can fail.
   * @throws SekishoError LISTEN_FAILED.
   */
  permit(): void;
  use(): Promise<void>;
  undo(): void;
}

export interface CollectorProcessOptions {
  readonly log: Log;
  readonly text: DaemonText;
}

/** Ten minutes: a transaction with very large reports takes its time. */
const maxSilentLooks = 120;

export function createCollectorProcess(options: CollectorProcessOptions): CollectorProcess {
  return new Keeper(options);
}

class Keeper implements CollectorProcess {
  readonly #options: CollectorProcessOptions;
  #pool: WorkerPool | undefined;
  #socket: SharedSocket | undefined;
  /** Bound for a configuration that is not in use yet. */
  #prepared: SharedSocket | undefined;
  #isWanted = false;

  constructor(options: CollectorProcessOptions) {
    this.#options = options;
  }

  async prepare(config: Config, identity?: Identity, patienceMs = 0): Promise<PreparedCollector> {
    const { lmtp } = config.collect;
    const before = this.#socket;
    if (lmtp !== undefined && before?.listen === lmtp.listen)
      return {
        permit: () => before.permit(socketOf(lmtp)),
        use: () => this.#use(config, before),
        undo: () => {},
      };
    const opened = lmtp && (await this.#bind(lmtp, identity, patienceMs));
    this.#prepared = opened;
    return { permit: () => {}, use: () => this.#use(config, opened), undo: () => this.#undo() };
  }

  #bind(lmtp: LmtpConfig, owner: Identity | undefined, patienceMs: number): Promise<SharedSocket> {
    const { text } = this.#options;
    return bindSocket(socketOf(lmtp), {
      text: { ...text, cannotListen: text.cannotListenLmtp },
      patienceMs,
      isWorthWaiting: orphansAreLeft,
      ...(owner !== undefined && { owner }),
    });
  }

  #undo(): void {
    this.#prepared?.close();
    this.#prepared = undefined;
  }

  async #use(config: Config, socket: SharedSocket | undefined): Promise<void> {
    const before = this.#socket;
    this.#socket = socket;
    this.#prepared = undefined;
    this.#isWanted = wantsCollector(config);
    const sockets = socket === undefined ? [] : [socket];
    if (this.#isWanted) this.#pool ??= this.#createPool(config, sockets);
    await this.#pool?.apply(config, sockets, this.#isWanted ? 1 : 0);
    if (before !== socket) before?.close();
  }

  #createPool(config: Config, sockets: readonly SharedSocket[]): WorkerPool {
    const { log, text } = this.#options;
    return new WorkerPool(config, sockets, {
      spawn: (id) => forkWorker(id, undefined, "collector"),
      log,
      text: {
        ...text,
        workerGone: (_, how, delayMs) => text.collectorGone(how, delayMs),
        workerBack: () => text.collectorBack,
        workerHung: () => text.collectorHung,
      },
      maxSilentLooks,
    });
  }

  status(): CollectStatus | undefined {
    if (!this.#isWanted) return undefined;
    return this.#pool?.snapshots()[0]?.collect;
  }

  isDown(): boolean {
    const processes = this.#isWanted ? (this.#pool?.workers() ?? []) : [];
    return processes.some(
      ({ state, restarts }) => state === "waiting" || (state === "starting" && restarts > 0),
    );
  }

  async refresh(): Promise<void> {
    await this.#pool?.refresh();
  }

  addMetrics(own: readonly MetricFamily[]): ReturnType<WorkerPool["metrics"]> | undefined {
    return this.#pool?.metrics(own);
  }

  async close(graceMs: number): Promise<void> {
    this.#undo();
    this.#socket?.close();
    await this.#pool?.close(graceMs);
  }
}

/** Also where nothing comes in by itself: what was imported becomes too old, too. */
function wantsCollector({ collect, store, dataDir }: Config): boolean {
  const { mailboxes, folders, lmtp } = collect;
  const comesIn = mailboxes.length > 0 || folders.length > 0 || lmtp !== undefined;
  return comesIn || store !== undefined || existsSync(reportsPath(dataDir));
}

/** The receiver's socket as those of the milter are bound. */
function socketOf({ listen, mode, group }: LmtpConfig): MilterSocketConfig {
  return {
    listen,
    mode,
    ...(group !== undefined && { group }),
    role: "both",
    onFailure: "accept",
  };
}
