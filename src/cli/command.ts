import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";
import { SekishoError } from "../errors.ts";
import type { Io } from "./io.ts";
import type { Translated } from "./lang.ts";
import type { CliText } from "./text/text.ts";

export type ExitCode = 0 | 1 | 2 | 3 | 75;
/** Done, and nothing wrong. */
export const exitOk: ExitCode = 0;
/** Done, with findings or a verdict other than pass. */
export const exitFindings: ExitCode = 1;
/** Wrong usage or configuration. */
export const exitUsage: ExitCode = 2;
/** It could not be done: DNS, file, network. */
export const exitFailed: ExitCode = 3;
/** EX_TEMPFAIL of sysexits.h: only for an MTA, which is to try again later. */
export const exitTryLater: ExitCode = 75;

export interface Option {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  /** What the value is called in the help, in capitals. */
  readonly value?: string;
  /** An empty value is taken for a mistake, mostly a variable of a script that is not set, unless it means something here. */
  readonly mayBeEmpty?: boolean;
  readonly help: Translated;
}
export type Options = Readonly<Record<string, Option>>;

type OptionValue<O extends Option> = O extends { readonly type: "boolean" }
  ? boolean
  : O extends { readonly multiple: true }
    ? readonly string[]
    : string | undefined;
export type OptionValues<O extends Options> = { readonly [Name in keyof O]: OptionValue<O[Name]> };

export interface Command<O extends Options = Options> {
  readonly usage: readonly string[];
  /** A few sentences below the usage lines. */
  readonly about?: Translated;
  readonly options: O;
  /** How many arguments there may be at most. */
  readonly maxArguments: number;
  /** As of options: whether an empty argument means something. */
  readonly mayBeEmpty?: boolean;
  run(values: OptionValues<O>, args: readonly string[], io: Io): Promise<ExitCode>;
}

/** A command with its option types forgotten: what the table holds. */
export interface AnyCommand {
  readonly usage: readonly string[];
  readonly about?: Translated;
  readonly options: Options;
  /** Reads the arguments after the command's name and does the work. */
  start(argv: readonly string[], io: Io): Promise<ExitCode>;
}

/** Turns a typed command into one that the table can hold. */
export function defineCommand<const O extends Options>(command: Command<O>): AnyCommand {
  return {
    usage: command.usage,
    options: command.options,
    ...(command.about === undefined ? {} : { about: command.about }),
    async start(argv, io) {
      const { values, args } = readArguments(argv, command.options, io.text);
      if (command.mayBeEmpty !== true && args.includes("")) throw usageError(io.text.usage.emptyArgument);
      const extra = args[command.maxArguments];
      if (extra !== undefined) throw usageError(io.text.usage.tooManyArguments(extra));
      return command.run(values, args, io);
    },
  };
}

/** A mistake on the command line, as one sentence. */
export function usageError(message: string): SekishoError {
  return new SekishoError("USAGE", message);
}

/**
 * Splits arguments into options and the rest. `node:util` does the splitting; the judging is ours, so that errors name
 * the option, suggest the right one and speak the operator's language.
 * @throws SekishoError with code USAGE.
 */
export function readArguments<O extends Options>(
  argv: readonly string[],
  options: O,
  text: CliText,
): { readonly values: OptionValues<O>; readonly args: readonly string[] } {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type }])),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, boolean | string | string[]>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind === "option") takeOption(token, options, values, text);
  }
  return { values: withDefaults(options, values), args };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  /** Whether the value stands behind an equals sign. */
  readonly inlineValue?: boolean | undefined;
}

function takeOption(
  { name, rawName, value, inlineValue }: OptionToken,
  options: Options,
  values: Map<string, boolean | string | string[]>,
  text: CliText,
): void {
  const option = Object.hasOwn(options, name) && rawName.startsWith("--") ? options[name] : undefined;
  if (option === undefined) throw usageError(text.usage.unknownOption(rawName, nearestOption(name, options)));
  if (option.type === "boolean") {
    if (value !== undefined) throw usageError(text.usage.optionTakesNoValue(rawName));
    values.set(name, true);
    return;
  }
  // `--ip --json` has forgotten the address; a value with a hyphen in front is given as `--ip=-x`.
  const isOption = inlineValue !== true && value !== undefined && /^-./.test(value);
  const isEmpty = value === "" && option.mayBeEmpty !== true;
  if (value === undefined || isOption || isEmpty)
    throw usageError(text.usage.optionNeedsValue(rawName, option.value ?? "VALUE"));
  if (option.multiple === true)
    values.set(name, [...((values.get(name) as string[] | undefined) ?? []), value]);
  else values.set(name, value);
}

function nearestOption(name: string, options: Options): string | undefined {
  const found = nearest(name, [...Object.keys(options), "lang", "help"]);
  return found === undefined ? undefined : `--${found}`;
}

function withDefaults<O extends Options>(
  options: O,
  values: ReadonlyMap<string, boolean | string | string[]>,
): OptionValues<O> {
  const entries = Object.entries(options).map(([name, option]) => [
    name,
    values.get(name) ?? (option.type === "boolean" ? false : option.multiple === true ? [] : undefined),
  ]);
  return Object.fromEntries(entries) as OptionValues<O>;
}
