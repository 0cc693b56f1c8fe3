import { parentPort, workerData } from "node:worker_threads";
import { recordsError } from "./file-fault.ts";
import { Keeper, type KeeperOptions, type StoreEvent } from "./keeper.ts";
import type { CountedColumn, DifferenceQuery, RecordQuery, SelectorQuery, ShadowQuery } from "./port.ts";
import { dataOf, type StoreErrorData } from "./store-error.ts";

/** What the main thread asks of this one. */
export type StoreQuestion =
  | { readonly kind: "find"; readonly query: RecordQuery }
  | { readonly kind: "count-by"; readonly column: CountedColumn; readonly since: number }
  | { readonly kind: "list-differences"; readonly query: DifferenceQuery }
  | { readonly kind: "list-shadow"; readonly query: ShadowQuery }
  | { readonly kind: "list-selectors"; readonly query: SelectorQuery }
  | { readonly kind: "stats" }
  /** Takes in what lies in the spool now, before the next regular round. */
  | { readonly kind: "ingest" }
  | { readonly kind: "close" };

/** `number` comes back with the answer. */
type StoreRequest = StoreQuestion & { readonly number: number };

export type StoreMessage =
  | { readonly kind: "answer"; readonly number: number; readonly value: unknown }
  | { readonly kind: "error"; readonly number: number; readonly error: StoreErrorData }
  | { readonly kind: "event"; readonly event: StoreEvent };

const roundEveryMs = 500;

/** The thread that owns the database: SQLite is synchronous, and may hold up neither mail nor pages. */
function run(port: NonNullable<typeof parentPort>, options: KeeperOptions): void {
  const send = (message: StoreMessage): void => port.postMessage(message);
  const keeper = new Keeper(options, (event) => send({ kind: "event", event }));
  const timer = setInterval(() => keeper.round(Date.now()), roundEveryMs);

  const answer = (request: StoreRequest): unknown => {
    switch (request.kind) {
      case "find":
        return keeper.find(request.query);
      case "count-by":
        return keeper.countBy(request.column, request.since);
      case "list-differences":
        return keeper.listDifferences(request.query);
      case "list-shadow":
        return keeper.listShadow(request.query);
      case "list-selectors":
        return keeper.listSelectors(request.query);
      case "stats":
        return keeper.stats();
      case "ingest":
        return keeper.round(Date.now());
      case "close":
        clearInterval(timer);
        keeper.round(Date.now());
        keeper.close();
        return undefined;
    }
  };
  port.on("message", (request: StoreRequest) => {
    try {
      send({ kind: "answer", number: request.number, value: answer(request) });
    } catch (error) {
      send({ kind: "error", number: request.number, error: dataOf(recordsError(error, String(error))) });
    }
  });
  keeper.round(Date.now());
}

if (parentPort !== null) run(parentPort, workerData as KeeperOptions);
