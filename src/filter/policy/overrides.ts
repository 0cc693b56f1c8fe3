import type { DomainOverride } from "../../config/policy-config.ts";
import { isWithin } from "../../core/domain-name.ts";
import type { AuthResults, DmarcResult } from "../../core/results.ts";
import { type BasisRule, basis } from "./basis.ts";
import { type Harsher, harshVote } from "./harsh-vote.ts";
import { localPolicy, type Vote } from "./vote.ts";

/** The operator's entry for an author domain: of those that fit the one with the longest name, else the first. */
export function domainOverride(
  domain: string | undefined,
  overrides: readonly DomainOverride[],
): DomainOverride | undefined {
  if (domain === undefined) return undefined;
  let best: DomainOverride | undefined;
  for (const entry of overrides) {
    const fits = entry.includeSubdomains ? isWithin(domain, entry.domain) : domain === entry.domain;
    if (fits && (best === undefined || entry.domain.length > best.domain.length)) best = entry;
  }
  return best;
}

/** What SPF and signatures come to for the author domain itself, or under an entry that is for all names below its own. */
export function authorVerdicts(
  author: string,
  { domain, includeSubdomains }: DomainOverride,
  { spf, dkim }: AuthResults,
): ReadonlySet<string> {
  const isAuthors = (one: string): boolean =>
    isWithin(one, author) || (includeSubdomains && isWithin(one, domain));
  const signatures = dkim.filter(({ signer, domain: d }) => signer === "author" || isAuthors(d));
  const identifiers = spf !== undefined && isAuthors(spf.domain) ? [spf, ...signatures] : signatures;
  return new Set(identifiers.map(({ result }) => result));
}

/** The vote of an entry that asks for more than nothing; it is reason enough. */
export function overrideVote(
  dmarc: DmarcResult,
  domain: string,
  action: Harsher,
  asked: readonly string[],
): Vote {
  const rule: BasisRule = action === "reject" ? "second.operator-entry" : "override.quarantine";
  return harshVote(dmarc, action, [...asked, basis(rule, domain)], [localPolicy("entry for this domain")]);
}
