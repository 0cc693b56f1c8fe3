import type { AnyCommand, Option, Options } from "./command.ts";
import { commandTable } from "./command-table.ts";
import type { Io } from "./io.ts";
import { labelled, wrap } from "./layout.ts";

/** The page of `sekisho --help`. */
export function programHelp(io: Io): string[] {
  const { help } = io.text;
  return [
    ...wrap(help.title, io.columns),
    "",
    `${help.usage}: sekisho ${help.command} [${help.commandOptions}...]`,
    "",
    io.style.strong(help.commands),
    ...labelled(
      commandTable.map(({ name, summary }) => [name, summary[io.lang]]),
      io.columns,
    ),
    "",
    io.style.strong(help.options),
    ...labelled(globalOptions(io), io.columns),
    "",
    io.style.strong(help.exitCodes),
    ...labelled(
      help.exitCode.map((meaning, code) => [String(code), meaning]),
      io.columns,
    ),
    "",
    ...wrap(help.more, io.columns),
  ];
}

function globalOptions(io: Io): [string, string][] {
  const { help } = io.text;
  return [
    ["--lang ja|en", help.lang],
    ["--help", help.help],
    ["--version", help.version],
  ];
}

/** The page of `sekisho COMMAND --help`. */
export function commandHelp(name: string, command: AnyCommand, io: Io): string[] {
  const { help } = io.text;
  const summary = commandTable.find((entry) => entry.name === name)?.summary[io.lang] ?? "";
  const rows = optionRows(command.options, io);
  return [
    ...wrap(`sekisho ${name}: ${summary}`, io.columns),
    "",
    io.style.strong(help.usage),
    ...command.usage.map((line) => `  ${line}`),
    ...(command.about === undefined ? [] : ["", ...wrap(command.about[io.lang], io.columns)]),
    "",
    io.style.strong(help.options),
    ...labelled([...rows, ["--lang ja|en", help.lang]], io.columns),
  ];
}

function optionRows(options: Options, io: Io): [string, string][] {
  return Object.entries(options).map(([name, option]) => [optionLabel(name, option), option.help[io.lang]]);
}

function optionLabel(name: string, option: Option): string {
  return option.type === "boolean" ? `--${name}` : `--${name} ${option.value ?? "VALUE"}`;
}
