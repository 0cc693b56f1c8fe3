import type { DnsResolver, TxtRecord } from "../../core/dns/resolver.ts";
import { formatIp, type IpAddress } from "../../core/ip.ts";
import type { SpfResult } from "../../core/results.ts";
import type { Finding, FindingId, RecordChange } from "../../findings/finding.ts";
import { removeTxt } from "../record-change.ts";
import { severityRank } from "../severity-rank.ts";
import { changedDns } from "../try-change.ts";
import { type ClientEvaluation, evaluateClient, namedAddresses } from "./evaluate-clients.ts";
import { mendRecord } from "./mend-record.ts";
import { isLong, type Observation, type ObservedContext, observe } from "./observe.ts";
import { changeRecord } from "./record-text.ts";
import { ownNodes } from "./tree-facts.ts";
import { versionFaults } from "./version-faults.ts";
import { type SpfNode, walkTree } from "./walk-tree.ts";

/** A changed zone that was tried: what it is, and what became of the SPF of the domain. */
export interface Repair {
  readonly changes: readonly RecordChange[];
  /** The changed SPF records by name. */
  readonly records: ReadonlyMap<string, string>;
  readonly published: ReadonlyMap<string, readonly TxtRecord[]>;
  readonly after: Observation;
}

/** Ids that a program can mend in the records themselves. Others need what only the owner knows. */
const mendable: ReadonlySet<FindingId> = new Set<FindingId>([
  "spf.multiple-records",
  "spf.version",
  "spf.glued-strings",
  "spf.syntax",
  "spf.space-after-colon",
  "spf.trailing-semicolon",
  "spf.family-mixup",
  "spf.host-bits",
  "spf.lookups-over-10",
  "spf.lookups-client-dependent",
  "spf.void-v4",
  "spf.void-v6",
  "spf.void-disputed",
  "spf.order-ip-first",
  "spf.mx-over-10",
  "spf.one-family-name",
  "spf.include-none",
  "spf.include-loop",
  "spf.include-duplicate",
  "spf.redirect-none",
  "spf.redirect-and-all",
  "spf.after-all",
  "spf.no-all",
  "spf.plus-all",
  "spf.neutral-all",
  "spf.exp",
  "spf.name-unresolvable",
]);

/** A repair brings new things to light now and then: two records merged are too many lookups. */
const maxRounds = 5;

/** Before a repair, and the clients that it must go on letting through. */
export interface RepairInput {
  readonly context: ObservedContext;
  readonly dns: DnsResolver;
  readonly before: Observation;
  readonly mustPass: readonly IpAddress[];
  /** Of several records, which are a permerror for everybody: whom each of them by itself lets through. */
  readonly passSingly: readonly IpAddress[];
}

export async function openRepair(
  context: ObservedContext,
  dns: DnsResolver,
  before: Observation,
): Promise<RepairInput> {
  const { witnesses, analysis } = before;
  const mustPass = [...witnesses, ...analysis.clients].filter(passesByName).map(({ ip }) => ip);
  return { context, dns, before, mustPass, passSingly: await passingSingly(context, dns, analysis.root) };
}

/**
 * Mends the domain's own records, all that is wrong with them or only what `only` names, and tries the outcome.
 * @returns undefined when nothing can be mended, or when the outcome does not stand the trial.
 */
export async function repair(input: RepairInput, only?: FindingId): Promise<Repair | undefined> {
  const whole = await repairBut(input, noIds, only);
  const stays = only === undefined && whole?.after.findings.some(({ id }) => lookupIds.has(id)) === true;
  // Addresses in place of names have to be kept up to date, which is not worth while when the limit is passed all the same.
  return stays ? repairBut(input, lookupIds) : whole;
}

const noIds: ReadonlySet<FindingId> = new Set();
const lookupIds: ReadonlySet<FindingId> = new Set<FindingId>([
  "spf.lookups-over-10",
  "spf.lookups-client-dependent",
]);

async function repairBut(
  input: RepairInput,
  left: ReadonlySet<FindingId>,
  only?: FindingId,
): Promise<Repair | undefined> {
  const { context, dns, before } = input;
  if (isLong(before.analysis.root)) return undefined;
  const records = new Map<string, string>();
  const published: Published = new Map();
  let changes: readonly RecordChange[] = [];
  let state = before;
  for (let round = 0; round < maxRounds; round++) {
    const ids = new Set((only === undefined ? idsOf(state) : [only]).filter((id) => !left.has(id)));
    const changed = changedDns(dns, changes);
    const mended = await mendOwn(state.analysis.root, ids, changed, await aliases(state, dns));
    if (mended.size === 0) break;
    keepPublished(state.analysis.root, published);
    for (const [name, text] of mended) records.set(name, text);
    changes = changesOf(published, records);
    state = await observe(context, changedDns(dns, changes), watched(input));
  }
  return records.size === 0 ? undefined : { changes, records, published, after: state };
}

/** The clients to be evaluated after a repair. */
export function watched({ mustPass, passSingly }: RepairInput): readonly IpAddress[] {
  return [...mustPass, ...passSingly];
}

function idsOf({ findings }: Observation): readonly FindingId[] {
  return findings.map(({ id }) => id).filter((id) => mendable.has(id));
}

async function mendOwn(
  root: SpfNode,
  ids: ReadonlySet<FindingId>,
  dns: DnsResolver,
  skipped: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const mended = new Map<string, string>();
  for (const node of ownNodes(root)) {
    const text = skipped.has(node.domain) ? undefined : await mendRecord(node, root, ids, dns);
    if (text !== undefined) mended.set(node.domain, text);
  }
  return mended;
}

/** Names with a CNAME: their records stand elsewhere, and may be somebody else's. */
async function aliases({ analysis }: Observation, dns: DnsResolver): Promise<ReadonlySet<string>> {
  const names = ownNodes(analysis.root).map(({ domain }) => domain);
  const answers = await Promise.all(names.map((name) => dns.query(name, "CNAME")));
  return new Set(names.filter((_, index) => answers[index]?.kind === "answer"));
}

/** By name: the SPF records, and what was meant to be one, before anything was changed. */
export type Published = Map<string, readonly TxtRecord[]>;

/** A repair may open the way to more of the domain's own names; those seen before are already known. */
export function keepPublished(root: SpfNode, into: Published): void {
  for (const { domain, records, txt } of ownNodes(root))
    if (!into.has(domain)) into.set(domain, [...records, ...versionFaults(txt).map(({ record }) => record)]);
}

/** Old records out, new ones in. */
export function changesOf(
  published: Published,
  records: ReadonlyMap<string, string>,
): readonly RecordChange[] {
  return [...records].flatMap(([name, text]) => [
    ...(published.get(name) ?? []).map(({ strings }) => removeTxt(name, strings)),
    changeRecord("add", name, text),
  ]);
}

// ---------------------------------------------------------------- the trial

/** Whether a lenient verifier lets a client through, by a term other than "all". */
function passesByName({ byName }: ClientEvaluation): boolean {
  return byName.result === "pass" && !/^\+?all$/i.test(byName.matched ?? "");
}

const maxRecords = 5;

async function passingSingly(
  { domain, clock }: ObservedContext,
  dns: DnsResolver,
  { records }: SpfNode,
): Promise<readonly IpAddress[]> {
  if (records.length < 2) return [];
  const passed = records.slice(0, maxRecords).map(async (kept) => {
    const others = records.filter((record) => record !== kept);
    const single = changedDns(
      dns,
      others.map(({ strings }) => removeTxt(domain, strings)),
    );
    const named = namedAddresses(await walkTree(domain, single));
    const evaluated = await Promise.all(
      named.map((ip) => evaluateClient({ domain, dns: single, clock }, ip)),
    );
    return evaluated.filter(passesByName).map(({ ip }) => ip);
  });
  return (await Promise.all(passed)).flat();
}

/** Whether a repair may be shown for a finding: it is gone, nothing bad is new, and nobody lost anything. */
export function standsTrial(input: RepairInput, after: Observation, found: Finding): boolean {
  const { before } = input;
  if (after.findings.some((one) => about(one) === about(found))) return false;
  // While there are several records nobody passes, whatever else is changed.
  const isOne = after.analysis.root.state !== "multiple";
  const mustPass = isOne ? watched(input) : input.mustPass;
  return (
    !isWorse(before, after) &&
    keepsClients(before, after, mustPass, bothSchools.has(found.id)) &&
    letsNobodyElseIn(before, after)
  );
}

/**
 * A permerror for everybody, which hides what else is wrong: a warning that comes to light is not the repair's fault. An
 * error is, since there is no use in publishing one for another.
 */
const hiding: ReadonlySet<FindingId> = new Set<FindingId>([
  "spf.multiple-records",
  "spf.version",
  "spf.glued-strings",
  "spf.syntax",
  "spf.space-after-colon",
  "spf.trailing-semicolon",
  "spf.family-mixup",
  "spf.include-none",
  "spf.include-loop",
  "spf.redirect-none",
]);

/** Whether there is an error or a warning that was not there, or not so bad. */
function isWorse(before: Observation, after: Observation): boolean {
  const known = new Map<string, number>();
  for (const one of before.findings)
    known.set(about(one), Math.min(severityRank[one.severity], known.get(about(one)) ?? severityRank.info));
  const isHidden = before.findings.some(({ id }) => hiding.has(id));
  const limit = isHidden ? severityRank.error : severityRank.warning;
  return after.findings.some(
    (one) =>
      severityRank[one.severity] <= limit &&
      severityRank[one.severity] < (known.get(about(one)) ?? severityRank.info),
  );
}

/** What a finding is about: each of the operator's clients for itself. */
function about({ id, subject, params }: Finding): string {
  return id === "spf.own-ips" && "client" in params ? `${id} ${params.client}` : `${id} ${subject}`;
}

/** These are about verifiers that do not agree: after the repair they have to. */
const bothSchools: ReadonlySet<FindingId> = new Set<FindingId>([
  "spf.void-v4",
  "spf.void-v6",
  "spf.void-disputed",
  "spf.multiple-records",
  "spf.own-ips",
]);

/** All that passed go on passing, at strict verifiers too unless the limit met them before. */
function keepsClients(
  before: Observation,
  after: Observation,
  mustPass: readonly IpAddress[],
  strictly: boolean,
): boolean {
  const old = resultsByIp(before);
  const results = resultsByIp(after);
  return mustPass.every((ip) => {
    const now = results.get(formatIp(ip));
    const was = old.get(formatIp(ip));
    if (now === undefined || now.byName.result !== "pass") return false;
    if (now.byQuery.result === "pass") return true;
    return !strictly && was !== undefined && was.byQuery.result !== "pass";
  });
}

/** Clients that nobody listed get no pass that they had not. */
function letsNobodyElseIn(before: Observation, after: Observation): boolean {
  const { unlisted4, unlisted6 } = after.analysis;
  const old = [before.analysis.unlisted4, before.analysis.unlisted6];
  return [unlisted4, unlisted6].every(
    ({ byName, byQuery }, index) =>
      !isPass(byName, byQuery) || isPass(old[index]?.byName, old[index]?.byQuery),
  );
}

function isPass(...results: readonly (SpfResult | undefined)[]): boolean {
  return results.some((one) => one?.result === "pass");
}

function resultsByIp({ witnesses, analysis }: Observation): ReadonlyMap<string, ClientEvaluation> {
  return new Map([...witnesses, ...analysis.clients].map((one) => [formatIp(one.ip), one]));
}
