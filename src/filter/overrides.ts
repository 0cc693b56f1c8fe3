import type { DomainOverride } from "../config/policy-config.ts";
import { isWithin } from "../core/domain-name.ts";

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
