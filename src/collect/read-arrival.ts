import { setImmediate } from "node:timers/promises";
import type { AggregateRecord } from "../core/reports/aggregate.ts";
import { openAggregateReader } from "../core/reports/aggregate-reader.ts";
import { readTlsReport } from "../core/reports/tlsrpt-json.ts";
import type { MailJudgement, ReadDocument } from "../store/reports/port.ts";
import { type FoundDocument, findDocuments } from "./extract/find-documents.ts";
import { Allowance, type ExtractLimits } from "./extract/limits.ts";
import type { Mail } from "./extract/mime-part.ts";
import { readFailureMail, readTextFailure } from "./extract/read-failure.ts";

export interface ReadArrivalOptions {
  /** Of the file, for what its name says. */
  readonly fileName?: string;
  readonly limits?: ExtractLimits;
  /** Whether the mail that brought a report is what it says it is; asked once for each mail. */
  readonly judge?: (mail: Mail) => Promise<MailJudgement>;
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
  const judged = new Judged(options.judge);
  const allowance = new Allowance(options.limits);
  const pause = new Pause();
  for await (const found of findDocuments(octets, allowance, options.fileName)) {
    documents.push(await readDocument(found, documents.length, { judged, allowance, pause }));
    await pause.whenLong();
  }
  return documents;
}

interface ReadContext {
  readonly judged: Judged;
  readonly allowance: Allowance;
  readonly pause: Pause;
}

const longMs = 10;

/** Lets others work when it has taken long. */
class Pause {
  #sinceMs = performance.now();

  async whenLong(): Promise<void> {
    if (performance.now() - this.#sinceMs < longMs) return;
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}

class Judged {
  readonly #judge: ReadArrivalOptions["judge"];
  readonly #verdicts = new Map<Mail, Promise<MailJudgement>>();

  constructor(judge: ReadArrivalOptions["judge"]) {
    this.#judge = judge;
  }

  async of(mail: Mail | undefined): Promise<{ readonly mail?: MailJudgement }> {
    if (mail === undefined || this.#judge === undefined) return {};
    const verdict = this.#verdicts.get(mail) ?? this.#judge(mail);
    this.#verdicts.set(mail, verdict);
    return { mail: await verdict };
  }
}

async function readDocument(
  found: FoundDocument,
  ordinal: number,
  context: ReadContext,
): Promise<ReadDocument> {
  switch (found.kind) {
    case "xml":
      return readXml(found, ordinal, context);
    case "json":
      return readJson(found, ordinal, context);
    case "feedback":
      return {
        kind: "failure",
        ordinal,
        report: readFailureMail(found.mail),
        ...(await context.judged.of(found.mail)),
      };
    case "plain-mail":
      return readPlainMail([found.mail, ...found.inner], ordinal, context);
    case "empty":
      return { kind: "skipped", ordinal, ...nameOf(found), reason: "empty" };
    case "refused":
      return { kind: "unread", ordinal, ...nameOf(found), reason: found.reason };
    case "unknown":
      return { kind: "unread", ordinal, ...nameOf(found), reason: "not-a-report" };
  }
}

function nameOf({ hints }: Pick<Extract<FoundDocument, { readonly hints: unknown }>, "hints">): {
  readonly name?: string;
} {
  return hints.fileName === undefined ? {} : { name: hints.fileName };
}

async function readXml(
  found: Extract<FoundDocument, { readonly kind: "xml" }>,
  ordinal: number,
  { judged, allowance, pause }: ReadContext,
): Promise<ReadDocument> {
  const records: AggregateRecord[] = [];
  let tooMany = false;
  const onRecord = (record: AggregateRecord): void => {
    tooMany ||= !allowance.tookRecord();
    if (!tooMany) records.push(record);
  };
  const reader = openAggregateReader({ hints: found.hints, onRecord });
  for await (const chunk of found.chunks) {
    reader.write(chunk);
    await pause.whenLong();
    if (tooMany) break;
  }
  const { outcome: end } = found.end;
  const outcome = reader.finish(end !== "whole");
  const name = nameOf(found);
  if (tooMany) return { kind: "unread", ordinal, ...name, reason: "too-large" };
  if (end === "bomb") return { kind: "unread", ordinal, ...name, reason: "bomb" };
  if (outcome.kind !== "read") return { kind: outcome.kind, ordinal, ...name, reason: outcome.reason };
  const { head, warnings } = outcome;
  return { kind: "aggregate", ordinal, ...name, head, records, warnings, ...(await judged.of(found.mail)) };
}

/** RFC 8460 §3: a TLS report by mail has to be signed; from a file there is nobody to ask. */
async function readJson(
  found: Extract<FoundDocument, { readonly kind: "json" }>,
  ordinal: number,
  { judged }: ReadContext,
): Promise<ReadDocument> {
  const outcome = readTlsReport(found.octets);
  const name = nameOf(found);
  if (outcome.kind === "unread") return { kind: "unread", ordinal, ...name, reason: outcome.reason };
  const judgement = await judged.of(found.mail);
  const counted = found.mail === undefined || judgement.mail?.dkimPass === true;
  return { kind: "tls", ordinal, ...name, report: outcome.report, counted, ...judgement };
}

/** A failure report that a person has passed on is in the mail that he has attached. */
async function readPlainMail(
  mails: readonly Mail[],
  ordinal: number,
  { judged }: ReadContext,
): Promise<ReadDocument> {
  for (const mail of mails) {
    const report = readTextFailure(mail);
    if (report !== undefined) return { kind: "failure", ordinal, report, ...(await judged.of(mail)) };
  }
  return { kind: "skipped", ordinal, reason: "no-report" };
}
