import type { DatabaseSync, StatementSync } from "node:sqlite";

const maxRemembered = 50_000;

/** Texts by number: a table of `key` and one text column without repetition. */
export class SqliteNames {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #remembered = new Map<string, number>();
  /** Added in a transaction that is not yet over. */
  readonly #fresh: string[] = [];

  constructor(db: DatabaseSync, table: "name" | "detail", column: "text" | "json") {
    this.#find = db.prepare(`SELECT key FROM ${table} WHERE ${column} = ?`);
    this.#add = db.prepare(`INSERT INTO ${table} (${column}) VALUES (?)`);
  }

  /** The number of a text, which it gets now if it has none. */
  key(text: string): number {
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    const found = this.#find.get(text)?.["key"];
    const key = Number(found ?? this.#add.run(text).lastInsertRowid);
    if (found === undefined) this.#fresh.push(text);
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear();
    this.#remembered.set(text, key);
    return key;
  }

  committed(): void {
    this.#fresh.length = 0;
  }

  rolledBack(): void {
    for (const text of this.#fresh) this.#remembered.delete(text);
    this.#fresh.length = 0;
  }
}
