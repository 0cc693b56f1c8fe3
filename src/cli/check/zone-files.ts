import { basename, dirname, resolve } from "node:path";
import { parse as parseSuffix } from "tldts";
import type { CheckedZone } from "../../checker/context.ts";
import { zoneEntries } from "../../core/dns/zone-lexer.ts";
import { parseZone, type Zone } from "../../core/dns/zone-parse.ts";
import { isWithin } from "../../core/domain-name.ts";
import { readIncluded, readZoneText } from "../dns-options.ts";
import type { Io } from "../io.ts";

/**
 * Reads the files of `--zone`, faults and all. A file that says `@` before any $ORIGIN gets its origin from the server's
 * configuration, which is not here: then it is the domain in the file's name, or else the first domain that is checked.
 * @throws SekishoError with code FILE_UNREADABLE.
 */
export function readCheckedZones(
  files: readonly string[],
  domains: readonly string[],
  io: Io,
): readonly CheckedZone[] {
  return files.map((file) => {
    const text = readZoneText(file, io);
    const included: { file: string; text: string }[] = [];
    const include = (name: string): string | undefined => {
      const path = resolve(dirname(file), name);
      const found = readIncluded(path);
      if (found !== undefined && !included.some((one) => one.file === name))
        included.push({ file: name, text: found });
      return found;
    };
    const origin = needsOrigin(text) ? guessOrigin(file, domains) : undefined;
    const given = origin === undefined ? {} : { origin };
    const zone = parseZone(text, { file, include, lenient: true, ...given });
    if (hasOrigin(zone)) return { file, text, included, ...given, zone };
    return { file, text, included, origin: "", zone: { ...zone, origins: domainsIn(zone, domains) } };
  });
}

function hasOrigin({ origins, records }: Zone): boolean {
  return origins.length > 0 || records.some(({ type }) => type === "SOA");
}

/**
 * Lines without SOA and $ORIGIN are all there is of these domains; what lies outside is not gone, but unknown.
 * @param checked Taken where no line can be read, since without any all of DNS would count as gone.
 */
function domainsIn(
  { records, otherNames, computedNames }: Zone,
  checked: readonly string[],
): readonly string[] {
  const own = [...records.map(({ name }) => name), ...otherNames, ...computedNames];
  const names = own.length > 0 ? own : checked;
  return [...new Set(names.map((name) => parseSuffix(name, { validateHostname: false }).domain ?? name))];
}

function needsOrigin(text: string): boolean {
  for (const { tokens, indented } of zoneEntries(text)) {
    const [first] = tokens;
    if (first === undefined || first.quoted) continue;
    if (first.text.toUpperCase() === "$ORIGIN") return false;
    if (!indented && first.text === "@") return true;
  }
  return false;
}

/** `db.example.jp`, `example.jp.zone` and the like name a domain that is checked, or one above it. */
function guessOrigin(file: string, domains: readonly string[]): string | undefined {
  const name = basename(file).toLowerCase();
  const candidates = [name, name.replace(/^db\./, ""), name.replace(/\.(?:zone|db|txt|hosts)$/, "")];
  return candidates.find((one) => domains.some((domain) => isWithin(domain, one))) ?? domains[0];
}
