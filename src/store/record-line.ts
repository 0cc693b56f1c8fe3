import { type MessageRecord, recordVersion } from "./record.ts";

/** A line may not be longer than this, with its line end. */
export const maxLineOctets: number = 256 * 1024;
const dnsKept = 50;

/** A record and the JSON that it was read from. */
export interface RecordLine {
  readonly record: MessageRecord;
  readonly text: string;
}

/** One record as one line of JSON. A record that is too long loses its DNS answers, then its results. */
export function formatLine(record: MessageRecord): Buffer {
  for (const shorter of [record, withoutDns(record), withoutResults(record)]) {
    const line = Buffer.from(`${JSON.stringify(shorter)}\n`);
    if (line.length <= maxLineOctets) return line;
  }
  return Buffer.from(`${JSON.stringify(bones(record))}\n`);
}

function withoutDns(record: MessageRecord): MessageRecord {
  if (record.results === undefined) return record;
  return {
    ...record,
    results: { ...record.results, dns: record.results.dns.slice(0, dnsKept) },
    truncated: true,
  };
}

function withoutResults({ results: _, authenticationResults: __, ...record }: MessageRecord): MessageRecord {
  return { ...record, truncated: true };
}

/** What fits in any case: nothing whose length a stranger chose. */
function bones(record: MessageRecord): MessageRecord {
  const { version, id, at, elapsedMs, queueId, socket, client, envelope, size, reply } = record;
  return {
    version,
    id,
    at,
    elapsedMs,
    ...(queueId !== undefined && { queueId: queueId.slice(0, 100) }),
    socket,
    client: { origin: client.origin, why: [], ...(client.ip !== undefined && { ip: client.ip }) },
    envelope: { recipients: envelope.recipients, smtputf8: envelope.smtputf8 },
    size,
    disposition: { action: record.disposition.action, reasons: [] },
    removed: [],
    reply,
    truncated: true,
  };
}

/**
 * Reads one line of a segment.
 * @returns undefined when it is no record of this version, or lacks what the store files it by.
 */
export function parseLine(line: string): MessageRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is MessageRecord {
  if (!isObject(value) || value["version"] !== recordVersion) return false;
  const { id, at, queueId, messageId, client, envelope, results, disposition, reply } = value;
  return (
    isObject(id) &&
    typeof id["host"] === "string" &&
    typeof id["boot"] === "string" &&
    Number.isSafeInteger(id["sequence"]) &&
    typeof at === "string" &&
    !Number.isNaN(Date.parse(at)) &&
    isTextOrAbsent(queueId) &&
    isTextOrAbsent(messageId) &&
    isObject(client) &&
    typeof client["origin"] === "string" &&
    (envelope === undefined || (isObject(envelope) && isTextOrAbsent(envelope["from"]))) &&
    (results === undefined || (isObject(results) && isFiled(results["dmarc"]))) &&
    isObject(disposition) &&
    typeof disposition["action"] === "string" &&
    typeof reply === "string"
  );
}

function isFiled(dmarc: unknown): boolean {
  return (
    dmarc === undefined ||
    (isObject(dmarc) && isTextOrAbsent(dmarc["domain"]) && isTextOrAbsent(dmarc["result"]))
  );
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
