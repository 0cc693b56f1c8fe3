import { statSync } from "node:fs";
import { fileError } from "./file-fault.ts";

/**
 * Whether the file of a store is there. Where that cannot be found out it is not taken for absent: mostly the command was called by
 * another user than the one of the running program.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export function isStoreThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOTDIR") return false;
    throw fileError(path, cause);
  }
}
