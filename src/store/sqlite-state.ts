import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { fileError, isCorruption } from "./file-fault.ts";
import { FileInUse } from "./file-in-use.ts";
import { isStoreThere } from "./is-store-there.ts";
import { giveToOwnerOfFolder, makeDatabaseFile } from "./make-database-file.ts";
import { stateMigrations } from "./schema.ts";
import { checkIntegrity, hasTables, makeDataDir, migrate, moveAside } from "./sqlite.ts";
import type { StateStore, StateTransaction } from "./state.ts";

export function statePath(dataDir: string): string {
  return join(dataDir, "state.sqlite");
}

function copyPath(path: string): string {
  return path.replace(/\.sqlite$/, ".copy.sqlite");
}

/**
 * Opens the state in a database of its own, made when it is not there (mode 0600). Records may be thrown away when
 * their file is damaged; this may not: every change is on the disk before it counts, and a damaged file gives way to
 * its last copy only, never to an empty one.
 * @param onRestored Hears where a damaged file has been put.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function openState(dataDir: string, onRestored: (aside: string) => void = () => {}): StateStore {
  const path = statePath(dataDir);
  return using(path, () => {
    makeDataDir(dataDir);
    // It was to be replaced by its copy, and that was interrupted.
    if (isMissing(path) && existsSync(copyPath(path))) putCopy(path);
    makeDatabaseFile(path);
    try {
      return openAt(path);
    } catch (error) {
      // A copy that is no better would only pile up damaged files.
      if (!isCorruption(error) || !isSound(copyPath(path))) throw error;
      onRestored(moveAside(path, Date.now()));
      putCopy(path);
      return openAt(path);
    }
  });
}

function isMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

/** Whether a copy is there and whole; it may have been made of a file that was damaged before. */
function isSound(copy: string): boolean {
  if (isMissing(copy)) return false;
  try {
    return checkCopy(copy);
  } catch {
    return false;
  }
}

/** @returns Whether there is anything in it. @throws When it is damaged. */
function checkCopy(copy: string): boolean {
  const db = new DatabaseSync(copy, { timeout: 5000 });
  try {
    checkIntegrity(db);
    return hasTables(db, copy, stateMigrations);
  } finally {
    db.close();
  }
}

/** Puts the copy in the place of the state, all of it or nothing. */
function putCopy(path: string): void {
  const draft = `${path}.new`;
  // A link that lies in its place is not followed: root may be at work in the folder of another user.
  rmSync(draft, { force: true });
  copyFileSync(copyPath(path), draft, constants.COPYFILE_EXCL);
  const file = openSync(draft, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    giveToOwnerOfFolder(file, draft);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // A log of what stood there before would be read into it.
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  renameSync(draft, path);
}

/** As far as that is possible: what is in its way is told by who makes it. */
function removeDraft(draft: string): void {
  for (const suffix of ["", "-wal", "-shm"])
    try {
      rmSync(draft + suffix, { force: true });
    } catch {}
}

/** The same in memory, for tests. */
export function openStateInMemory(): StateStore {
  return openAt(":memory:");
}

/**
 * Opens it only to read, as a command beside the running program.
 * @returns undefined when there is none.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function openStateToRead(dataDir: string): StateStore | undefined {
  const path = statePath(dataDir);
  if (!isStoreThere(path)) return undefined;
  return using(path, () => {
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    try {
      if (hasTables(db, path, stateMigrations)) return new SqliteState(db, path, "BEGIN");
    } catch (error) {
      db.close();
      throw error;
    }
    db.close();
    return undefined;
  });
}

function openAt(path: string): StateStore {
  const db = new DatabaseSync(path, { timeout: 5000 });
  try {
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    checkIntegrity(db);
    migrate(db, path, stateMigrations);
    // At once, since what has been read must still hold when it is written.
    return new SqliteState(db, path, "BEGIN IMMEDIATE");
  } catch (error) {
    db.close();
    throw error;
  }
}

function using<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw fileError(path, cause);
  }
}

class SqliteState implements StateStore {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #begin: string;
  readonly #file: FileInUse;
  /** One transaction after the other: they share a connection. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(db: DatabaseSync, path: string, begin: "BEGIN" | "BEGIN IMMEDIATE") {
    this.#db = db;
    this.#path = path;
    this.#begin = begin;
    this.#file = new FileInUse(path);
  }

  tx<T>(work: (tx: StateTransaction) => Promise<T>): Promise<T> {
    const done = this.#last.then(() => this.#tx(work));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Once the transaction under way is over: what it may still take back is no revision. */
  revision(): Promise<number> {
    return this.#last.then(() =>
      using(this.#path, () => Number(this.#db.prepare("SELECT number FROM revision").get()?.["number"] ?? 0)),
    );
  }

  keepCopy(): Promise<void> {
    const done = this.#last.then(() => this.#keepCopy());
    this.#last = done.catch(() => {});
    return done;
  }

  async #keepCopy(): Promise<void> {
    using(this.#path, () => this.#file.check());
    const copy = copyPath(this.#path);
    const draft = `${copy}.new`;
    try {
      removeDraft(draft);
      closeSync(openSync(draft, "a", 0o600));
      await backup(this.#db, draft);
    } catch (cause) {
      removeDraft(draft);
      throw fileError(draft, cause);
    }
    using(this.#path, () => {
      try {
        // It holds what this file held, and may have to be taken in its place.
        checkCopy(draft);
        renameSync(draft, copy);
      } catch (cause) {
        removeDraft(draft);
        throw cause;
      }
    });
  }

  async close(): Promise<void> {
    await this.#last;
    this.#file.close(this.#db);
  }

  async #tx<T>(work: (tx: StateTransaction) => Promise<T>): Promise<T> {
    // Nothing is begun anew here, and an older state not gone on with: a person has to say so, by a start.
    using(this.#path, () => this.#file.check());
    const transaction = new SqliteTransaction(this.#db, this.#path);
    transaction.exec(this.#begin);
    try {
      const result = await work(transaction);
      transaction.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#db.isTransaction) transaction.exec("ROLLBACK");
      throw error;
    }
  }
}

class SqliteTransaction implements StateTransaction {
  readonly #db: DatabaseSync;
  readonly #path: string;
  #written = false;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  exec(sql: string): void {
    using(this.#path, () => this.#db.exec(sql));
  }

  async get(kind: string, id: string): Promise<unknown> {
    return using(this.#path, () => {
      const row = this.#db.prepare("SELECT json FROM state WHERE kind = ? AND id = ?").get(kind, id);
      return row === undefined ? undefined : (JSON.parse(String(row["json"])) as unknown);
    });
  }

  async list(kind: string): Promise<readonly unknown[]> {
    return using(this.#path, () => {
      const rows = this.#db.prepare("SELECT json FROM state WHERE kind = ? ORDER BY id").all(kind);
      return rows.map((row) => JSON.parse(String(row["json"])) as unknown);
    });
  }

  async put(kind: string, id: string, value: object): Promise<void> {
    this.#change(() =>
      this.#db
        .prepare(
          `INSERT INTO state (kind, id, changed, json) VALUES (?, ?, ?, ?)
           ON CONFLICT (kind, id) DO UPDATE SET changed = excluded.changed, json = excluded.json`,
        )
        .run(kind, id, Date.now(), JSON.stringify(value)),
    );
  }

  async remove(kind: string, id: string): Promise<void> {
    this.#change(() => this.#db.prepare("DELETE FROM state WHERE kind = ? AND id = ?").run(kind, id));
  }

  #change(work: () => unknown): void {
    using(this.#path, () => {
      if (!this.#written) this.#db.exec("UPDATE revision SET number = number + 1");
      this.#written = true;
      work();
    });
  }
}
