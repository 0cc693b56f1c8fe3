import type { Profile } from "../../checker/context.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { type OptionValues, usageError } from "../command.ts";
import type { dnsOptions } from "../dns-options.ts";
import { refuseAlone } from "../idle-options.ts";
import type { Io } from "../io.ts";
import { readLines } from "../read-lines.ts";
import { checkText } from "./text.ts";

/** The values of the options of `check`. */
export interface CheckValues extends OptionValues<typeof dnsOptions> {
  readonly config: string | undefined;
  readonly selector: readonly string[];
  readonly "from-message": string | undefined;
  readonly client: readonly string[];
  readonly helo: readonly string[];
  readonly profile: string | undefined;
  readonly mx: readonly string[];
  readonly blocklist: readonly string[];
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly new: boolean;
  readonly "fail-on": string | undefined;
  readonly html: string | undefined;
  readonly json: boolean;
}

/** What the options say about the run as a whole. @throws SekishoError with code USAGE. */
export function readPlan(values: CheckValues, io: Io): { readonly failOn: "error" | "warning" } {
  const text = checkText(io.lang).usage;
  const failOn = values["fail-on"] ?? "warning";
  if (failOn !== "error" && failOn !== "warning") throw usageError(text.badFailOn(failOn));
  if (values.new && values.zone.length === 0) throw usageError(text.newNeedsZone);
  if (values.new && values.offline) throw usageError(text.newNeedsDns);
  // The server of a configuration that is named counts as a client.
  if (values.config === undefined) refuseAlone(values, ["blocklist"], "client", io);
  return { failOn };
}

export function readProfile(value: string | undefined, io: Io): Profile | undefined {
  switch (value) {
    case undefined:
    case "sender":
    case "parked":
    case "receiver":
    case "new":
      return value;
    default:
      throw usageError(checkText(io.lang).usage.badProfile(value));
  }
}

const maxLineOctets = 4096;

/** The domains of the command line; "-" stands for those on standard input, one a line, `#` begins a comment. */
export async function readDomains(
  args: readonly string[],
  limit: number,
  io: Io,
): Promise<readonly string[]> {
  if (args.length === 0) throw usageError(io.text.usage.missingArgument("DOMAIN"));
  const domains = new Set<string>();
  for (const argument of args)
    for (const text of argument === "-" ? await standardInput(io) : [argument])
      domains.add(readDomain(text, io));
  if (domains.size === 0) throw usageError(checkText(io.lang).usage.noDomains);
  if (domains.size > limit) throw usageError(checkText(io.lang).usage.tooManyDomains(limit));
  return [...domains];
}

function readDomain(text: string, io: Io): string {
  const domain = toAsciiDomain(text);
  if (domain === undefined) throw usageError(checkText(io.lang).usage.badDomain(text));
  return domain;
}

async function standardInput(io: Io): Promise<string[]> {
  const found: string[] = [];
  for await (const line of readLines(io.stdin, maxLineOctets)) {
    const text = line.kind === "line" ? (line.text.split("#", 1)[0] as string).trim() : "?";
    if (text !== "") found.push(text);
  }
  return found;
}
