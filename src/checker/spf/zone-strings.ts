import { type ZoneEntry, type ZoneToken, zoneEntries } from "../../core/dns/zone-lexer.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { CheckedZone } from "../context.ts";

/** RFC 1035 §3.3: a length octet stands before each character-string. */
const maxStringOctets = 255;
const maxOfKind = 10;

/** SPF records of zone files with a string that no server can load, and where they stand. */
export function findLongStrings(domain: string, zones: readonly CheckedZone[]): readonly Finding[] {
  return zones
    .flatMap(({ file, text, included }) => [{ file, text }, ...included])
    .flatMap(({ file, text }) => longStrings(file, text))
    .slice(0, maxOfKind)
    .map(({ file, line, octets }) => finding("spf.string-255", domain, { name: domain, file, line, octets }));
}

interface LongString {
  readonly file: string;
  readonly line: number;
  readonly octets: number;
}

function longStrings(file: string, text: string): LongString[] {
  const found: LongString[] = [];
  // Most files have no such line, and are not read for it.
  if (!/v=spf1/i.test(text)) return [];
  for (const entry of zoneEntries(text)) {
    const octets = longestSpfString(entry);
    if (octets > maxStringOctets) found.push({ file, line: entry.line, octets });
  }
  return found;
}

function longestSpfString({ tokens }: ZoneEntry): number {
  const start = tokens.findIndex(
    ({ text, quoted }) => (quoted || text.includes("=")) && /^v=spf1/i.test(text),
  );
  if (start < 0) return 0;
  return Math.max(...tokens.slice(start).map(octetsOf));
}

/** RFC 1035 §5.1: an escape stands for one octet. */
function octetsOf({ text }: ZoneToken): number {
  return Buffer.byteLength(text.replaceAll(/\\(?:\d{3}|[^\d])/g, "x"));
}
