import type { DomainReport } from "../../checker/check-domain.ts";
import type { SpfClientFacts, SpfFacts, SpfTermFacts, SpfTreeFacts } from "../../checker/spf/spf-facts.ts";
import type { SpfWord } from "../../core/results.ts";
import type { Finding } from "../../findings/finding.ts";
import type { Io } from "../io.ts";
import {
  displayWidth,
  hanging,
  padEnd,
  padStart,
  printable,
  printableOctets,
  truncate,
  wrap,
} from "../layout.ts";
import { paintVerdict } from "../spf-trace.ts";
import { type SpfSectionText, spfSectionText } from "./spf-section-text.ts";

const maxTreeLines = 80;
const columnWidth = 8;
const columnCount = 4;
const verdictWidth = 10;
/** Where the verdicts begin when the addresses are short. */
const clientWidth = 30;

/**
 * The SPF of a domain in full: the tree with the lookups and empty answers of each term, and what clients get from strict
 * and lenient verifiers, now, with the repair, and with `--add` and `--drop`.
 */
function formatSpf(facts: SpfFacts, offline: boolean, io: Io): string[] {
  const text = textFor(offline, io);
  const title = text.title(printable(facts.tree.domain), facts.lookups, facts.lookupLimit);
  return [
    ...wrap(title, io.columns).map((line) => io.style.strong(line)),
    ...treeLines(facts.tree, text, { ...io, columns: treeColumns(facts.tree, io) }),
    "",
    ...clientLines(facts.clients, text, io),
    ...wrap(schoolLine(facts, text), io.columns).map((line) => io.style.dim(line)),
    ...repairLines(facts, text, io),
    ...whatIfLines(facts, text, io),
  ];
}

/**
 * What is shown of SPF below the findings of a report: all of it when there is something to look at, or when terms were
 * tried; nothing for a domain whose SPF is in order.
 */
export function spfSection(
  { facts, offline }: Pick<DomainReport, "facts" | "offline">,
  findings: readonly Pick<Finding, "id" | "severity">[],
  io: Io,
): string[] {
  const spf = facts["spf"];
  if (!isSpfFacts(spf)) return [];
  const isWorthIt = findings.some(({ id, severity }) => id.startsWith("spf.") && severity !== "info");
  return isWorthIt || spf.whatIf !== undefined ? [...formatSpf(spf, offline, io), ""] : [];
}

/** `offline`: what has no answer was not asked, and what hangs on it is nobody's temperror. */
function textFor(offline: boolean, io: Io): SectionText {
  const text = spfSectionText(io.lang);
  if (!offline) return { ...text, verdict: (result) => result };
  const verdict = (result: SpfWord): string => (result === "temperror" ? text.unknown : result);
  return { ...text, state: { ...text.state, failure: text.outside }, verdict };
}

interface SectionText extends SpfSectionText {
  readonly verdict: (result: SpfWord) => string;
}

/** Facts are plain JSON by subject; those of a check that failed are empty. */
function isSpfFacts(value: unknown): value is SpfFacts {
  return typeof value === "object" && value !== null && "tree" in value;
}

// ---------------------------------------------------------------- the tree

function treeLines(tree: SpfTreeFacts, text: SectionText, io: Io): string[] {
  const { columns } = text;
  const rows = nodeLines(tree, 1, text, io);
  const shown = rows.slice(0, maxTreeLines);
  const more = rows.length - shown.length;
  if (shown.length === 0) return [];
  return [
    ...row("", [columns.lookups, columns.sum, columns.void4, columns.void6], io).map((line) =>
      io.style.dim(line),
    ),
    ...shown,
    ...(more > 0 ? [`  ${text.more(more)}`] : []),
  ];
}

/** As wide as the longest term needs, where the terminal has the room. */
function treeColumns(tree: SpfTreeFacts, { columns, tableColumns = columns }: Io): number {
  const needed = longestTerm(tree, 1) + 1 + columnCount * columnWidth;
  return Math.min(tableColumns, Math.max(columns, needed));
}

function longestTerm({ terms }: SpfTreeFacts, depth: number): number {
  const widths = terms.map(({ term, child }) =>
    Math.max(
      displayWidth(indentOf(depth) + printableOctets(term)),
      child === undefined ? 0 : longestTerm(child, depth + 1),
    ),
  );
  return widths.reduce((longest, width) => Math.max(longest, width), 0);
}

function nodeLines({ state, terms }: SpfTreeFacts, depth: number, text: SectionText, io: Io): string[] {
  const indent = indentOf(depth);
  if (state !== "record") return [io.style.bad(`${indent}(${text.state[state]})`)];
  return terms.flatMap((term) => termLines(term, depth, text, io));
}

function termLines(term: SpfTermFacts, depth: number, text: SectionText, io: Io): string[] {
  const indent = indentOf(depth);
  const left = `${indent}${printableOctets(term.term)}`;
  if (term.unused === true) return [io.style.dim(truncate(`${left}  (${text.unused})`, io.columns))];
  const counts = [term.cost, term.total, term.voids.v4, term.voids.v6].map(String);
  const asks = term.cost > 0 ? counts : [];
  return [
    ...row(left, asks, io),
    ...(term.hosts ?? []).flatMap(({ host, addresses, unanswered }) => {
      const found = addresses.join(" ") || (unanswered ? `(${text.state.failure})` : "-");
      return hanging(`${indent}    `, printable(`${host}: ${found}`), io.columns).map(io.style.dim);
    }),
    ...(term.child === undefined ? [] : nodeLines(term.child, depth + 1, text, io)),
  ];
}

function indentOf(depth: number): string {
  return "  ".repeat(Math.min(depth, 10));
}

function row(left: string, counts: readonly string[], io: Io): string[] {
  const width = io.columns - columnCount * columnWidth;
  const right = counts.map((count) => padStart(count, columnWidth)).join("");
  if (right === "") return [truncate(left, io.columns)];
  return displayWidth(left) <= width
    ? [padEnd(left, width) + right]
    : [truncate(left, io.columns), `${padEnd("", width)}${right}`];
}

// ---------------------------------------------------------------- clients

function clientLines(clients: readonly SpfClientFacts[], text: SectionText, io: Io): string[] {
  const labels = clients.map(({ ip, listed }) => (listed ? ip : `${ip} (${text.unlisted})`));
  const width = Math.max(clientWidth, ...labels.map((label) => displayWidth(label) + 2));
  const heading = `  ${padEnd(text.clients, width)}${padEnd(text.strict, verdictWidth)}${text.lenient}`;
  return [
    io.style.dim(heading),
    ...clients.map(({ byQuery, byName }, index) => {
      const [strict, lenient] = [text.verdict(byQuery.result), text.verdict(byName.result)];
      const gap = " ".repeat(Math.max(1, verdictWidth - displayWidth(strict)));
      return `  ${padEnd(labels[index] ?? "", width)}${paintVerdict(strict, io.style)}${gap}${paintVerdict(lenient, io.style)}`;
    }),
  ];
}

function schoolLine({ schools }: SpfFacts, text: SpfSectionText): string {
  const programs = (counting: string): string =>
    schools
      .filter((school) => school.counting === counting)
      .flatMap(({ verifiers }) => verifiers)
      .join(", ");
  return text.schools(programs("query"), programs("name"), programs("none"));
}

function repairLines({ repair }: SpfFacts, text: SectionText, io: Io): string[] {
  if (repair === undefined) return [];
  // The record that lets them in is printed with the finding about them.
  const isForAll = repair.clients.every(({ listed, byName }) => !listed || byName.result === "pass");
  const title = isForAll ? text.repaired : text.repairedOnly;
  return ["", ...wrap(title, io.columns), ...clientLines(repair.clients, text, io)];
}

function whatIfLines({ whatIf, lookups }: SpfFacts, text: SectionText, io: Io): string[] {
  if (whatIf === undefined) return [];
  const sentences = [
    text.whatIfLookups(lookups, whatIf.lookups),
    ...(whatIf.unknownTerms.length === 0 ? [] : [text.unknownTerms(whatIf.unknownTerms)]),
    ...(whatIf.adds.length === 0 ? [] : [text.adds(whatIf.adds)]),
    ...(whatIf.mends.length === 0 ? [] : [text.mends(whatIf.mends)]),
  ];
  return [
    "",
    text.whatIf,
    ...hanging("  ", printableOctets(whatIf.record), io.columns).map((line) => io.style.strong(line)),
    ...sentences.flatMap((sentence) => hanging("  ", printable(sentence), io.columns)),
    ...clientLines(whatIf.clients, text, io),
  ];
}
