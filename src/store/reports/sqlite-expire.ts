import type { DatabaseSync } from "node:sqlite";
import type { ReportRetention } from "./port.ts";

const batch = 500;
const dayMs = 86_400_000;

/**
 * Deletes what is older than its time, a batch of each kind. The raw octets go while what was read from them stays; records go
 * while sums stay. @returns Whether there is more.
 */
export function expireBatch(db: DatabaseSync, retention: ReportRetention, nowMs: number): boolean {
  const { rawMs, recordsMs, sumsMs, failureMs } = retention;
  let deleted = 0;
  if (rawMs !== undefined) deleted += expireRaw(db, nowMs - rawMs);
  if (failureMs !== undefined) deleted += expireFailures(db, nowMs - failureMs);
  if (recordsMs !== undefined) deleted += expireRecords(db, Math.floor((nowMs - recordsMs) / 1000));
  if (sumsMs !== undefined) deleted += expireSums(db, Math.floor((nowMs - sumsMs) / dayMs));
  return deleted >= batch;
}

function expireRaw(db: DatabaseSync, before: number): number {
  return run(
    db,
    "UPDATE raw SET octets = NULL WHERE key IN (SELECT key FROM raw WHERE octets IS NOT NULL AND received_at < ? LIMIT ?)",
    before,
  );
}

/** RFC 6591 §5, RFC 9991 §6: they hold personal data. The fields of the message go with the octets. */
function expireFailures(db: DatabaseSync, before: number): number {
  const old =
    "SELECT p.key FROM report p JOIN raw w ON w.key = p.raw WHERE p.kind = 'failure' AND w.received_at < ? LIMIT ?";
  run(db, `UPDATE raw SET octets = NULL WHERE key IN (SELECT raw FROM report WHERE key IN (${old}))`, before);
  run(db, `UPDATE document SET report = NULL WHERE report IN (${old})`, before);
  return run(db, `DELETE FROM report WHERE key IN (${old})`, before);
}

function expireRecords(db: DatabaseSync, before: number): number {
  const old =
    "SELECT key FROM report WHERE kind = 'aggregate' AND end_at < ? AND key IN (SELECT report FROM record) LIMIT ?";
  return run(db, `DELETE FROM record WHERE report IN (${old})`, before);
}

function expireSums(db: DatabaseSync, before: number): number {
  let deleted = 0;
  for (const table of ["day_sum", "source_sum", "tls_sum"])
    deleted += Number(db.prepare(`DELETE FROM ${table} WHERE day < ?`).run(before).changes);
  return deleted;
}

function run(db: DatabaseSync, sql: string, before: number): number {
  return Number(db.prepare(sql).run(before, batch).changes);
}
