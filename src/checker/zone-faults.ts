import { parse as parseSuffix } from "tldts";
import { isKnownType } from "../core/dns/known-types.ts";
import { canonicalName, isBelowOrAt } from "../core/dns/name.ts";
import { zoneName } from "../core/dns/zone-data.ts";
import { type ZoneEntry, type ZoneToken, zoneEntries } from "../core/dns/zone-lexer.ts";
import { type ZoneError, zoneNames } from "../core/dns/zone-parse.ts";
import type { ZoneProblemId } from "../core/dns/zone-problem.ts";
import type { DnsFindings } from "../findings/check/dns.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { CheckedZone } from "./context.ts";
import { addTxt, removeTxt } from "./record-change.ts";

interface Fault {
  readonly params: DnsFindings["dns.zone-syntax"];
  readonly change?: readonly RecordChange[];
}

const maxFaults = 200;

/** What is wrong in the text of a zone file: what its parser says, and what it reads without seeing the mistake. */
export function zoneFaults(checked: CheckedZone): readonly Finding[] {
  const parts = [{ file: checked.file, text: checked.text }, ...checked.included];
  const names = new Set(zoneNames(checked.zone));
  const lint = parts.flatMap(({ file, text }) => lintText(file, text, originOf(checked), names));
  const isSpf = (name: string | undefined): boolean =>
    checked.zone.records.some(
      (record) => record.type === "TXT" && record.name === name && record.data.text.startsWith("v=spf1"),
    );
  // Overlong strings of SPF and DKIM records have findings of their own.
  const isOurs = ({ problem, name }: ZoneError): boolean =>
    problem.id !== "string-too-long" || !(isSpf(name) || name?.includes("._domainkey.") === true);
  const told = checked.zone.errors.filter(isOurs).map((error) => errorFault(error, checked.file));
  const all = [...told, ...lint].sort((a, b) =>
    a.params.file === b.params.file ? a.params.line - b.params.line : 0,
  );
  return all
    .slice(0, maxFaults)
    .map((fault) => faultFinding(isOneOfTwo(fault, checked) ? withoutChange(fault) : fault));
}

/** Whether the record that was meant would be a second one of its kind at the name. */
function isOneOfTwo({ change = [] }: Fault, { zone }: CheckedZone): boolean {
  const kindOf = (text: string): string => text.slice(0, text.indexOf("=") + 5).toLowerCase();
  return change.some(
    ({ action, name, data }) =>
      action === "add" &&
      zone.records.some(
        (record) =>
          record.type === "TXT" &&
          record.name === name &&
          record.data.strings.length === 1 &&
          record.data.text.includes(" ") &&
          kindOf(record.data.text) === kindOf(data.slice(1)),
      ),
  );
}

function withoutChange({ params }: Fault): Fault {
  return { params };
}

function faultFinding({ params, change }: Fault): Finding {
  const found = finding("dns.zone-syntax", params.file, params);
  if (change !== undefined) return { ...found, change };
  return isKnownToServers(params) ? { ...found, severity: "notice" } : found;
}

/** Nothing is wrong with the file, only less of it was checked. */
function isKnownToServers({ problem }: Fault["params"]): boolean {
  // BIND and Knot know $GENERATE.
  if (problem?.id === "unknown-directive") return /^\$GENERATE$/i.test(problem.found);
  return problem?.id === "computed-type";
}

const faultOf: Readonly<Partial<Record<ZoneProblemId, Fault["params"]["fault"]>>> = {
  "parenthesis-open": "parenthesis",
  "parenthesis-alone": "parenthesis",
  "quote-open": "quote",
  "two-types": "two-types",
  "string-too-long": "string-too-long",
  "not-included": "include",
  "too-many-includes": "include",
  "unknown-directive": "directive",
  "computed-type": "directive",
};

function errorFault({ problem, line, file }: ZoneError, main: string): Fault {
  return {
    params: { file: file ?? main, line, fault: faultOf[problem.id] ?? "syntax", detail: "", problem },
  };
}

function originOf({ zone, origin }: CheckedZone): string {
  return origin ?? (zone.origins.length === 1 ? (zone.origins[0] as string) : "");
}

function lintText(file: string, text: string, first: string, names: ReadonlySet<string>): Fault[] {
  const found: Fault[] = [];
  let origin = first;
  let isRootStated = false;
  let owner: string | undefined;
  for (const entry of zoneEntries(text)) {
    if (found.length >= maxFaults) break;
    const [word, value] = entry.tokens;
    if (word?.text.toUpperCase() === "$ORIGIN" && value !== undefined) {
      const detail = isRootStated ? undefined : doubledOrigin(value, origin);
      if (detail !== undefined)
        found.push({ params: { file, line: entry.line, fault: "missing-dot", detail } });
      origin = zoneName(value, origin) ?? origin;
      isRootStated = origin === "";
    } else if (word !== undefined && !word.text.startsWith("$")) {
      if (!entry.indented) owner = zoneName(word, origin);
      for (const [fault, detail, meant] of lintEntry(entry, origin, names)) {
        const isMisread = fault === "semicolon" || fault === "unquoted-blank";
        const params = {
          file,
          line: entry.line,
          fault,
          detail,
          ...(isMisread && owner !== undefined && { record: `${owner} TXT` }),
        };
        const change = owner === undefined || meant === undefined ? undefined : quotedChange(owner, meant);
        found.push({ params, ...(change !== undefined && { change }) });
      }
    }
  }
  return found;
}

/** `$ORIGIN example.jp` in the file of that zone, as it is read. */
function doubledOrigin(value: ZoneToken, origin: string): string | undefined {
  if (origin !== "") return doubledName(value, origin);
  return value.text.endsWith(".") || !looksAbsolute(value.text)
    ? undefined
    : zoneName(value, zoneName(value, "") ?? "");
}

type Lint = readonly [fault: Fault["params"]["fault"], detail: string, meant?: MeantText | undefined];

/** What stands in a TXT record without quotes: as servers read it, and as it was meant. */
interface MeantText {
  readonly read: readonly string[];
  readonly text: string;
}

function quotedChange(name: string, { read, text }: MeantText): readonly RecordChange[] {
  return [removeTxt(name, read), addTxt(name, text)];
}

function lintEntry(entry: ZoneEntry, origin: string, names: ReadonlySet<string>): Lint[] {
  const parts = splitEntry(entry);
  if (parts === undefined) return [];
  const { owner, type, values } = parts;
  const owned = owner === undefined ? [] : lintOwner(owner, origin);
  if (type === "TXT") return [...owned, ...lintTxt(values, entry.comment)];
  return [...owned, ...lintTargets(type, values, origin, names)];
}

/** The type is the first word that names one, behind owner, TTL and class. */
function splitEntry({
  tokens,
  indented,
}: ZoneEntry):
  | { readonly owner?: ZoneToken; readonly type: string; readonly values: readonly ZoneToken[] }
  | undefined {
  const rest = indented ? tokens : tokens.slice(1);
  const at = rest.slice(0, 3).findIndex(({ text, quoted }) => !quoted && isKnownType(text.toUpperCase()));
  if (at < 0) return undefined;
  let type = (rest[at] as ZoneToken).text.toUpperCase();
  let values = rest.slice(at + 1);
  // `A TXT`: the second one is meant. A signature, though, names the type that it covers.
  const [next] = values;
  const isSignature = type === "RRSIG" || type === "SIG";
  if (!isSignature && next !== undefined && !next.quoted && next.text.toUpperCase() === "TXT") {
    type = "TXT";
    values = values.slice(1);
  }
  const owner = indented ? undefined : tokens[0];
  return { type, values, ...(owner === undefined ? {} : { owner }) };
}

/** `example.jp TXT` below `$ORIGIN example.jp.` */
function lintOwner(owner: ZoneToken, origin: string): Lint[] {
  const doubled = doubledName(owner, origin);
  return doubled === undefined ? [] : [["missing-dot", doubled]];
}

/** A relative name that ends with the origin already; as it is read. */
function doubledName(token: ZoneToken, origin: string): string | undefined {
  if (origin === "" || token.text.endsWith(".") || token.text === "@") return undefined;
  const alone = canonicalName(token.text);
  if (alone === undefined || !isBelowOrAt(alone, origin)) return undefined;
  return zoneName(token, origin);
}

const maxShown = 60;

function lintTxt(values: readonly ZoneToken[], comment: string | undefined): Lint[] {
  const last = values.at(-1);
  if (last === undefined || last.quoted) return [];
  const text = values.map((value) => value.text).join("");
  // No SPF record has a semicolon: what stands behind one is a remark.
  const isSpfText = /^v=spf1/i.test(text);
  // `v=DMARC1; p=reject` without quotes: the rest is a comment that looks like tags.
  if (
    !isSpfText &&
    comment !== undefined &&
    text.includes("=") &&
    /^\s*[a-z]+\s*=/i.test(comment.slice(0, maxShown))
  )
    return [["semicolon", cut(text), meantText(values, comment)]];
  const words = values.filter(({ quoted }) => !quoted);
  return words.length > 1 ? [["unquoted-blank", cut(text), meantText(values, undefined)]] : [];
}

const maxMeant = 4000;

/** The whole line as one text, where it is a record of ours with nothing but tags behind the semicolon. */
function meantText(values: readonly ZoneToken[], comment: string | undefined): MeantText | undefined {
  const read = values.map(({ text }) => text);
  const words = read.join(" ");
  const rest = comment === undefined ? "" : `;${comment.trimEnd()}`;
  if (values.some(({ quoted }) => quoted) || words.length + rest.length > maxMeant) return undefined;
  const tags = rest.split(";").map((part) => part.trim());
  const isTag = (part: string): boolean => part === "" || /^[a-z]+ {0,3}=[\x20-\x7e]*$/i.test(part);
  const isOurs = /^v=(?:spf1|dmarc1|dkim1|stsv1|tlsrptv1|bimi1)\b/i.test(words);
  return isOurs && tags.every(isTag) && !/["()\\]/.test(words + rest)
    ? { read, text: words + rest }
    : undefined;
}

function cut(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}...` : text;
}

/** Where a record names a host, and at which place of its data. */
const targets: Readonly<Record<string, number>> = { MX: 1, NS: 0, CNAME: 0, PTR: 0, SRV: 3 };

function lintTargets(
  type: string,
  values: readonly ZoneToken[],
  origin: string,
  names: ReadonlySet<string>,
): Lint[] {
  const at = targets[type];
  const target = at === undefined ? undefined : values[at];
  if (target === undefined) return [];
  const doubled = doubledName(target, origin);
  if (doubled !== undefined) return [["missing-dot", doubled]];
  const read = zoneName(target, origin);
  if (origin === "" || target.text.endsWith(".") || read === undefined || names.has(read)) return [];
  return looksAbsolute(target.text) ? [["missing-dot", read]] : [];
}

/** `aspmx.l.google.com`: more than one label, the last a top-level domain. */
function looksAbsolute(text: string): boolean {
  const suffix = parseSuffix(text, { validateHostname: false });
  return text.includes(".") && suffix.isIcann === true && suffix.domain !== null && suffix.domain !== "";
}
