import { formatIp } from "../../core/ip.ts";
import type { SpfResult, VoidCounts } from "../../core/results.ts";
import type { FindingId, RecordChange } from "../../findings/finding.ts";
import type { SpfAnalysis } from "./analyse.ts";
import type { ClientEvaluation, UnlistedClient } from "./evaluate-clients.ts";
import type { HostAddresses } from "./lookup-hosts.ts";
import type { Observation } from "./observe.ts";
import type { Repair } from "./repair.ts";
import { hostsOf, mechanismOf } from "./tree-facts.ts";
import type { NodeState, SpfNode, TermNode } from "./walk-tree.ts";
import type { WhatIf } from "./what-if.ts";

/** What `facts.spf` of `check --json` holds, and what is printed of it. Plain JSON. */
export interface SpfFacts {
  /** The SPF records at the name; more than one is a fault. */
  readonly records: readonly string[];
  /** RFC 7208 §4.6.4: terms that ask DNS, for a client that nothing matches, and how many there may be. */
  readonly lookups: number;
  readonly lookupLimit: number;
  /** Whether the whole tree was looked at. */
  readonly whole: boolean;
  readonly tree: SpfTreeFacts;
  /** One of each family that is not listed, then the operator's own. */
  readonly clients: readonly SpfClientFacts[];
  /** How programs count void lookups. */
  readonly schools: typeof schools;
  /** All that could be mended at once, tried. */
  readonly repair?: SpfRepairFacts;
  readonly whatIf?: SpfWhatIfFacts;
}

export interface SpfTreeFacts {
  readonly domain: string;
  readonly via: SpfNode["via"];
  readonly state: NodeState;
  readonly record?: string;
  readonly terms: readonly SpfTermFacts[];
}

export interface SpfTermFacts {
  readonly term: string;
  /** Evaluation never comes to it. */
  readonly unused?: true;
  /** Lookups of this term with all below it, and of everything up to here. */
  readonly cost: number;
  readonly total: number;
  /** Empty answers up to here by query, for a client of either family that nothing matches. */
  readonly voids: { readonly v4: number; readonly v6: number };
  /** Addresses of "a" and "mx" by name. */
  readonly hosts?: readonly SpfHostFacts[];
  readonly child?: SpfTreeFacts;
}

interface SpfHostFacts {
  readonly host: string;
  readonly addresses: readonly string[];
  /** DNS did not tell all of them. */
  readonly unanswered?: true;
}

export interface SpfVerdictFacts {
  readonly result: SpfResult["result"];
  readonly problem?: SpfResult["problem"];
  readonly matched?: string;
}

export interface SpfClientFacts {
  readonly ip: string;
  readonly listed: boolean;
  readonly byQuery: SpfVerdictFacts;
  readonly byName: SpfVerdictFacts;
  /** Of a client that is not listed, as if there were no limit. */
  readonly voids?: VoidCounts;
  readonly emptyAnswers?: readonly { readonly question: string; readonly term: string }[];
}

export interface SpfRepairFacts {
  readonly changes: readonly RecordChange[];
  readonly lookups: number;
  readonly clients: readonly SpfClientFacts[];
}

export interface SpfWhatIfFacts extends SpfRepairFacts {
  readonly record: string;
  readonly unknownTerms: readonly string[];
  /** Ids that the change brings, and that it takes away. */
  readonly adds: readonly FindingId[];
  readonly mends: readonly FindingId[];
}

/** What was read and measured of programs that verify SPF. */
const schools = [
  { counting: "query", verifiers: ["pyspf"] },
  { counting: "name", verifiers: ["mailauth", "mox"] },
  { counting: "none", verifiers: ["rspamd", "OpenDMARC", "Stalwart mail-auth"] },
] as const;

const maxLookups = 10;
const maxTerms = 60;
const maxRecordLength = 4096;

export function spfFacts(
  observed: Observation,
  repaired: Repair | undefined,
  whatIf: WhatIf | undefined,
): SpfFacts {
  const { analysis } = observed;
  const { root } = analysis;
  return {
    records: root.records.slice(0, 10).map(({ text }) => text.slice(0, maxRecordLength)),
    lookups: analysis.lookups,
    lookupLimit: maxLookups,
    whole: analysis.whole,
    tree: treeFacts(root, {
      v4: 0,
      v6: 0,
      seen4: analysis.unlisted4.emptyAnswers.map(({ term }) => term),
      seen6: analysis.unlisted6.emptyAnswers.map(({ term }) => term),
    }),
    clients: clientFacts(analysis),
    schools,
    ...(repaired === undefined ? {} : { repair: repairFacts(repaired) }),
    ...(whatIf === undefined ? {} : { whatIf: whatIfFacts(whatIf, observed) }),
  };
}

/** Empty answers as they add up in the order of evaluation. */
interface VoidTally {
  v4: number;
  v6: number;
  /** Terms with an empty answer for the client that is not listed: what "ptr" and "exists" ask depends on it. */
  readonly seen4: string[];
  readonly seen6: string[];
}

function treeFacts({ domain, via, state, records, terms }: SpfNode, tally: VoidTally): SpfTreeFacts {
  const [record] = records;
  return {
    domain,
    via,
    state,
    ...(record === undefined ? {} : { record: record.text.slice(0, maxRecordLength) }),
    terms: terms.slice(0, maxTerms).map((term) => termFacts(term, tally)),
  };
}

function termFacts(term: TermNode, tally: VoidTally): SpfTermFacts {
  const hosts = hostsOf(term);
  tally.v4 += asksOfClient(term) ? takeOut(tally.seen4, term) : voidsOf(term, ({ v4 }) => v4.length);
  tally.v6 += asksOfClient(term) ? takeOut(tally.seen6, term) : voidsOf(term, ({ v6 }) => v6.length);
  const child = term.child === undefined ? undefined : treeFacts(term.child, tally);
  return {
    term: term.term.text,
    ...(term.used ? {} : { unused: true as const }),
    cost: term.cost,
    total: term.total,
    voids: { v4: tally.v4, v6: tally.v6 },
    ...(hosts.length === 0 ? {} : { hosts: hosts.map(hostFacts) }),
    ...(child === undefined ? {} : { child }),
  };
}

function hostFacts({ host, v4, v6, failure }: HostAddresses): SpfHostFacts {
  const addresses = [...v4, ...v6].map(formatIp);
  return { host, addresses, ...(failure === undefined ? {} : { unanswered: true as const }) };
}

function asksOfClient(term: TermNode): boolean {
  const name = mechanismOf(term)?.name;
  return name === "ptr" || name === "exists";
}

/** @returns 1 when the term is among those seen, which it then is once less. */
function takeOut(seen: string[], { term }: TermNode): 0 | 1 {
  const at = seen.indexOf(term.text);
  if (at < 0) return 0;
  seen.splice(at, 1);
  return 1;
}

function voidsOf(term: TermNode, addresses: (host: HostAddresses) => number): number {
  const { child, mail } = term;
  if (!term.used) return 0;
  if (child !== undefined) return child.state === "none" && child.txt.length === 0 ? 1 : 0;
  if (mail?.missing !== undefined) return 1;
  return hostsOf(term).filter((host) => host.failure === undefined && addresses(host) === 0).length;
}

function clientFacts({ unlisted4, unlisted6, clients }: SpfAnalysis): readonly SpfClientFacts[] {
  return [...[unlisted4, unlisted6].map(unlistedFacts), ...clients.map((client) => oneClient(client, true))];
}

function oneClient({ ip, byQuery, byName }: ClientEvaluation, listed: boolean): SpfClientFacts {
  return { ip: formatIp(ip), listed, byQuery: verdictFacts(byQuery), byName: verdictFacts(byName) };
}

function unlistedFacts(client: UnlistedClient): SpfClientFacts {
  const { voids, emptyAnswers } = client;
  return {
    ...oneClient(client, false),
    voids,
    emptyAnswers: emptyAnswers.map(({ question, term }) => ({ question, term })),
  };
}

function verdictFacts({ result, problem, matched }: SpfResult): SpfVerdictFacts {
  return {
    result,
    ...(problem === undefined ? {} : { problem }),
    ...(matched === undefined ? {} : { matched }),
  };
}

function repairFacts({ changes, after }: Repair): SpfRepairFacts {
  return { changes, lookups: after.analysis.lookups, clients: clientFacts(after.analysis) };
}

function whatIfFacts({ record, unknown, after }: WhatIf, before: Observation): SpfWhatIfFacts {
  const idsOf = ({ findings }: Observation): readonly FindingId[] => [
    ...new Set(findings.map(({ id }) => id)),
  ];
  const [old, now] = [idsOf(before), idsOf(after)];
  return {
    record,
    unknownTerms: unknown,
    changes: [],
    lookups: after.analysis.lookups,
    clients: clientFacts(after.analysis),
    adds: now.filter((id) => !old.includes(id)),
    mends: old.filter((id) => !now.includes(id)),
  };
}
