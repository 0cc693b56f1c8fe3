import { SekishoError } from "../errors.ts";
import { isBusy } from "../store/reports/sqlite-patience.ts";
import { isCorruption } from "../store/sqlite.ts";
import type { Lang } from "./lang.ts";
import { type StoreFault, type StoreText, storeText } from "./text/store-text.ts";

const unreadRecords = "the records cannot be read";
const postgres = "PostgreSQL";

/**
 * What has gone wrong with a store, in the operator's language and with the words of its engine behind; undefined where the error
 * is none of an engine, and its message is in his language already.
 */
export function storeFailure(error: SekishoError, lang: Lang): string | undefined {
  if (error.code !== "STORE_UNAVAILABLE") return undefined;
  const text = storeText(lang);
  const newer = /^(.*): written by a newer Sekisho \(schema (\d+)\)$/s.exec(error.message);
  if (newer !== null) return text.newer(nameOf(newer[1] ?? "", text), newer[2] ?? "");
  if (error.message.startsWith("pg_dump: "))
    return dumpFailure(error.message.slice("pg_dump: ".length), text);
  const found = engineError(error);
  if (found === undefined) return undefined;
  const { place, said, cause } = found;
  const fault = place === postgres ? postgresFault(cause) : fileFault(cause, place === unreadRecords);
  return text.unusable(nameOf(place, text), text.faults[fault], said);
}

function dumpFailure(said: string, text: StoreText): string {
  return said.includes("ENOENT") ? text.noDump : text.dumpFailed(said);
}

/** The store puts what it was working on before the words of the engine, and advice behind them. */
function engineError({
  message,
  cause,
}: SekishoError): { readonly place: string; readonly said: string; readonly cause: Error } | undefined {
  if (!(cause instanceof Error) || cause instanceof SekishoError) return undefined;
  const at = message.indexOf(cause.message);
  if (at < 0) return undefined;
  const before = message.startsWith(`${postgres}: `) ? postgres : message.slice(0, at);
  return { place: before.replace(/(?:: )?(?:\w*Error: )?$/, ""), said: wordsOf(cause), cause };
}

/** Of several addresses that were tried each has its own error, and the whole has no words. */
function wordsOf(error: Error): string {
  if (error.message !== "" || !(error instanceof AggregateError)) return error.message;
  return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
}

function nameOf(place: string, text: StoreText): string {
  if (place === postgres) return text.postgres;
  if (place === unreadRecords) return text.records;
  return place === "" ? text.store : text.file(place);
}

/** Primary result codes of SQLite. */
const sqliteFaults: Readonly<Record<number, StoreFault>> = {
  8: "read-only",
  10: "disk-failing",
  13: "disk-full",
  14: "cannot-open",
};
const systemFaults: Readonly<Record<string, StoreFault>> = {
  EACCES: "no-right",
  EPERM: "no-right",
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EROFS: "read-only",
  EIO: "disk-failing",
  ENOENT: "cannot-open",
  ENOTDIR: "cannot-open",
  EISDIR: "cannot-open",
  ELOOP: "cannot-open",
  ENAMETOOLONG: "cannot-open",
};

function fileFault(error: Error, isOfRecords: boolean): StoreFault {
  if (isCorruption(error)) return isOfRecords ? "damaged-records" : "damaged";
  if (isBusy(error)) return "busy";
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown };
  if (typeof errcode === "number") return sqliteFaults[errcode & 0xff] ?? "other";
  return (typeof code === "string" ? systemFaults[code] : undefined) ?? "other";
}

/** SQLSTATEs, or the beginning of them, and what the system or the driver says of connections. */
const postgresFaults: readonly (readonly [RegExp, StoreFault])[] = [
  [/^(?:ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENET|EAI_|ENOTFOUND|08)/, "unreachable"],
  [/^28/, "login-refused"],
  [/^3D000/, "no-database"],
  [/^42501/, "no-right-in-database"],
  [/^57P0/, "server-stopping"],
  [/^53100/, "disk-full"],
  [/^(?:40001|40P01|55P03)/, "busy"],
];

function postgresFault(error: Error): StoreFault {
  const { code } = error as { readonly code?: unknown };
  if (typeof code === "string") return postgresFaults.find(([state]) => state.test(code))?.[1] ?? "other";
  return /^Connection terminated|^Client |timeout/i.test(error.message) ? "unreachable" : "other";
}
