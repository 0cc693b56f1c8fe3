import { forwarderRule, isTooMuch } from "./forwarder-rule.ts";
import { listRule } from "./list-rule.ts";
import { type Provider, providerOfAsn, providerOfDomain } from "./provider.ts";
import { type Confidence, reason, type SourceFacts, type SourceReason, type Way } from "./source.ts";
import { cameFromUs, isMuch, messagesOf } from "./state.ts";
import { confirmedName, type Verdict } from "./verdict.ts";
import type { OrganizationalDomain } from "./way.ts";

/** A provider that a source was found to be of, and by what. */
interface FoundProvider {
  readonly provider: Provider;
  readonly reasons: readonly SourceReason[];
  readonly confidence: Confidence;
}

/** Hosts of somebody in the catalogue; what he does decides the group, and what his hosts do with our mail. */
export function providerRule(facts: SourceFacts, organizational: OrganizationalDomain): Verdict | undefined {
  const found = findProvider(facts);
  if (found === undefined) return undefined;
  const { provider, reasons, confidence } = found;
  const base = { reasons, confidence, own: false, provider: provider.id } as const;
  switch (provider.class) {
    case "esp":
    case "saas":
      // Nothing of ours passes: a customer who has not set it up yet, or a stranger who is a customer too.
      return { ...base, group: "service", ...(facts.sums.passed === 0 && { confidence: "low" }) };
    case "gateway":
    case "forwarder":
    case "list":
      return { ...base, group: provider.class, ...(isFlood(facts) && { confidence: "low" }) };
    case "mail-host":
      return mailHostVerdict(facts, base, organizational);
    case "isp":
      return isByNetwork(base)
        ? behindLineVerdict(facts, base, organizational)
        : hostingVerdict(facts, base, organizational);
    case "hosting":
      return hostingVerdict(facts, base, organizational);
  }
}

/** So much for so many receivers, and nothing of it was ever ours: whoever brings it, it is worth a look. */
function isFlood(facts: SourceFacts): boolean {
  return facts.sums.passed === 0 && !cameFromUs(facts) && isTooMuch(facts);
}

type Base = Omit<Verdict, "group"> & { readonly provider: string };

function isByNetwork({ reasons }: Base): boolean {
  return reasons[0]?.id === "provider-asn";
}

/** A mail host sends for us where SPF says so, and passes our mail on for its users where only our signature is left. */
function mailHostVerdict(
  facts: SourceFacts,
  base: Base,
  organizational: OrganizationalDomain,
): Verdict | undefined {
  if (facts.sums.spf > facts.sums.messages / 10) return { ...base, group: "service" };
  const passedOn = listRule(facts, organizational) ?? forwarderRule(facts, organizational);
  if (passedOn !== undefined) return withProvider(passedOn, base);
  const tenant = messagesOf(facts.ways, (way) => isOfTenant(way, base.provider));
  if (isMuch(tenant, facts))
    return { ...base, group: "service", confidence: facts.sums.passed === 0 ? "low" : "medium" };
  // In the networks of the large ones there are rented servers, too, whose names say nothing of mail.
  if (isByNetwork(base) && !cameFromUs(facts)) return undefined;
  if (isFlood(facts)) return { ...base, group: "unknown", confidence: "low" };
  return {
    ...base,
    group: "forwarder",
    reasons: [reason("passes-on", { provider: base.provider }), ...base.reasons],
    confidence: "low",
  };
}

/**
 * Its own signature, not ours: a tenant of ours who has not set up his own (`gappssmtp.com`, `onmicrosoft.com`). One beside
 * ours, or with an envelope of somebody else, is that of a tenant who passes mail on.
 */
function isOfTenant({ dkim, dkimPasses, spf, spfDomain }: Way, provider: string): boolean {
  const isItsOwn = (domain: string, by: "dkim" | "spf"): boolean =>
    providerOfDomain(domain, by)?.id === provider;
  if (dkim !== "other" || !dkimPasses.some((domain) => isItsOwn(domain, "dkim"))) return false;
  return spf !== "other" || spfDomain === undefined || isItsOwn(spfDomain, "spf");
}

/** A rented server sends for us where anything passes as ours, unless it is a list's, or only passes on what was signed elsewhere. */
function hostingVerdict(facts: SourceFacts, base: Base, organizational: OrganizationalDomain): Verdict {
  if (facts.sums.spf > 0)
    return {
      ...base,
      group: "service",
      reasons: [reason("in-spf", { messages: facts.sums.spf }), ...base.reasons],
      confidence: "medium",
    };
  const passedOn = listRule(facts, organizational) ?? forwarderRule(facts, organizational);
  return passedOn === undefined ? { ...base, group: "hosting" } : withProvider(passedOn, base);
}

/** In the network of an access provider may stand anybody's own server, ours too: it tells of nothing that does more than write our name. */
function behindLineVerdict(
  facts: SourceFacts,
  base: Base,
  organizational: OrganizationalDomain,
): Verdict | undefined {
  const verdict = facts.sums.spf > 0 ? undefined : hostingVerdict(facts, base, organizational);
  return verdict?.group === "hosting" ? verdict : undefined;
}

function withProvider(verdict: Verdict, { reasons, provider }: Base): Verdict {
  return { ...verdict, reasons: [...verdict.reasons, ...reasons], provider };
}

/** By the name that leads back, then by what he signs or sends with, then by the network: the surest first. */
function findProvider(facts: SourceFacts): FoundProvider | undefined {
  const name = confirmedName(facts);
  const byName = name === undefined ? undefined : providerOfDomain(name, "ptr");
  const byWay = providerOfWays(facts);
  if (name !== undefined && byName !== undefined) {
    const named = reason("provider-ptr", { provider: byName.id, name });
    // Google's hosts send for Google Groups, too: the envelope tells which it is.
    if (byName.class === "mail-host" && byWay?.provider.class === "list")
      return { ...byWay, reasons: [...byWay.reasons, named] };
    return { provider: byName, reasons: [named, ...signedBy(facts, byName)], confidence: "high" };
  }
  if (byWay !== undefined) return byWay;
  const asn = facts.name?.asn;
  const byNetwork = asn === undefined ? undefined : providerOfAsn(asn);
  if (asn === undefined || byNetwork === undefined) return undefined;
  return {
    provider: byNetwork,
    reasons: [reason("provider-asn", { provider: byNetwork.id, asn })],
    confidence: "medium",
  };
}

function signedBy({ ways }: SourceFacts, provider: Provider): readonly SourceReason[] {
  const domain = ways
    .flatMap(({ dkimPasses }) => dkimPasses)
    .find((one) => providerOfDomain(one, "dkim") === provider);
  return domain === undefined ? [] : [reason("provider-dkim", { provider: provider.id, domain })];
}

/**
 * A signature tells who signed, not who brought the message: what a mail host has signed may come from any forwarder, so that
 * only senders by trade are believed by it. An envelope whose SPF passes is the host's own.
 */
function providerOfWays({ ways, sums }: SourceFacts): FoundProvider | undefined {
  const most = sums.messages / 2;
  const tallies = new Map<string, { readonly found: FoundProvider; messages: number }>();
  const add = (found: FoundProvider, messages: number): void => {
    const known = tallies.get(found.provider.id);
    if (known === undefined) tallies.set(found.provider.id, { found, messages });
    else known.messages += messages;
  };
  for (const way of ways) {
    const found =
      providerOfSpf(way.spf === "fail" ? undefined : way.spfDomain) ??
      (isPassedOn(way) ? undefined : providerOfDkim(way.dkimPasses));
    if (found !== undefined) add(found, way.messages);
  }
  const found = [...tallies.values()].find(({ messages }) => messages >= most)?.found;
  // SPF for an author of ours: then the host is not only a list's.
  return found?.provider.class === "list" && sums.spf > sums.messages / 10 ? undefined : found;
}

/** Both signatures hold, the envelope is neither ours nor the signer's: somebody may have brought it who sends for nobody. */
function isPassedOn({ dkim, spf }: Way): boolean {
  return dkim === "pass" && spf !== "pass";
}

function providerOfSpf(domain: string | undefined): FoundProvider | undefined {
  const provider = domain === undefined ? undefined : providerOfDomain(domain, "spf");
  if (provider === undefined || domain === undefined) return undefined;
  return {
    provider,
    reasons: [reason("provider-spf", { provider: provider.id, domain })],
    confidence: "high",
  };
}

function providerOfDkim(domains: readonly string[]): FoundProvider | undefined {
  for (const domain of domains) {
    const provider = providerOfDomain(domain, "dkim");
    if (provider?.class === "esp" || provider?.class === "saas")
      return {
        provider,
        reasons: [reason("provider-dkim", { provider: provider.id, domain })],
        confidence: "medium",
      };
  }
  return undefined;
}
