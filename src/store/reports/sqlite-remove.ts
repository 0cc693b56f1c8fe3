import type { DatabaseSync } from "node:sqlite";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { tlsResults } from "./sqlite-ingest.ts";
import { aggregateRecord, type Row, recordColumns, recordJoins, sumNames } from "./sqlite-rows.ts";
import { daysOf, type Sums, sumReport } from "./sums.ts";

const subtracted = sumNames.map((name) => `${name} = ${name} - ?`).join(", ");

/** Takes an arrival out as if it had never come: reports, records, sums. To run within a transaction. */
export function removeRaw(db: DatabaseSync, digest: string): void {
  const raw = db.prepare("SELECT key FROM raw WHERE digest = ?").get(digest)?.["key"];
  if (raw === undefined) return;
  const reports = db.prepare("SELECT * FROM report WHERE raw = ?").all(Number(raw));
  for (const report of reports) {
    if (report["counted"] === 1) subtract(db, report);
    db.prepare("DELETE FROM record WHERE report = ?").run(Number(report["key"]));
  }
  db.prepare("DELETE FROM document WHERE raw = ?").run(Number(raw));
  db.prepare("UPDATE document SET report = NULL WHERE report IN (SELECT key FROM report WHERE raw = ?)").run(
    Number(raw),
  );
  db.prepare("DELETE FROM report WHERE raw = ?").run(Number(raw));
  db.prepare("DELETE FROM raw WHERE key = ?").run(Number(raw));
}

function subtract(db: DatabaseSync, report: Row): void {
  if (report["kind"] === "aggregate") subtractSums(db, report);
  if (report["kind"] === "tls") subtractTls(db, report);
}

function subtractSums(db: DatabaseSync, report: Row): void {
  const records = db
    .prepare(`SELECT ${recordColumns} FROM record r ${recordJoins} WHERE r.report = ? ORDER BY r.ordinal`)
    .all(Number(report["key"]))
    .map(aggregateRecord);
  const { days, sources } = sumReport(Number(report["begin_at"]), Number(report["end_at"]), records);
  const domain = Number(report["domain"]);
  const trust = Number(report["trust"]);
  const fromDay = db.prepare(
    `UPDATE day_sum SET ${subtracted} WHERE domain = ? AND day = ? AND reporter = ? AND trust = ?`,
  );
  for (const { day, sums } of days)
    fromDay.run(...valuesOf(sums), domain, day, Number(report["reporter"]), trust);
  const fromSource = db.prepare(
    `UPDATE source_sum SET ${subtracted} WHERE domain = ? AND day = ? AND ip = ? AND trust = ?`,
  );
  for (const { day, ip, sums } of sources) fromSource.run(...valuesOf(sums), domain, day, ip, trust);
  db.exec("DELETE FROM day_sum WHERE messages = 0");
  db.exec("DELETE FROM source_sum WHERE messages = 0");
}

function valuesOf(sums: Sums): number[] {
  return sumNames.map((name) => sums[name]);
}

function subtractTls(db: DatabaseSync, report: Row): void {
  const { report: tls } = JSON.parse(String(report["json"])) as { readonly report: TlsReport };
  const key = db.prepare("SELECT key FROM name WHERE text = ?");
  const keyOf = (text: string): number => Number(key.get(text)?.["key"]);
  const fromSum = db.prepare(
    "UPDATE tls_sum SET sessions = sessions - ? WHERE domain = ? AND day = ? AND reporter = ? AND policy_type = ? AND result_type = ?",
  );
  for (const policy of tls.policies)
    for (const [result, sessions] of tlsResults(policy)) {
      let before = 0;
      for (const { day, until } of daysOf(tls.begin, tls.end)) {
        const upTo = Math.round(sessions * until);
        fromSum.run(
          upTo - before,
          keyOf(policy.policyDomain ?? ""),
          day,
          Number(report["reporter"]),
          keyOf(policy.policyType),
          keyOf(result),
        );
        before = upTo;
      }
    }
  db.exec("DELETE FROM tls_sum WHERE sessions = 0");
}
