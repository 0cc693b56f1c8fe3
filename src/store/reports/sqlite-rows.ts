import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import { octetsAddress } from "./address-octets.ts";
import { readDetail } from "./identity.ts";
import type { ReportSummary, StoredReport } from "./port.ts";
import type { Sums } from "./sums.ts";

export type Row = Readonly<Record<string, unknown>>;

export const recordColumns =
  "r.ordinal, r.ip, r.messages, n1.text AS disposition, r.aligned, n2.text AS header_from, n3.text AS envelope_from, n4.text AS envelope_to, d.json AS detail";
export const recordJoins = `JOIN name n1 ON n1.key = r.disposition JOIN name n2 ON n2.key = r.header_from
  LEFT JOIN name n3 ON n3.key = r.envelope_from LEFT JOIN name n4 ON n4.key = r.envelope_to JOIN detail d ON d.key = r.detail`;

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

export const sumNames = [
  "messages",
  "dkim",
  "spf",
  "passed",
  "quarantined",
  "rejected",
  "estimated",
] as const;

export function sumsOf(row: Row): Sums {
  return Object.fromEntries(sumNames.map((name) => [name, Number(row[name])])) as unknown as Sums;
}

interface ReportJson {
  readonly head?: unknown;
  readonly report?: unknown;
  readonly warnings?: readonly unknown[];
  readonly mail?: StoredReport["mail"];
}

export function reportSummary(row: Row): ReportSummary {
  const json = JSON.parse(String(row["json"])) as ReportJson;
  return summaryOf(row, json);
}

function summaryOf(row: Row, json: ReportJson): ReportSummary {
  const own = json.report as { readonly warnings?: readonly unknown[] } | undefined;
  return {
    key: String(row["key"]),
    kind: String(row["kind"]) as ReportSummary["kind"],
    reporter: String(row["reporter"]),
    reportId: String(row["report_id"]),
    domain: String(row["domain"]),
    begin: Number(row["begin_at"]),
    end: Number(row["end_at"]),
    records: Number(row["records"]),
    messages: Number(row["messages"]),
    counted: Number(row["counted"]) === 1,
    ...(json.mail !== undefined && { mailVerdict: json.mail.verdict }),
    warnings: (json.warnings ?? own?.warnings ?? []).length,
    receivedAt: Number(row["received_at"]),
  };
}

export function storedReport(row: Row, conflicts: readonly string[]): StoredReport {
  const json = JSON.parse(String(row["json"])) as ReportJson;
  return {
    ...summaryOf(row, json),
    rawDigest: String(row["digest"]),
    via: String(row["via"]),
    content: contentOf(String(row["kind"]), json),
    ...(json.mail !== undefined && { mail: json.mail }),
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
