import { isWithin } from "../../core/domain-name.ts";
import type { SpfDirective, SpfMechanism, SpfQualifierWord } from "../../core/spf/record.ts";
import type { HostAddresses } from "./lookup-hosts.ts";
import { nodesOf, type SpfNode, type TermNode } from "./walk-tree.ts";

/** Records that the domain's owner can change: its own and those below its name. Each once. */
export function ownNodes(root: SpfNode): readonly SpfNode[] {
  const found = new Map<string, SpfNode>();
  for (const node of nodesOf(root))
    if (isOwn(node, root) && node.state !== "loop" && node.state !== "unvisited" && !found.has(node.domain))
      found.set(node.domain, node);
  return [...found.values()];
}

export function isOwn({ domain }: SpfNode, root: SpfNode): boolean {
  return isWithin(domain, root.domain);
}

export function mechanismOf({ term }: TermNode): SpfMechanism | undefined {
  return term.kind === "directive" ? term.mechanism : undefined;
}

/** Terms that evaluation can come to. */
export function usedTerms({ terms }: SpfNode): readonly TermNode[] {
  return terms.filter(({ used }) => used);
}

/** The first "all" of a record. */
export function allOf({ terms }: SpfNode): SpfDirective | undefined {
  for (const { term } of terms) if (term.kind === "directive" && term.mechanism.name === "all") return term;
  return undefined;
}

/** What counts for clients that nothing matches: the record's own "all", or that behind its redirects. */
export function finalQualifier(node: SpfNode): SpfQualifierWord | undefined {
  const all = allOf(node);
  if (all !== undefined) return all.qualifier;
  const redirect = node.terms.find(
    ({ term, used }) => used && term.kind === "modifier" && term.name === "redirect",
  );
  if (redirect === undefined) return node.state === "record" ? "neutral" : undefined;
  return redirect.child === undefined ? undefined : finalQualifier(redirect.child);
}

/** The host names of "a" and "mx" whose addresses are known to the end. */
export function hostsOf({ host, mail }: TermNode): readonly HostAddresses[] {
  return [...(host === undefined ? [] : [host]), ...(mail?.hosts ?? [])];
}

export interface DuplicateInclude {
  /** Of the record at `node`; the one that could go. */
  readonly node: SpfNode;
  readonly term: TermNode;
  readonly target: string;
  readonly also: TermNode;
}

/**
 * Includes of the domain's own records whose target is included elsewhere in the tree as well. An include counts as
 * superfluous when another term already leads to the same record with the same effect.
 */
export function duplicateIncludes(root: SpfNode): readonly DuplicateInclude[] {
  const found: DuplicateInclude[] = [];
  for (const node of ownNodes(root)) {
    const includes = usedTerms(node).filter(isPassInclude);
    const gone = new Set<TermNode>();
    for (const [index, term] of includes.entries()) {
      const also = includes.find(
        (other, at) =>
          other !== term && !gone.has(other) && leadsTo(other, term.target as string, at < index),
      );
      if (also === undefined) continue;
      gone.add(term);
      found.push({ node, term, target: term.target as string, also });
    }
  }
  return found;
}

function isPassInclude({ term, target }: TermNode): boolean {
  return (
    target !== undefined &&
    term.kind === "directive" &&
    term.mechanism.name === "include" &&
    term.qualifier === "pass"
  );
}

/** Whether a term includes the target itself (the earlier one stays), or somewhere below by includes that pass. */
function leadsTo(term: TermNode, target: string, isEarlier: boolean): boolean {
  if (term.target === target) return isEarlier;
  return term.child !== undefined && passesThrough(term.child, target);
}

function passesThrough(node: SpfNode, target: string): boolean {
  for (const term of usedTerms(node)) {
    // Behind a term that does not pass the rest of the record may not count.
    if (term.term.kind !== "directive" || term.term.qualifier !== "pass") return false;
    if (!isPassInclude(term)) continue;
    if (term.target === target || (term.child !== undefined && passesThrough(term.child, target)))
      return true;
  }
  return false;
}
