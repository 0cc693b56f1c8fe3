import type { Finding } from "../findings/finding.ts";
import { severityRank } from "./severity-rank.ts";

/** Where in a record something is, and the record around it: what changes without anything getting worse. */
const incidental: ReadonlySet<string> = new Set(["at", "costs", "merged", "mended", "record", "suggestion"]);
/** The same, of one finding alone. */
const incidentalOf: Readonly<Record<string, string>> = {
  "spf.multiple-records": "records",
  "spf.lookups-client-dependent": "client",
};
/** The more of it, the worse. */
const moreIsWorse: ReadonlySet<string> = new Set([
  "lookups",
  "terms",
  "names",
  "octets",
  "own",
  "count",
  "months",
  "dns.ttl-high ttl",
  "dns.negative-ttl ttl",
]);
/** The less of it, the worse. */
const lessIsWorse: ReadonlySet<string> = new Set(["bits", "others", "dns.ttl-low ttl"]);

/**
 * What `after` has and `before` had not: what a change adds. A finding that was there is new where it is worse: more
 * severe, or about something more.
 */
export function newFindings(
  before: { readonly findings: readonly Finding[] },
  after: { readonly findings: readonly Finding[] },
): readonly Finding[] {
  const old = Map.groupBy(before.findings, about);
  return after.findings.filter((one) => !(old.get(about(one)) ?? []).some((was) => covers(was, one)));
}

function about({ id, subject }: Finding): string {
  return JSON.stringify([id, subject]);
}

/** Whether all that a finding says was said before. */
function covers(was: Finding, now: Finding): boolean {
  if (severityRank[now.severity] < severityRank[was.severity]) return false;
  const old: Readonly<Record<string, unknown>> = { ...was.params };
  return Object.entries(now.params).every(
    ([key, value]) =>
      incidental.has(key) || incidentalOf[now.id] === key || isKnown(now.id, key, old[key], value),
  );
}

function isKnown(id: string, key: string, was: unknown, now: unknown): boolean {
  if (typeof was === "number" && typeof now === "number") {
    const isIn = (measures: ReadonlySet<string>): boolean =>
      measures.has(key) || measures.has(`${id} ${key}`);
    if (isIn(moreIsWorse)) return now <= was;
    if (isIn(lessIsWorse)) return now >= was;
  }
  if (!Array.isArray(was) || !Array.isArray(now)) return JSON.stringify(was) === JSON.stringify(now);
  const known = new Set(was.map((item) => JSON.stringify(item)));
  return now.every((item) => known.has(JSON.stringify(item)));
}
