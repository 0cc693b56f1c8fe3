import { appendFileSync, renameSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { readLines } from "./read-lines.ts";
import type { MessageRecord } from "./record.ts";
import { parseLine, type RecordLine } from "./record-line.ts";
import {
  abandonedAfterMs,
  damagedFolder,
  listSegments,
  openSuffix,
  type SegmentFile,
} from "./spool-files.ts";
import type { RecordDatabase } from "./sqlite.ts";

export interface Ingested {
  readonly saved: number;
  readonly repeated: number;
  readonly damagedLines: number;
  /** Why a segment could not be taken; the others were, unless the database is to blame. */
  readonly failure?: { readonly error: unknown; readonly isOfDatabase: boolean };
}

const maxSegmentOctets = 64_000_000;
const maxDamagedOctets = 10_000_000;

/**
 * Takes every whole segment into the database, one transaction each, and deletes it then. After a crash between the
 * two the same records come again and are known by their key. Segments of writers that are gone are taken as well.
 */
export function ingestSpool(folder: string, db: RecordDatabase, nowMs: number): Ingested {
  const total = { saved: 0, repeated: 0, damagedLines: 0 };
  let failure: Ingested["failure"];
  for (const segment of listSegments(folder)) {
    try {
      const { saved, repeated, damagedLines } = ingestSegment(folder, segment, db, nowMs);
      total.saved += saved;
      total.repeated += repeated;
      total.damagedLines += damagedLines;
    } catch (error) {
      if (!isOfFile(error)) {
        failure = { error, isOfDatabase: true };
        break;
      }
      // Gone meanwhile: its writer has closed it, or there was no room for it.
      if (error.code !== "ENOENT") failure ??= { error, isOfDatabase: false };
    }
  }
  return { ...total, ...(failure !== undefined && { failure }) };
}

/** Of a file, and not of the database. */
function isOfFile(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

const nothing: Ingested = { saved: 0, repeated: 0, damagedLines: 0 };

function ingestSegment(folder: string, segment: SegmentFile, db: RecordDatabase, nowMs: number): Ingested {
  const path = claim(segment, nowMs);
  if (path === undefined) return nothing;
  // No writer of ours makes one so large.
  if (segment.octets > maxSegmentOctets) {
    renameSync(path, join(damagedPath(folder), segment.name));
    return { ...nothing, damagedLines: 1 };
  }
  const reader = new SegmentReader(path);
  const saved = db.save(reader.records());
  if (reader.damaged.length > 0) setAside(folder, segment.name, reader.damaged);
  unlinkSync(path);
  return { saved, repeated: reader.read - saved, damagedLines: reader.damaged.length };
}

/** @returns The path to read; undefined while a writer is still at it. */
function claim(segment: SegmentFile, nowMs: number): string | undefined {
  if (!segment.open) return segment.path;
  if (Math.abs(nowMs - segment.modifiedMs) < abandonedAfterMs) return undefined;
  const path = segment.path.slice(0, -openSuffix.length);
  renameSync(segment.path, path);
  return path;
}

/** One record at a time: what strangers' DNS answers say is in them, and a segment may be large. */
class SegmentReader {
  readonly #path: string;
  read = 0;
  readonly damaged: string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  *records(): Generator<RecordLine> {
    for (const { text } of readLines(this.#path)) {
      const record = parseLine(text);
      if (record === undefined) this.damaged.push(text);
      else {
        this.read += 1;
        yield { record, text };
      }
    }
  }
}

function damagedPath(folder: string): string {
  const path = join(folder, damagedFolder);
  makeFolder(path, 0o700);
  return path;
}

/** Keeps lines that could not be read for a person to look at, 10 MB of them at most. */
function setAside(folder: string, name: string, lines: readonly string[]): void {
  const path = join(damagedPath(folder), "lines.txt");
  const octets = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const text = lines.map((line) => `${name}\t${line}\n`).join("");
  if (octets + text.length <= maxDamagedOctets) appendFileSync(path, text, { mode: 0o600 });
}

/** Records that lie in the spool and not yet in the database; what vanishes meanwhile has gone into it. */
export function readSpool(folder: string): MessageRecord[] {
  return listSegments(folder).flatMap((segment) => {
    if (segment.octets > maxSegmentOctets) return [];
    try {
      // Of an open segment the last line may still be under way.
      const whole = [...readLines(segment.path)].filter(({ isWhole }) => isWhole);
      return whole.map(({ text }) => parseLine(text)).filter((record) => record !== undefined);
    } catch {
      return [];
    }
  });
}
