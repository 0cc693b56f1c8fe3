import type { Clock } from "../clock.ts";
import { failureReply, isBogus, type Reply, readReply } from "./reply.ts";
import type { DnsFailureReason } from "./resolver.ts";
import type { ServerAddress } from "./server-address.ts";
import type { TcpConnections } from "./tcp.ts";
import type { UdpPool } from "./udp.ts";
import { type DnsQuestion, type DnsResponse, decodeResponse, encodeQuery, rcodes } from "./wire.ts";

export interface ServerState {
  readonly address: ServerAddress;
  readonly udp: UdpPool;
  /** By `Clock.monotonic()`: left unanswered until then, so others are asked first. */
  slowUntil: number;
  /** Refused EDNS until then. */
  plainUntil: number;
}

export interface ExchangeCounts {
  /** Queries sent, over UDP and TCP. */
  queries: number;
  /** Tries that were not answered in their time. */
  timeouts: number;
  tcp: number;
}

export interface ExchangeSettings {
  readonly servers: readonly ServerState[];
  readonly tcp: TcpConnections;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly counts: ExchangeCounts;
  /** False: the servers are asked for what they hold themselves (RD is not set). True when absent. */
  readonly recursive?: boolean;
  /** Hears of every readable response to the question, before anything follows from it. */
  readonly onResponse?: (response: DnsResponse, over: "udp" | "tcp") => void;
}

const slowMs = 5000;
const plainMs = 300_000;
const maxRounds = 3;

/**
 * Asks one question of the servers in turn, each time waiting longer, until one answers, all of them have failed or the
 * time is up. Answers to earlier tries count as long as it runs. `done` is called once, never before `run` has returned
 * unless there is no server.
 */
export class Exchange {
  readonly #question: DnsQuestion;
  readonly #settings: ExchangeSettings;
  readonly #done: (reply: Reply) => void;
  readonly #servers: readonly ServerState[];
  readonly #ends: number;
  readonly #release: (() => void)[] = [];
  #current: ServerState | undefined;
  #tries = 0;
  #timer: NodeJS.Timeout | undefined;
  #noted: DnsFailureReason | undefined;
  #over = false;

  constructor(question: DnsQuestion, settings: ExchangeSettings, done: (reply: Reply) => void) {
    this.#question = question;
    this.#settings = settings;
    this.#done = done;
    const now = settings.clock.monotonic();
    this.#servers = inOrder(settings.servers, now);
    this.#ends = now + settings.timeoutMs;
  }

  run(): void {
    this.#tryNext();
  }

  /** Ends with a timeout. */
  abort(): void {
    this.#finish(failureReply("timeout"));
  }

  #tryNext(): void {
    const now = this.#settings.clock.monotonic();
    const left = this.#ends - now;
    const count = this.#servers.length;
    const round = count === 0 ? maxRounds : Math.floor(this.#tries / count);
    // A failure that a server stated stands once every other one has been asked.
    if (left < 2 || round >= maxRounds || (this.#noted !== undefined && round > 0)) {
      this.#finish(failureReply(this.#noted ?? "timeout"));
      return;
    }
    const server = this.#servers[this.#tries % count] as ServerState;
    this.#tries += 1;
    this.#current = server;
    this.#wait(this.#tries === maxRounds * count ? left : this.#tryMs(round, left));
    this.#sendUdp(server, now >= server.plainUntil);
  }

  /** Doubled with each round; the rounds together fill the time, every server gets its turn, nothing small is left. */
  #tryMs(round: number, left: number): number {
    const share = this.#settings.timeoutMs / this.#servers.length;
    const unit = Math.max(share / 7, Math.min(500, share / 2));
    const wait = unit * 2 ** round;
    return left - wait < unit / 2 ? left : wait;
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#onTimeout(), Math.ceil(ms));
  }

  #onTimeout(): void {
    this.#settings.counts.timeouts += 1;
    if (this.#current !== undefined) this.#current.slowUntil = this.#settings.clock.monotonic() + slowMs;
    this.#tryNext();
  }

  #sendUdp(server: ServerState, edns: boolean): void {
    this.#settings.counts.queries += 1;
    const waiter = {
      receive: (message: Buffer, id: number): boolean => {
        const response = decodeResponse(message, this.#question, id);
        if (response === "mismatch") return false;
        server.slowUntil = 0;
        if (typeof response !== "string") this.#settings.onResponse?.(response, "udp");
        if (response === "malformed") this.#note(server, "malformed");
        else if (response.truncated) this.#askTcp(server, edns);
        else this.#take(server, response, edns);
        return true;
      },
      refused: (): void => this.#onRefused(server),
    };
    this.#release.push(server.udp.send(waiter, (id) => this.#encode(id, edns)));
  }

  #encode(id: number, edns: boolean): Buffer {
    return encodeQuery(this.#question, id, edns, this.#settings.recursive ?? true);
  }

  #take(server: ServerState, response: DnsResponse, edns: boolean): void {
    if (response.rcode === rcodes.noError || response.rcode === rcodes.nameError) {
      if (!edns) server.plainUntil = Math.max(server.plainUntil, this.#settings.clock.monotonic() + plainMs);
      this.#conclude(server, readReply(response, this.#question));
    } else if (edns && refusesEdns(response.rcode)) this.#sendUdp(server, false);
    else if (isBogus(response)) this.#finish(failureReply("bogus"));
    else this.#note(server, response.rcode === rcodes.refused ? "refused" : "servfail");
  }

  #conclude(server: ServerState, reply: Reply): void {
    if (reply.kind === "failure") this.#note(server, reply.reason);
    else this.#finish(reply);
  }

  #askTcp(server: ServerState, edns: boolean): void {
    const { counts, tcp } = this.#settings;
    counts.queries += 1;
    counts.tcp += 1;
    // Sent where nothing can be spoofed blindly; the id matters little.
    const id = this.#tries;
    const query = this.#encode(id, edns);
    if (server === this.#current) {
      const left = this.#ends - this.#settings.clock.monotonic();
      this.#wait(Math.max(0, this.#servers.length === 1 ? left : left / 2));
    }
    const cancel = tcp.ask(server.address, query, (message) => {
      const response = message === undefined ? undefined : decodeResponse(message, this.#question, id);
      if (typeof response === "object") this.#settings.onResponse?.(response, "tcp");
      if (response === undefined) this.#note(server, "timeout");
      else if (typeof response === "string" || response.truncated) this.#note(server, "malformed");
      else this.#take(server, response, edns);
    });
    this.#release.push(cancel);
  }

  /** A server has failed at this question. What it was not the turn of is only remembered. */
  #note(server: ServerState, reason: DnsFailureReason): void {
    if (this.#over) return;
    if (this.#noted === undefined || this.#noted === "timeout") this.#noted = reason;
    if (server === this.#current) this.#tryNext();
  }

  /** On to the next server at once if it has not been asked; otherwise the wait goes on, the server may come back. */
  #onRefused(server: ServerState): void {
    if (this.#over || server !== this.#current) return;
    server.slowUntil = this.#settings.clock.monotonic() + slowMs;
    if (this.#tries < this.#servers.length) this.#tryNext();
  }

  #finish(reply: Reply): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    for (const release of this.#release) release();
    this.#done(reply);
  }
}

/** RFC 6891 §7: how servers without EDNS answer; §6.1.3 for other versions. */
function refusesEdns(rcode: number): boolean {
  return rcode === rcodes.formatError || rcode === rcodes.notImplemented || rcode === rcodes.badVersion;
}

/** As given, but those that lately did not answer last. */
function inOrder(servers: readonly ServerState[], now: number): readonly ServerState[] {
  if (servers.every((server) => server.slowUntil <= now)) return servers;
  const quick = servers.filter((server) => server.slowUntil <= now);
  return [...quick, ...servers.filter((server) => server.slowUntil > now)];
}
