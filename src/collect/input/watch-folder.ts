import { constants } from "node:fs";
import { access, copyFile, mkdir, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FolderConfig } from "../../config/collect-config.ts";
import type { Arrival, Incoming } from "./arrival.ts";
import { readFiles } from "./files.ts";
import { reasonOf } from "./imap-client.ts";
import { Alarm, RetryWait } from "./retry-wait.ts";
import type { WayIn, WayInServices, WayInStatus } from "./way-in.ts";

/** A file that somebody else still writes to is left alone; in a Maildir files appear whole. */
const settledAfterMs = 5_000;
const filesAtOnce = 50;
const firstRetryMs = 1_000;
const longestRetryMs = 300_000;

/** A folder of files or a Maildir, looked through again and again. */
export function watchFolder(config: FolderConfig, services: WayInServices): WayIn {
  const way = new WatchedFolder(config, services);
  way.start();
  return way;
}

interface FoundFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly mark: string;
}

/** What came out of one file: an mbox holds several mails. */
interface FileOutcome {
  read: number;
  done: number;
  lost: string | undefined;
  unread: boolean;
}

class WatchedFolder implements WayIn {
  readonly #config: FolderConfig;
  readonly #services: WayInServices;
  readonly #alarm = new Alarm();
  readonly #retry = new RetryWait(firstRetryMs, longestRetryMs);
  /** Files that stay, by path. */
  #left = new Map<string, string>();
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
        this.#succeeded();
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
    const reason = reasonOf(error);
    const tell = this.#error === reason ? "debug" : "warn";
    this.#services.log[tell]("collect: folder", { folder: this.#config.path, reason });
    this.#state = "waiting";
    this.#error = reason;
    if (!this.#closing) await this.#alarm.wait(this.#retry.next());
  }

  async #takeAll(): Promise<void> {
    const found = await this.#find();
    const isNew = found.filter(({ path, mark }) => this.#left.get(path) !== mark);
    // What is gone need not be remembered.
    this.#left = new Map(found.filter((one) => !isNew.includes(one)).map(({ path, mark }) => [path, mark]));
    for (let at = 0; at < isNew.length && !this.#closing; at += filesAtOnce)
      await this.#take(isNew.slice(at, at + filesAtOnce));
  }

  async #find(): Promise<readonly FoundFile[]> {
    const { path } = this.#config;
    const names = await readdir(path);
    const isMaildir = names.includes("cur") && names.includes("new");
    const folders = isMaildir ? [join(path, "new"), join(path, "cur")] : [path];
    const found: FoundFile[] = [];
    for (const folder of folders)
      for (const name of (await readdir(folder)).sort()) {
        if (name.startsWith(".")) continue;
        const file = await foundFile(join(folder, name), isMaildir ? 0 : settledAfterMs);
        if (file !== undefined) found.push(file);
      }
    return found;
  }

  async #take(files: readonly FoundFile[]): Promise<void> {
    const outcomes = new Map<string, FileOutcome>();
    try {
      await this.#services.take(this.#read(files, outcomes));
    } finally {
      // Also when the store fails half-way: what is committed may go.
      for (const file of files) await this.#settle(file, outcomes.get(file.path));
    }
  }

  async *#read(files: readonly FoundFile[], outcomes: Map<string, FileOutcome>): AsyncIterable<Incoming> {
    for (const { path } of files) {
      if (this.#closing) return;
      // Read only to its end is it known how many mails are in it.
      const outcome: FileOutcome = { read: 1, done: 0, lost: undefined, unread: false };
      outcomes.set(path, outcome);
      for await (const one of readFiles([path])) {
        if (one.kind === "lost") {
          outcome.lost = one.lost.reason;
          yield one;
          continue;
        }
        outcome.read += 1;
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
    const { after, unreadTo } = this.#config;
    // Somebody may have taken it away meanwhile.
    if (outcome.lost === "ENOENT") return;
    if (outcome.lost !== undefined) {
      this.#left.set(file.path, file.mark);
      this.#services.log.error("collect: a file is left where it is", {
        file: file.path,
        reason: outcome.lost,
      });
    } else if (outcome.unread && unreadTo !== undefined) await moveFile(file.path, unreadTo);
    else if (after.kind === "move") await moveFile(file.path, after.folder);
    else if (after.kind === "delete") await unlink(file.path);
    else this.#left.set(file.path, file.mark);
  }
}

async function foundFile(path: string, settledMs: number): Promise<FoundFile | undefined> {
  const about = await stat(path).catch(() => undefined);
  if (about?.isFile() !== true) return undefined;
  if (Math.abs(Date.now() - about.mtimeMs) < settledMs) return undefined;
  return { path, mark: `${about.ino} ${about.size} ${about.mtimeMs}` };
}

/** Into a folder, or into `cur` of a Maildir; nothing that lies there is replaced. */
async function moveFile(path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const into = (await exists(join(folder, "cur"))) ? join(folder, "cur") : folder;
  const plain = join(into, basename(path));
  const target = (await exists(plain)) ? `${plain}.${Date.now()}` : plain;
  try {
    await rename(path, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await copyFile(path, target, constants.COPYFILE_EXCL);
    await unlink(path);
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
