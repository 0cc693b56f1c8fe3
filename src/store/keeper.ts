import { chmodSync } from "node:fs";
import { fileError, fileFault, isCorruption } from "./file-fault.ts";
import { replacedError } from "./file-in-use.ts";
import { findRecords } from "./find-records.ts";
import { ingestSpool } from "./ingest.ts";
import { groupDifferences } from "./list-differences.ts";
import { listSelectors } from "./list-selectors.ts";
import { listShadow } from "./list-shadow.ts";
import type {
  CountedColumn,
  CountRow,
  DifferenceQuery,
  DmarcDifferences,
  RecordQuery,
  SelectorQuery,
  ShadowQuery,
  ShadowSummary,
  StoreStats,
} from "./port.ts";
import type { MessageRecord } from "./record.ts";
import { SettledTime } from "./settled-time.ts";
import { spoolFolder } from "./spool-files.ts";
import { databasePath, makeDataDir, moveAside, openDatabase, type RecordDatabase } from "./sqlite.ts";
import { dataOf, type EngineFault, type StoreErrorData, wordsOf } from "./store-error.ts";

export interface KeeperOptions {
  readonly dataDir: string;
  /** `record.keep` in ms, `record.max_size` in octets. */
  readonly keepMs: number;
  readonly maxOctets: number;
  /** What was told as the reason why the keeper before could not go on. */
  readonly trouble?: string;
}

/** Something the operator should hear of. */
export type StoreEvent =
  | { readonly kind: "moved-aside"; readonly path: string; readonly reason: string }
  /** `restartInMs`: its thread has died, and will be started again then. */
  | { readonly kind: "unavailable"; readonly error: StoreErrorData; readonly restartInMs?: number }
  | { readonly kind: "available" }
  | { readonly kind: "damaged-lines"; readonly lines: number };

const expireBatch = 500;
/** Bounds the time of one round, so that questions are answered in between. */
const batchesPerRound = 20;

/** The one writer of the database: takes segments in, deletes what is too old or too much, answers questions. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #folder: string;
  readonly #tell: (event: StoreEvent) => void;
  readonly #settled = new SettledTime();
  #db: RecordDatabase | undefined;
  #ingested = 0;
  #repeated = 0;
  #damagedLines = 0;
  #expired = 0;
  #lastError: string | undefined;

  constructor(options: KeeperOptions, tell: (event: StoreEvent) => void) {
    this.#options = options;
    this.#folder = spoolFolder(options.dataDir);
    this.#tell = tell;
    this.#lastError = options.trouble;
  }

  /** One round of work. A failure is told and kept for `stats`; the segments stay, and the next round tries again. */
  round(nowMs: number): void {
    this.#guard(nowMs, (db) => {
      const { saved, repeated, damagedLines, failure } = ingestSpool(this.#folder, db, nowMs);
      this.#ingested += saved;
      this.#repeated += repeated;
      this.#damagedLines += damagedLines;
      if (damagedLines > 0) this.#tell({ kind: "damaged-lines", lines: damagedLines });
      if (failure?.isOfDatabase !== true) this.#expire(db, this.#settled.at(nowMs));
      if (failure !== undefined) throw failure.error;
    });
  }

  find(query: RecordQuery): readonly MessageRecord[] {
    return findRecords(this.#folder, this.#db, query);
  }

  countBy(column: CountedColumn, since: number): readonly CountRow[] {
    return this.#db?.countBy(column, since) ?? [];
  }

  listDifferences(query: DifferenceQuery): DmarcDifferences {
    return this.#db?.listDifferences(query) ?? groupDifferences([], query);
  }

  listShadow(query: ShadowQuery): ShadowSummary {
    return listShadow(this.#folder, this.#db, query);
  }

  listSelectors(query: SelectorQuery): readonly string[] {
    return listSelectors(this.#folder, this.#db, query);
  }

  stats(): StoreStats {
    const oldest = this.#db?.oldest();
    return {
      records: this.#db?.count() ?? 0,
      octets: this.#db?.octets() ?? 0,
      ...(oldest !== undefined && { oldest }),
      ingested: this.#ingested,
      repeated: this.#repeated,
      damagedLines: this.#damagedLines,
      expired: this.#expired,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  close(): void {
    this.#db?.close();
    this.#db = undefined;
  }

  #guard(nowMs: number, work: (db: RecordDatabase) => void): void {
    try {
      this.#letGoOfReplaced();
      this.#db ??= this.#open();
      work(this.#db);
      if (this.#lastError !== undefined) this.#tell({ kind: "available" });
      this.#lastError = undefined;
    } catch (error) {
      if (isCorruption(error)) this.#replace(nowMs, error);
      else this.#fail(error);
    }
  }

  /** Else all that comes in would go into a file that nobody reads. */
  #letGoOfReplaced(): void {
    if (this.#db?.isInPlace() !== false) return;
    this.close();
    this.#fail(replacedError(databasePath(this.#options.dataDir)));
  }

  #open(): RecordDatabase {
    makeDataDir(this.#options.dataDir);
    return openDatabase(databasePath(this.#options.dataDir));
  }

  /** A damaged database is kept for rescue, and a new one begun: mail is still to be recorded. */
  #replace(nowMs: number, error: unknown): void {
    try {
      this.close();
    } catch {
      // A damaged file may refuse even that.
      this.#db = undefined;
    }
    try {
      const path = moveAside(databasePath(this.#options.dataDir), nowMs);
      chmodSync(path, 0o600);
      this.#tell({ kind: "moved-aside", path, reason: String(error) });
    } catch (failure) {
      this.#fail(failure);
    }
  }

  #fail(error: unknown): void {
    const told = errorOf(error, databasePath(this.#options.dataDir));
    if (told.message !== this.#lastError) this.#tell({ kind: "unavailable", error: told });
    this.#lastError = told.message;
  }

  #expire(db: RecordDatabase, nowMs: number): void {
    const { keepMs, maxOctets } = this.#options;
    let expired = 0;
    for (let batch = 0; batch < batchesPerRound; batch++) {
      const tooMuch = db.octets() > maxOctets;
      const deleted = db.expire(tooMuch ? Number.MAX_SAFE_INTEGER : nowMs - keepMs, expireBatch);
      expired += deleted;
      if (deleted < expireBatch && !(tooMuch && deleted > 0)) break;
    }
    this.#expired += expired;
    db.shrink();
  }
}

/** For logs and the status: what it is about, and what to do. */
function errorOf(error: unknown, path: string): StoreErrorData {
  const advice = adviceOf.get(fileFault(error)) ?? "";
  // What the system says of a file names it.
  const place = error instanceof Error && "syscall" in error ? "" : `${path}: `;
  return dataOf(fileError(path, error, `${place}${wordsOf(error)}${advice}`));
}

const waiting = "the records wait in the spool, and are taken in then";
const adviceOf: ReadonlyMap<EngineFault, string> = new Map([
  ["disk-full", `; make room: ${waiting}`],
  ["read-only", `; look at the rights of the file and its folder: ${waiting}`],
  ["no-right", `; look at the rights of the file and its folder: ${waiting}`],
]);
