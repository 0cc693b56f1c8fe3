import { basename, dirname, resolve } from "node:path";
import { parse as parseSuffix } from "tldts";
import type { CheckedZone } from "../../checker/context.ts";
import { canonicalName } from "../../core/dns/name.ts";
import { zoneEntries } from "../../core/dns/zone-lexer.ts";
import { parseZone, type Zone, zoneNames } from "../../core/dns/zone-parse.ts";
import { isWithin, parentDomain, toAsciiDomain } from "../../core/domain-name.ts";
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
      const found = readIncluded(resolve(dirname(file), name));
      if (found !== undefined && !included.some((one) => one.file === name))
        included.push({ file: name, text: found });
      return found;
    };
    const origin = originOf(file, text, domains, files.length > 1);
    const given = origin === undefined ? {} : { origin };
    const zone = parseZone(text, { file, include, lenient: true, ...given });
    if (hasOrigin(zone)) return { file, text, included, ...given, zone };
    return { file, text, included, origin: "", zone: { ...zone, origins: domainsIn(zone, domains) } };
  });
}

const maxLookedInto = 20;

/** What names are relative to before any $ORIGIN; undefined where all are absolute. */
function originOf(
  file: string,
  text: string,
  domains: readonly string[],
  isOneOfSeveral: boolean,
): string | undefined {
  const include = (name: string): string | undefined => readIncluded(resolve(dirname(file), name));
  const { bare, apex, hasSoa } = gatherNames(text, include, {
    bare: new Set(),
    apex: undefined,
    hasSoa: false,
  });
  // Where the owner of the SOA record has its final dot, a name without one has lost it, or is relative.
  if (apex !== undefined) return apex;
  return isRelative([...bare], hasSoa, domains)
    ? guessOrigin(file, domains, hasSoa && isOneOfSeveral)
    : undefined;
}

function hasOrigin({ origins, records }: Zone): boolean {
  return origins.length > 0 || records.some(({ type }) => type === "SOA");
}

/**
 * Lines without SOA and $ORIGIN are all there is of these domains; what lies outside is not gone, but unknown.
 * @param checked Taken where no line can be read, since without any all of DNS would count as gone.
 */
function domainsIn(zone: Zone, checked: readonly string[]): readonly string[] {
  const own = zoneNames(zone);
  const names = own.length > 0 ? own : checked;
  return [...new Set(names.map((name) => parseSuffix(name, { validateHostname: false }).domain ?? name))];
}

/** What stands before any $ORIGIN. */
interface NamesBeforeOrigin {
  /** Owners without a final dot. */
  readonly bare: Set<string>;
  /** The owner of a SOA record that has one. */
  apex: string | undefined;
  hasSoa: boolean;
}

/** @param include The text of a file; one that it includes in turn is not looked into. */
function gatherNames(
  text: string,
  include: (name: string) => string | undefined,
  into: NamesBeforeOrigin,
): NamesBeforeOrigin {
  let left = maxLookedInto;
  for (const { tokens, indented } of zoneEntries(text)) {
    const [first, ...rest] = tokens;
    if (first === undefined || first.quoted) continue;
    const word = first.text.toUpperCase();
    if (word === "$ORIGIN") break;
    // With an origin of its own a file says nothing of that of this one.
    if (word === "$INCLUDE" && rest.length === 1 && left-- > 0)
      gatherNames(include(rest[0]?.text ?? "") ?? "", () => undefined, into);
    if (word.startsWith("$")) continue;
    const isSoa = rest.slice(0, 3).some((token) => token.text.toUpperCase() === "SOA");
    into.hasSoa ||= isSoa;
    if (indented) continue;
    if (!first.text.endsWith(".")) into.bare.add(first.text.toLowerCase());
    else if (isSoa) into.apex ??= canonicalName(first.text);
  }
  return into;
}

/**
 * `www.example.jp` may have lost no more than its dot, and is the whole name in a file of plain lines; of a zone with a SOA
 * record a name such as `_dmarc` tells that it is not written in whole names.
 */
function isRelative(names: readonly string[], hasSoa: boolean, domains: readonly string[]): boolean {
  if (names.includes("@")) return true;
  if (!names.some(isPlainlyRelative)) return false;
  const checked = new Set(domains);
  const isWhole = (name: string): boolean => {
    for (let at: string | undefined = name; at !== undefined; at = parentDomain(at))
      if (checked.has(at)) return true;
    return false;
  };
  return hasSoa || !names.some(isWhole);
}

/** `_dmarc`, `s1._domainkey`, `www`: no such name has a top-level domain for its end. */
function isPlainlyRelative(name: string): boolean {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (last.startsWith("_") || last === "*") return true;
  return !name.includes(".") && parseSuffix(name, { validateHostname: false }).isIcann !== true;
}

/** What people write before the name of a zone, as in `db.example.jp`, and behind it, as in `example.jp.zone`. */
const before = /^(?:db|named|zone|pri|fwd|forward)\./;
const behind = /\.(?:zone|db|dns|txt|hosts)$/;

/**
 * By the name of the file: a domain that is checked, or one above it.
 * @param isOneOfSeveral Whether it is a whole zone beside others: then it may be one that is not checked.
 */
function guessOrigin(file: string, domains: readonly string[], isOneOfSeveral: boolean): string | undefined {
  const name = toAsciiDomain(basename(file)) ?? basename(file).toLowerCase();
  const zone = name.replace(before, "").replace(behind, "");
  const candidates = [name, name.replace(before, ""), name.replace(behind, ""), zone];
  const known = candidates.find(
    (one) => one.includes(".") && domains.some((domain) => isWithin(domain, one)),
  );
  if (known !== undefined) return known;
  if (isWithin(zone, "in-addr.arpa") || isWithin(zone, "ip6.arpa")) return zone;
  return (isOneOfSeveral ? otherZone(zone, domains) : undefined) ?? continued(zone, domains) ?? domains[0];
}

/** A domain that is not checked, or a network as in `db.192.0.2`. */
function otherZone(name: string, domains: readonly string[]): string | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){0,2}$/.test(name)) return `${name.split(".").reverse().join(".")}.in-addr.arpa`;
  const { isIcann, domain, domainWithoutSuffix } = parseSuffix(name, { validateHostname: false });
  if (isIcann !== true || domain === null) return undefined;
  // `example.jp.new` is meant for example.jp, though "new" is a top-level domain; `example.com.au` is another than example.com.
  const checked = continued(name, domains);
  const isMeantFor =
    checked !== undefined &&
    parseSuffix(checked, { validateHostname: false }).domainWithoutSuffix !== domainWithoutSuffix;
  return isMeantFor ? undefined : name;
}

/** The longest domain that is checked with which a name begins: `example.jp` of `example.jp.new`. */
function continued(name: string, domains: readonly string[]): string | undefined {
  const found = domains.filter((domain) => name.startsWith(`${domain}.`));
  return found.toSorted((a, b) => b.length - a.length)[0];
}
