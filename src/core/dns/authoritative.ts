import type { Clock } from "../clock.ts";
import { isWithin, parentDomain } from "../domain-name.ts";
import { formatIp, type IpAddress, parseIp } from "../ip.ts";
import { askDirectly, type DirectAnswer } from "./direct.ts";
import { canonicalName } from "./name.ts";
import type { DnsFailureReason, DnsRecordOf, DnsResolver, DnsType } from "./resolver.ts";
import type { ServerAddress } from "./server-address.ts";

/** One address of one authoritative server. */
export interface ZoneServer {
  /** Name of the NS record; the address as text when the operator named it. */
  readonly server: string;
  readonly ip: IpAddress;
  readonly port: number;
}

/** Servers by their names, with every address. */
export interface FoundServers {
  readonly servers: readonly ZoneServer[];
  /** Names without an address, with why. "none": there is none, so that nobody can ask it. */
  readonly missing: readonly { readonly server: string; readonly reason: "none" | DnsFailureReason }[];
}

/** The zone that holds a name, and who serves it. */
export type ZoneFinding =
  | (FoundServers & {
      readonly kind: "zone";
      /** Canonical. */
      readonly zone: string;
    })
  | { readonly kind: "failure"; readonly reason: "no-zone" | "no-server" | DnsFailureReason };

/** One answer of one authoritative server, asked directly and without recursion. */
export interface ServerAnswer<T> extends DirectAnswer<T>, ZoneServer {}

/** The authoritative servers of zones, asked for themselves. Nothing here rejects. */
export interface AuthoritativeServers {
  /** The nearest zone at or above a name, with every address of every server. */
  findZone(name: string): Promise<ZoneFinding>;
  /** The addresses of servers by the names of their NS records. */
  findServers(names: readonly string[]): Promise<FoundServers>;
  /** Asks every address of every server of the zone that holds `name`; empty when there is no finding it. */
  askAll<T extends DnsType>(name: string, type: T): Promise<readonly ServerAnswer<DnsRecordOf[T]>[]>;
  /** Asks these. */
  askServers<T extends DnsType>(
    servers: readonly ZoneServer[],
    name: string,
    type: T,
  ): Promise<readonly ServerAnswer<DnsRecordOf[T]>[]>;
}

/** The servers of a zone as its operator names them: a hidden primary, split DNS, other ports. */
export interface NamedZoneServers {
  /** A-labels, lower case. */
  readonly zone: string;
  readonly servers: readonly ServerAddress[];
}

export interface AuthoritativeOptions {
  /** By which zones and addresses are found. */
  readonly dns: DnsResolver;
  /** For one server, all tries. Default 5000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Asked instead of those that DNS names. */
  readonly named?: readonly NamedZoneServers[];
}

const dnsPort = 53;
/** RFC 1034 §3.1: a name has at most 127 labels. A zone deeper below another one than this is not looked for. */
const maxLabels = 20;
/** Thirteen is what fits into a packet of old; nobody is served by more. */
const maxServers = 26;
const maxAddresses = 64;

/** Finds servers by a resolver and asks them directly. */
export function authoritativeServers(options: AuthoritativeOptions): AuthoritativeServers {
  const findZone = (name: string): Promise<ZoneFinding> => find(name, options);
  const askServers: AuthoritativeServers["askServers"] = (servers, name, type) =>
    Promise.all(
      servers.map(async (server) => {
        const address = { address: formatIp(server.ip), port: server.port };
        return { ...server, ...(await askDirectly(address, name, type, options)) };
      }),
    );
  return {
    findZone,
    findServers: (names) => serversNamed(names, options.dns),
    askServers,
    async askAll(name, type) {
      const found = await findZone(name);
      return found.kind === "zone" ? askServers(found.servers, name, type) : [];
    },
  };
}

async function find(name: string, options: AuthoritativeOptions): Promise<ZoneFinding> {
  const asked = canonicalName(name);
  if (asked === undefined) return { kind: "failure", reason: "bad-name" };
  const named = nearest(asked, options.named ?? []);
  let zone: string | undefined = asked;
  for (let labels = 0; zone !== undefined && labels < maxLabels; labels++, zone = parentDomain(zone)) {
    if (zone === named?.zone) return { kind: "zone", zone, servers: namedServers(named), missing: [] };
    const answer = await options.dns.query(zone, "NS");
    if (answer.kind === "failure") return answer;
    if (answer.kind === "answer" && !(await isAlias(zone, options.dns)))
      return withAddresses(zone, answer.records, options.dns);
  }
  return { kind: "failure", reason: "no-zone" };
}

/** The NS records behind a CNAME are those of another name; the top of a zone has none (RFC 2181 §10.1). */
async function isAlias(name: string, dns: DnsResolver): Promise<boolean> {
  return (await dns.query(name, "CNAME")).kind === "answer";
}

function nearest(name: string, named: readonly NamedZoneServers[]): NamedZoneServers | undefined {
  return named
    .filter(({ zone }) => isWithin(name, zone))
    .reduce<NamedZoneServers | undefined>(
      (best, one) => (best === undefined || one.zone.length > best.zone.length ? one : best),
      undefined,
    );
}

function namedServers({ servers }: NamedZoneServers): ZoneServer[] {
  return servers.flatMap(({ address, port }) => {
    const ip = parseIp(address);
    return ip === undefined ? [] : [{ server: address, ip, port }];
  });
}

async function withAddresses(zone: string, names: readonly string[], dns: DnsResolver): Promise<ZoneFinding> {
  const { servers, missing } = await serversNamed(names, dns);
  if (servers.length > 0) return { kind: "zone", zone, servers, missing };
  const failed = missing.map(({ reason }) => reason).find((reason) => reason !== "none");
  return { kind: "failure", reason: failed ?? "no-server" };
}

async function serversNamed(names: readonly string[], dns: DnsResolver): Promise<FoundServers> {
  const unique = [...new Set(names)].slice(0, maxServers);
  const found = await Promise.all(unique.map((server) => addressesOf(server, dns)));
  return {
    servers: found.flatMap(({ addresses }) => addresses).slice(0, maxAddresses),
    missing: found.flatMap(({ server, reason }) => (reason === undefined ? [] : [{ server, reason }])),
  };
}

async function addressesOf(
  server: string,
  dns: DnsResolver,
): Promise<{
  readonly server: string;
  readonly addresses: readonly ZoneServer[];
  readonly reason?: "none" | DnsFailureReason;
}> {
  const answers = await Promise.all([dns.query(server, "A"), dns.query(server, "AAAA")]);
  const addresses = answers.flatMap((answer) =>
    answer.kind === "answer" ? answer.records.map((ip) => ({ server, ip, port: dnsPort })) : [],
  );
  const failure = answers.find((answer) => answer.kind === "failure");
  if (failure?.kind === "failure") return { server, addresses, reason: failure.reason };
  return addresses.length === 0 ? { server, addresses, reason: "none" } : { server, addresses };
}
