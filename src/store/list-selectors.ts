import { readSpool } from "./ingest.ts";
import type { SelectorQuery } from "./port.ts";
import type { MessageRecord } from "./record.ts";
import type { RecordDatabase } from "./sqlite.ts";

const maxSelectors = 100;

/**
 * Selectors with which mail was signed in the name of a domain: by this filter, or with a signature that verified. What
 * a bad signature claims is anybody's.
 */
export function listSelectors(
  folder: string,
  db: RecordDatabase | undefined,
  query: SelectorQuery,
): readonly string[] {
  const waiting = readSpool(folder).filter(({ at }) => Date.parse(at) >= query.since);
  const found = new Set(waiting.flatMap((record) => selectorsOf(record, query.domain)));
  for (const selector of db?.selectors(query) ?? []) found.add(selector);
  return [...found].sort().slice(0, maxSelectors);
}

function selectorsOf({ results, signing }: MessageRecord, domain: string): string[] {
  const passed = (results?.dkim ?? []).filter(({ result }) => result === "pass");
  return [...passed, ...(signing?.signatures ?? [])]
    .filter((signature) => signature.domain === domain)
    .map(({ selector }) => selector);
}
