import { posix } from "node:path";
import { isAuthservId } from "../../config/config.ts";
import { isLoopbackHost, parseListen } from "../../config/listen.ts";
import { defaultFields, isSignableName } from "../../core/dkim/signed-names.ts";
import { parseServerAddress } from "../../core/dns/server-address.ts";
import { parseNetwork } from "../../core/ip.ts";
import type { Finding } from "../../findings/finding.ts";
import type { NotCarriedReason } from "../../findings/opendkim.ts";
import { finding } from "../../findings/table.ts";
import { readBoolean, type Setting, shownValue, type TextReader } from "./conf.ts";
import { readDataSet } from "./data-set.ts";
import type { CarriedOption } from "./options.ts";

/** The settings by name, and where the import notes what it finds. */
export class Settings {
  readonly findings: Finding[] = [];
  readonly #byOption = new Map<string, Setting>();
  readonly #read: TextReader;
  /** What relative paths are relative to. */
  readonly folder: string;

  /** Of an option that stands there twice the last counts. */
  constructor(settings: readonly Setting[], file: string, read: TextReader) {
    for (const setting of settings) this.#byOption.set(setting.option, setting);
    this.#read = read;
    this.folder = posix.resolve(this.get("BaseDirectory")?.value ?? posix.dirname(file));
  }

  get(option: CarriedOption): Setting | undefined {
    return this.#byOption.get(option);
  }

  /** Keys of a data set; empty without the setting. */
  list(option: CarriedOption): readonly string[] {
    const setting = this.get(option);
    if (setting === undefined) return [];
    const { rows, findings } = readDataSet(setting, this.folder, this.#read);
    this.findings.push(...findings);
    // What follows a white space is no element of its own, but a value that nobody asks for.
    for (const { key, value, file, line } of rows)
      if (value !== "" && file === setting.file && line === setting.line)
        this.bad({ ...setting, value: `${key} ${value}` });
    return rows.map(({ key }) => key);
  }

  boolean(option: CarriedOption): boolean {
    const setting = this.get(option);
    if (setting === undefined) return false;
    const value = readBoolean(setting.value);
    if (value === undefined) this.bad(setting);
    return value ?? false;
  }

  /** @returns undefined without the setting, and with one that is no number within the bounds. */
  number(option: CarriedOption, minimum: number, maximum: number): number | undefined {
    const setting = this.get(option);
    if (setting === undefined) return undefined;
    const value = /^\d{1,9}$/.test(setting.value) ? Number(setting.value) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    this.bad(setting);
    return undefined;
  }

  bad(setting: Setting): void {
    const { option, file, line } = setting;
    const value = shownValue(setting);
    this.findings.push(finding("opendkim.value", option, { file, line, option, value }));
  }

  drop(setting: Setting, why: NotCarriedReason): void {
    const { option, file, line } = setting;
    const value = shownValue(setting);
    this.findings.push(finding("opendkim.option-not-carried", option, { file, line, option, value, why }));
  }
}

export function importNetworks(settings: Settings): object | undefined {
  const setting = settings.get("InternalHosts");
  if (setting === undefined) return undefined;
  const { file, line, option } = setting;
  const submitters = settings.list("InternalHosts").flatMap((entry) => {
    const text = entry.replace(/^\[(.*)\]$/, "$1");
    if (parseNetwork(text) !== undefined) return [text];
    if (text.toLowerCase() === "localhost") return ["127.0.0.0/8", "::1"];
    settings.findings.push(finding("opendkim.host-not-carried", entry, { file, line, option, entry }));
    return [];
  });
  return submitters.length === 0 ? undefined : { submitters: [...new Set(submitters)] };
}

export function importDns(settings: Settings): object | undefined {
  const setting = settings.get("Nameservers");
  const servers = settings.list("Nameservers").filter((server) => {
    const isGood = parseServerAddress(server) !== undefined;
    if (!isGood && setting !== undefined) settings.bad(setting);
    return isGood;
  });
  const seconds = settings.number("DNSTimeout", 1, 60);
  if (servers.length === 0 && seconds === undefined) return undefined;
  return {
    ...(servers.length > 0 && { nameservers: servers }),
    ...(seconds !== undefined && { timeout: `${seconds}s` }),
  };
}

export function importMilter(settings: Settings): object | undefined {
  const role = signs(settings) ? (/v/i.test(modeOf(settings)) ? "both" : "sign") : "verify";
  const socket = settings.get("Socket");
  if (socket === undefined) return undefined;
  const listen = listenOf(socket, settings);
  if (listen === undefined) return undefined;
  const mode = listen.startsWith("unix:") ? socketMode(settings) : undefined;
  return { sockets: [{ listen, role, ...(mode !== undefined && { mode }) }] };
}

/** Without UMask, and where it gives a socket the mode that ours have, undefined. */
function socketMode(settings: Settings): string | undefined {
  const setting = settings.get("UMask");
  if (setting === undefined) return undefined;
  if (!/^[0-7]{1,4}$/.test(setting.value)) {
    settings.bad(setting);
    return undefined;
  }
  const mode = `0${(0o666 & ~Number.parseInt(setting.value, 8)).toString(8).padStart(3, "0")}`;
  return mode === "0660" ? undefined : mode;
}

export function signs(settings: Settings): boolean {
  return /s/i.test(modeOf(settings));
}

function modeOf(settings: Settings): string {
  return settings.get("Mode")?.value ?? "sv";
}

/** What distributions call loopback in /etc/hosts besides localhost. */
const loopbackNames: ReadonlyMap<string, string> = new Map([
  ["localhost.localdomain", "127.0.0.1"],
  ["localhost4", "127.0.0.1"],
  ["localhost6", "::1"],
  ["ip6-localhost", "::1"],
  ["ip6-loopback", "::1"],
]);

/** `inet:8891@localhost`, `inet:8891`, `local:/path`, `unix:/path`, `/path`. */
function listenOf(setting: Setting, settings: Settings): string | undefined {
  const { value, file, line } = setting;
  const [, path] = /^(?:local:|unix:)?(\/.*)$/.exec(value) ?? [];
  const [, port, , named] = /^inet6?:(\d{1,5})(@\[?([^\]]*)\]?)?$/.exec(value) ?? [];
  const host = loopbackNames.get(named?.toLowerCase() ?? "") ?? named;
  const written = host?.includes(":") === true ? `[${host}]` : host;
  // Beyond loopback nothing listens without milter.peers, which OpenDKIM has nothing like.
  const isOpen = path === undefined && (host === undefined || !isLoopbackHost(host));
  const listen = path === undefined ? `inet:${isOpen ? "127.0.0.1" : written}:${port}` : `unix:${path}`;
  if ((path === undefined && port === undefined) || parseListen(listen) === undefined) {
    settings.bad(setting);
    return undefined;
  }
  if (isOpen) settings.findings.push(finding("opendkim.socket-open", value, { file, line, value, listen }));
  return listen;
}

export function importAuthservId(settings: Settings): string | undefined {
  const setting = settings.get("AuthservID");
  // HOSTNAME stands for the name of the host, which is ours without it, too.
  if (setting === undefined || setting.value === "HOSTNAME") return undefined;
  if (isAuthservId(setting.value)) return setting.value;
  settings.bad(setting);
  return undefined;
}

export function importVerify(settings: Settings): object | undefined {
  const bits = settings.number("MinimumKeyBits", 0, 4096);
  const count = settings.number("MaximumSignaturesToVerify", 1, 100);
  // RFC 8301 §3.2: never under 1024.
  const dkim = {
    ...(bits !== undefined && bits > 1024 && { minimum_key_bits: bits }),
    ...(count !== undefined && { max_signatures: count }),
  };
  return Object.keys(dkim).length === 0 ? undefined : { dkim };
}

/** `sign` without its keys. */
export function importStyle(settings: Settings): object {
  const seconds = settings.number("SignatureTTL", 3600, 365 * 86_400);
  const { oversigned, whenPresent } = defaultFields;
  const extra = newNames(signHeaders(settings), [...oversigned, ...whenPresent]);
  const over = newNames(settings.list("OversignHeaders"), oversigned);
  const canonicalization = importCanonicalization(settings);
  return {
    ...(canonicalization !== undefined && { canonicalization }),
    ...(seconds !== undefined && { expire: durationText(seconds) }),
    ...(extra.length > 0 && { extra_headers: extra }),
    ...(over.length > 0 && { oversign_headers: over }),
  };
}

function importCanonicalization(settings: Settings): string | undefined {
  const setting = settings.get("Canonicalization");
  if (setting === undefined) return undefined;
  // RFC 6376 §3.5 c=: one name alone is that of the header.
  const [header = "", body = "simple"] = setting.value.toLowerCase().split("/");
  const words = [header, body];
  if (words.every((word) => word === "simple" || word === "relaxed")) return words.join("/");
  settings.bad(setting);
  return undefined;
}

/** Names that SignHeaders adds. A list that takes names away, or stands for itself, is told. */
function signHeaders(settings: Settings): readonly string[] {
  const setting = settings.get("SignHeaders");
  const names = settings.list("SignHeaders");
  if (setting !== undefined && (!names.includes("*") || names.some((name) => name.startsWith("-"))))
    settings.drop(setting, "fixed-headers");
  return names.filter((name) => name !== "*" && !name.startsWith("-")).map((name) => name.replace(/^\+/, ""));
}

function newNames(names: readonly string[], known: readonly string[]): string[] {
  const lower = new Set(known.map((name) => name.toLowerCase()));
  return names.filter(
    (name) =>
      isSignableName(name) &&
      !lower.has(name.toLowerCase()) &&
      !/^(?:received|return-path|bcc|resent-bcc|dkim-signature|authentication-results|arc-.*)$/i.test(name),
  );
}

function durationText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  return seconds % 3600 === 0 ? `${seconds / 3600}h` : `${seconds}s`;
}
