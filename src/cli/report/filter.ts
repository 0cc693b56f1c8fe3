import { parseDuration } from "../../config/quantity.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import type { ReportFilter } from "../../store/reports/port.ts";
import { usageError } from "../command.ts";
import { parseTimestamp } from "../input.ts";
import type { Io } from "../io.ts";
import { reportText } from "../text/report-text.ts";
import type { ReportValues } from "./options.ts";

/**
 * What the options narrow reports to.
 * @throws SekishoError with code USAGE.
 */
export function readFilter(
  { domain, reporter, kind, since, before }: ReportValues,
  io: Io,
  nowMs: number = Date.now(),
): ReportFilter {
  const from = readDate("--since", since, nowMs, io);
  const to = readDate("--before", before, nowMs, io);
  const wanted = readChoice("--kind", kind, ["aggregate", "failure", "tls"] as const, io);
  return {
    ...(domain !== undefined && { domain: toAsciiDomain(domain) ?? domain.toLowerCase() }),
    ...(reporter !== undefined && { reporter }),
    ...(wanted !== undefined && { kind: wanted }),
    ...(from !== undefined && { since: from }),
    ...(to !== undefined && { before: to }),
  };
}

/** Seconds since 1970. A day is that of UTC, as reports have it. */
function readDate(option: string, text: string | undefined, nowMs: number, io: Io): number | undefined {
  if (text === undefined) return undefined;
  const span = parseDuration(text);
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : parseTimestamp(text);
  const ms = time ?? (span === undefined || span > nowMs ? undefined : nowMs - span);
  if (ms === undefined) throw usageError(reportText(io.lang).badDate(option, text));
  return Math.floor(ms / 1000);
}

/** @throws SekishoError with code USAGE. */
export function readChoice<const T extends readonly string[]>(
  option: string,
  text: string | undefined,
  choices: T,
  io: Io,
): T[number] | undefined {
  if (text === undefined || choices.includes(text)) return text;
  throw usageError(reportText(io.lang).badChoice(option, text, choices.join(", ")));
}

/** @throws SekishoError with code USAGE. */
export function readLimit({ limit }: ReportValues, io: Io): number | undefined {
  if (limit === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit);
  throw usageError(reportText(io.lang).badNumber("--limit", limit));
}
