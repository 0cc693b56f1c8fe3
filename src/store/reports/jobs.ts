import type { Job, JobStore } from "./port.ts";
import { storable } from "./prepare.ts";
import {
  type Awaitable,
  needsNothing,
  type ReportWriter,
  type Row,
  type SqlEngine,
  type SqlValue,
  unrefused,
} from "./sql.ts";

/** Work that processes share, in a table. */
export class SqlJobs implements JobStore {
  readonly #engine: SqlEngine;
  readonly #now: () => Awaitable<number>;

  constructor(engine: SqlEngine, now: () => Awaitable<number>) {
    this.#engine = engine;
    this.#now = now;
  }

  async put(kind: string, key: string, payload: object, dueMs?: number): Promise<boolean> {
    const added = await this.#run(
      "INSERT INTO job (kind, key, json, due_at, held_to, number, failures) VALUES (?, ?, ?, ?, 0, 0, 0) ON CONFLICT (kind, key) DO NOTHING",
      [kind, key, JSON.stringify(payload), dueMs ?? (await this.#now())],
    );
    return added === 1;
  }

  async take(kind: string, most: number, leaseMs: number): Promise<readonly Job[]> {
    const now = await this.#now();
    const rows = await this.#alone((writer) =>
      writer.all(
        // Materialized: a plan may ask a subquery anew for each row, and what it locked then counts no more against its limit.
        `WITH due AS MATERIALIZED
           (SELECT key FROM job WHERE kind = ? AND done_at IS NULL AND due_at <= ? AND held_to <= ?
            ORDER BY due_at, key LIMIT ? ${this.#engine.skipLocked})
         UPDATE job SET held_to = ?, number = number + 1 WHERE kind = ? AND key IN (SELECT key FROM due)
         RETURNING kind, key, json, failures, number, due_at`,
        [kind, now, now, most, now + leaseMs, kind],
      ),
    );
    return [...rows]
      .sort(
        (a, b) => Number(a["due_at"]) - Number(b["due_at"]) || (String(a["key"]) < String(b["key"]) ? -1 : 1),
      )
      .map(jobOf);
  }

  async done({ kind, key, number }: Job): Promise<boolean> {
    const changed = await this.#run(
      "UPDATE job SET done_at = ?, json = '{}', error = NULL WHERE kind = ? AND key = ? AND number = ? AND done_at IS NULL",
      [await this.#now(), kind, key, number],
    );
    return changed === 1;
  }

  async retry({ kind, key, number }: Job, dueMs: number, error: string): Promise<boolean> {
    const changed = await this.#run(
      `UPDATE job SET due_at = ?, held_to = 0, failures = failures + 1, error = ?
       WHERE kind = ? AND key = ? AND number = ? AND done_at IS NULL`,
      [dueMs, storable(error.slice(0, 1000)), kind, key, number],
    );
    return changed === 1;
  }

  forget(kind: string, beforeMs: number): Promise<number> {
    return this.#run("DELETE FROM job WHERE kind = ? AND done_at < ?", [kind, beforeMs]);
  }

  #run(sql: string, values: readonly SqlValue[]): Promise<number> {
    return this.#alone((writer) => writer.run(sql, values));
  }

  #alone<T>(work: (writer: ReportWriter) => Awaitable<T>): Promise<T> {
    return unrefused(this.#engine.transaction(needsNothing, async (writer) => work(writer)));
  }
}

function jobOf(row: Row): Job {
  return {
    kind: String(row["kind"]),
    key: String(row["key"]),
    payload: JSON.parse(String(row["json"])) as unknown,
    failures: Number(row["failures"]),
    number: Number(row["number"]),
  };
}
