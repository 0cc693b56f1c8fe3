import type { DocumentOutcome, MailJudgement } from "../../store/reports/port.ts";
import type { Lang } from "../lang.ts";
import { reportEn } from "./report-en.ts";
import { reportJa } from "./report-ja.ts";

type ReportKind = "aggregate" | "failure" | "tls";
type Column =
  | "key"
  | "begin"
  | "domain"
  | "reporter"
  | "kind"
  | "records"
  | "messages"
  | "notes"
  | "source"
  | "disposition"
  | "author"
  | "when"
  | "id"
  | "reason"
  | "via";
type Label =
  | "reporter"
  | "contact"
  | "id"
  | "domain"
  | "period"
  | "policy"
  | "counts"
  | "mail"
  | "arrived"
  | "digest"
  | "conflicts"
  | "warnings"
  | "errors"
  | "source"
  | "result"
  | "why"
  | "delivery"
  | "envelopeFrom"
  | "envelopeTo"
  | "results"
  | "dkim"
  | "spf"
  | "author"
  | "to"
  | "subject"
  | "date"
  | "messageId"
  | "mxHosts"
  | "sessions"
  | "failures";

/** What `sekisho report` says, in one language. */
export interface ReportText {
  readonly kind: Readonly<Record<ReportKind, string>>;
  readonly outcome: Readonly<Record<DocumentOutcome, string>>;
  readonly progress: (done: string, all: string, perSecond: string, left: string | undefined) => string;
  readonly conflict: (reporter: string, reportId: string) => string;
  /** What the system says of a file: the code, or what is meant by it. */
  readonly lost: (reason: string) => string;
  readonly summary: (arrivals: string, seconds: string) => string;
  readonly readTotals: (records: string, messages: string) => string;
  readonly notRead: (files: string) => string;
  readonly lookAtUnread: string;
  readonly nothingLies: string;
  readonly noReports: string;
  readonly noSuchReport: (key: string) => string;
  readonly ambiguous: (id: string, keys: string) => string;
  readonly rawGone: (key: string) => string;
  readonly more: (option: string) => string;
  readonly moreRecords: (count: string, command: string) => string;
  readonly columns: Readonly<Record<Column, string>>;
  readonly labels: Readonly<Record<Label, string>>;
  /** Shown in lists. */
  readonly notes: Readonly<Record<"notCounted" | "unaligned" | "expired", string>>;
  readonly noteWarnings: (count: number) => string;
  readonly mail: Readonly<Record<MailJudgement["verdict"], string>>;
  readonly mailBy: Readonly<Record<MailJudgement["by"], string>>;
  readonly counts: (records: string, messages: string) => string;
  readonly sessions: (successful: string, failed: string) => string;
  readonly notCounted: string;
  readonly recordsExpired: string;
  readonly noAddress: string;
  readonly nullSender: string;
  readonly headersOnly: string;
  readonly times: (count: number) => string;
  readonly warning: (id: string) => string;
  readonly reason: (reason: string) => string;
  readonly reparsed: (arrivals: string, changed: string) => string;
  readonly rawOver: (count: string) => string;
  readonly nothing: string;
  readonly backedUp: (path: string) => string;
  readonly badDate: (option: string, value: string) => string;
  readonly badChoice: (option: string, value: string, choices: string) => string;
  readonly badNumber: (option: string, value: string) => string;
  readonly notForAction: (option: string, action: string) => string;
}

export function reportText(lang: Lang): ReportText {
  return lang === "ja" ? reportJa : reportEn;
}
