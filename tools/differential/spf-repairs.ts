import type { MemoryZone } from "../../src/core/dns/memory.ts";
import { parseIp } from "../../src/core/ip.ts";
import { isSpfRecord, parseSpfRecord } from "../../src/core/spf/parse-record.ts";
import type { SpfSyntaxError } from "../../src/core/spf/record.ts";
import type { SpfDifferentialCase } from "./spf-cases.ts";

type Entry = MemoryZone[string][number];

/** The case with each name's entries changed; a name whose entries become undefined is gone. */
export function mapZone(
  test: SpfDifferentialCase,
  change: (entries: readonly Entry[], name: string) => readonly Entry[] | undefined,
): SpfDifferentialCase {
  const zone: Record<string, readonly Entry[]> = {};
  for (const [name, entries] of Object.entries(test.zone)) {
    const changed = change(entries, name);
    if (changed !== undefined) zone[name] = changed;
  }
  return { ...test, zone };
}

/** The case with every TXT text changed, its strings joined. */
export function mapTexts(
  test: SpfDifferentialCase,
  change: (text: string, name: string) => string,
): SpfDifferentialCase {
  return mapZone(test, (entries, name) =>
    entries.map((entry) => {
      if (typeof entry === "string" || entry["TXT"] === undefined) return entry;
      const txt = entry["TXT"];
      return { TXT: change(typeof txt === "string" ? txt : txt.join(""), name) };
    }),
  );
}

export function mapRecords(
  test: SpfDifferentialCase,
  change: (text: string, name: string) => string,
): SpfDifferentialCase {
  return mapTexts(test, (text, name) => (isSpfRecord(text) ? change(text, name) : text));
}

/** The case without the terms of its records for which `gone` holds. */
export function withoutTerms(
  test: SpfDifferentialCase,
  gone: (term: string, name: string) => boolean,
): SpfDifferentialCase {
  return mapRecords(test, (text, name) => {
    const [version, ...terms] = text.split(" ");
    return [version, ...terms.filter((term) => !gone(term, name))].join(" ");
  });
}

/** The case with the macros of its records, and of its other texts where told, rewritten. */
export function mapMacros(
  test: SpfDifferentialCase,
  change: (macro: string) => string,
  everywhere = false,
): SpfDifferentialCase {
  const replace = (text: string): string => text.replace(/%\{[^{}]*\}/g, change);
  return everywhere ? mapTexts(test, replace) : mapRecords(test, replace);
}

/** The case with what a CNAME leads to in its place; nothing where it leads nowhere. */
export function withoutCnames(test: SpfDifferentialCase): SpfDifferentialCase {
  return mapZone(test, (_, name) => followed(test.zone, name, 0));
}

function followed(zone: MemoryZone, name: string, depth: number): readonly Entry[] | undefined {
  const entries = zone[name];
  const cname = entries?.find((entry) => typeof entry !== "string" && "CNAME" in entry);
  if (cname === undefined || typeof cname === "string") return entries;
  return depth > 8 ? undefined : followed(zone, String(cname["CNAME"]), depth + 1);
}

/** The case in which every name answers. */
export function withoutFailures(test: SpfDifferentialCase): SpfDifferentialCase {
  return mapZone(withoutCnames(test), (entries) => entries.filter((entry) => typeof entry !== "string"));
}

/** The case without PTR records whose names have no address of the client's family. */
export function withoutVoidPointers(test: SpfDifferentialCase): SpfDifferentialCase {
  const type = parseIp(test.ip)?.family === 6 && !test.ip.startsWith("::ffff:") ? "AAAA" : "A";
  const flat = withoutCnames(test);
  return mapZone(flat, (entries) => {
    const kept = entries.filter((entry) => {
      if (typeof entry === "string" || entry["PTR"] === undefined) return true;
      const target = flat.zone[String(entry["PTR"]).toLowerCase()];
      return target?.some((one) => typeof one !== "string" && one[type] !== undefined) ?? false;
    });
    return kept.length === 0 && entries.length > 0 ? undefined : kept;
  });
}

/** Syntax errors in the records of a zone. */
export function syntaxErrors(test: SpfDifferentialCase): readonly SpfSyntaxError[] {
  return recordsOf(test).flatMap((text) => {
    const parsed = parseSpfRecord(text);
    return parsed.kind === "error" ? parsed.errors : [];
  });
}

export function recordsOf(test: SpfDifferentialCase): readonly string[] {
  return textsOf(test).filter(isSpfRecord);
}

export function textsOf(test: SpfDifferentialCase): readonly string[] {
  const texts: string[] = [];
  mapTexts(test, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}
