import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { isNoReport } from "../extract/no-report.ts";
import { isZip } from "../extract/zip.ts";
import {
  findDirectory,
  readDirectory,
  type ZipDirectory,
  type ZipDirectoryEntry,
} from "../extract/zip-directory.ts";
import type { Incoming } from "./arrival.ts";
import { type ContentsPlace, lost, maxFile, readMember } from "./contents.ts";

const inflate = promisify(inflateRaw);

/** A ZIP file that is read file by file, not whole. */
export interface ZipFile {
  /** In the order in which they lie there. */
  readonly entries: readonly ZipFileEntry[];
}

interface ZipFileEntry {
  readonly name: string;
  readonly at: number;
  /** Where the next one begins, or the directory: a directory may tell any size. */
  readonly end: number;
}

const endOctets = 70_000;
const maxDirectory = 256 * 1024 * 1024;
const maxEntries = 4_000_000;

/** The files of a ZIP archive by its directory. @returns undefined when that is lost: then only the whole tells more. */
export async function openZipFile(handle: FileHandle, size: number): Promise<ZipFile | undefined> {
  const end = await readAt(handle, Math.max(0, size - endOctets), Math.min(size, endOctets));
  const found = findDirectory(end, size - end.length);
  if (found === undefined || found.size > maxDirectory || found.at < 0) return undefined;
  const entries = readDirectory(await readAt(handle, found.at, found.size), maxEntries);
  if (entries === undefined || entries.length === 0) return undefined;
  return { entries: placed(entries, found).filter(({ name }) => !isNoReport(name)) };
}

function placed(entries: readonly ZipDirectoryEntry[], { at, shift }: ZipDirectory): ZipFileEntry[] {
  const sorted = entries.toSorted((a, b) => a.headerAt - b.headerAt);
  const apart = sorted.filter(({ headerAt }, index) => headerAt !== sorted[index - 1]?.headerAt);
  return apart.map(({ name, headerAt }, index) => {
    const next = apart[index + 1]?.headerAt;
    return { name, at: headerAt + shift, end: next === undefined ? at : next + shift };
  });
}

/**
 * @param onEntry Before each, with where it begins.
 * @returns false when something is not where the directory has it: then only the whole tells more.
 */
export async function* readZipFile(
  handle: FileHandle,
  { entries }: ZipFile,
  place: ContentsPlace,
  onEntry: (at: number) => void,
): AsyncGenerator<Incoming, boolean> {
  for (const { name, at, end } of entries) {
    onEntry(at);
    if (end - at > maxFile) {
      yield lost({ via: `${place.via}#${name}` }, "EFBIG", place.via);
      continue;
    }
    const alone = at < 0 ? Buffer.alloc(0) : await readAt(handle, at, Math.max(0, end - at));
    if (alone.length < headerLength || !isZip(alone)) return false;
    yield* readMember(await unpacked(alone), name, place);
  }
  return true;
}

const headerLength = 30;
const deflated = 8;

/** The file unpacked; where that fails the archive of this file alone, for a reader that is told why. */
async function unpacked(alone: Buffer): Promise<Buffer> {
  const dataAt = headerLength + alone.readUInt16LE(26) + alone.readUInt16LE(28);
  const [flags, method] = [alone.readUInt16LE(6), alone.readUInt16LE(8)];
  if (method !== deflated || (flags & 1) !== 0) return alone;
  try {
    return (await inflate(alone.subarray(dataAt), { maxOutputLength: maxFile })) as Buffer;
  } catch {
    return alone;
  }
}

async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const octets = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(octets, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return octets.subarray(0, filled);
}
