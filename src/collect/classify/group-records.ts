import { formatIp, type IpAddress } from "../../core/ip.ts";
import type { ReportStore, SourceTally } from "../../store/reports/port.ts";
import type { SourceNameStore } from "../../store/source-names.ts";
import { groupSource } from "./group-source.ts";
import { type SourcesQuery, secondsOf, waysOf } from "./read-sources.ts";
import { askedAbout, type Site } from "./site.ts";
import type { GroupName, SourceFacts } from "./source.ts";

/** A record's source, as far as its group goes. */
export interface RecordSource {
  readonly domain: string;
  readonly ip?: IpAddress;
}

/** What groups are found by. */
export interface GroupingServices {
  readonly reports: Pick<ReportStore, "tallies" | "days">;
  readonly names: Pick<SourceNameStore, "get">;
  readonly site: Site;
}

/** Sources whose group is remembered, some 5 MB; what comes again later is judged anew. */
const defaultRemembered = 50_000;
const askedTogether = 200;
const maxTotals = 10_000;

/**
 * The groups of records that are read one after another: each source is judged once, from all that the span tells of it, and not by
 * the record at hand. Memory does not grow with the number of records or sources.
 *
 * Judged by the records that are kept, while `readSources` takes sums by day: they differ only where records have been deleted by
 * their age, or a report reaches over an end of the span.
 */
export class RecordGroups {
  readonly #services: GroupingServices;
  readonly #span: Omit<SourcesQuery, "domain">;
  readonly #most: number;
  readonly #known = new Map<string, GroupName>();
  readonly #totals = new Map<string, number>();

  /** @param most Sources to remember. */
  constructor(
    services: GroupingServices,
    span: Omit<SourcesQuery, "domain">,
    most: number = defaultRemembered,
  ) {
    this.#services = services;
    this.#span = span;
    this.#most = most;
  }

  /**
   * The group of each source, in their order. Best asked for a thousand at a time.
   * @throws SekishoError STORE_UNAVAILABLE.
   */
  async of(sources: readonly RecordSource[]): Promise<readonly GroupName[]> {
    const keys = sources.map(keyOf);
    const found = new Map<string, GroupName>();
    const unknown = new Map<string, RecordSource>();
    for (const [index, source] of sources.entries()) {
      const key = keys[index] as string;
      const group = this.#known.get(key);
      if (group === undefined) unknown.set(key, source);
      else found.set(key, group);
    }
    for (const some of inPieces([...unknown]))
      for (const [key, group] of await this.#judge(new Map(some))) {
        found.set(key, group);
        this.#remember(key, group);
      }
    return keys.map((key) => found.get(key) ?? "unknown");
  }

  #remember(key: string, group: GroupName): void {
    if (this.#known.size >= this.#most) this.#known.clear();
    this.#known.set(key, group);
  }

  async #judge(sources: ReadonlyMap<string, RecordSource>): Promise<ReadonlyMap<string, GroupName>> {
    const { reports, names, site } = this.#services;
    const ips = new Map(Array.from(sources.values(), ({ ip }) => [addressKey(ip), ip]));
    const tallies = await reports.tallies({ ips: [...ips.values()], ...secondsOf(this.#span) });
    const known = await names.get([...ips.keys()]);
    const domains = new Map<string, number>();
    for (const { ip } of tallies) domains.set(addressKey(ip), (domains.get(addressKey(ip)) ?? 0) + 1);
    const bySource = new Map(tallies.map((tally) => [keyOf(tally), tally]));
    const groups = new Map<string, GroupName>();
    for (const [key, source] of sources) {
      const tally = bySource.get(key) ?? emptyTally(source);
      const name = known.get(addressKey(source.ip));
      const facts: SourceFacts = {
        ...factsOf(tally, site),
        share: share(tally.messages, await this.#total(tally.domain)),
        domains: domains.get(addressKey(source.ip)) ?? 1,
        ...(name !== undefined && { name }),
      };
      groups.set(key, groupSource(facts, askedAbout(site, source.domain)).group);
    }
    return groups;
  }

  /** Messages in the name of a domain. */
  async #total(domain: string): Promise<number> {
    const known = this.#totals.get(domain);
    if (known !== undefined) return known;
    const days = await this.#services.reports.days({ domain, ...this.#span });
    const total = days.reduce((sum, { messages }) => sum + messages, 0);
    if (this.#totals.size >= maxTotals) this.#totals.clear();
    this.#totals.set(domain, total);
    return total;
  }
}

function factsOf(tally: SourceTally, site: Site): Omit<SourceFacts, "share" | "domains"> {
  const { ip, alike, reporters, firstSeen, lastSeen } = tally;
  const { messages, dkim, spf, passed, quarantined, rejected } = tally;
  return {
    ...(ip !== undefined && { ip }),
    sums: { messages, dkim, spf, passed, quarantined, rejected, estimated: 0 },
    firstSeen,
    lastSeen,
    ways: waysOf(alike, site.organizational),
    reporters,
  };
}

function share(messages: number, total: number): number {
  return total === 0 ? 0 : messages / total;
}

/** Of a source that only reports tell of which do not count. */
function emptyTally(source: RecordSource): SourceTally {
  const none = { messages: 0, dkim: 0, spf: 0, passed: 0, quarantined: 0, rejected: 0 };
  return { ...source, ...none, reporters: 0, firstSeen: 0, lastSeen: 0, alike: [] };
}

function addressKey(ip: IpAddress | undefined): string {
  return ip === undefined ? "" : formatIp(ip);
}

function keyOf({ ip, domain }: RecordSource): string {
  return `${addressKey(ip)} ${domain}`;
}

function inPieces<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / askedTogether) }, (_, index) =>
    all.slice(index * askedTogether, (index + 1) * askedTogether),
  );
}
