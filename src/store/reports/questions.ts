import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { StorePlace } from "../store-error.ts";
import { addressOctets, octetsAddress } from "./address-octets.ts";
import { Damage, unlessDamaged } from "./damage.ts";
import type {
  DaySum,
  DocumentOutcome,
  KnownDocument,
  OddDocument,
  RecordFilter,
  ReportCounts,
  ReportPage,
  ReportPageQuery,
  SourceSum,
  SourceTally,
  StoredRecord,
  StoredReport,
  SumQuery,
  TallyQuery,
  TlsSum,
} from "./port.ts";
import { recordWhere, reportWhere, sumWhere, tallyWhere, Where } from "./question-where.ts";
import {
  aggregateRecord,
  knownDocument,
  oddDocument,
  reportSummary,
  sourceTally,
  storedReport,
  sumsOf,
} from "./rows.ts";
import { hasOddOutcome, type Row, type SqlSession, type SqlValue } from "./sql.ts";
import { sumNames } from "./sums.ts";

const defaultLimit = 50;
const maxLimit = 1_000;
const maxOdd = 100_000;
/** More rows than there will ever be. */
const everything = 2_000_000_000;
/** Records read at a time when all of them are asked for, and reports that they may be of. */
const recordsAtOnce = 2_000;
const reportsAtOnce = 50;

const reportColumns = `p.key, p.kind, rn.text AS reporter, p.report_id, dn.text AS domain, p.begin_at, p.end_at, p.records, p.stored,
  p.messages, p.counted, p.json, w.digest, w.via, w.received_at, d.mail,
  EXISTS (SELECT 1 FROM report o WHERE o.identity = p.identity AND o.key <> p.key) AS conflict`;
const reportTables = `report p JOIN name rn ON rn.key = p.reporter JOIN name dn ON dn.key = p.domain JOIN raw w ON w.key = p.raw
  LEFT JOIN document d ON d.raw = p.raw AND d.ordinal = p.ordinal`;
const recordColumns =
  "r.report, r.ordinal, r.ip, r.messages, n1.text AS disposition, r.aligned, n2.text AS header_from, n3.text AS envelope_from, n4.text AS envelope_to, d.json AS detail";
const recordTables = `record r JOIN name n1 ON n1.key = r.disposition JOIN name n2 ON n2.key = r.header_from
  LEFT JOIN name n3 ON n3.key = r.envelope_from LEFT JOIN name n4 ON n4.key = r.envelope_to JOIN detail d ON d.key = r.detail`;
/** As floating point: integers beyond 2^53 cannot be read, and what reporters claim has no bound. */
const sumExpressions = sumNames
  .map((name) => `sum(CAST(s.${name} AS DOUBLE PRECISION)) AS ${name}`)
  .join(", ");

const maxAlike = 200;
/** See `sumExpressions`. */
const tallySums = Object.entries({
  messages: "r.messages",
  dkim: "CASE WHEN r.aligned IN (1, 3) THEN r.messages ELSE 0 END",
  spf: "CASE WHEN r.aligned IN (2, 3) THEN r.messages ELSE 0 END",
  passed: "CASE WHEN r.aligned <> 0 THEN r.messages ELSE 0 END",
  quarantined: "CASE WHEN n1.text = 'quarantine' THEN r.messages ELSE 0 END",
  rejected: "CASE WHEN n1.text = 'reject' THEN r.messages ELSE 0 END",
})
  .map(([name, expression]) => `sum(CAST(${expression} AS DOUBLE PRECISION)) AS ${name}`)
  .join(", ");

/** A report whose records are to be read. */
interface RecordsOf extends Pick<StoredRecord, "key" | "domain" | "reporter" | "reportId" | "begin" | "end"> {
  readonly stored: number;
}

/** The closed list of questions that a database of reports answers. */
export class Questions {
  readonly #db: SqlSession;
  readonly #damage: Damage;

  constructor(db: SqlSession, place: StorePlace) {
    this.#db = db;
    this.#damage = new Damage(place);
  }

  async list(query: ReportPageQuery): Promise<ReportPage> {
    const limit = Math.min(Math.max(Math.trunc(query.limit ?? defaultLimit), 1), maxLimit);
    const where = reportWhere(query);
    const cursor = readCursor(query.cursor);
    where.add("(p.begin_at, p.key) < (?, ?)", cursor?.begin, cursor?.key);
    const rows = await this.#all(
      `SELECT ${reportColumns} FROM ${reportTables} ${where.text} ORDER BY p.begin_at DESC, p.key DESC LIMIT ?`,
      ...where.values,
      limit + 1,
    );
    const reports = rows.slice(0, limit).map(reportSummary);
    const last = reports.at(-1);
    if (rows.length <= limit || last === undefined) return { reports };
    return { reports, cursor: `${last.begin}.${last.key}` };
  }

  async show(key: string): Promise<StoredReport | undefined> {
    const number = readKey(key);
    if (number === undefined) return undefined;
    const rows = await this.#all(`SELECT ${reportColumns} FROM ${reportTables} WHERE p.key = ?`, number);
    const others = await this.#all(
      "SELECT b.key FROM report a JOIN report b ON b.identity = a.identity AND b.key <> a.key WHERE a.key = ? ORDER BY b.key",
      number,
    );
    const [row] = rows;
    const conflicts = others.map((other) => String(other["key"]));
    return (
      row &&
      unlessDamaged(
        () => storedReport(row, conflicts),
        (error) => this.#damage.report(key, error),
      )
    );
  }

  async *records(filter: RecordFilter): AsyncIterable<StoredRecord> {
    let before: { readonly begin: number; readonly key: number } | undefined;
    do {
      const reports = await this.#reportsWithRecords(filter, before);
      for (const some of inPieces(reports))
        yield* some.length === 1 ? this.#recordsOfOne(some, filter) : this.#recordsOfSome(some, filter);
      const last = reports.at(-1);
      before = last && { begin: last.begin, key: Number(last.key) };
    } while (before !== undefined);
  }

  async #reportsWithRecords(
    filter: RecordFilter,
    before: { readonly begin: number; readonly key: number } | undefined,
  ): Promise<RecordsOf[]> {
    const where = reportWhere({ ...filter, kind: "aggregate" });
    where.add("p.key = ?", filter.key === undefined ? undefined : (readKey(filter.key) ?? -1));
    where.add("p.key IN (SELECT report FROM record WHERE ip = ?)", filter.ip && addressOctets(filter.ip));
    if (filter.uncounted !== true && filter.key === undefined) where.add("p.counted = 1");
    where.add("p.stored > 0").add("(p.begin_at, p.key) < (?, ?)", before?.begin, before?.key);
    const rows = await this.#all(
      `SELECT p.key, rn.text AS reporter, p.report_id, dn.text AS domain, p.begin_at, p.end_at, p.stored
       FROM report p JOIN name rn ON rn.key = p.reporter JOIN name dn ON dn.key = p.domain
       ${where.text} ORDER BY p.begin_at DESC, p.key DESC LIMIT ${maxLimit}`,
      ...where.values,
    );
    return rows.map((row) => ({
      key: String(row["key"]),
      domain: String(row["domain"]),
      reporter: String(row["reporter"]),
      reportId: String(row["report_id"]),
      begin: Number(row["begin_at"]),
      end: Number(row["end_at"]),
      stored: Number(row["stored"]),
    }));
  }

  async *#recordsOfOne([one]: readonly RecordsOf[], filter: RecordFilter): AsyncIterable<StoredRecord> {
    if (one === undefined) return;
    const { stored, ...report } = one;
    const where = recordWhere("r.report = ?", [report.key], filter);
    for (let from = 0; from < stored; from += recordsAtOnce) {
      const rows = await this.#all(
        `SELECT ${recordColumns} FROM ${recordTables} ${where.text} AND r.ordinal >= ? AND r.ordinal < ? ORDER BY r.ordinal`,
        ...where.values,
        from,
        from + recordsAtOnce,
      );
      for (const row of rows) yield { ...report, record: this.#record(row, report.key) };
    }
  }

  async *#recordsOfSome(reports: readonly RecordsOf[], filter: RecordFilter): AsyncIterable<StoredRecord> {
    // Always as many places, so that it is one statement.
    const keys = Array.from({ length: reportsAtOnce }, (_, index) => reports[index]?.key ?? "-1");
    const where = recordWhere(`r.report IN (${keys.map(() => "?").join(", ")})`, keys, filter);
    const rows = await this.#all(
      `SELECT ${recordColumns} FROM ${recordTables} ${where.text} ORDER BY r.report, r.ordinal`,
      ...where.values,
    );
    const byReport = Map.groupBy(rows, (row) => String(row["report"]));
    for (const { stored: _, ...report } of reports)
      for (const row of byReport.get(report.key) ?? [])
        yield { ...report, record: this.#record(row, report.key) };
  }

  #record(row: Row, report: string): AggregateRecord {
    return unlessDamaged(
      () => aggregateRecord(row),
      (error) => this.#damage.details(report, error),
    );
  }

  async odd(
    outcome: DocumentOutcome,
    limit: number,
    { since, before }: { readonly since?: number; readonly before?: number } = {},
  ): Promise<OddDocument[]> {
    const where = new Where()
      .add(`d.${hasOddOutcome} AND d.outcome = ?`, outcome)
      .add("w.received_at >= ?", since)
      .add("w.received_at < ?", before);
    const rows = await this.#all(
      `SELECT w.digest, w.via, w.received_at, d.ordinal, d.outcome, d.name, d.reason, d.report
       FROM document d JOIN raw w ON w.key = d.raw ${where.text} ORDER BY w.received_at DESC, w.key DESC, d.ordinal LIMIT ?`,
      ...where.values,
      Math.min(limit, maxOdd),
    );
    return rows.map(oddDocument);
  }

  /** @param digest Of the arrival. */
  async documents(digest: Uint8Array): Promise<KnownDocument[]> {
    const rows = await this.#all(
      `SELECT d.ordinal, d.kind, d.outcome, d.name, d.reason, d.report, d.mail
       FROM document d JOIN raw w ON w.key = d.raw WHERE w.digest = ? ORDER BY d.ordinal`,
      digest,
    );
    return unlessDamaged(
      () => rows.map(knownDocument),
      (error) => this.#damage.documents(Buffer.from(digest).toString("hex"), error),
    );
  }

  async domains(): Promise<string[]> {
    const rows = await this.#all(
      "SELECT n.text FROM name n WHERE n.key IN (SELECT domain FROM report) AND n.text <> '' ORDER BY n.text",
    );
    return rows.map((row) => String(row["text"]));
  }

  async reporters(): Promise<string[]> {
    const rows = await this.#all(
      "SELECT n.text FROM name n WHERE n.key IN (SELECT reporter FROM report) ORDER BY n.text",
    );
    return rows.map((row) => String(row["text"]));
  }

  async tallies(query: TallyQuery): Promise<SourceTally[]> {
    if (query.ips.length === 0) return [];
    const where = tallyWhere(query);
    const sums = await this.#all(
      `SELECT r.ip, p.domain AS place, n.text AS domain, ${tallySums}, count(DISTINCT p.reporter) AS reporters,
         min(p.begin_at) AS first_at, max(p.end_at) AS last_at
       FROM record r JOIN report p ON p.key = r.report JOIN name n ON n.key = p.domain
       JOIN name n1 ON n1.key = r.disposition
       ${where.text} GROUP BY r.ip, p.domain, n.text ORDER BY r.ip, n.text`,
      ...where.values,
    );
    const alike = await this.#all(
      `SELECT r.ip, r.place, r.messages, r.aligned, n1.text AS disposition, n2.text AS header_from, n3.text AS envelope_from,
         NULL AS envelope_to, d.json AS detail
       FROM (SELECT r.ip, p.domain AS place, r.aligned, r.disposition, r.header_from, r.envelope_from, r.detail,
           sum(CAST(r.messages AS DOUBLE PRECISION)) AS messages,
           row_number() OVER (PARTITION BY r.ip, p.domain ORDER BY sum(CAST(r.messages AS DOUBLE PRECISION)) DESC, r.detail) AS rank
         FROM record r JOIN report p ON p.key = r.report ${where.text}
         GROUP BY r.ip, p.domain, r.aligned, r.disposition, r.header_from, r.envelope_from, r.detail) r
       JOIN name n1 ON n1.key = r.disposition JOIN name n2 ON n2.key = r.header_from
       LEFT JOIN name n3 ON n3.key = r.envelope_from JOIN detail d ON d.key = r.detail
       WHERE r.rank <= ${maxAlike} ORDER BY r.ip, r.place, r.rank`,
      ...where.values,
    );
    const bySource = Map.groupBy(alike, sourceKey);
    return sums.map((row) => sourceTally(row, bySource.get(sourceKey(row)) ?? []));
  }

  async sources(query: SumQuery): Promise<SourceSum[]> {
    const where = sumWhere(query);
    const rows = await this.#all(
      `SELECT n.text AS domain, s.ip, ${sumExpressions}, f.first_at, f.last_at
       FROM source_sum s JOIN name n ON n.key = s.domain JOIN source f ON f.domain = s.domain AND f.ip = s.ip
       ${where.text} GROUP BY n.text, s.ip, f.first_at, f.last_at ORDER BY 3 DESC, n.text, s.ip
       LIMIT ?`,
      ...where.values,
      limitOf(query),
    );
    return rows.map((row) => {
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

  async days(query: SumQuery): Promise<DaySum[]> {
    const where = sumWhere(query);
    const rows = await this.#all(
      `SELECT n.text AS domain, s.day, rn.text AS reporter, ${sumExpressions} FROM day_sum s JOIN name n ON n.key = s.domain
       JOIN name rn ON rn.key = s.reporter ${where.text} GROUP BY n.text, s.day, rn.text ORDER BY n.text, s.day, rn.text
       LIMIT ?`,
      ...where.values,
      limitOf(query),
    );
    return rows.map((row) => ({
      domain: String(row["domain"]),
      day: Number(row["day"]),
      reporter: String(row["reporter"]),
      ...sumsOf(row),
    }));
  }

  async tls(query: SumQuery): Promise<TlsSum[]> {
    const where = sumWhere(query);
    const rows = await this.#all(
      `SELECT n.text AS domain, s.day, rn.text AS reporter, pn.text AS policy, tn.text AS result,
         sum(CAST(s.sessions AS DOUBLE PRECISION)) AS sessions
       FROM tls_sum s JOIN name n ON n.key = s.domain JOIN name rn ON rn.key = s.reporter
       JOIN name pn ON pn.key = s.policy_type JOIN name tn ON tn.key = s.result_type
       ${where.text} GROUP BY n.text, s.day, rn.text, pn.text, tn.text
       ORDER BY n.text, s.day, rn.text, pn.text, tn.text
       LIMIT ?`,
      ...where.values,
      limitOf(query),
    );
    return rows.map((row) => ({
      domain: String(row["domain"]),
      day: Number(row["day"]),
      reporter: String(row["reporter"]),
      policyType: String(row["policy"]),
      resultType: String(row["result"]),
      sessions: Number(row["sessions"]),
    }));
  }

  async counts(octets: number): Promise<ReportCounts> {
    const row = (
      await this.#all(
        `SELECT (SELECT count(*) FROM report) AS reports, (SELECT coalesce(sum(stored), 0) FROM report) AS records,
           (SELECT count(*) FROM raw) AS raw, (SELECT count(*) FROM document WHERE ${hasOddOutcome} AND outcome = 'unread') AS unread,
           (SELECT count(*) FROM document WHERE ${hasOddOutcome} AND outcome = 'conflict') AS conflicts`,
      )
    )[0];
    const count = (name: string): number => Number(row?.[name] ?? 0);
    return {
      reports: count("reports"),
      records: count("records"),
      raw: count("raw"),
      unread: count("unread"),
      conflicts: count("conflicts"),
      octets,
    };
  }

  async #all(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#db.all(sql, values);
  }
}

function sourceKey({ ip, place }: Row): string {
  return `${Buffer.from(ip as Uint8Array).toString("hex")} ${String(place)}`;
}

/** Small reports together, large ones alone. */
function inPieces(reports: readonly RecordsOf[]): RecordsOf[][] {
  const pieces: RecordsOf[][] = [];
  let records = recordsAtOnce;
  for (const report of reports) {
    records += report.stored;
    const last = pieces.at(-1);
    if (last !== undefined && records <= recordsAtOnce && last.length < reportsAtOnce) last.push(report);
    else {
      pieces.push([report]);
      records = report.stored;
    }
  }
  return pieces;
}

function limitOf({ limit }: SumQuery): number {
  return limit === undefined ? everything : Math.max(Math.trunc(limit), 1);
}

/** @returns undefined for what is no key of a report. */
function readKey(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function readCursor(text: string | undefined): { readonly begin: number; readonly key: number } | undefined {
  const parts = /^(-?\d{1,15})\.(\d{1,15})$/.exec(text ?? "");
  return parts === null ? undefined : { begin: Number(parts[1]), key: Number(parts[2]) };
}
