import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { fillDisk } from "../../test/full-disk.ts";
import { sampleRecord } from "../../test/sample-record.ts";
import { Keeper, type StoreEvent } from "./keeper.ts";
import type { MessageRecord } from "./record.ts";
import { formatLine, maxLineOctets, parseLine, type RecordLine } from "./record-line.ts";
import { openRecordStore, type RunningStore, startRecordStore } from "./record-store.ts";
import { migrations } from "./schema.ts";
import { openSpool } from "./spool.ts";
import { listSegments, segmentName, spoolFolder } from "./spool-files.ts";
import { databasePath, openDatabase, openDatabaseToRead } from "./sqlite.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sekisho-store-"));
});
/** Closed before their folder goes: they would make it anew. */
const running: RunningStore[] = [];
afterEach(async () => {
  for (const store of running.splice(0)) await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const year = 365 * 86_400_000;
const now = Date.UTC(2026, 10, 2);

function keeper(options: { keepMs?: number; maxOctets?: number } = {}): {
  keeper: Keeper;
  events: StoreEvent[];
} {
  const events: StoreEvent[] = [];
  const made = new Keeper({ dataDir, keepMs: year, maxOctets: 1e9, ...options }, (event) =>
    events.push(event),
  );
  return { keeper: made, events };
}

function segment(records: readonly MessageRecord[], name = segmentName("mx1", "00", 1)): string {
  mkdirSync(spoolFolder(dataDir), { recursive: true });
  const path = join(spoolFolder(dataDir), name);
  writeFileSync(path, Buffer.concat(records.map(formatLine)));
  return path;
}

const samples = (from: number, to: number): MessageRecord[] =>
  Array.from({ length: to - from + 1 }, (_, i) => sampleRecord(from + i));

const lines = (records: readonly MessageRecord[]): RecordLine[] =>
  records.map((record) => ({ record, text: JSON.stringify(record) }));

/** The event; in `error`, what is wrong stands as values, too. */
function unavailable(message: unknown): object {
  return { kind: "unavailable", error: expect.objectContaining({ message, failure: expect.anything() }) };
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe("spool", () => {
  test("records get ids in order and are on disk after flush, in a closed segment", async () => {
    const spool = openSpool({ dataDir, host: "mx/1" });
    const ids = [1, 2, 3].map((n) => spool.append(sampleRecord(n)));
    await spool.flush();
    expect(ids.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    const files = listSegments(spoolFolder(dataDir));
    expect(files.map(({ open, name }) => ({ open, name: name.replace(/[0-9a-f]{16}/, "BOOT") }))).toEqual([
      { open: false, name: "mx_1-BOOT-0000000001.ndjson" },
    ]);
    const lines = readFileSync(files[0]?.path ?? "", "utf8")
      .trim()
      .split("\n");
    expect(lines.map((line) => parseLine(line)?.id)).toEqual(ids);
    await spool.close();
  });

  test("records are written without being asked, and the segment is closed by age", async () => {
    const spool = openSpool({ dataDir, flushMs: 5, segmentMs: 20 });
    spool.append(sampleRecord(1));
    await vi.waitFor(
      () => expect(listSegments(spoolFolder(dataDir)).map(({ open }) => open)).toEqual([false]),
      { timeout: 15_000 },
    );
    expect(spool.stats()).toMatchObject({ appended: 1, written: 1, dropped: 0, pendingOctets: 0 });
    await spool.close();
  });

  test("a segment is closed by size", async () => {
    const spool = openSpool({ dataDir, segmentOctets: 1 });
    for (const n of [1, 2]) {
      spool.append(sampleRecord(n));
      await spool.flush();
    }
    expect(listSegments(spoolFolder(dataDir))).toHaveLength(2);
    await spool.close();
  });

  test("only the owner may look", async () => {
    const spool = openSpool({ dataDir });
    spool.append(sampleRecord(1));
    await spool.close();
    expect(modeOf(spoolFolder(dataDir))).toBe(0o700);
    for (const { path } of listSegments(spoolFolder(dataDir))) expect(modeOf(path)).toBe(0o600);
  });

  test("beyond its bound the oldest segments go, and their records are counted", async () => {
    const old = segment(samples(1, 3), segmentName("mx1", "aa", 1));
    utimesSync(old, 1000, 1000);
    const spool = openSpool({ dataDir, maxOctets: statSync(old).size });
    spool.append(sampleRecord(4));
    await spool.flush();
    expect(existsSync(old)).toBe(false);
    expect(spool.stats().dropped).toBe(3);
    expect(listSegments(spoolFolder(dataDir))).toHaveLength(1);
    await spool.close();
  });

  test("a folder that takes nothing loses no record once it does again, and nothing throws", async () => {
    const spool = openSpool({ dataDir, flushMs: 5 });
    rmSync(spoolFolder(dataDir), { recursive: true });
    writeFileSync(spoolFolder(dataDir), "in the way");
    spool.append(sampleRecord(1));
    await spool.flush();
    expect(spool.stats()).toMatchObject({ written: 0, dropped: 0 });
    expect(spool.stats()).toMatchObject({
      lastError: expect.stringMatching(/ENOTDIR/),
      trouble: { place: { kind: "file" }, failure: { fault: "cannot-open" } },
    });
    rmSync(spoolFolder(dataDir));
    mkdirSync(spoolFolder(dataDir));
    await spool.flush();
    expect(spool.stats()).toMatchObject({ appended: 1, written: 1, dropped: 0, pendingOctets: 0 });
    await spool.close();
  });

  test("a segment that is taken while it is being written loses no record", async () => {
    const spool = openSpool({ dataDir, flushMs: 1, segmentMs: 60_000 });
    spool.append(sampleRecord(1));
    await vi.waitFor(() => expect(spool.stats().written).toBe(1), { timeout: 15_000 });
    // A clock that is set, or a machine that slept: the store takes the writer for gone.
    const { keeper: k } = keeper();
    k.round(Date.now() + 60_000);
    expect(k.stats()).toMatchObject({ records: 1 });
    spool.append(sampleRecord(2));
    await spool.close();
    k.round(now);
    expect(k.stats()).toMatchObject({ records: 2 });
    expect(k.find({}).map(({ queueId }) => queueId)).toEqual(["Q2", "Q1"]);
    k.close();
  });

  test("what waits in memory is bounded", async () => {
    const spool = openSpool({ dataDir, flushMs: 5 });
    rmSync(spoolFolder(dataDir), { recursive: true });
    writeFileSync(spoolFolder(dataDir), "in the way");
    const large = sampleRecord(1, { authenticationResults: "x".repeat(200_000) });
    for (let i = 0; i < 100; i++) spool.append(large);
    await spool.flush();
    expect(spool.stats().pendingOctets).toBeLessThanOrEqual(16_000_000);
    expect(spool.stats().dropped).toBeGreaterThan(0);
    await spool.close();
  });

  test("a folder that cannot be made is the operator's to mend", () => {
    writeFileSync(join(dataDir, "file"), "");
    expect(() => openSpool({ dataDir: join(dataDir, "file", "deeper") })).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE" }),
    );
  });
});

test.each([
  { name: "DNS answers", change: { results: { dns: 4000 } } },
  { name: "the field", change: { authenticationResults: "x".repeat(maxLineOctets) } },
  {
    name: "the sender",
    change: { envelope: { from: "x".repeat(maxLineOctets), recipients: 1, smtputf8: false } },
  },
])("a record made too long by $name is shortened, never lost", ({ change }) => {
  const base = sampleRecord(1);
  const entry = { name: `${"x".repeat(100)}.example.jp`, type: "A", outcome: "answer", ms: 1 } as const;
  const record =
    "results" in change && base.results !== undefined
      ? {
          ...base,
          results: { ...base.results, dns: new Array<typeof entry>(change.results.dns).fill(entry) },
        }
      : ({ ...base, ...change } as MessageRecord);
  const line = formatLine(record);
  expect(line.length).toBeLessThanOrEqual(maxLineOctets);
  expect(parseLine(line.toString())).toMatchObject({ id: base.id, truncated: true });
});

describe("ingest", () => {
  test("a whole segment goes into the database and is deleted", () => {
    const path = segment(samples(1, 3));
    const { keeper: k } = keeper();
    k.round(now);
    expect(existsSync(path)).toBe(false);
    expect(k.find({}).map(({ queueId }) => queueId)).toEqual(["Q3", "Q2", "Q1"]);
    expect(k.find({})[2]).toEqual(sampleRecord(1));
    k.close();
  });

  test("the same segment again, as after a crash before its deletion, doubles nothing", () => {
    const { keeper: k } = keeper();
    for (let round = 0; round < 2; round++) {
      segment(samples(1, 3));
      k.round(now);
    }
    expect(k.stats()).toMatchObject({ records: 3, ingested: 3, repeated: 3 });
    k.close();
  });

  test("what has been taken in outlives the machine before its segment is deleted", () => {
    const exec = vi.spyOn(DatabaseSync.prototype, "exec");
    const db = openDatabase(databasePath(dataDir));
    const connection = exec.mock.contexts[0] as unknown as DatabaseSync;
    // FULL: with NORMAL a commit is forced to the disk some time after.
    expect(connection.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
    exec.mockRestore();
    db.close();
  });

  test.each<{ name: string; change: (record: Record<string, unknown>) => unknown }>([
    { name: "no origin", change: ({ client: _, ...record }) => ({ ...record, client: {} }) },
    { name: "no action", change: ({ disposition: _, ...record }) => ({ ...record, disposition: {} }) },
    { name: "a queue id that is a number", change: (record) => ({ ...record, queueId: 7 }) },
    { name: "a Message-ID that is a number", change: (record) => ({ ...record, messageId: 7 }) },
    {
      name: "a sender that is a number",
      change: (record) => ({ ...record, envelope: { from: 7 }, results: undefined }),
    },
    {
      name: "an author domain that is a list",
      change: (record) => ({ ...record, results: { dmarc: { domain: [] } } }),
    },
    {
      name: "a result that is an object",
      change: (record) => ({ ...record, results: { dmarc: { result: {} } } }),
    },
    { name: "results that are null", change: (record) => ({ ...record, results: null }) },
  ])("a line with $name is set aside, and the others are stored", ({ change }) => {
    const path = segment(samples(1, 2));
    appendFileSync(path, `${JSON.stringify(change({ ...sampleRecord(3) }))}\n`);
    const { keeper: k, events } = keeper();
    k.round(now);
    expect(events).toEqual([{ kind: "damaged-lines", lines: 1 }]);
    expect(k.stats()).toMatchObject({ records: 2, damagedLines: 1 });
    expect(existsSync(path)).toBe(false);
    k.close();
  });

  test("the same sequence of another boot or host is another record", () => {
    const ids = [
      { host: "mx1", boot: "00", sequence: 1 },
      { host: "mx1", boot: "01", sequence: 1 },
      { host: "mx2", boot: "00", sequence: 1 },
    ];
    segment(ids.map((id) => sampleRecord(1, { id })));
    const { keeper: k } = keeper();
    k.round(now);
    expect(k.stats().records).toBe(3);
    k.close();
  });

  test.each([
    { name: "half a line at the end", add: '{"version":1,"id":{"host":"mx1"' },
    { name: "no JSON", add: "garbage\n" },
    { name: "no record", add: '{"version":1}\n' },
    { name: "a later version of record", add: `${JSON.stringify({ ...sampleRecord(9), version: 2 })}\n` },
    { name: "NULs, as after a power cut", add: `${"\0".repeat(50)}\n` },
  ])("$name is set aside and counted, the rest is kept", ({ add }) => {
    const path = segment(samples(1, 2));
    appendFileSync(path, add);
    const { keeper: k, events } = keeper();
    k.round(now);
    expect(k.stats()).toMatchObject({ records: 2, damagedLines: 1 });
    expect(events).toEqual([{ kind: "damaged-lines", lines: 1 }]);
    const aside = join(spoolFolder(dataDir), "damaged", "lines.txt");
    expect(readFileSync(aside, "utf8")).toContain(add.trim());
    expect(modeOf(aside)).toBe(0o600);
    k.close();
  });

  test("a disk that is full is told with what to do; the segment waits, and is taken once there is room", () => {
    const { keeper: k, events } = keeper();
    k.round(now);
    const disk = fillDisk(2);
    const first = segment(samples(1, 2));
    const second = segment(samples(3, 100), segmentName("mx1", "00", 2));
    for (const _ of [1, 2]) k.round(now);
    const reason = `${databasePath(dataDir)}: database or disk is full; make room: the records wait in the spool, and are taken in then`;
    expect(events).toEqual([unavailable(reason)]);
    expect(k.stats()).toMatchObject({ records: 2, ingested: 2, lastError: reason });
    expect([first, second].map((path) => existsSync(path))).toEqual([false, true]);
    expect(k.find({ limit: 200 })).toHaveLength(100);
    disk.makeRoom();
    k.round(now);
    expect(events.slice(1)).toEqual([{ kind: "available" }]);
    expect(k.stats()).toMatchObject({ records: 100, ingested: 100, repeated: 0 });
    expect(existsSync(second)).toBe(false);
    k.close();
  });

  test("a segment that cannot be read is told, and holds up neither the others nor retention", () => {
    mkdirSync(spoolFolder(dataDir), { recursive: true });
    const bad = join(spoolFolder(dataDir), segmentName("mx1", "00", 1));
    // Opens, and every read fails as on a damaged disk.
    symlinkSync("/proc/self/mem", bad);
    segment(samples(1, 3), segmentName("mx1", "00", 2));
    const { keeper: k, events } = keeper({ keepMs: 1500 });
    const reason = expect.stringContaining("EIO");
    for (const _ of [1, 2]) k.round(Date.parse(sampleRecord(3).at));
    expect(events).toEqual([unavailable(reason)]);
    expect(k.stats()).toMatchObject({ records: 2, ingested: 3, expired: 1, lastError: reason });
    rmSync(bad);
    k.round(Date.parse(sampleRecord(3).at));
    expect(events[1]).toEqual({ kind: "available" });
    k.close();
  });

  test("an open segment is left to its writer, and taken when the writer is long gone", () => {
    const path = segment(samples(1, 1), `${segmentName("mx1", "00", 1)}.open`);
    const written = statSync(path).mtimeMs;
    const { keeper: k } = keeper();
    k.round(written + 1000);
    expect(k.stats().records).toBe(0);
    k.round(written + 60_000);
    expect(k.stats().records).toBe(1);
    expect(existsSync(path)).toBe(false);
    k.close();
  });

  test("the database is the owner's alone", () => {
    const { keeper: k } = keeper();
    k.round(now);
    for (const name of readdirSync(dataDir).filter((file) => file.startsWith("records")))
      expect(modeOf(join(dataDir, name))).toBe(0o600);
    k.close();
  });
});

describe("a database that is taken away while it is in use", () => {
  test.each(["removed", "moved away", "replaced", "replaced without its log"])(
    "%s: what comes in goes into the one that is there",
    (how) => {
      const { keeper: one, events } = keeper();
      segment(samples(1, 3));
      one.round(now);
      const path = databasePath(dataDir);
      const aside = `${path}.aside`;
      const other = join(dataDir, "other.sqlite");
      openDatabase(other).close();
      for (const suffix of how === "replaced without its log" ? [""] : ["", "-wal", "-shm"])
        if (how === "removed") rmSync(path + suffix);
        else renameSync(path + suffix, aside + suffix);
      if (how.startsWith("replaced")) renameSync(other, path);
      segment(samples(4, 5), segmentName("mx1", "00", 2));
      one.round(now);
      expect(events).toEqual([
        unavailable(`${path}: removed or replaced while in use`),
        { kind: "available" },
      ]);
      expect(listSegments(spoolFolder(dataDir))).toEqual([]);
      one.close();
      const db = openDatabase(path);
      expect(db.find({}).map(({ queueId }) => queueId)).toEqual(["Q5", "Q4"]);
      db.close();
      if (how !== "removed") {
        const old = openDatabase(aside);
        expect(old.count()).toBe(3);
        old.close();
      }
    },
  );
});

test("a log that is removed while it is in use is made anew, and nothing of it is lost", () => {
  const { keeper: one, events } = keeper();
  segment(samples(1, 3));
  one.round(now);
  const path = databasePath(dataDir);
  rmSync(`${path}-wal`);
  segment(samples(4, 5), segmentName("mx1", "00", 2));
  one.round(now);
  expect(events).toEqual([unavailable(`${path}: removed or replaced while in use`), { kind: "available" }]);
  const db = openDatabaseToRead(path);
  expect(db?.count()).toBe(5);
  db?.close();
  one.close();
});

describe("retention", () => {
  test("by age", () => {
    segment(samples(1, 1200));
    const { keeper: k } = keeper({ keepMs: 100_500 });
    k.round(Date.parse(sampleRecord(1200).at));
    expect(k.stats()).toMatchObject({ records: 101, expired: 1099, oldest: sampleRecord(1100).at });
    k.close();
  });

  test("by size, the oldest first, and the file follows", () => {
    const long = "x".repeat(3000);
    segment(samples(1, 3000).map((record) => ({ ...record, authenticationResults: long })));
    const { keeper: k } = keeper({ maxOctets: 5_000_000 });
    k.round(now);
    const { records, octets } = k.stats();
    expect(octets).toBeLessThanOrEqual(5_000_000);
    expect(records).toBeGreaterThan(500);
    expect(k.find({ limit: 1 })[0]?.queueId).toBe("Q3000");
    for (let round = 0; round < 3; round++) k.round(now);
    k.close();
    expect(statSync(databasePath(dataDir)).size).toBeLessThan(8_000_000);
  });
});

test("a clock that leaps a year ahead for a while takes no record with it", () => {
  const { keeper: k } = keeper({ keepMs: 14 * 86_400_000 });
  segment(samples(1, 3));
  k.round(now);
  k.round(now + year);
  k.round(now + 500);
  expect(k.stats()).toMatchObject({ records: 3, expired: 0 });
  k.close();
});

describe("schema", () => {
  test("an older database is brought forward with its records, and a newer program's is left alone", () => {
    const path = databasePath(dataDir);
    const older = openDatabase(path);
    older.save(lines([sampleRecord(1)]));
    older.close();
    const later = [
      ...migrations,
      "ALTER TABLE record ADD COLUMN note TEXT; UPDATE record SET note = queue_id",
    ];
    openDatabase(path, later).close();
    const raw = new DatabaseSync(path, { readOnly: true });
    expect(raw.prepare("SELECT note FROM record").all()).toEqual([{ note: "Q1" }]);
    raw.close();
    expect(() => openDatabase(path)).toThrow(expect.objectContaining({ code: "STORE_UNAVAILABLE" }));
    const { keeper: k, events } = keeper();
    const waiting = segment(samples(2, 2));
    k.round(now);
    expect(events).toEqual([unavailable(expect.stringContaining("newer"))]);
    expect(existsSync(waiting)).toBe(true);
  });

  test("a step that fails leaves the database as it was", () => {
    const path = databasePath(dataDir);
    openDatabase(path).close();
    expect(() => openDatabase(path, [...migrations, "CREATE TABLE extra (x); SELECT nonsense"])).toThrow();
    const raw = new DatabaseSync(path, { readOnly: true });
    expect(raw.prepare("SELECT name FROM sqlite_master WHERE name = 'extra'").all()).toEqual([]);
    expect(raw.prepare("PRAGMA user_version").get()).toEqual({ user_version: migrations.length });
    raw.close();
  });

  test.each([
    {
      name: "no database at all",
      damage: (path: string) => writeFileSync(path, "this is no database ".repeat(500)),
    },
    {
      name: "pages overwritten",
      damage: (path: string) => {
        const octets = readFileSync(path);
        octets.fill(0xa5, 4096);
        writeFileSync(path, octets);
      },
    },
  ])("$name: moved aside, a new one begun, told", ({ damage }) => {
    const path = databasePath(dataDir);
    const first = openDatabase(path);
    first.save(lines(samples(1, 100)));
    first.close();
    damage(path);
    segment(samples(200, 201));
    const { keeper: k, events } = keeper();
    k.round(now);
    k.round(now);
    expect(events[0]).toMatchObject({ kind: "moved-aside" });
    expect(k.stats()).toMatchObject({ records: 2 });
    const aside = readdirSync(dataDir).filter((name) => name.includes(".damaged-"));
    expect(aside).toHaveLength(1);
    k.close();
  });
});

describe("reading", () => {
  test.each([
    { name: "queue id", query: { queueId: "Q2" }, is: ["Q2"] },
    { name: "Message-ID with brackets", query: { messageId: "<2@example.jp>" }, is: ["Q2"] },
    { name: "Message-ID without", query: { messageId: "4@example.jp" }, is: ["Q4"] },
    { name: "both must match", query: { queueId: "Q2", messageId: "<3@example.jp>" }, is: [] },
    { name: "unknown", query: { queueId: "' OR 1=1 --" }, is: [] },
    { name: "since", query: { since: Date.parse(sampleRecord(3).at) }, is: ["Q4", "Q3"] },
    { name: "before", query: { before: Date.parse(sampleRecord(3).at) }, is: ["Q2", "Q1"] },
    { name: "limit", query: { limit: 3 }, is: ["Q4", "Q3", "Q2"] },
    { name: "limit of nothing sensible", query: { limit: -5 }, is: ["Q4"] },
  ])("by $name, from the database and the spool alike", async ({ query, is }) => {
    segment(samples(1, 2));
    const { keeper: k } = keeper();
    k.round(now);
    k.close();
    segment(samples(2, 3), segmentName("mx1", "00", 2));
    segment(samples(4, 4), `${segmentName("mx1", "00", 3)}.open`);
    const store = openRecordStore({ dataDir });
    expect((await store.find(query)).map(({ queueId }) => queueId)).toEqual(is);
    await store.close();
  });

  test("without any database or spool there is nothing, and no file is made", async () => {
    const store = openRecordStore({ dataDir: join(dataDir, "none") });
    expect(await store.find({})).toEqual([]);
    expect((await store.stats()).records).toBe(0);
    await store.close();
    expect(existsSync(join(dataDir, "none"))).toBe(false);
  });

  test("a damaged database is said to be unreadable", () => {
    writeFileSync(databasePath(dataDir), "this is no database ".repeat(500));
    expect(() => openRecordStore({ dataDir })).toThrow(
      expect.objectContaining({ code: "STORE_UNAVAILABLE" }),
    );
  });

  test("counts by a column", () => {
    segment([sampleRecord(1), sampleRecord(2), sampleRecord(3, { reply: "tempfail" })]);
    const { keeper: k } = keeper();
    k.round(now);
    expect(k.countBy("reply", 0)).toEqual([
      { value: "accept", messages: 2 },
      { value: "tempfail", messages: 1 },
    ]);
    expect(k.countBy("fromDomain", Date.parse(sampleRecord(3).at))).toEqual([
      { value: "example.jp", messages: 1 },
    ]);
    k.close();
  });
});

test.each([
  ["cut off", "UPDATE record SET json = substr(json, 1, 30) WHERE key = 2"],
  ["empty", "UPDATE record SET json = '' WHERE key = 2"],
  [
    "of another shape",
    `UPDATE record SET json = '{"results":{"dkim":3,"dmarc":7,"dmarcOther":[]},"shadow":4}' WHERE key = 2`,
  ],
])("a record that is %s keeps no question from being answered by the others", async (_, sql) => {
  const { keeper: k } = keeper({ keepMs: 50 * year });
  segment(samples(1, 3));
  k.round(now);
  const db = new DatabaseSync(databasePath(dataDir));
  db.exec(sql);
  db.close();
  expect(k.find({}).map(({ queueId }) => queueId)).toEqual(["Q3", "Q1"]);
  expect(k.listDifferences({ since: 0 })).toMatchObject({ different: 0 });
  expect(k.listShadow({ since: 0 })).toMatchObject({ different: 0, domains: [] });
  expect(k.listSelectors({ domain: "example.jp", since: 0 })).toEqual([]);
  expect(k.countBy("reply", 0)).toEqual([{ value: "accept", messages: 3 }]);
  k.close();
});

describe("the thread", () => {
  test("takes in the spool while another process's reader looks on, and answers", async () => {
    const events: StoreEvent[] = [];
    const store = startRecordStore({
      dataDir,
      keepMs: 50 * year,
      maxOctets: 1e9,
      onEvent: (e) => events.push(e),
    });
    const spool = openSpool({ dataDir });
    const id = spool.append(sampleRecord(1));
    await spool.flush();
    await store.ingest();
    expect(await store.stats()).toMatchObject({ records: 1, ingested: 1 });
    const reader = openRecordStore({ dataDir });
    expect((await reader.find({ queueId: "Q1" }))[0]?.id).toEqual(id);
    spool.append(sampleRecord(2));
    await spool.close();
    expect(await reader.find({ queueId: "Q2" })).toHaveLength(1);
    await store.ingest();
    expect(await store.find({})).toHaveLength(2);
    await reader.close();
    await store.close();
    await expect(store.find({})).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(events).toEqual([]);
  });

  test("close takes in what the spool holds", async () => {
    const store = startRecordStore({ dataDir, keepMs: 50 * year, maxOctets: 1e9 });
    await store.ingest();
    segment(samples(1, 5));
    await store.close();
    expect(listSegments(spoolFolder(dataDir))).toEqual([]);
    const reader = openRecordStore({ dataDir });
    expect((await reader.stats()).records).toBe(5);
    await reader.close();
  });
});

describe("a thread that dies", () => {
  const real = new URL("./store-thread.ts", import.meta.url).href;

  /** @returns The thread of a store with a way to die before it; `starts` counts the threads. */
  function dyingThread(when: string): URL {
    const path = join(dataDir, "thread.mjs");
    const text = `
      import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
      appendFileSync(${JSON.stringify(join(dataDir, "starts"))}, "x");
      const starts = readFileSync(${JSON.stringify(join(dataDir, "starts"))}, "utf8").length;
      const die = (why) => { throw new Error(why); };
      ${when}
      await import(${JSON.stringify(real)});
    `;
    writeFileSync(path, text);
    return pathToFileURL(path);
  }

  const starts = (): number => readFileSync(join(dataDir, "starts"), "utf8").length;

  interface Started {
    readonly store: RunningStore;
    readonly events: StoreEvent[];
    /** What a question fails with that is asked at the first event. */
    readonly atFirst: Promise<unknown>;
  }

  function started(thread: URL): Started {
    const events: StoreEvent[] = [];
    const first = Promise.withResolvers<unknown>();
    const onEvent = (event: StoreEvent): void => {
      events.push(event);
      if (events.length === 1) store.stats().then(first.resolve, first.resolve);
    };
    const store = startRecordStore({ dataDir, keepMs: 50 * year, maxOctets: 1e9, thread, onEvent });
    running.push(store);
    return { store, events, atFirst: first.promise };
  }

  test("in its work is started again; the spool keeps the records, and nothing is doubled", async () => {
    const deadly = join(dataDir, "die");
    const { store, events, atFirst } = started(
      dyingThread(`setInterval(() => {
        if (!existsSync(${JSON.stringify(deadly)})) return;
        rmSync(${JSON.stringify(deadly)});
        die("out of memory");
      }, 5);`),
    );
    segment(samples(1, 5));
    await store.ingest();
    expect(await store.stats()).toMatchObject({ records: 5, ingested: 5, restarts: 0 });
    writeFileSync(deadly, "");
    await vi.waitFor(() => expect(events).toHaveLength(1), 20_000);
    expect(events).toEqual([{ ...unavailable("Error: out of memory"), restartInMs: expect.any(Number) }]);
    expect(await atFirst).toMatchObject({
      code: "STORE_UNAVAILABLE",
      failure: { fault: "stopped", said: "Error: out of memory" },
    });
    // As after a death between the commit and the end of the segment.
    segment(samples(3, 8), segmentName("mx1", "00", 2));
    await vi.waitFor(() => expect(events).toHaveLength(2), 20_000);
    expect(events[1]).toEqual({ kind: "available" });
    await store.ingest();
    const stats = await store.stats();
    expect(stats).toMatchObject({ records: 8, ingested: 8, repeated: 3, restarts: 1 });
    expect(stats.lastError).toBeUndefined();
    expect(await store.find({})).toHaveLength(8);
  });

  test("again and again is started ever later, and then works", async () => {
    const { store, events } = started(dyingThread(`if (starts < 4) die("too early");`));
    segment(samples(1, 2));
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ kind: "available" }), 20_000);
    expect(events.slice(0, -1)).toEqual(
      [100, 200, 400].map((restartInMs) => ({
        ...unavailable("Error: too early"),
        restartInMs,
      })),
    );
    expect(await store.stats()).toMatchObject({ records: 2, restarts: 3 });
  });

  test("that ends without a word is started again, too", async () => {
    const { store, events } = started(dyingThread("if (starts === 1) process.exit(7);"));
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ kind: "available" }), 20_000);
    expect(await store.stats()).toMatchObject({ restarts: 1 });
  });

  test("and one that cannot even be started, as where there is no room for a thread, is tried ever later", async () => {
    // In a program that has been at work for long.
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + year);
    onTestFinished(() => clock.mockRestore());
    // Refused at once, and not by an event.
    const { store, events, atFirst } = started(new URL("http://127.0.0.1/thread.mjs"));
    expect(await atFirst).toMatchObject({ code: "STORE_UNAVAILABLE", failure: { fault: "stopped" } });
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(2), 20_000);
    expect(events.slice(0, 3)).toEqual(
      [100, 200, 400].map((restartInMs) => ({
        ...unavailable(expect.any(String)),
        restartInMs,
      })),
    );
    await store.close();
  });

  test("is not started again once the store is closed, and its records wait", async () => {
    const { store, events } = started(dyingThread(`die("at once");`));
    segment(samples(1, 2));
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(2), 20_000);
    await Promise.all([store.close(), store.close()]);
    const before = starts();
    const wait = Math.max(...events.map((one) => (one.kind === "unavailable" ? (one.restartInMs ?? 0) : 0)));
    await new Promise((resolve) => setTimeout(resolve, wait + 100));
    expect(starts()).toBe(before);
    await expect(store.find({})).rejects.toMatchObject({ message: "the store is closed" });
    expect(listSegments(spoolFolder(dataDir))).toHaveLength(1);
  });

  test("while it is asked refuses the question, and not the next thread's", async () => {
    const { store, events } = started(dyingThread(`if (starts === 1) setTimeout(die, 0, "late");`));
    const asked = await Promise.allSettled([store.stats(), store.ingest(), store.find({})]);
    for (const one of asked)
      if (one.status === "rejected") expect(one.reason).toMatchObject({ failure: { fault: "stopped" } });
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ kind: "available" }), 20_000);
    expect(await store.find({})).toEqual([]);
  });
});

test("a question that the thread cannot answer is refused with what its engine says", async () => {
  const store = startRecordStore({ dataDir, keepMs: 50 * year, maxOctets: 1e9 });
  running.push(store);
  await store.ingest();
  const db = new DatabaseSync(databasePath(dataDir));
  db.exec("DROP TABLE record");
  db.close();
  await expect(store.countBy("reply", 0)).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: "Error: no such table: record",
    place: { kind: "records" },
    failure: { fault: "other", said: "no such table: record" },
  });
});

describe("closing the store", () => {
  test("twice, and while questions are on their way, is no fault", async () => {
    const store = startRecordStore({ dataDir, keepMs: year, maxOctets: 1e9 });
    const asked = Promise.allSettled([store.stats(), store.ingest(), store.find({})]);
    await Promise.all([store.close(), store.close()]);
    await store.close();
    await asked;
    await expect(store.stats()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  test("as soon as it has been started", async () => {
    for (let i = 0; i < 5; i++) await startRecordStore({ dataDir, keepMs: year, maxOctets: 1e9 }).close();
  });
});

describe("kill -9", () => {
  const program = `
    import { openSpool } from ${JSON.stringify(fileURLToPath(new URL("./spool.ts", import.meta.url)))};
    import { sampleRecord } from ${JSON.stringify(fileURLToPath(new URL("../../test/sample-record.ts", import.meta.url)))};
    const spool = openSpool({ dataDir: process.argv[1], segmentMs: 30, flushMs: 5 });
    let n = 0;
    setInterval(() => {
      for (let i = 0; i < 20; i++) spool.append(sampleRecord(++n));
      process.stdout.write(spool.stats().written + "\\n");
    }, 2);
  `;

  test("of a writer in full work, three times: what was written is kept, each record once", async () => {
    const { keeper: k } = keeper();
    let acknowledged = 0;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, dataDir], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      acknowledged += await killAfterWrites(child, 100 + Math.floor(Math.random() * 400));
      k.round(now);
    }
    for (const { path, open } of listSegments(spoolFolder(dataDir)))
      if (open) renameSync(path, path.slice(0, -5));
    k.round(now);
    const { records, ingested, repeated } = k.stats();
    expect(records).toBe(ingested);
    expect(repeated).toBe(0);
    expect(records).toBeGreaterThanOrEqual(acknowledged);
    k.close();
    const raw = new DatabaseSync(databasePath(dataDir), { readOnly: true });
    const gaps = raw.prepare("SELECT boot FROM record GROUP BY boot HAVING max(sequence) <> count(*)").all();
    expect(gaps).toEqual([]);
    raw.close();
  });
});

/** @returns What the child said last that it had written. */
async function killAfterWrites(child: ChildProcess, enough: number): Promise<number> {
  let output = "";
  const written = (): number => Number(output.split("\n").at(-2) ?? 0);
  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (text: string) => {
    output = (output + text).slice(-200);
    if (written() >= enough) child.kill("SIGKILL");
  });
  await once(child, "close");
  return written();
}
