import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { addressOctets, octetsAddress } from "./address-octets.ts";
import type {
  DaySum,
  DocumentOutcome,
  OddDocument,
  RecordFilter,
  ReportCounts,
  ReportFilter,
  ReportPage,
  ReportPageQuery,
  SourceSum,
  StoredRecord,
  StoredReport,
  SumQuery,
  TlsSum,
} from "./port.ts";
import {
  aggregateRecord,
  type Row,
  recordColumns,
  recordJoins,
  reportSummary,
  storedReport,
  sumNames,
  sumsOf,
} from "./sqlite-rows.ts";

const defaultLimit = 50;
const maxLimit = 1_000;
const reportColumns = `p.key, p.kind, rn.text AS reporter, p.report_id, dn.text AS domain, p.begin_at, p.end_at, p.records,
  p.messages, p.counted, p.json, w.digest, w.via, w.received_at`;
const reportTables =
  "report p JOIN name rn ON rn.key = p.reporter JOIN name dn ON dn.key = p.domain JOIN raw w ON w.key = p.raw";
const sumExpressions = sumNames.map((name) => `sum(s.${name}) AS ${name}`).join(", ");

/** Conditions joined by "and", with their values. */
class Where {
  readonly #conditions: string[] = [];
  readonly values: SQLInputValue[] = [];

  add(condition: string, value: SQLInputValue | undefined): this {
    if (value === undefined) return this;
    this.#conditions.push(condition);
    this.values.push(value);
    return this;
  }

  get text(): string {
    return this.#conditions.length === 0 ? "" : `WHERE ${this.#conditions.join(" AND ")}`;
  }
}

/** The closed list of questions that a database of reports answers. */
export class SqliteQuestions {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  list(query: ReportPageQuery): ReportPage {
    const limit = Math.min(Math.max(query.limit ?? defaultLimit, 1), maxLimit);
    const where = reportWhere(query);
    const cursor = readCursor(query.cursor);
    if (cursor !== undefined) where.add("(p.begin_at, p.key) < (?, ?)", cursor.begin).values.push(cursor.key);
    const rows = this.#all(
      `SELECT ${reportColumns} FROM ${reportTables} ${where.text} ORDER BY p.begin_at DESC, p.key DESC LIMIT ?`,
      ...where.values,
      limit + 1,
    );
    const reports = rows.slice(0, limit).map(reportSummary);
    const last = reports.at(-1);
    if (rows.length <= limit || last === undefined) return { reports };
    return { reports, cursor: `${last.begin}.${last.key}` };
  }

  show(key: string): StoredReport | undefined {
    if (!/^\d{1,15}$/.test(key)) return undefined;
    const row = this.#all(`SELECT ${reportColumns} FROM ${reportTables} WHERE p.key = ?`, Number(key))[0];
    if (row === undefined) return undefined;
    const others = this.#all(
      `SELECT b.key FROM report a JOIN report b ON b.kind = a.kind AND b.reporter = a.reporter AND b.report_id = a.report_id
         AND b.domain = a.domain AND b.begin_at = a.begin_at AND b.end_at = a.end_at AND b.key <> a.key
       WHERE a.key = ? ORDER BY b.key`,
      Number(key),
    );
    return storedReport(
      row,
      others.map((other) => String(other["key"])),
    );
  }

  *records(filter: RecordFilter): Iterable<StoredRecord> {
    const where = reportWhere({ ...filter, kind: "aggregate" });
    where.add("p.key = ?", filter.key === undefined ? undefined : Number(filter.key));
    where.add("r.ip = ?", filter.ip && addressOctets(filter.ip));
    if (filter.uncounted !== true && filter.key === undefined) where.add("p.counted = ?", 1);
    const rows = this.#db
      .prepare(
        `SELECT p.key, p.report_id, p.begin_at, p.end_at, rn.text AS reporter, dn.text AS domain, ${recordColumns}
         FROM record r JOIN report p ON p.key = r.report JOIN name rn ON rn.key = p.reporter JOIN name dn ON dn.key = p.domain
         ${recordJoins} ${where.text} ORDER BY p.begin_at DESC, p.key DESC, r.ordinal`,
      )
      .iterate(...where.values);
    for (const row of rows)
      yield {
        key: String(row["key"]),
        domain: String(row["domain"]),
        reporter: String(row["reporter"]),
        reportId: String(row["report_id"]),
        begin: Number(row["begin_at"]),
        end: Number(row["end_at"]),
        record: aggregateRecord(row),
      };
  }

  odd(outcome: DocumentOutcome, limit: number): OddDocument[] {
    return this.#all(
      `SELECT w.digest, w.via, w.received_at, d.ordinal, d.outcome, d.name, d.reason, d.report
       FROM document d JOIN raw w ON w.key = d.raw WHERE d.outcome = ? ORDER BY w.received_at DESC, w.key DESC, d.ordinal LIMIT ?`,
      outcome,
      Math.min(limit, maxLimit),
    ).map(oddDocument);
  }

  domains(): string[] {
    return this.#all(
      "SELECT DISTINCT n.text FROM report p JOIN name n ON n.key = p.domain WHERE n.text <> '' ORDER BY n.text",
    ).map((row) => String(row["text"]));
  }

  sources(query: SumQuery): SourceSum[] {
    const where = sumWhere(query);
    return this.#all(
      `SELECT n.text AS domain, s.ip, ${sumExpressions}, f.first_at, f.last_at
       FROM source_sum s JOIN name n ON n.key = s.domain JOIN source f ON f.domain = s.domain AND f.ip = s.ip
       ${where.text} GROUP BY s.domain, s.ip ORDER BY 3 DESC, s.ip`,
      ...where.values,
    ).map((row) => {
      const ip = octetsAddress(row["ip"] as Uint8Array);
      return {
        domain: String(row["domain"]),
        ...(ip !== undefined && { ip }),
        ...sumsOf(row),
        firstSeen: Number(row["first_at"]),
        lastSeen: Number(row["last_at"]),
      };
    });
  }

  days(query: SumQuery): DaySum[] {
    const where = sumWhere(query);
    return this.#all(
      `SELECT n.text AS domain, s.day, rn.text AS reporter, ${sumExpressions} FROM day_sum s JOIN name n ON n.key = s.domain
       JOIN name rn ON rn.key = s.reporter ${where.text} GROUP BY s.domain, s.day, s.reporter ORDER BY n.text, s.day, rn.text`,
      ...where.values,
    ).map((row) => ({
      domain: String(row["domain"]),
      day: Number(row["day"]),
      reporter: String(row["reporter"]),
      ...sumsOf(row),
    }));
  }

  tls({ domain, sinceDay, beforeDay }: SumQuery): TlsSum[] {
    const where = new Where()
      .add("n.text = ?", domain)
      .add("s.day >= ?", sinceDay)
      .add("s.day < ?", beforeDay);
    return this.#all(
      `SELECT n.text AS domain, s.day, rn.text AS reporter, pn.text AS policy, tn.text AS result, s.sessions
       FROM tls_sum s JOIN name n ON n.key = s.domain JOIN name rn ON rn.key = s.reporter
       JOIN name pn ON pn.key = s.policy_type JOIN name tn ON tn.key = s.result_type
       ${where.text} ORDER BY n.text, s.day, rn.text, pn.text, tn.text`,
      ...where.values,
    ).map((row) => ({
      domain: String(row["domain"]),
      day: Number(row["day"]),
      reporter: String(row["reporter"]),
      policyType: String(row["policy"]),
      resultType: String(row["result"]),
      sessions: Number(row["sessions"]),
    }));
  }

  counts(): ReportCounts {
    const count = (sql: string): number => Number(this.#all(`SELECT ${sql} AS value`)[0]?.["value"] ?? 0);
    return {
      reports: count("(SELECT count(*) FROM report)"),
      records: count("(SELECT coalesce(sum(records), 0) FROM report WHERE kind = 'aggregate')"),
      raw: count("(SELECT count(*) FROM raw)"),
      unread: count("(SELECT count(*) FROM document WHERE outcome = 'unread')"),
      conflicts: count("(SELECT count(*) FROM document WHERE outcome = 'conflict')"),
      octets: count(
        "(SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s)",
      ),
    };
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#db.prepare(sql).all(...values);
  }
}

function reportWhere({ domain, reporter, kind, since, before }: ReportFilter): Where {
  return new Where()
    .add("dn.text = ?", domain)
    .add("rn.text = ?", reporter)
    .add("p.kind = ?", kind)
    .add("p.begin_at >= ?", since)
    .add("p.begin_at < ?", before);
}

function sumWhere({ domain, sinceDay, beforeDay, alignedOnly }: SumQuery): Where {
  return new Where()
    .add("n.text = ?", domain)
    .add("s.day >= ?", sinceDay)
    .add("s.day < ?", beforeDay)
    .add("s.trust = ?", alignedOnly === true ? 0 : undefined);
}

function readCursor(text: string | undefined): { readonly begin: number; readonly key: number } | undefined {
  const parts = /^(\d{1,12})\.(\d{1,15})$/.exec(text ?? "");
  return parts === null ? undefined : { begin: Number(parts[1]), key: Number(parts[2]) };
}

function oddDocument(row: Row): OddDocument {
  const { name, reason, report } = row;
  return {
    rawDigest: String(row["digest"]),
    via: String(row["via"]),
    receivedAt: Number(row["received_at"]),
    ordinal: Number(row["ordinal"]),
    outcome: String(row["outcome"]) as DocumentOutcome,
    ...(name !== null && { name: String(name) }),
    ...(reason !== null && { reason: String(reason) }),
    ...(report !== null && { key: String(report) }),
  };
}
