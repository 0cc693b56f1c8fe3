import { createHash } from "node:crypto";
import { formatIp } from "../../core/ip.ts";
import type { AggregateHead } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import type { ReportWarning } from "../../core/reports/warnings.ts";
import { Pause } from "../pause.ts";
import type { PackedRecords } from "./packed-records.ts";

/** What makes a report the same report: RFC 9990 §3.5.4 and the fact that reporters use an id for several days. */
export interface ReportIdentity {
  readonly kind: "aggregate" | "failure" | "tls";
  readonly reporter: string;
  readonly reportId: string;
  readonly domain: string;
  /** Seconds since 1970. */
  readonly begin: number;
  readonly end: number;
}

export interface IdentifiedReport {
  readonly identity: ReportIdentity;
  /** SHA-256 of what the report says; the order of its records does not count, their number does. */
  readonly digest: Uint8Array;
}

/** Whether an aggregate report has an id of its own. What mail or file name have for it differs from mail to mail. */
export function hasOwnId(warnings: readonly ReportWarning[]): boolean {
  return !warnings.some(({ id, at }) => id === "filled-in" && at === "report_metadata/report_id");
}

/** Lets others work meanwhile: there may be very many records. Without an id of its own, what a report says is its id. */
export async function identifyAggregate(
  head: AggregateHead,
  records: PackedRecords,
  warnings: readonly ReportWarning[],
): Promise<IdentifiedReport> {
  const { orgName, email, reportId, begin, end, policy } = head;
  const digest = await digestSlowly(aggregateTexts(policy, records));
  return {
    identity: {
      kind: "aggregate",
      reporter: orgName === "" ? email : orgName,
      reportId: hasOwnId(warnings) ? reportId : idOf(digest),
      domain: policy.domain,
      begin,
      end,
    },
    digest,
  };
}

function* aggregateTexts(policy: AggregateHead["policy"], records: PackedRecords): Iterable<string> {
  yield sortedJson(policy);
  yield* records.contentTexts();
}

export function identifyTls(report: TlsReport): IdentifiedReport {
  const { organizationName, contactInfo, reportId, begin, end, policies } = report;
  return {
    identity: {
      kind: "tls",
      reporter: organizationName ?? contactInfo ?? "",
      reportId,
      domain: policies.find(({ policyDomain }) => policyDomain !== undefined)?.policyDomain ?? "",
      begin,
      end,
    },
    digest: digestOf(policies.map(sortedJson).sort()),
  };
}

/** A failure report has no id of its own: what it says is its id. */
export function identifyFailure(report: FailureReport, reporter: string): IdentifiedReport {
  const { sourceIp, warnings: _, ...rest } = report;
  const at = Math.floor((report.arrivalDate ?? 0) / 1000);
  const digest = digestOf([sourceIp === undefined ? "" : formatIp(sourceIp), sortedJson(rest)]);
  return {
    identity: {
      kind: "failure",
      reporter,
      reportId: idOf(digest),
      domain: report.reportedDomain ?? "",
      begin: at,
      end: at,
    },
    digest,
  };
}

function idOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString("hex", 0, 16);
}

/** SHA-256 of an identity, by which a store finds it. */
export function identityDigest({ kind, reporter, reportId, domain, begin, end }: ReportIdentity): Uint8Array {
  return digestOf([JSON.stringify([kind, reporter, reportId, domain, begin, end])]);
}

function digestOf(texts: readonly string[]): Uint8Array {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\n");
  return hash.digest();
}

const pieceLength = 65_536;

async function digestSlowly(texts: Iterable<string>): Promise<Uint8Array> {
  const hash = createHash("sha256");
  const pause = new Pause();
  let piece = "";
  for (const text of texts) {
    piece += `${text}\n`;
    if (piece.length < pieceLength) continue;
    hash.update(piece);
    piece = "";
    await pause.whenLong();
  }
  return hash.update(piece).digest();
}

/** JSON that does not depend on the order in which a reader sets its fields. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
