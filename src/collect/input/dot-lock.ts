import { open, stat, unlink } from "node:fs/promises";
import { codeOf } from "../../config/file-fault.ts";
import type { FilePath } from "./file-path.ts";

/** Whoever left a lock for so long has died over it: Postfix takes it away then (`stale_lock_time`), others sooner. */
const staleAfterMs = 500_000;
const ending = ".lock";

/**
 * Does something with a mailbox file while no delivery agent writes to it: they make a file of the same name with `.lock` behind
 * it first, whatever other locks they take besides.
 * @returns false when somebody else has it; then nothing was done.
 * @throws What `work` throws, and Error of the system when nobody can make files there.
 */
export async function withDotLock(path: FilePath, work: () => Promise<void>): Promise<boolean> {
  const lock = dotLockOf(path);
  try {
    await (await open(lock, "wx", 0o600)).close();
  } catch (error) {
    if (await isLocked(path)) return false;
    // An old lock counts no more; where there is no room for the ending nobody else can lock it so, either.
    if (!["EEXIST", "ENOENT", "ENAMETOOLONG"].includes(codeOf(error))) throw error;
    await work();
    return true;
  }
  try {
    await work();
  } finally {
    await unlink(lock).catch(() => {});
  }
  return true;
}

/** Whether somebody writes to a mailbox file. */
export async function isLocked(path: FilePath): Promise<boolean> {
  const about = await stat(dotLockOf(path)).catch(() => undefined);
  return about !== undefined && Math.abs(Date.now() - about.mtimeMs) < staleAfterMs;
}

/** Whether a file is the lock of another one, and nothing to read. */
export function isDotLock(name: Buffer): boolean {
  return name.length > ending.length && name.toString("latin1").endsWith(ending);
}

/** The file that says that another one is locked. */
export function dotLockOf(path: FilePath): FilePath {
  return typeof path === "string" ? path + ending : Buffer.concat([path, Buffer.from(ending)]);
}
