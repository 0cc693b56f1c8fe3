import type { ReportDestination } from "../../store/reports/port.ts";
import type { ReportText } from "./report-text.ts";

const warnings: Readonly<Record<string, string>> = {
  "filled-in": "missing; taken from the mail or the name of the file, where they tell",
  "no-record": "no record: the reporter shows that it is alive",
  repeated: "there twice; the first one counts",
  "several-rows": "more than one in a record; each row is counted as a record",
  "bad-count": "no plain number",
  "bad-source-ip": "no address",
  "no-source-ip": "missing; the record is counted without an address",
  "no-header-from": "missing",
  "no-disposition": "missing; taken for none",
  "unknown-value": "a value that no RFC names; kept as it is",
  "worked-out": "missing; worked out from the authentication results",
  "odd-time": "not written as seconds since 1970",
  "end-before-begin": "ends before it begins; exchanged",
  "cut-off": "the file ends too early; records that are complete are kept",
  "tags-mismatched": "an element is not closed, or closed twice",
  "value-cut": "too long; cut",
  "charset-guessed": "another charset than declared; guessed",
  "charset-unknown": "a charset that nobody knows",
  "escaped-twice": "the whole document was escaped once more",
  "too-many": "too many; the rest is left out",
  "no-policy-domain": "missing",
  "no-feedback-type": "missing",
};
const reasons: Readonly<Record<string, string>> = {
  unused: "the reporter says that there is nothing to report",
  empty: "nothing in it",
  "no-report": "a mail without a report",
  "not-xml": "no XML",
  "not-json": "no JSON",
  "not-a-report": "no report",
  "document-type": "refused: a document type with declarations of its own",
  "no-domain": "names no domain",
  "no-date-range": "names no days between 1973 and 2100",
  "too-large": "refused: too large",
  "too-deep": "refused: too many containers within each other",
  "cut-off": "cut off before the first complete record",
  bomb: "refused: unpacks to far more than a report can be",
  "too-many-entries": "refused: too many files in one mail or archive",
  damaged: "the archive is damaged",
  encrypted: "the archive is encrypted",
  "unknown-method": "packed in a way that is not known",
  fault: "a fault in Sekisho; it is kept, and `report reparse` reads it again",
};
const systemReasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EFBIG: "too large",
  ELOOP: "links that lead round in a circle",
  "not-a-file": "neither a file nor a folder",
  damaged: "the archive is damaged",
};

function some(count: string, one: string, many: string): string {
  return `${count} ${count === "1" ? one : many}`;
}

function destinationText(destination: ReportDestination, domain: string): string {
  switch (destination.result) {
    case "named":
      return `when it came, ${domain} asked for reports there`;
    case "not-named":
      return `when it came, the record of ${domain} named other addresses and not this one`;
    case "no-record":
      return `when it came, ${domain} asked nobody for reports of this kind`;
    case "unknown":
      return `whether ${domain} asks for reports there could not be found out, as DNS did not answer`;
    case "unconfirmed":
      return `${domain} asked for reports there, but the TXT record "v=DMARC1" at ${destination.name} was missing: reporters that go by RFC 9990 §4 send nothing`;
  }
}

export const reportEn: ReportText = {
  kind: { aggregate: "aggregate", failure: "failure", tls: "TLS" },
  outcome: {
    saved: "saved",
    seen: "seen before",
    conflict: "conflict",
    skipped: "nothing in it",
    unread: "unread",
  },
  progress: (done, all, perSecond, left) =>
    `${done} of ${all} files, ${perSecond}/s${left === undefined ? "" : `, ${left} left`}`,
  moreOfArrival: (count) => `${count} more in it are unread or in conflict`,
  conflict: (reporter, id) =>
    `${reporter} has sent other content as report ${id}; both are kept, one is counted`,
  lost: (reason) => `cannot be read: ${systemReasons[reason] ?? reason}`,
  summary: (arrivals, seconds) => `${some(arrivals, "mail or file", "mails and files")} in ${seconds} s`,
  readTotals: (records, messages) =>
    `${some(records, "record", "records")}, ${some(messages, "message", "messages")}`,
  notRead: (files) => `${some(files, "file or folder", "files and folders")} could not be read`,
  lookAtUnread:
    "sekisho report list --outcome unread shows what could not be read, sekisho report raw its octets.",
  nothingLies: "there is nothing to read",
  noReports: "no reports",
  nothingOdd: "no such mails or files",
  emptyPipe: "no mail came through the pipe; the MTA is told to try again later",
  lookAtRaw: "sekisho report raw with the id prints one as it came.",
  noSuchReport: (key) => `there is no report ${key}; sekisho report list shows them`,
  ambiguous: (id) => `several reports have the id ${id}, or one that begins so; give the number:`,
  noStore: (path) =>
    `no report has been taken in yet: there is no ${path} (data_dir of the configuration names the folder)`,
  noSuchReporter: (name, known) =>
    known === "" ? `no reporter is called ${name}` : `no reporter is called ${name}; there are: ${known}`,
  severalReporters: (name, found) => `several reporters are called like ${name}: ${found}`,
  rawGone: (key) => `the octets of ${key} are no longer kept`,
  more: (option) => `There are more: ${option}`,
  lookedThrough: (reports, day, option) =>
    `Looked through ${reports} reports, back to ${day}; to go on: ${option}`,
  moreOdd: (option) => `There are more: ${option}, or --before with the day of the last one`,
  moreRecords: (count, command) => `${some(count, "more record", "more records")}: ${command}`,
  columns: {
    key: "no.",
    begin: "begins",
    domain: "domain",
    reporter: "reporter",
    kind: "kind",
    records: "rows",
    messages: "mails",
    notes: "notes",
    source: "source",
    disposition: "done",
    author: "From",
    when: "arrived",
    id: "id",
    reason: "why",
    via: "where",
  },
  labels: {
    reporter: "Reporter",
    contact: "Contact",
    id: "Report id",
    domain: "Domain",
    period: "Period",
    policy: "Policy",
    counts: "Holds",
    mail: "Mail",
    sentTo: "Sent to",
    arrived: "Arrived",
    digest: "Octets",
    conflicts: "Conflicts",
    warnings: "Oddities",
    errors: "Errors",
    source: "Source",
    result: "Failure",
    why: "Identity-Alignment",
    delivery: "Delivery",
    envelopeFrom: "MAIL FROM",
    envelopeTo: "RCPT TO",
    results: "Results",
    dkim: "DKIM",
    spf: "SPF",
    author: "From",
    to: "To",
    subject: "Subject",
    date: "Date",
    messageId: "Message-ID",
    mxHosts: "MX",
    sessions: "Sessions",
    failures: "Failures",
  },
  notes: {
    damaged: "damaged",
    conflict: "conflict",
    counted: "counted",
    notCounted: "uncounted",
    unaligned: "forged?",
    expired: "expired",
    heartbeat: "no mail",
  },
  noteDays: (days) => `${days} days`,
  noteWarnings: (count) => `${count} odd`,
  legend: {
    damaged: "it is damaged in the database; report show tells what to do",
    conflict: "another one says that it is the same report, and something else; in no sum",
    counted: "the one of those in conflict that is in the sums",
    notCounted: "it is in no sum",
    unaligned: "its mail is not from whom it says (--without-unaligned leaves it out)",
    expired: "records of it are past their retention and gone",
    heartbeat: "it tells of no message, only that the reporter is alive",
    days: "it covers more than a day; in sums its messages are spread over the days by share",
    warnings: "so many things in it had to be guessed; report show tells which",
  },
  someNumber: "N",
  oddities: "N odd",
  mail: {
    aligned: "is from whom it says",
    unaligned: "is NOT from whom it says",
    unknown: "nothing tells whether it is from whom it says",
  },
  mailBy: {
    "authentication-results": "by the site's own Authentication-Results",
    arc: "by ARC",
    dkim: "by its DKIM signatures",
    none: "",
  },
  destination: destinationText,
  counts: (records, messages) =>
    `${some(records, "record", "records")}, ${some(messages, "message", "messages")}`,
  sessions: (successful, failed) => `${successful} successful, ${failed} failed`,
  notCounted: "in no sum",
  recordsExpired: "some records are past their retention",
  heartbeat: "no message: it only shows that the reporter is alive",
  spreadOver: (days) => ` (${days} days; in sums its messages are spread over them by share)`,
  sentenceGap: "; ",
  sameReport: (keys, counted) =>
    `${keys} (said to be the same report, with other content; ${counted ? "this one counts" : "this one does not count"})`,
  noAddress: "(none)",
  nullSender: "<>",
  headersOnly: "header only",
  leftOut: {
    body: "The body of the message was not kept (collect.failure).",
    "body-and-local-parts":
      "The body of the message was not kept, and local parts of addresses were replaced (collect.failure).",
  },
  times: (count) => `${count} times`,
  warning: (id) => warnings[id] ?? id,
  reason: (reason) => reasons[reason] ?? reason,
  reparsed: (arrivals, changed) =>
    `${some(arrivals, "mail or file", "mails and files")} read again, ${changed} with another result`,
  rawOver: (count) => `${count} are no longer kept and stay as they were read`,
  damagedParts: (count) => `${count} are damaged in the database and were not read again`,
  nothing: "nothing",
  backedUp: (path) => `everything is in ${path}`,
  backupExists: (path) => `${path} is there already; name another file`,
  noBackupFolder: (path) => `${path} cannot be written: its folder is not there`,
  rawIsNoText: "it is no text: write it to a file (sekisho report raw REPORT > FILE)",
  subdomainsOfWhat: "--subdomains needs --domain",
  exportOfKind: (kind) => `export prints records of aggregate reports, not --kind ${kind}`,
  groupOfKind: (kind) => `--group is about records of aggregate reports, not --kind ${kind}`,
  notForOutcome: (option, outcome) => `${option} means nothing to --outcome ${outcome}`,
  emptySpan: (since, before) => `--since ${since} is not before --before ${before}: no report can be between`,
  badDate: (option, value) =>
    `${option}: "${value}" is neither a day (2026-01-31), nor an RFC 3339 time, nor a time span such as 30d`,
  badCursor: (value) => `--cursor: "${value}" is none that sekisho report list has told`,
  badChoice: (option, value, choices) => `${option}: "${value}" is none of ${choices}`,
  badNumber: (option, value) => `${option}: "${value}" is no number from 1 on`,
};
