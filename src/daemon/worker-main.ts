import { createAsker } from "./ask-supervisor.ts";
import { createEngine, describeError, type Engine } from "./engine.ts";
import { workerTitle } from "./orphans.ts";
import type { SocketHandle } from "./shared-socket.ts";
import { createSwitchableLog, type SwitchableLog } from "./switchable-log.ts";
import {
  exitOrphaned,
  exitUncaught,
  type FromWorker,
  signEveryMs,
  type ToWorker,
  type WorkerWork,
} from "./worker-protocol.ts";

/** For messages in flight when the supervisor is gone. */
const orphanGraceMs = 30_000;
/** For writing records after a fault that nothing has caught. */
const lastWordsMs = 500;

type CreateWork = (log: SwitchableLog, ask: Parameters<typeof createEngine>[1]) => Engine;

/** A process that handles mail or collects reports: it does what the supervisor says, and ends when that is gone. */
class WorkerProcess {
  readonly #id: string;
  readonly #supervisor: string;
  readonly #log = createSwitchableLog({ level: "info", format: "text" });
  readonly #asker = createAsker((questions) => void this.#send({ kind: "ask", questions }));
  readonly #engine: Engine;
  readonly #handles = new Map<string, object>();
  #ending = false;

  constructor(id: string, supervisor: string, createWork: CreateWork) {
    this.#id = id;
    this.#supervisor = supervisor;
    this.#engine = createWork(this.#log, this.#asker.ask);
  }

  run(): void {
    process.title = workerTitle(this.#id, this.#supervisor);
    process.on("message", (message: ToWorker, handle: unknown) => {
      this.#obey(message, handle as SocketHandle | undefined).catch((error: unknown) =>
        this.#failed(message, error),
      );
    });
    const signs = setInterval(() => void this.#tell(), signEveryMs);
    process.on("disconnect", () => {
      clearInterval(signs);
      this.#ending = false;
      this.#end(this.#engine.close(orphanGraceMs), exitOrphaned);
    });
    this.#listenToSystem();
    // Gone while this one was being loaded, when nobody heard of it.
    if (!process.connected) process.exit(exitOrphaned);
  }

  #listenToSystem(): void {
    // Whoever read the log may be gone: that must not stop the mail.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
    // The terminal and `pkill` tell every process; what to do is the supervisor's to say.
    process.on("SIGINT", () => {});
    process.on("SIGHUP", () => {});
    process.on("SIGTERM", () => this.#end(this.#engine.retire(), 0));
    process.on("unhandledRejection", (error) => this.#engine.noteRejection(error));
    process.on("uncaughtException", (error) => this.#die(error));
  }

  async #obey(message: ToWorker, handle: object | undefined): Promise<void> {
    switch (message.kind) {
      case "socket":
        if (handle !== undefined) this.#handles.set(message.listen, handle);
        return;
      case "configure":
        await this.#engine.configure(message.config, this.#handles);
        return this.#send({ kind: "configured", number: message.number });
      case "snapshot":
        return this.#tell(message.number);
      case "answers":
        return this.#asker.take(message.answers);
      case "retire":
        return this.#end(this.#engine.retire(), 0);
      case "stop":
        this.#ending = false;
        return this.#end(this.#engine.close(message.graceMs), 0);
    }
  }

  #failed(message: ToWorker, error: unknown): void {
    if (message.kind !== "configure") this.#engine.noteRejection(error);
    else
      void this.#send({
        kind: "failed",
        number: message.number,
        message: error instanceof Error ? error.message : String(error),
      });
  }

  /** Settles when it has been sent, or cannot be. */
  #send(message: FromWorker): Promise<void> {
    return new Promise((resolve) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
      else resolve();
    });
  }

  /** How it stands, as an answer or as a sign of life. */
  async #tell(number?: number): Promise<void> {
    const snapshot = await this.#engine.snapshot();
    return this.#send({ kind: "snapshot", ...(number !== undefined && { number }), snapshot });
  }

  #end(finished: Promise<void>, code: number): void {
    if (this.#ending && code === 0) return;
    this.#ending = true;
    void finished
      .then(() => this.#tell())
      .catch((error: unknown) => this.#log.error("fault at the end", { error: describeError(error) }))
      .then(() => process.exit(code));
  }

  /** After a fault that nothing has caught: the records that wait are written first, if that can still be. */
  #die(error: Error): void {
    this.#log.error("uncaught fault; the worker ends", { worker: this.#id, error: describeError(error) });
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, lastWordsMs));
    const written = this.#engine.flush().then(() => this.#tell());
    void Promise.race([written, timeout])
      .catch(() => {})
      .then(() => process.exit(exitUncaught));
  }
}

const [, , id = "0", work, supervisor = ""] = process.argv as readonly (string | undefined)[];
if (work === ("collector" satisfies WorkerWork)) {
  // Loaded here, so that those that handle mail do not pay for it.
  const { createCollectorEngine } = await import("./collector-engine.ts");
  new WorkerProcess("collector", supervisor, createCollectorEngine).run();
} else new WorkerProcess(id, supervisor, createEngine).run();
