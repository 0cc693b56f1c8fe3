import { Worker } from "node:worker_threads";
import { recordsError } from "./file-fault.ts";
import { findRecords } from "./find-records.ts";
import type { KeeperOptions, StoreEvent } from "./keeper.ts";
import { groupDifferences } from "./list-differences.ts";
import { listSelectors } from "./list-selectors.ts";
import { listShadow } from "./list-shadow.ts";
import type {
  CountRow,
  DifferenceQuery,
  DmarcDifferences,
  RecordStore,
  SelectorQuery,
  ShadowQuery,
  ShadowSummary,
  StoreStats,
} from "./port.ts";
import type { MessageRecord } from "./record.ts";
import { spoolFolder } from "./spool-files.ts";
import { databasePath, openDatabaseToRead, type RecordDatabase } from "./sqlite.ts";
import { dataOf, recordsPlace, StoreError } from "./store-error.ts";
import type { StoreMessage, StoreQuestion } from "./store-thread.ts";

export interface StoreOptions extends KeeperOptions {
  /** Hears what the operator should know; called in the main thread. */
  readonly onEvent?: (event: StoreEvent) => void;
  /** For tests. */
  readonly thread?: URL;
}

/** The store of the daemon: besides answering, it takes in the spool all the time. */
export interface RunningStore extends RecordStore {
  /** Takes in what lies in the spool now. */
  ingest(): Promise<void>;
}

/**
 * Starts the thread that owns the database. What goes wrong in it is told by `onEvent` and `stats`, and tried again; when it dies it is
 * started again, and the spool keeps the records meanwhile.
 */
export function startRecordStore(options: StoreOptions): RunningStore {
  return new ThreadedStore(options);
}

/** V8 would double the young part time and again while records are large, and keep it; one lives at a time. */
const heapLimits = { maxYoungGenerationSizeMb: 8 };
const firstWaitMs = 100;
const longestWaitMs = 30_000;
/** A life that long clears the past. */
const longLifeMs = 60_000;

class ThreadedStore implements RunningStore {
  readonly #options: StoreOptions;
  #worker: Worker | undefined;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  #number = 0;
  #closing: Promise<void> | undefined;
  /** Why nothing can be asked at present. */
  #stopped: StoreError | undefined;
  #restart: NodeJS.Timeout | undefined;
  #restarts = 0;
  #waitMs = 0;
  #startedMs = 0;
  /** Of the threads before this one, and as this one has said last. */
  #before = noCounts;
  #counts = noCounts;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#start();
  }

  /** @param trouble Of the thread before. */
  #start(trouble?: string): void {
    this.#startedMs = performance.now();
    try {
      this.#startThread(trouble);
    } catch (error) {
      // There may be no room for one more; told as a death is, and not while a store is being made.
      const reason = String(error);
      this.#stop(reason);
      setImmediate(() => this.#ended(reason));
    }
  }

  #startThread(trouble: string | undefined): void {
    const { onEvent, thread, ...keeper } = this.#options;
    // tsc rewrites imports and not URLs: the thread's file has the ending that this one has.
    const file = import.meta.url.endsWith(".ts") ? "./store-thread.ts" : "./store-thread.js";
    const worker = new Worker(thread ?? new URL(file, import.meta.url), {
      workerData: { ...keeper, ...(trouble !== undefined && { trouble }) },
      execArgv: [],
      resourceLimits: heapLimits,
    });
    this.#worker = worker;
    this.#stopped = undefined;
    let reason = "the thread has ended";
    worker.on("message", (message: StoreMessage) => {
      if (message.kind === "event") onEvent?.(message.event);
      else this.#settle(message);
    });
    worker.on("error", (error) => {
      reason = String(error);
    });
    worker.on("exit", () => this.#ended(reason));
  }

  async find(query: Parameters<RecordStore["find"]>[0]): Promise<readonly MessageRecord[]> {
    return (await this.#ask({ kind: "find", query })) as readonly MessageRecord[];
  }

  async countBy(...[column, since]: Parameters<RecordStore["countBy"]>): Promise<readonly CountRow[]> {
    return (await this.#ask({ kind: "count-by", column, since })) as readonly CountRow[];
  }

  async listDifferences(query: DifferenceQuery): Promise<DmarcDifferences> {
    return (await this.#ask({ kind: "list-differences", query })) as DmarcDifferences;
  }

  async listShadow(query: ShadowQuery): Promise<ShadowSummary> {
    return (await this.#ask({ kind: "list-shadow", query })) as ShadowSummary;
  }

  async listSelectors(query: SelectorQuery): Promise<readonly string[]> {
    return (await this.#ask({ kind: "list-selectors", query })) as readonly string[];
  }

  async stats(): Promise<StoreStats> {
    const stats = (await this.#ask({ kind: "stats" })) as StoreStats;
    this.#counts = countsOf(stats);
    return { ...stats, ...sumOf(this.#before, this.#counts), restarts: this.#restarts };
  }

  async ingest(): Promise<void> {
    await this.#ask({ kind: "ingest" });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restart);
    const worker = this.#worker;
    try {
      if (worker !== undefined) await this.#ask({ kind: "close" });
    } catch (error) {
      // The thread may end by itself before its answer is read: then it is closed, which is what was wanted.
      if (this.#worker !== undefined) throw error;
    } finally {
      await worker?.terminate();
      this.#stop("the store is closed");
    }
  }

  #ask(question: StoreQuestion): Promise<unknown> {
    const worker = this.#worker;
    if (this.#stopped !== undefined || worker === undefined)
      return Promise.reject(this.#stopped ?? stopped("the store is closed"));
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      worker.postMessage({ ...question, number });
    });
  }

  #settle(message: Extract<StoreMessage, { number: number }>): void {
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(new StoreError(message.error));
  }

  #ended(reason: string): void {
    this.#worker = undefined;
    this.#stop(reason);
    // Whatever the reason was: nobody needs it any more.
    if (this.#closing !== undefined) return;
    this.#before = sumOf(this.#before, this.#counts);
    this.#counts = noCounts;
    const livedLong = performance.now() - this.#startedMs >= longLifeMs;
    this.#waitMs = this.#waitMs === 0 || livedLong ? firstWaitMs : Math.min(longestWaitMs, 2 * this.#waitMs);
    this.#restarts += 1;
    this.#restart = setTimeout(() => this.#start(reason), this.#waitMs);
    this.#options.onEvent?.({
      kind: "unavailable",
      error: dataOf(stopped(reason)),
      restartInMs: this.#waitMs,
    });
  }

  #stop(reason: string): void {
    this.#stopped = stopped(reason);
    for (const { reject } of this.#waiting.values()) reject(this.#stopped);
    this.#waiting.clear();
  }
}

function stopped(reason: string): StoreError {
  return new StoreError({
    place: recordsPlace,
    failure: { fault: "stopped", said: reason },
    message: reason,
  });
}

/** What of the statistics is counted since the start. */
type Counts = Pick<StoreStats, "ingested" | "repeated" | "damagedLines" | "expired">;
const noCounts: Counts = { ingested: 0, repeated: 0, damagedLines: 0, expired: 0 };

function countsOf({ ingested, repeated, damagedLines, expired }: Counts): Counts {
  return { ingested, repeated, damagedLines, expired };
}

function sumOf(a: Counts, b: Counts): Counts {
  return {
    ingested: a.ingested + b.ingested,
    repeated: a.repeated + b.repeated,
    damagedLines: a.damagedLines + b.damagedLines,
    expired: a.expired + b.expired,
  };
}

/**
 * Opens the records only to read, as a command beside a running daemon (or after it): the database, and what lies in
 * the spool and has not gone into it.
 * @throws SekishoError STORE_UNAVAILABLE when the database is there and cannot be read.
 */
export function openRecordStore({ dataDir }: { readonly dataDir: string }): RecordStore {
  const db = openToRead(databasePath(dataDir));
  const folder = spoolFolder(dataDir);
  return {
    find: async (query) => reading(() => findRecords(folder, db, query)),
    countBy: async (column, since) => reading(() => db?.countBy(column, since) ?? []),
    listDifferences: async (query) =>
      reading(() => db?.listDifferences(query) ?? groupDifferences([], query)),
    listShadow: async (query) => reading(() => listShadow(folder, db, query)),
    listSelectors: async (query) => reading(() => listSelectors(folder, db, query)),
    stats: async () => reading(() => statsOf(db)),
    close: async () => db?.close(),
  };
}

function openToRead(path: string): RecordDatabase | undefined {
  return reading(() => openDatabaseToRead(path));
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw recordsError(error, `the records cannot be read: ${String(error)}`);
  }
}

function statsOf(db: RecordDatabase | undefined): StoreStats {
  const oldest = db?.oldest();
  return {
    records: db?.count() ?? 0,
    octets: db?.octets() ?? 0,
    ...(oldest !== undefined && { oldest }),
    ingested: 0,
    repeated: 0,
    damagedLines: 0,
    expired: 0,
  };
}
