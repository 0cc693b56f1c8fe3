import { expect, onTestFinished, test } from "vitest";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { createLog } from "../log.ts";
import { daemonText } from "./text.ts";
import { forkWorker, type WorkerExit, type WorkerLink } from "./worker-link.ts";
import { WorkerPool } from "./worker-pool.ts";

async function configOf(hostname: string): Promise<Config> {
  const loaded = await parseConfig(`hostname: ${hostname}\n`, { file: "test" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
}

/** A worker that answers how it stands only when it is told to. */
class SlowWorker implements WorkerLink {
  readonly pid = 1;
  readonly last = undefined;
  readonly signs = 0;
  readonly #exit = Promise.withResolvers<WorkerExit>();
  readonly #asked: (() => void)[] = [];
  readonly configured: string[] = [];
  readonly gone = this.#exit.promise;

  async configure({ hostname }: Config): Promise<void> {
    this.configured.push(hostname);
  }

  refresh(): Promise<void> {
    return new Promise((resolve) => this.#asked.push(resolve));
  }

  get isAsked(): boolean {
    return this.#asked.length > 0;
  }

  answer(): void {
    for (const resolve of this.#asked.splice(0)) resolve();
  }

  retire(): void {}

  stop(): void {
    this.kill();
  }

  kill(): void {
    this.#exit.resolve({ kind: "exit", code: 0 });
  }
}

test("a worker that has only just started is given what is reloaded meanwhile", async () => {
  const worker = new SlowWorker();
  const pool = new WorkerPool(await configOf("old.example"), [], {
    spawn: () => worker,
    log: createLog({ level: "error", format: "text", write: () => {} }),
    text: daemonText("en"),
  });
  onTestFinished(() => pool.close(0));
  const started = pool.start(1);
  await expect.poll(() => worker.isAsked, { timeout: 10_000 }).toBe(true);
  const applied = pool.apply(await configOf("new.example"), [], 1);
  let isApplied = false;
  void applied.then(() => {
    isApplied = true;
  });
  await new Promise(setImmediate);
  expect(isApplied).toBe(false);
  while (!isApplied) {
    worker.answer();
    await new Promise(setImmediate);
  }
  await started;
  expect(worker.configured).toEqual(["old.example", "new.example"]);
  expect(pool.workers().map(({ state }) => state)).toEqual(["up"]);
}, 20_000);

test("a worker that is still being loaded ends as soon as it is told to stop", async () => {
  const worker = forkWorker(1, undefined);
  worker.stop(27_000);
  expect(await worker.gone).toEqual({ kind: "signal", signal: "SIGTERM" });
}, 60_000);

test("a start is over when the pool is closed", async () => {
  const worker = new SlowWorker();
  const pool = new WorkerPool(await configOf("mx.example"), [], {
    spawn: () => worker,
    log: createLog({ level: "error", format: "text", write: () => {} }),
    text: daemonText("en"),
  });
  const started = pool.start(1);
  const failed = expect(started).rejects.toThrow("no worker came up");
  await pool.close(27_000);
  // What a worker that is gone answers.
  worker.answer();
  await failed;
}, 20_000);

test("a worker for which the system has no room is tried again", async () => {
  const worker = new SlowWorker();
  const lines: string[] = [];
  let attempts = 0;
  const pool = new WorkerPool(await configOf("mx.example"), [], {
    spawn: () => {
      attempts += 1;
      // As `fork` does without memory for another process.
      if (attempts === 1) throw new Error("spawn ENOMEM");
      return worker;
    },
    log: createLog({ level: "error", format: "text", write: (line) => void lines.push(line) }),
    text: daemonText("en"),
  });
  onTestFinished(() => pool.close(0));
  const started = pool.start(1);
  await expect.poll(() => worker.isAsked, { timeout: 10_000 }).toBe(true);
  worker.answer();
  await started;
  expect(pool.workers()).toMatchObject([{ state: "up", restarts: 1 }]);
  expect(lines.join("")).toContain("spawn ENOMEM");
}, 20_000);

test("nothing is started once it is closed", async () => {
  let spawned = 0;
  const pool = new WorkerPool(await configOf("mx.example"), [], {
    spawn: () => {
      spawned += 1;
      return new SlowWorker();
    },
    log: createLog({ level: "error", format: "text", write: () => {} }),
    text: daemonText("en"),
  });
  await pool.close(0);
  await pool.apply(await configOf("new.example"), [], 1);
  expect(spawned).toBe(0);
});
