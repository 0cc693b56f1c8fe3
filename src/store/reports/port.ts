import type { IpAddress } from "../../core/ip.ts";
import type { AggregateHead, AggregateRecord } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import type { ReportWarning } from "../../core/reports/warnings.ts";

/** One mail or file as it arrived. */
export interface RawArrival {
  /** SHA-256 of the octets, in hexadecimal digits: its name in the store. */
  readonly digest: string;
  readonly octets: Buffer;
  /** Where it came from, for people: `imap://host/INBOX;UID=7`, a path, `lmtp`. */
  readonly via: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** Whether the report mail is what it says it is. "unknown" is not "unaligned". */
export interface MailJudgement {
  readonly verdict: "aligned" | "unaligned" | "unknown";
  /** Whose word it is: the site's own field, an ARC set, our own check of DKIM, or nobody's. */
  readonly by: "authentication-results" | "arc" | "dkim" | "none";
  /** Of the From address of the report mail. */
  readonly fromDomain?: string;
  /** Recipient address in `To` and whether a record that is known asks for reports there. */
  readonly sentTo?: string;
  readonly dkimPass: boolean;
}

/** A document of an arrival, read. The `ordinal` of a document is its place within the arrival. */
export type ReadDocument =
  | {
      readonly kind: "aggregate";
      readonly ordinal: number;
      readonly name?: string;
      readonly head: AggregateHead;
      readonly records: readonly AggregateRecord[];
      readonly warnings: readonly ReportWarning[];
      readonly mail?: MailJudgement;
    }
  | {
      readonly kind: "failure";
      readonly ordinal: number;
      readonly name?: string;
      readonly report: FailureReport;
      readonly mail?: MailJudgement;
    }
  | {
      readonly kind: "tls";
      readonly ordinal: number;
      readonly name?: string;
      readonly report: TlsReport;
      /** RFC 8460 §3: a mailed report without a valid DKIM signature is kept and never counted. */
      readonly counted: boolean;
      readonly mail?: MailJudgement;
    }
  | { readonly kind: "skipped"; readonly ordinal: number; readonly name?: string; readonly reason: string }
  | { readonly kind: "unread"; readonly ordinal: number; readonly name?: string; readonly reason: string };

/**
 * What became of a document. "seen": the same report with the same content is there. "conflict": a report of the same reporter, id,
 * domain and days with other content is there; both are kept, and only the first is counted.
 */
export type DocumentOutcome = "saved" | "seen" | "conflict" | "skipped" | "unread";

export interface IngestedDocument {
  readonly ordinal: number;
  readonly outcome: DocumentOutcome;
  readonly kind: ReadDocument["kind"];
  /** Of the report in the store, for `report show`. */
  readonly report?: string;
}

/** Everything of one arrival, in one transaction: raw octets, documents, records, sums. */
export interface IngestRequest {
  readonly raw: RawArrival;
  readonly documents: readonly ReadDocument[];
}

export interface ReportFilter {
  readonly domain?: string;
  readonly reporter?: string;
  readonly kind?: "aggregate" | "failure" | "tls";
  readonly outcome?: DocumentOutcome;
  /** Reports whose days touch this span; seconds since 1970. */
  readonly since?: number;
  readonly before?: number;
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string;
}

/** A row of `report export` and of questions about sources: one record of one report. */
export interface StoredRecord {
  readonly report: string;
  readonly domain: string;
  readonly reporter: string;
  readonly reportId: string;
  readonly begin: number;
  readonly end: number;
  readonly record: AggregateRecord;
}

/** Sums of one source address for one domain. */
export interface SourceSum {
  readonly ip?: IpAddress;
  readonly domain: string;
  readonly messages: number;
  readonly dkimAligned: number;
  readonly spfAligned: number;
  /** By at least one of the two. */
  readonly passed: number;
  /** Seconds since 1970. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}
