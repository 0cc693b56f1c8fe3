import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it that are missing, one level at a time: where the system refuses in its own way, as
 * below /proc, Node's recursive mkdir never returns.
 * @returns Whether it had to be made.
 * @throws What `mkdirSync` throws.
 */
export function makeFolder(path: string, mode: number): boolean {
  if (existsSync(path)) return false;
  const above = dirname(path);
  if (above !== path) makeFolder(above, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return true;
}
