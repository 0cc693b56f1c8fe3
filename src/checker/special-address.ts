import { type IpAddress, inNetwork, parseNetwork, unmapped } from "../core/ip.ts";

/** Networks that no server on the internet is reached at (RFC 6890 §2.2); those for documentation are left out. */
const unreachable =
  `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4
240.0.0.0/4 ::/128 ::1/128 fc00::/7 fe80::/10 ff00::/8`
    .split(/\s+/)
    .flatMap((text) => parseNetwork(text) ?? []);
const loopback = ["127.0.0.0/8", "::1/128"].flatMap((text) => parseNetwork(text) ?? []);

export function isUnreachable(ip: IpAddress): boolean {
  return isIn(ip, unreachable);
}

export function isLoopback(ip: IpAddress): boolean {
  return isIn(ip, loopback);
}

function isIn(ip: IpAddress, networks: typeof unreachable): boolean {
  const plain = unmapped(ip);
  return networks.some(({ address, prefix }) => inNetwork(plain, address, prefix));
}
