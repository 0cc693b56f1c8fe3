import { createReadStream } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Incoming } from "./arrival.ts";
import { readMbox } from "./mbox.ts";

/** A file beyond this is a mailbox or nothing that is read here. */
const maxFile = 256 * 1024 * 1024;

export interface FileCount {
  files: number;
  octets: number;
}

/** Files below the paths, to tell how far an import has come. Unreadable folders count nothing. */
export async function countFiles(paths: readonly string[]): Promise<FileCount> {
  const count: FileCount = { files: 0, octets: 0 };
  for (const path of paths)
    for await (const { file, size } of walk(path)) {
      if (file === undefined) continue;
      count.files += 1;
      count.octets += size;
    }
  return count;
}

/**
 * What lies in files and folders, one after the other: reports and archives of them, mails, Maildirs (of which `tmp` is left
 * out), mboxes message by message.
 */
export async function* readFiles(paths: readonly string[]): AsyncIterable<Incoming> {
  for (const path of paths)
    for await (const found of walk(path)) {
      if (found.file === undefined) yield lost(found.path, found.reason);
      else yield* readOne(found.file, found.size, found.changedAt);
    }
}

type Found =
  | { readonly file: string; readonly size: number; readonly changedAt: number }
  | { readonly file?: undefined; readonly size: 0; readonly path: string; readonly reason: string };

async function* walk(path: string, depth = 0): AsyncIterable<Found> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) yield* walkFolder(path, depth);
    else if (about.isFile()) yield { file: path, size: about.size, changedAt: about.mtimeMs };
  } catch (error) {
    yield { size: 0, path, reason: reasonOf(error) };
  }
}

const maxFolders = 64;

async function* walkFolder(folder: string, depth: number): AsyncIterable<Found> {
  if (depth > maxFolders) {
    yield { size: 0, path: folder, reason: "ELOOP" };
    return;
  }
  const entries = await readdir(folder, { withFileTypes: true });
  const names = new Set(entries.map(({ name }) => name));
  const maildir = names.has("cur") && names.has("new");
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // Maildir: what lies in tmp is not yet delivered, and the other files are indexes of servers.
    if (maildir && name !== "cur" && name !== "new" && !name.startsWith(".")) continue;
    if (!maildir && name.startsWith(".")) continue;
    yield* walk(join(folder, name), depth + 1);
  }
}

function lost(via: string, reason: string): Incoming {
  return { kind: "lost", lost: { via, reason } };
}

async function* readOne(file: string, size: number, changedAt: number): AsyncIterable<Incoming> {
  try {
    if (await isMbox(file)) yield* readMboxFile(file, changedAt);
    else if (size > maxFile) yield lost(file, "EFBIG");
    else yield arrival(await readFile(file), file, changedAt, basename(file));
  } catch (error) {
    yield lost(file, reasonOf(error));
  }
}

function arrival(octets: Buffer, via: string, receivedAt: number, fileName?: string): Incoming {
  const at = Math.floor(receivedAt);
  return {
    kind: "arrival",
    arrival: { octets, via, receivedAt: at, ...(fileName !== undefined && { fileName }) },
  };
}

/** "From " begins an mbox; a Maildir or a single mail may begin so, too, and is then an mbox of one. */
async function isMbox(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const start = Buffer.alloc(5);
    await handle.read(start, 0, 5, 0);
    return start.toString("latin1") === "From ";
  } finally {
    await handle.close();
  }
}

async function* readMboxFile(file: string, changedAt: number): AsyncIterable<Incoming> {
  for await (const { octets, number, tooLarge } of readMbox(createReadStream(file))) {
    const via = `${file}#${number}`;
    yield tooLarge ? lost(via, "EFBIG") : arrival(octets, via, changedAt);
  }
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
