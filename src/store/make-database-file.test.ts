import { chownSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { makeDatabaseFile } from "./make-database-file.ts";
import { openSqliteReports } from "./reports/sqlite-reports.ts";
import { openSourceNames } from "./source-names.ts";
import { databasePath, openDatabase } from "./sqlite.ts";
import { openState } from "./sqlite-state.ts";

/** What was opened, but by SQLite. */
const opened = vi.hoisted(() => [] as unknown[]);
const happens = vi.hoisted(() => ({
  beforeOpening: (_path: unknown): void => {},
  whenGiving: (): void => {},
}));
vi.mock("node:fs", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs")>();
  return {
    ...real,
    fchownSync: (...all: Parameters<typeof real.fchownSync>) => {
      happens.whenGiving();
      real.fchownSync(...all);
    },
    openSync: (...all: Parameters<typeof real.openSync>) => {
      happens.beforeOpening(all[0]);
      const file = real.openSync(...all);
      opened.push(all[0]);
      return file;
    },
  };
});

// POSIX: a process loses all its locks on a file when it closes any of those that it has of it.
test.each<[file: string, open: (folder: string) => { close(): unknown }]>([
  ["state.sqlite", openState],
  ["source-names.sqlite", openSourceNames],
  ["records.sqlite", (folder) => openDatabase(databasePath(folder))],
  ["reports.sqlite", (folder) => openSqliteReports({ path: join(folder, "reports.sqlite") })],
])("%s that is in use in this process is opened by SQLite alone", (file, open) => {
  const folder = temporaryFolder();
  const first = open(folder);
  onTestFinished(() => void first.close());
  expect(opened.splice(0)).toEqual([join(folder, file)]);
  const second = open(folder);
  onTestFinished(() => void second.close());
  expect(opened.splice(0)).toEqual([]);
});

test("a file is made for its owner alone, and one that is there stays as it is", () => {
  const folder = temporaryFolder();
  const path = join(folder, "a");
  makeDatabaseFile(path);
  expect([statSync(path).size, statSync(path).mode & 0o777]).toEqual([0, 0o600]);
  writeFileSync(path, "text");
  makeDatabaseFile(path);
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["text", 0o600]);
  // The disk behind a link may be empty at first.
  symlinkSync(join(folder, "far"), join(folder, "link"));
  makeDatabaseFile(join(folder, "link"));
  expect(statSync(join(folder, "far")).mode & 0o777).toBe(0o600);
  expect(() => makeDatabaseFile(join(folder, "none", "a"))).toThrow(/ENOENT/);
});

test("one that another process has made meanwhile is not opened either", () => {
  const path = join(temporaryFolder(), "a");
  happens.beforeOpening = () => writeFileSync(path, "text");
  onTestFinished(() => {
    happens.beforeOpening = () => {};
  });
  opened.splice(0);
  makeDatabaseFile(path);
  expect([opened, readFileSync(path, "utf8")]).toEqual([[], "text"]);
});

test.runIf(process.getuid?.() === 0)("what root cannot give away it does not make", () => {
  const folder = temporaryFolder();
  chownSync(folder, 65_534, 65_534);
  happens.whenGiving = () => {
    throw Object.assign(new Error("EPERM: operation not permitted, fchown"), { code: "EPERM" });
  };
  onTestFinished(() => {
    happens.whenGiving = () => {};
  });
  const path = join(folder, "a");
  for (const _ of [1, 2]) expect(() => makeDatabaseFile(path)).toThrow(/EPERM/);
  expect(existsSync(path)).toBe(false);
});

// Root takes in old reports and gives labels, and the program that goes on with them is somebody else.
test.runIf(process.getuid?.() === 0)("what root makes in the folder of another user is that user's", () => {
  const folder = temporaryFolder();
  chownSync(folder, 65_534, 65_534);
  const path = join(folder, "reports.sqlite");
  makeDatabaseFile(path);
  expect(statSync(path)).toMatchObject({ uid: 65_534, gid: 65_534 });
  const database = openSqliteReports({ path });
  onTestFinished(() => database.close());
  expect(statSync(`${path}-wal`)).toMatchObject({ uid: 65_534, gid: 65_534 });
  const elsewhere = join(temporaryFolder(), "far");
  symlinkSync(elsewhere, join(folder, "link"));
  makeDatabaseFile(join(folder, "link"));
  expect(statSync(elsewhere).uid).toBe(0);
});
