import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";

/** Who may own a key file and the folders above it, besides root. */
export interface KeyOwner {
  readonly uid: number;
}

/**
 * Whether others can read a key, or put another one in its place: by the mode and the owner of the file, and by those of
 * every folder above it, as it is named and as it is after symbolic links.
 * @param stats Of the opened file.
 * @returns What is wrong; only findings with severity "error" forbid the use of the key.
 */
export async function checkKeySafety(
  file: string,
  stats: Stats,
  owner: KeyOwner,
): Promise<readonly Finding[]> {
  const found = fileFindings(file, stats, owner);
  const seen = new Set<string>();
  for (const path of [resolve(file), await realpath(file)])
    for (let folder = dirname(path); !seen.has(folder); folder = dirname(folder)) {
      seen.add(folder);
      found.push(...folderFindings(file, folder, await stat(folder), owner));
    }
  return found;
}

function fileFindings(file: string, { mode, uid, gid }: Stats, owner: KeyOwner): Finding[] {
  const found: Finding[] = [];
  const bits = mode & 0o777;
  // Others may do nothing, the group at most read: a daemon often reads root's file by its group.
  if ((bits & 0o027) !== 0)
    found.push(
      finding("key.file-mode", file, {
        file,
        mode: octal(bits),
        better: octal(bits & (gid === 0 ? 0o600 : 0o640)),
      }),
    );
  else if ((bits & 0o040) !== 0 && gid !== 0) found.push(finding("key.file-group", file, { file, gid }));
  if (!isTrusted(uid, owner)) found.push(finding("key.file-owner", file, { file, uid, expected: owner.uid }));
  return found;
}

function folderFindings(file: string, folder: string, { mode, uid }: Stats, owner: KeyOwner): Finding[] {
  const found: Finding[] = [];
  // In a folder with the sticky bit, such as /tmp, nobody can replace what belongs to somebody else.
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & 0o022) !== 0 && !isSticky)
    found.push(finding("key.folder-mode", file, { file, folder, mode: octal(mode & 0o777) }));
  if (!isTrusted(uid, owner))
    found.push(finding("key.folder-owner", file, { file, folder, uid, expected: owner.uid }));
  return found;
}

function isTrusted(uid: number, owner: KeyOwner): boolean {
  return uid === 0 || uid === owner.uid;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
