import { askBlocklist, isBlocklistUsable } from "../core/dns/blocklist.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { formatIp, type IpAddress, unmapped } from "../core/ip.ts";
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
  if (!(await isBlocklistUsable(list, dns))) return [finding("ip.list-unusable", list, { list })];
  const found = await Promise.all(clients.map((ip) => askAddress(list, unmapped(ip), dns)));
  return found.flatMap((one) => one ?? []);
}

async function askAddress(list: string, ip: IpAddress, dns: DnsResolver): Promise<Finding | undefined> {
  const entry = await askBlocklist(list, ip, dns);
  if (entry === undefined) return undefined;
  const text = formatIp(ip);
  return finding("ip.listed", text, { ip: text, list, ...entry });
}
