import type { PostgresEngine } from "./reports/postgres-engine.ts";
import { readName, type SourceName, type SourceNameStore } from "./source-names.ts";

/** The names in the database that also keeps the reports: what one machine has asked, no other asks again. */
export function postgresSourceNames(engine: PostgresEngine): SourceNameStore {
  return new PostgresSourceNames(engine);
}

class PostgresSourceNames implements SourceNameStore {
  readonly #engine: PostgresEngine;

  constructor(engine: PostgresEngine) {
    this.#engine = engine;
  }

  async get(ips: readonly string[]): Promise<ReadonlyMap<string, SourceName>> {
    const rows = await this.#engine.reader.all(
      "SELECT ip, json FROM source_name WHERE ip IN (SELECT json_array_elements_text(?::json))",
      [JSON.stringify(ips)],
    );
    return new Map(
      rows.flatMap((row) => {
        const name = readName(row["json"]);
        return name === undefined ? [] : [[String(row["ip"]), name] as const];
      }),
    );
  }

  async due(ips: readonly string[], nowMs: number): Promise<readonly string[]> {
    const rows = await this.#engine.reader.all(
      "SELECT ip FROM source_name WHERE expires_at > ? AND ip IN (SELECT json_array_elements_text(?::json))",
      [nowMs, JSON.stringify(ips)],
    );
    const good = new Set(rows.map((row) => String(row["ip"])));
    return ips.filter((ip) => !good.has(ip));
  }

  async put(names: readonly SourceName[]): Promise<void> {
    const rows = new Map(
      names.map((name) => [name.ip, { ip: name.ip, expires_at: name.expiresAt, json: JSON.stringify(name) }]),
    );
    // In one order, so that two machines never wait for each other.
    await this.#engine.reader.run(
      `INSERT INTO source_name (ip, expires_at, json)
       SELECT ip, expires_at, json FROM json_to_recordset(?::json) AS given (ip text, expires_at bigint, json text) ORDER BY ip
       ON CONFLICT (ip) DO UPDATE SET expires_at = excluded.expires_at, json = excluded.json`,
      [JSON.stringify([...rows.values()])],
    );
  }

  async forget(beforeMs: number): Promise<number> {
    return this.#engine.reader.run("DELETE FROM source_name WHERE expires_at < ?", [beforeMs]);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}
