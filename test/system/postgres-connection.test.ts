import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { postgresState } from "../../src/store/postgres-state.ts";
import { openPostgresEngine, type PostgresEngine } from "../../src/store/reports/postgres-engine.ts";
import { openPostgresReports } from "../../src/store/reports/postgres-reports.ts";
import { postgresMigrations } from "../../src/store/reports/postgres-schema.ts";
import { needsNothing } from "../../src/store/reports/sql.ts";
import { aggregate, arrival } from "../report-samples.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Postgres, postgresPrograms, startPostgres, startPostgresProxy } from "./postgres.ts";
import { describeWith, until } from "./process.ts";

describeWith([join(postgresPrograms(), "postgres")], "PostgreSQL: connections", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres(temporaryFolder());
  });
  afterAll(() => server.stop());

  const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

  async function openEngine(
    options: Partial<Parameters<typeof openPostgresEngine>[0]> = {},
  ): Promise<PostgresEngine> {
    const engine = await openPostgresEngine({ url: server.newDatabase(), ...options });
    onTestFinished(() => engine.close());
    return engine;
  }

  /** Ends all connections to a database but one's own, and waits until they have gone. */
  async function endConnections(url: string): Promise<void> {
    const others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    server.psql(databaseOf(url), `SELECT pg_terminate_backend(pid) ${others}`);
    await until("their end", () => server.psql(databaseOf(url), `SELECT count(*) ${others}`) === "0");
  }

  test("one that is ended while a transaction thinks is made again, and the work repeated", async () => {
    const url = server.newDatabase();
    const engine = await openEngine({ url });
    let attempts = 0;
    const seen = await engine.transaction(needsNothing, async (writer) => {
      attempts += 1;
      await writer.run("INSERT INTO lease (name, holder, held_to, number) VALUES (?, 'a', 0, 1)", ["x"]);
      if (attempts === 1) await endConnections(url);
      return writer.all("SELECT count(*) AS n FROM lease");
    });
    expect(attempts).toBe(2);
    expect(seen).toEqual([{ n: "1" }]);
    const state = postgresState(engine);
    attempts = 0;
    await state.tx(async (tx) => {
      attempts += 1;
      await tx.put("kind", "id", { attempts });
      if (attempts === 1) await endConnections(url);
      await tx.get("kind", "id");
    });
    expect(await state.tx((tx) => tx.list("kind"))).toEqual([{ attempts: 2 }]);
  });

  test("what the work of a state throws comes out as it is, and what the server refuses as an error of ours", async () => {
    const state = postgresState(await openEngine());
    class Mine extends Error {}
    const mine = new Mine("not now");
    await expect(state.tx(() => Promise.reject(mine))).rejects.toBe(mine);
    await expect(state.tx((tx) => tx.put("kind", "a\0b", {}))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
  });

  test.each([
    ["a password is wanted and there is none", /password/],
    ["TLS is wanted and there is none", /SSL/],
  ])("%s: an error of ours", async (what, reason) => {
    const fake = createServer((socket) => {
      const answers = [what.startsWith("TLS") ? Buffer.from("N") : challenge(10, "SCRAM-SHA-256\0\0")];
      answers.push(challenge(11, "r=nonce,s=c2FsdA==,i=4096"));
      socket.on("error", () => {});
      socket.on("data", () => void socket.write(answers.shift() ?? ""));
    });
    await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void fake.close());
    const address = fake.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const url = `postgres://nobody@127.0.0.1:${port}/none${what.startsWith("TLS") ? "?ssl=true" : ""}`;
    await expect(openPostgresReports({ url })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(reason),
    });
  });

  /** AuthenticationSASL, AuthenticationSASLContinue. */
  function challenge(type: 10 | 11, text: string): Buffer {
    const message = Buffer.concat([Buffer.from("R"), Buffer.alloc(8), Buffer.from(text)]);
    message.writeInt32BE(message.length - 1, 1);
    message.writeInt32BE(type, 5);
    return message;
  }

  test("a database that is up to date opens beside whoever writes alone", async () => {
    const url = server.newDatabase();
    const writing = await openEngine({ url });
    await writing.transaction({ ...needsNothing, alone: true }, async () => {
      const store = await openPostgresReports({ url, statementTimeoutMs: 2_000 });
      expect(await store.list({})).toEqual({ reports: [] });
      await store.close();
    });
  });

  test("a server that only answers questions answers them, and says why it takes nothing", async () => {
    const url = server.newDatabase();
    await (await openPostgresReports({ url })).close();
    const setting = `ALTER DATABASE ${databaseOf(url)} SET default_transaction_read_only`;
    server.psql("postgres", `${setting} = on`);
    const store = await openPostgresReports({ url });
    onTestFinished(() => store.close());
    expect(await store.list({})).toEqual({ reports: [] });
    const request = arrival([aggregate({ id: "a" })]);
    await expect(store.ingest([request])).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      failure: { fault: "server-read-only" },
    });
    server.psql("postgres", `${setting} = off`);
    await endConnections(url);
    expect(await store.ingest([request])).toMatchObject([[{ outcome: "saved" }]]);
  });

  test("a step of the schema may take longer than a statement", async () => {
    const url = server.newDatabase();
    await (await openPostgresReports({ url })).close();
    const migrations = [...postgresMigrations, "SELECT pg_sleep(1.5)"];
    await (await openEngine({ url, migrations, statementTimeoutMs: 300 })).reader.all("SELECT 1");
    expect(server.psql(databaseOf(url), "SELECT version FROM sekisho_schema")).toBe(
      String(migrations.length),
    );
  });

  test("a connection over which nothing comes any more is given up, and another one used", async () => {
    const url = server.newDatabase();
    await (await openPostgresReports({ url })).close();
    const proxy = await startPostgresProxy(url, (client, upstream) => {
      client.pipe(upstream);
      upstream.pipe(client);
    });
    onTestFinished(() => proxy.stop());
    const store = await openPostgresReports({ url: proxy.url, statementTimeoutMs: 500 });
    onTestFinished(() => store.close());
    // New ones are well.
    for (const socket of proxy.sockets) socket.unpipe();
    expect(await store.ingest([arrival([aggregate()])])).toMatchObject([[{ outcome: "saved" }]]);
    expect(await store.list({})).toMatchObject({ reports: [{ counted: true }] });
  });

  test("leases, jobs and ages go by the clock of the database, not by those of the machines", async () => {
    const url = server.newDatabase();
    const store = await openPostgresReports({ url });
    onTestFinished(() => store.close());
    const hourAhead = vi
      .spyOn(Date, "now")
      .mockImplementation(() => Math.floor(performance.timeOrigin + performance.now()) + 3_600_000);
    onTestFinished(() => void hourAhead.mockRestore());
    const ahead = await openPostgresReports({ url });
    onTestFinished(() => ahead.close());
    await ahead.jobs.put("fetch", "of one ahead", {});
    expect(await ahead.leases.take("mailbox", "a", 60_000)).toBe(1);
    const received = arrival([aggregate()], { receivedAt: Date.now() - 3_600_000 });
    await ahead.ingest([received]);
    expect(await ahead.expire({ rawMs: 60_000 }, Date.now())).toBe(false);
    expect((await ahead.raw(received.raw.digest))?.octets).toBeDefined();
    hourAhead.mockRestore();
    expect(await store.jobs.take("fetch", 1, 60_000)).toMatchObject([{ key: "of one ahead" }]);
    expect(
      server.psql(
        databaseOf(url),
        "SELECT held_to < 1000 * extract(epoch FROM clock_timestamp()) + 61000 FROM lease",
      ),
    ).toBe("t");
  });
});
