import { spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { fileError } from "../file-fault.ts";
import { postgresPlace, StoreError, type StorePlace } from "../store-error.ts";
import { blameless, isLostConnection, isPassing, postgresFailure } from "./postgres-failure.ts";
import { PostgresNames } from "./postgres-names.ts";
import { postgresMigrations } from "./postgres-schema.ts";
import { PostgresSession } from "./postgres-session.ts";
import { type KnownTexts, PostgresWriter } from "./postgres-writer.ts";
import {
  Refusal,
  type ReportWriter,
  type Row,
  type SqlEngine,
  type SqlSession,
  type SqlValue,
  type TransactionNeeds,
} from "./sql.ts";

export interface PostgresEngineOptions {
  readonly url: string;
  /** For one statement; ms. Default 120,000. */
  readonly statementTimeoutMs?: number;
  /** For tests. */
  readonly migrations?: readonly string[];
}

const attempts = 7;
const firstDelayMs = 50;
/** Our advisory locks. */
const lockSpace = 0x5e_15_40;
const everything = 0;
const lockPlaces = 0x7fff_ffff;
/** A server has room for some thousands of locks. */
const maxLocks = 500;
const defaultTimeoutMs = 120_000;
/** A server that says nothing for so long after its own time is over is out of reach. */
const graceMs = 10_000;
const idleMs = 30_000;
/** The longest that a timer takes: 24 days. */
const noTimeoutMs = 0x7fff_ffff;

/**
 * Opens a database of PostgreSQL and brings its schema up to date. Several processes on several machines may use it at once.
 * @throws SekishoError STORE_UNAVAILABLE.
 */
export async function openPostgresEngine(options: PostgresEngineOptions): Promise<PostgresEngine> {
  const timeoutMs = options.statementTimeoutMs ?? defaultTimeoutMs;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 4,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: idleMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + graceMs,
    lock_timeout: 60_000,
    idle_in_transaction_session_timeout: 120_000,
    application_name: "sekisho",
  });
  // A connection was lost: who was using it is told by what it asked, and the next question makes a new one.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const engine = new PostgresEngine(pool, options.url);
  try {
    await engine.migrate(options.migrations ?? postgresMigrations);
    return engine;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

export class PostgresEngine implements SqlEngine {
  readonly skipLocked = "FOR UPDATE SKIP LOCKED";
  readonly place: StorePlace = postgresPlace;
  readonly reader: SqlSession;
  readonly #pool: pg.Pool;
  readonly #url: string;
  readonly #names = new PostgresNames("name", "text");
  readonly #details = new PostgresNames("detail", "json");

  constructor(pool: pg.Pool, url: string) {
    this.#pool = pool;
    this.#url = url;
    this.reader = new RetryingReader(new PostgresSession(pool));
  }

  async migrate(steps: readonly string[]): Promise<void> {
    // Who has nothing to change does not wait for whoever writes.
    if ((await schemaVersion(this.reader)) === steps.length) return;
    await this.#inTransaction(async (client) => {
      await client.query("SELECT pg_advisory_xact_lock($1, $2)", [lockSpace, everything]);
      // Also makes the server look at what another process has committed meanwhile: a lock of this kind alone does not.
      await client.query("CREATE TABLE IF NOT EXISTS sekisho_schema (version integer NOT NULL)");
      const version = await schemaVersion(new PostgresSession(client));
      if (version > steps.length)
        throw new StoreError({
          place: postgresPlace,
          failure: { fault: "newer-schema", version },
          message: `PostgreSQL: written by a newer Sekisho (schema ${version})`,
        });
      if (version === steps.length) return;
      // A large table takes its time, and nobody can do anything before.
      await client.query("SET LOCAL statement_timeout = 0");
      for (const text of steps.slice(version)) {
        const step = { text, query_timeout: noTimeoutMs };
        await client.query(step);
      }
      await client.query("DELETE FROM sekisho_schema");
      await client.query("INSERT INTO sekisho_schema VALUES ($1)", [steps.length]);
    });
  }

  transaction<T>(needs: TransactionNeeds, work: (writer: ReportWriter) => Promise<T>): Promise<T> {
    return this.#inTransaction(
      async (client, known) => {
        await lock(client, needs);
        return work(new PostgresWriter(client, known, needs.alone));
      },
      async (client) => {
        const session = new PostgresSession(client);
        const names = await this.#names.learn(session, needs.names);
        return { names, details: await this.#details.learn(session, needs.details) };
      },
    );
  }

  /** Any transaction, for what is no report. @throws What the work throws of its own. */
  async inSerializable<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    let thrown: { readonly error: unknown } | undefined;
    try {
      return await this.#inTransaction(async (client) => {
        await client.query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
        const session = new RememberingSession(client);
        thrown = undefined;
        try {
          return await work(session);
        } catch (error) {
          if (!session.failures.has(error)) thrown = { error };
          throw error;
        }
      });
    } catch (cause) {
      if (thrown !== undefined) throw thrown.error;
      throw cause instanceof Refusal ? cause.asFailure() : cause;
    }
  }

  async #inTransaction<T>(
    work: (client: pg.PoolClient, known: KnownTexts) => Promise<T>,
    learn: (client: pg.PoolClient) => Promise<KnownTexts> = nothingToLearn,
  ): Promise<T> {
    return retrying(async () => {
      const client = await this.#connect();
      let failed: unknown;
      try {
        const known = await learn(client);
        await client.query("BEGIN");
        const result = await work(client, known);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        failed = error;
        throw error;
      } finally {
        await giveBack(client, failed);
      }
    });
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw blameless(error);
    }
  }

  /** @throws SekishoError STORE_UNAVAILABLE also when there is no pg_dump. */
  async backup(path: string): Promise<void> {
    try {
      closeSync(openSync(path, "ax", 0o600));
    } catch (cause) {
      throw fileError(path, cause);
    }
    try {
      await dump(this.#url, path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  async clock(): Promise<number> {
    const rows = await this.reader.all("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS ms");
    return Number(rows[0]?.["ms"]);
  }

  async octets(): Promise<number> {
    const rows = await this.reader.all(
      `SELECT sum(pg_total_relation_size(c.oid)) AS octets FROM pg_class c
       WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`,
    );
    return Number(rows[0]?.["octets"]);
  }

  /** Autovacuum does. */
  async shrink(): Promise<void> {}

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function nothingToLearn(): Promise<KnownTexts> {
  return { names: new Map(), details: new Map() };
}

/** @returns 0 where there is nothing yet. */
async function schemaVersion(session: SqlSession): Promise<number> {
  const found = await session.all("SELECT to_regclass('sekisho_schema') IS NOT NULL AS there");
  if (found[0]?.["there"] !== true) return 0;
  const rows = await session.all("SELECT version FROM sekisho_schema");
  return Number(rows[0]?.["version"] ?? 0);
}

/** A connection on which something went wrong is given up when it cannot even roll back. */
async function giveBack(client: pg.PoolClient, failed: unknown): Promise<void> {
  if (failed === undefined) return client.release();
  if (isLostConnection(failed)) return client.release(true);
  try {
    await client.query("ROLLBACK");
    client.release();
  } catch {
    client.release(true);
  }
}

/**
 * Whoever is about to keep an arrival or a report holds it by its digest until the end of the transaction, all of them in one
 * order: what another process commits meanwhile is seen, nothing is kept twice, and two never wait for each other.
 */
async function lock(client: pg.PoolClient, { alone, touches }: TransactionNeeds): Promise<void> {
  if (alone || touches.length > maxLocks) {
    await client.query("SELECT pg_advisory_xact_lock($1, $2)", [lockSpace, everything]);
    return;
  }
  if (touches.length === 0) return;
  await client.query("SELECT pg_advisory_xact_lock_shared($1, $2)", [lockSpace, everything]);
  const places = new Set(touches.map((digest) => 1 + (Buffer.from(digest).readUInt32BE(0) % lockPlaces)));
  await client.query(
    "SELECT pg_advisory_xact_lock($1, place) FROM (SELECT place FROM unnest($2::int[]) AS place ORDER BY place) AS ordered",
    [lockSpace, [...places].sort((a, b) => a - b)],
  );
}

/** Knows which errors were its own. */
class RememberingSession implements SqlSession {
  readonly failures = new Set<unknown>();
  readonly #session: PostgresSession;

  constructor(client: pg.PoolClient) {
    this.#session = new PostgresSession(client);
  }

  all(sql: string, values?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#remembering(this.#session.all(sql, values));
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#remembering(this.#session.run(sql, values));
  }

  async #remembering<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.failures.add(error);
      throw error;
    }
  }
}

class RetryingReader implements SqlSession {
  readonly #session: PostgresSession;

  constructor(session: PostgresSession) {
    this.#session = session;
  }

  all(sql: string, values?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#asking(() => this.#session.all(sql, values));
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#asking(() => this.#session.run(sql, values));
  }

  #asking<T>(ask: () => Promise<T>): Promise<T> {
    return retrying(async () => {
      try {
        return await ask();
      } catch (error) {
        throw blameless(error);
      }
    });
  }
}

/** Everything here may be done again: what was committed before the connection broke is seen to be there. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isPassing(error)) throw postgresFailure(error);
      await sleep(firstDelayMs * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

/** The password goes by the environment: arguments can be seen by everybody on the machine. */
async function dump(url: string, path: string): Promise<void> {
  const { href, password } = withoutPassword(url);
  const child = spawn("pg_dump", ["--format=custom", "--no-password", `--file=${path}`, `--dbname=${href}`], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...(password !== undefined && { PGPASSWORD: password }) },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once("error", (error) => reject(notStarted(error)));
    child.once("close", (status, signal) => resolve(status ?? signal ?? "killed"));
  });
  if (code !== 0) throw dumpFailed(typeof code === "string" ? code : said.trim());
}

function withoutPassword(text: string): { readonly href: string; readonly password?: string } {
  const url = new URL(text);
  const password = url.searchParams.get("password") ?? decodeURIComponent(url.password);
  url.password = "";
  url.searchParams.delete("password");
  return { href: url.href, ...(password !== "" && { password }) };
}

function notStarted(cause: NodeJS.ErrnoException): StoreError {
  const said = `${cause.message} (is the package postgresql-client installed?)`;
  if (cause.code !== "ENOENT") return dumpFailed(said, cause);
  return new StoreError(
    { place: postgresPlace, failure: { fault: "no-dump" }, message: `pg_dump: ${said}` },
    { cause },
  );
}

function dumpFailed(said: string, cause?: unknown): StoreError {
  return new StoreError(
    { place: postgresPlace, failure: { fault: "dump-failed", said }, message: `pg_dump: ${said}` },
    { cause },
  );
}
