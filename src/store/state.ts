/**
 * What the program must remember and cannot find out again, such as how far the change of a key has come. Values are
 * plain JSON, named by a kind and an id.
 */
export interface StateStore {
  /**
   * Does its work in one transaction: all of it or nothing, and nobody else's changes in between. The work may touch
   * the transaction and nothing else that takes time; it may be done again from the start.
   * @throws SekishoError STORE_UNAVAILABLE when the store cannot be used; what the work throws.
   */
  tx<T>(work: (tx: StateTransaction) => Promise<T>): Promise<T>;
  /** A number that is another one after every change, whoever has made it. */
  revision(): Promise<number>;
  /** Lays a copy beside it, which takes its place when it is found damaged. */
  keepCopy(): Promise<void>;
  close(): Promise<void>;
}

export interface StateTransaction {
  get(kind: string, id: string): Promise<unknown>;
  /** Values of a kind, by id. */
  list(kind: string): Promise<readonly unknown[]>;
  put(kind: string, id: string, value: object): Promise<void>;
  remove(kind: string, id: string): Promise<void>;
}
