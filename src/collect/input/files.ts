import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { codeOf } from "../../config/file-fault.ts";
import { isZip } from "../extract/zip.ts";
import type { Incoming } from "./arrival.ts";
import { type ContentsPlace, lost, readContents } from "./contents.ts";
import { type FilePath, shown, within } from "./file-path.ts";
import { openZipFile, readZipFile } from "./zip-file.ts";

/** How far a reading of files has come. */
export interface FileCount {
  files: number;
  octets: number;
}

/** Files below the paths, to tell how far an import has come. Unreadable folders count nothing. */
export async function countFiles(paths: readonly string[]): Promise<FileCount> {
  const count: FileCount = { files: 0, octets: 0 };
  for (const path of paths)
    for await (const { file, size } of walk(path, [])) {
      if (file === undefined) continue;
      count.files += 1;
      count.octets += size;
    }
  return count;
}

/**
 * What lies in files and folders, one after the other: reports and archives of them, mails, Maildirs (of which `tmp` is left
 * out), mboxes message by message, archives of many files one by one. A pipe is read when it is named itself; what else is
 * named and no file, such as a device or a socket, is lost as "not-a-file".
 * @param done Counts along.
 * @param most Octets of each file, where more may have been appended since somebody looked at it.
 */
export async function* readFiles(
  paths: readonly FilePath[],
  done: FileCount = { files: 0, octets: 0 },
  most: number = Number.POSITIVE_INFINITY,
): AsyncIterable<Incoming> {
  for (const path of paths)
    for await (const found of walk(path, [])) {
      if (found.file === undefined) yield lost({ via: shown(found.path) }, found.reason);
      else yield* readOne({ ...found, size: Math.min(found.size, most) }, done);
    }
}

interface FoundFile {
  readonly file: FilePath;
  readonly size: number;
  readonly changedAt: number;
  /** It can be read once, and from its beginning. */
  readonly isPipe?: true;
}
type Found =
  | FoundFile
  | { readonly file?: undefined; readonly size: 0; readonly path: FilePath; readonly reason: string };

/** @param above Folders that this one is in, by device and inode: a link to one of them leads nowhere new. */
async function* walk(path: FilePath, above: readonly string[]): AsyncIterable<Found> {
  try {
    const about = await stat(path);
    const id = `${about.dev}:${about.ino}`;
    if (about.isFile()) yield { file: path, size: about.size, changedAt: about.mtimeMs };
    else if (about.isDirectory() && !above.includes(id)) yield* walkFolder(path, [...above, id]);
    // In a folder such things are nobody's report; who names one means it.
    else if (above.length === 0 && about.isFIFO())
      yield { file: path, size: 0, changedAt: Date.now(), isPipe: true };
    else if (above.length === 0) yield { size: 0, path, reason: "not-a-file" };
  } catch (error) {
    yield { size: 0, path, reason: codeOf(error) };
  }
}

async function* walkFolder(folder: FilePath, above: readonly string[]): AsyncIterable<Found> {
  const entries = await readdir(folder, { encoding: "buffer" });
  const names = new Set(entries.map(String));
  const maildir = names.has("cur") && names.has("new");
  for (const octets of entries.sort(Buffer.compare)) {
    const name = octets.toString();
    // Maildir: what lies in tmp is not yet delivered, and the other files are indexes of servers.
    if (maildir && name !== "cur" && name !== "new" && !name.startsWith(".")) continue;
    if (!maildir && name.startsWith(".")) continue;
    yield* walk(within(folder, octets), above);
  }
}

async function* readOne(found: FoundFile, done: FileCount): AsyncIterable<Incoming> {
  const { file, size, changedAt } = found;
  const via = shown(file);
  const place = { via, receivedAt: changedAt, fileName: basename(via) };
  const before = done.octets;
  try {
    const onEntry = (at: number): void => {
      done.octets = before + Math.min(at, size);
    };
    if (found.isPipe === true || !(yield* readAsZip(found, place, onEntry))) {
      done.octets = before;
      yield* readContents(counted(createReadStream(file, upTo(found)), done), place);
    }
  } catch (error) {
    yield lost(place, codeOf(error));
  }
  done.files += 1;
  done.octets = before + size;
}

/** As it was when it was looked at: of what is appended meanwhile only half may be there. Of some of the system no size is told. */
function upTo({ size }: FoundFile): { readonly highWaterMark: number; readonly end?: number } {
  const highWaterMark = 256 * 1024;
  return size === 0 ? { highWaterMark } : { highWaterMark, end: size - 1 };
}

async function* counted(chunks: AsyncIterable<Buffer>, done: FileCount): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    done.octets += chunk.length;
    yield chunk;
  }
}

/** @returns Whether it was one of several files that could be read one by one. */
async function* readAsZip(
  { file, size }: FoundFile,
  place: ContentsPlace,
  onEntry: (at: number) => void,
): AsyncGenerator<Incoming, boolean> {
  const handle = await open(file, "r");
  try {
    const start = Buffer.alloc(4);
    await handle.read(start, 0, 4, 0);
    const zip = isZip(start) ? await openZipFile(handle, size) : undefined;
    if (zip === undefined || zip.entries.length < 2) return false;
    return yield* readZipFile(handle, zip, place, onEntry);
  } finally {
    await handle.close();
  }
}
