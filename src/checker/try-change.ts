import { canonicalName, isBelowOrAt, parentName } from "../core/dns/name.ts";
import type { ResourceRecord } from "../core/dns/record.ts";
import type { DnsAnswer, DnsQueryOptions, DnsRecordOf, DnsResolver, DnsType } from "../core/dns/resolver.ts";
import { parseZone } from "../core/dns/zone-parse.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { ownAliasAt } from "./txt.ts";

/**
 * Makes a check that tries the change of every finding before it tells it: with the changed records the finding has to
 * be gone, and nothing above notice may be new. What does not stand the trial is told without a change.
 */
export function withTriedChanges(check: Check): Check {
  return async (context) => {
    const report = await check(context);
    const trials = new Map<string, Promise<SubjectReport>>();
    const findings = report.findings.map(async (found) => {
      if (found.change === undefined) return found;
      const key = JSON.stringify(found.change);
      const trial = trials.get(key) ?? tryOut(check, context, found.change);
      trials.set(key, trial);
      return mends(found, report.findings, (await trial).findings) ? found : withoutChange(found);
    });
    return { ...report, findings: await Promise.all(findings) };
  };
}

function tryOut(
  check: Check,
  context: CheckContext,
  change: readonly RecordChange[],
): Promise<SubjectReport> {
  return check({ ...context, dns: changedDns(context.dns, change) });
}

function mends(found: Finding, before: readonly Finding[], after: readonly Finding[]): boolean {
  const about = ({ id, subject }: Finding): string => `${id} ${subject}`;
  const known = new Set(before.map(about));
  return after.every(
    (one) =>
      about(one) !== about(found) &&
      (known.has(about(one)) || (one.severity !== "error" && one.severity !== "warning")),
  );
}

function withoutChange({ change: _, ...found }: Finding): Finding {
  return found;
}

/**
 * DNS as it would be with these records out and in. What is added at a wildcard counts for every name below that does
 * not exist. Answers stay as authentic as they were, since who signs the zone would sign the change.
 */
export function changedDns(dns: DnsResolver, change: readonly RecordChange[]): DnsResolver {
  const changes = readChanges(change);
  const answers = new Map<string, Promise<AnyAnswer>>();
  return {
    query: <T extends DnsType>(name: string, type: T, options?: DnsQueryOptions) => {
      // A check asks the same many times, and each time all records at the name are compared.
      const key = place(name, type);
      const answer = answers.get(key) ?? ask(dns, changes, name, type, options, 0);
      answers.set(key, answer);
      return answer as Promise<DnsAnswer<DnsRecordOf[T]>>;
    },
  };
}

type AnyAnswer = DnsAnswer<DnsRecordOf[DnsType]>;

interface Changes {
  readonly added: RecordsByPlace;
  readonly addedNames: readonly string[];
  readonly removed: RecordsByPlace;
}

/** By name and type: of very many records only those that are asked for are looked at. */
type RecordsByPlace = ReadonlyMap<string, readonly ResourceRecord[]>;

const maxAliases = 8;
const addedTtl = 300;

function readChanges(change: readonly RecordChange[]): Changes {
  const read = (action: RecordChange["action"]): ResourceRecord[] =>
    change
      .filter((one) => one.action === action)
      .flatMap(({ name, type, data }) => parseZone(`${name}. IN ${type} ${data}\n`).records);
  const added = read("add");
  const byPlace = (records: readonly ResourceRecord[]): RecordsByPlace =>
    Map.groupBy(records, ({ name, type }) => place(name, type));
  return {
    added: byPlace(added),
    addedNames: [...new Set(added.map(({ name }) => name))],
    removed: byPlace(read("remove")),
  };
}

function place(name: string, type: string): string {
  return `${type} ${name}`;
}

async function ask(
  dns: DnsResolver,
  changes: Changes,
  asked: string,
  type: DnsType,
  options: DnsQueryOptions | undefined,
  aliases: number,
): Promise<AnyAnswer> {
  const name = canonicalName(asked) ?? asked;
  const aliasAdded = type === "CNAME" ? undefined : changes.added.get(place(name, "CNAME"))?.[0];
  if (aliasAdded !== undefined && aliases < maxAliases)
    return ask(dns, changes, aliasAdded.data as string, type, options, aliases + 1);
  const aliasRemoved = type !== "CNAME" && changes.removed.has(place(name, "CNAME"));
  const base = await dns.query(name, type, options);
  const target = aliasRemoved || base.kind === "answer" ? undefined : await aliasOf(dns, name, type);
  // What a CNAME of before leads to may have been added.
  if (target !== undefined && changes.added.has(place(target, type)))
    return merged(base, target, type, changes);
  // RFC 4592 §3.3.1: a wildcard nearer to the name takes the place of the one that had the CNAME.
  if (
    target !== undefined &&
    wildcards(changes.added, name, type).length > 0 &&
    (await isOfWildcard(dns, name))
  )
    return merged({ kind: "nxdomain", authentic: isAuthentic(base) }, name, type, changes);
  return merged(aliasRemoved ? withoutRecords(base) : base, name, type, changes);
}

/** Whether the CNAME at a name is that of every name beside it. */
async function isOfWildcard(dns: DnsResolver, name: string): Promise<boolean> {
  return (await ownAliasAt(dns, name)) === undefined;
}

async function aliasOf(dns: DnsResolver, name: string, type: DnsType): Promise<string | undefined> {
  if (type === "CNAME") return undefined;
  const alias = await dns.query(name, "CNAME");
  return alias.kind === "answer" ? alias.records[0] : undefined;
}

function merged(base: AnyAnswer, name: string, type: DnsType, changes: Changes): AnyAnswer {
  const { added, addedNames } = changes;
  const own = added.get(place(name, type)) ?? [];
  const removed = changes.removed.get(place(name, type)) ?? [];
  if (base.kind === "answer" && own.length === 0 && removed.length === 0) return base;
  const out = new Set(removed.map(({ data }) => JSON.stringify(data)));
  const old = base.kind === "answer" ? base.records.filter((data) => !out.has(JSON.stringify(data))) : [];
  const fromWildcard = base.kind === "nxdomain" && own.length === 0 ? wildcards(added, name, type) : [];
  const fresh = [...own, ...fromWildcard].map(({ data }) => data);
  // RFC 2181 §5: equal records are one.
  const known = new Set(old.map((data) => JSON.stringify(data)));
  const records = [...old, ...fresh.filter((data) => !known.has(JSON.stringify(data)))];
  const authentic = isAuthentic(base);
  if (records.length > 0)
    return { kind: "answer", records, ttl: base.kind === "answer" ? base.ttl : addedTtl, authentic };
  if (base.kind === "failure") return base;
  const exists = base.kind !== "nxdomain" || addedNames.some((one) => isBelowOrAt(one, name));
  return { kind: exists ? "nodata" : "nxdomain", authentic };
}

function isAuthentic(answer: AnyAnswer): boolean {
  return answer.kind !== "failure" && answer.authentic;
}

function wildcards(added: RecordsByPlace, name: string, type: DnsType): readonly ResourceRecord[] {
  for (let above = parentName(name); above !== undefined; above = parentName(above)) {
    const found = added.get(place(`*.${above}`, type));
    if (found !== undefined) return found;
  }
  return [];
}

function withoutRecords(base: AnyAnswer): AnyAnswer {
  return base.kind === "answer" ? { kind: "nodata", authentic: base.authentic } : base;
}
