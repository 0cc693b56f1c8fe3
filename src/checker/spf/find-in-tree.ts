import type { DnsFailureReason } from "../../core/dns/resolver.ts";
import { formatIp } from "../../core/ip.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { SpfAnalysis } from "./analyse.ts";
import type { ClientEvaluation } from "./evaluate-clients.ts";
import { suggestInclude } from "./find-names.ts";
import {
  allOf,
  duplicateIncludes,
  finalQualifier,
  hostsOf,
  isOwn,
  mechanismOf,
  ownNodes,
  usedTerms,
} from "./tree-facts.ts";
import { nodesOf, type SpfNode, type TermNode } from "./walk-tree.ts";

/** RFC 7208 §4.6.4. */
const maxLookups = 10;
const nearLookups = 8;
const maxMailHosts = 10;
const maxOfKind = 10;

/** What is wrong with the tree of includes and redirects as a whole. */
export function findInTree(
  analysis: SpfAnalysis,
  witnesses: readonly ClientEvaluation[],
): readonly Finding[] {
  const { root } = analysis;
  return [
    ...findLookups(analysis, witnesses),
    ...ownNodes(root).flatMap((node) => [...findTargets(node, root), ...findMailHosts(node)]),
    ...findLoops(root),
    ...duplicateIncludes(root)
      .slice(0, maxOfKind)
      .map(({ node, term, target, also }) =>
        finding("spf.include-duplicate", node.domain, {
          name: node.domain,
          term: term.term.text,
          target,
          also: also.term.text,
        }),
      ),
    ...findAlls(root),
    ...findFamilies(root),
    ...findFailures(root),
  ];
}

function findLookups(
  { root, lookups, clients }: SpfAnalysis,
  witnesses: readonly ClientEvaluation[],
): readonly Finding[] {
  const name = root.domain;
  if (root.state !== "record" || lookups < nearLookups) return [];
  const costs = usedTerms(root)
    .filter(({ cost }) => cost > 0)
    .toSorted((a, b) => b.cost - a.cost)
    .slice(0, 2 * maxOfKind)
    .map(({ term, cost }) => `${term.text} (${cost})`);
  const params = { name, lookups, limit: maxLookups, costs };
  if (lookups <= maxLookups) return [finding("spf.lookups-near", name, params)];
  // Who matches early never gets to the eleventh, and so the owner's own tests succeed.
  const early = [...clients, ...witnesses].find(({ byName }) => byName.result === "pass");
  return [
    finding("spf.lookups-over-10", name, params),
    ...(early === undefined
      ? []
      : [finding("spf.lookups-client-dependent", name, { name, client: formatIp(early.ip), lookups })]),
  ];
}

// ---------------------------------------------------------------- targets

/** Includes and redirects of one record that lead to something that cannot be evaluated. */
function findTargets(node: SpfNode, root: SpfNode): readonly Finding[] {
  return usedTerms(node)
    .flatMap((term) => findTarget(node, term, root))
    .slice(0, 2 * maxOfKind);
}

function findTarget(node: SpfNode, { term, child }: TermNode, root: SpfNode): readonly Finding[] {
  if (child === undefined) return [];
  const params = { name: node.domain, term: term.text, target: child.domain };
  if (child.state === "none" && child.via === "redirect")
    return [finding("spf.redirect-none", node.domain, params)];
  if (child.state === "none") {
    const suggestion = suggestInclude(child.domain);
    const more = suggestion === undefined ? {} : { suggestion };
    return [finding("spf.include-none", node.domain, { ...params, ...more })];
  }
  // What is wrong in one's own records is told there.
  if (isOwn(child, root)) return [];
  const fault = faultBelow(child);
  return fault === undefined ? [] : [finding("spf.include-broken", node.domain, { ...params, ...fault })];
}

interface FaultBelow {
  readonly at: string;
  readonly problem: "multiple" | "syntax" | "include-none" | "redirect-none" | "mx-limit";
}

function faultBelow(node: SpfNode): FaultBelow | undefined {
  const at = node.domain;
  if (node.state === "multiple" || node.state === "syntax") return { at, problem: node.state };
  for (const term of usedTerms(node)) {
    const { child, mail } = term;
    if (mail !== undefined && mail.count > maxMailHosts) return { at, problem: "mx-limit" };
    if (child?.state === "none")
      return { at, problem: child.via === "include" ? "include-none" : "redirect-none" };
    const below = child === undefined ? undefined : faultBelow(child);
    if (below !== undefined) return below;
  }
  return undefined;
}

function findMailHosts(node: SpfNode): readonly Finding[] {
  const name = node.domain;
  return usedTerms(node).flatMap(({ term, mail }) =>
    mail !== undefined && mail.count > maxMailHosts
      ? [finding("spf.mx-over-10", name, { name, term: term.text, count: mail.count })]
      : [],
  );
}

/** Loops, each at the one of the domain's own terms that leads into it. */
function findLoops(root: SpfNode): readonly Finding[] {
  return usedTerms(root).flatMap(({ term, child }) => {
    const path = child === undefined ? undefined : loopBelow(child);
    if (path === undefined || child === undefined) return [];
    const params = { name: root.domain, term: term.text, target: child.domain };
    return [finding("spf.include-loop", root.domain, { ...params, path: [root.domain, ...path] })];
  });
}

/** The names from this one to that which lies above itself. */
export function loopBelow(node: SpfNode): readonly string[] | undefined {
  if (node.state === "loop") return [node.domain];
  for (const { child } of usedTerms(node)) {
    const below = child === undefined ? undefined : loopBelow(child);
    if (below !== undefined) return [node.domain, ...below];
  }
  return undefined;
}

// ---------------------------------------------------------------- "all" of others

function findAlls(root: SpfNode): readonly Finding[] {
  const name = root.domain;
  const found: Finding[] = [];
  const others: { target: string; all: string }[] = [];
  for (const term of usedTerms(root)) {
    const { child } = term;
    if (child === undefined || mechanismOf(term)?.name !== "include") continue;
    const by = passesAll(child);
    if (by !== undefined)
      found.push(
        finding("spf.include-passes-all", name, { name, term: term.term.text, target: child.domain, by }),
      );
    const all = allOf(child);
    if (by === undefined && all !== undefined && all.qualifier !== finalQualifier(root))
      others.push({ target: child.domain, all: all.text });
  }
  const own = ownEnd(root);
  if (others.length === 0 || own === undefined) return found;
  const includes = others.slice(0, maxOfKind);
  return [...found, finding("spf.include-all-note", name, { name, own, includes })];
}

function ownEnd(root: SpfNode): string | undefined {
  if (root.state !== "record") return undefined;
  const redirect = root.terms.find(
    ({ term, used }) => used && term.kind === "modifier" && term.name === "redirect",
  );
  return allOf(root)?.text ?? redirect?.term.text;
}

/** The term by which a record lets everybody pass, in itself or below. */
function passesAll(node: SpfNode): string | undefined {
  for (const { term, child } of usedTerms(node)) {
    if (term.kind === "modifier") {
      const redirected = term.name === "redirect" && child !== undefined ? passesAll(child) : undefined;
      if (redirected !== undefined) return redirected;
      continue;
    }
    if (term.qualifier !== "pass") continue;
    const { mechanism } = term;
    if (mechanism.name === "all" || ("address" in mechanism && mechanism.prefix === 0)) return term.text;
    const below = mechanism.name === "include" && child !== undefined ? passesAll(child) : undefined;
    if (below !== undefined) return below;
  }
  return undefined;
}

// ---------------------------------------------------------------- families

/** Includes whose whole tree names IPv4 addresses only. */
function findFamilies(root: SpfNode): readonly Finding[] {
  const includes = usedTerms(root).flatMap((term) => {
    const { child } = term;
    if (child === undefined || mechanismOf(term)?.name !== "include") return [];
    const { v4, v6, unknown } = familiesOf(child);
    return v4 && !v6 && !unknown ? [child.domain] : [];
  });
  const name = root.domain;
  if (includes.length === 0) return [];
  return [finding("spf.include-no-ip6", name, { name, includes: includes.slice(0, maxOfKind) })];
}

interface Families {
  readonly v4: boolean;
  readonly v6: boolean;
  /** Something below could not be looked at, or depends on the client. */
  readonly unknown: boolean;
}

function familiesOf(root: SpfNode): Families {
  const nodes = nodesOf(root);
  const terms = nodes.flatMap(usedTerms);
  const names = terms.flatMap((term) => mechanismOf(term)?.name ?? []);
  const hosts = terms.flatMap(hostsOf);
  return {
    v4: names.includes("ip4") || hosts.some(({ v4 }) => v4.length > 0),
    v6: names.includes("ip6") || hosts.some(({ v6 }) => v6.length > 0),
    unknown:
      nodes.some(({ state }) => state !== "record") ||
      terms.some(isOpen) ||
      hosts.some(({ failure }) => failure !== undefined),
  };
}

/** A term of which the addresses are not known. */
function isOpen(term: TermNode): boolean {
  const name = mechanismOf(term)?.name;
  if (name === "ptr" || name === "exists") return true;
  return (name === "include" || name === "a" || name === "mx") && term.target === undefined;
}

// ---------------------------------------------------------------- DNS that does not answer

function findFailures(root: SpfNode): readonly Finding[] {
  const questions = new Map<string, DnsFailureReason>();
  for (const node of nodesOf(root)) {
    if (node.failure !== undefined) questions.set(`${node.domain} TXT`, node.failure);
    for (const { target, mail, ...term } of usedTerms(node)) {
      if (mail?.failure !== undefined) questions.set(`${target} MX`, mail.failure);
      for (const { host, failure } of hostsOf({ ...term, ...(mail === undefined ? {} : { mail }) }))
        if (failure !== undefined) questions.set(`${host} ${failure.type}`, failure.reason);
    }
  }
  const name = root.domain;
  return [...questions]
    .filter(([, reason]) => reason !== "offline")
    .slice(0, maxOfKind)
    .map(([question, reason]) => finding("spf.temperror", name, { name, question, reason }));
}
