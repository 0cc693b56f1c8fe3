import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { octetsAddress } from "./address-octets.ts";
import { storedObject } from "./damage.ts";
import type {
  KnownDocument,
  MailJudgement,
  OddDocument,
  ReportSummary,
  SourceTally,
  StoredReport,
} from "./port.ts";
import { readDetail } from "./record-detail.ts";
import type { Row } from "./sql.ts";
import { type Sums, sumNames } from "./sums.ts";

export function aggregateRecord(row: Row): AggregateRecord {
  const sourceIp = octetsAddress(row["ip"] as Uint8Array);
  const aligned = Number(row["aligned"]);
  const envelopeFrom = row["envelope_from"];
  const envelopeTo = row["envelope_to"];
  return {
    ...(sourceIp !== undefined && { sourceIp }),
    count: Number(row["messages"]),
    disposition: String(row["disposition"]),
    dkimAligned: (aligned & 1) !== 0,
    spfAligned: (aligned & 2) !== 0,
    headerFrom: String(row["header_from"]),
    ...(envelopeFrom !== null && { envelopeFrom: String(envelopeFrom) }),
    ...(envelopeTo !== null && { envelopeTo: String(envelopeTo) }),
    ...readDetail(String(row["detail"])),
  };
}

export function sumsOf(row: Row): Sums {
  return Object.fromEntries(sumNames.map((name) => [name, Number(row[name])])) as unknown as Sums;
}

/** @param alike Rows of records. */
export function sourceTally(row: Row, alike: readonly Row[]): SourceTally {
  const ip = octetsAddress(row["ip"] as Uint8Array);
  const number = (name: string): number => Number(row[name]);
  return {
    ...(ip !== undefined && { ip }),
    domain: String(row["domain"]),
    messages: number("messages"),
    dkim: number("dkim"),
    spf: number("spf"),
    passed: number("passed"),
    quarantined: number("quarantined"),
    rejected: number("rejected"),
    reporters: number("reporters"),
    firstSeen: number("first_at"),
    lastSeen: number("last_at"),
    alike: alike.flatMap(readableRecord),
  };
}

/** Where some are examples of many, one that is damaged is left out; who asks for it by itself is told. */
function readableRecord(row: Row): readonly AggregateRecord[] {
  try {
    return [aggregateRecord(row)];
  } catch {
    return [];
  }
}

/** What `report.json` holds when it is not damaged: the head of an aggregate report, or a whole failure or TLS report. */
interface ReportJson {
  readonly head?: unknown;
  readonly report?: { readonly warnings?: readonly unknown[] };
  readonly warnings?: readonly unknown[];
}

export function reportSummary(row: Row): ReportSummary {
  try {
    return summaryOf(row, jsonOf(row), mailOf(row));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ...summaryOf(row, {}, undefined), damaged: true };
  }
}

function jsonOf(row: Row): ReportJson {
  const json: ReportJson = storedObject(row["json"]);
  if (row["kind"] === "tls") tlsContent(json);
  if (
    row["kind"] === "aggregate"
      ? !isObject(json.head) || !Array.isArray(json.warnings)
      : !isObject(json.report)
  )
    throw new SyntaxError("no report");
  return json;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What `report.json` holds of a TLS report. @throws SyntaxError for anything else. */
export function tlsContent(json: ReportJson): TlsReport {
  const { report } = json;
  if (!isObject(report) || !("policies" in report) || !Array.isArray(report.policies))
    throw new SyntaxError("no TLS report");
  return report as unknown as TlsReport;
}

function mailOf({ mail }: Row): MailJudgement | undefined {
  return mail === null ? undefined : (storedObject(mail) as MailJudgement);
}

function summaryOf(row: Row, json: ReportJson, mail: MailJudgement | undefined): ReportSummary {
  return {
    key: String(row["key"]),
    kind: String(row["kind"]) as ReportSummary["kind"],
    reporter: String(row["reporter"]),
    reportId: String(row["report_id"]),
    domain: String(row["domain"]),
    begin: Number(row["begin_at"]),
    end: Number(row["end_at"]),
    records: Number(row["records"]),
    recordsExpired: String(row["kind"]) === "aggregate" && Number(row["stored"]) < Number(row["records"]),
    messages: Number(row["messages"]),
    counted: Number(row["counted"]) === 1,
    // A boolean in PostgreSQL, a number in SQLite.
    conflict: Boolean(row["conflict"]),
    ...(mail !== undefined && { mailVerdict: mail.verdict }),
    warnings: (json.warnings ?? json.report?.warnings ?? []).length,
    receivedAt: Number(row["received_at"]),
  };
}

/** @throws SyntaxError for one that is damaged, as `aggregateRecord` and `knownDocument`. */
export function storedReport(row: Row, conflicts: readonly string[]): StoredReport {
  const json = jsonOf(row);
  const mail = mailOf(row);
  return {
    ...summaryOf(row, json, mail),
    rawDigest: Buffer.from(row["digest"] as Uint8Array).toString("hex"),
    via: String(row["via"]),
    content: contentOf(String(row["kind"]), json),
    ...(mail !== undefined && { mail }),
    conflicts,
  };
}

function contentOf(kind: string, json: ReportJson): StoredReport["content"] {
  if (kind === "aggregate")
    return { kind, head: json.head, warnings: json.warnings } as StoredReport["content"];
  if (kind === "tls") return { kind, report: json.report } as StoredReport["content"];
  return { kind: "failure", report: failureOf(json.report) };
}

function failureOf(json: unknown): FailureReport {
  const { sourceIp, ...rest } = json as Omit<FailureReport, "sourceIp"> & {
    readonly sourceIp?: readonly number[];
  };
  if (sourceIp === undefined) return rest;
  return { ...rest, sourceIp: { family: sourceIp.length === 4 ? 4 : 6, octets: Uint8Array.from(sourceIp) } };
}

export function knownDocument(row: Row): KnownDocument {
  const { name, reason, report } = row;
  const mail = mailOf(row);
  return {
    ordinal: Number(row["ordinal"]),
    kind: String(row["kind"]) as KnownDocument["kind"],
    outcome: String(row["outcome"]) as KnownDocument["outcome"],
    ...(name !== null && { name: String(name) }),
    ...(reason !== null && { reason: String(reason) }),
    ...(report !== null && { report: String(report) }),
    ...(mail !== undefined && { mail }),
  };
}

export function oddDocument(row: Row): OddDocument {
  const { name, reason, report } = row;
  return {
    rawDigest: Buffer.from(row["digest"] as Uint8Array).toString("hex"),
    via: String(row["via"]),
    receivedAt: Number(row["received_at"]),
    ordinal: Number(row["ordinal"]),
    outcome: String(row["outcome"]) as OddDocument["outcome"],
    ...(name !== null && { name: String(name) }),
    ...(reason !== null && { reason: String(reason) }),
    ...(report !== null && { key: String(report) }),
  };
}
