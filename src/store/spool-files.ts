import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A segment under way has this at its end; it is taken off when the segment is whole. */
export const openSuffix = ".open";
const suffix = ".ndjson";
/** Lines that could not be read lie here, for a person to look at. */
export const damagedFolder = "damaged";

/** A segment that still has `openSuffix` after this time without a write belongs to a writer that is gone. Ms. */
export const abandonedAfterMs = 30_000;

export interface SegmentFile {
  readonly path: string;
  readonly name: string;
  /** A writer may still be adding to it. */
  readonly open: boolean;
  readonly octets: number;
  /** Wall-clock time of the last write, ms. */
  readonly modifiedMs: number;
}

export function spoolFolder(dataDir: string): string {
  return join(dataDir, "spool");
}

/** `host-boot-0000000001.ndjson`; anything but letters, digits, dots and hyphens in `host` becomes an underscore. */
export function segmentName(host: string, boot: string, number: number): string {
  const plain = host.replaceAll(/[^A-Za-z0-9.-]/g, "_").slice(0, 100);
  return `${plain}-${boot}-${String(number).padStart(10, "0")}${suffix}`;
}

/** Segments from the oldest; none when the folder is not there. Files that vanish meanwhile are left out. */
export function listSegments(folder: string): SegmentFile[] {
  const files: SegmentFile[] = [];
  for (const name of namesIn(folder)) {
    const open = name.endsWith(suffix + openSuffix);
    if (!open && !name.endsWith(suffix)) continue;
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile()) files.push({ path, name, open, octets: stat.size, modifiedMs: stat.mtimeMs });
  }
  return files.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.name < b.name ? -1 : 1));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
