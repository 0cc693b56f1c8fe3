import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { DmarcResult } from "../core/results.ts";
import { FileInUse } from "./file-in-use.ts";
import { isStoreThere } from "./is-store-there.ts";
import { type Comparison, groupDifferences } from "./list-differences.ts";
import { type ShadowedMessage, shadowedMessage } from "./list-shadow.ts";
import { makeDatabaseFile } from "./make-database-file.ts";
import { makeFolder } from "./make-folder.ts";
import type {
  CountedColumn,
  CountRow,
  DifferenceQuery,
  DmarcDifferences,
  RecordQuery,
  SelectorQuery,
} from "./port.ts";
import type { MessageRecord } from "./record.ts";
import { parseLine, type RecordLine } from "./record-line.ts";
import { storedObject } from "./reports/damage.ts";
import { migrations } from "./schema.ts";
import { filePlace, StoreError } from "./store-error.ts";

/** The database of records: all SQL is here. Synchronous, so it belongs in a thread of its own or a command. */
export interface RecordDatabase {
  /** Saves all in one transaction, each as its text. @returns How many were new; the others were there already. */
  save(lines: Iterable<RecordLine>): number;
  find(query: RecordQuery): MessageRecord[];
  countBy(column: CountedColumn, since: number): CountRow[];
  listDifferences(query: DifferenceQuery): DmarcDifferences;
  countSince(since: number): number;
  /** Messages since then that the shadow would have treated otherwise, newest first. */
  shadowed(since: number): Iterable<ShadowedMessage>;
  /** Selectors of good signatures of a domain since then, each once. */
  selectors(query: SelectorQuery): string[];
  count(): number;
  /** RFC 3339; undefined when empty. */
  oldest(): string | undefined;
  /** Octets in use, without free pages. */
  octets(): number;
  /** Deletes at most `limit` records from before that time (ms), the oldest first. @returns How many. */
  expire(before: number, limit: number): number;
  /** Hands free pages back to the file system, some at a time, once there are many. */
  shrink(): void;
  /** Whether its file is still there by its name. */
  isInPlace(): boolean;
  close(): void;
}

export function databasePath(dataDir: string): string {
  return join(dataDir, "records.sqlite");
}

/**
 * Opens the database to write, makes it when it is not there (mode 0600), and brings its schema up to date.
 * @throws SekishoError STORE_UNAVAILABLE when it was written by a newer version; any error of SQLite otherwise.
 */
export function openDatabase(path: string, steps: readonly string[] = migrations): RecordDatabase {
  makeDatabaseFile(path);
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    // Must come before the first table; retention deletes all the time, and the file is to follow.
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.exec("PRAGMA journal_mode = WAL");
    // The default of 1000 pages halves the rate of inserts; 20000 are 80 MB at most.
    db.exec("PRAGMA wal_autocheckpoint = 20000");
    db.exec("PRAGMA journal_size_limit = 8000000");
    // Segments are deleted once they are in it. One commit takes a whole segment, so that costs little.
    db.exec("PRAGMA synchronous = FULL");
    checkIntegrity(db);
    migrate(db, path, steps);
    return new SqliteRecords(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens the database only to read, beside a process that writes. @returns undefined when there is none. */
export function openDatabaseToRead(path: string): RecordDatabase | undefined {
  if (!isStoreThere(path)) return undefined;
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    if (hasTables(db, path, migrations)) return new SqliteRecords(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
  db.close();
  return undefined;
}

/** Renames a damaged database and its companions, so that a new one can be made. @returns Its new path. */
export function moveAside(path: string, nowMs: number): string {
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, "")}`;
  for (const suffix of ["", "-wal", "-shm"])
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  return aside;
}

export function checkIntegrity(db: DatabaseSync): void {
  const row = db.prepare("PRAGMA quick_check(1)").get();
  const verdict = row?.["quick_check"];
  if (verdict === "ok") return;
  // Several lines, for what is told in one.
  throw Object.assign(new Error(`quick_check: ${String(verdict).replaceAll("\n", " ")}`), { errcode: 11 });
}

export function migrate(db: DatabaseSync, path: string, steps: readonly string[]): void {
  const version = userVersion(db);
  if (version > steps.length) throw newerVersion(path, version);
  for (const [index, step] of steps.entries())
    if (index >= version)
      inTransaction(db, () => {
        // Another process may have done it meanwhile.
        if (userVersion(db) <= index) db.exec(`${step}; PRAGMA user_version = ${index + 1}`);
      });
}

/**
 * Whether there is anything to read: a file that its writer has only just made holds no table yet.
 * @throws SekishoError STORE_UNAVAILABLE when it was written by a newer version.
 */
export function hasTables(db: DatabaseSync, path: string, steps: readonly string[]): boolean {
  const version = userVersion(db);
  if (version > steps.length) throw newerVersion(path, version);
  return version > 0;
}

function userVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function newerVersion(path: string, version: number): StoreError {
  return new StoreError({
    place: filePlace(path),
    failure: { fault: "newer-schema", version },
    message: `${path}: written by a newer Sekisho (schema ${version})`,
  });
}

export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

const columns: Readonly<Record<CountedColumn, string>> = {
  origin: "origin",
  dmarc: "dmarc",
  reply: "reply",
  action: "action",
  fromDomain: "from_domain",
};

/** NULL for a record that was cut off: SQLite would refuse the whole question. */
const sound = "(CASE WHEN json_valid(record.json) THEN record.json END)";

const defaultLimit = 50;
const maxLimit = 1000;
/** 4 MB of them are kept for what comes next. */
const freePages = 1000;

class SqliteRecords implements RecordDatabase {
  readonly #db: DatabaseSync;
  readonly #file: FileInUse;
  /** Those that come again and again, by their text. */
  readonly #kept = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#file = new FileInUse(path);
  }

  save(lines: Iterable<RecordLine>): number {
    const insert = this.#prepare(
      `INSERT INTO record
         (host, boot, sequence, at, queue_id, message_id, from_domain, origin, dmarc, action, reply, json)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (host, boot, sequence) DO NOTHING`,
    );
    return inTransaction(this.#db, () => {
      let saved = 0;
      for (const line of lines) saved += Number(insert.run(...rowOf(line)).changes);
      return saved;
    });
  }

  find(query: RecordQuery): MessageRecord[] {
    const conditions: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, value: SQLInputValue | undefined): void => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where("queue_id = ?", query.queueId);
    where("message_id = ?", query.messageId === undefined ? undefined : bareMessageId(query.messageId));
    where("at >= ?", query.since);
    where("at < ?", query.before);
    const filter = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = this.#db
      .prepare(`SELECT json FROM record ${filter} ORDER BY at DESC, key DESC LIMIT ?`)
      .all(...values, limitOf(query));
    return rows.map((row) => parseLine(String(row["json"]))).filter((record) => record !== undefined);
  }

  countBy(column: CountedColumn, since: number): CountRow[] {
    const name = columns[column];
    const rows = this.#db
      .prepare(
        `SELECT ${name} AS value, count(*) AS messages FROM record WHERE at >= ? GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100`,
      )
      .all(since);
    return rows.map(({ value, messages }) => ({
      ...(value !== null && { value: String(value) }),
      messages: Number(messages),
    }));
  }

  listDifferences(query: DifferenceQuery): DmarcDifferences {
    const rows = this.#db
      .prepare(
        `SELECT at, queue_id, ${sound} ->> '$.results.dmarc' AS dmarc, ${sound} ->> '$.results.dmarcOther' AS other
         FROM record WHERE at >= ? AND ${sound} ->> '$.results.dmarcOther' IS NOT NULL ORDER BY at DESC, key DESC`,
      )
      .iterate(query.since);
    return groupDifferences(comparisonsOf(rows), query);
  }

  countSince(since: number): number {
    return Number(this.#db.prepare("SELECT count(*) AS n FROM record WHERE at >= ?").get(since)?.["n"]);
  }

  *shadowed(since: number): Generator<ShadowedMessage> {
    const rows = this.#db
      .prepare(
        `SELECT json FROM record WHERE at >= ? AND ${sound} ->> '$.shadow' IS NOT NULL ORDER BY at DESC, key DESC`,
      )
      .iterate(since);
    for (const row of rows) {
      const record = parseLine(String(row["json"]));
      const shadowed = record && shadowedMessage(record);
      if (shadowed !== undefined) yield shadowed;
    }
  }

  selectors({ domain, since }: SelectorQuery): string[] {
    const rows = this.#db
      .prepare(
        `SELECT DISTINCT signature.value ->> '$.selector' AS selector
         FROM record, json_each(${sound}, '$.results.dkim') AS signature
         WHERE at >= ?1 AND signature.value ->> '$.domain' = ?2 AND signature.value ->> '$.result' = 'pass'
         UNION
         SELECT DISTINCT signature.value ->> '$.selector'
         FROM record, json_each(${sound}, '$.signing.signatures') AS signature
         WHERE at >= ?1 AND signature.value ->> '$.domain' = ?2
         LIMIT 100`,
      )
      .all(since, domain);
    return rows.map((row) => String(row["selector"]));
  }

  count(): number {
    return this.#number("SELECT count(*) AS n FROM record");
  }

  oldest(): string | undefined {
    const row = this.#prepare("SELECT min(at) AS at FROM record").get();
    return typeof row?.["at"] === "number" ? new Date(row["at"]).toISOString() : undefined;
  }

  octets(): number {
    const pages = this.#number(
      "SELECT page_count - freelist_count AS n FROM pragma_page_count, pragma_freelist_count",
    );
    return pages * this.#number("SELECT page_size AS n FROM pragma_page_size");
  }

  expire(before: number, limit: number): number {
    return inTransaction(this.#db, () =>
      Number(
        this.#prepare(
          "DELETE FROM record WHERE key IN (SELECT key FROM record WHERE at < ? ORDER BY at, key LIMIT ?)",
        ).run(before, limit).changes,
      ),
    );
  }

  shrink(): void {
    if (this.#number("SELECT freelist_count AS n FROM pragma_freelist_count") > freePages)
      this.#db.exec(`PRAGMA incremental_vacuum(${freePages})`);
  }

  isInPlace(): boolean {
    return this.#file.isInPlace();
  }

  close(): void {
    this.#file.close(this.#db);
  }

  #number(sql: string): number {
    return Number(this.#prepare(sql).get()?.["n"]);
  }

  #prepare(sql: string): StatementSync {
    const kept = this.#kept.get(sql);
    if (kept !== undefined) return kept;
    const statement = this.#db.prepare(sql);
    this.#kept.set(sql, statement);
    return statement;
  }
}

function* comparisonsOf(rows: Iterable<Readonly<Record<string, unknown>>>): Generator<Comparison> {
  for (const { at, queue_id, dmarc, other } of rows) {
    const [one, two] = [readResult(dmarc), readResult(other)];
    if (one === undefined || two === undefined) continue;
    yield {
      at: Number(at),
      ...(queue_id !== null && { queueId: String(queue_id) }),
      dmarc: one,
      other: two,
    };
  }
}

/** @returns undefined for anything but an object, as in a record that is damaged. */
function readResult(json: unknown): DmarcResult | undefined {
  try {
    return storedObject(json) as DmarcResult;
  } catch {
    return undefined;
  }
}

function rowOf({ record, text }: RecordLine): SQLInputValue[] {
  const { host, boot, sequence } = record.id;
  return [
    host,
    boot,
    sequence,
    Date.parse(record.at),
    record.queueId ?? null,
    record.messageId === undefined ? null : bareMessageId(record.messageId),
    record.results?.dmarc?.domain ?? domainOf(record.envelope?.from) ?? null,
    record.client.origin,
    record.results?.dmarc?.result ?? null,
    record.disposition.action,
    record.reply,
    text,
  ];
}

function domainOf(address: string | undefined): string | undefined {
  return address === undefined || address === "" ? undefined : address.slice(address.lastIndexOf("@") + 1);
}

/** A Message-ID as it is compared: without blanks around it and its angle brackets. */
export function bareMessageId(text: string): string {
  const id = text.trim();
  return id.startsWith("<") && id.endsWith(">") ? id.slice(1, -1) : id;
}

/** How many records a query may yield. */
export function limitOf({ limit }: RecordQuery): number {
  return Math.min(Math.max(1, Math.trunc(limit ?? defaultLimit)), maxLimit);
}

/** Makes `data_dir` with mode 0700 when it is not there. */
export function makeDataDir(dataDir: string): void {
  makeFolder(dataDir, 0o700);
}
