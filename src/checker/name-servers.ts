import type { AuthoritativeServers, ServerAnswer, ZoneServer } from "../core/dns/authoritative.ts";
import { askRaw, rawTypes } from "../core/dns/raw-query.ts";
import type { DnsRecordOf, DnsType } from "../core/dns/resolver.ts";
import { parentDomain } from "../core/domain-name.ts";
import { formatIp } from "../core/ip.ts";
import type { DnsFindings } from "../findings/check/dns.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { CheckContext, SubjectReport } from "./context.ts";
import { txtData } from "./record-change.ts";

/** The authoritative servers of the zone, each asked for itself. Nothing where only zone files are asked. */
export async function checkServers({ domain, servers }: CheckContext): Promise<SubjectReport> {
  if (servers === undefined) return { findings: [], facts: {} };
  const found = await servers.findZone(domain);
  if (found.kind !== "zone") return { findings: [], facts: { zone: found.reason } };
  const { zone, missing } = found;
  // Resolvers turn them round; what is told is to be the same each time.
  const all = [...found.servers].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const unnamed = missing
    .filter(({ reason }) => reason === "none")
    .map(({ server }) => finding("dns.lame", server, { zone, server, ip: "", problem: "no-address" }));
  const soa = await servers.askServers(all, zone, "SOA");
  const alive = all.filter((_, index) => holds(soa[index]));
  const answers = await askRecords(servers, alive, domain);
  return {
    findings: [
      ...unnamed,
      ...stateFindings(zone, soa),
      ...(await parentFindings(zone, all, servers)),
      ...disagreements(zone, zone, "SOA", soa.filter(holds)),
      ...answers.flatMap(({ name, type, said }) => [
        ...disagreements(zone, name, type, said),
        ...tcpFindings(zone, name, type, said),
      ]),
    ],
    facts: {
      zone,
      servers: soa.map(({ server, ip, answer, authoritative }) => ({
        server,
        ip: formatIp(ip),
        authoritative,
        answer: answer.kind === "failure" ? answer.reason : answer.kind,
      })),
    },
  };
}

function keyOf({ server, ip }: ZoneServer): string {
  return `${server} ${formatIp(ip)}`;
}

type AnyServerAnswer = ServerAnswer<DnsRecordOf[DnsType]>;

function holds(said: AnyServerAnswer | undefined): boolean {
  return said?.authoritative === true && said.answer.kind === "answer";
}

async function askRecords(
  servers: AuthoritativeServers,
  alive: readonly ZoneServer[],
  domain: string,
): Promise<{ readonly name: string; readonly type: DnsType; readonly said: readonly AnyServerAnswer[] }[]> {
  const asked: readonly (readonly [string, DnsType])[] = [
    [domain, "TXT"],
    [domain, "MX"],
    [`_dmarc.${domain}`, "TXT"],
  ];
  return Promise.all(
    asked.map(async ([name, type]) => ({ name, type, said: await servers.askServers(alive, name, type) })),
  );
}

// ---------------------------------------------------------------- lameness

function stateFindings(zone: string, soa: readonly AnyServerAnswer[]): Finding[] {
  // A host without IPv6 of its own reaches none of these addresses; that says nothing about them.
  const noIpv6 = soa.filter(({ ip }) => ip.family === 6).every(({ answer }) => isSilent(answer));
  return soa.flatMap(({ server, ip, answer, authoritative }) => {
    const params = { zone, server, ip: formatIp(ip) };
    if (isSilent(answer))
      return noIpv6 && ip.family === 6 ? [] : [finding("dns.server-silent", server, params)];
    const problem = lameness(answer, authoritative);
    return problem === undefined ? [] : [finding("dns.lame", server, { ...params, problem })];
  });
}

function isSilent(answer: AnyServerAnswer["answer"]): boolean {
  return answer.kind === "failure" && answer.reason !== "refused" && answer.reason !== "servfail";
}

function lameness(
  answer: AnyServerAnswer["answer"],
  authoritative: boolean,
): DnsFindings["dns.lame"]["problem"] | undefined {
  if (answer.kind === "failure") return answer.reason === "refused" ? "refused" : "servfail";
  return authoritative && answer.kind === "answer" ? undefined : "not-authoritative";
}

// ---------------------------------------------------------------- parent and child

const askedParents = 4;

/** RFC 1034 §4.2.2: the NS records above and those of the zone itself are to be the same. */
async function parentFindings(
  zone: string,
  own: readonly ZoneServer[],
  servers: AuthoritativeServers,
): Promise<Finding[]> {
  const above = parentDomain(zone);
  if (above === undefined) return [];
  const parent = await servers.findZone(above);
  if (parent.kind !== "zone") return [];
  const [child, referral] = await Promise.all([
    nsNames(own, zone, true),
    nsNames(parent.servers.slice(0, askedParents), zone, false),
  ]);
  if (child === undefined || referral === undefined) return [];
  const onlyParent = referral.filter((name) => !child.includes(name));
  const onlyChild = child.filter((name) => !referral.includes(name));
  if (onlyParent.length === 0 && onlyChild.length === 0) return [];
  return [finding("dns.parent-child-ns", zone, { zone, onlyParent, onlyChild })];
}

/** NS records of the zone as the first of these servers tells them that answers; a referral has them as authority. */
async function nsNames(
  servers: readonly ZoneServer[],
  zone: string,
  authoritative: boolean,
): Promise<readonly string[] | undefined> {
  for (const { ip, port } of servers) {
    const address = { address: formatIp(ip), port };
    const reply = await askRaw(address, { name: zone, type: rawTypes.NS }, { timeoutMs: 2000 });
    if (reply === undefined || reply.rcode !== 0 || (authoritative && !reply.authoritative)) continue;
    const names = reply.records
      .filter(({ name, type }) => name === zone && type === rawTypes.NS)
      .flatMap(({ target }) => target ?? []);
    if (names.length > 0) return [...new Set(names)].sort();
  }
  return undefined;
}

// ---------------------------------------------------------------- different answers

function disagreements(
  zone: string,
  name: string,
  type: DnsType,
  said: readonly AnyServerAnswer[],
): Finding[] {
  const answered = said.filter(({ answer }) => answer.kind !== "failure");
  const versions = [...Map.groupBy(answered, ({ answer }) => JSON.stringify(dataOf(answer)))].map(
    ([data, group]) => ({
      servers: [...new Set(group.map(({ server, ip }) => `${server} (${formatIp(ip)})`))],
      data: JSON.parse(data) as string[],
    }),
  );
  if (versions.length < 2) return [];
  return [finding("dns.servers-disagree", name, { zone, name, type, versions: versions.slice(0, 5) })];
}

const maxData = 300;

/** What an answer says, in presentation form and in one order; of a SOA only the serial. */
function dataOf(answer: AnyServerAnswer["answer"]): string[] {
  if (answer.kind !== "answer") return [];
  return answer.records.map((record) => textOf(record).slice(0, maxData)).sort();
}

function textOf(record: DnsRecordOf[DnsType]): string {
  if (typeof record === "string") return record;
  if ("text" in record) return txtData(record.text);
  if ("exchange" in record) return `${record.preference} ${record.exchange}.`;
  if ("serial" in record) return `serial ${record.serial}`;
  return "octets" in record ? formatIp(record) : JSON.stringify(record);
}

function tcpFindings(zone: string, name: string, type: DnsType, said: readonly AnyServerAnswer[]): Finding[] {
  return said
    .filter(({ truncated, answer }) => truncated && answer.kind === "failure")
    .map(({ server, ip }) => finding("dns.tcp", server, { zone, server, ip: formatIp(ip), name, type }));
}
