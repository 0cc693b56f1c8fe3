import { readFileSync } from "node:fs";
import { nearest } from "../config/nearest.ts";
import { SekishoError, type SekishoErrorCode } from "../errors.ts";
import {
  type ExitCode,
  exitFailed,
  exitFindings,
  exitOk,
  exitTryLater,
  exitUsage,
  usageError,
} from "./command.ts";
import { type CommandEntry, commandTable } from "./command-table.ts";
import { failureLines } from "./failure-lines.ts";
import { commandHelp, programHelp } from "./help.ts";
import { type Host, type Io, openIo } from "./io.ts";
import { isLang, type Lang, langOfEnvironment } from "./lang.ts";
import { cliText } from "./text/table.ts";

/** Runs one command line. Never throws: what goes wrong becomes one sentence on stderr and an exit code. */
export async function run(argv: readonly string[], host: Host): Promise<ExitCode> {
  const fallback = langOfEnvironment(host.env);
  let io = openIo(host, fallback, cliText(fallback));
  try {
    const { lang, rest } = takeLang(argv, io);
    if (lang !== undefined) io = openIo(host, lang, cliText(lang));
    return await dispatch(rest, io);
  } catch (error) {
    return failedCode(argv, report(error, commandNamed(argv), io));
  }
}

/**
 * The exit code of a program that has failed. To the pipe of an MTA it is always to try later: for any other code the MTA sends the
 * mail back, and a mistake in its configuration is no fault of the sender.
 */
export function failedCode(argv: readonly string[], code: ExitCode): ExitCode {
  const isPipe = optionsOf(argv).some((option) => option === "--pipe" || option.startsWith("--pipe="));
  return isPipe ? exitTryLater : code;
}

/** Takes `--lang` out of the arguments, wherever it stands: it must be known before anything is said. */
function takeLang(
  argv: readonly string[],
  io: Io,
): { readonly lang?: Lang; readonly rest: readonly string[] } {
  const rest: string[] = [];
  let lang: Lang | undefined;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] as string;
    if (argument === "--") {
      rest.push(...argv.slice(i));
      break;
    }
    if (argument === "--lang") lang = readLang(argv[++i], io);
    else if (argument.startsWith("--lang=")) lang = readLang(argument.slice("--lang=".length), io);
    else rest.push(argument);
  }
  return lang === undefined ? { rest } : { lang, rest };
}

function readLang(value: string | undefined, io: Io): Lang {
  if (value === undefined) throw usageError(io.text.usage.optionNeedsValue("--lang", "ja|en"));
  if (!isLang(value)) throw usageError(io.text.usage.badLang(value));
  return value;
}

async function dispatch(argv: readonly string[], io: Io): Promise<ExitCode> {
  const [first, ...rest] = argv;
  switch (first) {
    case undefined:
      for (const line of programHelp(io)) io.err(line);
      return exitUsage;
    case "--help":
    case "-h":
      return showLines(programHelp(io), io);
    case "--version":
      return showLines([`sekisho ${version()}`], io);
    case "help":
      return rest[0] === undefined ? showLines(programHelp(io), io) : showHelp(rest[0], io);
    default:
      return startCommand(first, rest, io);
  }
}

async function startCommand(name: string, rest: readonly string[], io: Io): Promise<ExitCode> {
  if (name.startsWith("-")) throw usageError(io.text.usage.unknownOption(name, optionMeant(name)));
  if (wantsHelp(rest)) return showHelp(name, io);
  const command = await entryNamed(name, io).load();
  return command.start(rest, io);
}

function wantsHelp(args: readonly string[]): boolean {
  const options = optionsOf(args);
  return options.includes("--help") || options.includes("-h");
}

function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

async function showHelp(name: string, io: Io): Promise<ExitCode> {
  return showLines(commandHelp(name, await entryNamed(name, io).load(), io), io);
}

function showLines(lines: readonly string[], io: Io): ExitCode {
  for (const line of lines) io.out(line);
  return exitOk;
}

function entryNamed(name: string, io: Io): CommandEntry {
  const entry = commandTable.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const guess = nearest(name, [...commandTable.map((candidate) => candidate.name), "help"]);
  throw usageError(io.text.usage.unknownCommand(name, guess));
}

function optionMeant(name: string): string | undefined {
  const guess = nearest(name.replace(/^-{1,2}/, ""), ["help", "version", "lang"]);
  return guess === undefined ? undefined : `--${guess}`;
}

function commandNamed(argv: readonly string[]): string | undefined {
  return argv.find((one) => commandTable.some(({ name }) => name === one));
}

const exitCodes: Readonly<Record<SekishoErrorCode, ExitCode>> = {
  USAGE: exitUsage,
  CONFIG_INVALID: exitUsage,
  CONFIG_UNREADABLE: exitUsage,
  FILE_UNREADABLE: exitFailed,
  ZONE_INVALID: exitFailed,
  LISTEN_FAILED: exitFailed,
  STORE_UNAVAILABLE: exitFailed,
  NOT_FOUND: exitFindings,
  NOT_RUNNING: exitFailed,
};

function report(error: unknown, command: string | undefined, io: Io): ExitCode {
  for (const line of failureLines(error, io)) io.err(line);
  if (error instanceof SekishoError) {
    if (error.code === "USAGE") io.err(io.text.usage.seeHelp(command));
    return exitCodes[error.code];
  }
  if (io.env["SEKISHO_DEBUG"] && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  return exitFailed;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { readonly version: unknown }).version);
}
