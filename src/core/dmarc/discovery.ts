import type { DnsResolver } from "../dns/resolver.ts";
import type { DmarcDiscovery, PolicyDiscovery } from "./policy-discovery.ts";
import { type PslOptions, pslDiscovery } from "./psl-discovery.ts";
import { type RecordLookup, recordLookup } from "./tree-walk.ts";
import { treeWalkDiscovery } from "./tree-walk-discovery.ts";

/** How policies and organizational domains are found: as RFC 9989 §4.10 has it, or as RFC 7489 §3.2, §6.6.3 had it. */
export type DiscoveryChoice = { readonly method: "treewalk" } | ({ readonly method: "psl" } & PslOptions);

export interface DmarcContext {
  readonly dns: DnsResolver;
  /** By `Clock.monotonic()`; what has not been answered by then is a DNS failure. */
  readonly deadline?: number;
  /** The tree walk when left out. */
  readonly discovery?: DiscoveryChoice;
  /** By `recordLookup`; shares what was asked with another evaluation of the same message. */
  readonly lookup?: RecordLookup;
}

/** The discovery for one message. */
export function openDiscovery(context: DmarcContext): DmarcDiscovery {
  const { dns, deadline, discovery, lookup = recordLookup(dns, deadline) } = context;
  return discovery?.method === "psl" ? pslDiscovery(lookup, discovery) : treeWalkDiscovery(lookup, context);
}

/** Finds the policy for one author domain (A-labels, lower case). Never rejects. */
export function discoverPolicy(authorDomain: string, context: DmarcContext): Promise<PolicyDiscovery> {
  return openDiscovery(context).policy(authorDomain);
}
