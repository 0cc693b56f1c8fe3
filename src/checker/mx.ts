import { organizationalDomainBelow } from "../core/dmarc/public-suffix.ts";
import type { DnsAnswer, DnsResolver, MxRecord } from "../core/dns/resolver.ts";
import { isWithin, parentDomain } from "../core/domain-name.ts";
import { formatIp, type IpAddress, parseIp } from "../core/ip.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext } from "./context.ts";
import { addRecord, removeRecord } from "./record-change.ts";
import { getsReports } from "./report-mailbox.ts";
import { isUnreachable } from "./special-address.ts";
import { withTriedChanges } from "./try-change.ts";

/** MX records and the hosts they name. */
export const checkMx: Check = withTriedChanges(async (context) => {
  const { domain, dns } = context;
  const answer = await dns.query(domain, "MX");
  if (answer.kind === "failure") return { findings: [], facts: { answer: answer.reason } };
  if (answer.kind !== "answer") return withoutMx(context);
  const records = [...answer.records].sort((a, b) => a.preference - b.preference);
  const hosts = await Promise.all(uniqueHosts(records).map((name) => lookUpHost(name, dns)));
  const findings = [
    ...nullFindings(records, context),
    ...(await Promise.all(hosts.map((host) => hostFindings(host, hosts, records, context)))).flat(),
    ...duplicates(records, domain),
    ...redundancy(hosts, domain),
    ...foreign(hosts, context),
  ];
  const facts = records.map(({ preference, exchange }) => {
    const host = hosts.find(({ name }) => name === exchange);
    return { preference, host: exchange, addresses: (host?.addresses ?? []).map(formatIp) };
  });
  return { findings, facts: { records: facts } };
});

async function withoutMx({ domain, dns, profile, profileGuessed }: CheckContext): ReturnType<Check> {
  const { addresses } = await lookUpHost(domain, dns);
  if (addresses.length === 0) return { findings: [], facts: { records: [] } };
  const texts = addresses.map(formatIp);
  const found = finding("mx.none-implicit", domain, { domain, addresses: texts });
  // That no mail is to come here only the owner can say; a null MX on a guess would turn mail away.
  const isParked = profile === "parked" && !profileGuessed && !(await getsReports(dns, domain));
  return {
    findings: [isParked ? { ...found, change: [addRecord(domain, "MX", "0 .")] } : found],
    facts: { records: [], implicit: texts },
  };
}

interface Host {
  readonly name: string;
  readonly addresses: readonly IpAddress[];
  /** "unknown": DNS did not tell. */
  readonly state: "addresses" | "none" | "nxdomain" | "unknown";
  readonly alias?: string;
}

/** MX hosts looked at; a domain with more has other worries. */
const maxHosts = 50;

function uniqueHosts(records: readonly MxRecord[]): string[] {
  return [...new Set(records.map(({ exchange }) => exchange))]
    .filter((name) => name !== "")
    .slice(0, maxHosts);
}

async function lookUpHost(name: string, dns: DnsResolver): Promise<Host> {
  const [a, aaaa, cname] = await Promise.all([
    dns.query(name, "A"),
    dns.query(name, "AAAA"),
    dns.query(name, "CNAME"),
  ]);
  const addresses = [...recordsOf(a), ...recordsOf(aaaa)];
  const [alias] = recordsOf(cname);
  return { name, addresses, state: stateOf(addresses, a, aaaa), ...(alias === undefined ? {} : { alias }) };
}

function stateOf(
  addresses: readonly IpAddress[],
  a: DnsAnswer<IpAddress>,
  aaaa: DnsAnswer<IpAddress>,
): Host["state"] {
  if (addresses.length > 0) return "addresses";
  const badName = (answer: DnsAnswer<IpAddress>): boolean =>
    answer.kind === "failure" && answer.reason === "bad-name";
  if (badName(a) || a.kind === "nxdomain" || aaaa.kind === "nxdomain") return "nxdomain";
  return a.kind === "nodata" && aaaa.kind === "nodata" ? "none" : "unknown";
}

function recordsOf<T>(answer: DnsAnswer<T>): readonly T[] {
  return answer.kind === "answer" ? answer.records : [];
}

function mxData({ preference, exchange }: MxRecord): string {
  return `${preference} ${exchange}.`;
}

function removal(records: readonly MxRecord[], exchange: string, domain: string): RecordChange[] {
  return records
    .filter((record) => record.exchange === exchange)
    .map((record) => removeRecord(domain, "MX", mxData(record)));
}

/** Another host in the place of one, at the same preferences; where it is an MX host already, at the best one of both. */
function replacement(
  records: readonly MxRecord[],
  exchange: string,
  other: string,
  domain: string,
): RecordChange[] {
  const preferencesOf = (name: string): number[] =>
    records.filter((record) => record.exchange === name).map(({ preference }) => preference);
  const add = (preference: number): RecordChange => addRecord(domain, "MX", `${preference} ${other}.`);
  const old = preferencesOf(exchange);
  const known = preferencesOf(other);
  const out = removal(records, exchange, domain);
  if (known.length === 0) return [...out, ...old.map(add)];
  const best = Math.min(...old);
  return best < Math.min(...known) ? [...out, ...removal(records, other, domain), add(best)] : out;
}

// ---------------------------------------------------------------- the null MX

function nullFindings(records: readonly MxRecord[], { domain, profile }: CheckContext): Finding[] {
  const found: Finding[] = [];
  const nulls = records.filter(({ exchange }) => exchange === "");
  const others = records.filter(({ exchange }) => exchange !== "");
  const [wrong] = records.filter((record) => isBadNull(record, domain));
  if (wrong !== undefined && records.length === 1) {
    const change = [removeRecord(domain, "MX", mxData(wrong)), addRecord(domain, "MX", "0 .")];
    found.push({ ...finding("mx.null-bad-form", domain, { domain, data: mxData(wrong) }), change });
  } else if (nulls.length > 0 && others.length > 0) {
    const hosts = others.map(({ exchange }) => exchange);
    const change = nulls.map((record) => removeRecord(domain, "MX", mxData(record)));
    found.push({ ...finding("mx.null-mixed", domain, { domain, others: hosts }), change });
  } else if (nulls.length > 0) {
    found.push(finding("mx.null", domain, { domain }));
    // RFC 7505 §4.2: such a domain should not be in From or MAIL FROM.
    if (profile === "sender" || profile === "new") found.push(finding("mx.null-sender", domain, { domain }));
  }
  return found;
}

/** `10 .` breaks RFC 7505 §3; `0.` typed without its blank becomes a host named 0. */
function isBadNull({ preference, exchange }: MxRecord, domain: string): boolean {
  if (exchange === "") return preference !== 0;
  return exchange === "0" || exchange === `0.${domain}`;
}

// ---------------------------------------------------------------- one host

async function hostFindings(
  host: Host,
  hosts: readonly Host[],
  records: readonly MxRecord[],
  { domain, dns }: CheckContext,
): Promise<readonly Finding[]> {
  const { name } = host;
  if (records.length === 1 && isBadNull({ preference: 0, exchange: name }, domain)) return [];
  const literal = literalIn(name, domain);
  if (literal !== undefined) return [await literalFinding(name, literal, records, domain, dns)];
  if (name === "localhost" || name.startsWith("localhost.")) return [localhost(name, hosts, records, domain)];
  const meant = host.state === "nxdomain" ? await withoutSuffix(name, domain, dns) : undefined;
  if (meant !== undefined) {
    const found = finding("mx.trailing-dot", name, { domain, mx: name, meant });
    return [{ ...found, change: replacement(records, name, meant, domain) }];
  }
  return [...aliasFinding(host, records, domain), ...addressFindings(host, hosts, records, domain)];
}

/** The address that a name is: plain, or with the zone's name appended to it. */
function literalIn(name: string, domain: string): string | undefined {
  const plain = isWithin(name, domain) && name !== domain ? name.slice(0, -domain.length - 1) : name;
  const text = [name, plain].find((one) => parseIp(one.replaceAll("\\", "")) !== undefined);
  return text?.replaceAll("\\", "");
}

async function literalFinding(
  name: string,
  literal: string,
  records: readonly MxRecord[],
  domain: string,
  dns: DnsResolver,
): Promise<Finding> {
  const found = finding("mx.ip-literal", name, { domain, mx: name, address: literal });
  const host = await freeHost(literal, records, domain, dns);
  if (host === undefined) return found;
  const type = literal.includes(":") ? "AAAA" : "A";
  const named = host.exists ? [] : [addRecord(host.name, type, literal)];
  return { ...found, change: [...replacement(records, name, host.name, domain), ...named] };
}

/** A host name of the domain for an address: one that has it already, or one that is not taken. */
async function freeHost(
  literal: string,
  records: readonly MxRecord[],
  domain: string,
  dns: DnsResolver,
): Promise<{ readonly name: string; readonly exists: boolean } | undefined> {
  const labels = ["mail", "mx", "mx1"];
  const hosts = await Promise.all(labels.map((label) => lookUpHost(`${label}.${domain}`, dns)));
  const same = hosts.find(
    ({ addresses: [ip, more] }) => ip !== undefined && !more && formatIp(ip) === literal,
  );
  if (same !== undefined) return { name: same.name, exists: true };
  // Of several addresses each gets a name of its own.
  const literals = uniqueHosts(records).flatMap((one) => literalIn(one, domain) ?? []);
  const place = literals.indexOf(literal);
  const last = literal.slice(Math.max(literal.lastIndexOf("."), literal.lastIndexOf(":")) + 1);
  const more = [`mx${place + 1}`, `mx-${last}`].map((label) => lookUpHost(`${label}.${domain}`, dns));
  const candidates = [...(place > 0 ? [] : hosts), ...(await Promise.all(more))];
  const free = candidates.find(({ state }) => state === "nxdomain");
  return free === undefined ? undefined : { name: free.name, exists: false };
}

function localhost(
  name: string,
  hosts: readonly Host[],
  records: readonly MxRecord[],
  domain: string,
): Finding {
  const found = finding("mx.localhost", name, { domain, mx: name });
  const gone = removal(records, name, domain);
  return { ...found, change: hosts.length > 1 ? gone : [...gone, addRecord(domain, "MX", "0 .")] };
}

/** `mx.example.jp.example.jp`: the name without the zone that was appended, if it is meant to be one. */
async function withoutSuffix(name: string, domain: string, dns: DnsResolver): Promise<string | undefined> {
  for (let zone: string | undefined = domain; zone?.includes(".") === true; zone = parentDomain(zone)) {
    if (!name.endsWith(`.${zone}`)) continue;
    const shorter = name.slice(0, -zone.length - 1);
    if (isWithin(shorter, zone)) return shorter;
    if (shorter.includes(".") && (await lookUpHost(shorter, dns)).state === "addresses") return shorter;
  }
  return undefined;
}

function aliasFinding({ name, alias }: Host, records: readonly MxRecord[], domain: string): Finding[] {
  if (alias === undefined) return [];
  const found = finding("mx.cname", name, { domain, mx: name, target: alias });
  return [{ ...found, change: replacement(records, name, alias, domain) }];
}

function addressFindings(
  host: Host,
  hosts: readonly Host[],
  records: readonly MxRecord[],
  domain: string,
): Finding[] {
  const { name, state, addresses } = host;
  const working = hosts.filter((one) => one.state === "addresses" && one.name !== name);
  if (state === "nxdomain" || state === "none") {
    const id = state === "nxdomain" ? "mx.nxdomain" : "mx.no-address";
    const found = finding(id, name, { domain, mx: name, others: working.length });
    return [working.length === 0 ? found : { ...found, change: removal(records, name, domain) }];
  }
  const special = addresses.filter(isUnreachable).map(formatIp);
  if (special.length === 0) return [];
  return [finding("mx.special-address", name, { domain, mx: name, addresses: special })];
}

// ---------------------------------------------------------------- all hosts

function duplicates(records: readonly MxRecord[], domain: string): Finding[] {
  const byHost = Map.groupBy(records, ({ exchange }) => exchange);
  return [...byHost].flatMap(([mx, same]) => {
    if (mx === "" || same.length < 2) return [];
    const found = finding("mx.duplicate", mx, {
      domain,
      mx,
      preferences: same.map(({ preference }) => preference),
    });
    return [{ ...found, change: same.slice(1).map((one) => removeRecord(domain, "MX", mxData(one))) }];
  });
}

function redundancy(hosts: readonly Host[], domain: string): Finding[] {
  const found: Finding[] = [];
  const withAddress = hosts.filter(({ addresses }) => addresses.length > 0);
  if (withAddress.length === 0) return found;
  const addresses = withAddress.flatMap(({ name, addresses: own }) =>
    own.map((ip) => ({ name, ip: formatIp(ip) })),
  );
  for (const [address, same] of Map.groupBy(addresses, ({ ip }) => ip)) {
    const names = [...new Set(same.map(({ name }) => name))];
    if (names.length > 1) found.push(finding("mx.same-address", domain, { domain, address, hosts: names }));
  }
  const known = hosts.every(({ state }) => state !== "unknown");
  const networks = [...new Set(withAddress.flatMap(({ addresses: own }) => own.map(networkOf)))];
  const families = new Set(networks.map((network) => network.includes(":")));
  // A service makes its names lead to many places without showing them all.
  const isOwn = withAddress.some(({ name }) => isWithin(name, domain));
  if (known && isOwn && networks.length === families.size)
    found.push(finding("mx.single-homed", domain, { domain, networks }));
  if (known && !families.has(true))
    found.push({
      ...finding("mx.v6-missing", domain, { domain, hosts: withAddress.map(({ name }) => name) }),
      ...(isOwn ? {} : { severity: "info" }),
    });
  return found;
}

/** The /24 or /48 around an address: what is commonly one place. */
function networkOf({ family, octets }: IpAddress): string {
  const kept = family === 4 ? 3 : 6;
  const base = Uint8Array.from(octets, (octet, index) => (index < kept ? octet : 0));
  return `${formatIp({ family, octets: base })}/${kept * 8}`;
}

function foreign(hosts: readonly Host[], { domain, ownMx, publicSuffix }: CheckContext): Finding[] {
  // A department's mail at the university's hosts is not with others.
  const organization = publicSuffix === undefined ? domain : organizationalDomainBelow(domain, publicSuffix);
  const isOurs = (name: string): boolean =>
    ownMx.length === 0
      ? isWithin(name, organization)
      : ownMx.some((own) => (own.startsWith("*.") ? name.endsWith(own.slice(1)) : name === own));
  const others = hosts
    .filter(({ name, state }) => state !== "nxdomain" && !isOurs(name))
    .map(({ name }) => name);
  if (others.length === 0) return [];
  return [finding("mx.foreign", domain, { domain, hosts: others, listed: ownMx.length > 0 })];
}
