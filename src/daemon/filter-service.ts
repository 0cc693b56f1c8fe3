import type { Config, MilterSocketConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { SekishoError } from "../errors.ts";
import { type CountMessage, countOnLoan } from "../filter/burst.ts";
import type { UnnumberedRecord } from "../filter/compose-record.ts";
import { openListMode } from "../filter/list-mode.ts";
import type { OpenOutgoingPart } from "../filter/outgoing.ts";
import { openSealing } from "../filter/seal.ts";
import { type FilterContext, openFilterSession } from "../filter/session.ts";
import type { AskShared } from "../filter/shared-state.ts";
import { openWayIn } from "../filter/way-in.ts";
import {
  type MilterEvent,
  type MilterServer,
  type MilterServerChanges,
  type MilterStage,
  type MilterStats,
  parseListenAddress,
  serveMilter,
} from "../milter/index.ts";
import type { OpenMethods } from "./methods.ts";

/** What the milter sockets need from the program around them. */
export interface FilterServices {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  readonly ask: AskShared;
  keep(record: UnnumberedRecord): void;
  lost(error: unknown): void;
  event(socket: string, event: MilterEvent): void;
}

/** `connections` are open now; the others count from the start. */
export type FilterStats = Pick<MilterStats, "connections" | "accepted" | "messages">;

/** The milter sockets of one process. */
export interface FilterService {
  /**
   * Takes a configuration into use: connections go on, messages that begin from now on follow it. Sockets that are new
   * in it are listened on, those that are not in it any more accept nothing more. Who retires stays as it is.
   * @param handles Bound sockets by `listen` of the configuration.
   * @throws SekishoError LISTEN_FAILED; what was in force stays.
   */
  configure(
    config: Config,
    methods: OpenMethods["options"],
    handles: ReadonlyMap<string, object>,
  ): Promise<void>;
  /** Of all sockets, also those that are gone. */
  stats(): FilterStats;
  /** Accepts nothing more; settles when the last connection is over. */
  retire(): Promise<void>;
  /** Finishes what is in flight for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** What edits headers and seals, in their order. */
const parts: readonly OpenOutgoingPart[] = [openListMode, openSealing, openWayIn];

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
 * Over a unix socket an answer is waited for and nothing else. Not even for body chunks: SKIP could spare the MTA the
 * rest of an unsigned body, but for each chunk of all others it would wait for its turn behind other messages.
 */
const answeredOverUnix: ReadonlySet<MilterStage> = new Set(["end-of-message"]);

export function createFilterService(services: FilterServices): FilterService {
  return new Sockets(services);
}

interface OpenSocket {
  readonly latest: { context: FilterContext };
  readonly server: MilterServer;
}

class Sockets implements FilterService {
  readonly #services: FilterServices;
  readonly #countMessage: CountMessage;
  readonly #open = new Map<string, OpenSocket>();
  /** They accept nothing more, and have connections that go on. */
  readonly #retiring = new Map<MilterServer, Promise<void>>();

  #gone: FilterStats = { connections: 0, accepted: 0, messages: 0 };
  #isRetiring = false;

  constructor(services: FilterServices) {
    this.#services = services;
    this.#countMessage = countOnLoan(services.ask, () => services.clock.monotonic());
  }

  async configure(...[config, methods, handles]: Parameters<FilterService["configure"]>): Promise<void> {
    // A reload may come to a worker that has been told to end by itself: what it finishes is not to be cut off.
    if (this.#isRetiring) return;
    const contextOf = (socket: MilterSocketConfig): FilterContext => {
      const { dns, clock, ask, keep, lost } = this.#services;
      const countMessage = this.#countMessage;
      return { config, socket, dns, clock, ask, countMessage, parts, ...methods, keep, lost };
    };
    const wanted = new Map(config.milter.sockets.map((socket) => [socket.listen, contextOf(socket)]));
    await this.#openNew(wanted, handles);
    for (const [listen, open] of this.#open) {
      const context = wanted.get(listen);
      if (context === undefined) this.#retireOne(listen, open.server);
      else {
        open.latest.context = context;
        open.server.update(changesOf(config));
      }
    }
  }

  stats(): FilterStats {
    return this.#servers()
      .map((server): FilterStats => server.stats())
      .reduce(added, this.#gone);
  }

  async retire(): Promise<void> {
    this.#isRetiring = true;
    for (const [listen, { server }] of this.#open) this.#retireOne(listen, server);
    await Promise.all(this.#retiring.values());
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#servers().map((server) => server.close(graceMs)));
  }

  /** All or none. */
  async #openNew(
    wanted: ReadonlyMap<string, FilterContext>,
    handles: ReadonlyMap<string, object>,
  ): Promise<void> {
    const opened: [string, OpenSocket][] = [];
    try {
      for (const [listen, context] of wanted)
        if (!this.#open.has(listen))
          opened.push([listen, await openSocket(context, handles.get(listen), this.#services)]);
    } catch (error) {
      await Promise.all(opened.map(([, { server }]) => server.close()));
      throw error;
    }
    for (const [listen, open] of opened) this.#open.set(listen, open);
  }

  #retireOne(listen: string, server: MilterServer): void {
    this.#open.delete(listen);
    const over = server.retire().then(() => {
      this.#retiring.delete(server);
      this.#gone = added(this.#gone, server.stats());
    });
    this.#retiring.set(server, over);
  }

  #servers(): MilterServer[] {
    return [...Array.from(this.#open.values(), ({ server }) => server), ...this.#retiring.keys()];
  }
}

function added(a: FilterStats, b: FilterStats): FilterStats {
  return {
    connections: a.connections + b.connections,
    accepted: a.accepted + b.accepted,
    messages: a.messages + b.messages,
  };
}

async function openSocket(
  context: FilterContext,
  handle: object | undefined,
  services: FilterServices,
): Promise<OpenSocket> {
  const { listen } = context.socket;
  const address = parseListenAddress(listen);
  if (address === undefined || handle === undefined)
    throw new SekishoError("LISTEN_FAILED", `milter socket ${listen}: not bound`);
  const latest = { context };
  const server = await serveMilter({
    listen: address,
    handle,
    ...changesOf(context.config),
    answersAt: address.kind === "tcp" ? answeredOverTcp : answeredOverUnix,
    wants: { edits: ["insert-header", "add-header", "change-header", "delete-header", "quarantine"], macros },
    openSession: () => openFilterSession(latest.context, () => latest.context),
    onEvent: (event) => services.event(listen, event),
  });
  return { latest, server };
}

function changesOf({ milter }: Config): MilterServerChanges {
  const { peers, timeBudgetMs, maxConnections } = milter;
  return { peers: peers.length > 0 ? peers : undefined, timeBudgetMs, maxConnections };
}
