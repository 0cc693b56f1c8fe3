import type { IpAddress } from "../ip.ts";
import type { ReportWarning } from "./warnings.ts";

/**
 * An aggregate report (RFC 7489 appendix C, RFC 9990 §3.1), as it was read: values that the RFCs name in lower case, others
 * as the reporter wrote them, everything trimmed and bounded. Records come one by one (`AggregateReader`), since a report
 * can have 50,000 of them.
 */
export interface AggregateHead {
  /** RFC 7489: `1.0`; as written. */
  readonly version?: string;
  /** Of the root element. */
  readonly namespace?: string;
  /** Filled from the mail when the report has none (with a warning); empty when nobody says. */
  readonly orgName: string;
  readonly email: string;
  readonly extraContactInfo?: string;
  readonly reportId: string;
  /** Seconds since 1970, UTC; `begin` is not after `end`. */
  readonly begin: number;
  readonly end: number;
  readonly errors: readonly string[];
  readonly generator?: string;
  readonly policy: PublishedPolicy;
}

/** `policy_published`; what the reporter left out is absent. */
export interface PublishedPolicy {
  /** Lower case, A-labels, without a final dot. */
  readonly domain: string;
  readonly p?: string;
  readonly sp?: string;
  readonly np?: string;
  readonly adkim?: string;
  readonly aspf?: string;
  readonly pct?: string;
  readonly fo?: string;
  readonly testing?: string;
  readonly discoveryMethod?: string;
}

export interface AggregateRecord {
  /** Plain; v4-mapped addresses as IPv4, ports and what else stands around it cut off. Absent where the report has none. */
  readonly sourceIp?: IpAddress;
  /** Messages: a whole number from 0 of ten digits at most; negative, larger and unreadable counts are 0, with a warning. */
  readonly count: number;
  /** `none`, `quarantine`, `reject`, `pass`, or what stood there. */
  readonly disposition: string;
  /** Of `policy_evaluated`, or worked out from `auth_results` (with a warning). */
  readonly dkimAligned: boolean;
  readonly spfAligned: boolean;
  readonly overrides: readonly PolicyOverride[];
  /** Lower case, A-labels where possible. */
  readonly headerFrom: string;
  /** Absent: not reported; empty: the null sender. */
  readonly envelopeFrom?: string;
  readonly envelopeTo?: string;
  readonly dkim: readonly DkimAuthResult[];
  readonly spf: readonly SpfAuthResult[];
}

export interface PolicyOverride {
  readonly type: string;
  readonly comment?: string;
}

export interface DkimAuthResult {
  readonly domain: string;
  readonly selector?: string;
  readonly result: string;
  readonly humanResult?: string;
}

export interface SpfAuthResult {
  readonly domain: string;
  /** `helo` or `mfrom`. */
  readonly scope?: string;
  readonly result: string;
  readonly humanResult?: string;
}

/** What became of a report when it was read to its end. */
export type AggregateOutcome =
  | { readonly kind: "read"; readonly head: AggregateHead; readonly warnings: readonly ReportWarning[] }
  /** There is no report in it, and none was meant to be. */
  | { readonly kind: "skipped"; readonly reason: "unused" | "empty" }
  | { readonly kind: "unread"; readonly reason: UnreadReason };

export type UnreadReason =
  | "not-xml"
  | "not-a-report"
  /** A DOCTYPE with declarations: entities are never resolved. */
  | "document-type"
  | "no-domain"
  | "no-date-range"
  | "too-large"
  | "too-deep"
  | "cut-off";
