import { type LeftOut, leftOutOf } from "../../collect/failure/left-out.ts";
import { formatIp } from "../../core/ip.ts";
import type { AggregateHead, AggregateRecord } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsPolicyResult } from "../../core/reports/tlsrpt.ts";
import type { ReportWarning } from "../../core/reports/warnings.ts";
import type { ReportStore, StoredReport } from "../../store/reports/port.ts";
import { type ExitCode, exitOk, usageError } from "../command.ts";
import { refuseBeside } from "../idle-options.ts";
import { formatJson, type Io } from "../io.ts";
import { hanging, labelled, printable } from "../layout.ts";
import { localTime } from "../story.ts";
import { reportText } from "../text/report-text.ts";
import { exportRow } from "./export-row.ts";
import { readLimit } from "./filter.ts";
import { findReport } from "./find-report.ts";
import { reportJson } from "./list.ts";
import type { ReportValues } from "./options.ts";
import { daysOfReport, isHeartbeat } from "./report-notes.ts";
import { withReports } from "./store.ts";
import { type Column, grouped, tableLines, utcTime } from "./table.ts";

type Row = readonly [label: string, text: string];

/** Shows one report with all that is known of it. */
export async function showReport(values: ReportValues, [id]: readonly string[], io: Io): Promise<ExitCode> {
  if (id === undefined) throw usageError(io.text.usage.missingArgument("REPORT"));
  refuseBeside(values, ["limit"], "json", io);
  const limit = readLimit(values, io);
  return withReports(values.config, io, async (store) => {
    const report = await findReport(store, id, io);
    if (values.json) await printJson(store, report, io);
    else await printLines(store, report, limit ?? 50, io);
    return exitOk;
  });
}

/** Of the mail that a failure report came in. */
async function leftOutOfMail(
  store: ReportStore,
  { rawDigest }: StoredReport,
): Promise<{ readonly leftOut?: LeftOut }> {
  const raw = await store.raw(rawDigest);
  const leftOut = raw && leftOutOf(raw);
  return leftOut === undefined ? {} : { leftOut };
}

async function printJson(store: ReportStore, report: StoredReport, io: Io): Promise<void> {
  const { content, ...about } = report;
  if (content.kind !== "aggregate") {
    const shown =
      content.kind === "failure"
        ? { report: failureJson(content.report), ...(await leftOutOfMail(store, report)) }
        : { report: content.report };
    io.out(formatJson({ ...reportJson(about), ...shown }, io.isTty));
    return;
  }
  const records: object[] = [];
  for await (const one of store.records({ key: report.key, uncounted: true })) {
    const { domain: _, reporter: __, reportId: ___, begin: ____, end: _____, ...row } = exportRow(one);
    records.push(row);
  }
  const { head, warnings } = content;
  io.out(formatJson({ ...reportJson(about), head, warnings, records }, io.isTty));
}

function failureJson({ sourceIp, ...report }: FailureReport): object {
  return { ...report, ...(sourceIp !== undefined && { sourceIp: formatIp(sourceIp) }) };
}

async function printLines(store: ReportStore, report: StoredReport, limit: number, io: Io): Promise<void> {
  const { content } = report;
  const say = (lines: readonly string[]): void => lines.forEach(io.out);
  const title = `${reportText(io.lang).kind[report.kind]} ${report.key}`;
  const head = content.kind === "aggregate" ? headRows(content.head, io) : [];
  say([io.style.strong(title), ...labelled([...aboutRows(report, io), ...head], io.columns)]);
  switch (content.kind) {
    case "aggregate":
      say(warningLines(content.warnings, io));
      await printRecords(store, report, limit, io);
      return;
    case "failure": {
      const { leftOut } = await leftOutOfMail(store, report);
      say([
        "",
        ...labelled(
          [...failureRows(content.report, io), ...keptRows(content.report, leftOut, io)],
          io.columns,
        ),
      ]);
      say(warningLines(content.report.warnings, io));
      return;
    }
    case "tls":
      say(warningLines(content.report.warnings, io));
      say(content.report.policies.flatMap((policy) => ["", ...tlsLines(policy, io)]));
  }
}

function aboutRows(report: StoredReport, io: Io): Row[] {
  const text = reportText(io.lang);
  const { labels } = text;
  const { reporter, reportId, domain, begin, end, kind, conflicts } = report;
  const days = daysOfReport(report);
  const between = kind === "failure" ? utcTime(begin) : `${utcTime(begin)} – ${utcTime(end)}`;
  const period = days > 1 ? `${between}${text.spreadOver(grouped(days))}` : between;
  const content = text.counts(grouped(report.records), grouped(report.messages));
  const counts = [
    ...(kind === "aggregate" ? [isHeartbeat(report) ? text.heartbeat : content] : []),
    ...(report.counted ? [] : [text.notCounted]),
    ...(report.recordsExpired ? [text.recordsExpired] : []),
  ];
  const rows: Row[] = [
    [labels.reporter, printable(reporter)],
    [labels.id, printable(reportId)],
    [labels.domain, printable(domain)],
    [labels.period, period],
    [labels.counts, counts.join(text.sentenceGap)],
    [labels.mail, mailText(report, io)],
    [labels.sentTo, sentToText(report, io)],
    [labels.arrived, `${localTime(new Date(report.receivedAt).toISOString())}  ${printable(report.via)}`],
    [labels.digest, report.rawDigest.slice(0, 12)],
    [labels.conflicts, conflicts.length === 0 ? "" : text.sameReport(toldKeys(conflicts), report.counted)],
  ];
  return rows.filter(([, value]) => value !== "");
}

const maxConflicts = 20;

function toldKeys(keys: readonly string[]): string {
  return keys.slice(0, maxConflicts).join(", ") + (keys.length > maxConflicts ? ", …" : "");
}

function mailText({ mail }: StoredReport, io: Io): string {
  if (mail === undefined) return "";
  const { mail: verdicts, mailBy } = reportText(io.lang);
  const by = mailBy[mail.by];
  const from = mail.fromDomain === undefined ? "" : `${printable(mail.fromDomain)}: `;
  return `${from}${verdicts[mail.verdict]}${by === "" ? "" : ` (${by})`}`;
}

function sentToText({ mail, domain }: StoredReport, io: Io): string {
  if (mail?.sentTo === undefined) return "";
  const { destination, sentTo } = mail;
  const address = printable(sentTo);
  return destination === undefined
    ? address
    : `${address}: ${printable(reportText(io.lang).destination(destination, domain))}`;
}

function headRows({ email, extraContactInfo, policy, errors }: AggregateHead, io: Io): Row[] {
  const { labels } = reportText(io.lang);
  const { domain: _, ...tags } = policy;
  const written = Object.entries(tags).map(([tag, value]) => `${tagNames[tag] ?? tag}=${value}`);
  const rows: Row[] = [
    [labels.contact, [email, extraContactInfo ?? ""].filter((one) => one !== "").join(" ")],
    [labels.policy, written.join("; ")],
    ...errors.slice(0, 10).map((error): Row => [labels.errors, error]),
  ];
  return rows.filter(([, value]) => value !== "").map(([label, value]) => [label, printable(value)]);
}

const tagNames: Readonly<Record<string, string>> = {
  testing: "testing",
  discoveryMethod: "discovery_method",
};

function warningLines(warnings: readonly ReportWarning[], io: Io): string[] {
  const text = reportText(io.lang);
  if (warnings.length === 0) return [];
  const rows = warnings.map(({ id, at = "", value, times }): Row => {
    const found = value === undefined || value === "" ? "" : ` "${printable(value)}"`;
    const often = times === undefined ? "" : ` (${text.times(times)})`;
    return [printable(at), `${text.warning(id)}${found}${often}`];
  });
  return ["", io.style.warn(text.labels.warnings), ...labelled(rows, io.columns)];
}

async function printRecords(
  store: ReportStore,
  { key, records: all }: StoredReport,
  limit: number,
  io: Io,
): Promise<void> {
  const text = reportText(io.lang);
  const records: AggregateRecord[] = [];
  let left = 0;
  for await (const { record } of store.records({ key, uncounted: true })) {
    if (records.length < limit) records.push(record);
    else {
      left = all - limit;
      break;
    }
  }
  if (records.length === 0) return;
  const [title = "", ...lines] = tableLines(
    recordColumns(io),
    records.map((one) => recordRow(one, io)),
    io,
  );
  io.out("");
  io.out(title);
  for (const [index, line] of lines.entries()) {
    io.out(line);
    for (const more of resultLines(records[index] as AggregateRecord, io)) io.out(io.style.dim(more));
  }
  if (left > 0) io.out(text.moreRecords(grouped(left), `--limit ${all}`));
}

function recordColumns(io: Io): readonly Column[] {
  const { columns } = reportText(io.lang);
  return [
    { title: columns.source },
    { title: columns.messages, right: true },
    { title: columns.disposition, least: 10 },
    { title: "DKIM" },
    { title: "SPF" },
    { title: columns.author, least: 8 },
  ];
}

function recordRow(record: AggregateRecord, io: Io): string[] {
  const { sourceIp, count, disposition, dkimAligned, spfAligned, headerFrom } = record;
  return [
    sourceIp === undefined ? reportText(io.lang).noAddress : formatIp(sourceIp),
    grouped(count),
    printable(disposition),
    dkimAligned ? "pass" : "fail",
    spfAligned ? "pass" : "fail",
    printable(headerFrom),
  ];
}

/** What the reporter found before alignment, and why it did not do what the policy asks for. */
function resultLines({ dkim, spf, overrides, envelopeFrom, envelopeTo }: AggregateRecord, io: Io): string[] {
  const { nullSender } = reportText(io.lang);
  const parts = [
    ...dkim.map(
      ({ domain, selector, result }) =>
        `dkim=${result} ${domain}${selector === undefined ? "" : `/${selector}`}`,
    ),
    ...spf.map(
      ({ domain, scope, result }) => `spf=${result} ${domain}${scope === undefined ? "" : `/${scope}`}`,
    ),
    ...(envelopeFrom === undefined ? [] : [`MAIL FROM ${envelopeFrom === "" ? nullSender : envelopeFrom}`]),
    ...(envelopeTo === undefined || envelopeTo === "" ? [] : [`RCPT TO ${envelopeTo}`]),
    ...overrides.map(({ type, comment }) => (comment === undefined ? type : `${type} (${comment})`)),
  ];
  return parts.length === 0 ? [] : hanging("    ", parts.map(printable).join("; "), io.columns);
}

function failureRows(report: FailureReport, io: Io): Row[] {
  const { labels } = reportText(io.lang);
  const { message } = report;
  const dkim = [report.dkimDomain, report.dkimSelector, report.dkimIdentity].filter(
    (one) => one !== undefined,
  );
  const failure = [report.feedbackType, report.authFailure].filter((one) => one !== undefined).join(", ");
  const rows: (readonly [string, string | undefined])[] = [
    [labels.result, failure],
    [labels.why, report.identityAlignment],
    [labels.source, report.sourceIp && formatIp(report.sourceIp)],
    [labels.envelopeFrom, report.originalMailFrom],
    [labels.envelopeTo, report.originalRcptTo],
    [labels.delivery, report.deliveryResult],
    [labels.results, report.authenticationResults],
    [labels.dkim, dkim.join(" ")],
    [labels.spf, report.spfDns],
    ...report.otherFields
      .filter(({ name }) => message?.messageId === undefined || name.toLowerCase() !== "message-id")
      .slice(0, 20)
      .map(({ name, value }) => [name, value] as const),
    [labels.author, message?.from],
    [labels.to, message?.to],
    [labels.subject, message?.subject],
    [labels.date, message?.date],
    [labels.messageId, message?.messageId],
  ];
  return rows.flatMap(([label, value]) =>
    value === undefined || value === "" ? [] : [[printable(label), printable(value)] as const],
  );
}

/** What there is not to be seen of the message, and why. */
function keptRows({ message }: FailureReport, leftOut: LeftOut | undefined, io: Io): Row[] {
  const text = reportText(io.lang);
  const cameWithoutBody = message !== undefined && !message.hasBody;
  if (cameWithoutBody && leftOut !== "body-and-local-parts") return [["", text.headersOnly]];
  return leftOut === undefined ? [] : [["", text.leftOut[leftOut]]];
}

function tlsLines(policy: TlsPolicyResult, io: Io): string[] {
  const { labels, sessions, nothing } = reportText(io.lang);
  const { policyType, policyDomain = "", policyString, mxHost, successful, failed, failures } = policy;
  const rows: Row[] = [
    [labels.policy, policyString.join("; ")],
    [labels.mxHosts, mxHost.join(", ")],
    [labels.sessions, sessions(grouped(successful), grouped(failed))],
    ...failures.slice(0, 100).map((failure): Row => {
      const { resultType, failedSessions, sendingMtaIp, receivingMxHostname, failureReasonCode } = failure;
      const where = [sendingMtaIp, receivingMxHostname].filter((one) => one !== undefined).join(" → ");
      const parts = [`${resultType} ${grouped(failedSessions)}`, where, failureReasonCode ?? ""];
      return [labels.failures, parts.filter((one) => one !== "").join("; ")];
    }),
  ];
  const title = `${printable(policyType === "" ? nothing : policyType)} ${printable(policyDomain)}`.trimEnd();
  const shown = rows
    .filter(([, value]) => value !== "")
    .map(([label, value]): Row => [label, printable(value)]);
  return [io.style.strong(title), ...labelled(shown, io.columns)];
}
