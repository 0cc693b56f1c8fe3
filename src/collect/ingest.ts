import { createHash } from "node:crypto";
import type {
  DocumentOutcome,
  IngestedDocument,
  IngestRequest,
  ReadDocument,
  ReportStore,
} from "../store/reports/port.ts";
import type { DestinationOf, ReportSubject } from "./check-destination.ts";
import type { ExtractLimits } from "./extract/limits.ts";
import type { Mail } from "./extract/mime-part.ts";
import { sniff } from "./extract/sniff.ts";
import type { FailureKeeper } from "./failure/failure-keeper.ts";
import type { Arrival, Incoming, LostArrival } from "./input/arrival.ts";
import { type ReadArrivalOptions, readArrival } from "./read-arrival.ts";

export interface IngestOptions extends Pick<ReadArrivalOptions, "limits"> {
  readonly store: ReportStore;
  readonly judge?: (arrival: Arrival) => ReadArrivalOptions["judge"];
  /** Whether reports were to go where they came; asked of what is judged. */
  readonly destination?: DestinationOf;
  /** What is stored of mails with failure reports; all when left out. */
  readonly keepFailures?: FailureKeeper;
  /** For arrivals that are no mail; without it `limits` count for all. */
  readonly limitsOfFiles?: ExtractLimits;
  /** Arrivals of one transaction at most. Default 50. */
  readonly batch?: number;
  /** After an arrival is committed, with what was read of it. */
  readonly onArrival?: (arrival: Arrival, documents: readonly KeptDocument[]) => void | Promise<void>;
  readonly onLost?: (lost: LostArrival) => void | Promise<void>;
  /** An inner fault while an arrival was read, which is kept unread. */
  readonly onFault?: (arrival: Arrival, error: unknown) => void;
}

export interface KeptDocument {
  readonly read: ReadDocument;
  readonly outcome: DocumentOutcome;
  /** Of the report in the store. */
  readonly report?: string;
}

/** What somebody has to look at. */
export function isOdd({ outcome }: Pick<KeptDocument, "outcome">): boolean {
  return outcome === "unread" || outcome === "conflict";
}

interface Pending {
  readonly arrival: Arrival;
  readonly request: IngestRequest;
}

const defaultBatch = 50;
/** Raw octets of one transaction. */
const maxBatchOctets = 16 * 1024 * 1024;
const maxBatchRecords = 20_000;

/**
 * Reads what comes in and keeps it, several arrivals in a transaction. `done` of an arrival is called only after its
 * documents are committed; when the store fails the error is thrown and nothing of the open batch is done.
 */
export async function ingestAll(incoming: AsyncIterable<Incoming>, options: IngestOptions): Promise<void> {
  let batch: Pending[] = [];
  let octets = 0;
  let records = 0;
  for await (const one of incoming) {
    if (one.kind === "lost") {
      // In the order in which they came.
      await commit(batch, options);
      batch = [];
      octets = 0;
      records = 0;
      await options.onLost?.(one.lost);
      continue;
    }
    const pending = await read(one.arrival, options);
    batch.push(pending);
    octets += one.arrival.octets.length;
    records += recordsOf(pending);
    const room = octets < maxBatchOctets && records < maxBatchRecords;
    if (room && batch.length < (options.batch ?? defaultBatch)) continue;
    await commit(batch, options);
    batch = [];
    octets = 0;
    records = 0;
  }
  await commit(batch, options);
}

function recordsOf({ request }: Pending): number {
  return request.documents.reduce(
    (sum, read) => sum + (read.kind === "aggregate" ? read.records.length : 0),
    0,
  );
}

async function read(
  arrival: Arrival,
  { judge, destination, keepFailures, limits: limitsOfMail, limitsOfFiles, onFault }: IngestOptions,
): Promise<Pending> {
  const { octets, via, receivedAt, fileName } = arrival;
  const isMail = limitsOfFiles === undefined || sniff(octets).kind === "mail";
  const limits = isMail ? limitsOfMail : limitsOfFiles;
  const judgeMail = judge?.(arrival);
  const source = { ...(fileName !== undefined && { fileName }), ...(limits !== undefined && { limits }) };
  const documents = await readArrival(octets, {
    ...source,
    onFault: (error) => onFault?.(arrival, error),
    ...(judgeMail !== undefined && { judge: judgeMail }),
    ...(destination !== undefined && {
      destination: (mail: Mail, about: ReportSubject) => destination(mail, about, arrival),
    }),
  });
  const digest = createHash("sha256").update(octets).digest("hex");
  const raw = { digest, octets, via, receivedAt };
  const failures = await keepFailures?.(octets, documents, source);
  if (failures === undefined) return { arrival, request: { raw, documents } };
  const { documents: stored, ...kept } = failures;
  return { arrival, request: { raw: { ...raw, kept }, documents: stored } };
}

async function commit(batch: readonly Pending[], { store, onArrival }: IngestOptions): Promise<void> {
  if (batch.length === 0) return;
  const ingested = await store.ingest(batch.map(({ request }) => request));
  for (const [index, { arrival, request }] of batch.entries()) {
    const kept = ingested[index] ?? [];
    await arrival.done?.(kept);
    await onArrival?.(arrival, keptDocuments(request.documents, kept));
  }
}

function keptDocuments(
  documents: readonly ReadDocument[],
  kept: readonly IngestedDocument[],
): readonly KeptDocument[] {
  const byOrdinal = new Map(kept.map((one) => [one.ordinal, one]));
  return documents.flatMap((read) => {
    const one = byOrdinal.get(read.ordinal);
    if (one === undefined) return [];
    return [{ read, outcome: one.outcome, ...(one.report !== undefined && { report: one.report }) }];
  });
}
