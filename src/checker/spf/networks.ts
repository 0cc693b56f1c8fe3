import { formatIp, type IpAddress, type IpNetwork, inNetwork, parseNetwork } from "../../core/ip.ts";
import type { SpecialAddress } from "../../findings/check/spf.ts";

/** The address with the bits below the prefix cleared. */
export function networkOf({ address, prefix }: IpNetwork): IpAddress {
  const octets = address.octets.map((octet, index) => {
    const bits = Math.min(8, Math.max(0, prefix - 8 * index));
    return octet & (0xff << (8 - bits));
  });
  return { family: address.family, octets };
}

/** As ip4 and ip6 write it: no prefix length for a single address. */
export function formatNetwork({ address, prefix }: IpNetwork): string {
  const text = formatIp(networkOf({ address, prefix }));
  return prefix === address.octets.length * 8 ? text : `${text}/${prefix}`;
}

/** How many addresses: in digits, or as a power of two where nobody counts them. */
export function countOf({ address, prefix }: IpNetwork): string {
  const bits = address.octets.length * 8 - prefix;
  return bits <= 24 ? String(2 ** bits) : `2^${bits}`;
}

/** RFC 6890 and the registries that it began. */
const special: readonly (readonly [SpecialAddress, string])[] = [
  ["private", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"],
  ["loopback", "127.0.0.0/8 ::1/128"],
  ["link-local", "169.254.0.0/16 fe80::/10"],
  ["documentation", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"],
  ["shared", "100.64.0.0/10"],
  ["multicast", "224.0.0.0/4 ff00::/8"],
  ["mapped", "::ffff:0:0/96"],
  ["reserved", "0.0.0.0/8 192.0.0.0/24 198.18.0.0/15 240.0.0.0/4 ::/128 100::/64 64:ff9b:1::/48"],
];
const specialNetworks = special.flatMap(([kind, texts]) =>
  texts.split(" ").map((text) => ({ kind, network: parseNetwork(text) as IpNetwork })),
);

/** Why no mail comes from these addresses over the internet; undefined for all others. */
export function specialKind({ address, prefix }: IpNetwork): SpecialAddress | undefined {
  const within = specialNetworks.find(
    ({ network }) => prefix >= network.prefix && inNetwork(address, network.address, network.prefix),
  );
  return within?.kind;
}
