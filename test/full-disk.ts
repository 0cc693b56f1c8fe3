import { DatabaseSync } from "node:sqlite";
import { onTestFinished, vi } from "vitest";

export interface FullDisk {
  /** There is room again. */
  makeRoom(): void;
}

const mostPages = 1_073_741_823;

/** From now on a transaction finds room for `pages` more in its database; SQLite itself then says that the disk is full. */
export function fillDisk(pages: number): FullDisk {
  const { exec } = DatabaseSync.prototype;
  const limits = new Map<string, number>();
  let isFull = true;
  const limitOf = (db: DatabaseSync): number => {
    const path = db.location() ?? "";
    const now = Number(db.prepare("PRAGMA page_count").get()?.["page_count"]);
    const limit = limits.get(path) ?? now + pages;
    limits.set(path, limit);
    return limit;
  };
  const spy = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (
    this: DatabaseSync,
    sql: string,
  ) {
    if (sql.startsWith("BEGIN"))
      exec.call(this, `PRAGMA max_page_count = ${isFull ? limitOf(this) : mostPages}`);
    exec.call(this, sql);
  });
  onTestFinished(() => spy.mockRestore());
  return {
    makeRoom() {
      isFull = false;
    },
  };
}
