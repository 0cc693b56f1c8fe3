import { createHash } from "node:crypto";
import { parseIp } from "../src/core/ip.ts";
import type { AggregateRecord } from "../src/core/reports/aggregate.ts";
import type { TlsReport } from "../src/core/reports/tlsrpt.ts";
import { PackedRecords } from "../src/store/reports/packed-records.ts";
import type { IngestRequest, MailJudgement, ReadDocument, ReportStore } from "../src/store/reports/port.ts";

export const dayLength = 86_400;
/** 2025-06-01T00:00:00Z. */
export const firstDay = 20_240;
export const firstBegin: number = firstDay * dayLength;

export interface RecordSample {
  readonly ip?: string;
  readonly count?: number;
  readonly disposition?: string;
  readonly dkim?: boolean;
  readonly spf?: boolean;
  readonly headerFrom?: string;
  readonly envelopeFrom?: string;
  readonly envelopeTo?: string;
  readonly comment?: string;
}

export function record(sample: RecordSample = {}): AggregateRecord {
  const { ip = "192.0.2.1", count = 1, disposition = "none", dkim = true, spf = true } = sample;
  const { headerFrom = "univ.example", envelopeFrom, envelopeTo, comment } = sample;
  const sourceIp = ip === "" ? undefined : parseIp(ip);
  return {
    ...(sourceIp !== undefined && { sourceIp }),
    count,
    disposition,
    dkimAligned: dkim,
    spfAligned: spf,
    overrides: comment === undefined ? [] : [{ type: "local_policy", comment }],
    headerFrom,
    ...(envelopeFrom !== undefined && { envelopeFrom }),
    ...(envelopeTo !== undefined && { envelopeTo }),
    dkim: [{ domain: headerFrom, selector: "s1", result: dkim ? "pass" : "fail" }],
    spf: [{ domain: envelopeFrom ?? headerFrom, result: spf ? "pass" : "softfail" }],
  };
}

export interface ReportSample {
  readonly id?: string;
  readonly org?: string;
  readonly domain?: string;
  readonly begin?: number;
  readonly end?: number;
  readonly records?: readonly AggregateRecord[];
  readonly mail?: MailJudgement["verdict"];
  readonly ordinal?: number;
  readonly extra?: string;
}

export function aggregate(sample: ReportSample = {}): Extract<ReadDocument, { readonly kind: "aggregate" }> {
  const { id = "1", org = "reporter.example", domain = "univ.example", begin = firstBegin } = sample;
  return {
    kind: "aggregate",
    ordinal: sample.ordinal ?? 0,
    head: {
      orgName: org,
      email: `dmarc@${org}`,
      ...(sample.extra !== undefined && { extraContactInfo: sample.extra }),
      reportId: id,
      begin,
      end: sample.end ?? begin + dayLength - 1,
      errors: [],
      policy: { domain, p: "none" },
    },
    records: PackedRecords.of(sample.records ?? [record()]),
    warnings: [],
    ...judged(sample.mail),
  };
}

export interface TlsSample {
  readonly id?: string;
  readonly counted?: boolean;
  readonly successful?: number;
  readonly failed?: number;
  readonly mail?: MailJudgement["verdict"];
  readonly report?: Partial<TlsReport>;
}

export function tls(sample: TlsSample = {}): Extract<ReadDocument, { readonly kind: "tls" }> {
  const { successful = 10, failed = 3 } = sample;
  return {
    kind: "tls",
    ordinal: 0,
    counted: sample.counted ?? true,
    report: {
      kind: "tls",
      organizationName: "tls.example",
      reportId: sample.id ?? "t1",
      begin: firstBegin,
      end: firstBegin + dayLength - 1,
      policies: [
        {
          policyType: "sts",
          policyDomain: "univ.example",
          policyString: ["version: STSv1"],
          mxHost: ["mx.univ.example"],
          successful,
          failed,
          failures: failed === 0 ? [] : [{ resultType: "certificate-expired", failedSessions: failed }],
        },
      ],
      warnings: [],
      ...sample.report,
    },
    ...judged(sample.mail),
  };
}

export interface FailureSample {
  readonly subject?: string;
  readonly ip?: string;
}

export function failure(sample: FailureSample = {}): Extract<ReadDocument, { readonly kind: "failure" }> {
  const sourceIp = parseIp(sample.ip ?? "192.0.2.66");
  return {
    kind: "failure",
    ordinal: 0,
    report: {
      kind: "failure",
      form: "arf",
      reportedDomain: "univ.example",
      ...(sourceIp !== undefined && { sourceIp }),
      arrivalDate: firstBegin * 1000,
      reportedUri: [],
      incidents: 1,
      otherFields: [],
      message: { subject: sample.subject ?? "hello", hasBody: false },
      warnings: [],
    },
  };
}

function judged(verdict: MailJudgement["verdict"] | undefined): { readonly mail?: MailJudgement } {
  if (verdict === undefined) return {};
  return { mail: { verdict, by: "dkim", fromDomain: "reporter.example", dkimPass: verdict === "aligned" } };
}

let arrivals = 0;

/** An arrival that no other is alike. */
export function arrival(
  documents: readonly ReadDocument[],
  raw: { readonly octets?: Buffer; readonly via?: string; readonly receivedAt?: number } = {},
): IngestRequest {
  arrivals += 1;
  const octets = raw.octets ?? Buffer.from(`arrival ${process.pid} ${arrivals}`);
  return {
    raw: {
      digest: createHash("sha256").update(octets).digest("hex"),
      octets,
      via: raw.via ?? `/mail/${arrivals}`,
      receivedAt: raw.receivedAt ?? firstBegin * 1000 + arrivals,
    },
    documents: documents.map((document, ordinal) => ({ ...document, ordinal })),
  };
}

/** All that a store says of its sums, without the numbers that differ from store to store. */
export async function sumsOf(store: ReportStore, alignedOnly = false): Promise<object> {
  const sources = await store.sources({ alignedOnly });
  return {
    days: await store.days({ alignedOnly }),
    sources: sources
      .map(({ ip, ...rest }) => ({ ip: ip?.octets.join("."), ...rest }))
      .sort((a, b) => (`${a.domain} ${a.ip}` < `${b.domain} ${b.ip}` ? -1 : 1)),
    tls: await store.tls({ alignedOnly }),
  };
}

export async function listed<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
