import { type Clock, systemClock } from "../clock.ts";
import { Exchange } from "./exchange.ts";
import { canonicalName } from "./name.ts";
import type { Reply } from "./reply.ts";
import type { DnsAnswer, DnsRecordOf, DnsType } from "./resolver.ts";
import type { ServerAddress } from "./server-address.ts";
import { TcpConnections } from "./tcp.ts";
import { UdpPool } from "./udp.ts";
import { encodeQuestion } from "./wire.ts";

/** What one server said of itself, without recursion. */
export interface DirectAnswer<T> {
  readonly answer: DnsAnswer<T>;
  /** The AA bit; false when nothing readable came. */
  readonly authoritative: boolean;
  /** The UDP answer was cut off. */
  readonly truncated: boolean;
  /** Over what the answer came that counts. */
  readonly over: "udp" | "tcp";
  /** The name at which CNAMEs leave what the server holds; `answer` is "nodata" then. Canonical. */
  readonly alias?: string;
}

export interface DirectOptions {
  /** For all tries together. Default 5000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Asks one server for what it holds itself: RD not set, UDP first and TCP when that is cut off (RFC 7766 §5), three
 * tries. No cache. Never rejects.
 */
export async function askDirectly<T extends DnsType>(
  server: ServerAddress,
  name: string,
  type: T,
  options: DirectOptions = {},
): Promise<DirectAnswer<DnsRecordOf[T]>> {
  const asked = canonicalName(name);
  if (asked === undefined) return unanswered("bad-name");
  const { timeoutMs = 5000, clock = systemClock } = options;
  const udp = new UdpPool(server, clock);
  const tcp = new TcpConnections(1);
  let authoritative = false;
  let truncated = false;
  let over: "udp" | "tcp" = "udp";
  const settings = {
    servers: [{ address: server, udp, slowUntil: 0, plainUntil: 0 }],
    tcp,
    clock,
    timeoutMs,
    counts: { queries: 0, timeouts: 0, tcp: 0 },
    recursive: false,
    onResponse: (response: { authoritative: boolean; truncated: boolean }, by: "udp" | "tcp"): void => {
      authoritative = response.authoritative;
      truncated ||= response.truncated;
      over = by;
    },
  };
  const { promise, resolve } = Promise.withResolvers<Reply>();
  new Exchange(encodeQuestion(asked, type), settings, resolve).run();
  const reply = await promise;
  udp.close();
  tcp.close();
  // The records of a reply are of the type that was asked.
  return { ...said(reply), authoritative, truncated, over } as DirectAnswer<DnsRecordOf[T]>;
}

function unanswered(reason: "bad-name"): DirectAnswer<never> {
  return { answer: { kind: "failure", reason }, authoritative: false, truncated: false, over: "udp" };
}

function said(reply: Reply): Pick<DirectAnswer<DnsRecordOf[DnsType]>, "answer" | "alias"> {
  switch (reply.kind) {
    case "answer":
      return {
        answer: { kind: "answer", records: reply.records, ttl: reply.ttl, authentic: reply.authentic },
      };
    case "alias":
      return { answer: { kind: "nodata", authentic: reply.authentic }, alias: reply.target };
    case "failure":
      return { answer: { kind: "failure", reason: reply.reason } };
    case "nodata":
    case "nxdomain":
      return { answer: { kind: reply.kind, authentic: reply.authentic } };
  }
}
