import {
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { fillDisk } from "../../test/full-disk.ts";
import { openState, openStateInMemory, openStateToRead, statePath } from "./sqlite-state.ts";
import type { StateStore } from "./state.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "sekisho-state-"));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return join(path, "data");
}

function open(path: string): StateStore {
  const state = openState(path);
  cleanUps.push(() => state.close());
  return state;
}

/** Leaves a state with one entry, and its copy. */
async function makeWithCopy(path: string): Promise<void> {
  const state = openState(path);
  await state.tx((tx) => tx.put("key", "a", { n: 1 }));
  await state.keepCopy();
  await state.close();
}

test("what is put is there for others and after a restart", async () => {
  const path = folder();
  const state = open(path);
  await state.tx(async (tx) => {
    await tx.put("key", "b", { n: 2 });
    await tx.put("key", "a", { n: 1 });
    await tx.put("other", "a", { n: 3 });
    await tx.put("key", "b", { n: 4 });
  });
  const other = open(path);
  expect(await other.tx((tx) => tx.list("key"))).toEqual([{ n: 1 }, { n: 4 }]);
  expect(await other.tx((tx) => tx.get("other", "a"))).toEqual({ n: 3 });
  await other.tx((tx) => tx.remove("key", "a"));
  expect(await state.tx((tx) => tx.get("key", "a"))).toBeUndefined();
});

test("a transaction that fails leaves nothing", async () => {
  const state = openStateInMemory();
  cleanUps.push(() => state.close());
  const failing = state.tx(async (tx) => {
    await tx.put("key", "a", {});
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await state.tx((tx) => tx.list("key"))).toEqual([]);
  expect(await state.revision()).toBe(0);
});

test("transactions come one after the other, also of two processes' worth of connections", async () => {
  const path = folder();
  const stores = [open(path), open(path)];
  const add = (store: StateStore): Promise<void> =>
    store.tx(async (tx) => {
      const { n = 0 } = ((await tx.get("count", "only")) ?? {}) as { n?: number };
      await tx.put("count", "only", { n: n + 1 });
    });
  for (let i = 0; i < 20; i++)
    await Promise.all([add(stores[0] as StateStore), add(stores[0] as StateStore)]);
  for (let i = 0; i < 20; i++) await add(stores[i % 2] as StateStore);
  expect(await stores[1]?.tx((tx) => tx.get("count", "only"))).toEqual({ n: 60 });
});

test("the revision is another one after each change, and only then", async () => {
  const path = folder();
  const state = open(path);
  const before = await state.revision();
  await state.tx((tx) => tx.list("key"));
  expect(await state.revision()).toBe(before);
  await open(path).tx((tx) => tx.put("key", "a", {}));
  expect(await state.revision()).toBe(before + 1);
});

test("only its owner can read it", () => {
  const path = folder();
  open(path);
  expect(statSync(statePath(path)).mode & 0o777).toBe(0o600);
});

test("only to read: undefined when there is none, and nothing is written", async () => {
  const path = folder();
  expect(openStateToRead(path)).toBeUndefined();
  await open(path).tx((tx) => tx.put("key", "a", { n: 1 }));
  const reader = openStateToRead(path);
  cleanUps.push(() => reader?.close());
  expect(await reader?.tx((tx) => tx.list("key"))).toEqual([{ n: 1 }]);
  await expect(reader?.tx((tx) => tx.put("key", "a", {}))).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
  });
});

test("a damaged file gives way to its copy, and is kept", async () => {
  const path = folder();
  await makeWithCopy(path);
  writeFileSync(statePath(path), Buffer.alloc(9000, 1));
  const told: string[] = [];
  const restored = openState(path, (aside) => told.push(aside));
  cleanUps.push(() => restored.close());
  expect(await restored.tx((tx) => tx.list("key"))).toEqual([{ n: 1 }]);
  expect(told).toHaveLength(1);
  expect(existsSync(told[0] ?? "")).toBe(true);
  expect(readdirSync(path).every((name) => (statSync(join(path, name)).mode & 0o077) === 0)).toBe(true);
});

test.each([
  { name: "missing", leave: () => {} },
  { name: "empty", leave: (path: string) => writeFileSync(path, "") },
])("a copy beside a file that is $name, as an interruption leaves it, is taken", async ({ leave }) => {
  const path = folder();
  await makeWithCopy(path);
  rmSync(statePath(path));
  leave(statePath(path));
  const restored = openState(path);
  cleanUps.push(() => restored.close());
  expect(await restored.tx((tx) => tx.list("key"))).toEqual([{ n: 1 }]);
  expect(statSync(statePath(path)).mode & 0o777).toBe(0o600);
});

test("a copy is not written to where a link leads", async () => {
  const path = folder();
  await makeWithCopy(path);
  rmSync(statePath(path));
  const elsewhere = join(path, "..", "elsewhere");
  writeFileSync(elsewhere, "text");
  symlinkSync(elsewhere, `${statePath(path)}.new`);
  expect(await open(path).tx((tx) => tx.list("key"))).toEqual([{ n: 1 }]);
  expect(readFileSync(elsewhere, "utf8")).toBe("text");
});

test.runIf(process.getuid?.() === 0)(
  "a copy that root puts in its place is as that of the owner of the folder",
  async () => {
    const path = folder();
    const state = openState(path);
    await state.keepCopy();
    await state.close();
    writeFileSync(statePath(path), Buffer.alloc(9000, 1));
    chownSync(path, 65_534, 65_534);
    await openState(path).close();
    expect(statSync(statePath(path))).toMatchObject({ uid: 65_534, gid: 65_534 });
  },
);

test("what a newer version wrote is not even read, and what is only begun is not there yet", async () => {
  const path = folder();
  await openState(path).close();
  const db = new DatabaseSync(statePath(path));
  db.exec("PRAGMA user_version = 99");
  db.close();
  for (const open of [openState, openStateToRead])
    expect(() => open(path)).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("newer") }),
    );
  writeFileSync(statePath(path), "");
  expect(openStateToRead(path)).toBeUndefined();
});

test("a change that is taken back was no revision", async () => {
  const state = open(folder());
  const before = await state.revision();
  let during: Promise<number> | undefined;
  const failing = state.tx(async (tx) => {
    await tx.put("key", "a", {});
    during = state.revision();
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await during).toBe(before);
});

test("without a copy a damaged file is refused, and left alone", async () => {
  const path = folder();
  await openState(path).close();
  truncateSync(statePath(path), 0);
  writeFileSync(statePath(path), "no database");
  expect(() => openState(path)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
  expect(statSync(statePath(path)).size).toBe(11);
});

/** Overwrites pages in the middle, as a failing disk does. */
function damageMiddle(path: string): void {
  // What still stands in the log would hide it.
  const db = new DatabaseSync(path);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  const file = openSync(path, "r+");
  for (let at = 40_960; at < statSync(path).size; at += 4096)
    writeSync(file, Buffer.alloc(2000, 1), 0, 2000, at);
  closeSync(file);
}

const putMany = (state: StateStore): Promise<void> =>
  state.tx(async (tx) => {
    for (let n = 0; n < 300; n++) await tx.put("key", String(n), { n, text: "x".repeat(800) });
  });

test("a file that is damaged while it is in use does not become the copy", async () => {
  const path = folder();
  const state = open(path);
  await putMany(state);
  await state.keepCopy();
  const copy = join(path, "state.copy.sqlite");
  const before = readFileSync(copy);
  await state.tx((tx) => tx.put("key", "new", {}));
  damageMiddle(statePath(path));
  await expect(state.keepCopy()).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    place: { kind: "file", path: statePath(path) },
    failure: { fault: "damaged" },
  });
  expect(readFileSync(copy).equals(before)).toBe(true);
  expect(readdirSync(path).filter((name) => name.includes(".new"))).toEqual([]);
});

test("a copy that is damaged as well takes no place, however often it is tried", async () => {
  const path = folder();
  const state = openState(path);
  await putMany(state);
  await state.close();
  damageMiddle(statePath(path));
  copyFileSync(statePath(path), join(path, "state.copy.sqlite"));
  const told: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++)
    expect(() => openState(path, (aside) => told.push(aside))).toThrow(
      expect.objectContaining({
        code: "STORE_UNAVAILABLE",
        failure: expect.objectContaining({ fault: "damaged" }),
      }),
    );
  expect(told).toEqual([]);
  expect(readdirSync(path).filter((name) => name.includes("damaged"))).toEqual([]);
});

test("a disk that is full takes nothing of a change, and all of it once there is room", async () => {
  const state = open(folder());
  await state.tx((tx) => tx.put("key", "a", { n: 1 }));
  const revision = await state.revision();
  const disk = fillDisk(3);
  await expect(putMany(state)).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    failure: { fault: "disk-full" },
  });
  expect(await state.tx((tx) => tx.list("key"))).toEqual([{ n: 1 }]);
  expect(await state.revision()).toBe(revision);
  disk.makeRoom();
  await putMany(state);
  expect(await state.tx((tx) => tx.list("key"))).toHaveLength(301);
});

test("a copy for which there is no room leaves the one before, and nothing half-done", async () => {
  const path = folder();
  const state = open(path);
  await putMany(state);
  await state.keepCopy();
  const copy = join(path, "state.copy.sqlite");
  const before = readFileSync(copy);
  await state.tx((tx) => tx.put("key", "new", {}));
  // A folder at the place of the draft: it cannot be made, as when there is no room.
  mkdirSync(`${copy}.new`);
  writeFileSync(join(`${copy}.new`, "x"), "");
  await expect(state.keepCopy()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(readFileSync(copy).equals(before)).toBe(true);
});

test.each(["removed", "replaced"])("nothing is written into a file that was %s", async (how) => {
  const path = folder();
  const state = open(path);
  await state.tx((tx) => tx.put("key", "a", { n: 1 }));
  renameSync(statePath(path), `${statePath(path)}.old`);
  if (how === "replaced") copyFileSync(`${statePath(path)}.old`, statePath(path));
  await expect(state.tx((tx) => tx.put("key", "a", { n: 2 }))).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    failure: { fault: "replaced" },
    // Nothing but a start opens it anew, which is to be told where only this is seen.
    message: expect.stringContaining("restart the program"),
  });
  await expect(state.keepCopy()).rejects.toMatchObject({ failure: { fault: "replaced" } });
  expect(existsSync(join(path, "state.copy.sqlite"))).toBe(false);
  rmSync(statePath(path), { force: true });
  renameSync(`${statePath(path)}.old`, statePath(path));
  await state.tx((tx) => tx.put("key", "a", { n: 3 }));
  expect(await state.tx((tx) => tx.get("key", "a"))).toEqual({ n: 3 });
});
