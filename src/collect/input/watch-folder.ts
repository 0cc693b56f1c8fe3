import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FolderConfig } from "../../config/collect-config.ts";
import { codeOf } from "../../config/file-fault.ts";
import { reasonOf } from "../reason-of.ts";
import type { Arrival, Incoming } from "./arrival.ts";
import { dotLockOf, isDotLock, isLocked, withDotLock } from "./dot-lock.ts";
import { type FilePath, keyOf, shown, within } from "./file-path.ts";
import { readFiles } from "./files.ts";
import { moveFile } from "./move-file.ts";
import { Alarm, RetryWait } from "./retry-wait.ts";
import type { WayIn, WayInServices, WayInStatus } from "./way-in.ts";

/** A file that somebody else still writes to is left alone; in a Maildir files appear whole. */
const settledAfterMs = 5_000;
const filesAtOnce = 50;
const dot = 0x2e;
const firstRetryMs = 1_000;
const longestRetryMs = 300_000;

/** A folder of files or a Maildir, looked through again and again. */
export function watchFolder(config: FolderConfig, services: WayInServices): WayIn {
  const way = new WatchedFolder(config, services);
  way.start();
  return way;
}

interface FoundFile {
  readonly path: FilePath;
  readonly key: string;
  readonly size: number;
  /** Changes when the file does. */
  readonly mark: string;
  /** Changes also with who may read it. */
  readonly wideMark: string;
}

/** What came out of one file: an mbox holds several mails. */
interface FileOutcome {
  read: number;
  done: number;
  lost: string | undefined;
  unread: boolean;
  /** An archive, or a mailbox that a delivery agent may append to. */
  holdsSeveral: boolean;
}

/** A file that is taken in, and could not be moved or deleted. */
interface StuckFile {
  readonly mark: string;
  readonly outcome: FileOutcome;
  readonly problem: string;
}

class WatchedFolder implements WayIn {
  readonly #config: FolderConfig;
  readonly #services: WayInServices;
  readonly #alarm = new Alarm();
  readonly #retry = new RetryWait(firstRetryMs, longestRetryMs);
  /** Marks of files that stay, by key; wide ones of those that could not be read. */
  #left = new Map<string, string>();
  /** By key. They are not read again, and hold up no other. */
  #stuck = new Map<string, StuckFile>();
  #state: WayInStatus["state"] = "connecting";
  #error: string | undefined;
  #arrivals = 0;
  #lastSuccess: number | undefined;
  #closing = false;
  #over: Promise<void> = Promise.resolve();

  constructor(config: FolderConfig, services: WayInServices) {
    this.#config = config;
    this.#services = services;
  }

  start(): void {
    this.#over = this.#run();
  }

  status(): WayInStatus {
    return {
      kind: "folder",
      name: this.#config.path,
      state: this.#state,
      arrivals: this.#arrivals,
      ...(this.#error !== undefined && { error: this.#error }),
      ...(this.#lastSuccess !== undefined && { lastSuccess: this.#lastSuccess }),
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#alarm.wake();
    await Promise.race([this.#over, sleep(graceMs, undefined, { ref: false })]);
    this.#state = "closed";
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      try {
        await this.#takeAll();
        if (this.#stuck.size > 0) this.#complain();
        else this.#succeeded();
        if (!this.#closing) await this.#alarm.wait(this.#config.pollMs);
      } catch (error) {
        await this.#failed(error);
      }
    }
  }

  #succeeded(): void {
    this.#retry.reset();
    this.#state = "up";
    this.#error = undefined;
    this.#lastSuccess = Date.now();
  }

  async #failed(error: unknown): Promise<void> {
    this.#tell(reasonOf(error));
    if (!this.#closing) await this.#alarm.wait(this.#retry.next());
  }

  /** All that can be taken in is. */
  #complain(): void {
    this.#retry.reset();
    const [first] = this.#stuck.values();
    const more = this.#stuck.size === 1 ? "" : ` (and ${this.#stuck.size - 1} more)`;
    this.#tell(`${first?.problem}${more}`);
  }

  #tell(reason: string): void {
    const tell = this.#error === reason ? "debug" : "warn";
    this.#services.log[tell]("collect: folder", { folder: this.#config.path, reason });
    this.#state = "waiting";
    this.#error = reason;
  }

  async #takeAll(): Promise<void> {
    const found = await this.#find();
    // What is gone or has changed need not be remembered.
    const before = this.#left;
    this.#left = new Map();
    for (const { key, mark, wideMark } of found) {
      const known = before.get(key);
      if (known === mark || known === wideMark) this.#left.set(key, known);
    }
    const stuck = this.#stuck;
    this.#stuck = new Map();
    const isNew: FoundFile[] = [];
    for (const file of found) {
      const known = stuck.get(file.key);
      if (known?.mark === file.mark) await this.#settle(file, known.outcome);
      else if (!this.#left.has(file.key)) isNew.push(file);
    }
    for (let at = 0; at < isNew.length && !this.#closing; at += filesAtOnce)
      await this.#take(isNew.slice(at, at + filesAtOnce));
  }

  async #find(): Promise<readonly FoundFile[]> {
    const { path } = this.#config;
    const names = await readdir(path);
    const isMaildir = names.includes("cur") && names.includes("new");
    const folders = isMaildir ? [join(path, "new"), join(path, "cur")] : [path];
    const found: FoundFile[] = [];
    for (const folder of folders) {
      const entries = await readdir(folder, { encoding: "buffer" });
      const locks = new Set(isMaildir ? [] : entries.filter(isDotLock).map(keyOf));
      for (const name of entries.sort(Buffer.compare)) {
        if (name[0] === dot || locks.has(keyOf(name))) continue;
        const file = within(folder, name);
        const isTaken = locks.has(keyOf(dotLockOf(name))) && (await isLocked(file));
        const one = isTaken ? undefined : await foundFile(file, isMaildir ? 0 : settledAfterMs);
        if (one !== undefined) found.push(one);
      }
    }
    return found;
  }

  async #take(files: readonly FoundFile[]): Promise<void> {
    const outcomes = new Map<string, FileOutcome>();
    try {
      await this.#services.take(this.#read(files, outcomes));
    } finally {
      // Also when the store fails half-way: what is committed may go.
      for (const file of files) await this.#settle(file, outcomes.get(file.key));
    }
  }

  async *#read(files: readonly FoundFile[], outcomes: Map<string, FileOutcome>): AsyncIterable<Incoming> {
    for (const { path, key, mark, size } of files) {
      if (this.#closing) return;
      // It has changed while others were read: what is appended need not be whole yet.
      if ((await foundFile(path, 0))?.mark !== mark) continue;
      // Read only to its end is it known how many mails are in it.
      const outcome: FileOutcome = { read: 1, done: 0, lost: undefined, unread: false, holdsSeveral: false };
      outcomes.set(key, outcome);
      for await (const one of readFiles([path], undefined, size)) {
        if (one.kind === "lost") {
          // Somebody has taken it away: in a Maildir it goes to `cur`, or gets another flag.
          if ((await foundFile(path, 0)) === undefined) continue;
          outcome.lost = one.lost.reason;
          yield one;
          continue;
        }
        outcome.read += 1;
        outcome.holdsSeveral ||= one.arrival.within !== undefined;
        yield { kind: "arrival", arrival: this.#counted(one.arrival, outcome) };
      }
      outcome.read -= 1;
    }
  }

  #counted(arrival: Arrival, outcome: FileOutcome): Arrival {
    return {
      ...arrival,
      done: async (documents) => {
        outcome.done += 1;
        outcome.unread ||= documents.some((one) => one.outcome === "unread");
        this.#arrivals += 1;
      },
    };
  }

  async #settle(file: FoundFile, outcome: FileOutcome | undefined): Promise<void> {
    if (outcome === undefined || outcome.done < outcome.read) return;
    const putAway = async (): Promise<void> => {
      // Somebody may have taken it away meanwhile, or have written to it, or put another one in its place: that is not yet read.
      if ((await foundFile(file.path, 0))?.mark === file.mark) await this.#putAway(file, outcome);
    };
    try {
      if (outcome.holdsSeveral && this.#goes(outcome)) await withDotLock(file.path, putAway);
      else await putAway();
    } catch (error) {
      if ((await foundFile(file.path, 0)) === undefined) return;
      const problem = problemOf(file.path, error);
      this.#stuck.set(file.key, { mark: file.mark, outcome, problem });
    }
  }

  #goes({ lost, unread }: FileOutcome): boolean {
    const { after, unreadTo } = this.#config;
    return lost === undefined && (after.kind !== "leave" || (unread && unreadTo !== undefined));
  }

  async #putAway(file: FoundFile, outcome: FileOutcome): Promise<void> {
    const { after, unreadTo } = this.#config;
    if (outcome.lost !== undefined) {
      this.#left.set(file.key, file.wideMark);
      this.#services.log.error("collect: a file is left where it is", {
        file: shown(file.path),
        reason: outcome.lost,
      });
    } else if (outcome.unread && unreadTo !== undefined) await moveFile(file.path, unreadTo);
    else if (after.kind === "move") await moveFile(file.path, after.folder);
    else if (after.kind === "delete") await unlink(file.path);
    else this.#left.set(file.key, file.mark);
  }
}

async function foundFile(path: FilePath, settledMs: number): Promise<FoundFile | undefined> {
  const about = await stat(path).catch(() => undefined);
  if (about?.isFile() !== true) return undefined;
  if (settledMs > 0 && Math.abs(Date.now() - about.mtimeMs) < settledMs) return undefined;
  const mark = `${about.ino} ${about.size} ${about.mtimeMs}`;
  return { path, key: keyOf(path), size: about.size, mark, wideMark: `${mark} ${about.ctimeMs}` };
}

function problemOf(path: FilePath, error: unknown): string {
  return reasonOf(new Error(`a file cannot be moved or deleted: ${codeOf(error)}: ${shown(path)}`));
}
