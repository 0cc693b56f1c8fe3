import { createHash } from "node:crypto";
import type { PostgresSession } from "./postgres-session.ts";
import type { Row } from "./sql.ts";

const maxRemembered = 50_000;
/** Texts of one statement. */
const pieceSize = 5_000;

/** Texts by number in a table of `key`, `digest` and one text column, where several processes add to it. */
export class PostgresNames {
  readonly #table: "name" | "detail";
  readonly #column: "text" | "json";
  #remembered = new Map<string, number>();

  constructor(table: "name" | "detail", column: "text" | "json") {
    this.#table = table;
    this.#column = column;
  }

  /**
   * The numbers of texts, which they get now if they have none. To be called outside of a transaction: what is remembered has
   * to be there whatever becomes of it, and a text that is added is locked only for a moment.
   */
  async learn(db: PostgresSession, texts: Iterable<string>): Promise<ReadonlyMap<string, number>> {
    const wanted = new Set(texts);
    const known = new Map<string, number>();
    for (const text of wanted) {
      const key = this.#remembered.get(text);
      if (key !== undefined) known.set(text, key);
    }
    const unknown = [...wanted].filter((text) => !known.has(text));
    for (let from = 0; from < unknown.length; from += pieceSize) {
      const found = await this.#findOrAdd(db, unknown.slice(from, from + pieceSize));
      for (const [text, key] of found) known.set(text, key);
    }
    this.#remember(known);
    return known;
  }

  #remember(known: ReadonlyMap<string, number>): void {
    if (this.#remembered.size + known.size > maxRemembered) this.#remembered = new Map();
    if (known.size <= maxRemembered) for (const [text, key] of known) this.#remembered.set(text, key);
  }

  async #findOrAdd(db: PostgresSession, texts: readonly string[]): Promise<Map<string, number>> {
    const byDigest = new Map(texts.map((text) => [digestOf(text), text]));
    const found = new Map<string, number>();
    const take = (rows: readonly Row[]): void => {
      for (const row of rows) {
        const digest = String(row["digest"]);
        found.set(byDigest.get(digest) as string, Number(row["key"]));
        byDigest.delete(digest);
      }
    };
    take(await this.#find(db, [...byDigest.keys()]));
    if (byDigest.size === 0) return found;
    // In one order everywhere, so that two processes never wait for each other.
    const missing = [...byDigest.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    take(
      await db.all(
        `INSERT INTO ${this.#table} (digest, ${this.#column})
         SELECT decode(digest, 'hex'), text FROM unnest(?::text[], ?::text[]) AS missing (digest, text)
         ON CONFLICT (digest) DO NOTHING RETURNING encode(digest, 'hex') AS digest, key`,
        [missing.map(([digest]) => digest), missing.map(([, text]) => text)],
      ),
    );
    // Those that somebody else has added at the same time.
    if (byDigest.size > 0) take(await this.#find(db, [...byDigest.keys()]));
    return found;
  }

  async #find(db: PostgresSession, digests: readonly string[]): Promise<readonly Row[]> {
    return db.all(
      `SELECT encode(t.digest, 'hex') AS digest, t.key FROM ${this.#table} t
       WHERE t.digest IN (SELECT decode(hex, 'hex') FROM unnest(?::text[]) AS hex)`,
      [digests],
    );
  }
}

/** As the database makes of it: half a surrogate pair becomes a replacement character. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
