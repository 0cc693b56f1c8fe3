import type { DnsResolver } from "../dns/resolver.ts";
import type { DmarcPolicy } from "../results.ts";
import type { DmarcRecord } from "./parse-record.ts";
import {
  type FoundRecord,
  organizationalDomainOf,
  type RecordLookup,
  recordLookup,
  type TreeWalk,
  walkTree,
} from "./tree-walk.ts";

export interface DmarcContext {
  readonly dns: DnsResolver;
  /** By `Clock.monotonic()`; what has not been answered by then is a DNS failure. */
  readonly deadline?: number;
}

/** What applies to an author domain: RFC 9989 §4.10.1. */
export type PolicyDiscovery =
  | {
      readonly kind: "policy";
      /** Where the record stands: the author domain, its organizational domain or its public suffix. */
      readonly domain: string;
      readonly record: DmarcRecord;
      /** As published; absent when DNS did not tell whether the author domain exists, on which it depends. */
      readonly policy?: DmarcPolicy;
      readonly tag?: "p" | "sp" | "np";
    }
  /** A record that names no valid policy and nobody to report to: no DMARC processing. */
  | { readonly kind: "invalid"; readonly domain: string; readonly record: DmarcRecord }
  | { readonly kind: "none" | "failure" };

/** How records and organizational domains are found. One object serves one message and remembers what it asked. */
export interface DmarcDiscovery {
  readonly method: "treewalk" | "psl";
  policy(authorDomain: string): Promise<PolicyDiscovery>;
  /** undefined when a DNS failure hides it. */
  organizationalDomain(domain: string): Promise<string | undefined>;
}

/** Discovery by the DNS Tree Walk: RFC 9989 §4.10. */
export function treeWalkDiscovery({ dns, deadline }: DmarcContext): DmarcDiscovery {
  const lookup = recordLookup(dns, deadline);
  const exists = (domain: string): Promise<boolean | undefined> =>
    domainExists(domain, { dns, ...(deadline !== undefined && { deadline }) });
  return {
    method: "treewalk",
    policy: (authorDomain) => discover(authorDomain, lookup, exists),
    async organizationalDomain(domain) {
      const walk = await walkTree(domain, lookup);
      return walk.failedAt === undefined ? organizationalDomainOf(walk) : undefined;
    },
  };
}

/** Finds the policy for one author domain (A-labels, lower case): RFC 9989 §4.10.1. Never rejects. */
export function discoverPolicy(authorDomain: string, context: DmarcContext): Promise<PolicyDiscovery> {
  return treeWalkDiscovery(context).policy(authorDomain);
}

async function discover(
  author: string,
  lookup: RecordLookup,
  exists: (domain: string) => Promise<boolean | undefined>,
): Promise<PolicyDiscovery> {
  const own = await lookup(author);
  if (own.kind === "failure") return { kind: "failure" };
  if (own.kind === "record") return choosePolicy({ domain: author, record: own.record }, "p");
  const walk = await walkTree(author, lookup);
  if (walk.failedAt !== undefined) return { kind: "failure" };
  const found = applicableRecord(walk);
  if (found === undefined) return { kind: "none" };
  // Only an np of its own makes a difference between names that exist and names that do not.
  if (found.record.np === undefined || own.exists) return choosePolicy(found, "sp");
  const answer = await exists(author);
  return choosePolicy(found, answer === undefined ? undefined : answer ? "sp" : "np");
}

/** §4.10.1: the organizational domain's record, else that of the public suffix (psd=y). */
function applicableRecord(walk: TreeWalk): FoundRecord | undefined {
  const organizational = organizationalDomainOf(walk);
  const last = walk.found.at(-1);
  return (
    walk.found.find(({ domain }) => domain === organizational) ??
    (last?.record.psd === "y" ? last : undefined)
  );
}

/** @param wanted The most special tag that may apply; undefined when that is not known. */
function choosePolicy(found: FoundRecord, wanted: "p" | "sp" | "np" | undefined): PolicyDiscovery {
  const { record } = found;
  if (record.policyInvalid) {
    // §4.10.1: with a valid rua act as if the record were "p=none", else no DMARC processing.
    if (record.rua.length === 0) return { kind: "invalid", ...found };
    return { kind: "policy", ...found, policy: "none", tag: "p" };
  }
  if (wanted === undefined) return { kind: "policy", ...found };
  // §4.7: np falls back to sp, sp to p.
  const order =
    wanted === "np" ? (["np", "sp", "p"] as const) : wanted === "sp" ? (["sp", "p"] as const) : [];
  const tag = order.find((name) => record[name] !== undefined) ?? "p";
  return { kind: "policy", ...found, policy: record[tag] ?? "none", tag };
}

/**
 * Whether a domain exists: RFC 9989 §3.2.13, Appendix A.4; only NXDOMAIN says that it does not.
 * @returns undefined on a DNS failure.
 */
export async function domainExists(
  domain: string,
  { dns, deadline }: DmarcContext,
): Promise<boolean | undefined> {
  const options = deadline === undefined ? {} : { deadline };
  const address = await dns.query(domain, "A", options);
  if (address.kind !== "nxdomain") return address.kind === "failure" ? undefined : true;
  // NXDOMAIN may be about the target of an alias (RFC 2308 §2.1); the alias itself exists.
  const alias = await dns.query(domain, "CNAME", options);
  return alias.kind === "failure" ? undefined : alias.kind !== "nxdomain";
}
