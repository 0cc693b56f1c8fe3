import { formatIp, type IpAddress, inNetwork, parseNetwork, reverseName, unmapped } from "../ip.ts";
import type { DnsQueryOptions, DnsResolver } from "./resolver.ts";

/** What a DNS blocklist says of an address that is on it. */
export interface BlocklistEntry {
  /** Addresses in 127.0.0.0/8, by which a list says why. */
  readonly codes: readonly string[];
  /** In words, as far as the list gives them. */
  readonly reason: string;
}

const maxReason = 200;

/**
 * Whether a list answers as one that works and lets us ask: 127.0.0.2 is on every list, 127.0.0.1 on none; a dead or hijacked
 * list keeps to neither. RFC 5782 §5.
 */
export async function isBlocklistUsable(
  list: string,
  dns: DnsResolver,
  options: DnsQueryOptions = {},
): Promise<boolean> {
  const [listed, unlisted] = await Promise.all([
    dns.query(`2.0.0.127.${list}`, "A", options),
    dns.query(`1.0.0.127.${list}`, "A", options),
  ]);
  return listed.kind === "answer" && listed.records.some(isCode) && unlisted.kind !== "answer";
}

/** Asks a list for an address: RFC 5782 §2.1, §2.4. @returns undefined when it is not on it, and when nobody answers. */
export async function askBlocklist(
  list: string,
  ip: IpAddress,
  dns: DnsResolver,
  options: DnsQueryOptions = {},
): Promise<BlocklistEntry | undefined> {
  const name = `${reverseName(unmapped(ip)).replace(/\.(?:in-addr|ip6)\.arpa$/, "")}.${list}`;
  const answer = await dns.query(name, "A", options);
  if (answer.kind !== "answer") return undefined;
  const codes = answer.records.filter(isCode).map(formatIp);
  if (codes.length === 0) return undefined;
  const why = await dns.query(name, "TXT", options);
  const reason = why.kind === "answer" ? (why.records[0]?.text ?? "").slice(0, maxReason) : "";
  return { codes, reason };
}

const loopback = parseNetwork("127.0.0.0/8");
/** In wide use for "you may not ask": 127.255.255.252 and above. */
const refusals = parseNetwork("127.255.255.0/24");

/** §2.1: an answer outside 127.0.0.0/8 says nothing. */
function isCode(ip: IpAddress): boolean {
  const isIn = (network: typeof loopback): boolean =>
    network !== undefined && inNetwork(ip, network.address, network.prefix);
  return isIn(loopback) && !isIn(refusals);
}
