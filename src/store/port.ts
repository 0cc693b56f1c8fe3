import type { MessageRecord } from "./record.ts";

/** What may be asked for; conditions are joined by "and". */
export interface RecordQuery {
  readonly queueId?: string;
  /** With or without its angle brackets. */
  readonly messageId?: string;
  /** Wall-clock times in ms: `since` included, `before` not. */
  readonly since?: number;
  readonly before?: number;
  /** 50 when left out, 1000 at most. */
  readonly limit?: number;
}

export type CountedColumn = "origin" | "dmarc" | "reply" | "action" | "fromDomain";

export interface CountRow {
  /** Absent where a record has no such value. */
  readonly value?: string;
  readonly messages: number;
}

export interface StoreStats {
  readonly records: number;
  /** Of the database, without free pages. */
  readonly octets: number;
  /** RFC 3339, of the oldest record. */
  readonly oldest?: string;
  /** Since the start: */
  readonly ingested: number;
  /** Records that were there already, as after a crash. */
  readonly repeated: number;
  /** Lines that could not be read and were set aside. */
  readonly damagedLines: number;
  /** Records deleted by `record.keep` and `record.max_size`. */
  readonly expired: number;
  /** Why the store takes nothing at present. */
  readonly lastError?: string;
}

/** The kept records, whatever keeps them. */
export interface RecordStore {
  /** Newest first. */
  find(query: RecordQuery): Promise<readonly MessageRecord[]>;
  /** Messages by one column since a time (ms), the most frequent first, 100 rows at most. */
  countBy(column: CountedColumn, since: number): Promise<readonly CountRow[]>;
  stats(): Promise<StoreStats>;
  close(): Promise<void>;
}
