import { deflateRawSync } from "node:zlib";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { findGroup, findReportsOf, type GroupReport, hexOf, judgeGroup } from "./group.ts";
import type { DocumentOutcome, IngestedDocument } from "./port.ts";
import { type PreparedArrival, type PreparedDocument, type PreparedReport, storable } from "./prepare.ts";
import type { ReportWriter, Row, SqlValue } from "./sql.ts";
import { daySums, SumChanges, type SummedRecord, sourceSums, tlsNames, tlsSums } from "./sums.ts";

/** Base64 of compressed octets, as nearly all report mails are, does not become smaller by more effort. */
const packLevel = 1;

/**
 * Keeps arrivals within one transaction; `finish` is its last step.
 *
 * Reports with the same identity are a group, of which one counts at most: see `judgeGroup`. A report may be brought by
 * several documents; the most trusted of them speaks for it.
 */
export class ArrivalKeeper {
  readonly #writer: ReportWriter;
  #changes = new SumChanges();
  #tookBack = false;

  constructor(writer: ReportWriter) {
    this.#writer = writer;
  }

  /** An arrival that was there before, octet by octet, is not looked at again. */
  async keep({ raw, documents }: PreparedArrival): Promise<IngestedDocument[]> {
    const known = await this.#rawKey(raw.digest);
    if (known !== undefined) return this.#seenBefore(known);
    const packed = deflateRawSync(raw.octets, { level: packLevel });
    const row = await this.#one(
      "INSERT INTO raw (digest, octets, size, via, received_at) VALUES (?, ?, ?, ?, ?) RETURNING key",
      Buffer.from(raw.digest, "hex"),
      packed,
      raw.octets.length,
      raw.via,
      raw.receivedAt,
    );
    return this.#addDocuments(Number(row?.["key"]), documents);
  }

  /** Keeps an arrival whose documents the database does not take: with its octets, and why. */
  async keepRefused({ raw, documents }: PreparedArrival, reason: string): Promise<IngestedDocument[]> {
    const refused = documents.map(({ name }, ordinal) => {
      return { kind: "unread", ordinal, name, reason: storable(`not-storable: ${reason}`) } as const;
    });
    return this.keep({ raw, documents: refused });
  }

  /**
   * Reads an arrival anew: what it said before goes, sums and all. Where records have been deleted by their age nothing
   * changes, since the sums could not be taken back.
   */
  async replace(arrival: PreparedArrival): Promise<IngestedDocument[]> {
    const raw = await this.#rawKey(arrival.raw.digest);
    if (raw === undefined) return this.keep(arrival);
    const before = await findReportsOf(this.#writer, raw);
    if (before.some(({ expired }) => expired)) return this.#seenBefore(raw);
    await this.#writer.run("DELETE FROM document WHERE raw = ?", [raw]);
    const again = new Map(
      arrival.documents.flatMap((one) => ("identity" in one ? [[contentKey(one), one]] : [])),
    );
    for (const report of before) {
      const same = again.get(`${hexOf(report.identity)} ${report.digest}`);
      if (same === undefined) await this.#removeOrphan(report);
      else await this.#writer.run("UPDATE report SET json = ? WHERE key = ?", [same.json, report.key]);
    }
    const documents = await this.#addDocuments(raw, arrival.documents);
    for (const { identity } of before) await this.#settle(identity);
    return this.#withOutcomes(raw, documents);
  }

  /** Writes what the transaction adds to the sums and takes from them. */
  async finish(): Promise<void> {
    const changes = this.#changes;
    this.#changes = new SumChanges();
    const [days, sources, tls] = [changes.dayRows(), changes.sourceRows(), changes.tlsRows()];
    await this.#writer.addSums(daySums, days);
    await this.#writer.addSums(sourceSums, sources);
    await this.#writer.addSources(changes.seenRows());
    await this.#writer.addSums(tlsSums, tls);
    if (!this.#tookBack) return;
    this.#tookBack = false;
    await this.#deleteEmpty("day_sum WHERE messages = 0", days);
    await this.#deleteEmpty("source_sum WHERE messages = 0", sources);
    await this.#deleteEmpty("tls_sum WHERE sessions = 0", tls);
  }

  /** Rows begin with domain and day. */
  async #deleteEmpty(what: string, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const days = new Map(rows.map((row) => [`${row[0]} ${row[1]}`, row.slice(0, 2)]));
    for (const day of days.values())
      await this.#writer.run(`DELETE FROM ${what} AND domain = ? AND day = ?`, day);
  }

  async #one(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    return (await this.#writer.all(sql, values))[0];
  }

  async #rawKey(digest: string): Promise<number | undefined> {
    const row = await this.#one("SELECT key FROM raw WHERE digest = ?", Buffer.from(digest, "hex"));
    return row === undefined ? undefined : Number(row["key"]);
  }

  async #seenBefore(raw: number): Promise<IngestedDocument[]> {
    const rows = await this.#writer.all(
      "SELECT ordinal, kind, outcome, report FROM document WHERE raw = ? ORDER BY ordinal",
      [raw],
    );
    return rows.map((row) => {
      const read = ingestedDocument(row);
      return read.kind === "skipped" || read.kind === "unread" ? read : { ...read, outcome: "seen" };
    });
  }

  async #withOutcomes(raw: number, documents: readonly IngestedDocument[]): Promise<IngestedDocument[]> {
    const rows = await this.#writer.all("SELECT ordinal, outcome FROM document WHERE raw = ?", [raw]);
    const outcomes = new Map(rows.map((row) => [Number(row["ordinal"]), row["outcome"] as DocumentOutcome]));
    return documents.map((one) => ({ ...one, outcome: outcomes.get(one.ordinal) ?? one.outcome }));
  }

  async #addDocuments(raw: number, documents: readonly PreparedDocument[]): Promise<IngestedDocument[]> {
    const kept: IngestedDocument[] = [];
    for (const document of documents)
      kept.push(
        "identity" in document ? await this.#addReport(raw, document) : await this.#addOdd(raw, document),
      );
    return kept;
  }

  async #addOdd(
    raw: number,
    { kind, ordinal, name, reason }: Exclude<PreparedDocument, PreparedReport>,
  ): Promise<IngestedDocument> {
    await this.#writer.run(
      "INSERT INTO document (raw, ordinal, kind, outcome, name, reason) VALUES (?, ?, ?, ?, ?, ?)",
      [raw, ordinal, kind, kind, name ?? null, reason],
    );
    return { ordinal, kind, outcome: kind };
  }

  async #addReport(raw: number, report: PreparedReport): Promise<IngestedDocument> {
    const group = await findGroup(this.#writer, report.identityDigest);
    const twin = group.find(({ digest }) => digest === hexOf(report.digest));
    const isFirst = group.length === 0;
    const key = twin?.key ?? (await this.#insertReport(raw, report, isFirst && report.countable));
    const outcome = isFirst ? "saved" : twin === undefined ? "conflict" : "seen";
    await this.#insertDocument(raw, report, { key, outcome });
    const document = { ordinal: report.ordinal, kind: report.kind, report: String(key) };
    if (isFirst) return { ...document, outcome };
    const labels = await this.#settle(report.identityDigest);
    const label = labels.find((one) => one.raw === raw && one.ordinal === report.ordinal);
    return { ...document, outcome: label?.outcome ?? outcome };
  }

  async #insertDocument(
    raw: number,
    { ordinal, kind, name, countable, trust, mail }: PreparedReport,
    { key, outcome }: { readonly key: number; readonly outcome: DocumentOutcome },
  ): Promise<void> {
    await this.#writer.run(
      "INSERT INTO document (raw, ordinal, kind, outcome, name, report, countable, trust, mail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      [
        raw,
        ordinal,
        kind,
        outcome,
        name ?? null,
        key,
        countable ? 1 : 0,
        trust,
        mail === undefined ? null : JSON.stringify(mail),
      ],
    );
  }

  async #insertReport(raw: number, report: PreparedReport, counted: boolean): Promise<number> {
    const { identity, trust } = report;
    const place = {
      reporter: this.#writer.name(identity.reporter),
      domain: this.#writer.name(identity.domain),
      begin: identity.begin,
      end: identity.end,
      trust,
    };
    const row = await this.#one(
      `INSERT INTO report (identity, digest, kind, reporter, report_id, domain, begin_at, end_at, counted, trust, records,
         stored, messages, json, raw, ordinal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key`,
      report.identityDigest,
      report.digest,
      report.kind,
      place.reporter,
      identity.reportId,
      place.domain,
      identity.begin,
      identity.end,
      counted ? 1 : 0,
      trust,
      report.recordCount,
      report.records.length,
      report.messages,
      report.json,
      raw,
      report.ordinal,
    );
    const key = Number(row?.["key"]);
    await this.#insertRecords(key, report);
    if (counted) this.#change(place, report, 1);
    return key;
  }

  async #insertRecords(key: number, { records }: PreparedReport): Promise<void> {
    const name = (text: string): number => this.#writer.name(storable(text));
    const rows = records.map(({ record, ip, count, aligned, disposition, detail }) => ({
      ip,
      messages: count,
      disposition: name(disposition),
      aligned,
      headerFrom: name(record.headerFrom),
      envelopeFrom: record.envelopeFrom === undefined ? null : name(record.envelopeFrom),
      envelopeTo: record.envelopeTo === undefined ? null : name(record.envelopeTo),
      detail: this.#writer.detail(detail),
    }));
    await this.#writer.addRecords(key, rows);
  }

  #change(
    place: Parameters<SumChanges["addRecords"]>[0],
    { records, tls }: { readonly records: Iterable<SummedRecord>; readonly tls: TlsReport | undefined },
    sign: 1 | -1,
  ): void {
    this.#changes.addRecords(place, records, sign);
    if (tls !== undefined)
      this.#changes.addTls(place, tls, sign, (text) => this.#writer.name(storable(text)));
  }

  /** Brings a group in order after documents came or went. @returns Documents whose outcome changed. */
  async #settle(identity: Uint8Array): Promise<Awaited<ReturnType<typeof judgeGroup>>["labels"]> {
    const group = await findGroup(this.#writer, identity);
    const { labels, speakers, uncount, count } = await judgeGroup(this.#writer, group);
    for (const { raw, ordinal, outcome } of labels)
      await this.#writer.run("UPDATE document SET outcome = ? WHERE raw = ? AND ordinal = ?", [
        outcome,
        raw,
        ordinal,
      ]);
    if (uncount !== undefined) await this.#uncount(uncount);
    for (const { report, raw, ordinal, trust } of speakers)
      await this.#writer.run("UPDATE report SET raw = ?, ordinal = ?, trust = ? WHERE key = ?", [
        raw,
        ordinal,
        trust,
        report.key,
      ]);
    if (count !== undefined) await this.#count(count);
    return labels;
  }

  async #count(report: GroupReport): Promise<void> {
    await this.#writer.run("UPDATE report SET counted = 1 WHERE key = ?", [report.key]);
    this.#change(report, await this.#contentOf(report), 1);
  }

  /** Takes a report out of the sums. */
  async #uncount(report: GroupReport): Promise<void> {
    // It may have been counted in this very transaction.
    await this.finish();
    await this.#writer.run("UPDATE report SET counted = 0 WHERE key = ?", [report.key]);
    this.#change(report, await this.#contentOf(report), -1);
    this.#tookBack = true;
    if (report.kind === "aggregate") await this.#forgetSources(report);
  }

  async #contentOf({ key, kind }: GroupReport): Promise<{
    readonly records: readonly SummedRecord[];
    readonly tls: TlsReport | undefined;
  }> {
    if (kind === "failure") return { records: [], tls: undefined };
    if (kind === "tls") {
      const row = await this.#one("SELECT json FROM report WHERE key = ?", key);
      const { report } = JSON.parse(String(row?.["json"])) as { readonly report: TlsReport };
      await this.#writer.learn(tlsNames(report).map(storable));
      return { records: [], tls: report };
    }
    const rows = await this.#writer.all(
      `SELECT r.ip, r.messages, r.aligned, n.text AS disposition FROM record r JOIN name n ON n.key = r.disposition
       WHERE r.report = ? ORDER BY r.ordinal`,
      [key],
    );
    return { records: rows.map(summedRecord), tls: undefined };
  }

  /** Sets right when its sources were seen first and last; others may have seen them, too. */
  async #forgetSources({ key, domain, begin, end }: GroupReport): Promise<void> {
    const own = "domain = ? AND ip IN (SELECT ip FROM record WHERE report = ?)";
    const others = `FROM record r JOIN report p ON p.key = r.report
      WHERE r.ip = source.ip AND r.messages > 0 AND p.domain = source.domain AND p.counted = 1`;
    await this.#writer.run(
      `DELETE FROM source WHERE ${own} AND first_at >= ? AND NOT EXISTS (SELECT 1 ${others})`,
      [domain, key, begin],
    );
    await this.#writer.run(
      `UPDATE source SET first_at = coalesce((SELECT min(p.begin_at) ${others}), first_at) WHERE ${own} AND first_at = ?`,
      [domain, key, begin],
    );
    await this.#writer.run(
      `UPDATE source SET last_at = coalesce((SELECT max(p.end_at) ${others}), first_at) WHERE ${own} AND last_at = ?`,
      [domain, key, end],
    );
  }

  /** Removes a report that no document brings any more. */
  async #removeOrphan(report: GroupReport): Promise<void> {
    const bringer = await this.#one("SELECT 1 AS found FROM document WHERE report = ? LIMIT 1", report.key);
    if (bringer !== undefined) return;
    if (report.counted) await this.#uncount(report);
    await this.#writer.run("DELETE FROM record WHERE report = ?", [report.key]);
    await this.#writer.run("DELETE FROM report WHERE key = ?", [report.key]);
  }
}

function contentKey({ identityDigest, digest }: PreparedReport): string {
  return `${hexOf(identityDigest)} ${hexOf(digest)}`;
}

function ingestedDocument(row: Row): IngestedDocument {
  const report = row["report"];
  return {
    ordinal: Number(row["ordinal"]),
    kind: String(row["kind"]) as IngestedDocument["kind"],
    outcome: String(row["outcome"]) as DocumentOutcome,
    ...(report !== null && { report: String(report) }),
  };
}

function summedRecord(row: Row): SummedRecord {
  return {
    ip: row["ip"] as Uint8Array,
    count: Number(row["messages"]),
    aligned: Number(row["aligned"]),
    disposition: String(row["disposition"]),
  };
}
