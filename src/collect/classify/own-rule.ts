import type { OwnNetwork } from "../../config/config.ts";
import { isGenericName } from "./generic-name.ts";
import { narrowest, type Site } from "./site.ts";
import { reason, type SourceFacts, type SourceOwner } from "./source.ts";
import { isMuch, messagesOf } from "./state.ts";
import { confirmedName, type Verdict } from "./verdict.ts";

/** Hosts of ours: by the networks that the operator names, and by names that lead back. */
export function ownRule(facts: SourceFacts, site: Site): Verdict | undefined {
  const { ip } = facts;
  if (ip === undefined) return undefined;
  const list = site.listHosts.find(({ networks }) => narrowest(ip, networks) !== undefined);
  const own = narrowest(ip, site.own);
  const owner = own === undefined ? {} : { owner: ownerOf(own) };
  if (list !== undefined)
    return { group: "list", reasons: [reason("list-host", { host: list.name })], ...certain, ...owner };
  if (own !== undefined) return ownNetworkVerdict(facts, own, site);
  const relay = narrowest(ip, site.relays);
  if (relay !== undefined)
    return { group: "own", reasons: [reason("own-relay", { network: relay.text })], ...certain };
  const submitter = narrowest(ip, site.submitters);
  if (submitter !== undefined)
    return { group: "own", reasons: [reason("own-submitter", { network: submitter.text })], ...certain };
  const name = ownName(facts, site);
  return name === undefined ? undefined : ownNameVerdict(facts, name, site);
}

/** Lines of ours lead back, too: of those somebody has to find out who stands behind them, unless they sign as we do. */
function ownNameVerdict(facts: SourceFacts, name: string, site: Site): Verdict {
  const named = reason("own-name", { name });
  const base = { confidence: "high", own: true } as const;
  return isLine(facts, name, site) && signingDomain(facts) === undefined
    ? { ...base, group: "own-unknown", reasons: [reason("generic-name", { name }), named] }
    : { ...base, group: "own", reasons: [named] };
}

/** Whether a name of ours is one that any line or device of ours is given, whoever runs it. */
function isLine({ ip }: SourceFacts, name: string, { ownHosts }: Site): boolean {
  return ip !== undefined && !ownHosts.has(name) && isGenericName(name, ip);
}

/** What it signs with as we do. A host that only passes on what another has signed does so seldom. */
function signingDomain(facts: SourceFacts): string | undefined {
  const signed = facts.ways.find(({ dkim }) => dkim === "pass");
  const messages = messagesOf(facts.ways, ({ dkim }) => dkim === "pass");
  return signed !== undefined && isMuch(messages, facts) ? (signed.dkimDomain ?? signed.from) : undefined;
}

const certain = { confidence: "certain", own: true } as const;

function ownerOf({ name, contact }: OwnNetwork): SourceOwner {
  return { ...(name !== undefined && { name }), ...(contact !== undefined && { contact }) };
}

/**
 * In a network that has an owner, or that is one host, the address is known. In a wider one it is only if it is named as ours,
 * or signs as we do; else somebody has to find out who runs it.
 */
function ownNetworkVerdict(facts: SourceFacts, own: OwnNetwork, site: Site): Verdict {
  const owner = ownerOf(own);
  const network = own.text;
  const base = { own: true, owner } as const;
  const isOneHost = own.prefix === own.address.octets.length * 8;
  if (owner.name !== undefined || owner.contact !== undefined || isOneHost)
    return { ...base, group: "own", reasons: [reason("own-network", { network })], confidence: "certain" };
  const name = ownName(facts, site);
  if (name !== undefined && !isLine(facts, name, site))
    return {
      ...base,
      group: "own",
      reasons: [reason("own-name", { name }), reason("own-network", { network })],
      confidence: "certain",
    };
  const domain = signingDomain(facts);
  if (domain !== undefined)
    return {
      ...base,
      group: "own",
      reasons: [reason("own-signature", { domain, network })],
      confidence: "high",
    };
  return {
    ...base,
    group: "own-unknown",
    reasons: [reason("own-space", { network })],
    confidence: "certain",
  };
}

function ownName(facts: SourceFacts, site: Site): string | undefined {
  const name = confirmedName(facts);
  return name !== undefined && isOwnName(name, site) ? name : undefined;
}

/** Whether a name is one of ours, whoever may have written it. */
export function isOwnName(name: string, { ownHosts, ownDomains, organizational }: Site): boolean {
  return ownHosts.has(name) || ownDomains.has(organizational(name));
}
