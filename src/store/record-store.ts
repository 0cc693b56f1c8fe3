import { Worker } from "node:worker_threads";
import { SekishoError } from "../errors.ts";
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
import type { StoreMessage, StoreQuestion } from "./store-thread.ts";

export interface StoreOptions extends KeeperOptions {
  /** Hears what the operator should know; called in the main thread. */
  readonly onEvent?: (event: StoreEvent) => void;
}

/** The store of the daemon: besides answering, it takes in the spool all the time. */
export interface RunningStore extends RecordStore {
  /** Takes in what lies in the spool now. */
  ingest(): Promise<void>;
}

/** Starts the thread that owns the database. What goes wrong in it is told by `onEvent` and `stats`, and tried again. */
export function startRecordStore(options: StoreOptions): RunningStore {
  return new ThreadedStore(options);
}

/** V8 would double the young part time and again while records are large, and keep it; one lives at a time. */
const heapLimits = { maxYoungGenerationSizeMb: 8 };

class ThreadedStore implements RunningStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  #number = 0;
  #over: SekishoError | undefined;
  #closing: Promise<void> | undefined;

  constructor({ onEvent, ...keeper }: StoreOptions) {
    // tsc rewrites imports and not URLs: the thread's file has the ending that this one has.
    const file = import.meta.url.endsWith(".ts") ? "./store-thread.ts" : "./store-thread.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: keeper,
      execArgv: [],
      resourceLimits: heapLimits,
    });
    this.#worker.on("message", (message: StoreMessage) => {
      if (message.kind === "event") onEvent?.(message.event);
      else this.#settle(message);
    });
    this.#worker.on("error", (error) => {
      onEvent?.({ kind: "unavailable", reason: String(error) });
      this.#end(String(error));
    });
    this.#worker.on("exit", () => this.#end("the store is closed"));
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
    return (await this.#ask({ kind: "stats" })) as StoreStats;
  }

  async ingest(): Promise<void> {
    await this.#ask({ kind: "ingest" });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      if (this.#over === undefined) await this.#ask({ kind: "close" });
    } catch (error) {
      // The thread may end by itself before its answer is read: then it is closed, which is what was wanted.
      if (this.#over === undefined) throw error;
    }
    await this.#worker.terminate();
  }

  #ask(question: StoreQuestion): Promise<unknown> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ ...question, number });
    });
  }

  #settle(message: Extract<StoreMessage, { number: number }>): void {
    const waiting = this.#waiting.get(message.number);
    this.#waiting.delete(message.number);
    if (message.kind === "answer") waiting?.resolve(message.value);
    else waiting?.reject(new SekishoError("STORE_UNAVAILABLE", message.message));
  }

  #end(reason: string): void {
    this.#over ??= new SekishoError("STORE_UNAVAILABLE", reason);
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
  }
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
    if (error instanceof SekishoError) throw error;
    throw new SekishoError("STORE_UNAVAILABLE", `the records cannot be read: ${String(error)}`, {
      cause: error,
    });
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
