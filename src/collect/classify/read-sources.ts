import { formatIp, type IpAddress } from "../../core/ip.ts";
import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { ReportFilter, ReportStore, SourceSum, StoredRecord } from "../../store/reports/port.ts";
import { daysOf } from "../../store/reports/sums.ts";
import type { SourceNameStore } from "../../store/source-names.ts";
import type { SourceFacts, Way } from "./source.ts";
import { type OrganizationalDomain, wayKey, wayOf } from "./way.ts";

export interface SourcesQuery {
  readonly domain: string;
  /** Days since 1970, UTC, `sinceDay` included, `beforeDay` not; all of time when left out. */
  readonly sinceDay?: number;
  readonly beforeDay?: number;
  /** Without mails that are not what they say they are. */
  readonly alignedOnly?: boolean;
}

/** Ways that are kept of one source; those beyond are summed by what most rules look at. */
const maxWays = 200;
const dayLength = 86_400;

interface CountedWay {
  readonly way: Way;
  messages: number;
}

/** What the records of one source came to. */
interface Collected {
  readonly ways: Map<string, CountedWay>;
  readonly reporters: Set<string>;
}

/** Half of the longest period that counts for one day, the one that holds its middle: so much earlier it may begin. */
const halfPeriod = 45_030;

/**
 * What the store knows of every address that sends as a domain, the most messages first. Sums are by day; ways are read from the
 * records that are still kept: those of reports that count for one of the days, or that begin within them and take several.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export async function readSources(
  { domain, ...span }: SourcesQuery,
  store: ReportStore,
  names: Pick<SourceNameStore, "get">,
  organizational: OrganizationalDomain,
): Promise<readonly SourceFacts[]> {
  const sums = await store.sources({ domain, ...span });
  const domains = countDomains(await store.sources(span));
  const records = store.records({ domain, ...secondsOf(span) });
  const collected = await collect(records, isWithin(span), organizational);
  const known = await names.get(sums.map(keyOf));
  const total = sums.reduce((all, one) => all + one.messages, 0);
  return sums.map((sum) => {
    const key = keyOf(sum);
    const found = collected.get(key);
    const name = known.get(key);
    return {
      ...(sum.ip !== undefined && { ip: sum.ip }),
      sums: sum,
      share: total === 0 ? 0 : sum.messages / total,
      firstSeen: sum.firstSeen,
      lastSeen: sum.lastSeen,
      ways: byMessages(found?.ways),
      reporters: found?.reporters.size ?? 0,
      domains: domains.get(key) ?? 1,
      ...(name !== undefined && { name }),
    };
  });
}

/** A span for what is found by the begin of a report, in seconds, which holds all reports that count for its days, and few others. */
export function secondsOf({
  sinceDay,
  beforeDay,
  alignedOnly,
}: Omit<SourcesQuery, "domain">): Pick<ReportFilter, "since" | "before" | "alignedOnly"> {
  return {
    ...(sinceDay !== undefined && { since: sinceDay * dayLength - halfPeriod }),
    ...(beforeDay !== undefined && { before: beforeDay * dayLength }),
    ...(alignedOnly === true && { alignedOnly }),
  };
}

type Period = Pick<StoredRecord, "begin" | "end">;

/** Whether a report is one of the span. */
function isWithin({
  sinceDay = -Infinity,
  beforeDay = Infinity,
}: Omit<SourcesQuery, "domain">): (report: Period) => boolean {
  return ({ begin, end }) => {
    const [first, second] = daysOf(begin, end, 1);
    const day = first === undefined || second !== undefined ? Math.floor(begin / dayLength) : first.day;
    return day >= sinceDay && day < beforeDay;
  };
}

function keyOf({ ip }: { readonly ip?: IpAddress }): string {
  return ip === undefined ? "" : formatIp(ip);
}

/** Domains of ours by address. */
function countDomains(sums: readonly SourceSum[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const sum of sums) {
    const key = keyOf(sum);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

async function collect(
  records: AsyncIterable<StoredRecord>,
  isOfSpan: (report: Period) => boolean,
  organizational: OrganizationalDomain,
): Promise<ReadonlyMap<string, Collected>> {
  const sources = new Map<string, Collected>();
  let report: { readonly key: string; readonly isOfSpan: boolean } | undefined;
  for await (const { record, reporter, key: reportKey, begin, end } of records) {
    if (report?.key !== reportKey) report = { key: reportKey, isOfSpan: isOfSpan({ begin, end }) };
    if (record.count === 0 || !report.isOfSpan) continue;
    const key = keyOf(record.sourceIp === undefined ? {} : { ip: record.sourceIp });
    const source = sources.get(key) ?? { ways: new Map<string, CountedWay>(), reporters: new Set<string>() };
    sources.set(key, source);
    source.reporters.add(reporter);
    addWay(source.ways, wayOf(record, organizational));
  }
  return sources;
}

/** The ways of some records, the most messages first. */
export function waysOf(
  records: Iterable<AggregateRecord>,
  organizational: OrganizationalDomain,
): readonly Way[] {
  const ways = new Map<string, CountedWay>();
  for (const record of records) addWay(ways, wayOf(record, organizational));
  return byMessages(ways);
}

function addWay(ways: Map<string, CountedWay>, way: Way): void {
  const exact = wayKey(way);
  const isKept = ways.has(exact) || ways.size < maxWays;
  const kept = isKept ? way : withoutNames(way);
  const key = isKept ? exact : wayKey({ ...kept, from: "" });
  const known = ways.get(key);
  if (known === undefined) ways.set(key, { way: kept, messages: way.messages });
  else known.messages += way.messages;
}

/** Of many ways: the domains of one of them would speak for all. */
function withoutNames({ from, dkim, spf, marks, messages }: Way): Way {
  return { from, dkim, dkimPasses: [], spf, spfResult: spf === "fail" ? "fail" : "pass", marks, messages };
}

function byMessages(ways: ReadonlyMap<string, CountedWay> | undefined): readonly Way[] {
  return Array.from(ways?.values() ?? [], ({ way, messages }) => ({ ...way, messages })).sort(
    (a, b) => b.messages - a.messages,
  );
}
