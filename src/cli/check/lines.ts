import type { DomainReport } from "../../checker/check-domain.ts";
import { formatIp } from "../../core/ip.ts";
import type { Finding, RecordChange, Severity } from "../../findings/finding.ts";
import { writeFinding } from "../../findings/table.ts";
import type { Io, Style } from "../io.ts";
import { displayWidth, hanging, padEnd, printable, wrap } from "../layout.ts";
import type { OwnServer } from "./own-server.ts";
import { ShownChanges } from "./shown-changes.ts";
import { spfSection } from "./spf-section.ts";
import { type CheckText, checkText } from "./text.ts";

/** What is shown of one domain: a report, and of its findings perhaps only the new ones. */
export interface ShownReport {
  readonly report: DomainReport;
  readonly findings: readonly Finding[];
  readonly onlyNew: boolean;
  /** Of the configuration; with it nobody has to name --client and --helo. */
  readonly ownServer?: OwnServer;
}

/** A report for a person: worst first, each with the reason, the clause and the line to publish. */
export function formatReport(shownReport: ShownReport, io: Io): string[] {
  const { report, findings, onlyNew } = shownReport;
  const text = checkText(io.lang);
  const head = [
    io.style.strong(printable(report.domain)),
    ...wrap(profileLine(shownReport, text), io.columns),
    "",
  ];
  const shown = new ShownChanges(report.profile);
  const body = toldFindings(shownReport).flatMap((one) => [...findingLines(one, shown, io, text), ""]);
  if (!report.answered)
    return [...head, ...body, ...wrap(unknownLine(report, text), io.columns).map(io.style.bad)];
  const spf = spfSection(report, findings, io);
  return [...head, ...body, ...spf, ...closingLines(report, findings, onlyNew, io, text)];
}

/** Of a domain of which nothing is known only what is wrong with the files, which may be why. */
export function toldFindings({ report, findings }: ShownReport): readonly Finding[] {
  return report.answered ? findings : findings.filter(({ id }) => id === "dns.zone-syntax");
}

/** Why nothing is known. */
export function unknownLine({ offline }: DomainReport, text: CheckText): string {
  return offline ? text.notInZones : text.unknown;
}

/** As what the domain was checked, and with what of the configuration. */
export function profileLine({ report, onlyNew, ownServer }: ShownReport, text: CheckText): string {
  const words = text.profile[report.profile];
  return [
    report.profileGuessed ? text.profileGuessed(words) : text.profileGiven(words),
    ...(ownServer === undefined
      ? []
      : [text.ownServer(ownServer.hostname, ownServer.addresses.map(formatIp))]),
    ...(report.beyondZones && !report.offline ? [text.beyondZones] : []),
    ...(onlyNew ? [text.onlyNew] : []),
  ].join(text.betweenSentences);
}

function findingLines(found: Finding, shown: ShownChanges, io: Io, text: CheckText): string[] {
  const { style, columns } = io;
  const width = Math.max(...Object.values(text.severity).map(displayWidth));
  const indent = " ".repeat(width + 2);
  const written = writeFinding(found, io.lang);
  const word = paint(found.severity, style)(padEnd(text.severity[found.severity], width));
  const [first = "", ...rest] = hanging(indent, printable(written.text), columns);
  return [
    `${word}  ${first.trimStart()}`,
    ...rest,
    ...(written.fix === undefined ? [] : hanging(`${indent}${text.todo}: `, printable(written.fix), columns)),
    ...changeLines(found.change ?? [], shown, indent, io, text),
    style.dim(`${indent}${found.id}  ${written.basis}`),
  ];
}

/** Records are not wrapped: they are there to be copied. */
function changeLines(
  changes: readonly RecordChange[],
  shown: ShownChanges,
  indent: string,
  io: Io,
  text: CheckText,
): string[] {
  const left = shown.next(changes);
  if (left.kind === "same") return hanging(indent, text.sameChange, io.columns);
  const block = (title: string, records: readonly RecordChange[]): string[] =>
    records.length === 0
      ? []
      : [
          ...hanging(indent, `${title}:`, io.columns),
          ...records.map((one) => `${indent}  ${io.style.strong(recordLine(one))}`),
        ];
  const title = left.kind === "instead" ? text.insteadOfChange : text.change.add;
  const note = left.enforces === undefined ? [] : hanging(indent, text.enforces(left.enforces), io.columns);
  return [...block(text.change.remove, left.remove), ...block(title, left.add), ...note];
}

/** One record as a line of a zone file. */
export function recordLine({ name, type, data }: RecordChange): string {
  return printable(`${name}. ${type} ${data}`);
}

function closingLines(
  report: DomainReport,
  findings: readonly Finding[],
  onlyNew: boolean,
  io: Io,
  text: CheckText,
): string[] {
  const nothing = io.style.good(onlyNew ? text.nothingNew : text.nothing);
  return [
    ...wrap(findings.length === 0 ? nothing : countLine(findings, text), io.columns),
    ...scopeLines(report, text).flatMap((line) => wrap(line, io.columns)),
  ];
}

/** How many findings of each kind. */
export function countLine(findings: readonly Finding[], text: CheckText): string {
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
  return text.count(count("error"), count("warning"), count("notice"), count("info"));
}

/** What was looked at, and what was not and why. */
export function scopeLines({ checked, skipped }: DomainReport, text: CheckText): string[] {
  const left = skipped
    .filter(({ reason }) => reason !== "not-parked")
    .map(({ subject, reason }) => `${text.subject[subject]} (${text.skipReason[reason]})`);
  return [
    text.checked(checked.map((name) => text.subject[name])),
    ...(left.length === 0 ? [] : [text.skipped(left)]),
  ];
}

function paint(severity: Severity, style: Style): (text: string) => string {
  if (severity === "error") return style.bad;
  if (severity === "warning") return style.warn;
  return severity === "notice" ? style.strong : style.dim;
}
