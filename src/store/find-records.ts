import { readSpool } from "./ingest.ts";
import type { RecordQuery } from "./port.ts";
import type { MessageRecord, RecordId } from "./record.ts";
import { bareMessageId, limitOf, type RecordDatabase } from "./sqlite.ts";

/** Records of the spool and the database that match, newest first, each once. */
export function findRecords(
  folder: string,
  db: RecordDatabase | undefined,
  query: RecordQuery,
): readonly MessageRecord[] {
  // The spool first: a segment that the store takes between the two readings is then in the database.
  const waiting = readSpool(folder).filter((record) => matches(record, query));
  const found = new Map<string, MessageRecord>();
  for (const record of [...waiting, ...(db?.find(query) ?? [])]) found.set(keyOf(record.id), record);
  return [...found.values()].sort((a, b) => compare(b, a)).slice(0, limitOf(query));
}

function matches(record: MessageRecord, { queueId, messageId, since, before }: RecordQuery): boolean {
  const at = Date.parse(record.at);
  if (queueId !== undefined && record.queueId !== queueId) return false;
  if (messageId !== undefined && bareMessageId(record.messageId ?? "") !== bareMessageId(messageId))
    return false;
  return (since === undefined || at >= since) && (before === undefined || at < before);
}

function compare(a: MessageRecord, b: MessageRecord): number {
  return Date.parse(a.at) - Date.parse(b.at) || a.id.sequence - b.id.sequence;
}

function keyOf({ host, boot, sequence }: RecordId): string {
  return `${host} ${boot} ${sequence}`;
}
