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
  /** Whether the mail that brought a report is what it says it is; asked once for an arrival. */
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
  const judged = new JudgedOnce(options.judge);
  for await (const found of findDocuments(octets, new Allowance(options.limits), options.fileName)) {
    const read = await readDocument(found, documents.length, judged);
    documents.push(read);
  }
  return documents;
}

class JudgedOnce {
  readonly #judge: ReadArrivalOptions["judge"];
  #verdict: Promise<MailJudgement> | undefined;

  constructor(judge: ReadArrivalOptions["judge"]) {
    this.#judge = judge;
  }

  async of(mail: Mail | undefined): Promise<{ readonly mail?: MailJudgement }> {
    if (mail === undefined || this.#judge === undefined) return {};
    this.#verdict ??= this.#judge(mail);
    return { mail: await this.#verdict };
  }
}

async function readDocument(
  found: FoundDocument,
  ordinal: number,
  judged: JudgedOnce,
): Promise<ReadDocument> {
  switch (found.kind) {
    case "xml":
      return readXml(found, ordinal, judged);
    case "json":
      return readJson(found, ordinal, judged);
    case "feedback":
      return {
        kind: "failure",
        ordinal,
        report: readFailureMail(found.mail),
        ...(await judged.of(found.mail)),
      };
    case "plain-mail":
      return readPlainMail(found.mail, ordinal, judged);
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
  judged: JudgedOnce,
): Promise<ReadDocument> {
  const records: AggregateRecord[] = [];
  const reader = openAggregateReader({ hints: found.hints, onRecord: (record) => records.push(record) });
  for await (const chunk of found.chunks) reader.write(chunk);
  const { outcome: end } = found.end;
  const outcome = reader.finish(end !== "whole");
  const name = nameOf(found);
  if (end === "bomb") return { kind: "unread", ordinal, ...name, reason: "bomb" };
  if (outcome.kind !== "read") return { kind: outcome.kind, ordinal, ...name, reason: outcome.reason };
  const { head, warnings } = outcome;
  return { kind: "aggregate", ordinal, ...name, head, records, warnings, ...(await judged.of(found.mail)) };
}

/** RFC 8460 §3: a TLS report by mail has to be signed; from a file there is nobody to ask. */
async function readJson(
  found: Extract<FoundDocument, { readonly kind: "json" }>,
  ordinal: number,
  judged: JudgedOnce,
): Promise<ReadDocument> {
  const outcome = readTlsReport(found.octets);
  const name = nameOf(found);
  if (outcome.kind === "unread") return { kind: "unread", ordinal, ...name, reason: outcome.reason };
  const judgement = await judged.of(found.mail);
  const counted = found.mail === undefined || judgement.mail?.dkimPass === true;
  return { kind: "tls", ordinal, ...name, report: outcome.report, counted, ...judgement };
}

async function readPlainMail(mail: Mail, ordinal: number, judged: JudgedOnce): Promise<ReadDocument> {
  const report = readTextFailure(mail);
  if (report === undefined) return { kind: "skipped", ordinal, reason: "no-report" };
  return { kind: "failure", ordinal, report, ...(await judged.of(mail)) };
}
