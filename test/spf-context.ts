import type { CheckContext } from "../src/checker/context.ts";
import { systemClock } from "../src/core/clock.ts";
import type { DnsResolver } from "../src/core/dns/resolver.ts";
import { checkContext } from "./check-context.ts";

/** A context for tests of SPF: a sender, nothing known of it but its DNS. */
export function spfContext(dns: DnsResolver, more: Partial<CheckContext> = {}): CheckContext {
  return checkContext("", { dns, profileGuessed: true, clock: systemClock, ...more });
}
