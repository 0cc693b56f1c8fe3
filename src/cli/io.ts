import type { Readable, Writable } from "node:stream";
import type { Lang } from "./lang.ts";
import { wrap } from "./layout.ts";
import type { CliText } from "./text/text.ts";

/** What a command knows of the world it was started in. */
export interface Host {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Width for sentences: that of the terminal, but no more than is good to read; 80 where there is none. */
  readonly columns: number;
  /** Width for tables, where it is more than that for sentences. */
  readonly tableColumns?: number;
  /** Whether stdout is a terminal. */
  readonly isTty: boolean;
  /** Width for sentences on stderr where that is a terminal. Absent elsewhere: a log is searched line by line. */
  readonly errorColumns?: number;
}

/** What a command speaks through. */
export interface Io extends Host {
  readonly lang: Lang;
  readonly text: CliText;
  readonly style: Style;
  /** Writes one line to stdout. */
  out(line: string): void;
  /** Writes one line to stderr. */
  err(line: string): void;
  /** Writes one line to stdout and waits where the reader is slower than we are. */
  outSlowly(line: string): Promise<void>;
}

type Paint = (text: string) => string;
/** Colour by meaning; the text itself where colour is off. */
export interface Style {
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly dim: Paint;
  readonly strong: Paint;
}

const narrowest = 40;
const widest = 100;
const widestTable = 160;

/**
 * The process as a host. Sentences longer than about 100 columns are hard to read, so wider terminals count as that. What is
 * read by another program is not cut to the width of a terminal that is not there.
 */
export function processHost(): Host {
  const { stdin, stdout, stderr, env } = process;
  const told = stdout.isTTY ? stdout.columns || 80 : Number(env["COLUMNS"]) || undefined;
  const columns = told ?? 80;
  return {
    stdin,
    stdout,
    stderr,
    env,
    columns: sentenceWidth(columns),
    tableColumns: Math.min(widestTable, Math.max(narrowest, told ?? widestTable)),
    isTty: stdout.isTTY === true,
    ...(stderr.isTTY && { errorColumns: sentenceWidth(stderr.columns || Number(env["COLUMNS"]) || 80) }),
  };
}

function sentenceWidth(columns: number): number {
  return Math.min(widest, Math.max(narrowest, columns));
}

export function openIo(host: Host, lang: Lang, text: CliText): Io {
  const colour = host.isTty && !host.env["NO_COLOR"] && host.env["TERM"] !== "dumb";
  return {
    ...host,
    lang,
    text,
    style: colour ? coloured : plain,
    out: (line) => void host.stdout.write(`${line}\n`),
    err: (line) => {
      for (const part of errorLines(line, host.errorColumns)) host.stderr.write(`${part}\n`);
    },
    outSlowly: (line) =>
      new Promise((resolve, reject) => {
        host.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
      }),
  };
}

const programName = "sekisho: ";

/** A path or a record stays whole, to be copied; what follows the name of the program stands below what it says. */
function errorLines(line: string, columns: number | undefined): readonly string[] {
  if (columns === undefined) return [line];
  const first = line.startsWith(programName) ? programName : "";
  const rest = " ".repeat(first.length);
  return wrap(line.slice(first.length), columns - first.length, { cutsWords: false }).map(
    (part, index) => (index === 0 ? first : rest) + part,
  );
}

const as =
  (code: number): Paint =>
  (text) =>
    `\u001b[${code}m${text}\u001b[0m`;
const coloured: Style = { good: as(32), bad: as(31), warn: as(33), dim: as(2), strong: as(1) };
const same: Paint = (text) => text;
const plain: Style = { good: same, bad: same, warn: same, dim: same, strong: same };

/**
 * JSON for other programs: one line, or indented for a person at a terminal. C1 controls, which JSON lets through and
 * terminals obey, are escaped, as are characters that turn the reading direction.
 */
export function formatJson(value: unknown, indented = false): string {
  const text = JSON.stringify(value, undefined, indented ? 2 : undefined);
  return text.replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escapeUnit);
}

function escapeUnit(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
