import type { DnsResolver } from "../core/dns/resolver.ts";
import { formatIp, type IpAddress, inNetwork, parseNetwork, reverseName, unmapped } from "../core/ip.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check } from "./context.ts";

/** The operator's sending addresses on the DNS blocklists that he named; without names nothing is asked: RFC 5782. */
export const checkBlocklists: Check = async ({ blocklists, ownClients, dns }) => {
  if (blocklists.length === 0) return { findings: [], facts: {}, skipped: "no-blocklist" };
  if (ownClients.length === 0) return { findings: [], facts: {}, skipped: "no-client" };
  const lists = blocklists.slice(0, maxLists);
  const results = await Promise.all(
    lists.map((list) => askList(list, ownClients.slice(0, maxAddresses), dns)),
  );
  return { findings: results.flat(), facts: { lists } };
};

const maxLists = 20;
const maxAddresses = 50;

async function askList(list: string, clients: readonly IpAddress[], dns: DnsResolver): Promise<Finding[]> {
  if (!(await isUsable(list, dns))) return [finding("ip.list-unusable", list, { list })];
  const found = await Promise.all(clients.map((ip) => askAddress(list, unmapped(ip), dns)));
  return found.flatMap((one) => one ?? []);
}

/** RFC 5782 §5: 127.0.0.2 is on every list, 127.0.0.1 on none; a dead or hijacked list keeps to neither. */
async function isUsable(list: string, dns: DnsResolver): Promise<boolean> {
  const [listed, unlisted] = await Promise.all([
    dns.query(`2.0.0.127.${list}`, "A"),
    dns.query(`1.0.0.127.${list}`, "A"),
  ]);
  return listed.kind === "answer" && listed.records.some(isCode) && unlisted.kind !== "answer";
}

async function askAddress(list: string, ip: IpAddress, dns: DnsResolver): Promise<Finding | undefined> {
  const name = `${reverseName(ip).replace(/\.(?:in-addr|ip6)\.arpa$/, "")}.${list}`;
  const answer = await dns.query(name, "A");
  if (answer.kind !== "answer") return undefined;
  const codes = answer.records.filter(isCode).map(formatIp);
  if (codes.length === 0) return undefined;
  const why = await dns.query(name, "TXT");
  const reason = why.kind === "answer" ? (why.records[0]?.text ?? "").slice(0, 200) : "";
  const text = formatIp(ip);
  return finding("ip.listed", text, { ip: text, list, codes, reason });
}

const loopback = parseNetwork("127.0.0.0/8");
/** In wide use for "you may not ask": 127.255.255.252 and above. */
const refusals = parseNetwork("127.255.255.0/24");

/** RFC 5782 §2.1: an answer outside 127.0.0.0/8 says nothing. */
function isCode(ip: IpAddress): boolean {
  const isIn = (network: typeof loopback): boolean =>
    network !== undefined && inNetwork(ip, network.address, network.prefix);
  return isIn(loopback) && !isIn(refusals);
}
