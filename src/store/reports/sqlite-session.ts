import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RecordRow, ReportWriter, Row, SqlSession, SqlValue, SumTable } from "./sql.ts";
import { SqliteNames } from "./sqlite-names.ts";
import { maxSum } from "./sums.ts";

const limit = String(maxSum);

export class SqliteSession implements SqlSession {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  all(sql: string, values: readonly SqlValue[] = []): readonly Row[] {
    return this.prepare(sql).all(...values);
  }

  run(sql: string, values: readonly SqlValue[] = []): number {
    return Number(this.prepare(sql).run(...values).changes);
  }

  protected prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The connection that writes; its transactions are begun and ended by others. */
export class SqliteWriter extends SqliteSession implements ReportWriter {
  readonly alone = true;
  readonly #names: SqliteNames;
  readonly #details: SqliteNames;

  constructor(db: DatabaseSync) {
    super(db);
    this.#names = new SqliteNames(db, "name", "text");
    this.#details = new SqliteNames(db, "detail", "json");
  }

  learn(): void {}

  name(text: string): number {
    return this.#names.key(text);
  }

  detail(json: string): number {
    return this.#details.key(json);
  }

  /** One that is damaged is another text here: the right one gets a number of its own. */
  mendDetails(): void {}

  addRecords(report: number, from: number, rows: readonly RecordRow[]): void {
    const add = this.prepare(
      `INSERT INTO record (report, ordinal, ip, messages, disposition, aligned, header_from, envelope_from, envelope_to, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const [place, row] of rows.entries())
      add.run(
        report,
        from + place,
        row.ip,
        row.messages,
        row.disposition,
        row.aligned,
        row.headerFrom,
        row.envelopeFrom,
        row.envelopeTo,
        row.detail,
      );
  }

  addSums({ name, key, sums }: SumTable, rows: readonly (readonly SqlValue[])[]): void {
    const columns = [...key, ...sums];
    const add = this.prepare(
      `INSERT INTO ${name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
       ON CONFLICT DO UPDATE SET ${sums.map((sum) => `${sum} = min(min(${sum}, ${limit}) + excluded.${sum}, ${limit})`).join(", ")}`,
    );
    for (const row of rows) add.run(...row);
  }

  takeSums({ name, key, sums }: SumTable, rows: readonly (readonly SqlValue[])[]): void {
    const take = this.prepare(
      `UPDATE ${name} SET ${sums.map((sum) => `${sum} = max(${sum} + CAST(? AS INTEGER), 0)`).join(", ")}
       WHERE ${key.map((column) => `${column} = ?`).join(" AND ")}`,
    );
    for (const row of rows) take.run(...row.slice(key.length), ...row.slice(0, key.length));
  }

  addSources(rows: readonly (readonly SqlValue[])[]): void {
    const add = this.prepare(
      `INSERT INTO source (domain, ip, first_at, last_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
       WHERE excluded.first_at < first_at OR excluded.last_at > last_at`,
    );
    for (const row of rows) add.run(...row);
  }

  committed(): void {
    this.#names.committed();
    this.#details.committed();
  }

  rolledBack(): void {
    this.#names.rolledBack();
    this.#details.rolledBack();
  }
}
