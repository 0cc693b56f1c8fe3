import { type GroupName, groupNames } from "../../collect/classify/source.ts";
import { parseDuration } from "../../config/quantity.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { SekishoError } from "../../errors.ts";
import type { ReportFilter, ReportStore } from "../../store/reports/port.ts";
import { usageError } from "../command.ts";
import { parseTimestamp } from "../input.ts";
import type { Io } from "../io.ts";
import { printable } from "../layout.ts";
import { reportText } from "../text/report-text.ts";
import { sourceText } from "../text/source-text.ts";
import type { ReportValues } from "./options.ts";

/**
 * What the options narrow reports to.
 * @throws SekishoError with code USAGE.
 */
export function readFilter(values: ReportValues, io: Io, nowMs: number = Date.now()): ReportFilter {
  const { domain, subdomains, reporter, kind } = values;
  const wanted = readChoice("--kind", kind, ["aggregate", "failure", "tls"] as const, io);
  if (subdomains && domain === undefined) throw usageError(reportText(io.lang).subdomainsOfWhat);
  return {
    ...(domain !== undefined && { domain: readDomain(domain, io) }),
    ...(subdomains && { subdomains }),
    ...(reporter !== undefined && { reporter }),
    ...(wanted !== undefined && { kind: wanted }),
    ...readSpan(values, io, nowMs),
    ...(values["without-unaligned"] && { alignedOnly: true }),
  };
}

/** @throws SekishoError with code USAGE. */
export function readDomain(written: string, io: Io): string {
  const domain = toAsciiDomain(written);
  if (domain === undefined) throw usageError(sourceText(io.lang).badDomain(printable(written)));
  return domain;
}

/**
 * `--since` and `--before`, in seconds since 1970.
 * @throws SekishoError with code USAGE.
 */
export function readSpan(
  { since, before }: ReportValues,
  io: Io,
  nowMs: number = Date.now(),
): Pick<ReportFilter, "since" | "before"> {
  const from = readDate("--since", since, nowMs, io);
  const to = readDate("--before", before, nowMs, io);
  if (from !== undefined && to !== undefined && from >= to)
    throw usageError(reportText(io.lang).emptySpan(printable(since ?? ""), printable(before ?? "")));
  return { ...(from !== undefined && { since: from }), ...(to !== undefined && { before: to }) };
}

/** Seconds since 1970. A day is that of UTC, as reports have it. */
function readDate(option: string, text: string | undefined, nowMs: number, io: Io): number | undefined {
  if (text === undefined) return undefined;
  const span = parseDuration(text);
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : parseTimestamp(text);
  const ms = time ?? (span === undefined || span > nowMs ? undefined : nowMs - span);
  if (ms === undefined) throw usageError(reportText(io.lang).badDate(option, printable(text)));
  return Math.floor(ms / 1000);
}

/** @throws SekishoError with code USAGE. */
export function readGroup({ group }: ReportValues, io: Io): GroupName | undefined {
  return readChoice("--group", group, groupNames, io);
}

/** @throws SekishoError with code USAGE. */
export function readChoice<const T extends readonly string[]>(
  option: string,
  text: string | undefined,
  choices: T,
  io: Io,
): T[number] | undefined {
  if (text === undefined || choices.includes(text)) return text;
  throw usageError(reportText(io.lang).badChoice(option, printable(text), choices.join(", ")));
}

/** @throws SekishoError with code USAGE. */
export function readLimit({ limit }: ReportValues, io: Io): number | undefined {
  if (limit === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit);
  throw usageError(reportText(io.lang).badNumber("--limit", printable(limit)));
}

const maxTold = 10;

/**
 * The filter with the reporter as the store knows him: by his name, or by a part of it, however it is cased, that no other one
 * has.
 * @throws SekishoError NOT_FOUND when there is none, or several; told with their names.
 */
export async function withKnownReporter(
  store: ReportStore,
  filter: ReportFilter,
  io: Io,
): Promise<ReportFilter> {
  const { reporter } = filter;
  if (reporter === undefined) return filter;
  const known = await store.reporters();
  if (known.includes(reporter)) return filter;
  const wanted = reporter.toLowerCase();
  const same = known.filter((one) => one.toLowerCase() === wanted);
  const found = same.length > 0 ? same : known.filter((one) => one.toLowerCase().includes(wanted));
  const [only, second] = found;
  if (only !== undefined && second === undefined) return { ...filter, reporter: only };
  const text = reportText(io.lang);
  const told = (names: readonly string[]): string =>
    names.slice(0, maxTold).map(printable).join(", ") + (names.length > maxTold ? ", …" : "");
  throw new SekishoError(
    "NOT_FOUND",
    only === undefined
      ? text.noSuchReporter(printable(reporter), told(known))
      : text.severalReporters(printable(reporter), told(found)),
  );
}
