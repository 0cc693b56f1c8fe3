import { type AddressInfo, createServer, type Server } from "node:net";
import { type ConversationLimits, defaultLimits, type Negotiated, type ProtocolProblem } from "./assemble.ts";
import { Connection, emit, type Shared } from "./connection.ts";
import type { DroppedEdit } from "./edits.ts";
import {
  isLoopback,
  type ListenAddress,
  listenAt,
  listenOn,
  MilterListenError,
  type PeerNetwork,
  peerOf,
  peerTest,
} from "./listen.ts";
import type { MilterWants } from "./negotiate.ts";
import type { MilterReply, MilterSession, MilterStage, Peer } from "./types.ts";

/** What `openSession` gets. */
export interface ConnectionInfo extends Negotiated {
  /** Counts the connections of this server from 1. */
  readonly id: number;
  /** The MTA, not the SMTP client; that comes with the `connect` event. */
  readonly remote: Peer;
}

export type CloseReason =
  | "quit"
  | "mta-closed"
  | "socket-error"
  /** No negotiation within `negotiationTimeoutMs`. */
  | "negotiation-timeout"
  /** A packet took longer than `packetTimeoutMs`. */
  | "packet-timeout"
  /** The MTA did not take our answers within `packetTimeoutMs`. */
  | "write-timeout"
  | "idle-timeout"
  | "shutdown"
  /** The grace of `close` was over, and a message was not. */
  | "cut-off"
  | ProtocolProblem;

/** Things to count or to log; `id` is that of `ConnectionInfo`. */
export type MilterEvent =
  | { readonly kind: "connected"; readonly id: number; readonly remote: Peer }
  | { readonly kind: "refused"; readonly reason: "peer" | "too-many"; readonly remote: Peer }
  | {
      readonly kind: "negotiated";
      readonly id: number;
      readonly version: number;
      readonly actions: number;
      readonly protocol: number;
    }
  /** Anything but "continue", and always at end of message. */
  | {
      readonly kind: "replied";
      readonly id: number;
      readonly stage: MilterStage;
      readonly reply: MilterReply;
    }
  | { readonly kind: "edits-dropped"; readonly id: number; readonly edits: readonly DroppedEdit[] }
  | { readonly kind: "fault"; readonly id: number; readonly stage: MilterStage; readonly error: unknown }
  | { readonly kind: "closed"; readonly id: number; readonly reason: CloseReason };

export interface MilterServerOptions extends Partial<ConversationLimits> {
  /** See `parseListenAddress`. */
  readonly listen: ListenAddress;
  /**
   * A socket at `listen` that this or another process has bound, in any form that `net.Server.listen` takes: several
   * processes may accept from one. Its file, mode and group are the business of whoever bound it.
   */
  readonly handle?: object | undefined;
  /** Permission bits of a unix socket; 0o660 when undefined. */
  readonly unixMode?: number | undefined;
  /** Numeric group of a unix socket. */
  readonly unixGroup?: number | undefined;
  /**
   * Who may connect over TCP. Needed to listen anywhere but on loopback; on loopback anybody may when undefined. Others
   * get no octet back.
   */
  readonly peers?: readonly PeerNetwork[] | undefined;
  /** A further test, also for unix sockets. */
  readonly allowPeer?: ((remote: Peer) => boolean) | undefined;
  /** Called when an MTA has negotiated, and again after `K`. A throw closes the connection. */
  readonly openSession: (info: ConnectionInfo) => MilterSession;
  /** What to ask of the MTA. */
  readonly wants?: MilterWants | undefined;
  /**
   * The stages at which something else than "continue" may be answered. The MTA waits for no reply at the others,
   * which is much faster; what a callback returns there must be "continue", else it is a fault. When undefined: end
   * of message, and the body where the MTA knows SKIP.
   */
  readonly answersAt?: ReadonlySet<MilterStage> | undefined;
  /** From the connection to the negotiation: 30 s when undefined. */
  readonly negotiationTimeoutMs?: number | undefined;
  /** From the first to the last octet of one packet, and for the MTA to take an answer: 60 s when undefined. */
  readonly packetTimeoutMs?: number | undefined;
  /**
   * Between packets: 2 h when undefined. An MTA says nothing while its SMTP client is silent (Sendmail waits 1 h for a
   * command) or sends a long message over a slow line; a dead MTA is found by TCP keep-alive.
   */
  readonly idleTimeoutMs?: number | undefined;
  /** 1000 when undefined; more are closed at once. */
  readonly maxConnections?: number | undefined;
  readonly onEvent?: ((event: MilterEvent) => void) | undefined;
}

export interface MilterStats {
  /** Open now. */
  readonly connections: number;
  readonly accepted: number;
  readonly refusedPeers: number;
  readonly refusedTooMany: number;
  /** Messages begun and over, whatever their end. */
  readonly messages: number;
  readonly faults: number;
  readonly editsDropped: number;
  readonly receivedOctets: number;
  /** How often each answer was given at end of message, and answers other than "continue" before it. */
  readonly replies: Readonly<Partial<Record<MilterReply["kind"], number>>>;
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>;
}

/** What may change while the server runs. */
export type MilterServerChanges = Pick<MilterServerOptions, "peers" | "timeBudgetMs" | "maxConnections">;

export interface MilterServer {
  /** Where it listens, with the port that the system chose. */
  readonly address: ListenAddress;
  stats(): MilterStats;
  /** For connections that come from now on, and a time budget for all; a missing one takes its default again. */
  update(changes: MilterServerChanges): void;
  /** Accepts no more; the connections that are open go on. Settles when the last one is over. */
  retire(): Promise<void>;
  /**
   * Accepts no more, closes connections that are between messages, and the others when their message is over or
   * `graceMs` have passed. The file of a unix socket is removed. Settles when all is closed.
   */
  close(graceMs?: number): Promise<void>;
}

const backlog = 511;
const keepAliveMs = 60_000;
const defaultUnixMode = 0o660;
const defaultMaxConnections = 1000;

/**
 * Listens for MTAs and runs a session for each of their connections.
 * @throws MilterListenError (as a rejection) when it cannot listen, or must not.
 */
export async function serveMilter(options: MilterServerOptions): Promise<MilterServer> {
  const { listen } = options;
  if (listen.kind === "tcp" && options.peers === undefined && !isLoopback(listen.host)) throw peersMissing();
  const shared = shareOptions(options);
  let admits = admission(shared);
  let count = 0;
  // Half-open: what is in work when the MTA has said its last is still answered.
  const server = createServer({
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveMs,
  });
  server.on("connection", (socket) => {
    const remote = peerOf(
      socket.remoteAddress,
      socket.remotePort,
      listen.kind === "unix" ? listen.path : undefined,
    );
    socket.on("error", () => {});
    // Over TCP nobody is without an address but who has reset the connection already.
    const hasGone = listen.kind === "tcp" && remote.family === "unknown";
    if (!hasGone && admits(remote)) {
      count += 1;
      new Connection(shared, socket, count, remote).start();
    } else socket.destroy();
  });
  if (options.handle !== undefined) await listenOn(server, options.handle, listen, backlog);
  else
    await listenAt(server, listen, backlog, {
      mode: options.unixMode ?? defaultUnixMode,
      group: options.unixGroup,
    });
  // Errors of `accept`, e.g. too many open files: those that are connected go on.
  server.on("error", () => {});
  const address = addressOf(server, listen);
  if (address.kind === "tcp" && options.peers === undefined && !isLoopback(address.host)) {
    server.close();
    throw peersMissing();
  }
  const sweep = setInterval(() => sweepConnections(shared), sweepMs(shared)).unref();
  return {
    address,
    stats: () => statsOf(shared),
    update(changes) {
      shared.options = { ...shared.options, ...changes };
      shared.limits = limitsOf(shared.options);
      admits = admission(shared);
    },
    retire: () => retireServer(server, shared, sweep),
    close: (graceMs) => closeServer(server, shared, sweep, graceMs ?? 0),
  };
}

function peersMissing(): MilterListenError {
  return new MilterListenError("PEERS_MISSING", "beyond loopback a list of peers is needed");
}

function shareOptions(options: MilterServerOptions): Shared {
  return {
    options,
    limits: limitsOf(options),
    negotiationTimeoutMs: options.negotiationTimeoutMs ?? 30_000,
    packetTimeoutMs: options.packetTimeoutMs ?? 60_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 7_200_000,
    connections: new Set(),
    counters: {
      accepted: 0,
      refusedPeers: 0,
      refusedTooMany: 0,
      messages: 0,
      faults: 0,
      editsDropped: 0,
      receivedOctets: 0,
      replies: {},
      closed: {},
    },
    draining: false,
  };
}

function limitsOf(options: MilterServerOptions): ConversationLimits {
  return {
    maxPacketOctets: options.maxPacketOctets ?? defaultLimits.maxPacketOctets,
    timeBudgetMs: options.timeBudgetMs ?? defaultLimits.timeBudgetMs,
    stageBudgetMs: options.stageBudgetMs ?? defaultLimits.stageBudgetMs,
    progressEveryMs: options.progressEveryMs ?? defaultLimits.progressEveryMs,
  };
}

function admission(shared: Shared): (remote: Peer) => boolean {
  const { options, counters, connections } = shared;
  const known = options.peers === undefined ? undefined : peerTest(options.peers);
  const maxConnections = options.maxConnections ?? defaultMaxConnections;
  const isPeer = (remote: Peer): boolean => {
    const inList =
      known === undefined || remote.family === "unix" || ("address" in remote && known(remote.address));
    return inList && options.allowPeer?.(remote) !== false;
  };
  return (remote) => {
    if (!isPeer(remote)) {
      counters.refusedPeers += 1;
      emit(shared, { kind: "refused", reason: "peer", remote });
      return false;
    }
    if (connections.size < maxConnections && !shared.draining) return true;
    counters.refusedTooMany += 1;
    emit(shared, { kind: "refused", reason: "too-many", remote });
    return false;
  };
}

function statsOf({ counters, connections }: Shared): MilterStats {
  return {
    ...counters,
    connections: connections.size,
    replies: { ...counters.replies },
    closed: { ...counters.closed },
  };
}

function addressOf(server: Server, asked: ListenAddress): ListenAddress {
  if (asked.kind === "unix") return asked;
  const { address, port } = server.address() as AddressInfo;
  return { kind: "tcp", host: address, port };
}

/** One timer for all connections: time limits cost nothing per packet. */
function sweepMs({ negotiationTimeoutMs, packetTimeoutMs, idleTimeoutMs }: Shared): number {
  return Math.max(5, Math.min(1000, Math.min(negotiationTimeoutMs, packetTimeoutMs, idleTimeoutMs) / 4));
}

function sweepConnections(shared: Shared): void {
  const now = performance.now();
  for (const connection of shared.connections) connection.checkTime(now);
}

async function closeServer(
  server: Server,
  shared: Shared,
  sweep: NodeJS.Timeout,
  graceMs: number,
): Promise<void> {
  shared.draining = true;
  const gone = allGone(server, shared);
  for (const connection of shared.connections) connection.closeWhenIdle();
  const force = setTimeout(() => {
    for (const connection of shared.connections) connection.destroy();
  }, graceMs);
  await gone;
  clearTimeout(force);
  clearInterval(sweep);
}

async function retireServer(server: Server, shared: Shared, sweep: NodeJS.Timeout): Promise<void> {
  await allGone(server, shared);
  clearInterval(sweep);
}

/** Listens no more. Settles when the last connection is over and counted as such, which Node's server does not wait for. */
async function allGone(server: Server, { connections }: Shared): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.all([closed, ...Array.from(connections, (connection) => connection.gone())]);
}
