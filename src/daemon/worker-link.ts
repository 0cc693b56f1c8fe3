import { type ChildProcess, fork, type SendHandle } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Config } from "../config/config.ts";
import { SekishoError } from "../errors.ts";
import type { SharedHandlers } from "../filter/shared-state.ts";
import type { Engine, EngineSnapshot } from "./engine.ts";
import { answerAll } from "./shared-answers.ts";
import type { SharedSocket } from "./shared-socket.ts";
import { exitUncaught, type FromWorker, type ToWorker, type WorkerWork } from "./worker-protocol.ts";

/** How a worker came to its end. */
export type WorkerExit =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "uncaught" };

/** A worker lives and cannot work with what it was given. */
export class WorkerRefusal extends SekishoError {}

/** It is gone; why is told by `gone`. */
export class WorkerEnded extends Error {}

/** A worker as the supervisor sees it. */
export interface WorkerLink {
  readonly pid: number;
  /** What it said last of itself. */
  readonly last: EngineSnapshot | undefined;
  /** Signs of life so far. */
  readonly signs: number;
  /** Settles when it is gone. */
  readonly gone: Promise<WorkerExit>;
  /** @throws WorkerRefusal when it cannot; WorkerEnded; another error when it does not answer in time. */
  configure(config: Config, sockets: readonly SharedSocket[]): Promise<void>;
  /** Asks for a new snapshot; the old one stays where none comes in time. */
  refresh(): Promise<void>;
  retire(): void;
  stop(graceMs: number): void;
  /** At once. */
  kill(): void;
}

/**
 * In megabytes. The young part of the heap has its full size from the start: V8 would double it in a bad minute of DNS
 * and keep it. Little survives in it, so that helpers cost more than they take over. The old part is not collected
 * before it has this size: what is read from sockets counts as memory to V8, which else collected the whole heap ten
 * times a second under load, a sixth of all CPU. What lives is about 15.
 */
const heapFlags = [
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
  "--no-parallel-scavenge",
  "--initial-old-space-size=64",
];
/**
 * Mail runs the same few thousand functions for weeks, and none of them is hot: by V8's defaults most stay in the code of the
 * lower tiers for long or for good. So all start with baseline code, and the optimizing compiler takes them after a tenth of
 * the usual calls, without the tier between. A fifth of all CPU; a new worker pays with 0.3 ms more for each of its first
 * few thousand messages.
 */
const compilerFlags = ["--always-sparkplug", "--no-maglev", "--invocation-count-for-turbofan=300"];
/** Reports come in bursts, and a giant one fills whatever the young part of the heap may grow to. */
const flagsOf: Readonly<Record<WorkerWork, readonly string[]>> = {
  mail: [...heapFlags, ...compilerFlags],
  collector: ["--max-semi-space-size=4"],
};
const configureWithinMs = 20_000;
const refreshWithinMs = 1_000;

/**
 * Starts a worker process.
 * @param handlers What answers its questions about state that is one for all workers; undefined when it has none.
 * @param work What it does.
 */
export function forkWorker(
  id: number,
  handlers: SharedHandlers | undefined,
  work: WorkerWork = "mail",
): WorkerLink {
  return new ForkedWorker(id, handlers, work);
}

interface Waiting {
  resolve(message: FromWorker): void;
  reject(error: Error): void;
}

class ForkedWorker implements WorkerLink {
  readonly #child: ChildProcess;
  readonly #handlers: SharedHandlers | undefined;
  readonly #waiting = new Map<number, Waiting>();
  /** By `listen`. */
  readonly #given = new Map<string, SharedSocket>();
  #number = 0;
  last: EngineSnapshot | undefined;
  signs = 0;
  readonly gone: Promise<WorkerExit>;

  constructor(id: number, handlers: SharedHandlers | undefined, work: WorkerWork) {
    this.#handlers = handlers;
    // tsc rewrites imports and not URLs: the worker's file has the ending that this one has.
    const file = import.meta.url.endsWith(".ts") ? "./worker-main.ts" : "./worker-main.js";
    this.#child = fork(
      fileURLToPath(new URL(file, import.meta.url)),
      [String(id), work, String(process.pid)],
      {
        serialization: "advanced",
        execArgv: [...flagsOf[work]],
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    this.#child.on("message", (message) => this.#received(message as FromWorker));
    this.gone = new Promise((resolve) => {
      this.#child.on("error", () => resolve({ kind: "exit", code: -1 }));
      this.#child.once("exit", (code, signal) => resolve(exitOf(code, signal)));
    });
    void this.gone.then(() => this.#failAll());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async configure(config: Config, sockets: readonly SharedSocket[]): Promise<void> {
    for (const socket of sockets) this.#give(socket);
    for (const listen of this.#given.keys())
      if (!sockets.some((socket) => socket.listen === listen)) this.#given.delete(listen);
    const answer = await this.#ask({ kind: "configure", config }, configureWithinMs);
    if (answer.kind === "failed") throw new WorkerRefusal("LISTEN_FAILED", answer.message);
  }

  async refresh(): Promise<void> {
    await this.#ask({ kind: "snapshot" }, refreshWithinMs).catch(() => {});
  }

  retire(): void {
    this.#send({ kind: "retire" });
  }

  stop(graceMs: number): void {
    this.#send({ kind: "stop", graceMs });
    // While it is still being loaded this ends it at once; later it retires by it, until it reads the message.
    if (this.signs === 0) this.#child.kill("SIGTERM");
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #give(socket: SharedSocket): void {
    if (this.#given.get(socket.listen) === socket) return;
    this.#given.set(socket.listen, socket);
    // Node's types do not know that what is inside a server can be sent alone.
    this.#send({ kind: "socket", listen: socket.listen }, socket.handle as unknown as SendHandle);
  }

  #ask(
    question: { readonly kind: "configure"; readonly config: Config } | { readonly kind: "snapshot" },
    withinMs: number,
  ): Promise<FromWorker> {
    const number = ++this.#number;
    const { promise, resolve, reject } = Promise.withResolvers<FromWorker>();
    const timer = setTimeout(() => reject(new Error(`no answer in ${withinMs} ms`)), withinMs);
    this.#waiting.set(number, { resolve, reject });
    if (!this.#child.connected) reject(new WorkerEnded());
    this.#send({ ...question, number });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(number);
    });
  }

  #send(message: ToWorker, handle?: SendHandle): void {
    if (!this.#child.connected) return;
    // What cannot be sent to a worker that is just dying is told by its exit.
    this.#child.send(message, handle, {}, () => {});
  }

  #received(message: FromWorker): void {
    this.signs += 1;
    if (message.kind === "ask") {
      if (this.#handlers === undefined) return;
      void answerAll(this.#handlers, message.questions).then((answers) =>
        this.#send({ kind: "answers", answers }),
      );
      return;
    }
    if (message.kind === "snapshot") this.last = message.snapshot;
    if (message.number !== undefined) this.#waiting.get(message.number)?.resolve(message);
  }

  #failAll(): void {
    for (const { reject } of this.#waiting.values()) reject(new WorkerEnded());
  }
}

function exitOf(code: number | null, signal: string | null): WorkerExit {
  if (signal !== null) return { kind: "signal", signal };
  if (code === exitUncaught) return { kind: "uncaught" };
  return { kind: "exit", code: code ?? -1 };
}

/** The same for an engine in this process (`milter.workers: 0`). It ends only when it is told to. */
export function localWorker(engine: Engine): WorkerLink {
  return new LocalWorker(engine);
}

class LocalWorker implements WorkerLink {
  readonly #engine: Engine;
  readonly #gone = Promise.withResolvers<WorkerExit>();
  readonly pid: number = process.pid;
  readonly gone: Promise<WorkerExit> = this.#gone.promise;
  last: EngineSnapshot | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** It lives as long as whoever asks. */
  get signs(): number {
    return performance.now();
  }

  configure(config: Config, sockets: readonly SharedSocket[]): Promise<void> {
    return this.#engine.configure(
      config,
      new Map(sockets.map((socket) => [socket.listen, socket.handOver()])),
    );
  }

  async refresh(): Promise<void> {
    this.last = await this.#engine.snapshot();
  }

  retire(): void {
    this.#endWith(this.#engine.retire());
  }

  stop(graceMs: number): void {
    this.#endWith(this.#engine.close(graceMs));
  }

  kill(): void {
    this.stop(0);
  }

  #endWith(finished: Promise<void>): void {
    void finished.catch(() => {}).then(() => this.#gone.resolve({ kind: "exit", code: 0 }));
  }
}
