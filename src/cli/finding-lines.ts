import type { Severity } from "../findings/finding.ts";
import type { Io, Style } from "./io.ts";
import { displayWidth, hanging, padEnd, printable } from "./layout.ts";

/** A finding as it is printed: with place and sentence, in the operator's language. */
export interface PrintedFinding {
  readonly id: string;
  readonly severity: Severity;
  readonly subject: string;
  readonly text: string;
  readonly fix?: string;
}

/** Findings one below the other: severity and sentence, what to do, and the id to look it up by. */
export function formatFindings(findings: readonly PrintedFinding[], io: Io): string[] {
  const { severity: words, fix } = io.text.config;
  const width = Math.max(...Object.values(words).map(displayWidth));
  return findings.flatMap(({ id, severity, text, fix: todo }) => {
    const indent = " ".repeat(width + 2);
    const [first = "", ...rest] = hanging(indent, printable(text), io.columns);
    const word = severityPaint(severity, io.style)(padEnd(words[severity], width));
    return [
      `${word}  ${first.trimStart()}`,
      ...rest,
      ...(todo === undefined ? [] : hanging(`${indent}${fix}: `, printable(todo), io.columns)),
      io.style.dim(`${indent}${id}`),
      "",
    ];
  });
}

function severityPaint(severity: Severity, style: Style): (text: string) => string {
  if (severity === "error") return style.bad;
  return severity === "warning" ? style.warn : style.strong;
}

/** Whether it has to be looked at: notices and information are said, not insisted on. */
export function isSerious({ severity }: { readonly severity: Severity }): boolean {
  return severity === "error" || severity === "warning";
}

/** How many of each, in one line. */
export function countFindings(findings: readonly { readonly severity: Severity }[], io: Io): string {
  const count = (...severities: readonly Severity[]): number =>
    findings.filter(({ severity }) => severities.includes(severity)).length;
  return io.text.config.summary(count("error"), count("warning"), count("notice", "info"));
}
