import type { Clock } from "../../core/clock.ts";
import { askBlocklist, isBlocklistUsable } from "../../core/dns/blocklist.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { formatIp, type IpAddress, parseIp } from "../../core/ip.ts";
import { checkIprev } from "../../core/iprev/check.ts";
import type { ReportStore } from "../../store/reports/port.ts";
import type { SourceName, SourceNameStore } from "../../store/source-names.ts";
import type { Geo } from "./geo.ts";
import type { OrganizationalDomain } from "./way.ts";

/** What a round of naming works with. */
export interface NamingServices {
  readonly reports: Pick<ReportStore, "sources">;
  readonly names: SourceNameStore;
  readonly dns: DnsResolver;
  readonly clock: Clock;
  readonly organizational: OrganizationalDomain;
  /** Asked only when there is something to name. */
  readonly geo: () => Promise<Geo>;
  /** DNS blocklists that the operator names. */
  readonly blocklists: readonly string[];
  /** Whether to leave off: what has been begun is finished, nothing more is. */
  readonly isStopped?: () => boolean;
}

export interface NamingLimits {
  /** Addresses in one round. */
  readonly most: number;
  /** Addresses at the same time. */
  readonly parallel: number;
  /** For one address, everything included. */
  readonly addressMs: number;
  /** For the round; what has been begun is finished. */
  readonly roundMs: number;
  /** Addresses that have not been seen for so long are left out. */
  readonly days: number;
}

/** Gentle enough for any resolver: some hundred questions a minute. */
export const namingLimits: NamingLimits = {
  most: 2_000,
  parallel: 8,
  addressMs: 8_000,
  roundMs: 300_000,
  days: 90,
};

export interface NamingRound {
  /** Addresses that were asked for, and how many of them nobody could tell anything about. */
  readonly asked: number;
  readonly unanswered: number;
  /** That are still due. */
  readonly left: number;
  /** Blocklists that do not answer as RFC 5782 asks, and were not used. */
  readonly unusableLists: readonly string[];
  /** Databases that cannot be used. */
  readonly problems: Geo["problems"];
}

const dayMs = 86_400_000;
/** Names of hosts change seldom, listings every day; a resolver that did not answer is asked again soon. */
const nameKeptMs = 14 * dayMs;
const listingKeptMs = dayMs;
const failureKeptMs = 3_600_000;
/** What nobody has renewed for so long is of an address that is gone. */
const forgottenMs = 180 * dayMs;
const savedTogether = 50;

/**
 * Names the addresses that send as us and have no name that is still good: those with the most messages first, so many at a time,
 * and no longer than the limits say. What is found is kept as it comes.
 * @param domain Only what sends as this one.
 * @param again Also what has a name that is still good.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export async function nameSources(
  services: NamingServices,
  limits: NamingLimits,
  { domain, again = false }: { readonly domain?: string; readonly again?: boolean } = {},
): Promise<NamingRound> {
  const { clock, names, reports } = services;
  const now = clock.now();
  await names.forget(now - forgottenMs);
  const sinceDay = Math.floor(now / dayMs) - limits.days;
  const sums = await reports.sources({ sinceDay, ...(domain !== undefined && { domain }) });
  const all = [...new Set(sums.flatMap(({ ip }) => (ip === undefined ? [] : [formatIp(ip)])))];
  const due = again ? all : await names.due(all, now);
  if (due.length === 0) return { asked: 0, unanswered: 0, left: 0, unusableLists: [], problems: [] };
  return round(services, limits, due);
}

async function round(
  services: NamingServices,
  limits: NamingLimits,
  due: readonly string[],
): Promise<NamingRound> {
  const { clock, names } = services;
  const end = clock.monotonic() + limits.roundMs;
  const geo = await services.geo();
  const { usable, unusable } = await sortLists(services, limits);
  const wanted = due.slice(0, limits.most).values();
  let asked = 0;
  let unanswered = 0;
  let found: SourceName[] = [];
  const save = async (): Promise<void> => {
    const some = found;
    found = [];
    if (some.length > 0) await names.put(some);
  };
  const work = async (): Promise<void> => {
    for (const text of wanted) {
      const ip = parseIp(text);
      if (ip !== undefined) {
        asked += 1;
        const name = await nameAddress(ip, { ...services, blocklists: usable }, geo, limits.addressMs);
        if (name.result === "temperror") unanswered += 1;
        found.push(name);
        if (found.length >= savedTogether) await save();
      }
      if (clock.monotonic() >= end || services.isStopped?.() === true) return;
    }
  };
  await Promise.all(Array.from({ length: limits.parallel }, work));
  await save();
  return { asked, unanswered, left: due.length - asked, unusableLists: unusable, problems: geo.problems };
}

async function sortLists(
  { blocklists, dns, clock }: NamingServices,
  { addressMs }: NamingLimits,
): Promise<{ readonly usable: readonly string[]; readonly unusable: readonly string[] }> {
  const deadline = clock.monotonic() + addressMs;
  const answers = await Promise.all(
    blocklists.map(async (list) => ({ list, isUsable: await isBlocklistUsable(list, dns, { deadline }) })),
  );
  return {
    usable: answers.filter(({ isUsable }) => isUsable).map(({ list }) => list),
    unusable: answers.filter(({ isUsable }) => !isUsable).map(({ list }) => list),
  };
}

/** Everything that can be found out about one address. Never rejects. */
async function nameAddress(
  ip: IpAddress,
  { dns, clock, organizational, blocklists }: NamingServices,
  geo: Geo,
  addressMs: number,
): Promise<SourceName> {
  const deadline = clock.monotonic() + addressMs;
  const [iprev, entries] = await Promise.all([
    checkIprev(ip, { dns, deadline }),
    Promise.all(blocklists.map((list) => askBlocklist(list, ip, dns, { deadline }))),
  ]);
  const fetchedAt = clock.now();
  const { result } = iprev;
  const name = iprev.name?.toLowerCase();
  const keptMs = result === "temperror" ? failureKeptMs : blocklists.length > 0 ? listingKeptMs : nameKeptMs;
  return {
    ip: formatIp(ip),
    result,
    ...(name !== undefined && { name }),
    ...(name !== undefined && result === "pass" && { domain: organizational(name) }),
    ...geo.find(formatIp(ip)),
    listed: blocklists.filter((_, index) => entries[index] !== undefined),
    fetchedAt,
    expiresAt: fetchedAt + keptMs,
  };
}
