import { askRaw, rawTypes } from "../core/dns/raw-query.ts";
import type { DnsAnswer } from "../core/dns/resolver.ts";
import type { ServerAddress } from "../core/dns/server-address.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";

/** Whether the domain is signed, and well: by the AD bit of a resolver of which it is known that it validates. */
export const checkDnssec: Check = async (context) => {
  const { domain, live, servers } = context;
  if (live === undefined || servers === undefined) return { findings: [], facts: {}, skipped: "offline" };
  const soa = await live.query(domain, "SOA");
  if (soa.kind === "failure") return failed(context, soa.reason);
  if (soa.authentic) return secure(context);
  // An answer without AD says something only if this resolver sets AD at all: the root is signed.
  if (!isAuthentic(await live.query(".", "SOA")))
    return { findings: [finding("dnssec.unknown", domain, { domain })], facts: { state: "unknown" } };
  return insecure(context);
};

function isAuthentic(answer: DnsAnswer<unknown>): boolean {
  return answer.kind !== "failure" && answer.authentic;
}

/** With CD set a validating resolver hands out what it would not vouch for: then the signatures are the fault. */
async function failed(
  { domain, resolverAddresses = [] }: CheckContext,
  reason: string,
): Promise<SubjectReport> {
  if (reason === "bogus") return bogus(domain);
  if (reason !== "servfail") return { findings: [], facts: { state: "unknown" } };
  for (const server of resolverAddresses.slice(0, 2)) {
    const question = { name: domain, type: rawTypes.SOA, recursive: true };
    const checked = await askRaw(server, question);
    const unchecked = await askRaw(server, { ...question, unchecked: true });
    if (checked?.rcode === 2 && unchecked?.rcode === 0) return bogus(domain);
  }
  return { findings: [], facts: { state: "unknown" } };
}

function bogus(domain: string): SubjectReport {
  return {
    findings: [finding("dnssec.bogus", domain, { domain, names: [domain] })],
    facts: { state: "bogus" },
  };
}

async function insecure({ domain, servers, resolverAddresses = [] }: CheckContext): Promise<SubjectReport> {
  const found = await servers?.findZone(domain);
  const zone = found?.kind === "zone" ? found.zone : domain;
  const [server] = resolverAddresses;
  const signed = server !== undefined && (await hasKeys(server, zone));
  return {
    findings: [finding("dnssec.absent", domain, { domain, signed })],
    facts: { state: "insecure", signed },
  };
}

async function hasKeys(server: ServerAddress, zone: string): Promise<boolean> {
  const reply = await askRaw(server, { name: zone, type: rawTypes.DNSKEY, recursive: true });
  return (
    reply?.records.some(({ type, section }) => type === rawTypes.DNSKEY && section === "answer") === true
  );
}

async function secure(context: CheckContext): Promise<SubjectReport> {
  const { domain, clock, servers, resolverAddresses = [] } = context;
  const found = await servers?.findZone(domain);
  const zone = found?.kind === "zone" ? found.zone : domain;
  const [server] = resolverAddresses;
  const ends = server === undefined ? undefined : await firstEnd(server, zone, clock.now());
  const findings = ends === undefined ? [] : expiring(zone, ends, clock.now());
  return {
    findings,
    facts: { state: "secure", ...(ends === undefined ? {} : { signedUntil: iso(ends.expires) }) },
  };
}

interface Period {
  /** Seconds since 1970. */
  readonly begins: number;
  readonly expires: number;
}

/** The signature that ends first, of those that the zone's own records have. */
async function firstEnd(server: ServerAddress, zone: string, nowMs: number): Promise<Period | undefined> {
  const replies = await Promise.all(
    [rawTypes.SOA, rawTypes.NS, rawTypes.DNSKEY].map((type) =>
      askRaw(server, { name: zone, type, recursive: true, signatures: true }),
    ),
  );
  const periods = replies
    .flatMap((reply) => reply?.records ?? [])
    .flatMap(({ signature }) => signature ?? [])
    .filter(({ expires }) => expires * 1000 > nowMs);
  return periods.reduce<Period | undefined>(
    (first, one) => (first === undefined || one.expires < first.expires ? one : first),
    undefined,
  );
}

const maxLeftS = 3 * 86_400;

/** Signers renew well before the end; what has but a fifth of its life left, and days at most, was forgotten. */
function expiring(zone: string, { begins, expires }: Period, nowMs: number): Finding[] {
  const left = expires - nowMs / 1000;
  if (left > maxLeftS || left > (expires - begins) / 5) return [];
  const hours = Math.max(0, Math.floor(left / 3600));
  return [finding("dnssec.expiring", zone, { zone, ends: iso(expires), hours })];
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}
