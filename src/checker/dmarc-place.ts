import { parseDmarcRecord } from "../core/dmarc/parse-record.ts";
import { walkTargets } from "../core/dmarc/tree-walk.ts";
import type { TxtRecord } from "../core/dns/resolver.ts";
import { isWithin, labelsOf, parentDomain } from "../core/domain-name.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { CheckContext } from "./context.ts";
import { formatTags, type MendedTags, mendedTags } from "./dmarc-mend.ts";
import { type IntendedRecord, intendedRecord, looksLikeDmarc } from "./dmarc-text.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { shownOctets, type TxtAt, txtAt, wildcardTexts } from "./txt.ts";

/** What stands at one `_dmarc` name. */
export interface PolicyPlace {
  readonly domain: string;
  readonly name: string;
  readonly txt: TxtAt;
  /** What receivers take for a DMARC record (RFC 9989 §4.10). */
  readonly records: readonly TxtRecord[];
  /** What was meant to be one. */
  readonly attempts: readonly TxtRecord[];
  readonly others: readonly TxtRecord[];
}

export async function policyPlace(context: CheckContext, domain: string): Promise<PolicyPlace> {
  const name = `_dmarc.${domain}`;
  const txt = await txtAt(context.dns, name);
  const kinds = Map.groupBy(txt.records, ({ text }) =>
    parseDmarcRecord(text) !== undefined ? "records" : looksLikeDmarc(text) ? "attempts" : "others",
  );
  const { records = [], attempts = [], others = [] } = Object.fromEntries(kinds);
  return { domain, name, txt, records, attempts, others };
}

/** The record whose content is looked at: it counts, or it would if its place or its beginning were right. */
export interface PolicyRecord {
  readonly domain: string;
  /** Where it belongs. */
  readonly name: string;
  /** Whether receivers use it. */
  readonly live: boolean;
  /** As receivers read it, or would. One octet per character. */
  readonly text: string;
  readonly intended: IntendedRecord;
  readonly mended: MendedTags;
  /** Out with what is there, in with these; undefined when the name is an alias, or nothing would change. */
  change(tags: MendedTags): readonly RecordChange[] | undefined;
}

/** The record of a place: the only one, what several come to, or what was meant to be one. */
export function recordOf(place: PolicyPlace): PolicyRecord | undefined {
  const { records, attempts, txt } = place;
  const old = [...records, ...attempts].map((record) => ({ name: place.name, record }));
  if (records.length > 1) return policyRecord(place, mergedText(records), false, old, txt.alias);
  const [record] = records;
  if (record !== undefined)
    return policyRecord(place, record.text, true, [{ name: place.name, record }], txt.alias);
  const [attempt] = attempts;
  return attempt && policyRecord(place, attempt.text, false, old, txt.alias);
}

interface OldRecord {
  readonly name: string;
  readonly record: TxtRecord;
}

function policyRecord(
  { domain, name }: { readonly domain: string; readonly name: string },
  text: string,
  live: boolean,
  old: readonly OldRecord[],
  alias: string | undefined,
): PolicyRecord {
  const intended = intendedRecord(text);
  const removals = old.map((one) => removeTxt(one.name, one.record.strings));
  return {
    domain,
    name,
    live,
    text: live ? text : readable(text, intended),
    intended,
    mended: mendedTags(intended),
    change(tags) {
      const better = formatTags(tags);
      const only = old.length === 1 ? old[0] : undefined;
      // What an alias leads to is in another zone, and whose that is cannot be known.
      if (alias !== undefined || (only?.name === name && only.record.text === better)) return undefined;
      return [...removals, addTxt(name, better)];
    },
  };
}

/** What receivers would read once the record began as it should and were separated as it should. */
function readable(text: string, { tags }: IntendedRecord): string {
  if (parseDmarcRecord(text) !== undefined) return text;
  const rest = tags.filter(({ name }) => name !== "v").map(({ name, value }) => `${name}=${value}`);
  return Buffer.from(["v=DMARC1", ...rest].join("; "), "utf8").toString("latin1");
}

const strength: readonly string[] = ["none", "quarantine", "reject"];

/** One record out of several: each tag as first written, the weakest policy, and everybody who gets reports. */
function mergedText(records: readonly TxtRecord[]): string {
  const each = records.map(({ text }) => mendedTags(intendedRecord(text)));
  const merged = new Map<string, string>();
  for (const tags of each)
    for (const [name, value] of tags) {
      const known = merged.get(name);
      if (known === undefined) merged.set(name, value);
      else if (["p", "sp", "np"].includes(name) && strength.indexOf(value) < strength.indexOf(known))
        merged.set(name, value);
    }
  for (const name of ["rua", "ruf"].filter((one) => merged.has(one)))
    merged.set(name, [...new Set(each.flatMap((tags) => tags.get(name)?.split(",") ?? []))].join(","));
  return formatTags(merged);
}

const maxAttempts = 5;

/** Findings about how often and how the records at a name begin. */
export async function placeFindings(
  context: CheckContext,
  place: PolicyPlace,
  record: PolicyRecord | undefined,
): Promise<Finding[]> {
  const { name, records, attempts } = place;
  const change = record?.change(record.mended);
  const mends = change === undefined ? {} : { change };
  const found: Finding[] = [];
  if (records.length > 1)
    found.push({ ...finding("dmarc.multiple", name, { name, count: records.length }), ...mends });
  // Faults between tags are told as such; what is left is a beginning that is wrong in itself.
  for (const { text } of attempts.slice(0, maxAttempts))
    if (!beginsRightOnceSeparated(text))
      found.push({
        ...finding("dmarc.version", name, { name, begins: shownOctets(text.slice(0, 30)) }),
        ...mends,
      });
  if (records.some(({ text }) => /^[ \t\r\n]/.test(text)))
    found.push({ ...finding("dmarc.leading-space", name, { name }), ...mends });
  return [...found, ...(await unrelatedFindings(context, place))];
}

/** The version is first and spelt right; only what stands behind or around it is wrong. */
function beginsRightOnceSeparated(text: string): boolean {
  const { tags, separators } = intendedRecord(text);
  return tags[0]?.name === "v" && tags[0].value === "DMARC1" && separators.length > 0;
}

async function unrelatedFindings(context: CheckContext, place: PolicyPlace): Promise<Finding[]> {
  const { domain, name, others } = place;
  if (others.length === 0) return [];
  const wild = await wildcardTexts(context.dns, domain);
  const wildcard = others.every(({ text }) => wild.has(text));
  const found = finding("dmarc.unrelated-txt", name, { name, count: others.length, wildcard });
  if (wildcard || place.txt.alias !== undefined) return [found];
  return [{ ...found, change: others.map(({ strings }) => removeTxt(name, strings)) }];
}

interface Misplaced {
  readonly name: string;
  readonly record: TxtRecord;
}

/** DMARC records where nobody looks. RFC 9989 §4.5. */
export interface MisplacedRecords {
  readonly found: readonly Misplaced[];
  /** The record that it would be in its right place, when there is none. */
  readonly record?: PolicyRecord;
}

export async function misplacedRecords(context: CheckContext, own: PolicyPlace): Promise<MisplacedRecords> {
  const { domain, dns } = context;
  const wild = await wildcardTexts(dns, domain);
  const names = new Set([
    domain,
    `dmarc.${domain}`,
    `_dmarc._dmarc.${domain}`,
    `_dmarc.${domain}.${domain}`,
    ...namesInZones(context),
  ]);
  const found: Misplaced[] = [];
  for (const name of names) {
    const answer = await dns.query(name, "TXT");
    for (const record of answer.kind === "answer" ? answer.records : [])
      if (parseDmarcRecord(record.text.trim()) !== undefined && (name === domain || !wild.has(record.text)))
        found.push({ name, record });
  }
  const [first] = found;
  if (first === undefined || own.records.length + own.attempts.length > 0) return { found };
  return { found, record: policyRecord(own, first.record.text, false, found, own.txt.alias) };
}

const maxZoneNames = 100;

/** Names in the zone files that hold such a record and are no place for one. */
function namesInZones({ domain, zones }: CheckContext): readonly string[] {
  const names = new Set<string>();
  for (const { zone } of zones)
    for (const record of zone.records) {
      if (record.type !== "TXT" || !isWithin(record.name, domain) || names.size >= maxZoneNames) continue;
      const labels = labelsOf(record.name);
      const placed = labels[0] === "_dmarc" || record.name.includes("._report._dmarc.") || labels[0] === "*";
      if (!placed && /^\s{0,20}v\s{0,20}=\s{0,20}DMARC1/i.test(record.data.text)) names.add(record.name);
    }
  return [...names];
}

export function misplacedFindings(own: PolicyPlace, { found, record }: MisplacedRecords): Finding[] {
  const there = own.records.length + own.attempts.length > 0;
  return [...Map.groupBy(found, ({ name }) => name)].map(([name, olds]) => {
    const one = finding("dmarc.wrong-place", name, { name, right: own.name, there });
    const change = there
      ? olds.map(({ record: old }) => removeTxt(name, old.strings))
      : record?.change(record.mended);
    return {
      ...one,
      // Beside the right one it does no harm.
      ...(there && { severity: "notice" as const }),
      ...(change !== undefined && { change }),
    };
  });
}

const maxDeepNames = 30;

/** A record between the name and its last seven labels: RFC 9989 §5.1.8. */
export async function deepFindings(context: CheckContext, own: PolicyPlace): Promise<Finding[]> {
  const { domain, dns } = context;
  const labels = labelsOf(domain);
  const reached = new Set(walkTargets(domain));
  if (own.records.length > 0) return [];
  let asked = 0;
  for (let above = parentDomain(domain); above !== undefined; above = parentDomain(above)) {
    if (reached.has(above)) break;
    if (++asked > maxDeepNames) break;
    const at = `_dmarc.${above}`;
    const { records } = await txtAt(dns, at);
    const record = records.find(({ text }) => parseDmarcRecord(text) !== undefined);
    if (record === undefined) continue;
    const found = finding("dmarc.deep-name", domain, { domain, labels: labels.length, at });
    return [{ ...found, change: [addTxt(own.name, record.text)] }];
  }
  return [];
}
