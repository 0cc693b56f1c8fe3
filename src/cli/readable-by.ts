import { execFileSync } from "node:child_process";
import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** A user with the groups that a process of his has. */
export interface FileReader {
  readonly uid: number;
  readonly gids: readonly number[];
}

/** @param user Name or number. @param gid Of the process, besides the user's own groups. */
export function fileReader(user: string, uid: number, gid: number): FileReader {
  try {
    const listed = execFileSync("id", ["-G", "--", user], {
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { uid, gids: [gid, ...listed.trim().split(/\s+/).map(Number)] };
  } catch {
    return { uid, gids: [gid] };
  }
}

/**
 * Whether that user can read a file, by modes and owners of it and of the folders above it, as it is named and after
 * symbolic links. True for a file that is not there: that is told elsewhere.
 */
export function isReadableBy(file: string, reader: FileReader): boolean {
  return allows(file, [4], reader);
}

/** The same for a program: a script has to be read, too. */
export function isRunnableBy(file: string, reader: FileReader): boolean {
  return allows(file, [1, 4], reader);
}

function allows(file: string, rights: readonly number[], reader: FileReader): boolean {
  try {
    const about = statSync(file);
    if (!rights.every((right) => may(about, right, reader))) return false;
    for (const path of [resolve(file), realpathSync(file)])
      for (let folder = dirname(path); ; folder = dirname(folder)) {
        if (!may(statSync(folder), 1, reader)) return false;
        if (folder === dirname(folder)) break;
      }
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES";
  }
}

/** @param right 4 to read, 1 to enter. */
function may({ mode, uid, gid }: Stats, right: number, reader: FileReader): boolean {
  if (reader.uid === 0) return true;
  if (uid === reader.uid) return (mode & (right << 6)) !== 0;
  if (reader.gids.includes(gid)) return (mode & (right << 3)) !== 0;
  return (mode & right) !== 0;
}
