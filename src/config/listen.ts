import { type IpNetwork, inNetwork, parseIp, parseNetwork } from "../core/ip.ts";

export type ListenAddress =
  | { readonly kind: "inet"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** sun_path is 108 octets on Linux, with its final NUL. */
const maxUnixPathOctets = 107;
const loopback = ["127.0.0.0/8", "::1"].map((text) => parseNetwork(text) as IpNetwork);

/** `inet:host:port`, `inet:[v6]:port` or `unix:/path` (Postfix's order, not Sendmail's). */
export function parseListen(text: string): ListenAddress | undefined {
  if (text.startsWith("unix:")) return unixAddress(text.slice("unix:".length));
  if (!text.startsWith("inet:")) return undefined;
  const address = parseHostPort(text.slice("inet:".length));
  return address === undefined ? undefined : { kind: "inet", ...address };
}

function unixAddress(path: string): ListenAddress | undefined {
  if (!path.startsWith("/") || path.endsWith("/") || path.includes("\0")) return undefined;
  return Buffer.byteLength(path) <= maxUnixPathOctets ? { kind: "unix", path } : undefined;
}

/** `host:port` or `[v6]:port`; a host is an IP address or `localhost`. */
export function parseHostPort(text: string): { host: string; port: number } | undefined {
  const colon = text.lastIndexOf(":");
  const digits = text.slice(colon + 1);
  if (colon < 1 || !/^\d{1,5}$/.test(digits) || Number(digits) > 65_535) return undefined;
  const written = text.slice(0, colon);
  const bracketed = written.startsWith("[") && written.endsWith("]");
  const host = bracketed ? written.slice(1, -1) : written;
  if (host === "localhost" && !bracketed) return { host, port: Number(digits) };
  return parseIp(host)?.family === (bracketed ? 6 : 4) ? { host, port: Number(digits) } : undefined;
}

/** As `parseHostPort` reads it. */
export function formatHostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether only this machine can reach a socket there. */
export function isLoopbackHost(host: string): boolean {
  const ip = parseIp(host);
  if (ip === undefined) return host === "localhost";
  return loopback.some(({ address, prefix }) => inNetwork(ip, address, prefix));
}
