import { parseDuration } from "../config/quantity.ts";
import { usageError } from "./command.ts";
import { parseTimestamp } from "./input.ts";
import type { Io } from "./io.ts";

const sinceDefault = "7d";

/** `--since` of the commands that read records. */
export const sinceOption = {
  since: {
    type: "string",
    value: "7d",
    help: {
      en: "how far back: 12h, 7d or an RFC 3339 time (7d when left out)",
      ja: "いつからの記録か。12h、7d、または RFC 3339 形式の日時（省略時は 7d）",
    },
  },
} as const;

/**
 * @param text Of the option; a week when left out.
 * @returns ms since 1970.
 * @throws SekishoError with code USAGE.
 */
export function readSince(text: string | undefined, nowMs: number, io: Io): number {
  const written = text ?? sinceDefault;
  const duration = parseDuration(written);
  if (duration !== undefined && duration <= nowMs) return nowMs - duration;
  const time = parseTimestamp(written);
  if (time === undefined) throw usageError(io.text.dmarcDiff.badSince(written));
  return time;
}
