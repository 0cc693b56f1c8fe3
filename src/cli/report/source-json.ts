import { formatIp } from "../../core/ip.ts";
import { adviceOf } from "./source-advice.ts";
import type { PlacedSource } from "./source-clusters.ts";
import type { SourcesView } from "./source-lines.ts";
import { day, utcTime } from "./table.ts";

/** The sources for other programs: in the order of work. */
export function sourceJson({ domain, since, until, all, shown }: SourcesView): object {
  const sum = (of: "messages" | "passed" | "dkim" | "spf"): number =>
    all.reduce((total, { facts }) => total + facts.sums[of], 0);
  return {
    domain,
    since: day(since),
    ...(until !== undefined && { until: day(until) }),
    messages: sum("messages"),
    passed: sum("passed"),
    dkim: sum("dkim"),
    spf: sum("spf"),
    sources: [...shown].sort(inOrder).map(oneJson),
  };
}

function inOrder(a: PlacedSource, b: PlacedSource): number {
  return a.place.rank - b.place.rank || b.facts.sums.messages - a.facts.sums.messages;
}

function oneJson({ facts, place }: PlacedSource): object {
  const { ip, sums, name, firstSeen, lastSeen, ways, reporters, domains } = facts;
  const { messages, dkim, spf, passed, quarantined, rejected } = sums;
  return {
    ip: ip && formatIp(ip),
    ...place,
    advice: adviceOf(place),
    ...{ messages, dkim, spf, passed, quarantined, rejected, reporters, domains },
    firstSeen: utcTime(firstSeen),
    lastSeen: utcTime(lastSeen),
    name: name && {
      ...name,
      ip: undefined,
      fetchedAt: isoTime(name.fetchedAt),
      expiresAt: isoTime(name.expiresAt),
    },
    ways,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
