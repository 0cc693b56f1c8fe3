import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import { type BackOff, createBackOff } from "./back-off.ts";
import type { EngineSnapshot } from "./engine.ts";
import { type MetricFamily, MetricTotal } from "./metric-total.ts";
import type { SharedSocket } from "./shared-socket.ts";
import type { DaemonText } from "./text.ts";
import { WorkerEnded, type WorkerExit, type WorkerLink, WorkerRefusal } from "./worker-link.ts";

export type WorkerState =
  | "starting"
  | "up"
  /** Dead, and coming back after a while. */
  | "waiting"
  /** Accepts nothing more, and ends when its last connection is over. */
  | "retiring";

/** One worker as `sekisho status` shows it. */
export interface WorkerStatus {
  readonly id: number;
  readonly state: WorkerState;
  readonly pid?: number;
  readonly upSeconds?: number;
  readonly restarts: number;
  readonly connections: number;
  /** Since this process started. */
  readonly messages: number;
  readonly rssOctets?: number;
  readonly cpuSeconds?: number;
}

export interface PoolOptions {
  spawn(id: number): WorkerLink;
  readonly log: Log;
  readonly text: DaemonText;
  /** After how many looks without a sign of life, five seconds apart, a worker is ended; 6 when left out. */
  readonly maxSilentLooks?: number;
}

/** How workers have ended without being told to. */
export interface PoolCounts {
  readonly restarts: number;
  readonly uncaught: number;
  readonly signalled: number;
  readonly hung: number;
}

interface Slot {
  readonly id: number;
  readonly backOff: BackOff;
  state: WorkerState;
  link: WorkerLink | undefined;
  /** Settles when it is up, or could not start. */
  launched: Promise<void>;
  startedMs: number;
  restarts: number;
  timer: NodeJS.Timeout | undefined;
  /** Signs of life at the last look, and looks without a new one. */
  signs: number;
  silentLooks: number;
}

const startWithinMs = 30_000;
const pollMs = 20;
const lookEveryMs = 5_000;
/** Counted in looks and not by the clock, which jumps when a machine has slept. */
const defaultSilentLooks = 6;
/** Beyond the grace that they were given. */
const killAfterMs = 3_000;

/** The workers: as many as wanted, all with the same configuration; one that dies comes back after a while. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #slots = new Map<number, Slot>();
  readonly #total = new MetricTotal();
  readonly #counts = { restarts: 0, uncaught: 0, signalled: 0, hung: 0 };
  readonly #look: NodeJS.Timeout;
  #config: Config;
  #sockets: readonly SharedSocket[];
  #closing = false;

  constructor(config: Config, sockets: readonly SharedSocket[], options: PoolOptions) {
    this.#options = options;
    this.#config = config;
    this.#sockets = sockets;
    this.#look = setInterval(() => this.#lookAfter(), lookEveryMs).unref();
  }

  /**
   * Starts the first workers; one that is killed meanwhile comes back as later on.
   * @throws What one said that cannot work with this configuration, or that none came up; all have been ended. Also when it
   * is closed meanwhile.
   */
  async start(count: number): Promise<void> {
    const slots = Array.from({ length: count }, () => this.#addSlot());
    const started = await Promise.allSettled(slots.map((slot) => this.#launch(slot)));
    const failed = started.find((one) => one.status === "rejected" && one.reason instanceof WorkerRefusal);
    if (failed === undefined && (await this.#someIsUp())) return;
    // Whoever has closed it has said how long messages may take.
    if (!this.#closing) await this.close(0);
    throw failed?.status === "rejected" ? failed.reason : new Error("no worker came up");
  }

  async #someIsUp(): Promise<boolean> {
    const end = performance.now() + startWithinMs;
    while (!this.workers().some(({ state }) => state === "up")) {
      if (this.#closing || performance.now() > end) return false;
      await sleep(pollMs);
    }
    return true;
  }

  /** Gives every worker the configuration; one that cannot take it is replaced. Adds workers or retires some. */
  async apply(config: Config, sockets: readonly SharedSocket[], count: number): Promise<void> {
    // Who was started now would be told by nobody to end.
    if (this.#closing) return;
    this.#config = config;
    this.#sockets = sockets;
    const active = [...this.#slots.values()].filter(({ state }) => state !== "retiring");
    for (const slot of active.slice(count)) this.#retire(slot);
    const kept = active.slice(0, count);
    const added = Array.from({ length: Math.max(0, count - active.length) }, () => this.#addSlot());
    await Promise.all([
      ...kept.filter(({ state }) => state === "up").map((slot) => this.#reconfigure(slot)),
      // It sees for itself that there is another one.
      ...kept.filter(({ state }) => state === "starting").map(({ launched }) => launched.catch(() => {})),
      ...added.map((slot) => this.#launch(slot).catch(() => {})),
    ]);
  }

  /** Asks every worker how it stands. */
  async refresh(): Promise<void> {
    await Promise.all(Array.from(this.#slots.values(), ({ link }) => link?.refresh()));
  }

  /** As of the last answers: the sum over all workers, also those that are gone. */
  metrics(supervisor: readonly MetricFamily[]): ReturnType<MetricTotal["sum"]> {
    return this.#total.sum([supervisor, ...this.snapshots().map(({ metrics }) => metrics)]);
  }

  snapshots(): readonly EngineSnapshot[] {
    return Array.from(this.#slots.values(), ({ link }) => link?.last).filter((last) => last !== undefined);
  }

  counts(): PoolCounts {
    return { ...this.#counts };
  }

  workers(): readonly WorkerStatus[] {
    return [...this.#slots.values()].toSorted((a, b) => a.id - b.id).map(statusOf);
  }

  /** Ends them all; those that are not done after `graceMs` are killed. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    clearInterval(this.#look);
    const links = [...this.#slots.values()].flatMap(({ link, timer }) => {
      clearTimeout(timer);
      return link ?? [];
    });
    for (const link of links) link.stop(graceMs);
    const kill = setTimeout(() => {
      for (const link of links) link.kill();
    }, graceMs + killAfterMs);
    await Promise.all(links.map(({ gone }) => gone));
    clearTimeout(kill);
  }

  #addSlot(): Slot {
    let id = 1;
    while (this.#slots.has(id)) id += 1;
    const slot: Slot = {
      id,
      backOff: createBackOff(),
      state: "starting",
      link: undefined,
      launched: Promise.resolve(),
      startedMs: 0,
      restarts: 0,
      timer: undefined,
      signs: 0,
      silentLooks: 0,
    };
    this.#slots.set(id, slot);
    return slot;
  }

  #launch(slot: Slot): Promise<void> {
    slot.launched = this.#bringUp(slot);
    return slot.launched;
  }

  async #bringUp(slot: Slot): Promise<void> {
    const link = this.#spawn(slot);
    Object.assign(slot, {
      link,
      state: "starting",
      startedMs: performance.now(),
      signs: 0,
      silentLooks: 0,
    } satisfies Partial<Slot>);
    void link.gone.then((exit) => this.#gone(slot, link, exit));
    try {
      // Another reload may come while one is being taken in.
      for (let taken: Config | undefined; taken !== this.#config; ) {
        taken = this.#config;
        await link.configure(taken, this.#sockets);
        await link.refresh();
      }
      if (slot.link === link && slot.state === "starting") slot.state = "up";
    } catch (error) {
      this.#noteRefusal("a worker could not start", slot.id, error);
      link.kill();
      throw error;
    }
  }

  /** @throws Where the system has no room for one more process; it is tried again. */
  #spawn(slot: Slot): WorkerLink {
    try {
      return this.#options.spawn(slot.id);
    } catch (error) {
      slot.startedMs = performance.now();
      this.#waitForNext(slot, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async #reconfigure({ id, link }: Slot): Promise<void> {
    try {
      await link?.configure(this.#config, this.#sockets);
    } catch (error) {
      this.#noteRefusal("a worker could not take the configuration", id, error);
      link?.kill();
    }
  }

  #noteRefusal(what: string, worker: number, error: unknown): void {
    if (error instanceof WorkerEnded || this.#closing) return;
    this.#options.log.error(what, { worker, error: error instanceof Error ? error.message : String(error) });
  }

  #retire(slot: Slot): void {
    clearTimeout(slot.timer);
    if (slot.link === undefined) this.#slots.delete(slot.id);
    slot.state = "retiring";
    slot.link?.retire();
  }

  #gone(slot: Slot, link: WorkerLink, exit: WorkerExit): void {
    if (link.last !== undefined) void this.#total.processGone(link.last.metrics);
    slot.link = undefined;
    if (this.#closing) return;
    if (slot.state === "retiring") {
      this.#slots.delete(slot.id);
      return;
    }
    if (exit.kind === "uncaught") this.#counts.uncaught += 1;
    if (exit.kind === "signal") this.#counts.signalled += 1;
    this.#waitForNext(slot, describeExit(exit));
  }

  #waitForNext(slot: Slot, how: string): void {
    const delayMs = slot.backOff.next(performance.now() - slot.startedMs);
    slot.state = "waiting";
    slot.restarts += 1;
    this.#counts.restarts += 1;
    this.#options.log.error(this.#options.text.workerGone(slot.id, how, delayMs));
    slot.timer = setTimeout(() => void this.#comeBack(slot), delayMs);
  }

  async #comeBack(slot: Slot): Promise<void> {
    const { log, text } = this.#options;
    await this.#launch(slot).then(
      () => log.info(text.workerBack(slot.id), { pid: slot.link?.pid }),
      () => {},
    );
  }

  /** A worker that hangs in a loop gives no sign of life: it would hold its connections for ever. */
  #lookAfter(): void {
    for (const slot of this.#slots.values()) {
      if (slot.link === undefined) continue;
      slot.silentLooks = slot.link.signs === slot.signs ? slot.silentLooks + 1 : 0;
      slot.signs = slot.link.signs;
      if (slot.silentLooks < (this.#options.maxSilentLooks ?? defaultSilentLooks)) continue;
      this.#counts.hung += 1;
      this.#options.log.error(this.#options.text.workerHung(slot.id));
      slot.link.kill();
    }
  }
}

function describeExit(exit: WorkerExit): string {
  switch (exit.kind) {
    case "signal":
      return exit.signal;
    case "uncaught":
      return "uncaught fault";
    case "exit":
      return `exit code ${exit.code}`;
  }
}

function statusOf({ id, state, link, restarts, startedMs }: Slot): WorkerStatus {
  const last = link?.last;
  return {
    id,
    state,
    ...(link !== undefined && {
      pid: link.pid,
      upSeconds: Math.round((performance.now() - startedMs) / 1000),
    }),
    restarts,
    connections: last?.connections ?? 0,
    messages: last?.messages ?? 0,
    ...(last !== undefined && { rssOctets: last.rssOctets, cpuSeconds: last.cpuSeconds }),
  };
}
