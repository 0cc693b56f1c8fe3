import type { DnsType } from "../core/dns/resolver.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { CheckContext, SubjectReport } from "./context.ts";

const dayS = 86_400;
const lowS = 300;
/** RFC 2308 §5: one to three hours work well. */
const maxNegativeS = 10_800;

/** What Cloudflare writes into its exports for the TTL that it chooses itself. */
const automatic = 1;

const watched: readonly (readonly [prefix: string, type: DnsType])[] = [
  ["", "MX"],
  ["", "TXT"],
  ["_dmarc.", "TXT"],
];

/** How long records live, as their servers and the zone files say; a resolver only knows what is left of it. */
export async function checkTtls(context: CheckContext): Promise<SubjectReport> {
  const { domain } = context;
  const found = await Promise.all(
    watched.map(async ([prefix, type]) => {
      const name = `${prefix}${domain}`;
      const ttl = await ttlOf(name, type, context);
      return { name, type, ttl };
    }),
  );
  const findings = judge(domain, found);
  const negative = await negativeTtl(context);
  const ttls = found.map(({ name, type, ttl }) => ({ name, type, ...(ttl === undefined ? {} : { ttl }) }));
  return { findings: [...findings, ...negative.findings], facts: { ttls, ...negative.facts } };
}

interface Lifetime {
  readonly name: string;
  readonly type: DnsType;
  /** Undefined: not known. */
  readonly ttl: number | undefined;
}

function judge(domain: string, found: readonly Lifetime[]): Finding[] {
  const known = found.flatMap(({ name, type, ttl }) => (ttl === undefined ? [] : [{ name, type, ttl }]));
  const high = known.filter(({ ttl }) => ttl >= dayS);
  // A short-lived MX is asked for by every sender, every time.
  const low = known.filter(({ type, ttl }) => ttl < lowS || (type === "MX" && ttl === lowS));
  const paramsOf = (some: typeof known, pick: (...ttls: number[]) => number) => ({
    domain,
    records: some.map(({ name, type }) => `${name} ${type}`),
    ttl: pick(...some.map(({ ttl }) => ttl)),
  });
  return [
    ...(high.length === 0 ? [] : [finding("dns.ttl-high", domain, paramsOf(high, Math.max))]),
    ...(low.length === 0 ? [] : [finding("dns.ttl-low", domain, paramsOf(low, Math.min))]),
  ];
}

async function ttlOf(
  name: string,
  type: DnsType,
  { zones, servers }: CheckContext,
): Promise<number | undefined> {
  const inFiles = zones.flatMap(({ zone }) => zone.records).filter((record) => record.name === name);
  if (inFiles.length > 0)
    return leastOf(
      inFiles.filter(({ type: of, ttl }) => of === type && ttl !== automatic).map(({ ttl }) => ttl),
    );
  if (servers === undefined) return undefined;
  const answers = await servers.askAll(name, type);
  return leastOf(answers.flatMap(({ answer }) => (answer.kind === "answer" ? [answer.ttl] : [])));
}

function leastOf(ttls: readonly number[]): number | undefined {
  return ttls.length === 0 ? undefined : Math.min(...ttls);
}

async function negativeTtl({ domain, dns, zones, servers }: CheckContext): Promise<SubjectReport> {
  const found = servers === undefined ? undefined : await servers.findZone(domain);
  const owners = zones.flatMap(({ zone }) => zone.records.filter(({ type }) => type === "SOA"));
  const inFile = owners
    .map(({ name }) => name)
    .filter((name) => domain === name || domain.endsWith(`.${name}`))
    .sort((a, b) => b.length - a.length)[0];
  const zone = inFile ?? (found?.kind === "zone" ? found.zone : undefined);
  if (zone === undefined) return { findings: [], facts: {} };
  const soa = await dns.query(zone, "SOA");
  const minimum = soa.kind === "answer" ? soa.records[0]?.minimum : undefined;
  if (minimum === undefined) return { findings: [], facts: {} };
  const own = inFile === undefined ? minimum : Math.min(minimum, soa.kind === "answer" ? soa.ttl : minimum);
  const findings = own > maxNegativeS ? [finding("dns.negative-ttl", zone, { zone, ttl: own })] : [];
  return { findings, facts: { negativeTtl: own } };
}
