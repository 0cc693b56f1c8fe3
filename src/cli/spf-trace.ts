import type { SpfResult, SpfTraceStep } from "../core/results.ts";
import type { Io, Style } from "./io.ts";
import { displayWidth, hanging, padEnd, padStart, printable, printableOctets, truncate } from "./layout.ts";

const outcomeWidth = 11;
const lookupsWidth = 7;
const voidsWidth = 5;
const gap = "  ";
/** Outcome, lookups and the three counts of void lookups, with the gap before them. */
const rightWidth = 2 + outcomeWidth + 1 + lookupsWidth + 3 * (1 + voidsWidth);

/** An SPF evaluation step by step: each query, record and term, with the counts as they ran. */
export function formatSpfTrace(trace: readonly SpfTraceStep[], io: Io): string[] {
  const { columns, noTrace } = io.text.spf;
  if (trace.length === 0) return [noTrace];
  const heading = row(
    "",
    columns.outcome,
    [columns.lookups, columns.query, columns.term, columns.name],
    io.columns,
  );
  const above = padStart(columns.voids, io.columns);
  return [io.style.dim(above), io.style.dim(heading), ...trace.flatMap((step) => formatStep(step, io))];
}

function formatStep(step: SpfTraceStep, io: Io): string[] {
  const indent = "  ".repeat(Math.min(step.depth, 10));
  switch (step.kind) {
    case "query":
      return [queryLine(step, indent, io)];
    case "record":
      return hanging(`${indent}  `, printableOctets(step.record), io.columns).map((line) =>
        io.style.strong(line),
      );
    case "term": {
      const { outcome, lookups, voids } = step;
      const counts = [lookups, voids.query, voids.term, voids.name].map(String);
      const left = `${indent}    ${printableOctets(step.term)}`;
      const word = paint(outcome, io.style)(padEnd(io.text.spf.outcome[outcome], outcomeWidth));
      const width = io.columns - rightWidth;
      if (displayWidth(left) <= width) return [row(left, word, counts, io.columns)];
      return [
        ...hanging(`${indent}    `, printableOctets(step.term), io.columns),
        row("", word, counts, io.columns),
      ];
    }
  }
}

function row(left: string, outcome: string, counts: readonly string[], columns: number): string {
  const [lookups, ...voids] = counts;
  const right = [padStart(lookups ?? "", lookupsWidth), ...voids.map((count) => padStart(count, voidsWidth))];
  return `${padEnd(left, columns - rightWidth)}${gap}${padEnd(outcome, outcomeWidth)} ${right.join(" ")}`;
}

function paint(
  outcome: Extract<SpfTraceStep, { kind: "term" }>["outcome"],
  style: Style,
): (text: string) => string {
  if (outcome === "match") return style.good;
  if (outcome === "temperror" || outcome === "permerror") return style.bad;
  return (text) => text;
}

function queryLine(step: Extract<SpfTraceStep, { kind: "query" }>, indent: string, io: Io): string {
  const left = `${indent}? ${printable(step.name)} ${step.type}`;
  const width = io.columns - rightWidth;
  const leftText = displayWidth(left) <= width ? padEnd(left, width) : left;
  const room = Math.max(outcomeWidth, io.columns - displayWidth(leftText) - gap.length);
  const line = `${leftText}${gap}${truncate(answerText(step, room, io), room)}`;
  return io.style.dim(line);
}

function answerText(step: Extract<SpfTraceStep, { kind: "query" }>, room: number, io: Io): string {
  const { dns, records } = io.text.spf;
  if (step.outcome !== "answer") return dns[step.outcome];
  const all = step.records.map(printableOctets).join(", ");
  return step.type === "TXT" || displayWidth(all) > room ? records(step.records.length) : all;
}

/** The colour of a verdict word of any method. */
export function paintVerdict(word: string, style: Style): string {
  if (word === "pass") return style.good(word);
  if (word === "fail" || word === "permerror") return style.bad(word);
  return word === "softfail" || word === "temperror" || word === "policy" ? style.warn(word) : word;
}

/** The counts by all three ways, as they stood at the last term. */
export function lastCounts({ trace, voidLookups }: SpfResult): { query: number; term: number; name: number } {
  const last = trace.findLast((step) => step.kind === "term");
  return last?.voids ?? { query: voidLookups, term: voidLookups, name: voidLookups };
}
