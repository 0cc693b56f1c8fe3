import type { GroupReport } from "./group.ts";
import type { ReportWriter, SqlValue } from "./sql.ts";

const dayLength = 86_400;

/** Sources of a report. */
const own = "domain = ? AND ip IN (SELECT ip FROM record WHERE report = ?)";
/** What else tells of a source. */
const others = `FROM record r JOIN report p ON p.key = r.report
  WHERE r.ip = source.ip AND r.messages > 0 AND p.domain = source.domain AND p.counted = 1`;

/**
 * Sets right when the sources of a report that counts no longer were seen first and last, once the sums are written: others may
 * have seen them, too, and their records may have been deleted by their age. Then the sums tell, to the day.
 */
export async function forgetSources(writer: ReportWriter, report: GroupReport): Promise<void> {
  const { key, domain, begin, end } = report;
  // Whoever counts the same sources now has committed before the next statement looks, or comes after us.
  if (!writer.alone)
    await writer.all(`SELECT 1 FROM source WHERE ${own} ORDER BY ip FOR UPDATE`, [domain, key]);
  const expired = await hasExpired(writer, domain);
  if (expired) await deleteUnknown(writer, report);
  else
    await writer.run(
      `DELETE FROM source WHERE ${own} AND first_at >= ? AND NOT EXISTS (SELECT 1 ${others})`,
      [domain, key, begin],
    );
  await writer.run(
    `UPDATE source SET first_at = coalesce((SELECT min(p.begin_at) ${others}), first_at) WHERE ${own} AND first_at = ?`,
    [domain, key, begin],
  );
  await writer.run(
    `UPDATE source SET last_at = coalesce((SELECT max(p.end_at) ${others}), last_at) WHERE ${own} AND last_at = ?`,
    [domain, key, end],
  );
  if (expired) await seeBySums(writer, report);
}

/** Whether there is something that only the sums know. */
async function hasExpired(writer: ReportWriter, domain: number): Promise<boolean> {
  const found = await writer.all(
    "SELECT 1 AS found FROM report WHERE domain = ? AND kind = 'aggregate' AND counted = 1 AND stored < records LIMIT 1",
    [domain],
  );
  return found.length > 0;
}

/** Where others saw a source before or after the report, it stays in any case. */
async function deleteUnknown(writer: ReportWriter, { key, domain, begin, end }: GroupReport): Promise<void> {
  await writer.run(
    `DELETE FROM source WHERE domain = ? AND first_at >= ? AND last_at <= ? AND NOT EXISTS (SELECT 1 ${others})
     AND ip IN (SELECT r.ip FROM record r
       LEFT JOIN (SELECT DISTINCT ip FROM source_sum WHERE domain = ? AND day >= ? AND day <= ? AND messages > 0) s ON s.ip = r.ip
       WHERE r.report = ? AND s.ip IS NULL)`,
    [domain, begin, end, domain, dayOf(begin), dayOf(end), key],
  );
}

async function seeBySums(writer: ReportWriter, { key, domain, begin, end }: GroupReport): Promise<void> {
  const days = (which: "min" | "max", where: string): string =>
    `(SELECT ip, ${which}(day) AS day FROM source_sum
      WHERE domain = ? AND ${where} AND messages > 0 AND ip IN (SELECT ip FROM record WHERE report = ?) GROUP BY ip) s`;
  const unknown = `NOT EXISTS (SELECT 1 ${others})`;
  const values = (at: number): SqlValue[] => [domain, dayOf(at), key, domain, at, at];
  await writer.run(
    `UPDATE source SET first_at = s.day * ${dayLength} FROM ${days("min", "day >= ?")}
     WHERE source.domain = ? AND source.ip = s.ip AND source.first_at >= ?
       AND (s.day < source.first_at / ${dayLength} OR (source.first_at = ? AND s.day > source.first_at / ${dayLength} AND ${unknown}))`,
    values(begin),
  );
  await writer.run(
    `UPDATE source SET last_at = s.day * ${dayLength} + ${dayLength - 1} FROM ${days("max", "day <= ?")}
     WHERE source.domain = ? AND source.ip = s.ip AND source.last_at <= ?
       AND (s.day > (source.last_at - 1) / ${dayLength} OR (source.last_at = ? AND s.day < (source.last_at - 1) / ${dayLength} AND ${unknown}))`,
    values(end),
  );
}

function dayOf(at: number): number {
  return Math.floor(at / dayLength);
}
