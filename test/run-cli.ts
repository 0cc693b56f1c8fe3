import { Readable, Writable } from "node:stream";
import type { ExitCode } from "../src/cli/command.ts";
import { type Host, type Io, openIo } from "../src/cli/io.ts";
import type { Lang } from "../src/cli/lang.ts";
import { run } from "../src/cli/run.ts";
import { cliText } from "../src/cli/text/table.ts";

/** What a command line came to, for tests. */
export interface Outcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

export interface TestWorld {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly tableColumns?: number;
  readonly isTty?: boolean;
  readonly errorColumns?: number;
  /** Called before each piece that is written to stdout. */
  readonly onOut?: () => void;
}

/** Runs one command line in this process, with streams of its own. */
export async function runCli(argv: readonly string[], world: TestWorld = {}): Promise<Outcome> {
  const out = new Sink(world.onOut);
  const err = new Sink();
  const code = await run(argv, testHost(world, out, err));
  return { code, out: out.text(), err: err.text() };
}

/** An Io whose output goes nowhere, for tests of what formats lines. */
export function testIo(lang: Lang, world: TestWorld = {}): Io {
  return openIo(testHost(world, new Sink(), new Sink()), lang, cliText(lang));
}

function testHost(
  { input = "", env = {}, columns = 80, tableColumns = columns, isTty = false, errorColumns }: TestWorld,
  out: Sink,
  err: Sink,
): Host {
  return {
    stdin: Readable.from([Buffer.from(input)]),
    stdout: out,
    stderr: err,
    env,
    columns,
    tableColumns,
    isTty,
    ...(errorColumns !== undefined && { errorColumns }),
  };
}

class Sink extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #onWrite: () => void;

  constructor(onWrite: () => void = () => {}) {
    super();
    this.#onWrite = onWrite;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#onWrite();
    this.#chunks.push(chunk);
    done();
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
