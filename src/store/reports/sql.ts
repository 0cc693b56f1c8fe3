import { StoreError, type StorePlace, wordsOf } from "../store-error.ts";

/** A value or the promise of one: SQLite answers at once, PostgreSQL later. */
export type Awaitable<T> = T | Promise<T>;

export type SqlValue = string | number | null | Uint8Array;
export type Row = Readonly<Record<string, unknown>>;

/** A connection to a database. Statements have `?` for each value, whatever the engine. */
export interface SqlSession {
  all(sql: string, values?: readonly SqlValue[]): Awaitable<readonly Row[]>;
  /** @returns How many rows it changed. */
  run(sql: string, values?: readonly SqlValue[]): Awaitable<number>;
}

/** A table whose rows are added to: `key` columns, and columns of numbers that are sums. */
export interface SumTable {
  readonly name: "day_sum" | "source_sum" | "tls_sum";
  readonly key: readonly string[];
  readonly sums: readonly string[];
}

export interface RecordRow {
  readonly ip: Uint8Array;
  readonly messages: number;
  readonly disposition: number;
  /** 1: DKIM, 2: SPF, 3: both. */
  readonly aligned: number;
  readonly headerFrom: number;
  readonly envelopeFrom: number | null;
  readonly envelopeTo: number | null;
  readonly detail: number;
}

/** A transaction that writes. Whoever has very many rows gives some at a time. */
export interface ReportWriter extends SqlSession {
  /** Whether nobody else writes meanwhile. */
  readonly alone: boolean;
  /** Makes texts known to `name`; those that the transaction was told of are known. */
  learn(names: Iterable<string>): Awaitable<void>;
  /** The number of a text. */
  name(text: string): number;
  /** The number of what of a record only its page asks for. */
  detail(json: string): number;
  /** Sets texts of `detail` right that are damaged, where they are not found by what they say. */
  mendDetails(json: readonly string[]): Awaitable<void>;
  /** @param from The place of the first of them within the report. */
  addRecords(report: number, from: number, rows: readonly RecordRow[]): Awaitable<void>;
  /** Adds to sums, up to `maxSum`; the rows are sorted, so that two processes never wait for each other. */
  addSums(table: SumTable, rows: readonly (readonly SqlValue[])[]): Awaitable<void>;
  /** Adds what is below nothing: to the rows that are there, and none becomes less than nothing. */
  takeSums(table: SumTable, rows: readonly (readonly SqlValue[])[]): Awaitable<void>;
  /** `[domain, ip, first_at, last_at]`, sorted: when a source was seen first and last. */
  addSources(rows: readonly (readonly SqlValue[])[]): Awaitable<void>;
}

/** What a transaction will need, told before it begins. */
export interface TransactionNeeds {
  /** Whether nobody else may write meanwhile. */
  readonly alone: boolean;
  /** What it will touch: digests of arrivals and identities of reports. */
  readonly touches: readonly Uint8Array[];
  readonly names: Iterable<string>;
  readonly details: Iterable<string>;
}

/** Of a document, in the very words of its index: SQLite does not see otherwise that it may use it. */
export const hasOddOutcome = "outcome IN ('conflict', 'unread', 'skipped')";

/** What differs between the engines. Rejects with SekishoError STORE_UNAVAILABLE, but for a `Refusal`. */
export interface SqlEngine {
  /** For errors. */
  readonly place: StorePlace;
  /** Outside of transactions. */
  readonly reader: SqlSession;
  /** After a SELECT in an UPDATE: passes over rows that somebody else is about to change. */
  readonly skipLocked: string;
  /** Does its work all or nothing; it may be done again from the start. */
  transaction<T>(needs: TransactionNeeds, work: (writer: ReportWriter) => Promise<T>): Promise<T>;
  backup(path: string): Promise<void>;
  /** That of the database, where machines that have their own share it; ms since 1970. */
  clock?(): Awaitable<number>;
  /** Of the whole database. */
  octets(): Promise<number>;
  /** Gives back the place of what was deleted, some at a time. */
  shrink(): Promise<void>;
  close(): Promise<void>;
}

export const needsNothing: TransactionNeeds = { alone: false, touches: [], names: [], details: [] };
export const needsToBeAlone: TransactionNeeds = { ...needsNothing, alone: true };

/** Work that nothing can be kept of when the database refuses it. */
export async function unrefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw cause instanceof Refusal ? cause.asFailure() : cause;
  }
}

/** The database is well, and refuses this one thing: it would do so again. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly place: StorePlace;

  constructor(place: StorePlace, cause: unknown) {
    super(wordsOf(cause), { cause });
    this.place = place;
  }

  /** Where nothing can be kept without it. */
  asFailure(): StoreError {
    if (this.cause instanceof StoreError) return this.cause;
    const failure = { fault: "other", said: this.message } as const;
    return new StoreError({ place: this.place, failure, message: this.message }, { cause: this });
  }
}
