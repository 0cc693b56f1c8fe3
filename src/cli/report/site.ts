import { RecordGroups } from "../../collect/classify/group-records.ts";
import { listLabels, readLabels, type SourceLabel } from "../../collect/classify/label.ts";
import { organizationalDomains } from "../../collect/classify/naming.ts";
import type { SourcesQuery } from "../../collect/classify/read-sources.ts";
import { type Site, siteOf } from "../../collect/classify/site.ts";
import type { Config } from "../../config/config.ts";
import type { ReportFilter, ReportStore } from "../../store/reports/port.ts";
import { openSharedNamesToRead, openSharedStateToRead } from "../../store/shared.ts";
import type { SourceNameReader } from "../../store/source-names.ts";

const secondsOfDay = 86_400;

/** What sources are put into groups by, besides what reports tell of them. */
interface GroupingWorld {
  readonly site: Site;
  readonly names: SourceNameReader;
}

/** Works with what the operator has said of his site and the names of sources. Nothing but what is stored is asked. */
export async function withSite<T>(config: Config, work: (world: GroupingWorld) => Promise<T>): Promise<T> {
  const organizational = await organizationalDomains();
  const labels = readLabels(await labelsOf(config));
  const site = siteOf(config, [], labels, organizational);
  const names = await openSharedNamesToRead(config);
  try {
    return await work({ site, names });
  } finally {
    await names.close();
  }
}

async function labelsOf(config: Config): Promise<readonly SourceLabel[]> {
  const state = await openSharedStateToRead(config);
  if (state === undefined) return [];
  try {
    return await listLabels(state);
  } finally {
    await state.close();
  }
}

/** Works with the groups of sources, judged by the days of a filter as `report sources` does. */
export async function withGroups<T>(
  config: Config,
  store: ReportStore,
  filter: ReportFilter,
  work: (groups: RecordGroups) => Promise<T>,
): Promise<T> {
  return withSite(config, ({ site, names }) =>
    work(new RecordGroups({ reports: store, names, site }, daysOf(filter))),
  );
}

/** The days that a span touches. */
export function daysOf({
  since,
  before,
  alignedOnly,
}: Pick<ReportFilter, "since" | "before" | "alignedOnly">): Omit<SourcesQuery, "domain"> {
  return {
    ...(since !== undefined && { sinceDay: Math.floor(since / secondsOfDay) }),
    ...(before !== undefined && { beforeDay: Math.ceil(before / secondsOfDay) }),
    ...(alignedOnly === true && { alignedOnly }),
  };
}
