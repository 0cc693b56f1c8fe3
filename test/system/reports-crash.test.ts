import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openReportStore, reportsPath } from "../../src/store/reports/open.ts";
import type { ReportStore, ReportSummary, StoredRecord } from "../../src/store/reports/port.ts";
import { countedRecords, storedSums, sumPlainly } from "../report-sums.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type GeneratedReport, generateReports } from "./generated-reports.ts";
import { type Postgres, postgresPrograms, startPostgres } from "./postgres.ts";
import { describeWith, type Running, start, until } from "./process.ts";

const rounds = 20;
const feeder = new URL("feed-reports.ts", import.meta.url).pathname;

describeWith([join(postgresPrograms(), "postgres")], "reports: crashes and company", () => {
  let server: Postgres;
  let reports: readonly GeneratedReport[];
  let list: string;
  beforeAll(async () => {
    reports = generateReports(temporaryFolder(), { 1: 1500, 20: 800, 1000: 12 });
    list = listOf(reports);
    server = await startPostgres(temporaryFolder());
  });
  afterAll(() => server.stop());

  function listOf(some: readonly GeneratedReport[]): string {
    const file = join(temporaryFolder(), "list.json");
    writeFileSync(file, JSON.stringify(some.map((one) => one.file)));
    return file;
  }

  /** Starts a process that feeds all of them, and waits until it is at it. */
  async function feed(place: string, seed: number, batch = 50, files = list): Promise<Running> {
    const child = start(process.execPath, [feeder, place, files, String(seed), String(batch)]);
    onTestFinished(() => child.end("SIGKILL"));
    await until(`the feeder: ${child.output()}`, () => child.output().startsWith("begin\n"));
    return child;
  }

  async function withStore<T>(place: string, work: (store: ReportStore) => Promise<T>): Promise<T> {
    const store = await openReportStore(
      place.startsWith("postgres:") ? { store: place, dataDir: "" } : { dataDir: place },
    );
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  const places = [
    { name: "SQLite", newPlace: () => temporaryFolder() },
    { name: "PostgreSQL", newPlace: () => server.newDatabase() },
  ];

  describe.each(places)("$name", ({ newPlace }) => {
    test(`SIGKILL at any moment, ${rounds} times or more: nothing lost, nothing doubled`, {
      timeout: 600_000,
    }, async () => {
      const place = newPlace();
      const acknowledged = new Set<string>();
      // Between these two ends the work is at its height, however fast the machine is.
      let longestMs = 700;
      let killed = 0;
      for (let round = 0; round < rounds || killed <= rounds / 2; round++) {
        const child = await feed(place, round, 1 + ((round * 7) % 40));
        await sleep(Math.random() * longestMs);
        await child.end("SIGKILL");
        const lines = child.output().split("\n").slice(0, -1);
        const said = lines.filter((line) => line.startsWith("/"));
        for (const line of said) acknowledged.add(line);
        if (lines.includes("end")) longestMs *= 0.6;
        else if (said.length === 0) longestMs *= 1.2;
        else killed += 1;
        await expectNobodyIn(place);
        await withStore(place, (store) => expectWhole(store, place, acknowledged));
      }
      const last = await feed(place, 99);
      await last.ended;
      expect(last.output()).toMatch(/\nend\n$/);
      await withStore(place, async (store) => {
        await expectWhole(store, place, new Set(reports.map(({ file }) => file)));
        await expectAll(store, reports);
      });
    });

    test("four processes fed the same reports: each counts once", { timeout: 600_000 }, async () => {
      const some = reports.filter((_, index) => index % 3 === 0);
      const files = listOf(some);
      for (const round of [1, 2, 3]) {
        const place = newPlace();
        const children = await Promise.all(
          Array.from({ length: 4 }, (_, index) => feed(place, round * 10 + index, 5 + 20 * index, files)),
        );
        for (const child of children) {
          await child.ended;
          expect(child.output()).toMatch(/\nend\n$/);
        }
        await withStore(place, (store) => expectAll(store, some));
      }
    });
  });

  test("10,000 reports: the sums are the generator's", { timeout: 600_000 }, async () => {
    const many = generateReports(temporaryFolder(), { 1: 8000, 20: 1992, 1000: 8 }, 2);
    const place = temporaryFolder();
    const child = await feed(place, 0, 50, listOf(many));
    await child.ended;
    await withStore(place, (store) => expectAll(store, many));
  });

  /** Until a server has noticed that its client is gone it may still commit what that has asked for. */
  async function expectNobodyIn(place: string): Promise<void> {
    if (!place.startsWith("postgres:")) return;
    const others =
      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() " +
      "AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    const database = new URL(place).pathname.slice(1);
    await until("the server to let go of the dead", () => server.psql(database, others) === "0");
  }

  /** What was said to be committed is there, what is there is there once, and the sums are right. */
  async function expectWhole(
    store: ReportStore,
    place: string,
    acknowledged: ReadonlySet<string>,
  ): Promise<void> {
    if (!place.startsWith("postgres:")) {
      const db = new DatabaseSync(reportsPath(place), { readOnly: true });
      expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      db.close();
    }
    const kept = await allReports(store);
    const byId = new Set(kept.map(({ reportId }) => reportId));
    expect(kept).toHaveLength(byId.size);
    const lost = reports.filter(({ file, reportId }) => acknowledged.has(file) && !byId.has(reportId));
    expect(lost).toEqual([]);
    const records = await countedRecords(store);
    const expected = reports.filter(({ reportId }) => byId.has(reportId));
    expect(sizesOf(kept)).toEqual(sizesOf(expected));
    expect(messagesByReport(records)).toEqual(messagesByReport(expected));
    expect(await storedSums(store)).toEqual(sumPlainly(records));
    expect(await store.counts()).toMatchObject({ raw: kept.length, unread: 0, conflicts: 0 });
  }

  async function expectAll(store: ReportStore, all: readonly GeneratedReport[]): Promise<void> {
    const records = await countedRecords(store);
    expect(await store.counts()).toMatchObject({
      reports: all.length,
      raw: all.length,
      records: all.reduce((sum, one) => sum + one.records, 0),
      unread: 0,
      conflicts: 0,
    });
    expect(sizesOf(await allReports(store))).toEqual(sizesOf(all));
    expect(messagesByReport(records)).toEqual(messagesByReport(all));
    const messages = all.reduce((sum, one) => sum + one.messages, 0);
    expect((await store.days({})).reduce((sum, one) => sum + one.messages, 0)).toBe(messages);
    expect((await store.sources({})).reduce((sum, one) => sum + one.messages, 0)).toBe(messages);
    expect(await storedSums(store)).toEqual(sumPlainly(records));
  }

  async function allReports(store: ReportStore): Promise<ReportSummary[]> {
    const all: ReportSummary[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list({ limit: 1000, ...(cursor !== undefined && { cursor }) });
      all.push(...page.reports);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return all;
  }
});

type Sized = Pick<GeneratedReport, "reportId" | "records" | "messages">;

/** By report, as the generator or the list tells them. */
function sizesOf(all: readonly Sized[]): ReadonlyMap<string, string> {
  return new Map(
    all
      .toSorted((a, b) => (a.reportId < b.reportId ? -1 : 1))
      .map(({ reportId, records, messages }) => [reportId, `${records} records, ${messages} messages`]),
  );
}

/** By report, of its records one by one or of the generator. */
function messagesByReport(
  all: readonly (Pick<StoredRecord, "reportId" | "record"> | Sized)[],
): ReadonlyMap<string, number> {
  const messages = new Map<string, number>();
  for (const one of all)
    messages.set(
      one.reportId,
      (messages.get(one.reportId) ?? 0) + ("record" in one ? one.record.count : one.messages),
    );
  return messages;
}
