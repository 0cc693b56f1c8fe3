import type { DnsAnswer, DnsFailureReason, DnsResolver, TxtRecord } from "../../core/dns/resolver.ts";
import { isAskable } from "../../core/spf/domain-spec.ts";
import { fixedTarget } from "../../core/spf/expand.ts";
import { isSpfRecord, parseSpfRecord } from "../../core/spf/parse-record.ts";
import type { SpfDirective, SpfRecordParse, SpfTerm } from "../../core/spf/record.ts";
import { type HostAddresses, lookupHosts, lookupMailHosts, type MailHosts } from "./lookup-hosts.ts";

/** What came of looking for a record. Only "record" can be evaluated. */
export type NodeState =
  | "record"
  /** No TXT record with the version. */
  | "none"
  | "multiple"
  | "syntax"
  | "failure"
  /** The name lies above itself in the tree. */
  | "loop"
  /** The tree is larger than is looked at. */
  | "unvisited";

/** One name of the include tree. */
export interface SpfNode {
  readonly domain: string;
  readonly via: "sender" | "include" | "redirect";
  /** Includes and redirects above it. */
  readonly depth: number;
  readonly state: NodeState;
  /** All TXT records of the name. */
  readonly txt: readonly TxtRecord[];
  /** Those of them that are SPF records (RFC 7208 §4.5). */
  readonly records: readonly TxtRecord[];
  /** Of the record, when it is the only one. */
  readonly parse?: SpfRecordParse;
  readonly failure?: DnsFailureReason;
  readonly terms: readonly TermNode[];
}

export interface TermNode {
  readonly term: SpfTerm;
  /** Whether evaluation can come to it: not behind "all", and no redirect beside one. */
  readonly used: boolean;
  /** Lookups (RFC 7208 §4.6.4) of the term and all below it, when nothing matches. */
  readonly cost: number;
  /** Lookups of the whole evaluation after this term. */
  readonly total: number;
  /** Absent where it depends on the client. */
  readonly target?: string;
  /** Of "a". */
  readonly host?: HostAddresses;
  /** Of "mx". */
  readonly mail?: MailHosts;
  /** Of "include" and "redirect". */
  readonly child?: SpfNode;
}

/** More names than that are not looked at: evaluation itself stops at eleven. */
const maxNodes = 60;
const maxHosts = 120;

/**
 * The include tree of a domain as it stands in DNS, for a client that nothing matches: every term is looked at, whatever
 * the limits say. Bounded in names and hosts. Never rejects.
 */
export async function walkTree(domain: string, dns: DnsResolver): Promise<SpfNode> {
  const walk: Walk = { dns, sender: domain, nodes: 1, hosts: 0 };
  const root: Draft = { domain, via: "sender", depth: 0, parent: undefined, terms: [] };
  let level: readonly Draft[] = [root];
  // Level by level, so that what is left out does not hang on which answer comes first.
  while (level.length > 0) {
    await Promise.all(level.map((draft) => readRecord(draft, walk)));
    const next = level.flatMap((draft) => draft.terms.flatMap((term) => openTerm(draft, term, walk)));
    await Promise.all(next.flatMap(({ pending }) => pending ?? []));
    level = next.flatMap(({ child }) => child ?? []);
  }
  return finishNode(root, { total: 0 });
}

interface Walk {
  readonly dns: DnsResolver;
  readonly sender: string;
  nodes: number;
  hosts: number;
}

interface Draft {
  readonly domain: string;
  readonly via: SpfNode["via"];
  readonly depth: number;
  readonly parent: Draft | undefined;
  found?: Pick<SpfNode, "state" | "txt" | "records" | "parse" | "failure">;
  terms: DraftTerm[];
}

interface DraftTerm {
  readonly term: SpfTerm;
  readonly used: boolean;
  target?: string;
  host?: HostAddresses;
  mail?: MailHosts;
  child?: Draft;
}

async function readRecord(draft: Draft, { dns }: Walk): Promise<void> {
  if (draft.found !== undefined) return;
  draft.found = await findRecord(draft.domain, dns);
  const { state, parse } = draft.found;
  if (state !== "record" || parse?.kind !== "record") return;
  const { directives, terms } = parse.record;
  const all = directives.findIndex(({ mechanism }) => mechanism.name === "all");
  const last = directives[all] ?? undefined;
  draft.terms = terms.map((term) => ({ term, used: isUsed(term, last) }));
}

/** RFC 7208 §5.1: terms after "all" are ignored, and redirect wherever it stands. */
export function isUsed(term: SpfTerm, all: SpfDirective | undefined): boolean {
  if (all === undefined) return true;
  return term.kind === "directive" ? term.start <= all.start : term.name !== "redirect";
}

async function findRecord(domain: string, dns: DnsResolver): Promise<NonNullable<Draft["found"]>> {
  const empty = { txt: [], records: [] };
  // RFC 7208 §4.3.
  if (!isAskable(domain) || !domain.includes(".")) return { ...empty, state: "none" };
  const answer: DnsAnswer<TxtRecord> = await dns.query(domain, "TXT");
  if (answer.kind === "failure")
    return answer.reason === "bad-name"
      ? { ...empty, state: "none" }
      : { ...empty, state: "failure", failure: answer.reason };
  const txt = answer.kind === "answer" ? answer.records : [];
  const records = txt.filter(({ text }) => isSpfRecord(text));
  const [only] = records;
  if (only === undefined) return { txt, records, state: "none" };
  if (records.length > 1) return { txt, records, state: "multiple" };
  const parse = parseSpfRecord(only.text);
  return { txt, records, parse, state: parse.kind === "record" ? "record" : "syntax" };
}

interface Opened {
  readonly pending?: Promise<void>;
  readonly child?: Draft;
}

/** Begins what a term asks for; a name to go on with, if it has one. */
function openTerm(draft: Draft, into: DraftTerm, walk: Walk): Opened | [] {
  const { term, used } = into;
  if (!used) return [];
  if (term.kind === "modifier") {
    if (term.name !== "redirect") return [];
    const redirected = fixedTarget(term.domain, draft.domain, walk.sender);
    if (redirected === undefined) return [];
    into.target = redirected;
    return openChild(draft, into, redirected, "redirect", walk);
  }
  const { mechanism } = term;
  if (mechanism.name === "all" || "address" in mechanism) return [];
  const target = fixedTarget(mechanism.domain, draft.domain, walk.sender);
  if (target === undefined) return [];
  into.target = target;
  switch (mechanism.name) {
    case "include":
      return openChild(draft, into, target, "include", walk);
    case "a":
    case "mx":
      return openHosts(into, mechanism.name, target, walk);
    default:
      return [];
  }
}

function openHosts(into: DraftTerm, name: "a" | "mx", target: string, walk: Walk): Opened | [] {
  if (walk.hosts >= maxHosts) return [];
  walk.hosts += 1;
  if (name === "a")
    return {
      pending: lookupHosts(target, walk.dns).then((host) => {
        into.host = host;
      }),
    };
  return {
    pending: lookupMailHosts(target, walk.dns).then((mail) => {
      into.mail = mail;
    }),
  };
}

function openChild(
  draft: Draft,
  into: DraftTerm,
  target: string,
  via: "include" | "redirect",
  walk: Walk,
): Opened {
  const child: Draft = { domain: target, via, depth: draft.depth + 1, parent: draft, terms: [] };
  into.child = child;
  const empty = { txt: [], records: [] };
  if (isAbove(target, draft)) child.found = { ...empty, state: "loop" };
  else if (walk.nodes >= maxNodes) child.found = { ...empty, state: "unvisited" };
  else walk.nodes += 1;
  return child.found === undefined ? { child } : {};
}

function isAbove(domain: string, draft: Draft): boolean {
  for (let at: Draft | undefined = draft; at !== undefined; at = at.parent)
    if (at.domain === domain) return true;
  return false;
}

/** Freezes the drafts, counting lookups in the order of evaluation. */
function finishNode(draft: Draft, count: { total: number }): SpfNode {
  const { domain, via, depth, terms } = draft;
  const finished = terms.map((term) => finishTerm(term, count));
  const found = draft.found ?? { state: "unvisited", txt: [], records: [] };
  return { domain, via, depth, ...found, terms: finished };
}

function finishTerm(
  { term, used, target, host, mail, child }: DraftTerm,
  count: { total: number },
): TermNode {
  const before = count.total;
  if (used && costsLookup(term)) count.total += 1;
  const finished = child === undefined ? undefined : finishNode(child, count);
  return {
    term,
    used,
    cost: count.total - before,
    total: count.total,
    ...(target === undefined ? {} : { target }),
    ...(host === undefined ? {} : { host }),
    ...(mail === undefined ? {} : { mail }),
    ...(finished === undefined ? {} : { child: finished }),
  };
}

/** RFC 7208 §4.6.4. */
function costsLookup(term: SpfTerm): boolean {
  if (term.kind === "modifier") return term.name === "redirect";
  const { name } = term.mechanism;
  return name !== "all" && name !== "ip4" && name !== "ip6";
}

/** Lookups of the whole tree when nothing matches. */
export function lookupsOf(node: SpfNode): number {
  return node.terms.reduce((sum, { cost }) => sum + cost, 0);
}

/** The node and all below it, in the order of evaluation. */
export function nodesOf(node: SpfNode): readonly SpfNode[] {
  return [node, ...node.terms.flatMap(({ child }) => (child === undefined ? [] : nodesOf(child)))];
}
