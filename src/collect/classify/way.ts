import type { AggregateRecord, DkimAuthResult, SpfAuthResult } from "../../core/reports/aggregate.ts";
import type { OverrideMark, Way } from "./source.ts";

/** The organizational domain of a name, or the name itself. */
export type OrganizationalDomain = (domain: string) => string;

/** Signing domains that are kept of one record. */
const maxPasses = 5;

/** How the messages of a record came, in the few words that a table has room for. Pure. */
export function wayOf(record: AggregateRecord, organizational: OrganizationalDomain): Way {
  const { headerFrom, envelopeFrom, count } = record;
  return {
    from: headerFrom,
    ...(envelopeFrom !== undefined && { envelope: envelopeFrom.toLowerCase() }),
    ...dkimWay(record, organizational),
    ...spfWay(record, organizational),
    marks: marksOf(record),
    messages: count,
  };
}

function dkimWay(
  { dkim, dkimAligned, headerFrom }: AggregateRecord,
  organizational: OrganizationalDomain,
): Pick<Way, "dkim" | "dkimDomain" | "dkimPasses"> {
  const author = organizational(headerFrom);
  const ours = dkim.filter(({ domain }) => domain !== "" && organizational(domain) === author);
  const passed = dkim.filter(({ domain, result }) => domain !== "" && result === "pass");
  const dkimPasses = [...new Set(passed.map(({ domain }) => domain))].slice(0, maxPasses);
  if (dkimAligned) return { dkim: "pass", ...domainOf(ours.find(isPass) ?? ours[0]), dkimPasses };
  // "none" is what some reporters write where there was no signature at all.
  const broken = ours.find(({ result }) => result !== "none" && result !== "");
  if (broken !== undefined) return { dkim: "broken", ...domainOf(broken), dkimPasses };
  return passed[0] === undefined
    ? { dkim: "none", dkimPasses }
    : { dkim: "other", ...domainOf(passed[0]), dkimPasses };
}

function isPass({ result }: DkimAuthResult): boolean {
  return result === "pass";
}

function domainOf(result: DkimAuthResult | undefined): { dkimDomain?: string } {
  return result === undefined ? {} : { dkimDomain: result.domain };
}

function spfWay(
  { spf, spfAligned, headerFrom }: AggregateRecord,
  organizational: OrganizationalDomain,
): Pick<Way, "spf" | "spfResult" | "spfDomain"> {
  // The envelope is what counts for DMARC (RFC 7489 §3.1.2); HELO stands for it where nothing else was reported.
  const envelopes = spf.filter(({ scope }) => scope !== "helo");
  const passed = envelopes.filter(({ result }) => result === "pass");
  const author = organizational(headerFrom);
  const ours = passed.find(({ domain }) => organizational(domain) === author) ?? passed[0];
  // What did not pass is not what the reporter has found to be aligned.
  if (spfAligned) return { spf: "pass", spfResult: "pass", ...spfDomainOf(ours) };
  const told = passed[0] ?? envelopes[0] ?? spf[0];
  const result = told?.result ?? "none";
  return { spf: result === "pass" ? "other" : "fail", spfResult: result, ...spfDomainOf(told) };
}

function spfDomainOf(result: SpfAuthResult | undefined): { spfDomain?: string } {
  return result === undefined || result.domain === "" ? {} : { spfDomain: result.domain };
}

function marksOf({ overrides }: AggregateRecord): readonly OverrideMark[] {
  const marks = new Set<OverrideMark>();
  for (const { type, comment } of overrides) {
    if (type === "forwarded" || type === "trusted_forwarder") marks.add("forwarded");
    if (type === "mailing_list") marks.add("mailing-list");
    if (comment?.toLowerCase().includes("arc=pass") === true) marks.add("arc");
  }
  return [...marks].sort();
}

/** What tells one way from another. */
export function wayKey(way: Way): string {
  const { from, envelope, dkim, dkimDomain, dkimPasses, spf, spfResult, spfDomain, marks } = way;
  return JSON.stringify([from, envelope, dkim, dkimDomain, dkimPasses, spf, spfResult, spfDomain, marks]);
}
