import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { ListMemory, type MemoryEntry, type MemoryTerms } from "../filter/list-memory.ts";
import type { SharedHandlers } from "../filter/shared-state.ts";
import type { Log } from "../log.ts";

/** The memory of the way in, with a file that brings it over a restart. */
export interface ListJournal {
  readonly handlers: Pick<SharedHandlers, "list.remember" | "list.redeem">;
  readonly size: number;
  /** Writes what waits. */
  close(): Promise<void>;
}

const fileName = "list-memory.ndjson";
const maxFileOctets = 256 * 1024 * 1024;
/** Lines beyond half as many as were of use, before the file is written anew. */
const spareLines = 10_000;
/** So far back the file is read; how long each message counts is asked with every question. */
const restoreTerms: MemoryTerms = { keepMs: 90 * 86_400_000, batchesMs: 7 * 86_400_000 };

/**
 * Opens the memory and reads what a former process wrote down. Lines are added and not synced: they outlive the process,
 * even one that is killed, and not always a power failure. Where the file fails, the memory goes on without it.
 */
export function openListJournal(
  dataDir: string,
  clock: Pick<Clock, "now">,
  log: Pick<Log, "warn">,
): ListJournal {
  return new FileJournal(join(dataDir, fileName), clock, log);
}

class FileJournal implements ListJournal {
  readonly #file: string;
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Pick<Log, "warn">;
  readonly #memory = new ListMemory();
  /** Lines that may still be added before the file is written anew. */
  #room = 0;
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #told = false;

  constructor(file: string, clock: Pick<Clock, "now">, log: Pick<Log, "warn">) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
    this.#restore();
  }

  readonly handlers: ListJournal["handlers"] = {
    "list.remember": ({ key, wayIn, terms }) => {
      const kept = this.#memory.remember(key, wayIn, this.#clock.now(), terms);
      if (kept) this.#append({ kind: "in", key, wayIn });
      return kept;
    },
    "list.redeem": ({ key, use, terms }) => {
      const at = this.#clock.now();
      const answer = this.#memory.redeem(key, use, at, terms);
      if (answer.kind === "known") this.#append({ kind: "out", key, at, use });
      return answer;
    },
  };

  get size(): number {
    return this.#memory.size;
  }

  async close(): Promise<void> {
    await this.#writing;
  }

  #restore(): void {
    try {
      const octets = statSync(this.#file).size;
      if (octets > maxFileOctets) {
        const about = { file: this.#file, octets };
        this.#log.warn("the memory of mail to lists is begun anew, as its file is too large", about);
        return;
      }
      for (const line of readFileSync(this.#file, "utf8").split("\n")) {
        const entry = readEntry(line);
        if (entry !== undefined) this.#memory.restore(entry, restoreTerms);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#tell(error);
    }
  }

  #append(entry: MemoryEntry): void {
    this.#waiting.push(JSON.stringify(entry));
    if (this.#waiting.length === 1) this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    try {
      if (lines.length > this.#room) this.#rewrite();
      else {
        await appendFile(this.#file, `${lines.join("\n")}\n`, { mode: 0o600 });
        this.#room -= lines.length;
      }
    } catch (error) {
      this.#tell(error);
    }
  }

  /** With everything that is of use, and nothing else. */
  #rewrite(): void {
    const lines = Array.from(this.#memory.entries(), (entry) => JSON.stringify(entry));
    const next = `${this.#file}.new`;
    writeFileSync(next, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    renameSync(next, this.#file);
    // In proportion, so that a large file is not written anew every few lines.
    this.#room = Math.ceil(lines.length / 2) + spareLines;
  }

  #tell(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#log.warn("the memory of mail to lists is not written down, and will not outlive a restart", {
      file: this.#file,
      error: String(error),
    });
  }
}

/** A line that a crash cut off, or somebody wrote into it, is no entry. */
function readEntry(line: string): MemoryEntry | undefined {
  if (line === "") return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is MemoryEntry {
  if (!isMap(value) || typeof value["key"] !== "string") return false;
  const { kind, wayIn, use, at } = value;
  if (kind === "in") return isMap(wayIn) && isWayIn(wayIn);
  return kind === "out" && typeof at === "number" && isMap(use) && isUse(use);
}

function isWayIn({ at, lists, messageId, payload, chain, sets, author }: Map<string>): boolean {
  return (
    typeof at === "number" &&
    Array.isArray(lists) &&
    lists.every((list) => typeof list === "string") &&
    isTextOrMissing(messageId) &&
    typeof payload === "string" &&
    (chain === "none" || chain === "pass" || chain === "fail") &&
    typeof sets === "string" &&
    isTextOrMissing(author)
  );
}

function isUse({ host, list, messageId, connection, content, recipients }: Map<string>): boolean {
  return (
    [host, list, connection, content, recipients].every((text) => typeof text === "string") &&
    isTextOrMissing(messageId)
  );
}

function isTextOrMissing(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

type Map<Key extends string> = Readonly<Record<Key, unknown>>;

function isMap(value: unknown): value is Map<string> {
  return typeof value === "object" && value !== null;
}
