import type { ReportRetention } from "./port.ts";
import { hasOddOutcome, type SqlSession } from "./sql.ts";

const batch = 500;
/** Records and sums at a time: a fraction of a second. */
const rowBatch = 10_000;
const dayMs = 86_400_000;

/**
 * Deletes what is older than its time, a batch of each kind. The raw octets go while what was read from them stays; records go
 * while sums stay; that a report was there stays, so that it counts no second time. @returns Whether there is more.
 */
export async function expireBatch(
  db: SqlSession,
  { rawMs, recordsMs, sumsMs, failureMs }: ReportRetention,
  nowMs: number,
): Promise<boolean> {
  const more = [
    rawMs !== undefined && (await expireRaw(db, nowMs - rawMs)),
    failureMs !== undefined && (await expireFailures(db, nowMs - failureMs)),
    failureMs !== undefined && (await expireLetters(db, nowMs - failureMs)),
    recordsMs !== undefined && (await expireRecords(db, Math.floor((nowMs - recordsMs) / 1000))),
    sumsMs !== undefined && (await expireSums(db, nowMs - sumsMs)),
  ];
  return more.includes(true);
}

async function expireRaw(db: SqlSession, before: number): Promise<boolean> {
  const deleted = await db.run(
    `UPDATE raw SET octets = NULL WHERE key IN
       (SELECT key FROM raw WHERE octets IS NOT NULL AND received_at < ? ORDER BY received_at LIMIT ${batch})`,
    [before],
  );
  return deleted === batch;
}

/** RFC 9991 §7.1: they hold personal data. The fields of the message go with the octets. */
async function expireFailures(db: SqlSession, before: number): Promise<boolean> {
  const old = await db.all(
    `SELECT p.key FROM report p JOIN raw w ON w.key = p.raw WHERE p.kind = 'failure' AND w.received_at < ? LIMIT ${batch}`,
    [before],
  );
  for (const { key } of old) {
    const report = [Number(key)];
    // The same report may have come in several mails.
    await db.run(
      "UPDATE raw SET octets = NULL WHERE key IN (SELECT raw FROM document WHERE report = ?)",
      report,
    );
    await db.run("UPDATE document SET report = NULL, mail = NULL WHERE report = ?", report);
    await db.run("DELETE FROM report WHERE key = ?", report);
  }
  return old.length === batch;
}

/** A mail in which no report was found may be a letter of somebody, or a failure report in a form that nobody knows. */
async function expireLetters(db: SqlSession, before: number): Promise<boolean> {
  const deleted = await db.run(
    `UPDATE raw SET octets = NULL WHERE key IN
       (SELECT DISTINCT w.key FROM document d JOIN raw w ON w.key = d.raw
        WHERE d.${hasOddOutcome} AND d.outcome = 'skipped' AND d.reason = 'no-report' AND w.octets IS NOT NULL AND w.received_at < ?
        AND NOT EXISTS (SELECT 1 FROM document o WHERE o.raw = d.raw AND o.outcome <> 'skipped') LIMIT ${batch})`,
    [before],
  );
  return deleted === batch;
}

async function expireRecords(db: SqlSession, before: number): Promise<boolean> {
  const old = await db.all(
    `SELECT key, stored FROM report WHERE stored > 0 AND end_at < ? ORDER BY end_at LIMIT ${batch}`,
    [before],
  );
  let deleted = 0;
  for (const { key } of old) {
    if (deleted >= rowBatch) return true;
    deleted += await db.run("DELETE FROM record WHERE report = ?", [Number(key)]);
    await db.run("UPDATE report SET stored = 0 WHERE key = ?", [Number(key)]);
  }
  return old.length === batch;
}

async function expireSums(db: SqlSession, beforeMs: number): Promise<boolean> {
  const day = Math.floor(beforeMs / dayMs);
  const more = [
    await expireDays(db, "day_sum", "domain, day, reporter, trust", day),
    await expireDays(db, "source_sum", "domain, day, ip, trust", day),
    await expireDays(db, "tls_sum", "domain, day, reporter, policy_type, result_type, trust", day),
  ];
  const sources = await db.run(
    `DELETE FROM source WHERE (domain, ip) IN (SELECT domain, ip FROM source WHERE last_at < ? LIMIT ${rowBatch})`,
    [day * (dayMs / 1000)],
  );
  return more.includes(true) || sources === rowBatch;
}

/** Domain by domain, as the rows lie. */
async function expireDays(db: SqlSession, table: string, key: string, before: number): Promise<boolean> {
  const domains = await domainsBefore(db, table, before);
  let deleted = 0;
  for (const domain of domains) {
    if (deleted >= rowBatch) return true;
    deleted += await db.run(
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE domain = ? AND day < ? LIMIT ${rowBatch})`,
      [domain, before],
    );
  }
  return deleted >= rowBatch || domains.length === batch;
}

/** Those with rows of before that day, from domain to domain by the key: strangers choose how many there are. */
async function domainsBefore(db: SqlSession, table: string, day: number): Promise<number[]> {
  const rows = await db.all(
    `WITH RECURSIVE place (domain) AS (
       SELECT min(domain) FROM ${table}
       UNION ALL
       SELECT (SELECT min(t.domain) FROM ${table} t WHERE t.domain > place.domain) FROM place WHERE place.domain IS NOT NULL)
     SELECT domain FROM place
     WHERE EXISTS (SELECT 1 FROM ${table} t WHERE t.domain = place.domain AND t.day < ?) LIMIT ${batch}`,
    [day],
  );
  return rows.map(({ domain }) => Number(domain));
}
