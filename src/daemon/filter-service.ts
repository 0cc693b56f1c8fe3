import type { Config, MilterSocketConfig } from "../config/config.ts";
import { loadDmarcOptions } from "../config/dmarc-options.ts";
import { formatProblem } from "../config/problem.ts";
import type { DmarcOptions } from "../core/authenticate.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { SekishoError } from "../errors.ts";
import type { UnnumberedRecord } from "../filter/compose-record.ts";
import { openFilterSession } from "../filter/session.ts";
import {
  formatListenAddress,
  type MilterEvent,
  MilterListenError,
  type MilterServer,
  type MilterStage,
  parseListenAddress,
  serveMilter,
} from "../milter/index.ts";
import { groupId } from "./group-id.ts";

/** What the milter sockets need from the program around them. */
export interface FilterServices {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  keep(record: UnnumberedRecord): void;
  lost(error: unknown): void;
  event(socket: string, event: MilterEvent): void;
}

export interface FilterService {
  /** Where each socket listens, with the ports that the system chose. */
  readonly addresses: readonly string[];
  readonly servers: readonly MilterServer[];
  /** Finishes what is in flight for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** In place of the lists of the MTA: what decides who the client is, and the queue id as soon as there is one. */
const macros = {
  connect: ["j", "client_addr", "client_name", "daemon_name", "_"],
  mail: ["i", "auth_type", "auth_authen", "mail_addr"],
  "end-of-headers": ["i"],
  "end-of-message": ["i"],
} as const;

/**
 * Postfix leaves Nagle's algorithm on: over TCP a short command that is not answered is acknowledged only 40 ms later,
 * and the next one waits for that. So all that come alone are answered; header fields come in bulk.
 */
const answeredOverTcp: ReadonlySet<MilterStage> = new Set([
  "connect",
  "helo",
  "mail",
  "recipient",
  "data",
  "body",
  "end-of-message",
]);

/**
 * Listens at every configured socket.
 * @throws SekishoError LISTEN_FAILED, with nothing left listening; CONFIG_INVALID without a readable public suffix list.
 */
export async function startFilter(config: Config, services: FilterServices): Promise<FilterService> {
  const dmarc = await openDmarcOptions(config);
  const servers: MilterServer[] = [];
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(servers.map((server) => server.close(graceMs)));
  };
  try {
    for (const socket of config.milter.sockets) servers.push(await listen(config, socket, dmarc, services));
  } catch (error) {
    await close(0);
    throw error;
  }
  return { servers, addresses: servers.map(({ address }) => formatListenAddress(address)), close };
}

async function openDmarcOptions({ verify }: Config): Promise<DmarcOptions> {
  const loaded = await loadDmarcOptions(verify.dmarc);
  if (!loaded.ok) throw new SekishoError("CONFIG_INVALID", formatProblem(loaded.problem, "en"));
  return loaded.options;
}

async function listen(
  config: Config,
  socket: MilterSocketConfig,
  dmarc: DmarcOptions,
  services: FilterServices,
): Promise<MilterServer> {
  const address = parseListenAddress(socket.listen);
  if (address === undefined)
    throw new SekishoError("LISTEN_FAILED", `milter socket ${socket.listen}: no such form`);
  const { dns, clock, keep, lost } = services;
  const { peers, timeBudgetMs, maxConnections } = config.milter;
  try {
    return await serveMilter({
      listen: address,
      unixMode: socket.mode,
      ...(socket.group !== undefined && { unixGroup: groupId(socket.group) }),
      ...(peers.length > 0 && { peers }),
      timeBudgetMs,
      maxConnections,
      ...(address.kind === "tcp" && { answersAt: answeredOverTcp }),
      wants: { edits: ["insert-header", "delete-header", "quarantine"], macros },
      openSession: () => openFilterSession({ config, socket, dns, clock, dmarc, keep, lost }),
      onEvent: (event) => services.event(socket.listen, event),
    });
  } catch (error) {
    if (!(error instanceof MilterListenError)) throw error;
    throw new SekishoError("LISTEN_FAILED", `milter socket ${socket.listen}: ${error.message}`, {
      cause: error,
    });
  }
}
