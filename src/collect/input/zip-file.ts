import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { isNoReport } from "../extract/no-report.ts";
import { findDirectory, readDirectory, type ZipDirectoryEntry } from "../extract/zip-directory.ts";
import type { Incoming } from "./arrival.ts";
import { type ContentsPlace, lost, maxFile, readMember } from "./contents.ts";

const inflate = promisify(inflateRaw);

/** A ZIP file that is read file by file, not whole. */
export interface ZipFile {
  readonly entries: readonly ZipDirectoryEntry[];
  /** Octets before the archive. */
  readonly shift: number;
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
  return { entries: entries.filter(({ name }) => !isNoReport(name)), shift: found.shift };
}

/** @param onEntry Before each, with where it begins. */
export async function* readZipFile(
  handle: FileHandle,
  { entries, shift }: ZipFile,
  place: ContentsPlace,
  onEntry: (at: number) => void,
): AsyncIterable<Incoming> {
  for (const entry of entries) {
    const at = entry.headerAt + shift;
    onEntry(at);
    if (entry.packedSize > maxFile) yield lost({ via: `${place.via}#${entry.name}` }, "EFBIG", place.via);
    else yield* readMember(await readEntry(handle, at, entry.packedSize), entry.name, place);
  }
}

const headerLength = 30;
const deflated = 8;

/** The file unpacked; where that fails the archive of this file alone, for a reader that is told why. */
async function readEntry(handle: FileHandle, at: number, packedSize: number): Promise<Buffer> {
  const header = await readAt(handle, at, headerLength);
  if (header.length < headerLength) return header;
  const dataAt = headerLength + header.readUInt16LE(26) + header.readUInt16LE(28);
  const alone = await readAt(handle, at, dataAt + packedSize);
  const [flags, method] = [header.readUInt16LE(6), header.readUInt16LE(8)];
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
