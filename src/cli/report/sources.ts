import { groupSource } from "../../collect/classify/group-source.ts";
import { ranks } from "../../collect/classify/rank.ts";
import { readSources, type SourcesQuery } from "../../collect/classify/read-sources.ts";
import { askedAbout } from "../../collect/classify/site.ts";
import type { GroupName } from "../../collect/classify/source.ts";
import { type ExitCode, exitFindings, exitOk, usageError } from "../command.ts";
import { refuseBeside } from "../idle-options.ts";
import { formatJson, type Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { sourceText } from "../text/source-text.ts";
import { readDomain, readGroup, readLimit, readSpan } from "./filter.ts";
import type { ReportValues } from "./options.ts";
import { ownLines } from "./own-source-lines.ts";
import { daysOf, withSite } from "./site.ts";
import type { PlacedSource } from "./source-clusters.ts";
import { sourceJson } from "./source-json.ts";
import { type SourcesView, sourceLines } from "./source-lines.ts";
import { withReports } from "./store.ts";
import { day } from "./table.ts";

const defaultDays = 30;
const secondsOfDay = 86_400;

/**
 * Shows the addresses that send as a domain, by whose they are and in the order of work; `--own` only those of our own, by
 * author, signature and SPF. The exit code is 1 while there is something to do at our own servers and services.
 */
export async function showSources(values: ReportValues, args: readonly string[], io: Io): Promise<ExitCode> {
  if (args[0] !== undefined && values.domain !== undefined)
    throw usageError(io.text.usage.domainTwice(printable(args[0])));
  refuseBeside(values, ["limit"], "json", io);
  const written = args[0] ?? values.domain;
  if (written === undefined) throw usageError(sourceText(io.lang).missingDomain);
  const domain = readDomain(written, io);
  const group = readGroup(values, io);
  const limit = readLimit(values, io);
  const now = Math.floor(Date.now() / 1000);
  const span = readSpan(values, io);
  const since = span.since ?? Math.min(now, span.before ?? now) - defaultDays * secondsOfDay;
  const days = daysOf({ ...span, since, alignedOnly: values["without-unaligned"] });
  const sinceDay = Math.floor(since / secondsOfDay);
  const dayAfterTomorrow = Math.floor(now / secondsOfDay) + 2;
  // A report about years to come must not stand in every list until then.
  const upToNow = sinceDay < dayAfterTomorrow && { beforeDay: dayAfterTomorrow };
  const { sources: all, knowsOwn, organizational } = await place({ domain, ...upToNow, ...days }, values, io);
  const asked = all.filter(
    ({ place }) => (!values.own || place.own) && (group === undefined || place.group === group),
  );
  const shown = asked.filter(({ facts }) => !values.failing || facts.sums.passed < facts.sums.messages);
  const view: SourcesView = {
    domain,
    since: sinceDay * secondsOfDay,
    all,
    shown,
    knowsOwn,
    ...(days.beforeDay !== undefined && { until: (days.beforeDay - 1) * secondsOfDay }),
    ...(limit !== undefined && { limit }),
  };
  if (values.json) io.out(formatJson(sourceJson(view), io.isTty));
  else if (shown.length === 0)
    for (const line of wrap(emptyText({ ...view, asked, organizational }, values, io), io.columns))
      io.out(line);
  else for (const line of values.own ? ownLines(view, io) : sourceLines(view, io)) io.out(line);
  return shown.some(({ place }) => place.rank <= ranks.serviceFailing) ? exitFindings : exitOk;
}

interface EmptyView extends SourcesView {
  /** What the options leave besides `--failing`. */
  readonly asked: readonly PlacedSource[];
  /** Of the domain. */
  readonly organizational: string;
}

function emptyText(view: EmptyView, { own, group }: ReportValues, io: Io): string {
  const { domain, all, asked, since, until, organizational } = view;
  const text = sourceText(io.lang);
  if (all.length === 0)
    return domain === organizational
      ? text.noSources(domain, day(since), until === undefined ? undefined : day(until))
      : text.noReportsAbout(domain, day(since), organizational);
  if (asked.length > 0) return own || group !== undefined ? text.noneFailingHere : text.noneFailing(domain);
  if (group !== undefined) return text.noneInGroup(domain, text.group[group as GroupName]);
  return text.noneOwn(domain);
}

async function place(
  { domain, ...days }: SourcesQuery,
  { config: file }: ReportValues,
  io: Io,
): Promise<{
  readonly sources: readonly PlacedSource[];
  readonly knowsOwn: boolean;
  readonly organizational: string;
}> {
  return withReports(file, io, (store, config) =>
    withSite(config, async ({ site: whole, names }) => {
      const site = askedAbout(whole, domain);
      const sources = await readSources({ domain, ...days }, store, names, site.organizational);
      return {
        sources: sources.map((facts) => ({ facts, place: groupSource(facts, site) })),
        knowsOwn: config.networks.own.length > 0,
        organizational: site.organizational(domain),
      };
    }),
  );
}
