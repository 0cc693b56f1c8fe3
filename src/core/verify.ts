import { type AuthenticationOptions, openAuthentication, type SmtpClient } from "./authenticate.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { DnsResolver } from "./dns/resolver.ts";
import { MessageReader } from "./message/message-reader.ts";
import type { AuthResults } from "./results.ts";
import type { Verification } from "./verification.ts";

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
 * Authenticates one message as it stands in a file or on the wire: iprev, SPF, DKIM and DMARC (RFC 8601, 7208, 6376,
 * 9989). Line ends are CRLF, or LF throughout. Rejects only when reading `message` does.
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
