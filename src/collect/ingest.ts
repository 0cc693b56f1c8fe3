import { createHash } from "node:crypto";
import type {
  DocumentOutcome,
  IngestedDocument,
  IngestRequest,
  ReadDocument,
  ReportStore,
} from "../store/reports/port.ts";
import type { Arrival, Incoming, LostArrival } from "./input/arrival.ts";
import { type ReadArrivalOptions, readArrival } from "./read-arrival.ts";

export interface IngestOptions extends Pick<ReadArrivalOptions, "limits"> {
  readonly store: ReportStore;
  readonly judge?: (arrival: Arrival) => ReadArrivalOptions["judge"];
  /** Arrivals of one transaction at most. Default 50. */
  readonly batch?: number;
  /** After an arrival is committed, with what was read of it. */
  readonly onArrival?: (arrival: Arrival, documents: readonly KeptDocument[]) => void;
  readonly onLost?: (lost: LostArrival) => void;
}

export interface KeptDocument {
  readonly read: ReadDocument;
  readonly outcome: DocumentOutcome;
  /** Of the report in the store. */
  readonly report?: string;
}

interface Pending {
  readonly arrival: Arrival;
  readonly request: IngestRequest;
}

const defaultBatch = 50;
/** Raw octets of one transaction. */
const maxBatchOctets = 16 * 1024 * 1024;

/**
 * Reads what comes in and keeps it, several arrivals in a transaction. `done` of an arrival is called only after its
 * documents are committed; when the store fails the error is thrown and nothing of the open batch is done.
 */
export async function ingestAll(incoming: AsyncIterable<Incoming>, options: IngestOptions): Promise<void> {
  let batch: Pending[] = [];
  let octets = 0;
  for await (const one of incoming) {
    if (one.kind === "lost") {
      options.onLost?.(one.lost);
      continue;
    }
    batch.push(await read(one.arrival, options));
    octets += one.arrival.octets.length;
    if (batch.length < (options.batch ?? defaultBatch) && octets < maxBatchOctets) continue;
    await commit(batch, options);
    batch = [];
    octets = 0;
  }
  if (batch.length > 0) await commit(batch, options);
}

async function read(arrival: Arrival, { judge, limits }: IngestOptions): Promise<Pending> {
  const { octets, via, receivedAt, fileName } = arrival;
  const judgeMail = judge?.(arrival);
  const documents = await readArrival(octets, {
    ...(fileName !== undefined && { fileName }),
    ...(limits !== undefined && { limits }),
    ...(judgeMail !== undefined && { judge: judgeMail }),
  });
  const digest = createHash("sha256").update(octets).digest("hex");
  return { arrival, request: { raw: { digest, octets, via, receivedAt }, documents } };
}

async function commit(batch: readonly Pending[], { store, onArrival }: IngestOptions): Promise<void> {
  const ingested = await store.ingest(batch.map(({ request }) => request));
  for (const [index, { arrival, request }] of batch.entries()) {
    const kept = ingested[index] ?? [];
    await arrival.done?.(kept);
    onArrival?.(arrival, keptDocuments(request.documents, kept));
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
