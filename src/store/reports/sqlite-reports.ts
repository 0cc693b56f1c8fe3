import { chmodSync, closeSync, openSync } from "node:fs";
import { backup, DatabaseSync, type SQLInputValue } from "node:sqlite";
import { inflateRawSync } from "node:zlib";
import { SekishoError } from "../../errors.ts";
import { migrate } from "../sqlite.ts";
import type {
  DaySum,
  IngestedDocument,
  IngestRequest,
  OddDocument,
  RawDocument,
  RecordFilter,
  ReportCounts,
  ReportPage,
  ReportPageQuery,
  ReportRetention,
  ReportStore,
  SourceSum,
  StoredRecord,
  StoredReport,
  SumQuery,
  TlsSum,
} from "./port.ts";
import { reportMigrations } from "./schema.ts";
import { expireBatch } from "./sqlite-expire.ts";
import { SqliteIngest } from "./sqlite-ingest.ts";
import { SqliteQuestions } from "./sqlite-questions.ts";
import { removeRaw } from "./sqlite-remove.ts";

export interface SqliteReportsOptions {
  readonly path: string;
  /** Waiting for another process that writes; ms. */
  readonly timeoutMs?: number;
}

/**
 * Opens the database of reports, makes it when it is not there (mode 0600), and brings its schema up to date. Several
 * processes may use it at once. Synchronous inside: it holds up the thread that asks.
 */
export function openSqliteReports({ path, timeoutMs = 30_000 }: SqliteReportsOptions): ReportStore {
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const db = new DatabaseSync(path, { timeout: timeoutMs });
  try {
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.exec("PRAGMA journal_mode = WAL");
    // The default of 1000 pages halves the rate of inserts; 20000 are 80 MB at most.
    db.exec("PRAGMA wal_autocheckpoint = 20000");
    db.exec("PRAGMA journal_size_limit = 8000000");
    db.exec("PRAGMA cache_size = -65536");
    db.exec("PRAGMA synchronous = FULL");
    migrate(db, path, reportMigrations);
    return new SqliteReports(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

class SqliteReports implements ReportStore {
  readonly #db: DatabaseSync;
  readonly #ingest: SqliteIngest;
  readonly #ask: SqliteQuestions;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#ingest = new SqliteIngest(db);
    this.#ask = new SqliteQuestions(db);
  }

  async ingest(requests: readonly IngestRequest[]): Promise<readonly (readonly IngestedDocument[])[]> {
    return this.#write(() => requests.map((request) => this.#ingest.ingest(request)));
  }

  async replace(request: IngestRequest): Promise<readonly IngestedDocument[]> {
    return this.#write(() => {
      removeRaw(this.#db, request.raw.digest);
      return this.#ingest.ingest(request);
    });
  }

  /** What was remembered of a transaction that failed is forgotten. */
  #write<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      this.#ingest.committed();
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#ingest.rolledBack();
      throw unavailable(error);
    }
  }

  async has(digest: string): Promise<boolean> {
    return this.#db.prepare("SELECT 1 FROM raw WHERE digest = ?").get(digest) !== undefined;
  }

  async raw(digest: string): Promise<RawDocument | undefined> {
    const row = this.#db.prepare("SELECT * FROM raw WHERE digest = ?").get(digest);
    return row === undefined ? undefined : rawDocument(row);
  }

  async *raws(): AsyncIterable<RawDocument> {
    const next = this.#db.prepare("SELECT * FROM raw WHERE key > ? ORDER BY key LIMIT 1");
    for (let row = next.get(0); row !== undefined; row = next.get(row["key"] as SQLInputValue))
      yield rawDocument(row);
  }

  async list(query: ReportPageQuery): Promise<ReportPage> {
    return this.#ask.list(query);
  }

  async show(key: string): Promise<StoredReport | undefined> {
    return this.#ask.show(key);
  }

  async *records(filter: RecordFilter): AsyncIterable<StoredRecord> {
    yield* this.#ask.records(filter);
  }

  async odd(outcome: "unread" | "conflict" | "skipped", limit: number): Promise<readonly OddDocument[]> {
    return this.#ask.odd(outcome, limit);
  }

  async domains(): Promise<readonly string[]> {
    return this.#ask.domains();
  }

  async sources(query: SumQuery): Promise<readonly SourceSum[]> {
    return this.#ask.sources(query);
  }

  async days(query: SumQuery): Promise<readonly DaySum[]> {
    return this.#ask.days(query);
  }

  async tls(query: SumQuery): Promise<readonly TlsSum[]> {
    return this.#ask.tls(query);
  }

  async expire(retention: ReportRetention, nowMs: number): Promise<boolean> {
    return this.#write(() => expireBatch(this.#db, retention, nowMs));
  }

  async backup(path: string): Promise<void> {
    closeSync(openSync(path, "ax", 0o600));
    await backup(this.#db, path);
  }

  async counts(): Promise<ReportCounts> {
    return this.#ask.counts();
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

function rawDocument(row: Readonly<Record<string, unknown>>): RawDocument {
  const packed = row["octets"] as Uint8Array | null;
  return {
    digest: String(row["digest"]),
    ...(packed !== null && { octets: inflateRawSync(packed) }),
    size: Number(row["size"]),
    via: String(row["via"]),
    receivedAt: Number(row["received_at"]),
  };
}

function unavailable(error: unknown): unknown {
  const code = (error as { readonly errcode?: unknown }).errcode;
  if (typeof code !== "number") return error;
  return new SekishoError(
    "STORE_UNAVAILABLE",
    `reports: ${error instanceof Error ? error.message : String(error)}`,
  );
}
