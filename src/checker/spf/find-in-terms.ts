import type { DnsResolver } from "../../core/dns/resolver.ts";
import { formatIp, inNetwork } from "../../core/ip.ts";
import type { DomainSpec } from "../../core/spf/domain-spec.ts";
import { fixedTarget } from "../../core/spf/expand.ts";
import { parseMacroString } from "../../core/spf/macro-string.ts";
import type { IpMechanism, SpfTerm } from "../../core/spf/record.ts";
import type { Finding, FindingId } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { ipFirst } from "./merge-records.ts";
import { countOf, formatNetwork, networkOf, specialKind } from "./networks.ts";
import { allOf, mechanismOf, usedTerms } from "./tree-facts.ts";
import { isUsed, type SpfNode, type TermNode } from "./walk-tree.ts";

/** Of each kind; a hostile record has room for thousands. */
const maxOfKind = 10;

/** What is wrong, or not what it seems, in the terms of one of the domain's own records. */
export function findInTerms(node: SpfNode): readonly Finding[] {
  const readable = readableTerms(node);
  const found = [...findNetworks(readable), ...findMacros(readable), ...findPtr(readable)];
  const end = findEnd(readable);
  // Of a record with a syntax error, what the mended one would say, too; the rest hangs on terms that cannot be read.
  if (node.state === "syntax") return [...found, ...end.filter(({ id }) => isOfAllItself(id))];
  return node.state === "record" ? [...found, ...end, ...findOrder(readable)] : [];
}

function isOfAllItself(id: FindingId): boolean {
  return id === "spf.plus-all" || id === "spf.neutral-all";
}

/** With the terms that can be read where the whole cannot be. */
function readableTerms(node: SpfNode): SpfNode {
  if (node.parse?.kind !== "error") return node;
  const { terms } = node.parse;
  const all = terms.find((term) => term.kind === "directive" && term.mechanism.name === "all");
  const last = all?.kind === "directive" ? all : undefined;
  return { ...node, terms: terms.map((term) => ({ term, used: isUsed(term, last), cost: 0, total: 0 })) };
}

function findNetworks(node: SpfNode): readonly Finding[] {
  const name = node.domain;
  const listed = usedTerms(node).flatMap(({ term }) =>
    term.kind === "directive" && "address" in term.mechanism
      ? [{ text: term.text, network: term.mechanism, passes: term.qualifier === "pass" }]
      : [],
  );
  const passing = listed.filter(({ passes }) => passes).map(({ network }) => network);
  const shares = { 4: shareOf(passing, 4), 6: shareOf(passing, 6) };
  const found = listed.flatMap(({ text, network, passes }) =>
    findNetwork(name, text, network, passes ? shares[network.address.family] : undefined),
  );
  const kinds = new Map<string, number>();
  return found.filter(({ id }) => {
    const seen = kinds.get(id) ?? 0;
    kinds.set(id, seen + 1);
    return seen < maxOfKind;
  });
}

/** How much of a family the broad networks of a record let through together, from 0 to 1 or more. */
function shareOf(networks: readonly IpMechanism[], family: 4 | 6): number {
  const broad = networks.filter((network) => network.address.family === family && isBroad(network));
  // In the order of addresses, the wider one first: of a network within another nothing is added.
  const sorted = broad.toSorted(
    (a, b) => Buffer.compare(networkOf(a).octets, networkOf(b).octets) || a.prefix - b.prefix,
  );
  const apart: IpMechanism[] = [];
  for (const network of sorted) {
    const last = apart.at(-1);
    if (last === undefined || !inNetwork(network.address, last.address, last.prefix)) apart.push(network);
  }
  return apart.reduce((sum, { prefix }) => sum + 2 ** -prefix, 0);
}

function isBroad({ address, prefix }: IpMechanism): boolean {
  return prefix < (address.family === 4 ? 16 : 32);
}

function findNetwork(
  name: string,
  term: string,
  network: IpMechanism,
  share: number | undefined,
): readonly Finding[] {
  const found: Finding[] = [];
  const count = countOf(network);
  if (formatIp(networkOf(network)) !== formatIp(network.address)) {
    const params = { name, term, count, network: formatNetwork(network), single: formatIp(network.address) };
    found.push(finding("spf.host-bits", name, params));
  }
  if (isBroad(network) && share !== undefined) {
    const broad = finding("spf.broad-range", name, { name, term, count });
    // Half of a family and more, in one network or in several, is "+all" by another name.
    found.push(share >= 0.5 ? { ...broad, severity: "error" } : broad);
  }
  const kind = specialKind(network);
  if (kind !== undefined) found.push(finding("spf.special-address", name, { name, term, kind }));
  return found;
}

function findMacros(node: SpfNode): readonly Finding[] {
  const name = node.domain;
  const users = usedTerms(node).filter(({ term }) =>
    domainSpecOf(term)?.parts.some((part) => typeof part !== "string" && part.letter === "p"),
  );
  return users.slice(0, maxOfKind).map(({ term }) => finding("spf.macro-p", name, { name, term: term.text }));
}

function domainSpecOf(term: SpfTerm): DomainSpec | undefined {
  if (term.kind === "modifier") return term.name === "unknown" ? undefined : term.domain;
  return "domain" in term.mechanism ? term.mechanism.domain : undefined;
}

function findPtr(node: SpfNode): readonly Finding[] {
  const name = node.domain;
  const found = usedTerms(node).filter((term) => mechanismOf(term)?.name === "ptr");
  return found.slice(0, maxOfKind).map(({ term }) => finding("spf.ptr", name, { name, term: term.text }));
}

/** How the record ends, and what stands where it no longer counts. */
function findEnd(node: SpfNode): readonly Finding[] {
  const name = node.domain;
  const all = allOf(node);
  const redirect = node.terms.find(({ term }) => term.kind === "modifier" && term.name === "redirect");
  const unused = node.terms.filter(({ term, used }) => !used && term.kind === "directive");
  const found: Finding[] = [];
  if (unused.length > 0 && all !== undefined) {
    const terms = unused.slice(0, maxOfKind).map(({ term }) => term.text);
    found.push(finding("spf.after-all", name, { name, all: all.text, terms }));
  }
  if (redirect !== undefined && all !== undefined)
    found.push(finding("spf.redirect-and-all", name, { name, term: redirect.term.text }));
  // The "all" of an included record decides nothing by itself (RFC 7208 §5.2), but for "+all".
  if (all?.qualifier === "pass") found.push(finding("spf.plus-all", name, { name, term: all.text }));
  if (node.via === "include") return found;
  if (all?.qualifier === "neutral") found.push(finding("spf.neutral-all", name, { name, term: all.text }));
  if (all === undefined && redirect === undefined) found.push(finding("spf.no-all", name, { name }));
  return found;
}

/** ip4 and ip6 behind terms that ask DNS, where they could as well stand before. */
function findOrder(node: SpfNode): readonly Finding[] {
  const all = allOf(node);
  const words = usedTerms(node).flatMap(({ term }) =>
    term.kind === "directive" && term !== all ? [term.text] : [],
  );
  const better = ipFirst(words);
  const first = words.findIndex((word, index) => word !== better[index]);
  if (first < 0) return [];
  const before = words[first] as string;
  const terms = words.slice(first).filter((word) => /^[-+?~]?ip[46]:/i.test(word));
  return [
    finding("spf.order-ip-first", node.domain, {
      name: node.domain,
      terms: terms.slice(0, maxOfKind),
      before,
    }),
  ];
}

/** The explanation: RFC 7208 §6.2 goes on without one when anything about it is wrong. */
export async function findExplanation(node: SpfNode, dns: DnsResolver): Promise<readonly Finding[]> {
  const term = node.terms.find((one) => one.term.kind === "modifier" && one.term.name === "exp");
  const target = term === undefined ? undefined : explanationTarget(term, node);
  if (term === undefined || target === undefined || node.via === "include") return [];
  const answer = await dns.query(target, "TXT");
  const problem = explanationProblem(answer);
  if (problem === undefined) return [];
  const name = node.domain;
  return [finding("spf.exp", name, { name, term: term.term.text, target, problem })];
}

function explanationTarget({ term }: TermNode, { domain }: SpfNode): string | undefined {
  return term.kind === "modifier" && term.name === "exp"
    ? fixedTarget(term.domain, domain, domain)
    : undefined;
}

function explanationProblem(
  answer: Awaited<ReturnType<DnsResolver["query"]>>,
): "missing" | "several" | "syntax" | undefined {
  if (answer.kind === "failure") return undefined;
  if (answer.kind !== "answer") return "missing";
  if (answer.records.length > 1) return "several";
  const [record] = answer.records;
  const text = typeof record === "object" && "text" in record ? record.text : "";
  return parseMacroString(text, true).kind === "error" ? "syntax" : undefined;
}
