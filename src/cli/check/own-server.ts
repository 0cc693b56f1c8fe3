import { isUnreachable } from "../../checker/special-address.ts";
import type { Config } from "../../config/config.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { isWithin } from "../../core/domain-name.ts";
import type { IpAddress } from "../../core/ip.ts";

/** What a configuration tells of the server that sends a domain's mail. */
export interface OwnServer {
  /** Its HELO name. */
  readonly hostname: string;
  /** Those of its name that the Internet can see. */
  readonly addresses: readonly IpAddress[];
}

/**
 * The server of a configuration, if it sends for the domain: it signs for it, or its name lies within. The networks of
 * `networks.submitters` are not asked about: they hand mail in, and no receiver sees their addresses.
 */
export async function ownServer(
  { hostname, sign }: Pick<Config, "hostname" | "sign">,
  domain: string,
  dns: DnsResolver,
): Promise<OwnServer | undefined> {
  const signs = sign.keys.some(
    (key) => key.domain === domain || key.from.some((from) => from.domain === domain),
  );
  if (!hostname.includes(".") || !(signs || isWithin(hostname, domain))) return undefined;
  const answers = await Promise.all([dns.query(hostname, "A"), dns.query(hostname, "AAAA")]);
  const addresses = answers.flatMap((answer) => (answer.kind === "answer" ? answer.records : []));
  return { hostname, addresses: addresses.filter((ip) => !isUnreachable(ip)) };
}
