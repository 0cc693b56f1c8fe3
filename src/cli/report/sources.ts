import { groupSource } from "../../collect/classify/group-source.ts";
import { listLabels, readLabels, type SourceLabel } from "../../collect/classify/label.ts";
import { organizationalDomains } from "../../collect/classify/naming.ts";
import { ranks } from "../../collect/classify/rank.ts";
import { readSources } from "../../collect/classify/read-sources.ts";
import { siteOf } from "../../collect/classify/site.ts";
import type { Config } from "../../config/config.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { openSourceNamesToRead } from "../../store/source-names.ts";
import { openStateToRead } from "../../store/sqlite-state.ts";
import { type ExitCode, exitFindings, exitOk, usageError } from "../command.ts";
import { readConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { wrap } from "../layout.ts";
import { sourceText } from "../text/source-text.ts";
import { readFilter, readLimit } from "./filter.ts";
import type { ReportValues } from "./options.ts";
import { ownLines } from "./own-source-lines.ts";
import type { PlacedSource } from "./source-clusters.ts";
import { sourceJson } from "./source-json.ts";
import { type SourcesView, sourceLines } from "./source-lines.ts";
import { withReports } from "./store.ts";

const defaultDays = 30;
const secondsOfDay = 86_400;

/**
 * Shows the addresses that send as a domain, by whose they are and in the order of work; `--own` only those of our own, by
 * author, signature and SPF. The exit code is 1 while there is something to do at our own servers and services.
 */
export async function showSources(values: ReportValues, args: readonly string[], io: Io): Promise<ExitCode> {
  const domain = readDomain(args[0] ?? values.domain, io);
  const limit = readLimit(values, io);
  const now = Math.floor(Date.now() / 1000);
  const since = readFilter(values, io).since ?? now - defaultDays * secondsOfDay;
  const sinceDay = Math.floor(since / secondsOfDay);
  const config = await readConfig(values.config, io);
  const all = await place(config, { domain, sinceDay }, values, io);
  const shown = all.filter(
    ({ place, facts }) =>
      (!values.own || place.own) && (!values.failing || facts.sums.passed < facts.sums.messages),
  );
  const view: SourcesView = {
    domain,
    since: sinceDay * secondsOfDay,
    all,
    shown,
    knowsOwn: config.networks.own.length > 0,
    ...(limit !== undefined && { limit }),
  };
  if (values.json) io.out(formatJson(sourceJson(view), io.isTty));
  else if (shown.length === 0) for (const line of wrap(emptyText(view, values, io), io.columns)) io.out(line);
  else for (const line of values.own ? ownLines(view, io) : sourceLines(view, io)) io.out(line);
  return shown.some(({ place }) => place.rank <= ranks.serviceFailing) ? exitFindings : exitOk;
}

function emptyText({ domain, all }: SourcesView, { own }: ReportValues, io: Io): string {
  const text = sourceText(io.lang);
  if (all.length === 0) return text.noSources(domain);
  return own && !all.some(({ place }) => place.own) ? text.noneOwn(domain) : text.noneFailing(domain);
}

/** @throws SekishoError with code USAGE. */
function readDomain(written: string | undefined, io: Io): string {
  const text = sourceText(io.lang);
  if (written === undefined) throw usageError(text.missingDomain);
  const domain = toAsciiDomain(written);
  if (domain === undefined) throw usageError(text.badDomain(written));
  return domain;
}

/** Nothing but what is stored is asked. */
async function place(
  config: Config,
  query: { readonly domain: string; readonly sinceDay: number },
  { config: file }: ReportValues,
  io: Io,
): Promise<readonly PlacedSource[]> {
  const organizational = await organizationalDomains();
  const labels = readLabels(await labelsOf(config));
  return withReports(file, io, async (store) => {
    const site = siteOf(config, await store.domains(), labels, organizational);
    const names = openSourceNamesToRead(config.dataDir);
    try {
      const sources = await readSources(query, store, names, organizational);
      return sources.map((facts) => ({ facts, place: groupSource(facts, site) }));
    } finally {
      names.close();
    }
  });
}

async function labelsOf({ dataDir }: Config): Promise<readonly SourceLabel[]> {
  const state = openStateToRead(dataDir);
  if (state === undefined) return [];
  try {
    return await listLabels(state);
  } finally {
    await state.close();
  }
}
