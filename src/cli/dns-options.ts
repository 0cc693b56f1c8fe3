import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { DnsConfig } from "../config/config.ts";
import { systemNameservers } from "../config/system-nameservers.ts";
import { createDnsClient, type DnsClient } from "../core/dns/client.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { parseServerAddress, type ServerAddress } from "../core/dns/server-address.ts";
import { zoneResolver } from "../core/dns/zone.ts";
import { parseZone, type Zone } from "../core/dns/zone-parse.ts";
import { SekishoError } from "../errors.ts";
import { zoneProblemText } from "../findings/zone-problems.ts";
import { type OptionValues, usageError } from "./command.ts";
import { refuseBeside } from "./idle-options.ts";
import { fileUnreadable } from "./input.ts";
import type { Io } from "./io.ts";

/** How a command asks the DNS. */
export const dnsOptions = {
  nameserver: {
    type: "string",
    multiple: true,
    value: "ADDR[:PORT]",
    help: {
      en: "ask this server, and not the configured or the system's ones; may be repeated",
      ja: "設定やシステムのものに代えて使う DNS サーバー（複数指定可）",
    },
  },
  "dns-timeout": {
    type: "string",
    value: "SECONDS",
    help: { en: "wait that long for one answer", ja: "1 つの応答を待つ時間（秒）" },
  },
  zone: {
    type: "string",
    multiple: true,
    value: "FILE",
    help: {
      en: "take the records of this zone file before those of live DNS; may be repeated",
      ja: "実際の DNS より優先して使うゾーンファイル（複数指定可）",
    },
  },
  offline: {
    type: "boolean",
    help: { en: "ask nothing but the zone files", ja: "ゾーンファイルだけを使い、DNS に問い合わせない" },
  },
} as const;

export interface OpenDns {
  readonly resolver: DnsResolver;
  close(): void;
}

/**
 * Turns the options into a resolver. `config` gives what they leave open.
 * @throws SekishoError with code USAGE, FILE_UNREADABLE or ZONE_INVALID.
 */
export function openDns(values: OptionValues<typeof dnsOptions>, config: DnsConfig, io: Io): OpenDns {
  readOffline(values, io);
  const zones = values.zone.map((file) => readZone(file, io));
  if (values.offline) return { resolver: zoneResolver(zones), close: () => {} };
  const client = openDnsClient(values, config, io);
  return {
    resolver: zones.length === 0 ? client : zoneResolver(zones, client),
    close: () => client.close(),
  };
}

/** @throws SekishoError with code USAGE where `--offline` leaves nothing to ask, or another option nothing to do. */
export function readOffline(values: OptionValues<typeof dnsOptions>, io: Io): void {
  if (values.offline && values.zone.length === 0) throw usageError(io.text.usage.offlineNeedsZone);
  refuseBeside(values, ["nameserver", "dns-timeout"], "offline", io);
}

/**
 * A client of the servers that the options or the configuration name.
 * @throws SekishoError with code USAGE.
 */
export function openDnsClient(
  values: Pick<OptionValues<typeof dnsOptions>, "nameserver" | "dns-timeout">,
  config: DnsConfig,
  io: Io,
): DnsClient {
  const timeoutMs = readTimeout(values["dns-timeout"], io) ?? config.timeoutMs;
  return createDnsClient({ servers: nameservers(values, config, io), timeoutMs });
}

/** The recursive servers that the options or the configuration name. @throws SekishoError with code USAGE. */
export function nameservers(
  values: Pick<OptionValues<typeof dnsOptions>, "nameserver">,
  config: DnsConfig,
  io: Io,
): readonly ServerAddress[] {
  const named = values.nameserver.map((text) => readServer(text, io));
  return named.length > 0 ? named : configuredServers(config);
}

function configuredServers({ nameservers }: DnsConfig): readonly ServerAddress[] {
  if (nameservers === undefined || nameservers.length === 0) return systemNameservers();
  return nameservers;
}

function readServer(text: string, io: Io): ServerAddress {
  const server = parseServerAddress(text);
  if (server === undefined) throw usageError(io.text.usage.badServer("--nameserver", text));
  return server;
}

function readTimeout(text: string | undefined, io: Io): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d{1,3}(?:\.\d{1,3})?s?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (!(seconds >= 0.1 && seconds <= 300)) throw usageError(io.text.usage.badSeconds("--dns-timeout", text));
  return Math.round(seconds * 1000);
}

const maxZoneOctets = 256 * 1024 * 1024;
const maxErrorsTold = 5;

function readZone(file: string, io: Io): Zone {
  const zone = parseZone(readZoneText(file, io), {
    file,
    include: (name) => readIncluded(resolve(dirname(file), name)),
  });
  if (zone.errors.length === 0) return zone;
  const told = zone.errors.slice(0, maxErrorsTold);
  const lines = told.map(
    ({ file: place = file, line, problem }) => `${place}:${line}: ${zoneProblemText(problem, io.lang)}`,
  );
  const more = zone.errors.length - told.length;
  throw new SekishoError(
    "ZONE_INVALID",
    [...lines, ...(more > 0 ? [io.text.failed.moreErrors(file, more)] : [])].join("\n"),
  );
}

/**
 * The text of a zone file.
 * @throws SekishoError with code FILE_UNREADABLE.
 */
export function readZoneText(file: string, io: Io): string {
  try {
    if (statSync(file).size > maxZoneOctets) throw new Error(`> ${maxZoneOctets} octets`);
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fileUnreadable(file, error, io);
  }
}

/** The text of a file that a zone file includes; undefined when it cannot be read. */
export function readIncluded(path: string): string | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= maxZoneOctets ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
