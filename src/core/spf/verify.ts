import type { Clock } from "../clock.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import type { IpAddress } from "../ip.ts";
import type { SpfResult } from "../results.ts";
import { checkHost, type SpfOptions } from "./check-host.ts";
import { parseSender } from "./sender.ts";

export interface VerifySpfInput {
  /** The SMTP client. */
  readonly ip: IpAddress;
  /** As the client gave it; empty when it gave none. */
  readonly helo: string;
  /** The reverse-path, with or without angle brackets; empty for the null sender. */
  readonly mailFrom: string;
  readonly dns: DnsResolver;
  /** The system's clock when absent. */
  readonly clock?: Clock;
  /** By `clock.monotonic()`. */
  readonly deadline?: number;
  /** Name of this host for %{r} in explanations. */
  readonly receiver?: string;
  readonly options?: SpfOptions;
}

export interface SpfResults {
  /** RFC 7208 §2.4: for the null sender that of postmaster@HELO, with the identity "helo". */
  readonly mailFrom: SpfResult;
  /** RFC 7208 §2.3. */
  readonly helo: SpfResult;
}

/** Checks both identities of an SMTP transaction, side by side: RFC 7208 §2.3 and §2.4. Never rejects. */
export async function verifySpf(input: VerifySpfInput): Promise<SpfResults> {
  const { helo, mailFrom, ...common } = input;
  const sender = parseSender(mailFrom);
  const ofHelo = checkHost({ ...common, helo, domain: helo, sender: `postmaster@${helo}`, identity: "helo" });
  if (sender === undefined) {
    const result = await ofHelo;
    return { mailFrom: result, helo: result };
  }
  const ofMailFrom = checkHost({
    ...common,
    helo,
    domain: sender.domain,
    sender: `${sender.localPart}@${sender.domain}`,
    identity: "mailfrom",
  });
  return { mailFrom: await ofMailFrom, helo: await ofHelo };
}
