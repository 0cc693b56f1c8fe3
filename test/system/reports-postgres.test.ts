import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { postgresState } from "../../src/store/postgres-state.ts";
import { openReportStore } from "../../src/store/reports/open.ts";
import type { IngestRequest } from "../../src/store/reports/port.ts";
import { openPostgresEngine } from "../../src/store/reports/postgres-engine.ts";
import { openPostgresReports } from "../../src/store/reports/postgres-reports.ts";
import { postgresMigrations } from "../../src/store/reports/postgres-schema.ts";
import { openSharedNames, openSharedNamesToRead } from "../../src/store/shared.ts";
import type { SourceName } from "../../src/store/source-names.ts";
import { aggregate, arrival, record } from "../report-samples.ts";
import { describeReportStore, type FreshStore } from "../report-store-contract.ts";
import { countedRecords, storedSums, sumPlainly } from "../report-sums.ts";
import { runCli } from "../run-cli.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Postgres, postgresPrograms, startPostgres, startPostgresProxy } from "./postgres.ts";
import { describeWith } from "./process.ts";

describeWith([join(postgresPrograms(), "postgres"), "/usr/bin/pg_dump"], "PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(temporaryFolder());
  });
  afterAll(() => server.stop());

  const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

  async function fresh(): Promise<FreshStore> {
    const url = server.newDatabase();
    return {
      // What is too old is told by the test, and never by the clock of the server.
      open: (now = () => Number.MAX_SAFE_INTEGER) => openPostgresReports({ url }, now),
      // What it promises of its indexes: every row can be found by them.
      integrity: async () => {
        server.psql(databaseOf(url), "CREATE EXTENSION IF NOT EXISTS amcheck");
        server.psql(
          databaseOf(url),
          `SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
           WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace`,
        );
        return "ok";
      },
      openBackup: async (path) => {
        const copy = server.newDatabase();
        execFileSync("pg_restore", ["--exit-on-error", "-d", copy, path]);
        return openPostgresReports({ url: copy });
      },
      makeNewer: async () => {
        server.psql(databaseOf(url), "UPDATE sekisho_schema SET version = version + 1");
      },
      run: async (sql) => {
        server.psql(databaseOf(url), sql);
      },
    };
  }

  describeReportStore("PostgreSQL", { fresh, runs: 12 });

  describe("PostgreSQL: the server", () => {
    test("is asked for when the configuration names it, also by a file or variable", async () => {
      const url = server.newDatabase();
      process.env["SEKISHO_TEST_STORE"] = url;
      for (const store of [url, "env:SEKISHO_TEST_STORE"]) {
        const reports = await openReportStore({ store, dataDir: "/nowhere" });
        await reports.ingest([arrival([aggregate({ id: store })])]);
        await reports.close();
      }
      expect(server.psql(databaseOf(url), "SELECT count(*) FROM report")).toBe("2");
    });

    test("that is not there is an error of ours", async () => {
      const url = `postgres:///none?host=${temporaryFolder()}&user=nobody`;
      await expect(openPostgresReports({ url })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await expect(openPostgresReports({ url: server.url("no_such_database") })).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("no_such_database"),
      });
    });

    test("a source that another process is counting is not forgotten", async () => {
      const url = server.newDatabase();
      const store = await openPostgresReports({ url });
      onTestFinished(() => store.close());
      await store.ingest([arrival([aggregate({ mail: "unaligned" })])]);
      const other = new pg.Client({ connectionString: url });
      await other.connect();
      onTestFinished(() => other.end());
      // As far as another process has come when it counts the same source.
      await other.query(`BEGIN;
        INSERT INTO report (identity, digest, kind, reporter, report_id, domain, begin_at, end_at, counted, trust, records, stored,
            messages, json, raw, ordinal)
          SELECT 'other', 'other', kind, reporter, 'other', domain, begin_at, end_at, 1, 0, records, stored, messages, json, raw, 1
          FROM report;
        INSERT INTO record SELECT (SELECT max(key) FROM report), ordinal, ip, messages, disposition, aligned, header_from,
            envelope_from, envelope_to, detail FROM record;
        SELECT 1 FROM source FOR UPDATE`);
      const right = aggregate({ mail: "aligned", records: [record({ ip: "192.0.2.9" })] });
      const ingested = store.ingest([arrival([right])]);
      await vi.waitFor(
        () =>
          expect(
            server.psql(
              databaseOf(url),
              "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
            ),
          ).not.toBe("0"),
        { timeout: 60_000, interval: 50 },
      );
      await other.query("COMMIT");
      expect(await ingested).toMatchObject([[{ outcome: "conflict" }]]);
      expect(server.psql(databaseOf(url), "SELECT count(*) FROM source")).toBe("2");
    });

    test("is reached again after it was restarted, and nothing is counted twice", async () => {
      const store = await openPostgresReports({ url: server.newDatabase() });
      onTestFinished(() => store.close());
      const requests = Array.from({ length: 40 }, (_, id) => arrival([aggregate({ id: String(id) })]));
      await store.ingest(requests.slice(0, 10));
      let isBack = false;
      const restarted = server.restart().then(() => {
        isBack = true;
      });
      const ingest = async (request: IngestRequest): Promise<void> => {
        const wasBack = isBack;
        try {
          await store.ingest([request]);
        } catch (error) {
          // It may have been away for longer than anybody waits.
          if (wasBack) throw error;
          await restarted;
          await store.ingest([request]);
        }
      };
      for (const request of requests) await ingest(request);
      await restarted;
      for (const request of requests.slice(0, 5)) await ingest(request);
      expect((await store.list({ limit: 1000 })).reports).toHaveLength(40);
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
    });

    test("takes a report of very many rows while others are kept, and its sums are right", async () => {
      const store = await openPostgresReports({ url: server.newDatabase() });
      onTestFinished(() => store.close());
      // More than a transaction holds back sums of.
      const records = Array.from({ length: 41_000 }, (_, index) =>
        record({ ip: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, count: 1 + (index % 5) }),
      );
      const giant = arrival([aggregate({ id: "giant", records })]);
      const small = Array.from({ length: 20 }, (_, id) =>
        arrival([aggregate({ id: String(id), records: records.slice(id * 10, id * 10 + 20) })]),
      );
      const kept = await Promise.all([giant, ...small].map((one) => store.ingest([one])));
      expect(kept.flat(2).map(({ outcome }) => outcome)).toEqual(Array(21).fill("saved"));
      expect(await store.counts()).toMatchObject({ reports: 21, records: 41_400 });
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
    });

    test("that does not answer in time is given up", async () => {
      // Long enough for a busy machine to make the tables.
      const statementTimeoutMs = 10_000;
      const store = await openPostgresReports({ url: server.newDatabase(), statementTimeoutMs });
      onTestFinished(() => store.close());
      await store.ingest([arrival([aggregate()])]);
      const engine = await openPostgresEngine({ url: server.newDatabase(), statementTimeoutMs });
      onTestFinished(() => engine.close());
      await expect(async () => engine.reader.all("SELECT pg_sleep(300)")).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("statement timeout"),
      });
    });

    test("whose connection is cut within a transaction keeps all or nothing, once", async () => {
      const url = server.newDatabase();
      await (await openPostgresReports({ url })).close();
      const proxy = await cutting(url);
      onTestFinished(() => proxy.stop());
      const store = await openPostgresReports({ url: proxy.url });
      onTestFinished(() => store.close());
      for (let id = 0; id < 30; id++) {
        proxy.cutAfter(200 + ((id * 997) % 12_000));
        const rows = Array.from({ length: 20 }, (_, count) => record({ count, ip: `192.0.2.${count}` }));
        await store.ingest([arrival([aggregate({ id: String(id), records: rows })])]);
      }
      proxy.cutAfter(Number.POSITIVE_INFINITY);
      expect(proxy.cuts()).toBeGreaterThan(10);
      expect(await store.counts()).toMatchObject({ reports: 30, records: 600, raw: 30 });
      expect(await storedSums(store)).toEqual(sumPlainly(await countedRecords(store)));
    });

    test("takes no more jobs than it was asked for, whatever the plan", async () => {
      const url = new URL(server.newDatabase());
      const off = ["hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize"];
      url.searchParams.set("options", off.map((one) => `-c enable_${one}=off`).join(" "));
      const store = await openPostgresReports({ url: url.href });
      onTestFinished(() => store.close());
      for (let index = 0; index < 20; index += 1) await store.jobs.put("fetch", `job ${index}`, {}, index);
      expect((await store.jobs.take("fetch", 3, 60_000)).map(({ key }) => key)).toEqual([
        "job 0",
        "job 1",
        "job 2",
      ]);
      expect(await store.jobs.take("fetch", 3, 60_000)).toHaveLength(3);
    });

    test("several that open a new database at once agree on its tables", async () => {
      const url = server.newDatabase();
      const stores = await Promise.all(Array.from({ length: 6 }, () => openPostgresReports({ url })));
      for (const store of stores) await store.close();
      expect(server.psql(databaseOf(url), "SELECT version FROM sekisho_schema")).toBe(
        String(postgresMigrations.length),
      );
    });

    test("migrations go forward, and one that fails leaves what was", async () => {
      const url = server.newDatabase();
      await (await openPostgresReports({ url })).close();
      const bad = [...postgresMigrations, "CREATE TABLE half (a int); CREATE TABLE raw (b int)"];
      await expect(openPostgresReports({ url, migrations: bad })).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
      expect(server.psql(databaseOf(url), "SELECT to_regclass('half') IS NULL")).toBe("t");
      const next = [...postgresMigrations, "ALTER TABLE report ADD COLUMN later text"];
      for (const _ of [1, 2]) await (await openPostgresReports({ url, migrations: next })).close();
      await expect(openPostgresReports({ url })).rejects.toMatchObject({
        message: expect.stringContaining("newer"),
      });
    });
  });

  describe("PostgreSQL: state", () => {
    test("changes all or nothing, one after the other, and says that it changed", async () => {
      const url = server.newDatabase();
      const [one, other] = [await openPostgresEngine({ url }), await openPostgresEngine({ url })].map(
        postgresState,
      );
      onTestFinished(async () => {
        await one?.close();
        await other?.close();
      });
      if (one === undefined || other === undefined) return;
      const before = await one.revision();
      await one.tx(async (tx) => tx.put("count", "a", { value: 0 }));
      const add = (state: typeof one): Promise<void> =>
        state.tx(async (tx) => {
          const { value } = (await tx.get("count", "a")) as { readonly value: number };
          await tx.put("count", "a", { value: value + 1 });
        });
      for (let round = 0; round < 10; round++) await Promise.all([add(one), add(other)]);
      const failing = one.tx(async (tx) => {
        await tx.put("count", "b", { value: 1 });
        throw new Error("stop");
      });
      await expect(failing).rejects.toThrow("stop");
      await other.tx(async (tx) => {
        expect(await tx.list("count")).toEqual([{ value: 20 }]);
        expect(await tx.get("count", "b")).toBeUndefined();
        await tx.remove("count", "a");
      });
      await one.tx(async (tx) => expect(await tx.list("count")).toEqual([]));
      expect(await other.revision()).toBe(before + 22);
    });

    test("what one machine says of sources all know: labels, and names that were asked", async () => {
      const store = server.newDatabase();
      const [one, other] = [0, 1].map(() => {
        const dataDir = temporaryFolder();
        const config = join(dataDir, "sekisho.yaml");
        writeFileSync(
          config,
          `hostname: mx.example\ndata_dir: ${dataDir}\nstore: ${JSON.stringify(store)}\n`,
        );
        return { dataDir, config, store };
      });
      if (one === undefined || other === undefined) return;
      const label = async (at: typeof one, ...argv: readonly string[]): Promise<string> =>
        (await runCli(["report", "label", ...argv, "--config", at.config])).out;
      await label(one, "192.0.2.0/24", "own", "--owner", "Printing");
      expect(JSON.parse(await label(other, "--json"))).toEqual({
        pattern: "192.0.2.0/24",
        group: "own",
        name: "Printing",
      });
      await label(other, "192.0.2.0/24", "--remove");
      expect(await label(one, "--json")).toBe("");

      const name = { ip: "192.0.2.1", result: "pass", name: "a\0.example", listed: [] } as const;
      const names = { one: await openSharedNames(one), other: await openSharedNamesToRead(other) };
      onTestFinished(async () => {
        await names.one.close();
        await names.other.close();
      });
      const second: SourceName = {
        ip: "2001:db8::1",
        result: "permerror",
        listed: [],
        fetchedAt: 1,
        expiresAt: 50,
      };
      await names.one.put([second, { ...name, fetchedAt: 1, expiresAt: 100 }]);
      await names.one.put([{ ...name, fetchedAt: 2, expiresAt: 200 }]);
      const wanted = ["192.0.2.9", "192.0.2.1", "2001:db8::1"];
      expect(await names.other.get(wanted)).toEqual(
        new Map([
          ["192.0.2.1", { ...name, fetchedAt: 2, expiresAt: 200 }],
          ["2001:db8::1", second],
        ]),
      );
      expect(await names.one.due(wanted, 100)).toEqual(["192.0.2.9", "2001:db8::1"]);
      expect(await names.one.forget(100)).toBe(1);
      expect([...(await names.other.get(wanted)).keys()]).toEqual(["192.0.2.1"]);
      expect([one, other].flatMap(({ dataDir }) => readdirSync(dataDir))).toEqual([
        "sekisho.yaml",
        "sekisho.yaml",
      ]);
    });
  });
});

interface CuttingProxy {
  /** Of the database behind it. */
  readonly url: string;
  /** Cuts every connection after so many octets of what the client sends from now on. */
  cutAfter(octets: number): void;
  cuts(): number;
  stop(): Promise<void>;
}

async function cutting(database: string): Promise<CuttingProxy> {
  let left = Number.POSITIVE_INFINITY;
  let cuts = 0;
  const proxy = await startPostgresProxy(database, (client, upstream) => {
    upstream.pipe(client);
    client.on("data", (chunk) => {
      left -= chunk.length;
      if (left > 0) upstream.write(chunk);
      else {
        cuts += 1;
        left = Number.POSITIVE_INFINITY;
        client.destroy();
      }
    });
  });
  return {
    ...proxy,
    cutAfter: (octets) => {
      left = octets;
    },
    cuts: () => cuts,
  };
}
