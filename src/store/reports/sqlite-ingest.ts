import type { DatabaseSync, StatementSync } from "node:sqlite";
import { deflateRawSync } from "node:zlib";
import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { addressOctets } from "./address-octets.ts";
import { detailText, identityOf, type Report, type ReportIdentity } from "./identity.ts";
import type { DocumentOutcome, IngestedDocument, IngestRequest, ReadDocument } from "./port.ts";
import { SqliteNames } from "./sqlite-names.ts";
import { daysOf, type ReportSums, type Sums, sumReport } from "./sums.ts";

const sumColumns = "messages, dkim, spf, passed, quarantined, rejected, estimated";
const addSums = sumColumns.replaceAll(/(\w+)/g, "$1 = $1 + excluded.$1");

/** Writes arrivals. Every call is to run within a transaction. */
export class SqliteIngest {
  readonly names: SqliteNames;
  readonly #details: SqliteNames;
  readonly #addRaw: StatementSync;
  readonly #findRaw: StatementSync;
  readonly #documents: StatementSync;
  readonly #addDocument: StatementSync;
  readonly #same: StatementSync;
  readonly #addReport: StatementSync;
  readonly #addRecord: StatementSync;
  readonly #addDay: StatementSync;
  readonly #addSource: StatementSync;
  readonly #see: StatementSync;
  readonly #addTls: StatementSync;
  readonly #setCounted: StatementSync;

  constructor(db: DatabaseSync) {
    this.names = new SqliteNames(db, "name", "text");
    this.#details = new SqliteNames(db, "detail", "json");
    this.#addRaw = db.prepare(
      "INSERT INTO raw (digest, octets, size, via, received_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.#findRaw = db.prepare("SELECT key FROM raw WHERE digest = ?");
    this.#documents = db.prepare(
      "SELECT ordinal, kind, outcome, report FROM document WHERE raw = ? ORDER BY ordinal",
    );
    this.#addDocument = db.prepare(
      "INSERT INTO document (raw, ordinal, kind, outcome, name, reason, report) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#same = db.prepare(
      `SELECT key, digest, counted FROM report WHERE kind = ? AND reporter = ? AND report_id = ? AND domain = ? AND begin_at = ? AND end_at = ?`,
    );
    this.#addReport = db.prepare(
      `INSERT INTO report (kind, reporter, report_id, domain, begin_at, end_at, digest, counted, trust, records, messages, json, raw, ordinal)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#addRecord = db.prepare(
      `INSERT INTO record (report, ordinal, ip, messages, disposition, aligned, header_from, envelope_from, envelope_to, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#addDay = db.prepare(
      `INSERT INTO day_sum (domain, day, reporter, trust, ${sumColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${addSums}`,
    );
    this.#addSource = db.prepare(
      `INSERT INTO source_sum (domain, day, ip, trust, ${sumColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${addSums}`,
    );
    this.#see = db.prepare(
      `INSERT INTO source (domain, ip, first_at, last_at) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
    );
    this.#setCounted = db.prepare("UPDATE report SET counted = 1 WHERE key = ?");
    this.#addTls = db.prepare(
      `INSERT INTO tls_sum (domain, day, reporter, policy_type, result_type, sessions) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions`,
    );
  }

  committed(): void {
    this.names.committed();
    this.#details.committed();
  }

  rolledBack(): void {
    this.names.rolledBack();
    this.#details.rolledBack();
  }

  /** An arrival that was there before, octet by octet, is not looked at again. */
  ingest({ raw, documents }: IngestRequest): IngestedDocument[] {
    const packed = deflateRawSync(raw.octets, { level: 6 });
    const added = this.#addRaw.run(raw.digest, packed, raw.octets.length, raw.via, raw.receivedAt);
    const rawKey = Number(this.#findRaw.get(raw.digest)?.["key"]);
    return added.changes === 0
      ? this.#seenBefore(rawKey)
      : documents.map((one) => this.#document(rawKey, one));
  }

  #seenBefore(rawKey: number): IngestedDocument[] {
    return this.#documents.all(rawKey).map(({ ordinal, kind, outcome, report }) => ({
      ordinal: Number(ordinal),
      kind: String(kind) as ReadDocument["kind"],
      outcome: outcome === "saved" || outcome === "conflict" ? "seen" : (String(outcome) as DocumentOutcome),
      ...(report !== null && { report: String(report) }),
    }));
  }

  #document(rawKey: number, document: ReadDocument): IngestedDocument {
    const { kind, ordinal, name } = document;
    const unreadable = kind === "skipped" || kind === "unread";
    const saved = unreadable ? { outcome: kind } : this.#report(rawKey, document);
    const report = "report" in saved ? saved.report : undefined;
    const reason = unreadable ? document.reason : null;
    this.#addDocument.run(rawKey, ordinal, kind, saved.outcome, name ?? null, reason, report ?? null);
    return { ordinal, kind, outcome: saved.outcome, ...(report !== undefined && { report: String(report) }) };
  }

  #report(rawKey: number, report: Report): { readonly outcome: DocumentOutcome; readonly report: number } {
    const identity = identityOf(report);
    const reporter = this.names.key(identity.reporter);
    const domain = this.names.key(identity.domain);
    const same = this.#same.all(
      identity.kind,
      reporter,
      identity.reportId,
      domain,
      identity.begin,
      identity.end,
    );
    // RFC 8460 §3: what nobody signed does not count; the same report may come again, signed.
    const countable = report.kind !== "tls" || report.counted;
    const counted = countable && !same.some((one) => one["counted"] === 1);
    const place = { identity, reporter, domain, counted };
    const twin = same.find(({ digest }) => digest === identity.digest);
    if (twin === undefined) {
      const key = this.#saveReport(rawKey, report, place);
      return { outcome: same.length === 0 ? "saved" : "conflict", report: key };
    }
    const key = Number(twin["key"]);
    if (counted) this.#count(key, report, place);
    return { outcome: counted ? "saved" : "seen", report: key };
  }

  /** A report that is there, and now counts. */
  #count(key: number, report: Report, place: ReportPlace): void {
    this.#setCounted.run(key);
    this.#addAllSums(report, place);
  }

  #saveReport(rawKey: number, report: Report, place: ReportPlace): number {
    const { identity, reporter, domain, counted } = place;
    const trust = trustOf(report);
    const { records, messages } = sizeOf(report);
    const key = Number(
      this.#addReport.run(
        identity.kind,
        reporter,
        identity.reportId,
        domain,
        identity.begin,
        identity.end,
        identity.digest,
        counted ? 1 : 0,
        trust,
        records,
        messages,
        reportJson(report),
        rawKey,
        report.ordinal,
      ).lastInsertRowid,
    );
    if (report.kind === "aggregate") this.#saveRecords(key, report.records);
    if (counted) this.#addAllSums(report, place);
    return key;
  }

  #addAllSums(report: Report, place: ReportPlace): void {
    const { begin, end } = place.identity;
    const trust = trustOf(report);
    if (report.kind === "aggregate")
      this.#addSums(sumReport(begin, end, report.records), { ...place, trust });
    if (report.kind === "tls") this.#addTlsSums(report.report, place.reporter);
  }

  #saveRecords(report: number, records: readonly AggregateRecord[]): void {
    for (const [ordinal, record] of records.entries()) {
      const { envelopeFrom, envelopeTo } = record;
      this.#addRecord.run(
        report,
        ordinal,
        addressOctets(record.sourceIp),
        record.count,
        this.names.key(record.disposition),
        (record.dkimAligned ? 1 : 0) + (record.spfAligned ? 2 : 0),
        this.names.key(record.headerFrom),
        envelopeFrom === undefined ? null : this.names.key(envelopeFrom),
        envelopeTo === undefined ? null : this.names.key(envelopeTo),
        this.#details.key(detailText(record)),
      );
    }
  }

  #addSums({ days, sources }: ReportSums, { domain, reporter, trust, identity }: SummedPlace): void {
    for (const { day, sums } of days) this.#addDay.run(domain, day, reporter, trust, ...sumValues(sums));
    for (const { day, ip, sums } of sources) {
      this.#addSource.run(domain, day, ip, trust, ...sumValues(sums));
      this.#see.run(domain, ip, identity.begin, identity.end);
    }
  }

  #addTlsSums({ begin, end, policies }: TlsReport, reporter: number): void {
    const shares = daysOf(begin, end);
    for (const policy of policies) {
      const domain = this.names.key(policy.policyDomain ?? "");
      const type = this.names.key(policy.policyType);
      for (const [result, sessions] of tlsResults(policy)) {
        let before = 0;
        for (const { day, until } of shares) {
          const upTo = Math.round(sessions * until);
          if (upTo > before)
            this.#addTls.run(domain, day, reporter, type, this.names.key(result), upTo - before);
          before = upTo;
        }
      }
    }
  }
}

interface ReportPlace {
  readonly identity: ReportIdentity;
  readonly reporter: number;
  readonly domain: number;
  readonly counted: boolean;
}
interface SummedPlace extends ReportPlace {
  readonly trust: number;
}

function trustOf({ mail }: Report): number {
  return mail?.verdict === "unaligned" ? 1 : 0;
}

function sumValues(sums: Sums): number[] {
  const { messages, dkim, spf, passed, quarantined, rejected, estimated } = sums;
  return [messages, dkim, spf, passed, quarantined, rejected, estimated];
}

/** Sessions by result; the summary counts where it says more than the details. */
export function tlsResults({
  successful,
  failed,
  failures,
}: TlsReport["policies"][number]): Map<string, number> {
  const results = new Map<string, number>();
  if (successful > 0) results.set("", successful);
  let told = 0;
  for (const { resultType, failedSessions } of failures) {
    told += failedSessions;
    results.set(resultType, (results.get(resultType) ?? 0) + failedSessions);
  }
  if (failed > told) results.set("not-told", failed - told);
  return results;
}

export function sizeOf(report: Report): { readonly records: number; readonly messages: number } {
  if (report.kind === "failure") return { records: 1, messages: report.report.incidents };
  if (report.kind === "aggregate")
    return {
      records: report.records.length,
      messages: report.records.reduce((sum, { count }) => sum + count, 0),
    };
  const { policies } = report.report;
  return {
    records: policies.length,
    messages: policies.reduce((sum, { successful, failed }) => sum + successful + failed, 0),
  };
}

/** Everything of a report but its records. Addresses of failure reports stand there as octets. */
export function reportJson(report: Report): string {
  const { mail } = report;
  if (report.kind === "aggregate")
    return JSON.stringify({ head: report.head, warnings: report.warnings, mail });
  if (report.kind === "tls") return JSON.stringify({ report: report.report, counted: report.counted, mail });
  const { sourceIp, ...rest } = report.report;
  const ip = sourceIp === undefined ? undefined : [...sourceIp.octets];
  return JSON.stringify({ report: { ...rest, sourceIp: ip }, mail });
}
