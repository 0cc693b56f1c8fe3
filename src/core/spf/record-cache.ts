import { parseSpfRecord } from "./parse-record.ts";
import type { SpfRecordParse } from "./record.ts";

const maxRecords = 1000;
const maxCachedLength = 4096;
const parsed = new Map<string, SpfRecordParse>();

/** Like `parseSpfRecord`, but the same text is read once while it stays in use. Holds records, never verdicts. */
export function parseCached(text: string): SpfRecordParse {
  const known = parsed.get(text);
  if (known !== undefined) {
    // The oldest key of a Map comes first; to put one in again makes it the youngest.
    parsed.delete(text);
    parsed.set(text, known);
    return known;
  }
  const parse = parseSpfRecord(text);
  if (text.length <= maxCachedLength) parsed.set(text, parse);
  if (parsed.size > maxRecords) parsed.delete(parsed.keys().next().value as string);
  return parse;
}
