/** An address as octets: 4 of them for IPv4, 16 for IPv6. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly octets: Uint8Array;
}

export interface IpNetwork {
  readonly address: IpAddress;
  /** Bits, 0 to 32 or 0 to 128. */
  readonly prefix: number;
}

/**
 * Reads an address in the strict forms of RFC 4291 §2.2 and RFC 3986 `IPv4address`: no leading zeros, no shorthand
 * such as `127.1`, no zone index, no brackets. `parseIp` keeps an IPv4-mapped IPv6 address as IPv6; see `unmapped`.
 */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split(".", 5);
  if (parts.length !== 4 || text.length > 15) return undefined;
  const octets = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const value = decimalOctet(parts[i] as string);
    if (value === undefined) return undefined;
    octets[i] = value;
  }
  return { family: 4, octets };
}

function decimalOctet(text: string): number | undefined {
  if (!/^\d{1,3}$/.test(text) || (text.length > 1 && text.startsWith("0"))) return undefined;
  const value = Number(text);
  return value <= 255 ? value : undefined;
}

function parseIpv6(text: string): IpAddress | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = ipv6Groups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? ipv6Groups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // RFC 4291 §2.2: "::" stands for one or more groups.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  return { family: 6, octets: Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]) };
}

/** Octets of colon-separated groups; the last may be an IPv4 address when `last` holds (RFC 4291 §2.2 form 3). */
function ipv6Groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const octets: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && group.includes(".")) {
      const v4 = parseIpv4(group);
      if (v4 === undefined) return undefined;
      octets.push(...v4.octets);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
    }
  }
  return octets;
}

/** The IPv4 address inside an IPv4-mapped IPv6 address (::ffff:0:0/96), as RFC 7208 §5 asks; any other as it is. */
export function unmapped(ip: IpAddress): IpAddress {
  if (ip.family === 4) return ip;
  for (let i = 0; i < 10; i++) if (ip.octets[i] !== 0) return ip;
  if (ip.octets[10] !== 0xff || ip.octets[11] !== 0xff) return ip;
  return { family: 4, octets: ip.octets.slice(12) };
}

/** Text in the canonical form of RFC 5952. */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) return ip.octets.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((ip.octets[2 * i] as number) << 8) | (ip.octets[2 * i + 1] as number),
  );
  const mapped = unmapped(ip);
  if (mapped.family === 4) return `::ffff:${mapped.octets.join(".")}`;
  const run = longestZeroRun(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/** Reads `address` or `address/prefix`. Host bits below the prefix are allowed and ignored. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf("/");
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.octets.length * 8;
  if (slash < 0) return { address, prefix: bits };
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > bits) return undefined;
  return { address, prefix: Number(digits) };
}

/** Whether the first `prefix` bits of both addresses are equal; false between families. */
export function inNetwork(ip: IpAddress, address: IpAddress, prefix: number): boolean {
  if (ip.family !== address.family) return false;
  const whole = prefix >> 3;
  for (let i = 0; i < whole; i++) if (ip.octets[i] !== address.octets[i]) return false;
  const rest = prefix & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest);
  return (((ip.octets[whole] as number) ^ (address.octets[whole] as number)) & mask & 0xff) === 0;
}

export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return inNetwork(a, b, a.octets.length * 8);
}

/** The name under in-addr.arpa or ip6.arpa whose PTR records name the address (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(ip: IpAddress): string {
  if (ip.family === 4) return `${[...ip.octets].reverse().join(".")}.in-addr.arpa`;
  return `${[...Buffer.from(ip.octets).toString("hex")].reverse().join(".")}.ip6.arpa`;
}
