import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { filePlace, StoreError } from "./store-error.ts";

/**
 * A database that is open, and its log. SQLite goes on with files that were removed or replaced, and what it writes there nobody ever
 * reads.
 */
export class FileInUse {
  readonly #path: string;
  readonly #identity: string | undefined;
  readonly #log: string | undefined;

  /** @param path As it stands now; `:memory:` is always in its place. */
  constructor(path: string) {
    this.#path = path;
    this.#identity = identityOf(path);
    this.#log = identityOf(`${path}-wal`);
  }

  /** @throws What `statSync` throws, such as for a folder that may no longer be looked into. */
  isInPlace(): boolean {
    // Nobody removes a log that others use, and who only reads may have come before there was one.
    const isLogInPlace = this.#log === undefined || identityOf(`${this.#path}-wal`) === this.#log;
    return isLogInPlace && identityOf(this.#path) === this.#identity;
  }

  /** For those that open nothing anew by themselves. @throws StoreError when it is not in its place. */
  check(): void {
    if (!this.isInPlace())
      throw replacedError(this.#path, "; restart the program to go on with what is there");
  }

  /** Closes a connection to it. */
  close(db: DatabaseSync): void {
    if (!db.isOpen) return;
    try {
      // Its log may still lie there, and would be read into the file that is there now.
      if (!this.isInPlace()) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Then what is in the log is lost; it was to be thrown away, as far as anybody knows.
    }
    db.close();
  }
}

/** @param advice For logs; a command says it in its own words. */
export function replacedError(path: string, advice = ""): StoreError {
  const said = "removed or replaced while in use";
  return new StoreError({
    place: filePlace(path),
    failure: { fault: "replaced", said },
    message: `${path}: ${said}${advice}`,
  });
}

/** No other file has it while the first is open. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}
