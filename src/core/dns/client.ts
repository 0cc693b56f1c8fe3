import { type Clock, systemClock } from "../clock.ts";
import { DnsCache, type DnsCacheLimits } from "./cache.ts";
import { Exchange, type ExchangeCounts, type ServerState } from "./exchange.ts";
import { canonicalName } from "./name.ts";
import { failureReply, maxAliases, type Reply } from "./reply.ts";
import type { DnsAnswer, DnsQueryOptions, DnsRecordOf, DnsResolver, DnsType } from "./resolver.ts";
import type { ServerAddress } from "./server-address.ts";
import { TcpConnections } from "./tcp.ts";
import { UdpPool } from "./udp.ts";
import { encodeQuestion } from "./wire.ts";

export interface DnsClientOptions {
  /** Recursive resolvers; the first is preferred as long as it answers. */
  readonly servers: readonly ServerAddress[];
  /** For one query with all its tries and CNAMEs. Default 5000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly cache?: DnsCacheLimits;
  /** Questions on their way at a time; more than that fail with "timeout" at once. Default 20,000. */
  readonly maxInFlight?: number;
  /** TCP connections at a time. Default 32. */
  readonly maxTcpConnections?: number;
}

export interface DnsClientStats {
  /** Calls of `query`. */
  readonly asked: number;
  /** Queries sent to servers, retries and TCP included. */
  readonly queries: number;
  /** Of those over TCP. */
  readonly tcp: number;
  /** Tries that no server answered in their time. */
  readonly timeouts: number;
  /**
   * Different questions in a row, the last one within ten minutes, that no server has answered, or that all refuse; 1000 at most. The
   * servers of one domain may be dead, and its mail come again and again.
   */
  readonly unanswered: number;
  /** From the first of them to the last. */
  readonly unansweredMs: number;
  /** Questions answered from the cache. */
  readonly cacheHits: number;
  /** Questions that joined an equal one on its way. */
  readonly coalesced: number;
  readonly cacheEntries: number;
  /** Estimated octets. */
  readonly cacheOctets: number;
  readonly inFlight: number;
}

export interface DnsClient extends DnsResolver {
  /** Ends queries on their way with `failure: timeout`, as all later ones. */
  close(): void;
  stats(): DnsClientStats;
}

/** A stub resolver (RFC 1034 §5.3.1) over UDP and TCP with a cache of its own. It trusts the AD bit of its servers. */
export function createDnsClient(options: DnsClientOptions): DnsClient {
  return new Client(options);
}

/** Less than this before the end of a flight no timer of one's own is worth it. */
const timerSlackMs = 5;
const latelyMs = 600_000;
const maxUnanswered = 1000;

/** By `Clock.monotonic()`. */
interface Silence {
  readonly since: number;
  until: number;
  readonly questions: Set<string>;
}

interface Flight {
  readonly reply: Promise<Reply>;
  readonly exchange: Exchange;
  /** By `Clock.monotonic()`. */
  readonly ends: number;
}

class Client implements DnsClient {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #maxInFlight: number;
  readonly #cache: DnsCache;
  readonly #servers: readonly ServerState[];
  readonly #tcp: TcpConnections;
  readonly #flights = new Map<string, Flight>();
  readonly #counts: ExchangeCounts = { queries: 0, timeouts: 0, tcp: 0 };
  #asked = 0;
  #cacheHits = 0;
  #coalesced = 0;
  #unanswered: Silence | undefined;
  #closed = false;

  constructor(options: DnsClientOptions) {
    const clock = options.clock ?? systemClock;
    this.#clock = clock;
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#maxInFlight = options.maxInFlight ?? 20_000;
    this.#cache = new DnsCache(clock, options.cache);
    this.#tcp = new TcpConnections(options.maxTcpConnections ?? 32);
    this.#servers = options.servers.map((address) => ({
      address,
      udp: new UdpPool(address, clock),
      slowUntil: 0,
      plainUntil: 0,
    }));
  }

  query<T extends DnsType>(
    name: string,
    type: T,
    options?: DnsQueryOptions,
  ): Promise<DnsAnswer<DnsRecordOf[T]>> {
    this.#asked += 1;
    // The records of a reply are of the type that was asked.
    return this.#answer(name, type, options?.deadline) as Promise<DnsAnswer<DnsRecordOf[T]>>;
  }

  #answer(name: string, type: DnsType, deadline?: number): Promise<DnsAnswer<DnsRecordOf[DnsType]>> {
    const asked = canonicalName(name);
    if (asked === undefined) return Promise.resolve({ kind: "failure", reason: "bad-name" });
    if (this.#closed || (deadline !== undefined && deadline <= this.#clock.monotonic()))
      return Promise.resolve({ kind: "failure", reason: "timeout" });
    const cached = this.#cache.get(asked, type);
    if (cached === undefined || cached.kind === "alias") return this.#follow(asked, type, deadline);
    this.#cacheHits += 1;
    return Promise.resolve(answerOf(cached));
  }

  /** Asks, and asks again at the end of CNAMEs for which the response had nothing. */
  async #follow(
    name: string,
    type: DnsType,
    deadline = Number.POSITIVE_INFINITY,
  ): Promise<DnsAnswer<DnsRecordOf[DnsType]>> {
    const now = this.#clock.monotonic();
    const ends = Math.min(deadline, now + this.#timeoutMs);
    let target = name;
    let aliases = 0;
    let ttl = Number.POSITIVE_INFINITY;
    let authentic = true;
    for (;;) {
      const reply = await this.#fetch(target, type, ends);
      if (reply.kind === "failure") return answerOf(reply);
      aliases += reply.aliases;
      // A loop over several responses ends here, too.
      if (aliases > maxAliases) return { kind: "failure", reason: "malformed" };
      ttl = Math.min(ttl, reply.ttl);
      authentic = authentic && reply.authentic;
      if (reply.kind !== "alias") return answerOf({ ...reply, ttl, authentic });
      target = reply.target;
    }
  }

  async #fetch(name: string, type: DnsType, ends: number): Promise<Reply> {
    const cached = this.#cache.get(name, type);
    if (cached !== undefined) {
      this.#cacheHits += 1;
      return cached;
    }
    const key = `${type} ${name}`;
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      if (this.#closed || this.#flights.size >= this.#maxInFlight) return failureReply("timeout");
      flight = this.#start(key, name, type);
    } else this.#coalesced += 1;
    return ends + timerSlackMs >= flight.ends ? flight.reply : this.#within(flight.reply, ends);
  }

  #start(key: string, name: string, type: DnsType): Flight {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const settings = {
      servers: this.#servers,
      tcp: this.#tcp,
      clock: this.#clock,
      timeoutMs: this.#timeoutMs,
      counts: this.#counts,
    };
    const exchange = new Exchange(encodeQuestion(name, type), settings, (reply) => {
      this.#flights.delete(key);
      this.#noteReply(key, reply);
      if (!this.#closed) this.#cache.set(name, type, reply);
      resolve(reply);
    });
    const flight = { reply: promise, exchange, ends: this.#clock.monotonic() + this.#timeoutMs };
    this.#flights.set(key, flight);
    exchange.run();
    return flight;
  }

  /** The reply, or a timeout when this asker's own time is over before that of the flight. */
  #within(reply: Promise<Reply>, ends: number): Promise<Reply> {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    const timer = setTimeout(
      () => resolve(failureReply("timeout")),
      Math.max(0, ends - this.#clock.monotonic()),
    );
    void reply.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
    return promise;
  }

  #noteReply(question: string, reply: Reply): void {
    const isAnswered = reply.kind !== "failure" || (reply.reason !== "timeout" && reply.reason !== "refused");
    if (isAnswered) {
      this.#unanswered = undefined;
      return;
    }
    const now = this.#clock.monotonic();
    this.#unanswered ??= { since: now, until: now, questions: new Set() };
    this.#unanswered.until = now;
    if (this.#unanswered.questions.size < maxUnanswered) this.#unanswered.questions.add(question);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { exchange } of [...this.#flights.values()]) exchange.abort();
    this.#tcp.close();
    for (const { udp } of this.#servers) udp.close();
  }

  stats(): DnsClientStats {
    const last = this.#unanswered;
    const silence = last && this.#clock.monotonic() - last.until < latelyMs ? last : undefined;
    return {
      asked: this.#asked,
      queries: this.#counts.queries,
      tcp: this.#counts.tcp,
      timeouts: this.#counts.timeouts,
      unanswered: silence?.questions.size ?? 0,
      unansweredMs: silence === undefined ? 0 : silence.until - silence.since,
      cacheHits: this.#cacheHits,
      coalesced: this.#coalesced,
      cacheEntries: this.#cache.entries,
      cacheOctets: this.#cache.octets,
      inFlight: this.#flights.size,
    };
  }
}

function answerOf(reply: Exclude<Reply, { kind: "alias" }>): DnsAnswer<DnsRecordOf[DnsType]> {
  switch (reply.kind) {
    case "answer":
      return { kind: "answer", records: reply.records, ttl: reply.ttl, authentic: reply.authentic };
    case "failure":
      return { kind: "failure", reason: reply.reason };
    case "nodata":
    case "nxdomain":
      return { kind: reply.kind, authentic: reply.authentic };
  }
}
