import type { DmarcRecord } from "./parse-record.ts";
import { choosePolicy, type DmarcDiscovery, type PolicyDiscovery } from "./policy-discovery.ts";
import { organizationalDomainBelow, type PublicSuffixFinder } from "./public-suffix.ts";
import type { RecordLookup } from "./tree-walk.ts";

export interface PslOptions {
  readonly publicSuffix: PublicSuffixFinder;
  /** A number from 0 to below 1 at each call, for pct; Math.random when left out. */
  readonly random?: () => number;
}

/** Discovery as RFC 7489 has it: §3.2 with public suffixes, §6.6.3, and the sampling of §6.6.4. */
export function pslDiscovery(
  lookup: RecordLookup,
  { publicSuffix, random = Math.random }: PslOptions,
): DmarcDiscovery {
  const organizationalDomain = (domain: string): string => organizationalDomainBelow(domain, publicSuffix);
  return {
    method: "psl",
    policy: (author) => discover(author, organizationalDomain(author), lookup),
    organizationalDomain: (domain) => Promise.resolve(organizationalDomain(domain)),
    // §6.3: "if (random mod 100) < pct then selected = true"
    isSampledOut: ({ tags }) => Math.floor(random() * 100) >= percentOf(tags["pct"]),
  };
}

async function discover(
  author: string,
  organizational: string,
  lookup: RecordLookup,
): Promise<PolicyDiscovery> {
  const own = await lookup(author);
  // §6.6.3 step 3: only an empty set leads on to the organizational domain.
  const goesOn = own.kind === "none" && organizational !== author;
  const answer = goesOn ? await lookup(organizational) : own;
  switch (answer.kind) {
    case "failure":
      return { kind: "failure" };
    case "none":
    case "several":
      // §6.6.3 step 5: several records end it as none does.
      return { kind: "none" };
    case "record": {
      const record = asRfc7489(answer.record);
      return goesOn
        ? choosePolicy({ domain: organizational, record }, "sp")
        : choosePolicy({ domain: author, record }, "p");
    }
  }
}

/** §6.3: np, psd and t are unknown tags, which "MUST be ignored"; a bad np makes no policy invalid. */
function asRfc7489({ np: _, ...record }: DmarcRecord): DmarcRecord {
  const badSp = record.sp === undefined && record.tags["sp"] !== undefined;
  return { ...record, policyInvalid: record.p === undefined || badSp, psd: "u", testing: false };
}

/** §6.3, §6.4 dmarc-percent: 0 to 100; anything else is a syntax error and gives the default. */
function percentOf(value: string | undefined): number {
  return value !== undefined && /^\d{1,3}$/.test(value) ? Math.min(Number(value), 100) : 100;
}
