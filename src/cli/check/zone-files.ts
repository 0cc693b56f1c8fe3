import { basename, dirname, resolve } from "node:path";
import { parse as parseSuffix } from "tldts";
import type { CheckedZone } from "../../checker/context.ts";
import { canonicalName } from "../../core/dns/name.ts";
import { zoneEntries } from "../../core/dns/zone-lexer.ts";
import { parseZone, type Zone } from "../../core/dns/zone-parse.ts";
import { isWithin, parentDomain } from "../../core/domain-name.ts";
import { readIncluded, readZoneText } from "../dns-options.ts";
import type { Io } from "../io.ts";

/**
 * Reads the files of `--zone`, faults and all. A file with relative names before any $ORIGIN gets its origin from the
 * server's configuration, which is not here: then it is the owner of its SOA record, the domain in the file's name, or
 * else the first domain that is checked.
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
    const { relative, apex } = namesBeforeOrigin(text, domains);
    const origin = relative ? (apex ?? guessOrigin(file, domains)) : undefined;
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

/** Whether owners before any $ORIGIN are relative to one, and the absolute owner of a SOA record there. */
function namesBeforeOrigin(
  text: string,
  domains: readonly string[],
): { readonly relative: boolean; readonly apex?: string } {
  const bare = new Set<string>();
  let apex: string | undefined;
  for (const { tokens, indented } of zoneEntries(text)) {
    const [first, ...rest] = tokens;
    if (first === undefined || first.quoted || indented) continue;
    if (first.text.toUpperCase() === "$ORIGIN") break;
    if (!isAbsolute(first.text) && !first.text.startsWith("$")) bare.add(first.text.toLowerCase());
    else if (rest.slice(0, 3).some((token) => token.text.toUpperCase() === "SOA"))
      apex ??= canonicalName(first.text);
  }
  // `www.example.jp` may have lost no more than its dot, and is the whole name in a file of plain lines.
  const checked = new Set(domains);
  const isWhole = (name: string): boolean => {
    for (let at: string | undefined = name; at !== undefined; at = parentDomain(at))
      if (checked.has(at)) return true;
    return false;
  };
  const names = [...bare];
  if (names.includes("@")) return { relative: true, ...(apex !== undefined && { apex }) };
  if (apex === undefined) return { relative: names.some(isPlainlyRelative) && !names.some(isWhole) };
  const zone = apex;
  return { relative: names.some((name) => !isWithin(name, zone)), apex: zone };
}

function isAbsolute(name: string): boolean {
  return name.endsWith(".");
}

/** `_dmarc`, `s1._domainkey`, `www`: no such name has a top-level domain for its end. */
function isPlainlyRelative(name: string): boolean {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (last.startsWith("_") || last === "*") return true;
  return !name.includes(".") && parseSuffix(name, { validateHostname: false }).isIcann !== true;
}

/** `db.example.jp`, `example.jp.zone` and the like name a domain that is checked, or one above it. */
function guessOrigin(file: string, domains: readonly string[]): string | undefined {
  const name = basename(file).toLowerCase();
  const candidates = [name, name.replace(/^db\./, ""), name.replace(/\.(?:zone|db|dns|txt|hosts)$/, "")];
  return candidates.find((one) => domains.some((domain) => isWithin(domain, one))) ?? domains[0];
}
