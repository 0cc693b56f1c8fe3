import { parse as parseSuffix } from "tldts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { isWithin } from "../../core/domain-name.ts";
import { formatIp, type IpNetwork, inNetwork, parseNetwork } from "../../core/ip.ts";
import type { HostMechanism, SpfQualifierWord } from "../../core/spf/record.ts";
import type { FindingId } from "../../findings/finding.ts";
import { loopBelow } from "./find-in-tree.ts";
import { type DeadName, deadNames, oneFamilyHosts, suggestInclude } from "./find-names.ts";
import type { MailHosts } from "./lookup-hosts.ts";
import { ipFirst, mergeRecords, unique } from "./merge-records.ts";
import { formatNetwork } from "./networks.ts";
import { mendText, textFaults } from "./text-faults.ts";
import { allOf, duplicateIncludes, hostsOf, mechanismOf, usedTerms } from "./tree-facts.ts";
import { versionFaults } from "./version-faults.ts";
import type { SpfNode, TermNode } from "./walk-tree.ts";

/** What a mend may set right; all that has no id here stays as it is. */
export type MendIds = ReadonlySet<FindingId>;

/**
 * The text that one of the domain's own records should have, one step on the way: first it is made readable, then one
 * record, then its terms are set right. undefined when there is nothing to do, or nothing that a program can know.
 */
export async function mendRecord(
  node: SpfNode,
  root: SpfNode,
  ids: MendIds,
  dns: DnsResolver,
): Promise<string | undefined> {
  const readable = mendTexts(node, ids);
  if (readable !== undefined) return readable;
  if (node.state !== "record") return undefined;
  const dead = ids.has("spf.name-unresolvable") ? await deadNames(node, root, dns) : [];
  const before = mendTerms(node, root, new Set(), []);
  const words = mendTerms(node, root, ids, dead);
  const after = words.join(" ");
  // What is left may say nothing, or list nobody any more: then only the owner knows what to put there.
  const saysNothing = words.every((word) => isPlainModifier(word));
  const losesAll = node === root && listsAnybody(before) && !listsAnybody(words);
  return before.join(" ") === after || saysNothing || losesAll ? undefined : `v=spf1 ${after}`;
}

function listsAnybody(words: readonly string[]): boolean {
  return words.some((word) => !isPlainModifier(word) && !/^[-+?~]?all$/i.test(word));
}

/** Any but redirect. */
function isPlainModifier(word: string): boolean {
  return /^[a-z][a-z0-9_.-]*=/i.test(word) && !/^redirect=/i.test(word);
}

/** Repairs of the text, by which the number of records or their terms change. */
function mendTexts(node: SpfNode, ids: MendIds): string | undefined {
  const texts = node.records.map((record) => {
    const faults = textFaults(node.domain, record).filter(({ finding }) => ids.has(finding.id));
    return mendText(record.text, faults);
  });
  const meant = ids.has("spf.version") ? versionFaults(node.txt).map(({ mended }) => mended) : [];
  const all = unique([...texts, ...meant]);
  const [only] = all;
  if (only === undefined) return undefined;
  if (all.length > 1)
    return ids.has("spf.multiple-records") || ids.has("spf.version") ? mergeRecords(all) : undefined;
  const isChanged = node.records.length !== 1 || only !== node.records[0]?.text;
  return isChanged ? only : undefined;
}

// ---------------------------------------------------------------- terms

interface Word {
  readonly text: string;
  /** The term as it stands now; absent for what the mend put in. */
  readonly from?: TermNode;
}

function mendTerms(node: SpfNode, root: SpfNode, ids: MendIds, dead: readonly DeadName[]): readonly string[] {
  const gone = superfluous(node, root, ids);
  const kept: readonly Word[] = node.terms
    .filter((term) => !gone.has(term))
    .map((from) => ({ text: from.term.text, from }));
  const named = kept.flatMap((word) => mendName(word, dead, ids));
  const networks = ids.has("spf.host-bits") ? named.map(clearHostBits) : named;
  const toExpand = termsToExpand(node, ids);
  const expanded = networks.flatMap((word) =>
    word.from !== undefined && toExpand.has(word.from) ? expandTerm(word, node, root) : [word],
  );
  const inlined = ids.has("spf.lookups-over-10")
    ? expanded.flatMap((word) => inlineOwn(word, root))
    : expanded;
  return mendEnd(withoutListed(withoutRepeated(inlined)), node, ids);
}

/** Terms that do nothing, or harm, and whose going changes no other result. */
function superfluous(node: SpfNode, root: SpfNode, ids: MendIds): ReadonlySet<TermNode> {
  const gone = new Set<TermNode>();
  if (ids.has("spf.include-duplicate"))
    for (const duplicate of duplicateIncludes(root))
      if (duplicate.node.domain === node.domain) gone.add(duplicate.term);
  for (const term of node.terms) {
    const { child } = term;
    const isModifier = (name: string): boolean => term.term.kind === "modifier" && term.term.name === name;
    if (ids.has("spf.redirect-and-all") && isModifier("redirect") && !term.used) gone.add(term);
    if (ids.has("spf.redirect-none") && isModifier("redirect") && child?.state === "none") gone.add(term);
    if (ids.has("spf.exp") && isModifier("exp")) gone.add(term);
    if (ids.has("spf.include-loop") && child !== undefined && loopBelow(child) !== undefined) gone.add(term);
  }
  return gone;
}

/** Names that lead nowhere: the one that was meant, or nothing. */
function mendName(word: Word, dead: readonly DeadName[], ids: MendIds): readonly Word[] {
  const { from, text } = word;
  if (from === undefined) return [word];
  const found = dead.find(({ term }) => term === from);
  if (found !== undefined) {
    if (found.suggestion === undefined) return found.problem === "missing-dot" ? [word] : [];
    return [{ text: replaceTarget(text, found.suggestion) }];
  }
  const isNone = from.child?.state === "none" && from.child.via === "include";
  if (!isNone || !ids.has("spf.include-none")) return [word];
  const meant = suggestInclude(from.child?.domain ?? "");
  return meant === undefined ? [] : [{ text: replaceTarget(text, meant) }];
}

/** The term with another name in it, its prefix lengths kept. */
function replaceTarget(text: string, name: string): string {
  const colon = text.indexOf(":");
  const slash = text.indexOf("/", colon);
  return `${text.slice(0, colon + 1)}${name}${slash < 0 ? "" : text.slice(slash)}`;
}

function clearHostBits(word: Word): Word {
  const mechanism = word.from === undefined ? undefined : mechanismOf(word.from);
  if (mechanism === undefined || !("address" in mechanism)) return word;
  const colon = word.text.indexOf(":");
  const network = formatNetwork(mechanism);
  // As published where nothing is cleared, in whatever form the address is written.
  if (formatIp(mechanism.address) === network.split("/", 1)[0]) return word;
  return { ...word, text: `${word.text.slice(0, colon + 1)}${network}` };
}

// ---------------------------------------------------------------- addresses for names

const voidIds: readonly FindingId[] = [
  "spf.void-v4",
  "spf.void-v6",
  "spf.void-disputed",
  "spf.one-family-name",
];
const maxAddresses = 40;

/** The "a" and "mx" terms whose addresses are to be written out, since their names cost what is not there. */
function termsToExpand(node: SpfNode, ids: MendIds): ReadonlySet<TermNode> {
  const terms = new Set<TermNode>();
  if (voidIds.some((id) => ids.has(id))) for (const { term } of oneFamilyHosts(node)) terms.add(term);
  for (const term of usedTerms(node)) {
    const name = mechanismOf(term)?.name;
    if (name !== "a" && name !== "mx") continue;
    if (ids.has("spf.lookups-over-10")) terms.add(term);
    if (ids.has("spf.mx-over-10") && (term.mail?.count ?? 0) > 10) terms.add(term);
  }
  return terms;
}

function expandTerm(word: Word, node: SpfNode, root: SpfNode): readonly Word[] {
  const { from } = word;
  if (from?.mail === undefined || !isOfService(from.mail, root)) return expandHosts(word);
  // A service changes its hosts' addresses without a word: only where they pass in another way can the term go.
  return passesElsewhere(from, node) ? [] : [word];
}

/** Whether mail is taken by hosts of others. */
function isOfService({ hosts }: MailHosts, root: SpfNode): boolean {
  const own = parseSuffix(root.domain, { validateHostname: false }).domain ?? root.domain;
  return hosts.some(({ host }) => !isWithin(host, own));
}

function passesElsewhere(from: TermNode, node: SpfNode): boolean {
  const networks = passingNetworks(node);
  const words = expandHosts({ text: from.term.text, from });
  return words.every(({ text }) => {
    const own = /^ip[46]:/.test(text) ? parseNetwork(text.slice(4)) : undefined;
    return own !== undefined && networks.some((network) => holds(network, own));
  });
}

/** Networks that a record and what it includes let through, up to the first term that lets somebody not through. */
function passingNetworks(node: SpfNode): readonly IpNetwork[] {
  const found: IpNetwork[] = [];
  for (const { term, child } of usedTerms(node)) {
    if (term.kind !== "directive") continue;
    if (term.qualifier !== "pass") break;
    if ("address" in term.mechanism) found.push(term.mechanism);
    else if (child?.state === "record") found.push(...passingNetworks(child));
  }
  return found;
}

function holds(network: IpNetwork, { address, prefix }: IpNetwork): boolean {
  return network.prefix <= prefix && inNetwork(address, network.address, network.prefix);
}

/** ip4 and ip6 of all addresses of an "a" or "mx", with its prefix lengths; the term itself where not all are known. */
function expandHosts(word: Word): readonly Word[] {
  const { from } = word;
  const mechanism = from === undefined ? undefined : mechanismOf(from);
  if (from === undefined || (mechanism?.name !== "a" && mechanism?.name !== "mx")) return [word];
  const hosts = hostsOf(from);
  const isKnown =
    hosts.every(({ failure }) => failure === undefined) &&
    (from.mail === undefined || from.mail.failure === undefined);
  const words = hosts.flatMap(({ v4, v6 }) => [
    ...v4.map((address) => ipWord(from, mechanism, address)),
    ...v6.map((address) => ipWord(from, mechanism, address)),
  ]);
  const found = unique(words);
  return !isKnown || found.length === 0 || found.length > maxAddresses
    ? [word]
    : found.map((text) => ({ text }));
}

/** What a mend put in for several terms alike is needed once. */
function withoutRepeated(words: readonly Word[]): readonly Word[] {
  const seen = new Set<string>();
  return words.filter(({ text, from }) => {
    const isRepeated = from === undefined && seen.has(text);
    seen.add(text);
    return !isRepeated;
  });
}

/** Addresses that a mend put in and that the record lists already, alone or within a network. */
function withoutListed(words: readonly Word[]): readonly Word[] {
  const listed = words.flatMap(({ from }) => {
    const mechanism = from === undefined ? undefined : mechanismOf(from);
    const isPass = from?.term.kind === "directive" && from.term.qualifier === "pass";
    return isPass && mechanism !== undefined && "address" in mechanism ? [mechanism] : [];
  });
  return words.filter(({ text, from }) => {
    const network = from === undefined && /^ip[46]:/.test(text) ? parseNetwork(text.slice(4)) : undefined;
    return network === undefined || !listed.some((one) => holds(one, network));
  });
}

const signs: Readonly<Record<SpfQualifierWord, string>> = {
  pass: "",
  fail: "-",
  softfail: "~",
  neutral: "?",
};

function ipWord(
  { term }: TermNode,
  { prefix4, prefix6 }: HostMechanism,
  address: Parameters<typeof formatIp>[0],
): string {
  const sign = term.kind === "directive" ? signs[term.qualifier] : "";
  return address.family === 4
    ? `${sign}ip4:${formatNetwork({ address, prefix: prefix4 })}`
    : `${sign}ip6:${formatNetwork({ address, prefix: prefix6 })}`;
}

/**
 * RFC 7208 §5.2: an include passes whom the included record passes. One of the domain's own, of which all terms but
 * "all" pass, can stand here itself.
 */
function inlineOwn(word: Word, root: SpfNode): readonly Word[] {
  const { from } = word;
  const child = from?.child;
  if (from === undefined || child?.via !== "include" || child.state !== "record") return [word];
  if (!isWithin(child.domain, root.domain) || from.term.kind !== "directive") return [word];
  const inner = usedTerms(child).filter(
    ({ term }) => term.kind === "directive" && term.mechanism.name !== "all",
  );
  const isPlain =
    child.terms.every(({ term }) => term.kind === "directive") &&
    inner.every((term) => isPlainPass(term)) &&
    allOf(child)?.qualifier !== "pass";
  if (!isPlain) return [word];
  const sign = signs[from.term.qualifier];
  return inner.map((term) => ({ text: `${sign}${term.term.text.replace(/^\+/, "")}` }));
}

/** Means the same in whatever record it stands. */
function isPlainPass({ term, target }: TermNode): boolean {
  if (term.kind !== "directive" || term.qualifier !== "pass") return false;
  if ("address" in term.mechanism) return true;
  return target !== undefined && "domain" in term.mechanism && term.mechanism.domain?.fixed !== undefined;
}

// ---------------------------------------------------------------- the end

/** "all" in its place with a qualifier that says something, and ip4 and ip6 first. */
function mendEnd(words: readonly Word[], node: SpfNode, ids: MendIds): readonly string[] {
  const isModifier = ({ from }: Word): boolean => from?.term.kind === "modifier";
  const isAll = ({ from }: Word): boolean => from !== undefined && mechanismOf(from)?.name === "all";
  const all = allOf(node);
  let ending = all?.text;
  const isLax = all?.qualifier === "pass" || all?.qualifier === "neutral";
  // Where nobody is listed, all of the domain's own mail would fail with the new end.
  const listsAnybody = words.some((word) => !isModifier(word) && !isAll(word));
  if (isLax && listsAnybody && (ids.has("spf.plus-all") || ids.has("spf.neutral-all"))) ending = "~all";
  const hasRedirect = words.some(
    ({ from }) => from?.term.kind === "modifier" && from.term.name === "redirect",
  );
  if (
    all === undefined &&
    listsAnybody &&
    !hasRedirect &&
    (ids.has("spf.no-all") || ids.has("spf.redirect-none"))
  )
    ending = "~all";
  const moves = ids.has("spf.after-all");
  const firstAll = words.findIndex(isAll);
  const directives = words.filter((word) => !isModifier(word) && !isAll(word)).map(({ text }) => text);
  const before = firstAll < 0 || moves ? directives : textsOf(words.slice(0, firstAll), isModifier);
  const behind = firstAll < 0 || moves ? [] : textsOf(words.slice(firstAll + 1), isModifier);
  const modifiers = words.filter(isModifier).map(({ text }) => text);
  const ordered = ids.has("spf.order-ip-first") ? ipFirst(before) : before;
  return [...ordered, ...(ending === undefined ? [] : [ending]), ...behind, ...modifiers];
}

function textsOf(words: readonly Word[], isModifier: (word: Word) => boolean): readonly string[] {
  return words.filter((word) => !isModifier(word)).map(({ text }) => text);
}
