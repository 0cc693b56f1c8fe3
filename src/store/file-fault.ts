import { type EngineFault, filePlace, recordsPlace, StoreError, wordsOf } from "./store-error.ts";

/** Primary result codes of SQLite. */
const resultCode = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  noDatabase: 26,
} as const;

const sqliteFaults: ReadonlyMap<number, EngineFault> = new Map([
  [resultCode.busy, "busy"],
  [resultCode.locked, "busy"],
  [resultCode.readOnly, "read-only"],
  [resultCode.ioError, "disk-failing"],
  [resultCode.corrupt, "damaged"],
  [resultCode.full, "disk-full"],
  [resultCode.cannotOpen, "cannot-open"],
  [resultCode.noDatabase, "damaged"],
]);

const systemFaults: ReadonlyMap<unknown, EngineFault> = new Map<unknown, EngineFault>([
  ["EACCES", "no-right"],
  ["EPERM", "no-right"],
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EROFS", "read-only"],
  ["EIO", "disk-failing"],
  ["ENOENT", "cannot-open"],
  ["ENOTDIR", "cannot-open"],
  ["EISDIR", "cannot-open"],
  ["ELOOP", "cannot-open"],
  ["ENAMETOOLONG", "cannot-open"],
]);

/** What an error of SQLite or of the system says of a file. */
export function fileFault(error: unknown): EngineFault {
  const { errcode, code, cause } = (error ?? {}) as {
    readonly errcode?: unknown;
    readonly code?: unknown;
    readonly cause?: unknown;
  };
  // The low octet is the primary code.
  if (typeof errcode === "number") return sqliteFaults.get(errcode & 0xff) ?? "other";
  return systemFaults.get(code) ?? (cause === undefined ? "other" : fileFault(cause));
}

/** Whether SQLite says that the file is no database or is damaged. */
export function isCorruption(error: unknown): boolean {
  return fileFault(error) === "damaged";
}

/** SQLITE_BUSY, SQLITE_LOCKED; also of what was made of it. */
export function isBusy(error: unknown): boolean {
  return fileFault(error) === "busy";
}

/** @param message For logs. */
export function fileError(path: string, cause: unknown, message = `${path}: ${wordsOf(cause)}`): StoreError {
  if (cause instanceof StoreError) return cause;
  const failure = { fault: fileFault(cause), said: wordsOf(cause) };
  return new StoreError({ place: filePlace(path), failure, message }, { cause });
}

/** Of the database of records. @param message For logs. */
export function recordsError(cause: unknown, message: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const found = fileFault(cause);
  const fault = found === "damaged" ? "damaged-records" : found;
  return new StoreError(
    { place: recordsPlace, failure: { fault, said: wordsOf(cause) }, message },
    { cause },
  );
}
