import type { LeaseStore } from "./port.ts";
import { type Awaitable, needsNothing, type ReportWriter, type SqlEngine, unrefused } from "./sql.ts";

/** Rights that one process at a time has, in a table. */
export class SqlLeases implements LeaseStore {
  readonly #engine: SqlEngine;
  readonly #now: () => Awaitable<number>;

  constructor(engine: SqlEngine, now: () => Awaitable<number>) {
    this.#engine = engine;
    this.#now = now;
  }

  async take(name: string, holder: string, ttlMs: number): Promise<number | undefined> {
    const now = await this.#now();
    const rows = await this.#alone((writer) =>
      writer.all(
        `INSERT INTO lease (name, holder, held_to, number) VALUES (?, ?, ?, 1)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_to = excluded.held_to,
           number = CASE WHEN lease.holder = excluded.holder AND lease.held_to > ? THEN lease.number ELSE lease.number + 1 END
         WHERE lease.held_to <= ? OR lease.holder = excluded.holder
         RETURNING number`,
        [name, holder, now + ttlMs, now, now],
      ),
    );
    return rows[0] === undefined ? undefined : Number(rows[0]["number"]);
  }

  async release(name: string, number: number): Promise<void> {
    await this.#alone((writer) =>
      writer.run("UPDATE lease SET held_to = 0 WHERE name = ? AND number = ?", [name, number]),
    );
  }

  #alone<T>(work: (writer: ReportWriter) => Awaitable<T>): Promise<T> {
    return unrefused(this.#engine.transaction(needsNothing, async (writer) => work(writer)));
  }
}
