import { createEngine, describeError } from "./engine.ts";
import type { SocketHandle } from "./shared-socket.ts";
import { createSwitchableLog } from "./switchable-log.ts";
import {
  exitOrphaned,
  exitUncaught,
  type FromWorker,
  signEveryMs,
  type ToWorker,
} from "./worker-protocol.ts";

/** For messages in flight when the supervisor is gone. */
const orphanGraceMs = 30_000;
/** For writing records after a fault that nothing has caught. */
const lastWordsMs = 500;

/** A process that handles mail: it does what the supervisor says, and ends when that is gone. */
function run(id: string): void {
  process.title = `sekisho: worker ${id}`;
  const log = createSwitchableLog({ level: "info", format: "text" });
  const engine = createEngine(log);
  const handles = new Map<string, object>();
  let ending = false;

  /** Settles when it has been sent, or cannot be. */
  const send = (message: FromWorker): Promise<void> =>
    new Promise((resolve) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
      else resolve();
    });
  const tell = async (): Promise<void> => send({ kind: "snapshot", snapshot: await engine.snapshot() });
  const end = (finished: Promise<void>, code: number): void => {
    if (ending && code === 0) return;
    ending = true;
    void finished
      .then(tell)
      .catch((error: unknown) => log.error("fault at the end", { error: describeError(error) }))
      .then(() => process.exit(code));
  };
  const obey = async (message: ToWorker, handle: object | undefined): Promise<void> => {
    switch (message.kind) {
      case "socket":
        if (handle !== undefined) handles.set(message.listen, handle);
        return;
      case "configure":
        await engine.configure(message.config, handles);
        return send({ kind: "configured", number: message.number });
      case "snapshot":
        return send({ kind: "snapshot", number: message.number, snapshot: await engine.snapshot() });
      case "retire":
        return end(engine.retire(), 0);
      case "stop":
        ending = false;
        return end(engine.close(message.graceMs), 0);
    }
  };

  process.on("message", (message: ToWorker, handle: unknown) => {
    obey(message, handle as SocketHandle | undefined).catch((error: unknown) => {
      if (message.kind === "configure")
        void send({
          kind: "failed",
          number: message.number,
          message: error instanceof Error ? error.message : String(error),
        });
      else engine.noteRejection(error);
    });
  });
  const signs = setInterval(() => {
    void tell();
  }, signEveryMs);

  process.on("disconnect", () => {
    clearInterval(signs);
    ending = false;
    end(engine.close(orphanGraceMs), exitOrphaned);
  });
  // Whoever read the log may be gone: that must not stop the mail.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  // The terminal and `pkill` tell every process; what to do is the supervisor's to say.
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  process.on("SIGTERM", () => end(engine.retire(), 0));
  process.on("unhandledRejection", (error) => engine.noteRejection(error));
  process.on("uncaughtException", (error) => {
    log.error("uncaught fault; the worker ends", { worker: id, error: describeError(error) });
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, lastWordsMs));
    void Promise.race([engine.flush().then(tell), timeout])
      .catch(() => {})
      .then(() => process.exit(exitUncaught));
  });
}

run(process.argv[2] ?? "0");
