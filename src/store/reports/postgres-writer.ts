import type { ClientBase } from "pg";
import { digestOf } from "./postgres-names.ts";
import { PostgresSession } from "./postgres-session.ts";
import type { RecordRow, ReportWriter, SqlValue, SumTable } from "./sql.ts";
import { maxSum } from "./sums.ts";

const limit = String(maxSum);

/** Numbers of texts that a transaction was told of. */
export interface KnownTexts {
  readonly names: ReadonlyMap<string, number>;
  readonly details: ReadonlyMap<string, number>;
}

export class PostgresWriter extends PostgresSession implements ReportWriter {
  readonly alone: boolean;
  readonly #names: Map<string, number>;
  readonly #details: ReadonlyMap<string, number>;

  constructor(client: ClientBase, { names, details }: KnownTexts, alone: boolean) {
    super(client);
    this.alone = alone;
    this.#names = new Map(names);
    this.#details = details;
  }

  /** Of texts that the database knows, since something in it refers to them. */
  async learn(names: Iterable<string>): Promise<void> {
    const unknown = [...new Set(names)].filter((name) => !this.#names.has(name));
    const rows = await this.all("SELECT text, key FROM name WHERE text = ANY (?::text[])", [unknown]);
    for (const row of rows) this.#names.set(String(row["text"]), Number(row["key"]));
  }

  name(text: string): number {
    return known(this.#names, text);
  }

  detail(json: string): number {
    return known(this.#details, json);
  }

  async mendDetails(json: readonly string[]): Promise<void> {
    await this.run(
      `UPDATE detail SET json = mended.json
       FROM (SELECT decode(hex, 'hex') AS digest, json FROM unnest(?::text[], ?::text[]) AS row (hex, json)) AS mended
       WHERE detail.digest = mended.digest AND detail.json <> mended.json`,
      [json.map(digestOf), json],
    );
  }

  async addRecords(report: number, from: number, rows: readonly RecordRow[]): Promise<void> {
    await this.run(
      `INSERT INTO record (report, ordinal, ip, messages, disposition, aligned, header_from, envelope_from, envelope_to, detail)
       SELECT ?, ?::bigint + place - 1, ip, messages, disposition, aligned, header_from, envelope_from, envelope_to, detail
       FROM unnest(?::bytea[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
         WITH ORDINALITY AS row (ip, messages, disposition, aligned, header_from, envelope_from, envelope_to, detail, place)`,
      [
        report,
        from,
        rows.map(({ ip }) => ip),
        rows.map(({ messages }) => messages),
        rows.map(({ disposition }) => disposition),
        rows.map(({ aligned }) => aligned),
        rows.map(({ headerFrom }) => headerFrom),
        rows.map(({ envelopeFrom }) => envelopeFrom),
        rows.map(({ envelopeTo }) => envelopeTo),
        rows.map(({ detail }) => detail),
      ],
    );
  }

  addSums({ name, key, sums }: SumTable, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.#addRows(
      { table: name, columns: [...key, ...sums] },
      rows,
      `(${key.join(", ")}) DO UPDATE SET ${sums.map((sum) => `${sum} = least(least(${name}.${sum}, ${limit}) + excluded.${sum}, ${limit})`).join(", ")}`,
    );
  }

  /** Holds the rows in their order first: an UPDATE has an order of its own. */
  async takeSums({ name, key, sums }: SumTable, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const columns = [...key, ...sums];
    const same = key.map((column) => `t.${column} = taken.${column}`).join(" AND ");
    await this.run(
      `WITH taken AS MATERIALIZED (
         SELECT taken.* FROM unnest(${arraysOf(columns)}) AS taken (${columns.join(", ")}) JOIN ${name} t ON ${same}
         ORDER BY ${key.map((column) => `t.${column}`).join(", ")} FOR UPDATE OF t)
       UPDATE ${name} t SET ${sums.map((sum) => `${sum} = greatest(t.${sum} + taken.${sum}, 0)`).join(", ")}
       FROM taken WHERE ${same}`,
      inColumns(columns, rows),
    );
  }

  addSources(rows: readonly (readonly SqlValue[])[]): Promise<void> {
    return this.#addRows(
      { table: "source", columns: ["domain", "ip", "first_at", "last_at"] },
      rows,
      `(domain, ip) DO UPDATE SET first_at = least(source.first_at, excluded.first_at),
         last_at = greatest(source.last_at, excluded.last_at)
       WHERE excluded.first_at < source.first_at OR excluded.last_at > source.last_at`,
    );
  }

  async #addRows(
    { table, columns }: { readonly table: string; readonly columns: readonly string[] },
    rows: readonly (readonly SqlValue[])[],
    onConflict: string,
  ): Promise<void> {
    await this.run(
      `INSERT INTO ${table} (${columns.join(", ")}) SELECT * FROM unnest(${arraysOf(columns)}) ON CONFLICT ${onConflict}`,
      inColumns(columns, rows),
    );
  }
}

function arraysOf(columns: readonly string[]): string {
  return columns.map((column) => (column === "ip" ? "?::bytea[]" : "?::bigint[]")).join(", ");
}

function inColumns(columns: readonly string[], rows: readonly (readonly SqlValue[])[]): SqlValue[][] {
  return columns.map((_, place) => rows.map((row) => row[place] as SqlValue));
}

function known(texts: ReadonlyMap<string, number>, text: string): number {
  const key = texts.get(text);
  if (key === undefined) throw new Error(`unknown text: ${JSON.stringify(text).slice(0, 100)}`);
  return key;
}
