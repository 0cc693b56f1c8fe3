import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { FailureReport } from "../../core/reports/failure.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { addressOctets } from "./address-octets.ts";
import {
  type IdentifiedReport,
  identifyAggregate,
  identifyFailure,
  identifyTls,
  identityDigest,
  type ReportIdentity,
} from "./identity.ts";
import type { IngestRequest, MailJudgement, RawArrival, ReadDocument } from "./port.ts";
import { recordDetail } from "./record-detail.ts";
import type { TransactionNeeds } from "./sql.ts";
import { bounded, type SummedRecord, tlsNames } from "./sums.ts";

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
  readonly records: readonly PreparedRecord[];
  readonly recordCount: number;
  readonly messages: number;
  /** Everything of it but its records. */
  readonly json: string;
  readonly tls: TlsReport | undefined;
}

export interface PreparedRecord extends SummedRecord {
  readonly record: AggregateRecord;
  readonly detail: string;
}

export function prepareArrival({ raw, documents }: IngestRequest): PreparedArrival {
  return { raw: { ...raw, via: storable(raw.via) }, documents: documents.map(prepareDocument) };
}

function prepareDocument(document: ReadDocument): PreparedDocument {
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

function prepareAggregate(document: Document<"aggregate">, name: string | undefined): PreparedReport {
  const { head, warnings } = document;
  const records = document.records.map(prepareRecord);
  return {
    ...frame(
      document,
      name,
      identifyAggregate(
        head,
        records.map(({ record }) => record),
        records.map(({ detail }) => detail),
      ),
    ),
    countable: true,
    records,
    recordCount: records.length,
    messages: whole(records.reduce((sum, { count }) => sum + count, 0)),
    json: JSON.stringify({ head, warnings }),
    tls: undefined,
  };
}

function prepareRecord(record: AggregateRecord): PreparedRecord {
  const { sourceIp, count, disposition, dkimAligned, spfAligned } = record;
  return {
    record,
    ip: addressOctets(sourceIp),
    count: bounded(count),
    disposition: storable(disposition),
    aligned: (dkimAligned ? 1 : 0) + (spfAligned ? 2 : 0),
    detail: recordDetail(record),
  };
}

function prepareTls(document: Document<"tls">, name: string | undefined): PreparedReport {
  const { report, counted } = document;
  const { policies } = report;
  return {
    ...frame(document, name, identifyTls(report)),
    countable: counted,
    records: [],
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
    records: [],
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
    reporter: storable(written.reporter),
    reportId: storable(written.reportId),
    domain: storable(written.domain),
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

/** What a transaction will need that keeps these arrivals. */
export function needsOf(arrivals: readonly PreparedArrival[]): TransactionNeeds {
  const names = new Set<string>();
  const details = new Set<string>();
  const touches: Uint8Array[] = [];
  for (const { raw, documents } of arrivals) {
    touches.push(Buffer.from(raw.digest, "hex"));
    for (const document of documents)
      if ("identity" in document) {
        touches.push(document.identityDigest);
        addNames(document, names, details);
      }
  }
  return { alone: false, touches, names, details };
}

function addNames(report: PreparedReport, names: Set<string>, details: Set<string>): void {
  names.add(report.identity.reporter).add(report.identity.domain);
  if (report.tls !== undefined) for (const name of tlsNames(report.tls)) names.add(storable(name));
  for (const { record, disposition, detail } of report.records) {
    const { headerFrom, envelopeFrom, envelopeTo } = record;
    names.add(disposition).add(storable(headerFrom));
    if (envelopeFrom !== undefined) names.add(storable(envelopeFrom));
    if (envelopeTo !== undefined) names.add(storable(envelopeTo));
    details.add(detail);
  }
}
