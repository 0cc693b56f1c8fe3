import { randomFillSync } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Clock } from "../clock.ts";
import type { ServerAddress } from "./server-address.ts";

/** Somebody waiting for the answer to one query. */
export interface UdpWaiter {
  /** A datagram from the server with the id of the query. False: not an answer to it, the waiting goes on. */
  receive(message: Buffer, id: number): boolean;
  /** The server's host says that nobody listens, or the datagram could not be sent. */
  refused(): void;
}

const socketsPerServer = 4;
/** A source port is used for so many queries or so long, whichever comes first (RFC 5452 §9.2). */
const maxQueriesPerPort = 1000;
const maxPortAgeMs = 60_000;

/** The UDP sockets towards one server. Each is connected, so that the kernel lets nothing in from anybody else. */
export class UdpPool {
  readonly #server: ServerAddress;
  readonly #clock: Clock;
  readonly #sockets: (QuerySocket | undefined)[] = new Array<undefined>(socketsPerServer).fill(undefined);
  readonly #all = new Set<QuerySocket>();
  #closed = false;

  constructor(server: ServerAddress, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  /**
   * Sends a query with a random id from a random port of the pool.
   * @returns Ends the waiting.
   */
  send(waiter: UdpWaiter, encode: (id: number) => Buffer): () => void {
    if (this.#closed) return () => {};
    const slot = randomUint16() % socketsPerServer;
    let socket = this.#sockets[slot];
    if (socket?.isWornOut(this.#clock.monotonic()) !== false) {
      socket?.retire();
      socket = new QuerySocket(this.#server, this.#clock.monotonic(), (gone) => this.#all.delete(gone));
      this.#sockets[slot] = socket;
      this.#all.add(socket);
    }
    return socket.send(waiter, encode);
  }

  close(): void {
    this.#closed = true;
    for (const socket of [...this.#all]) socket.close();
  }
}

class QuerySocket {
  readonly #server: ServerAddress;
  readonly #socket: Socket;
  readonly #pending = new Map<number, UdpWaiter>();
  readonly #opened: number;
  readonly #onClosed: (socket: QuerySocket) => void;
  #queries = 0;
  #remote: string | undefined;
  #queue: Buffer[] = [];
  #retired = false;
  #closed = false;

  constructor(server: ServerAddress, now: number, onClosed: (socket: QuerySocket) => void) {
    this.#server = server;
    this.#opened = now;
    this.#onClosed = onClosed;
    const family = server.address.includes(":") ? 6 : 4;
    this.#socket = createSocket({
      type: family === 6 ? "udp6" : "udp4",
      // Addresses need no look-up.
      lookup: (address, _options, done) => done(null, address, family),
    });
    this.#socket.on("error", () => this.#onError());
    this.#socket.on("message", (message, from) => this.#onMessage(message, from));
    this.#socket.on("connect", () => this.#onConnect());
    try {
      this.#socket.connect(server.port, server.address);
    } catch {
      process.nextTick(() => this.#onError());
    }
  }

  isWornOut(now: number): boolean {
    return this.#closed || this.#queries >= maxQueriesPerPort || now - this.#opened > maxPortAgeMs;
  }

  /** No new queries; closed once the last one has ended. */
  retire(): void {
    this.#retired = true;
    if (this.#pending.size === 0) this.close();
  }

  send(waiter: UdpWaiter, encode: (id: number) => Buffer): () => void {
    let id = randomUint16();
    while (this.#pending.has(id)) id = randomUint16();
    this.#pending.set(id, waiter);
    this.#queries += 1;
    const query = encode(id);
    if (this.#remote === undefined) this.#queue.push(query);
    else this.#transmit(query);
    return () => {
      if (this.#pending.get(id) !== waiter) return;
      this.#pending.delete(id);
      if (this.#retired && this.#pending.size === 0) this.close();
    };
  }

  #transmit(query: Buffer): void {
    this.#socket.send(query, (error) => {
      if (error !== null) this.#onError();
    });
  }

  #onConnect(): void {
    if (this.#closed) return;
    // The process need not stay for an idle socket; the timers of running queries keep it.
    this.#socket.unref();
    this.#remote = this.#socket.remoteAddress().address;
    for (const query of this.#queue) this.#transmit(query);
    this.#queue = [];
  }

  #onMessage(message: Buffer, from: RemoteInfo): void {
    if (from.port !== this.#server.port || from.address !== this.#remote || message.length < 2) return;
    const id = message.readUInt16BE(0);
    const waiter = this.#pending.get(id);
    if (waiter?.receive(message, id) === true && this.#pending.get(id) === waiter) this.#pending.delete(id);
    if (this.#retired && this.#pending.size === 0) this.close();
  }

  /** Port unreachable leaves a connected socket usable; one that never came to be connected is of no more use. */
  #onError(): void {
    if (this.#closed) return;
    const waiting = [...this.#pending.values()];
    if (this.#remote === undefined) this.close();
    for (const waiter of waiting) waiter.refused();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending.clear();
    this.#queue = [];
    this.#socket.close();
    this.#onClosed(this);
  }
}

const randomOctets = Buffer.alloc(4096);
let randomAt = randomOctets.length;

/** From the system's cryptographic generator (RFC 5452 §9.1), fetched in blocks. */
export function randomUint16(): number {
  if (randomAt >= randomOctets.length) {
    randomFillSync(randomOctets);
    randomAt = 0;
  }
  const value = randomOctets.readUInt16BE(randomAt);
  randomAt += 2;
  return value;
}
