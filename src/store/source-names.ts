import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileError, isCorruption } from "./file-fault.ts";
import { isStoreThere } from "./is-store-there.ts";
import { makeDatabaseFile } from "./make-database-file.ts";
import { makeFolder } from "./make-folder.ts";
import { storedObject } from "./reports/damage.ts";
import type { Awaitable } from "./reports/sql.ts";
import { checkIntegrity, inTransaction } from "./sqlite.ts";

/** What the DNS and the operator's databases say of an address. */
export interface SourceName {
  /** In the canonical form of RFC 5952. */
  readonly ip: string;
  /** Of iprev (RFC 8601 §2.7.3): `pass` is a name that leads back to the address, `permerror` no name at all. */
  readonly result: "pass" | "fail" | "permerror" | "temperror";
  readonly name?: string;
  /** Organizational domain of a name that leads back. */
  readonly domain?: string;
  readonly asn?: number;
  readonly asnName?: string;
  /** ISO 3166-1, two letters. */
  readonly country?: string;
  /** Blocklists that it is on. */
  readonly listed: readonly string[];
  /** Milliseconds since 1970. */
  readonly fetchedAt: number;
  readonly expiresAt: number;
}

/**
 * Names of addresses, kept so that no question and no import ever waits for the DNS. A cache: it may be deleted at any time,
 * and is begun anew when it cannot be read.
 */
export interface SourceNameStore {
  /** By address; what is old is there too, until something newer is known. */
  get(ips: readonly string[]): Awaitable<ReadonlyMap<string, SourceName>>;
  /** Of these addresses those without a name that is good beyond that time, in their order. */
  due(ips: readonly string[], nowMs: number): Awaitable<readonly string[]>;
  put(names: readonly SourceName[]): Awaitable<void>;
  /** Forgets what ran out before that time. @returns How many. */
  forget(beforeMs: number): Awaitable<number>;
  close(): Awaitable<void>;
}

/** Raised when rows of another shape are written. */
const version = 1;

/** @throws SekishoError STORE_UNAVAILABLE. */
export function openSourceNames(dataDir: string): SqliteSourceNames {
  const path = namesPath(dataDir);
  return using(path, () => {
    makeFolder(dataDir, 0o700);
    makeDatabaseFile(path);
    return openOrBegin(path);
  });
}

/** What a question needs: names, and nothing that writes. */
export type SourceNameReader = Pick<SourceNameStore, "get" | "close">;

/** Opens it only to read; without names where there are none yet. @throws SekishoError STORE_UNAVAILABLE. */
export function openSourceNamesToRead(dataDir: string): Pick<SqliteSourceNames, keyof SourceNameReader> {
  const path = namesPath(dataDir);
  if (!isStoreThere(path)) return noNames;
  return using(path, () => {
    const db = new DatabaseSync(path, { timeout: 5000, readOnly: true });
    try {
      if (versionOf(db) === version) return new SqliteSourceNames(db, path);
    } catch (error) {
      db.close();
      if (!isCorruption(error)) throw error;
      return noNames;
    }
    db.close();
    return noNames;
  });
}

const noNames: Pick<SqliteSourceNames, keyof SourceNameReader> = { get: () => new Map(), close: () => {} };

function namesPath(dataDir: string): string {
  return join(dataDir, "source-names.sqlite");
}

function using<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** The same in memory, for tests. */
export function openSourceNamesInMemory(): SqliteSourceNames {
  return openAt(":memory:");
}

function openOrBegin(path: string): SqliteSourceNames {
  try {
    return openAt(path);
  } catch (error) {
    // A file that is only busy stays.
    if (!isCorruption(error)) throw error;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    return openAt(path);
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

function openAt(path: string): SqliteSourceNames {
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = NORMAL");
    checkIntegrity(db);
    if (versionOf(db) !== version) db.exec("DROP TABLE IF EXISTS source_name");
    db.exec(
      "CREATE TABLE IF NOT EXISTS source_name (ip TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID",
    );
    db.exec(`PRAGMA user_version = ${version}`);
    return new SqliteSourceNames(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What was kept of a name; undefined where that is damaged. */
export function readName(json: unknown): SourceName | undefined {
  try {
    return storedObject(json) as SourceName;
  } catch {
    return undefined;
  }
}

/** In a file of its own; it answers at once. */
export class SqliteSourceNames implements SourceNameStore {
  readonly #db: DatabaseSync;
  readonly #path: string;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  get(ips: readonly string[]): ReadonlyMap<string, SourceName> {
    return this.#find(ips, "SELECT json FROM source_name WHERE ip = ?");
  }

  due(ips: readonly string[], nowMs: number): readonly string[] {
    const good = this.#find(ips, "SELECT json FROM source_name WHERE ip = ? AND expires_at > ?", nowMs);
    return ips.filter((ip) => !good.has(ip));
  }

  #find(ips: readonly string[], sql: string, ...values: readonly number[]): Map<string, SourceName> {
    const found = new Map<string, SourceName>();
    try {
      const one = this.#db.prepare(sql);
      for (const ip of ips) {
        const name = readName(one.get(ip, ...values)?.["json"]);
        if (name !== undefined) found.set(ip, name);
      }
    } catch (cause) {
      // What can still be read will do: who opens it next to write begins it anew.
      if (!isCorruption(cause)) throw fileError(this.#path, cause);
    }
    return found;
  }

  put(names: readonly SourceName[]): void {
    using(this.#path, () => {
      const one = this.#db.prepare(
        `INSERT INTO source_name (ip, expires_at, json) VALUES (?, ?, ?)
         ON CONFLICT (ip) DO UPDATE SET expires_at = excluded.expires_at, json = excluded.json`,
      );
      inTransaction(this.#db, () => {
        for (const name of names) one.run(name.ip, name.expiresAt, JSON.stringify(name));
      });
    });
  }

  forget(beforeMs: number): number {
    return using(this.#path, () =>
      Number(this.#db.prepare("DELETE FROM source_name WHERE expires_at < ?").run(beforeMs).changes),
    );
  }

  close(): void {
    this.#db.close();
  }
}
