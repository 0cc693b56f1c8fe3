import type { LeftOut } from "../../collect/failure/left-out.ts";
import type { DocumentOutcome, MailJudgement, ReportDestination } from "../../store/reports/port.ts";
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
  | "sentTo"
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

/** Marks of a report in a list. */
export type ReportNote =
  | "damaged"
  | "conflict"
  | "counted"
  | "notCounted"
  | "unaligned"
  | "expired"
  | "heartbeat";

/** What `sekisho report` says, in one language. */
export interface ReportText {
  readonly kind: Readonly<Record<ReportKind, string>>;
  readonly outcome: Readonly<Record<DocumentOutcome, string>>;
  readonly progress: (done: string, all: string, perSecond: string, left: string | undefined) => string;
  readonly conflict: (reporter: string, reportId: string) => string;
  /** Of one mail or file, which are not told one by one. */
  readonly moreOfArrival: (count: string) => string;
  /** What the system says of a file: the code, or what is meant by it. */
  readonly lost: (reason: string) => string;
  readonly summary: (arrivals: string, seconds: string) => string;
  readonly readTotals: (records: string, messages: string) => string;
  readonly notRead: (files: string) => string;
  readonly lookAtUnread: string;
  readonly nothingLies: string;
  readonly noReports: string;
  readonly nothingOdd: string;
  /** To the MTA, whose log it gets into. */
  readonly emptyPipe: string;
  readonly lookAtRaw: string;
  readonly noSuchReport: (key: string) => string;
  /** The reports follow. */
  readonly ambiguous: (id: string) => string;
  readonly noStore: (path: string) => string;
  readonly noSuchReporter: (name: string, known: string) => string;
  readonly severalReporters: (name: string, found: string) => string;
  readonly rawGone: (key: string) => string;
  readonly more: (option: string) => string;
  /** There may be more: only so many reports were looked through. */
  readonly lookedThrough: (reports: string, day: string, option: string) => string;
  readonly moreOdd: (option: string) => string;
  readonly moreRecords: (count: string, command: string) => string;
  readonly columns: Readonly<Record<Column, string>>;
  readonly labels: Readonly<Record<Label, string>>;
  /** Shown in lists. */
  readonly notes: Readonly<Record<ReportNote, string>>;
  readonly noteDays: (days: string) => string;
  readonly noteWarnings: (count: number) => string;
  /** What the notes mean. */
  readonly legend: Readonly<Record<ReportNote | "days" | "warnings", string>>;
  /** Stand for a number in it. */
  readonly someNumber: string;
  /** Stands for `noteWarnings` in it. */
  readonly oddities: string;
  readonly mail: Readonly<Record<MailJudgement["verdict"], string>>;
  readonly mailBy: Readonly<Record<MailJudgement["by"], string>>;
  readonly destination: (destination: ReportDestination, domain: string) => string;
  readonly counts: (records: string, messages: string) => string;
  readonly sessions: (successful: string, failed: string) => string;
  readonly notCounted: string;
  readonly recordsExpired: string;
  readonly heartbeat: string;
  /** After a period. */
  readonly spreadOver: (days: string) => string;
  /** Between what is said of the content of a report. */
  readonly sentenceGap: string;
  /** @param counted Whether it is this one that counts. */
  readonly sameReport: (keys: string, counted: boolean) => string;
  readonly noAddress: string;
  readonly nullSender: string;
  readonly headersOnly: string;
  readonly leftOut: Readonly<Record<LeftOut, string>>;
  readonly times: (count: number) => string;
  readonly warning: (id: string) => string;
  readonly reason: (reason: string) => string;
  readonly reparsed: (arrivals: string, changed: string) => string;
  readonly rawOver: (count: string) => string;
  /** Mails and files, or what was read of them. */
  readonly damagedParts: (count: string) => string;
  readonly nothing: string;
  readonly backedUp: (path: string) => string;
  readonly backupExists: (path: string) => string;
  readonly noBackupFolder: (path: string) => string;
  readonly rawIsNoText: string;
  readonly subdomainsOfWhat: string;
  readonly exportOfKind: (kind: string) => string;
  readonly groupOfKind: (kind: string) => string;
  readonly notForOutcome: (option: string, outcome: string) => string;
  readonly emptySpan: (since: string, before: string) => string;
  readonly badDate: (option: string, value: string) => string;
  readonly badCursor: (value: string) => string;
  readonly badChoice: (option: string, value: string, choices: string) => string;
  readonly badNumber: (option: string, value: string) => string;
}

export function reportText(lang: Lang): ReportText {
  return lang === "ja" ? reportJa : reportEn;
}
