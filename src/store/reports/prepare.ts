import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import {
  type IdentifiedReport,
  identifyAggregate,
  identifyFailure,
  identifyTls,
  identityDigest,
  type ReportIdentity,
} from "./identity.ts";
import { PackedRecords } from "./packed-records.ts";
import type { IngestRequest, MailJudgement, RawArrival, ReadDocument } from "./port.ts";
import type { TransactionNeeds } from "./sql.ts";
import { bounded, daysOf, tlsNames } from "./sums.ts";
import { ownText } from "./text-table.ts";

/** An arrival made ready for a store, before its transaction begins. */
export interface PreparedArrival {
  readonly raw: RawArrival;
  readonly documents: readonly PreparedDocument[];
}

export type PreparedDocument =
  | {
      readonly kind: "skipped" | "unread";
      readonly ordinal: number;
      readonly name: string | undefined;
      readonly reason: string;
    }
  | PreparedReport;

export interface PreparedReport {
  readonly kind: ReportIdentity["kind"];
  readonly ordinal: number;
  readonly name: string | undefined;
  readonly identity: ReportIdentity;
  /** SHA-256 of `identity`, and of what the report says. */
  readonly identityDigest: Uint8Array;
  readonly digest: Uint8Array;
  /** RFC 8460 §3: a TLS report that nobody signed does not count. */
  readonly countable: boolean;
  /** 1: of a mail that is not what it says it is. */
  readonly trust: 0 | 1;
  readonly mail: MailJudgement | undefined;
  readonly records: PackedRecords;
  readonly recordCount: number;
  readonly messages: number;
  /** Everything of it but its records. */
  readonly json: string;
  readonly tls: TlsReport | undefined;
}

export async function prepareArrival({ raw, documents }: IngestRequest): Promise<PreparedArrival> {
  const prepared: PreparedDocument[] = [];
  for (const document of documents) prepared.push(await prepareDocument(document));
  return { raw: { ...raw, via: storable(raw.via) }, documents: prepared };
}

async function prepareDocument(document: ReadDocument): Promise<PreparedDocument> {
  const { kind, ordinal } = document;
  const name = document.name === undefined ? undefined : storable(document.name);
  switch (kind) {
    case "skipped":
    case "unread":
      return { kind, ordinal, name, reason: storable(document.reason) };
    case "aggregate":
      return prepareAggregate(document, name);
    case "tls":
      return prepareTls(document, name);
    case "failure":
      return prepareFailure(document, name);
  }
}

type Document<Kind> = Extract<ReadDocument, { readonly kind: Kind }>;

async function prepareAggregate(
  document: Document<"aggregate">,
  name: string | undefined,
): Promise<PreparedReport> {
  const { head, records, warnings } = document;
  return {
    ...frame(document, name, await identifyAggregate(head, records, warnings)),
    countable: true,
    records,
    recordCount: records.length,
    messages: whole(records.boundedMessages),
    json: JSON.stringify({ head, warnings }),
    tls: undefined,
  };
}

const noRecords = new PackedRecords();

function prepareTls(document: Document<"tls">, name: string | undefined): PreparedReport {
  const { report, counted } = document;
  const { policies } = report;
  return {
    ...frame(document, name, identifyTls(report)),
    countable: counted,
    records: noRecords,
    recordCount: policies.length,
    messages: whole(policies.reduce((sum, { successful, failed }) => sum + bounded(successful + failed), 0)),
    json: JSON.stringify({ report }),
    tls: report,
  };
}

function prepareFailure(document: Document<"failure">, name: string | undefined): PreparedReport {
  const { report, mail } = document;
  return {
    ...frame(document, name, identifyFailure(report, mail?.fromDomain ?? "")),
    countable: true,
    records: noRecords,
    recordCount: 1,
    messages: bounded(report.incidents),
    json: JSON.stringify({ report: withPlainAddress(report) }),
    tls: undefined,
  };
}

type Frame = Omit<PreparedReport, "countable" | "records" | "recordCount" | "messages" | "json" | "tls">;

function frame(
  { kind, ordinal, mail }: Document<"aggregate" | "tls" | "failure">,
  name: string | undefined,
  { identity: written, digest }: IdentifiedReport,
): Frame {
  const identity = {
    ...written,
    reporter: ownText(storable(written.reporter)),
    reportId: storable(written.reportId),
    domain: ownText(storable(written.domain)),
  };
  const trust = mail?.verdict === "unaligned" ? 1 : 0;
  return { kind, ordinal, name, identity, identityDigest: identityDigest(identity), digest, trust, mail };
}

/** Addresses stand in JSON as lists of octets. */
function withPlainAddress({ sourceIp, ...rest }: FailureReport): object {
  return sourceIp === undefined ? rest : { ...rest, sourceIp: [...sourceIp.octets] };
}

/** SQLite gives back no larger number. */
function whole(messages: number): number {
  return Math.min(messages, Number.MAX_SAFE_INTEGER);
}

/** PostgreSQL has no NUL in texts, UTF-8 no half surrogates; what is written once is to read the same everywhere. */
export function storable(text: string): string {
  const formed = text.toWellFormed();
  return formed.includes("\0") ? formed.replaceAll("\0", "\uFFFD") : formed;
}

/** With more sums of sources than this a transaction has nobody beside it, so that it need not hold them all back. */
const sumsBesideOthers = 40_000;

/** What a transaction will need that keeps these arrivals. */
export function needsOf(arrivals: readonly PreparedArrival[]): TransactionNeeds {
  const reports = arrivals.flatMap(({ documents }) => documents.filter((one) => "identity" in one));
  return {
    alone: reports.reduce((sum, report) => sum + sumsOf(report), 0) > sumsBesideOthers,
    touches: [
      ...arrivals.map(({ raw }) => Buffer.from(raw.digest, "hex")),
      ...reports.map(({ identityDigest: digest }) => digest),
    ],
    names: again(() => namesOf(reports)),
    details: again(() => detailsOf(reports)),
  };
}

/** At most. */
function sumsOf({ identity: { begin, end }, records }: PreparedReport): number {
  return records.length * daysOf(begin, end, records.length).length;
}

/** Not every engine asks. */
function again(texts: () => Iterator<string>): Iterable<string> {
  return { [Symbol.iterator]: texts };
}

function* namesOf(reports: readonly PreparedReport[]): Iterator<string> {
  for (const { identity, records, tls } of reports) {
    yield identity.reporter;
    yield identity.domain;
    for (const name of tls === undefined ? [] : tlsNames(tls)) yield storable(name);
    for (const name of records.names.texts) yield storable(name);
  }
}

function* detailsOf(reports: readonly PreparedReport[]): Iterator<string> {
  for (const { records } of reports) yield* records.details.texts;
}
