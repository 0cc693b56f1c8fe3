import type { DnsResolver } from "../dns/resolver.ts";
import { choosePolicy, type DmarcDiscovery, type PolicyDiscovery } from "./policy-discovery.ts";
import {
  type FoundRecord,
  organizationalDomainOf,
  type RecordLookup,
  type TreeWalk,
  walkTree,
} from "./tree-walk.ts";

interface DnsQuestions {
  readonly dns: DnsResolver;
  readonly deadline?: number;
}

/** Discovery by the DNS Tree Walk: RFC 9989 §4.10. */
export function treeWalkDiscovery(lookup: RecordLookup, questions: DnsQuestions): DmarcDiscovery {
  return {
    method: "treewalk",
    policy: (author) => discover(author, lookup, (domain) => domainExists(domain, questions)),
    async organizationalDomain(domain) {
      const walk = await walkTree(domain, lookup);
      return walk.failedAt === undefined ? organizationalDomainOf(walk) : undefined;
    },
  };
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
  // Only an np of its own makes a difference between names that exist and names that do not. A name with records
  // below it exists (RFC 8020).
  if (found.record.np === undefined || own.kind !== "none" || own.exists) return choosePolicy(found, "sp");
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

/**
 * Whether a domain exists: RFC 9989 §3.2.13, Appendix A.4; only NXDOMAIN says that it does not.
 * @returns undefined on a DNS failure.
 */
export async function domainExists(
  domain: string,
  { dns, deadline }: DnsQuestions,
): Promise<boolean | undefined> {
  const options = deadline === undefined ? {} : { deadline };
  const address = await dns.query(domain, "A", options);
  if (address.kind !== "nxdomain") return address.kind === "failure" ? undefined : true;
  // NXDOMAIN may be about the target of an alias (RFC 2308 §2.1); the alias itself exists.
  const alias = await dns.query(domain, "CNAME", options);
  return alias.kind === "failure" ? undefined : alias.kind !== "nxdomain";
}
