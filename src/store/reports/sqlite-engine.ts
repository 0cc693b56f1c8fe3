import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { fileError, isBusy, isCorruption } from "../file-fault.ts";
import { FileInUse, replacedError } from "../file-in-use.ts";
import { makeDatabaseFile } from "../make-database-file.ts";
import { makeFolder } from "../make-folder.ts";
import { checkIntegrity, migrate } from "../sqlite.ts";
import { filePlace, isDamagedPart, StoreError, type StorePlace, wordsOf } from "../store-error.ts";
import { Turns } from "../turns.ts";
import type { SqlSession, TransactionNeeds } from "./sql.ts";
import { Refusal, type ReportWriter, type Row, type SqlEngine, type SqlValue } from "./sql.ts";
import { whenFree } from "./sqlite-patience.ts";
import { sqliteMigrations } from "./sqlite-schema.ts";
import { SqliteSession, SqliteWriter } from "./sqlite-session.ts";

export interface SqliteEngineOptions {
  readonly path: string;
  /** Waiting for another process that writes; ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** The same while it is opened, which holds up the thread; ms. `timeoutMs` when left out. */
  readonly openTimeoutMs?: number;
  /** For tests. */
  readonly migrations?: readonly string[];
}

/** Until an attempt is given up and this thread does something else. */
const holdUpMs = 20;
/** Of PRAGMA auto_vacuum. */
const incremental = 2;
const readTimeoutMs = 5_000;
/** 4 MB of them are kept for what comes next. */
const freePages = 1000;

/**
 * Opens the database of reports, makes it when it is not there (mode 0600), and brings its schema up to date. Several
 * processes may use it at once. Synchronous inside: it holds up the thread that asks, but not while another process writes.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function openSqliteEngine(options: SqliteEngineOptions): SqlEngine {
  return new SqliteEngine(options);
}

const defaultPatienceMs = 30_000;

/** A file that is open. */
interface Connections {
  readonly file: FileInUse;
  readonly db: DatabaseSync;
  readonly readDb: DatabaseSync;
  readonly writer: SqliteWriter;
  readonly reader: SqliteSession;
}

function connect(options: SqliteEngineOptions): Connections {
  const { path } = options;
  return using(path, () => {
    makeFolder(dirname(path), 0o700);
    makeDatabaseFile(path);
    const timeout = options.openTimeoutMs ?? options.timeoutMs ?? defaultPatienceMs;
    const db = new DatabaseSync(path, { timeout });
    try {
      prepareToWrite(db, options);
      db.exec(`PRAGMA busy_timeout = ${holdUpMs}`);
      // By now it is in use: a log that was left by a crash has been read, and may have been removed.
      const file = new FileInUse(path);
      const readDb = openToRead(path);
      return { file, db, readDb, writer: new SqliteWriter(db), reader: new SqliteSession(readDb) };
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function prepareToWrite(
  db: DatabaseSync,
  { path, migrations = sqliteMigrations }: SqliteEngineOptions,
): void {
  // Must come before the first table; retention deletes all the time, and the file is to follow. Where it is so already it would
  // wait for whoever writes.
  if (db.prepare("PRAGMA auto_vacuum").get()?.["auto_vacuum"] !== incremental)
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  db.exec("PRAGMA journal_mode = WAL");
  // The default of 1000 pages halves the rate of inserts; 20000 are 80 MB at most.
  db.exec("PRAGMA wal_autocheckpoint = 20000");
  db.exec("PRAGMA journal_size_limit = 8000000");
  db.exec("PRAGMA cache_size = -65536");
  db.exec("PRAGMA synchronous = FULL");
  // Failure reports hold personal data: what is deleted is to be gone, also from copies of the file.
  db.exec("PRAGMA secure_delete = ON");
  // All that is written refers to what this program has just read or written.
  db.exec("PRAGMA foreign_keys = OFF");
  migrate(db, path, migrations);
}

/** What is asked sees no half of a transaction. */
function openToRead(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: readTimeoutMs });
  db.exec("PRAGMA cache_size = -32768");
  return db;
}

class SqliteEngine implements SqlEngine {
  readonly skipLocked = "";
  readonly place: StorePlace;
  readonly reader: SqlSession;
  readonly #options: SqliteEngineOptions;
  readonly #path: string;
  #now: Connections;
  /** What was replaced has been closed, and nothing could be opened since. */
  #isLost = false;

  constructor(options: SqliteEngineOptions) {
    this.#options = options;
    this.#path = resolve(options.path);
    this.place = filePlace(this.#path);
    this.#now = connect(options);
    this.reader = new SafeReader(options.path, () => this.#now.reader);
  }

  transaction<T>(_needs: TransactionNeeds, work: (writer: ReportWriter) => Promise<T>): Promise<T> {
    // From now on: many that wait in turn do not each wait that long for another process.
    const untilMs = performance.now() + (this.#options.timeoutMs ?? defaultPatienceMs);
    return writers.take(this.#path, () => this.#transaction(untilMs, work));
  }

  async #transaction<T>(untilMs: number, work: (writer: ReportWriter) => Promise<T>): Promise<T> {
    this.#refuseReplaced();
    const { db, writer } = this.#now;
    try {
      await whenFree(untilMs, () => db.exec("BEGIN IMMEDIATE"));
      const result = await work(writer);
      db.exec("COMMIT");
      writer.committed();
      return result;
    } catch (error) {
      if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
      writer.rolledBack();
      throw refusalOrFailure(this.#path, error);
    }
  }

  /** What would be written were lost. Whoever asks next has the file that is there now; this one is told. */
  #refuseReplaced(): void {
    using(this.#path, () => {
      const { file, db, readDb } = this.#now;
      if (file.isInPlace() && !this.#isLost) return;
      if (readDb.isOpen) readDb.close();
      file.close(db);
      this.#isLost = true;
      this.#now = connect({ ...this.#options, openTimeoutMs: holdUpMs });
      this.#isLost = false;
      throw replacedError(this.#path);
    });
  }

  /** In one step from a connection of its own: writers go on, and cannot make it begin again. */
  async backup(path: string): Promise<void> {
    const unfinished = `${path}.unfinished`;
    try {
      closeSync(openSync(path, "ax", 0o600));
    } catch (cause) {
      throw failure(path, cause);
    }
    try {
      closeSync(openSync(unfinished, "w", 0o600));
      const source = new DatabaseSync(this.#path, { readOnly: true });
      try {
        await backup(source, unfinished, { rate: 0x7fff_ffff });
      } finally {
        source.close();
      }
      this.#refuseDamaged(unfinished);
      renameSync(unfinished, path);
    } catch (cause) {
      for (const file of [path, unfinished, `${unfinished}-wal`, `${unfinished}-shm`])
        rmSync(file, { force: true });
      throw failure(path, cause);
    }
  }

  /** A copy of a damaged file would take the place of good ones, one after the other. */
  #refuseDamaged(copy: string): void {
    using(this.#path, () => {
      const db = new DatabaseSync(copy);
      try {
        checkIntegrity(db);
      } finally {
        db.close();
      }
    });
  }

  async octets(): Promise<number> {
    const rows = await this.reader.all(
      `SELECT (p.page_count - f.freelist_count) * s.page_size AS octets
       FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s`,
    );
    return Number(rows[0]?.["octets"]);
  }

  async shrink(): Promise<void> {
    await writers.take(this.#path, async () => {
      const { db } = this.#now;
      try {
        const free = db.prepare("SELECT freelist_count AS n FROM pragma_freelist_count").get()?.["n"];
        if (Number(free) > freePages) db.exec(`PRAGMA incremental_vacuum(${freePages})`);
        // What was deleted stands in the log, too, until that begins anew.
        db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } catch (cause) {
        // Next time, then.
        if (!isBusy(cause)) throw failure(this.#path, cause);
      }
    });
  }

  async close(): Promise<void> {
    await writers.take(this.#path, async () => {
      const { file, db, readDb } = this.#now;
      if (readDb.isOpen) readDb.close();
      file.close(db);
    });
  }
}

/**
 * By the path of the file: one writer after the other, of all that this thread has. None waits for the database, which would hold
 * up the one that it waits for.
 */
const writers = new Turns();

class SafeReader implements SqlSession {
  readonly #path: string;
  readonly #session: () => SqliteSession;

  constructor(path: string, session: () => SqliteSession) {
    this.#path = path;
    this.#session = session;
  }

  all(sql: string, values?: readonly SqlValue[]): readonly Row[] {
    return using(this.#path, () => this.#session().all(sql, values));
  }

  run(sql: string, values?: readonly SqlValue[]): number {
    return using(this.#path, () => this.#session().run(sql, values));
  }
}

function using<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw failure(path, cause);
  }
}

function failure(path: string, cause: unknown): StoreError {
  const advice = isCorruption(cause)
    ? "; it is damaged or no database: move it away and restore a backup"
    : isBusy(cause)
      ? ": another process writes to it for long; nothing is lost, try again later"
      : "";
  return fileError(path, cause, `${path}: ${wordsOf(cause)}${advice}`);
}

/** SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE: the same request would fail again. */
const refusals: ReadonlySet<number> = new Set([18, 19, 20, 25]);

function refusalOrFailure(path: string, cause: unknown): Error {
  if (cause instanceof StoreError) return isDamagedPart(cause) ? new Refusal(cause.place, cause) : cause;
  const code = (cause as { readonly errcode?: unknown }).errcode;
  if (typeof code === "number" && !refusals.has(code & 0xff)) return failure(path, cause);
  return new Refusal(filePlace(path), cause);
}
