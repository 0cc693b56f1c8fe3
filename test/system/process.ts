import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe } from "vitest";

// Below those that Linux gives to whoever asks for any port, so that nobody is given it meanwhile.
const firstPort = 10_240;
const lastPort = 32_767;
// Far from those of another run that was started at the same time.
let nextPort = firstPort + ((process.pid * 101) % (lastPort - firstPort));

/** A port that nobody has on that address, another one each time, for programs that cannot choose one themselves. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = nextPort;
    nextPort = port === lastPort ? firstPort : port + 1;
    if (await isFree(port, host)) return port;
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** Polls until the probe holds; rejects with what it waited for after `timeoutMs`. */
export async function until(
  what: string,
  probe: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(25);
  }
}

/** Longer than the program gives what is in flight, and shorter than the hooks of the tests. */
const endsWithinMs = 45_000;

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Everything it wrote to stdout and stderr so far. */
  output(): string;
  /** Settles when it has ended and its output is whole. */
  readonly ended: Promise<void>;
  /** Sends the signal and waits for the end, with SIGKILL where it does not come. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program whose end the test answers for. */
export function start(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin: "ignore" | "pipe" = "ignore",
): Running {
  const child = spawn(command, [...args], {
    stdio: [stdin, "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-1_000_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  child.on("error", (error) => keep(Buffer.from(String(error))));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  return {
    pid: child.pid ?? -1,
    child,
    output: () => output,
    ended,
    async end(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return ended;
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), endsWithinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Processes that it has started and that still run. */
export function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  const written = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  return written === "" ? [] : written.split(" ").map(Number);
}

/** A suite that needs programs: skipped with a line where one is missing, a failure there when CI=true. */
export function describeWith(programs: readonly string[], name: string, body: () => void): void {
  const missing = programs.filter((program) => !existsSync(program));
  const isRoot = process.getuid?.() === 0;
  if (missing.length === 0 && isRoot) describe(name, body);
  else {
    const why = isRoot ? `no ${missing.join(", ")}` : "not root";
    if (process.env["CI"] === "true") throw new Error(`${name}: ${why}`);
    console.warn(`skipped: ${name} (${why})`);
    describe.skip(name, () => {});
  }
}
