import { type IpAddress, type IpNetwork, inNetwork, parseNetwork } from "../core/ip.ts";

/** Networks of the special-purpose registries (RFC 6890) that do not lead to the public internet. */
const notPublic4 = networks(
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
);
/** Within 2000::/3, the only global unicast space: protocol assignments, documentation, 6to4. */
const notPublic6 = networks("2001::/23 2001:db8::/32 2002::/16 3fff::/20");
const [global6] = networks("2000::/3");
const [nat64] = networks("64:ff9b::/96");

function networks(texts: string): readonly IpNetwork[] {
  return texts.split(" ").flatMap((text) => parseNetwork(text) ?? []);
}

/** Whether an address is one that strangers may make us connect to: neither ours, nor local, nor reserved. */
export function isPublicAddress(ip: IpAddress): boolean {
  if (ip.family === 4) return !isIn(ip, notPublic4);
  // RFC 6052 §2.1: behind the well-known prefix stands an IPv4 address.
  if (nat64 !== undefined && inNetwork(ip, nat64.address, nat64.prefix))
    return isPublicAddress({ family: 4, octets: ip.octets.slice(12) });
  return global6 !== undefined && inNetwork(ip, global6.address, global6.prefix) && !isIn(ip, notPublic6);
}

function isIn(ip: IpAddress, ranges: readonly IpNetwork[]): boolean {
  return ranges.some(({ address, prefix }) => inNetwork(ip, address, prefix));
}
