import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchownSync,
  openSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Makes the file of a database where there is none, for its owner alone; SQLite gives its -wal and -shm files the same
 * owner and mode. What root makes belongs to the owner of the folder, who has to go on with it. One that is
 * there is not opened: closing it would take away the locks that this process has on it, and the next program to be done with it would
 * remove the log that is in use here.
 * @throws What the system says where it cannot be made or written.
 */
export function makeDatabaseFile(path: string): void {
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  else makeFile(path);
  chmodSync(path, 0o600);
}

function makeFile(path: string): void {
  try {
    keepGiven(openSync(path, "ax", 0o600), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // A link that leads to no file yet: where it leads to, the owner of the folder may have no business. Or somebody was faster.
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  }
}

function keepGiven(file: number, path: string): void {
  try {
    giveToOwnerOfFolder(file, path);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

/** What root makes is for whoever goes on with it. @param file Open. @throws What the system says where it cannot be given. */
export function giveToOwnerOfFolder(file: number, path: string): void {
  const { uid, gid } = statSync(dirname(path));
  if (process.getuid?.() === 0 && uid !== 0) fchownSync(file, uid, gid);
}
