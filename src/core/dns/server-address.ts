import { isIP } from "node:net";

/** Where a DNS server listens. `address` is an IPv4 or IPv6 address, an IPv6 one perhaps with a zone index. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

const dnsPort = 53;

/**
 * Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:5353`; without a port 53.
 * @returns undefined for anything else, names included.
 */
export function parseServerAddress(text: string): ServerAddress | undefined {
  if (text.length > 100) return undefined;
  if (isIP(text) !== 0) return { address: text, port: dnsPort };
  const colon = text.lastIndexOf(":");
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    const address = text.slice(1, close);
    if (close < 0 || isIP(address) !== 6) return undefined;
    if (close === text.length - 1) return { address, port: dnsPort };
    return colon === close + 1 ? withPort(address, text.slice(colon + 1)) : undefined;
  }
  const address = text.slice(0, Math.max(colon, 0));
  return isIP(address) === 4 ? withPort(address, text.slice(colon + 1)) : undefined;
}

function withPort(address: string, digits: string): ServerAddress | undefined {
  if (!/^[1-9]\d{0,4}$/.test(digits)) return undefined;
  const port = Number(digits);
  return port <= 65_535 ? { address, port } : undefined;
}
