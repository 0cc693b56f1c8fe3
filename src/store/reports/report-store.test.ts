import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fillDisk } from "../../../test/full-disk.ts";
import { aggregate, arrival, failure, record } from "../../../test/report-samples.ts";
import { describeReportStore, type FreshStore } from "../../../test/report-store-contract.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { openReportStore, reportsPath } from "./open.ts";
import type { ReportStore } from "./port.ts";
import { openSqliteReports } from "./sqlite-reports.ts";
import { sqliteMigrations } from "./sqlite-schema.ts";

async function fresh(): Promise<FreshStore> {
  const path = join(temporaryFolder(), "reports.sqlite");
  return {
    open: async (now) => openSqliteReports({ path }, now),
    integrity: async () =>
      onFile(path, (db) => db.prepare("PRAGMA integrity_check").get()?.["integrity_check"]),
    openBackup: async (copy) => openSqliteReports({ path: copy }),
    makeNewer: async () =>
      onFile(path, (db) => db.exec(`PRAGMA user_version = ${sqliteMigrations.length + 1}`)),
    run: async (sql) => onFile(path, (db) => db.exec(sql)),
  };
}

function onFile<T>(path: string, work: (db: DatabaseSync) => unknown): T {
  const db = new DatabaseSync(path);
  try {
    return work(db) as T;
  } finally {
    db.close();
  }
}

/** A process that has begun to write to a file. */
async function holdLocked(path: string): Promise<{ letGo(): Promise<void> }> {
  const script = `const { DatabaseSync } = require("node:sqlite");
    const db = new DatabaseSync(process.argv[1]);
    db.exec("BEGIN IMMEDIATE");
    process.stdout.write("held");
    process.stdin.on("end", () => db.close()).resume();`;
  const child = spawn(process.execPath, ["-e", script, path], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  return {
    async letGo() {
      child.stdin.end();
      await ended;
    },
  };
}

const run = promisify(execFile);

describeReportStore("SQLite", { fresh, runs: 60 });

describe("SQLite: the file", () => {
  const newPath = (): string => join(temporaryFolder(), "a", "reports.sqlite");

  test("is made with its folder, for its owner alone", async () => {
    const path = newPath();
    const store = openSqliteReports({ path });
    await store.ingest([arrival([aggregate()])]);
    expect(statSync(join(path, "..")).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(path, "..")))
      expect(statSync(join(path, "..", name)).mode & 0o777, name).toBe(0o600);
    await store.close();
    chmodSync(path, 0o644);
    await openSqliteReports({ path }).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("of documents and mails no question, and no batch of what is too old, reads all there are", async () => {
    const prepare = vi.spyOn(DatabaseSync.prototype, "prepare");
    const path = newPath();
    const store = openSqliteReports({ path });
    await store.ingest([arrival([aggregate()])]);
    prepare.mockClear();
    for (const outcome of ["unread", "conflict", "skipped"] as const)
      await store.odd(outcome, 10, { since: 1, before: 2 });
    await store.list({ conflict: true });
    await store.counts();
    await store.expire({ rawMs: 1, recordsMs: 1, failureMs: 1 }, Date.now());
    const asked = prepare.mock.calls
      .map(([sql]) => sql)
      .filter((sql) => /^(?:SELECT|UPDATE|DELETE)/.test(sql));
    prepare.mockRestore();
    await store.close();
    expect(asked.length).toBeGreaterThan(8);
    onFile(path, (db) => {
      for (const sql of asked) {
        const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
        for (const { detail } of plan) expect(detail, sql).not.toMatch(/^SCAN (?:d|w|x|document|raw)$/);
      }
    });
  });

  /** How many statements have been asked. */
  function countStatements(): () => number {
    const spies = [vi.spyOn(StatementSync.prototype, "all"), vi.spyOn(StatementSync.prototype, "run")];
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  }

  test("thousands of documents that say that they are one report are kept in steps as many as they", async () => {
    const store = openSqliteReports({ path: newPath() });
    onTestFinished(() => store.close());
    const conflicting = (from: number): ReturnType<typeof arrival> =>
      arrival(
        Array.from({ length: 200 }, (_, count) => aggregate({ records: [record({ count: from + count })] })),
      );
    const statements = countStatements();
    expect((await store.ingest([conflicting(1)])).flat().map(({ outcome }) => outcome)).toEqual([
      "saved",
      ...Array<string>(199).fill("conflict"),
    ]);
    const again = await store.ingest([conflicting(101)]);
    expect(again.flat().map(({ outcome }) => outcome)).toEqual([
      ...Array<string>(100).fill("seen"),
      ...Array<string>(100).fill("conflict"),
    ]);
    expect(await store.replace(conflicting(1))).toHaveLength(200);
    expect(statements()).toBeLessThan(20 * 600);
    expect(await store.counts()).toMatchObject({ reports: 300, conflicts: 299 });
    expect(await store.days({})).toMatchObject([{ messages: 1 }]);
  });

  test("sums that go by age ask for no domain that has none of them", async () => {
    const path = newPath();
    const store = openSqliteReports({ path });
    onTestFinished(() => store.close());
    onFile(path, (db) =>
      db.exec(`WITH RECURSIVE domain (key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM domain WHERE key < 3000)
        INSERT INTO day_sum SELECT key, key % 2 * 20000, 1, 0, 1, 0, 0, 0, 0, 0, 0 FROM domain`),
    );
    const statements = countStatements();
    const sumsMs = 86_400_000;
    let rounds = 1;
    while (await store.expire({ sumsMs }, 20_000 * 86_400_000)) rounds += 1;
    expect(rounds).toBeLessThan(10);
    expect(statements()).toBeLessThan(1_500 + 10 * rounds);
    expect(
      onFile(path, (db) => db.prepare("SELECT count(*) AS n, min(day) AS day FROM day_sum").get()),
    ).toEqual({
      n: 1_500,
      day: 20_000,
    });
  });

  test("stands in data_dir when the configuration names no store", async () => {
    const dataDir = temporaryFolder();
    await (await openReportStore({ dataDir })).close();
    expect(readdirSync(dataDir)).toEqual(["reports.sqlite"]);
    expect(reportsPath(dataDir)).toBe(join(dataDir, "reports.sqlite"));
  });

  test.each(["removed", "moved away", "replaced", "replaced without its log"])(
    "that is %s while it is in use takes nothing unseen",
    async (how) => {
      const path = newPath();
      const store = openSqliteReports({ path });
      onTestFinished(() => store.close());
      await store.ingest([arrival([aggregate({ id: "a" })])]);
      const id = await store.id();
      const backup = `${path}.backup`;
      await store.backup(backup);
      const aside = `${path}.aside`;
      for (const suffix of how === "replaced without its log" ? [""] : ["", "-wal", "-shm"])
        if (how === "removed") rmSync(path + suffix);
        else renameSync(path + suffix, aside + suffix);
      const isReplaced = how.startsWith("replaced");
      if (isReplaced) renameSync(backup, path);
      const next = arrival([aggregate({ id: "b" })]);
      // The arrival stays where it is, and comes again.
      await expect(store.ingest([next])).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        place: { kind: "file", path },
        failure: { fault: "replaced" },
      });
      expect(await store.ingest([next])).toMatchObject([[{ outcome: "saved" }]]);
      const ids = isReplaced ? ["a", "b"] : ["b"];
      const idsOf = async (one: ReportStore): Promise<string[]> =>
        (await one.list({})).reports.map(({ reportId }) => reportId).sort();
      expect(await idsOf(store)).toEqual(ids);
      expect((await store.id()) === id).toBe(isReplaced);
      const other = openSqliteReports({ path });
      onTestFinished(() => other.close());
      expect(await idsOf(other)).toEqual(ids);
      if (how === "removed") return;
      const old = openSqliteReports({ path: aside });
      onTestFinished(() => old.close());
      expect(await idsOf(old)).toEqual(["a"]);
    },
  );

  test("that is moved away and back is used again, also when it could not be opened meanwhile", async () => {
    const path = newPath();
    const store = openSqliteReports({ path });
    onTestFinished(() => store.close());
    await store.ingest([arrival([aggregate({ id: "a" })])]);
    renameSync(path, `${path}.aside`);
    mkdirSync(path);
    const next = arrival([aggregate({ id: "b" })]);
    for (const _ of [1, 2])
      await expect(store.ingest([next])).rejects.toMatchObject({ failure: { fault: "cannot-open" } });
    rmdirSync(path);
    renameSync(`${path}.aside`, path);
    await expect(store.ingest([next])).rejects.toMatchObject({ failure: { fault: "replaced" } });
    expect(await store.ingest([next])).toMatchObject([[{ outcome: "saved" }]]);
    expect((await store.list({})).reports.map(({ reportId }) => reportId).sort()).toEqual(["a", "b"]);
  });

  test("on a disk that is full keeps all or nothing of what comes, answers, and goes on once there is room", async () => {
    const path = newPath();
    const store = openSqliteReports({ path });
    onTestFinished(() => store.close());
    const records = Array.from({ length: 200 }, (_, at) => record({ ip: `192.0.2.${at}`, comment: `${at}` }));
    const requests = ["a", "b", "c"].map((id) => arrival([aggregate({ id, records })]));
    await store.ingest(requests.slice(0, 1));
    const before = { counts: await store.counts(), sums: await store.sources({}) };
    const disk = fillDisk(4);
    for (const _ of [1, 2])
      await expect(store.ingest(requests.slice(1))).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        failure: { fault: "disk-full" },
      });
    expect({ counts: await store.counts(), sums: await store.sources({}) }).toEqual(before);
    disk.makeRoom();
    expect(await store.ingest(requests)).toMatchObject(
      ["seen", "saved", "saved"].map((outcome) => [{ outcome }]),
    );
    expect(await store.counts()).toMatchObject({ reports: 3, records: 600, raw: 3, unread: 0 });
    expect((await store.sources({})).map(({ messages }) => messages)).toEqual(
      before.sums.map(({ messages }) => 3 * messages),
    );
  });

  test("that is no database is named, with what to do", () => {
    const path = join(temporaryFolder(), "reports.sqlite");
    writeFileSync(path, "this is a text and no database at all, however long it is".repeat(40));
    expect(() => openSqliteReports({ path })).toThrow(
      expect.objectContaining({
        code: "STORE_UNAVAILABLE",
        message: expect.stringMatching(/reports\.sqlite: .*damaged.*restore a backup/),
      }),
    );
  });

  /** A database with pages overwritten from that place on. */
  async function damagedFrom(share: number): Promise<string> {
    const path = newPath();
    const store = openSqliteReports({ path });
    const many = Array.from({ length: 300 }, (_, id) => arrival([aggregate({ id: String(id) })]));
    await store.ingest(many);
    await store.close();
    const size = statSync(path).size;
    onFile(path, (db) => db.exec("PRAGMA journal_mode = DELETE"));
    const file = openSync(path, "r+");
    for (let at = 8192 + 4096 * Math.trunc((share * size) / 4096); at < size; at += 4096)
      writeSync(file, Buffer.alloc(2048, 0xee), 0, 2048, at);
    closeSync(file);
    return path;
  }

  test("that is damaged in the middle gives a clear error", async () => {
    const path = await damagedFrom(0);
    const use = async (): Promise<unknown> => {
      const again = openSqliteReports({ path });
      onTestFinished(() => again.close());
      return again.list({ limit: 1000 });
    };
    await expect(use()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("restore a backup"),
    });
  });

  test("that is damaged in the middle is no backup to keep in the place of a good one", async () => {
    const path = await damagedFrom(0.5);
    const store = openSqliteReports({ path });
    onTestFinished(() => store.close());
    const folder = temporaryFolder();
    await expect(store.backup(join(folder, "backup"))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      place: { kind: "file", path },
      failure: { fault: "damaged" },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a path that cannot be is an error of ours", () => {
    expect(() => openSqliteReports({ path: "/proc/no/reports.sqlite" })).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE" }),
    );
  });

  test("migrations go forward from every version, once", async () => {
    const path = newPath();
    const store = openSqliteReports({ path });
    await store.ingest([arrival([aggregate()])]);
    await store.close();
    const next = [
      ...sqliteMigrations,
      "ALTER TABLE report ADD COLUMN later TEXT; UPDATE report SET later = 'yes'",
    ];
    for (const _ of [1, 2]) {
      const newer = openSqliteReports({ path, migrations: next });
      expect(await newer.counts()).toMatchObject({ reports: 1 });
      await newer.close();
    }
    expect(onFile(path, (db) => db.prepare("SELECT later FROM report").get()?.["later"])).toBe("yes");
  });

  test("a migration that fails leaves the version before", async () => {
    const path = newPath();
    await openSqliteReports({ path }).close();
    const bad = [...sqliteMigrations, "CREATE TABLE half (a); CREATE TABLE raw (b)"];
    expect(() => openSqliteReports({ path, migrations: bad })).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE" }),
    );
    expect(
      onFile(
        path,
        (db) => db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'half'").get()?.["n"],
      ),
    ).toBe(0);
    await openSqliteReports({ path }).close();
  });

  test("a writer that never ends is waited for, and then an error", async () => {
    const path = newPath();
    const store = openSqliteReports({ path, timeoutMs: 50 });
    onTestFinished(() => store.close());
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.ingest([arrival([aggregate()])])).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("locked"),
    });
    expect(await store.counts()).toMatchObject({ reports: 0 });
    other.exec("ROLLBACK");
    other.close();
    expect(await store.ingest([arrival([aggregate()])])).toMatchObject([[{ outcome: "saved" }]]);
  });

  test("a process that writes for long holds up nothing else", { timeout: 60_000 }, async () => {
    const path = reportsPath(temporaryFolder());
    const store = await openReportStore({ dataDir: dirname(path) });
    onTestFinished(() => store.close());
    await store.ingest([arrival([aggregate({ id: "before" })])]);
    const writer = await holdLocked(path);
    let kept = 0;
    const work = ["1", "2", "3"].map(async (id) => {
      await store.ingest([arrival([aggregate({ id })])]);
      kept += 1;
    });
    // Were the thread held up nobody could let the other process go on, and the wait would end with an error.
    for (let turn = 0; turn < 20; turn += 1) await sleep(20);
    expect(kept).toBe(0);
    expect((await store.list({})).reports).toHaveLength(1);
    // As `report list` does.
    const another = await openReportStore({ dataDir: dirname(path) });
    onTestFinished(() => another.close());
    expect((await another.list({})).reports).toHaveLength(1);
    await writer.letGo();
    await Promise.all(work);
    expect((await store.list({})).reports).toHaveLength(4);
  });

  test("new tables wait for another process, and hold up nothing else", { timeout: 60_000 }, async () => {
    const path = reportsPath(temporaryFolder());
    onFile(path, (db) => db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; VACUUM"));
    const writer = await holdLocked(path);
    const opening = openReportStore({ dataDir: dirname(path) });
    await sleep(300);
    await writer.letGo();
    const store = await opening;
    onTestFinished(() => store.close());
    expect(await store.ingest([arrival([aggregate()])])).toMatchObject([[{ outcome: "saved" }]]);
  });

  test("many processes may make it at once", { timeout: 60_000 }, async () => {
    const dataDir = temporaryFolder();
    const open = new URL("open.ts", import.meta.url).href;
    const script = `const { openReportStore } = await import(${JSON.stringify(open)});
      await (await openReportStore({ dataDir: process.argv[1] })).close();`;
    const one = (): Promise<unknown> => run(process.execPath, ["--input-type=module", "-e", script, dataDir]);
    await Promise.all([one(), one(), one(), one()]);
    const store = await openReportStore({ dataDir });
    onTestFinished(() => store.close());
    expect(await store.counts()).toMatchObject({ reports: 0 });
  });

  test("becomes smaller after much has been deleted", async () => {
    const path = newPath();
    const store = openSqliteReports({ path });
    onTestFinished(() => store.close());
    const octets = Buffer.alloc(60_000, "0123456789abcdefghijklmnopqrstuvwxyz");
    for (let i = 0; i < octets.length; i++) octets[i] = Math.floor(Math.random() * 256);
    const many = Array.from({ length: 300 }, (_, id) =>
      arrival([aggregate({ id: String(id) })], { octets: Buffer.concat([Buffer.from(`${id} `), octets]) }),
    );
    await store.ingest(many);
    const before = (await store.counts()).octets;
    while (await store.expire({ rawMs: 0 }, Date.now() * 2)) {}
    expect((await store.counts()).octets).toBeLessThan(before / 2);
  });
});

test("SQLite: what is deleted for its age stands in no file any more", async () => {
  const folder = temporaryFolder();
  const store = openSqliteReports({ path: join(folder, "reports.sqlite") });
  onTestFinished(() => store.close());
  const subjects = Array.from({ length: 200 }, (_, index) => `a private subject ${index} ${"x".repeat(500)}`);
  await store.ingest(subjects.map((subject) => arrival([failure({ subject })])));
  const all = (): string =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "latin1"))
      .join();
  expect(all()).toContain("a private subject");
  while (await store.expire({ failureMs: 0 }, Date.now() * 2)) {}
  await store.backup(join(folder, "after"));
  expect(all()).not.toContain("a private subject");
});
