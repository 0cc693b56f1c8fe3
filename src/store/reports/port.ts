import type { IpAddress } from "../../core/ip.ts";
import type { AggregateHead, AggregateRecord } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import type { ReportWarning } from "../../core/reports/warnings.ts";
import type { StoreError } from "../store-error.ts";
import type { PackedRecords } from "./packed-records.ts";
import type { Sums } from "./sums.ts";

/** One mail or file as it arrived. */
export interface RawArrival {
  /** SHA-256 of the octets, in hexadecimal digits: its name in the store. */
  readonly digest: string;
  readonly octets: Buffer;
  /** What is kept in place of the octets, when that is another thing; without `octets` nothing is. */
  readonly kept?: { readonly octets?: Buffer };
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
  /** The address that it came to, as far as is known. */
  readonly sentTo?: string;
  /** Whether reports were to go there when it came; absent: nobody has asked. */
  readonly destination?: ReportDestination;
  readonly dkimPass: boolean;
}

/** What DNS says of the address that a report came to, in the record of the domain that the report is about. */
export type ReportDestination =
  /** "unknown": DNS did not answer. */
  | { readonly result: "named" | "not-named" | "no-record" | "unknown" }
  /** Named, but the owner of the address lacks a record at this name (RFC 9990 §4), and nobody needs to send anything there. */
  | { readonly result: "unconfirmed"; readonly name: string };

/** A document of an arrival, read. The `ordinal` of a document is its place within the arrival. */
export type ReadDocument =
  | {
      readonly kind: "aggregate";
      readonly ordinal: number;
      readonly name?: string;
      readonly head: AggregateHead;
      readonly records: PackedRecords;
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
 * domain and days with other content is there; both are kept, and only one is counted: that of the mail that is vouched for
 * better, and among equals the first.
 */
export type DocumentOutcome = "saved" | "seen" | "conflict" | "skipped" | "unread";

export interface IngestedDocument {
  readonly ordinal: number;
  readonly outcome: DocumentOutcome;
  readonly kind: ReadDocument["kind"];
  /** Of the report in the store, for `report show`. */
  readonly report?: string;
}

/** A document of an arrival, as it was kept. */
export interface KnownDocument extends IngestedDocument {
  readonly name?: string;
  /** Why it is unread or skipped. */
  readonly reason?: string;
  readonly mail?: MailJudgement;
}

/** Everything of one arrival, in one transaction: raw octets, documents, records, sums. */
export interface IngestRequest {
  readonly raw: RawArrival;
  readonly documents: readonly ReadDocument[];
}

export interface ReportFilter {
  readonly domain?: string;
  /** Also of the domains below `domain`. */
  readonly subdomains?: boolean;
  readonly reporter?: string;
  readonly kind?: "aggregate" | "failure" | "tls";
  /** Reports whose period begins in this span; seconds since 1970, `since` included, `before` not. */
  readonly since?: number;
  readonly before?: number;
  /** Only those that are in the sums, or only those that are not. */
  readonly counted?: boolean;
  /** The report id, all of it. */
  readonly id?: string;
  /** The beginning of the report id, or all of it. */
  readonly idPrefix?: string;
  /** Without those that came by a mail that is not what it says it is. */
  readonly alignedOnly?: boolean;
  /** Only those that another one contradicts, see `DocumentOutcome`. */
  readonly conflict?: boolean;
}

export interface ReportPageQuery extends ReportFilter {
  /** 50 when left out, 1000 at most. */
  readonly limit?: number;
  /** Of the page before: only older reports. */
  readonly cursor?: string;
}

export interface ReportSummary {
  /** For `report show`, `report raw`. */
  readonly key: string;
  readonly kind: "aggregate" | "failure" | "tls";
  readonly reporter: string;
  readonly reportId: string;
  readonly domain: string;
  /** Seconds since 1970. */
  readonly begin: number;
  readonly end: number;
  readonly records: number;
  /** Whether records of it have been deleted by their age. */
  readonly recordsExpired: boolean;
  readonly messages: number;
  /** false: a conflict, or a TLS report that nobody signed. */
  readonly counted: boolean;
  /** Whether another one says that it is the same report, and something else. */
  readonly conflict: boolean;
  readonly mailVerdict?: MailJudgement["verdict"];
  readonly warnings: number;
  readonly receivedAt: number;
  /** What else it says cannot be read, or what is known of its mail: of it, there is neither `mailVerdict` nor `warnings`. */
  readonly damaged?: true;
}

export interface ReportPage {
  /** The newest period first. */
  readonly reports: readonly ReportSummary[];
  readonly cursor?: string;
}

/** A report with all that is known of it, but for the records of an aggregate report. */
export interface StoredReport extends ReportSummary {
  readonly rawDigest: string;
  readonly via: string;
  readonly content:
    | {
        readonly kind: "aggregate";
        readonly head: AggregateHead;
        readonly warnings: readonly ReportWarning[];
      }
    | { readonly kind: "failure"; readonly report: FailureReport }
    | { readonly kind: "tls"; readonly report: TlsReport };
  readonly mail?: MailJudgement;
  /** Others that say that they are the same report. */
  readonly conflicts: readonly string[];
}

export interface RecordFilter extends ReportFilter {
  /** One report alone. */
  readonly key?: string;
  /** Those of one address. */
  readonly ip?: IpAddress;
  /** Also of reports that are not counted. */
  readonly uncounted?: boolean;
}

/** One record of one report. */
export interface StoredRecord {
  readonly key: string;
  readonly domain: string;
  readonly reporter: string;
  readonly reportId: string;
  readonly begin: number;
  readonly end: number;
  readonly record: AggregateRecord;
}

/** Which records sources are judged by: those of reports that are counted and begin in this span. */
export interface TallyQuery {
  /** 200 at most; undefined stands for no address. */
  readonly ips: readonly (IpAddress | undefined)[];
  /** Seconds since 1970, `since` included, `before` not. */
  readonly since?: number;
  readonly before?: number;
  readonly alignedOnly?: boolean;
}

/** What came from one address in the name of one domain, by the records that are still kept. */
export interface SourceTally extends Readonly<Omit<Sums, "estimated">> {
  /** Absent where reports have none. */
  readonly ip?: IpAddress;
  readonly domain: string;
  readonly reporters: number;
  /** Seconds since 1970: the first begin and the last end. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** Records that are alike as one, the most messages first; 200 at most. Without `envelopeTo`, and without those that are damaged. */
  readonly alike: readonly AggregateRecord[];
}

export interface SumQuery {
  readonly domain?: string;
  /** Days since 1970, UTC: `sinceDay` included, `beforeDay` not. */
  readonly sinceDay?: number;
  readonly beforeDay?: number;
  /** Without mails that are not what they say they are. */
  readonly alignedOnly?: boolean;
  /** Rows at most; all when left out. */
  readonly limit?: number;
}

export interface SourceSum extends Readonly<Sums> {
  /** Absent where reports have none. */
  readonly ip?: IpAddress;
  readonly domain: string;
  /** Seconds since 1970, of all time. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export interface DaySum extends Readonly<Sums> {
  readonly domain: string;
  readonly day: number;
  readonly reporter: string;
}

export interface TlsSum {
  readonly domain: string;
  readonly day: number;
  readonly reporter: string;
  readonly policyType: string;
  /** Empty: sessions that succeeded. */
  readonly resultType: string;
  readonly sessions: number;
}

/** A document that is not simply saved. */
export interface OddDocument {
  readonly rawDigest: string;
  readonly via: string;
  readonly receivedAt: number;
  readonly ordinal: number;
  readonly outcome: DocumentOutcome;
  readonly name?: string;
  readonly reason?: string;
  readonly key?: string;
}

export interface RawDocument {
  readonly digest: string;
  /** What is kept: its digest is `digest` when that is all. Absent when its time is over. */
  readonly octets?: Buffer;
  /** Of `raws` alone: why its octets cannot be read, so that the others are. */
  readonly damage?: StoreError;
  /** As it came. */
  readonly size: number;
  readonly via: string;
  readonly receivedAt: number;
}

/** How old what may become; milliseconds, or undefined for no end. */
export interface ReportRetention {
  readonly rawMs?: number;
  readonly recordsMs?: number;
  readonly sumsMs?: number;
  /** Failure reports hold personal data. */
  readonly failureMs?: number;
}

export interface ReportCounts {
  readonly reports: number;
  readonly records: number;
  readonly raw: number;
  readonly unread: number;
  readonly conflicts: number;
  /** Of the database. */
  readonly octets: number;
}

/** Work that waits: what processes of one or several machines share. */
export interface JobStore {
  /** @returns false when there is a job of that kind and key, also one that is done. */
  put(kind: string, key: string, payload: object, dueMs?: number): Promise<boolean>;
  /**
   * Takes jobs that are due, the oldest first. They are nobody else's until `leaseMs` is over; then they come back, unless
   * they are done by then.
   */
  take(kind: string, most: number, leaseMs: number): Promise<readonly Job[]>;
  /** @returns false when it is somebody else's by now. */
  done(job: Job): Promise<boolean>;
  /** Gives it back, to be taken again from that time on. @returns false when it is somebody else's by now. */
  retry(job: Job, dueMs: number, error: string): Promise<boolean>;
  /** Deletes what has been done before that time; its key may come again. @returns How many. */
  forget(kind: string, beforeMs: number): Promise<number>;
}

export interface Job {
  readonly kind: string;
  readonly key: string;
  readonly payload: unknown;
  /** How often it was given back. */
  readonly failures: number;
  /** One more each time that it is taken. */
  readonly number: number;
}

/** Rights that one process at a time has, by name. */
export interface LeaseStore {
  /**
   * Takes or renews one for `ttlMs`. @returns Its number, larger each time that it goes to somebody else, so that what is
   * written with an older number can be refused; undefined while somebody else has it.
   */
  take(name: string, holder: string, ttlMs: number): Promise<number | undefined>;
  /** Gives it back, if it is still held under that number. */
  release(name: string, number: number): Promise<void>;
}

/**
 * The reports that were received, whatever keeps them. Rejects with a StoreError; where only one report or arrival is damaged that names
 * it, see `isDamagedPart`, and a list goes on with the others.
 */
export interface ReportStore {
  readonly jobs: JobStore;
  readonly leases: LeaseStore;
  /** The same as long as it is the same database; another one for one that was made anew at its place. */
  id(): Promise<string>;
  /**
   * All or nothing of each request, and of all together when the database takes them all. A request that it refuses for what is
   * in it is kept with its octets, its documents unread, and holds up no other.
   */
  ingest(requests: readonly IngestRequest[]): Promise<readonly (readonly IngestedDocument[])[]>;
  /** Whether these octets are there already. */
  has(digest: string): Promise<boolean>;
  raw(digest: string): Promise<RawDocument | undefined>;
  /** What was read of one arrival, in its order. */
  documents(digest: string): Promise<readonly KnownDocument[]>;
  /** All of them, the oldest first: for reading everything again. */
  raws(): AsyncIterable<RawDocument>;
  /**
   * Reads one arrival anew: what it said before goes, sums and all. Where records have been deleted by their age nothing
   * changes, since the sums could not be taken back; every document is "seen" then.
   */
  replace(request: IngestRequest): Promise<readonly IngestedDocument[]>;
  list(query: ReportPageQuery): Promise<ReportPage>;
  show(key: string): Promise<StoredReport | undefined>;
  /** The newest report first, within a report in its own order. Read in pieces: work may go on meanwhile. */
  records(filter: RecordFilter): AsyncIterable<StoredRecord>;
  /** The last that came first. @param received Only those that came in this span; ms since 1970, `before` not included. */
  odd(
    outcome: "unread" | "conflict" | "skipped",
    limit: number,
    received?: { readonly since?: number; readonly before?: number },
  ): Promise<readonly OddDocument[]>;
  /** That reports are about. */
  domains(): Promise<readonly string[]>;
  /** Those that reports are of. */
  reporters(): Promise<readonly string[]>;
  /** What is known of some addresses, as all domains that they send as. */
  tallies(query: TallyQuery): Promise<readonly SourceTally[]>;
  /** Those with the most messages first. */
  sources(query: SumQuery): Promise<readonly SourceSum[]>;
  days(query: SumQuery): Promise<readonly DaySum[]>;
  tls(query: SumQuery): Promise<readonly TlsSum[]>;
  /** Deletes what is too old, a batch at a time. @returns Whether there is more. */
  expire(retention: ReportRetention, nowMs: number): Promise<boolean>;
  /**
   * Copies everything to a new file while work goes on: a database of SQLite, or for PostgreSQL an archive of `pg_dump` for
   * `pg_restore`.
   */
  backup(path: string): Promise<void>;
  counts(): Promise<ReportCounts>;
  close(): Promise<void>;
}
