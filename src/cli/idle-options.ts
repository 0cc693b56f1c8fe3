import { usageError } from "./command.ts";
import type { Io } from "./io.ts";

/** What each action of a command takes, by its name; options without their hyphens. */
export type OptionsOfActions = Readonly<Record<string, readonly string[]>>;

/** Options that stand on the command line, without their hyphens. @param values As `readArguments` gives them. */
export function givenOptions(values: object): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
    return isGiven ? [name] : [];
  });
}

/**
 * An option that would do nothing is a mistake that should be told, together with the actions that it is for.
 * @throws SekishoError with code USAGE.
 */
export function refuseOfOtherActions(
  values: object,
  {
    command,
    action,
    takes,
  }: { readonly command: string; readonly action: string; readonly takes: OptionsOfActions },
  io: Io,
): void {
  for (const option of givenOptions(values)) {
    if (takes[action]?.includes(option) === true) continue;
    const others = Object.keys(takes).filter((other) => takes[other]?.includes(option) === true);
    throw usageError(io.text.usage.notForAction(`--${option}`, `sekisho ${command} ${action}`, others));
  }
}

/**
 * Refuses options that do nothing without another one.
 * @throws SekishoError with code USAGE.
 */
export function refuseAlone(values: object, options: readonly string[], needed: string, io: Io): void {
  const given = givenOptions(values);
  if (given.includes(needed)) return;
  const idle = options.find((option) => given.includes(option));
  if (idle !== undefined) throw usageError(io.text.usage.onlyWith(`--${idle}`, `--${needed}`));
}

/**
 * Refuses options that do nothing beside another one.
 * @throws SekishoError with code USAGE.
 */
export function refuseBeside(values: object, options: readonly string[], other: string, io: Io): void {
  const given = givenOptions(values);
  if (!given.includes(other)) return;
  const idle = options.find((option) => given.includes(option));
  if (idle !== undefined) throw usageError(io.text.usage.nothingBeside(`--${idle}`, `--${other}`));
}
