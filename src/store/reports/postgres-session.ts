import type { ClientBase, Pool, QueryResult } from "pg";
import type { Row, SqlSession, SqlValue } from "./sql.ts";

/** Values of one statement, also columns of many rows at once. */
export type PostgresValue = SqlValue | readonly SqlValue[];

interface Statement {
  /** Under which the server keeps it. */
  readonly name: string;
  readonly text: string;
}

const statements = new Map<string, Statement>();

/** Statements are a closed list: each is read by the server once a connection. */
function statementOf(sql: string): Statement {
  const known = statements.get(sql);
  if (known !== undefined) return known;
  let number = 0;
  const text = sql.replaceAll("?", () => {
    number += 1;
    return `$${number}`;
  });
  const statement = { name: `sekisho_${statements.size}`, text };
  statements.set(sql, statement);
  return statement;
}

export class PostgresSession implements SqlSession {
  readonly #client: ClientBase | Pool;

  constructor(client: ClientBase | Pool) {
    this.#client = client;
  }

  async all(sql: string, values: readonly PostgresValue[] = []): Promise<readonly Row[]> {
    return (await this.#query(sql, values)).rows;
  }

  async run(sql: string, values: readonly PostgresValue[] = []): Promise<number> {
    return (await this.#query(sql, values)).rowCount ?? 0;
  }

  #query(sql: string, values: readonly PostgresValue[]): Promise<QueryResult<Record<string, unknown>>> {
    return this.#client.query({ ...statementOf(sql), values: [...values] });
  }
}
