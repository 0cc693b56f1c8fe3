import type { Config, NamedNetwork, OwnNetwork } from "../../config/config.ts";
import { type IpAddress, inNetwork, parseNetwork } from "../../core/ip.ts";
import type { ReadLabel } from "./label.ts";
import { providerOfDomain } from "./provider.ts";
import type { OrganizationalDomain } from "./way.ts";

/** What the operator has said of his own site, as the rules use it. */
export interface Site {
  readonly own: readonly OwnNetwork[];
  readonly submitters: readonly NamedNetwork[];
  readonly relays: readonly NamedNetwork[];
  readonly listHosts: readonly { readonly name: string; readonly networks: readonly NamedNetwork[] }[];
  /** Names of our own hosts. */
  readonly ownHosts: ReadonlySet<string>;
  /** Organizational domains of ours: a host whose name leads back and lies below one is ours. */
  readonly ownDomains: ReadonlySet<string>;
  readonly labels: readonly ReadLabel[];
  readonly organizational: OrganizationalDomain;
}

type SiteConfig = Pick<Config, "hostname" | "networks" | "lists" | "sign" | "verify">;

/** @param domains Ours, besides those that the configuration names. Not what reports are about: anybody may send one. */
export function siteOf(
  { hostname, networks, lists, sign, verify }: SiteConfig,
  domains: readonly string[],
  labels: readonly ReadLabel[],
  organizational: OrganizationalDomain,
): Site {
  const ours = [...domains, ...sign.keys.map(({ domain }) => domain), ...verify.policy.ownDomains];
  return {
    own: networks.own,
    submitters: networks.submitters.filter((network) => !isLoopback(network)),
    relays: networks.relays,
    listHosts: lists.hosts.map(({ name, networks }) => ({ name, networks })),
    ownHosts: new Set([hostname, ...verify.policy.ownNames]),
    ownDomains: new Set(ours.map(organizational).filter(isNoProvider)),
    labels,
    organizational,
  };
}

/** The same site when it is asked about a domain, which is ours then. */
export function askedAbout(site: Site, domain: string): Site {
  const own = site.organizational(domain);
  if (site.ownDomains.has(own) || !isNoProvider(own)) return site;
  return { ...site, ownDomains: new Set([...site.ownDomains, own]) };
}

/** A customer's domain below that of his provider does not make all hosts of the provider ours. */
function isNoProvider(domain: string): boolean {
  return providerOfDomain(domain, "ptr") === undefined;
}

const loopbacks = ["127.0.0.0/8", "::1"].flatMap((text) => parseNetwork(text) ?? []);

function isLoopback({ address }: NamedNetwork): boolean {
  return loopbacks.some((loopback) => inNetwork(address, loopback.address, loopback.prefix));
}

/** The narrowest network that holds an address. */
export function narrowest<T extends NamedNetwork>(ip: IpAddress, networks: readonly T[]): T | undefined {
  let found: T | undefined;
  for (const network of networks)
    if (inNetwork(ip, network.address, network.prefix) && network.prefix > (found?.prefix ?? -1))
      found = network;
  return found;
}
