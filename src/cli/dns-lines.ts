import type { DnsTraceEntry } from "../core/results.ts";
import { problemText } from "../findings/problems.ts";
import type { Io } from "./io.ts";
import { displayWidth, hanging, padEnd, printable } from "./layout.ts";

/** One line for each answer: name and type, what came, how long it took. */
export function formatDns(entries: readonly DnsTraceEntry[], io: Io): string[] {
  const questions = entries.map(({ name, type }) => `${printable(name)} ${type}`);
  const width = Math.min(Math.max(0, ...questions.map(displayWidth)), io.columns - 38);
  return entries.flatMap((entry, index) => {
    const question = questions[index] as string;
    const outcome = padEnd(io.text.spf.dns[entry.outcome], outcomeWidth(io));
    const rest = `${outcome}  ${io.text.verdict.dnsLine(entry.ttl, entry.ms, entry.authentic === true)}`;
    const lines =
      displayWidth(question) <= width
        ? [`  ${padEnd(question, width)}  ${rest}`]
        : [...hanging("  ", question, io.columns), `  ${padEnd("", width)}  ${rest}`];
    return [...lines.map((line) => line.trimEnd()), ...failureLines(entry, io)];
  });
}

function outcomeWidth(io: Io): number {
  return Math.max(...Object.values(io.text.spf.dns).map(displayWidth));
}

function failureLines({ outcome }: DnsTraceEntry, io: Io): string[] {
  if (outcome === "answer" || outcome === "nodata" || outcome === "nxdomain") return [];
  return hanging("    ", problemText(io.lang).dns[outcome], io.columns).map((line) => io.style.warn(line));
}
