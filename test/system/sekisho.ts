import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { childrenOf, type Running, start, until } from "./process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const node = join(root, "node_modules/.bin/node");
const main = join(root, "src/cli/main.ts");

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

export interface MilterSettings {
  readonly listen: string;
  /** Of a unix socket. */
  readonly group?: string;
  readonly timeBudget?: string;
  /** Further sockets. */
  readonly others?: readonly { readonly listen: string; readonly role: "verify" | "sign" | "both" }[];
}

/** The program as an operator runs it, with a configuration file in `folder`. */
export class Sekisho {
  readonly dataDir: string;
  readonly #config: string;
  readonly #socket: string;
  readonly #head: string;
  #running: Running | undefined;
  #earlierOutput = "";

  /**
   * @param folder For configuration and data.
   * @param settings Lines of YAML; `hostname`, `data_dir` and `milter` come from here.
   */
  constructor(
    folder: string,
    { timeBudget = "25s", others = [], ...socket }: MilterSettings,
    settings: string,
  ) {
    this.dataDir = join(folder, "data");
    this.#config = join(folder, "sekisho.yaml");
    this.#socket = socket.listen;
    this.#head =
      `hostname: mx.rcpt.example\ndata_dir: ${this.dataDir}\n` +
      `milter: { sockets: ${JSON.stringify([socket, ...others])}, time_budget: ${timeBudget} }\n`;
    this.configure(settings);
  }

  /** Other settings, to be read at the next start or SIGHUP. */
  configure(settings: string): void {
    writeFileSync(this.#config, this.#head + settings);
  }

  /** SIGHUP. @returns Whether the configuration was taken. */
  async reload(): Promise<boolean> {
    const before = this.output().length;
    this.signal("SIGHUP");
    const said = (): string => this.output().slice(before);
    await until("the reload", () => /is in force|stays in force/.test(said()));
    return said().includes("the new configuration is in force");
  }

  /** Starts it, and waits until it listens. */
  async start(): Promise<void> {
    const running = start(node, [main, "serve", "--config", this.#config], { LANG: "C.UTF-8" });
    this.#running = running;
    await until(
      `sekisho to listen: ${running.output()}`,
      () => {
        if (running.child.exitCode !== null) throw new Error(`sekisho ended: ${running.output()}`);
        return running.output().includes(`milter listens on ${this.#socket}`);
      },
      60_000,
    );
  }

  /** Ends it. The exit code is null after SIGKILL. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Finished | undefined> {
    await this.#running?.end(signal);
    return this.ended();
  }

  /** Waits until it has ended after a signal. */
  async ended(): Promise<Finished | undefined> {
    const running = this.#running;
    if (running === undefined) return undefined;
    await running.ended;
    this.#running = undefined;
    this.#earlierOutput += running.output();
    return { code: running.child.exitCode, output: running.output() };
  }

  /** Everything that it wrote since the first start. */
  output(): string {
    return this.#earlierOutput + (this.#running?.output() ?? "");
  }

  /** Its worker processes. */
  workers(): number[] {
    return this.#running === undefined ? [] : childrenOf(this.#running.pid);
  }

  /** Of the workers that have ended since the last start, all are back: on a slow machine none would be left otherwise. */
  allWorkersAreBack(): boolean {
    const output = this.output();
    const since = output.slice(output.lastIndexOf("milter listens on"));
    const count = (pattern: RegExp): number => since.match(pattern)?.length ?? 0;
    return (
      this.workers().length > 0 && count(/worker \d+ is at work again/g) >= count(/worker \d+ has ended/g)
    );
  }

  /** Kills a worker, and waits until the program has noticed or has ended itself: no new connection comes to it then. */
  async killWorker(pid: number): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const ended = (): number => running.output().match(/worker \d+ has ended/g)?.length ?? 0;
    const before = ended();
    process.kill(pid, "SIGKILL");
    await until(
      "the end of a worker to be noticed",
      () => ended() > before || running.child.exitCode !== null || running.child.signalCode !== null,
    );
  }

  /** Sends the signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    this.#running?.child.kill(signal);
  }

  /** What another program starts to run a command of a copy of it with the same configuration. */
  command(program: readonly string[], ...args: readonly string[]): readonly string[] {
    return [...program, ...args, "--config", this.#config];
  }

  /** Runs another command of it with the same configuration. */
  async run(...args: readonly string[]): Promise<Finished> {
    const command = start(node, [main, ...args, "--config", this.#config], { COLUMNS: "120" });
    await command.ended;
    return { code: command.child.exitCode, output: command.output() };
  }
}
