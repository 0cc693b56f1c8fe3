import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname as systemHostname } from "node:os";
import { toAsciiDomain } from "../core/domain-name.ts";
import type { Config } from "./config.ts";
import { codeOf } from "./file-fault.ts";
import { unsignedLists } from "./list-hints.ts";
import { type ConfigProblem, configProblem } from "./problem.ts";
import { formatDuration } from "./quantity.ts";

export type LoadedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** The file that was read; absent when the built-in defaults stand alone. */
      readonly file?: string;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly file: string; readonly errors: readonly ConfigProblem[] };

export interface LoadOptions {
  /** Instead of the usual places. */
  readonly file?: string;
  /** Of this machine, where the file names none. */
  readonly hostname?: string;
  /** Whether a file with nothing in it, as a full disk or an editor may leave it, is bad and not all defaults. */
  readonly refuseEmpty?: boolean;
}

/** Where a configuration is looked for, in this order. */
const configPlaces: readonly string[] = ["./sekisho.yaml", "/etc/sekisho/sekisho.yaml"];

const maxFileOctets = 1_000_000;

/**
 * Reads and checks the configuration; without any file the built-in defaults. Only reads: nothing is kept or started,
 * so that a bad new file leaves the configuration in force alone.
 * @returns Every problem of the file at once, never only the first.
 */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const file = options.file ?? configPlaces.find((place) => existsSync(place));
  if (file === undefined) return parseConfig("", { ...options, file: "defaults" }).then(withoutFile);
  let octets: Buffer;
  try {
    octets = await readFile(file);
  } catch (error) {
    return { ok: false, file, errors: [unreadable(codeOf(error))] };
  }
  if (octets.length > maxFileOctets)
    return { ok: false, file, errors: [unreadable(`> ${maxFileOctets} octets`)] };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
    if (options.refuseEmpty === true && text.trim() === "")
      return { ok: false, file, errors: [unreadable("empty")] };
    return await parseConfig(text, { ...options, file });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, file, errors: [unreadable("not UTF-8")] };
  }
}

function unreadable(reason: string): ConfigProblem {
  return configProblem("unreadable", "", { reason });
}

function withoutFile(loaded: LoadedConfig): LoadedConfig {
  if (!loaded.ok) return loaded;
  return { ok: true, config: loaded.config, warnings: loaded.warnings };
}

/** Checks the text of a configuration file. `file` is only named in the result. */
export async function parseConfig(
  text: string,
  options: LoadOptions & { readonly file: string },
): Promise<LoadedConfig> {
  // Loaded here, so that commands which never look at a configuration do not pay for the YAML reader and zod.
  const { readYaml } = await import("./read-yaml.ts");
  const hostname = toAsciiDomain(options.hostname ?? systemHostname()) ?? "localhost";
  const { config, errors } = readYaml(text, hostname);
  if (config === undefined) return { ok: false, file: options.file, errors };
  return { ok: true, config, file: options.file, warnings: warningsOf(config) };
}

function warningsOf(config: Config): ConfigProblem[] {
  const warnings: ConfigProblem[] = [];
  const { hostname, networks, milter } = config;
  if (config.authservId === undefined && !hostname.includes("."))
    warnings.push(configProblem("hostname-not-qualified", "hostname", { hostname }));
  const { enforce, rejectAlone } = config.verify.policy;
  if (rejectAlone && enforce === "reject")
    warnings.push(configProblem("reject-alone", "verify.reject_alone", {}));
  warnings.push(...rotateWarnings(config));
  warnings.push(...unsignedLists(config));
  const lists = {
    "networks.submitters": networks.submitters,
    "networks.own": networks.own,
    "networks.relays": networks.relays,
    "milter.peers": milter.peers,
    "lists.hosts": config.lists.hosts.flatMap(({ networks: ofList }) => ofList),
  };
  for (const [path, list] of Object.entries(lists))
    for (const { prefix, text } of list)
      if (prefix === 0) warnings.push(configProblem("network-everyone", path, { network: text }));
  return warnings;
}

/** Postfix gives up after five days (maximal_queue_lifetime), as RFC 5321 §4.5.4.1 has it. */
const queueLifetimeMs = 5 * 86_400_000;

function rotateWarnings({ sign: { keys, rotate } }: Config): ConfigProblem[] {
  if (rotate === undefined) return [];
  const warnings: ConfigProblem[] = [];
  if (rotate.domains === undefined && keys.length === 0)
    warnings.push(configProblem("rotate-nothing", "sign.rotate", {}));
  const { retireAfterMs } = rotate;
  if (retireAfterMs < queueLifetimeMs)
    warnings.push(
      configProblem("rotate-retire-soon", "sign.rotate.retire_after", {
        retireAfter: formatDuration(retireAfterMs),
      }),
    );
  return warnings;
}
