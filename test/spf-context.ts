import type { CheckContext } from "../src/checker/context.ts";
import { systemClock } from "../src/core/clock.ts";
import type { DnsResolver } from "../src/core/dns/resolver.ts";

/** A context for tests of SPF: a sender, nothing known of it but its DNS. */
export function spfContext(dns: DnsResolver, more: Partial<CheckContext> = {}): CheckContext {
  const plain: Omit<CheckContext, "dns"> = {
    domain: "example.jp",
    profile: "sender",
    profileGuessed: true,
    zones: [],
    clock: systemClock,
    selectors: [],
    ownClients: [],
    heloNames: [],
    offline: false,
    ownKeys: [],
    resolverAddresses: [],
    blocklists: [],
    ownMx: [],
  };
  return { ...plain, dns, ...more };
}
