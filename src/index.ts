import { type AuthenticationOptions, openAuthentication, type SmtpClient } from "./core/authenticate.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import type { DnsResolver } from "./core/dns/resolver.ts";
import { MessageReader } from "./core/message/message-reader.ts";
import type { AuthResults } from "./core/results.ts";
import type { Verification } from "./core/verification.ts";

export {
  type AuthenticationContext,
  type AuthenticationInput,
  type AuthenticationOptions,
  type ClientChecks,
  type ClientResults,
  type DmarcOptions,
  openAuthentication,
  type SmtpClient,
  startClientChecks,
} from "./core/authenticate.ts";
export { type Clock, fixedClock, systemClock } from "./core/clock.ts";
export { createDnsClient, type DnsClient, type DnsClientOptions } from "./core/dns/client.ts";
export type { DnsAnswer, DnsResolver, DnsType } from "./core/dns/resolver.ts";
export { formatIp, type IpAddress, parseIp } from "./core/ip.ts";
export { type MessageHead, parseHead } from "./core/message/message.ts";
export type {
  ArcProblem,
  ArcResult,
  ArcSet,
  ArcWord,
  AuthResult,
  AuthResults,
  DkimProblem,
  DkimResult,
  DkimWord,
  DmarcPolicy,
  DmarcProblem,
  DmarcResult,
  DmarcWord,
  DnsTraceEntry,
  IprevResult,
  SpfProblem,
  SpfResult,
  SpfTraceStep,
  SpfWord,
} from "./core/results.ts";
export type { Verification } from "./core/verification.ts";

export interface VerifyOptions extends AuthenticationOptions {
  readonly dns: DnsResolver;
  /** Without it SPF and iprev are left out. */
  readonly client?: SmtpClient;
  /** The system's clock when absent. Its monotonic side must be that of `dns`. */
  readonly clock?: Clock;
  /** For all DNS questions together, from the call on; 20 seconds when absent. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 20_000;

/**
 * Authenticates one message as it stands in a file or on the wire: iprev, SPF, DKIM, ARC and DMARC (RFC 8601, 7208,
 * 6376, 8617, 9989). Line ends are CRLF, or LF throughout. Rejects only when reading `message` does.
 */
export async function verify(
  message: Buffer | AsyncIterable<Buffer>,
  { dns, client, clock = systemClock, timeoutMs = defaultTimeoutMs, ...options }: VerifyOptions,
): Promise<AuthResults> {
  const deadline = clock.monotonic() + timeoutMs;
  const opened = Promise.withResolvers<Verification<AuthResults>>();
  let verification: Verification<AuthResults> | undefined;
  const reader = new MessageReader({
    head: (head) => {
      verification = openAuthentication(head, { dns, clock, deadline, options, ...(client && { client }) });
      opened.resolve(verification);
    },
    body: (chunk) => verification?.body(chunk),
  });
  if (Buffer.isBuffer(message)) reader.push(message);
  else for await (const chunk of message) reader.push(chunk);
  reader.end();
  return (await opened.promise).finish();
}
