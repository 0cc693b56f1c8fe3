import type { AggregateOutcome, AggregateRecord } from "../core/reports/aggregate.ts";
import { openAggregateReader } from "../core/reports/aggregate-reader.ts";
import type { FailureReport } from "../core/reports/failure.ts";
import { readDateText } from "../core/reports/report-time.ts";
import { readTlsReport } from "../core/reports/tlsrpt-json.ts";
import { Pause } from "../store/pause.ts";
import { PackedRecords } from "../store/reports/packed-records.ts";
import type { MailJudgement, ReadDocument } from "../store/reports/port.ts";
import type { ReportSubject } from "./check-destination.ts";
import { type FoundDocument, findDocuments } from "./extract/find-documents.ts";
import { Allowance, type ExtractLimits, type RefusedReason } from "./extract/limits.ts";
import type { Mail } from "./extract/mime-part.ts";
import { readFailureMail, readTextFailure } from "./extract/read-failure.ts";

export interface ReadArrivalOptions {
  /** Of the file, for what its name says. */
  readonly fileName?: string;
  readonly limits?: ExtractLimits;
  /** Told of an inner fault, which ends the reading of the arrival. */
  readonly onFault?: (error: unknown) => void;
  /** Whether the mail that brought a report is what it says it is; asked once for each mail. */
  readonly judge?: (mail: Mail) => Promise<MailJudgement>;
  /** Whether a report was to come to where its mail came; asked for each report that a judged mail brought. */
  readonly destination?: (
    mail: Mail,
    about: ReportSubject,
  ) => Promise<Pick<MailJudgement, "sentTo" | "destination">>;
}

/**
 * Reads everything in one mail or file. Never rejects: what cannot be read is a document that says why. An arrival always
 * has at least one document.
 */
export async function readArrival(
  octets: Buffer,
  options: ReadArrivalOptions = {},
): Promise<readonly ReadDocument[]> {
  const documents: ReadDocument[] = [];
  try {
    for await (const document of readDocuments(octets, options)) documents.push(document);
  } catch (error) {
    // What comes behind it must not wait for ever; its octets are kept, and a mended version reads them again.
    options.onFault?.(error);
    documents.push({ kind: "unread", ordinal: documents.length, reason: "fault" });
  }
  return documents;
}

/** The same one by one. An inner fault ends it: it throws. */
export async function* readDocuments(
  octets: Buffer,
  options: Omit<ReadArrivalOptions, "onFault"> = {},
): AsyncGenerator<ReadDocument, void> {
  const judged = new Judged(options);
  const allowance = new Allowance(options.limits);
  const pause = new Pause();
  let ordinal = 0;
  for await (const found of findDocuments(octets, allowance, options.fileName)) {
    const context = { judged, allowance, pause };
    const documents =
      found.kind === "xml"
        ? await readXml(found, ordinal, context)
        : [await readDocument(found, ordinal, context)];
    yield* documents;
    ordinal += documents.length;
    await pause.whenLong();
  }
}

interface ReadContext {
  readonly judged: Judged;
  readonly allowance: Allowance;
  readonly pause: Pause;
}

class Judged {
  readonly #judge: ReadArrivalOptions["judge"];
  readonly #destination: ReadArrivalOptions["destination"];
  readonly #verdicts = new Map<Mail, Promise<MailJudgement>>();

  constructor({ judge, destination }: ReadArrivalOptions) {
    this.#judge = judge;
    this.#destination = destination;
  }

  async of(mail: Mail | undefined, about: ReportSubject): Promise<{ readonly mail?: MailJudgement }> {
    if (mail === undefined || this.#judge === undefined) return {};
    const verdict = this.#verdicts.get(mail) ?? this.#judge(mail);
    this.#verdicts.set(mail, verdict);
    return { mail: { ...(await verdict), ...(await this.#destination?.(mail, about)) } };
  }
}

async function readDocument(
  found: Exclude<FoundDocument, FoundXml>,
  ordinal: number,
  context: ReadContext,
): Promise<ReadDocument> {
  switch (found.kind) {
    case "json":
      return readJson(found, ordinal, context);
    case "feedback":
      return failureDocument(readFailureMail(found.failure), found.mail, ordinal, context);
    case "plain-mail":
      return readPlainMail([found.mail, ...found.inner], ordinal, context);
    case "empty":
      return { kind: "skipped", ordinal, ...nameOf(found), reason: "empty" };
    case "refused":
      return { kind: "unread", ordinal, ...nameOf(found), reason: found.reason };
    case "unknown":
      return { kind: "unread", ordinal, ...nameOf(found), reason: whyUnknown(found.octets) };
  }
}

/** How xz, bzip2, 7z, zstd and RAR begin: nothing here unpacks them, and a person may. */
const otherPackings = ["\xfd7zXZ\0", "BZh", "7z\xbc\xaf\x27\x1c", "(\xb5/\xfd", "Rar!\x1a\x07"];

function whyUnknown(octets: Buffer): "unknown-method" | "not-a-report" {
  const start = octets.toString("latin1", 0, 8);
  return otherPackings.some((packing) => start.startsWith(packing)) ? "unknown-method" : "not-a-report";
}

function nameOf({ hints }: Pick<Extract<FoundDocument, { readonly hints: unknown }>, "hints">): {
  readonly name?: string;
} {
  return hints.fileName === undefined ? {} : { name: hints.fileName };
}

/** The text of a piece is in memory while it is read, and for some time after. */
const pieceOctets = 16 * 1024;

type FoundXml = Extract<FoundDocument, { readonly kind: "xml" }>;

/** What became of one report of a file, which may have several. */
interface XmlReport {
  readonly outcome: AggregateOutcome | { readonly kind: "unread"; readonly reason: RefusedReason };
  readonly records: PackedRecords;
}

async function readXml(found: FoundXml, ordinal: number, context: ReadContext): Promise<ReadDocument[]> {
  const documents: ReadDocument[] = [];
  for (const { outcome, records } of await xmlReports(found, context)) {
    const about = { ordinal: ordinal + documents.length, ...nameOf(found) };
    if (outcome.kind !== "read") {
      documents.push({ kind: outcome.kind, ...about, reason: outcome.reason });
      continue;
    }
    const { head, warnings } = outcome;
    const judgement = await context.judged.of(found.mail, { kind: "aggregate", domain: head.policy.domain });
    documents.push({ kind: "aggregate", ...about, head, records, warnings, ...judgement });
  }
  return documents;
}

async function xmlReports(found: FoundXml, { allowance, pause }: ReadContext): Promise<readonly XmlReport[]> {
  const reports: XmlReport[] = [];
  let records = new PackedRecords();
  let refused: RefusedReason | undefined;
  const onRecord = (record: AggregateRecord): void => {
    if (!allowance.tookRecord()) refused ??= "too-large";
    if (refused === undefined) records.add(record);
  };
  const onNext = (outcome: AggregateOutcome): void => {
    if (refused !== undefined) return;
    reports.push({ outcome, records });
    records = new PackedRecords();
    if (!allowance.enter()) refused = "too-many-entries";
  };
  const reader = openAggregateReader({ hints: found.hints, onRecord, onNext });
  for await (const chunk of found.chunks) {
    for (let at = 0; at < chunk.length; at += pieceOctets) {
      reader.write(chunk.subarray(at, at + pieceOctets));
      await pause.whenLong();
    }
    if (refused !== undefined) break;
  }
  const { outcome: end } = found.end;
  const outcome = reader.finish(end !== "whole");
  if (end === "bomb") refused ??= "bomb";
  const last = refused === undefined ? outcome : ({ kind: "unread", reason: refused } as const);
  return [...reports, { outcome: last, records }];
}

/** RFC 8460 §3: a TLS report by mail has to be signed; from a file there is nobody to ask. */
async function readJson(
  found: Extract<FoundDocument, { readonly kind: "json" }>,
  ordinal: number,
  { judged }: ReadContext,
): Promise<ReadDocument> {
  const outcome = readTlsReport(found.octets, found.hints);
  const name = nameOf(found);
  if (outcome.kind === "unread") return { kind: "unread", ordinal, ...name, reason: outcome.reason };
  const { policyDomain: domain } = outcome.report.policies.find(({ policyDomain }) => policyDomain) ?? {};
  const judgement = await judged.of(found.mail, { kind: "tls", domain });
  const counted = found.mail === undefined || judgement.mail?.dkimPass === true;
  return { kind: "tls", ordinal, ...name, report: outcome.report, counted, ...judgement };
}

/** A failure report that a person has passed on is in the mail that he has attached. */
async function readPlainMail(
  mails: readonly Mail[],
  ordinal: number,
  context: ReadContext,
): Promise<ReadDocument> {
  for (const mail of mails) {
    const report = readTextFailure(mail);
    if (report !== undefined) return failureDocument(report, mail, ordinal, context);
  }
  return { kind: "skipped", ordinal, reason: "no-report" };
}

/** When a report does not say when it was: about then. */
function dateOf({ head }: Mail): Pick<FailureReport, "arrivalDate"> {
  const arrivalDate = readDateText(head.get("date") ?? "");
  return arrivalDate === undefined ? {} : { arrivalDate };
}

async function failureDocument(
  report: FailureReport,
  mail: Mail,
  ordinal: number,
  { judged }: ReadContext,
): Promise<ReadDocument> {
  const about = { kind: "failure", domain: report.reportedDomain } as const;
  const judgement = await judged.of(mail, about);
  return { kind: "failure", ordinal, report: { ...dateOf(mail), ...report }, ...judgement };
}
