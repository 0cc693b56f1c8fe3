import { accessSync, chmodSync, closeSync, constants, existsSync, openSync } from "node:fs";

/**
 * Makes the file of a database where there is none, for its owner alone; SQLite gives its -wal and -shm files the same mode. One that is
 * there is not opened: closing it would take away the locks that this process has on it, and the next program to be done with it would
 * remove the log that is in use here.
 * @throws What the system says where it cannot be made or written.
 */
export function makeDatabaseFile(path: string): void {
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  else closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}
