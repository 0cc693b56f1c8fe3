import type { Config } from "../config/config.ts";
import { systemNameservers } from "../config/system-nameservers.ts";
import { systemClock } from "../core/clock.ts";
import { createDnsClient, type DnsClient } from "../core/dns/client.ts";
import { questionTimeout } from "../filter/budget.ts";
import type { UnnumberedRecord } from "../filter/compose-record.ts";
import type { Log } from "../log.ts";
import type { MilterEvent } from "../milter/index.ts";
import { startWeb, type WebServer } from "../web/server.ts";
import { type FilterService, startFilter } from "./filter-service.ts";
import { messageLine } from "./message-line.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { openRecords, type Records } from "./records.ts";

export interface Daemon {
  /** Where the milter listens. */
  readonly milter: readonly string[];
  /** Where the web port listens; undefined when it is off. */
  readonly web: string | undefined;
  /** Takes no more work, finishes what is in flight, writes every record, and lets go of everything. */
  close(): Promise<void>;
}

/** How long messages in flight may take to finish when the program is told to stop. */
const graceMs = 30_000;

/**
 * Starts every part that the configuration switches on.
 * @throws SekishoError when a part cannot start; the others have been stopped again.
 */
export async function startDaemon(config: Config, log: Log): Promise<Daemon> {
  const started: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of started.splice(0).reverse()) await close();
  };
  try {
    const metrics = createMetrics();
    const records = openRecords(config, log);
    started.push(() => records.close());
    const dns = openDns(config);
    started.push(() => dns.close());
    const filter = await startFilter(config, {
      dns,
      clock: systemClock,
      keep: (record) => keep(record, records, metrics, log),
      lost: (error) => {
        metrics.recordLost();
        log.error("the record of a message was lost", { error: String(error) });
      },
      event: (socket, event) => noteEvent(socket, event, log),
    });
    started.push(() => filter.close(graceMs));
    addGauges(metrics, dns, filter, records);
    const web = await openWeb(config, metrics, filter, records);
    if (web !== undefined) started.push(() => web.close());
    return { milter: filter.addresses, web: web?.address, close: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openDns({ dns, milter }: Config): DnsClient {
  const { nameservers, timeoutMs, cacheSize } = dns;
  return createDnsClient({
    servers: nameservers ?? systemNameservers(),
    timeoutMs: questionTimeout(timeoutMs, milter.timeBudgetMs),
    cache: { maxEntries: cacheSize },
  });
}

function keep(record: UnnumberedRecord, records: Records, metrics: Metrics, log: Log): void {
  records.append(record);
  metrics.message(record);
  if (record.fault !== undefined) log.error("message, with a fault inside", messageLine(record));
  else log.info("message", messageLine(record));
}

function noteEvent(socket: string, event: MilterEvent, log: Log): void {
  switch (event.kind) {
    case "refused":
      log.warn("connection refused", { socket, remote: event.remote, reason: event.reason });
      break;
    case "edits-dropped":
      log.error("edits that the MTA does not allow were left out", { socket, edits: event.edits });
      break;
    case "fault":
      log.error("fault", { socket, stage: event.stage, error: String(event.error) });
      break;
    case "closed":
      if (event.reason === "shutdown") log.info("connection closed", { socket, reason: event.reason });
      else if (event.reason !== "quit" && event.reason !== "mta-closed")
        log.warn("connection closed", { socket, reason: event.reason });
      break;
    case "connected":
    case "negotiated":
    case "replied":
      break;
  }
}

function addGauges(metrics: Metrics, dns: DnsClient, filter: FilterService, records: Records): void {
  const connections = (): number =>
    filter.servers.reduce((sum, server) => sum + server.stats().connections, 0);
  metrics.addGauges({
    milter_connections: { help: "Connections of MTAs open now", read: connections },
    dns_queries: { help: "DNS queries sent since the start", read: () => dns.stats().queries },
    dns_timeouts: { help: "Tries that no DNS server answered in time", read: () => dns.stats().timeouts },
    dns_cache_hits: { help: "DNS questions answered from the cache", read: () => dns.stats().cacheHits },
    dns_cache_entries: { help: "DNS answers in the cache", read: () => dns.stats().cacheEntries },
    spool_octets: {
      help: "Records that wait for the store, in octets",
      read: () => records.spool().spoolOctets,
    },
    spool_dropped: { help: "Records thrown away as the spool was full", read: () => records.spool().dropped },
  });
}

function openWeb(
  config: Config,
  metrics: Metrics,
  filter: FilterService,
  records: Records,
): Promise<WebServer | undefined> {
  const { listen } = config.web;
  if (listen === undefined) return Promise.resolve(undefined);
  return startWeb({
    ...listen,
    metrics: () => metrics.text(),
    health: () => {
      const store = records.trouble() ?? "ok";
      const milter = filter.servers.length > 0 ? "ok" : "no socket";
      return { ok: store === "ok" && milter === "ok", parts: { milter, records: store } };
    },
  });
}
