import type { PostgresEngine } from "./reports/postgres-engine.ts";
import type { SqlSession } from "./reports/sql.ts";
import type { StateStore, StateTransaction } from "./state.ts";

/** The state in the database that also keeps the reports: for several machines that share their keys. */
export function postgresState(engine: PostgresEngine): StateStore {
  return new PostgresState(engine);
}

class PostgresState implements StateStore {
  readonly #engine: PostgresEngine;

  constructor(engine: PostgresEngine) {
    this.#engine = engine;
  }

  tx<T>(work: (tx: StateTransaction) => Promise<T>): Promise<T> {
    return this.#engine.inSerializable((session) => work(new PostgresStateTransaction(session)));
  }

  async revision(): Promise<number> {
    const rows = await this.#engine.reader.all("SELECT number FROM revision");
    return Number(rows[0]?.["number"] ?? 0);
  }

  /** A server has its own ways to come back. */
  async keepCopy(): Promise<void> {}

  close(): Promise<void> {
    return this.#engine.close();
  }
}

class PostgresStateTransaction implements StateTransaction {
  readonly #session: SqlSession;
  #written = false;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async get(kind: string, id: string): Promise<unknown> {
    const rows = await this.#session.all("SELECT json FROM state WHERE kind = ? AND id = ?", [kind, id]);
    return rows[0] && (JSON.parse(String(rows[0]["json"])) as unknown);
  }

  async list(kind: string): Promise<readonly unknown[]> {
    const rows = await this.#session.all("SELECT json FROM state WHERE kind = ? ORDER BY id", [kind]);
    return rows.map((row) => JSON.parse(String(row["json"])) as unknown);
  }

  async put(kind: string, id: string, value: object): Promise<void> {
    await this.#change(
      `INSERT INTO state (kind, id, changed, json) VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE SET changed = excluded.changed, json = excluded.json`,
      [kind, id, Date.now(), JSON.stringify(value)],
    );
  }

  async remove(kind: string, id: string): Promise<void> {
    await this.#change("DELETE FROM state WHERE kind = ? AND id = ?", [kind, id]);
  }

  async #change(sql: string, values: Parameters<SqlSession["run"]>[1]): Promise<void> {
    if (!this.#written) await this.#session.run("UPDATE revision SET number = number + 1");
    this.#written = true;
    await this.#session.run(sql, values);
  }
}
