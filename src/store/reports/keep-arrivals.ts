import { promisify } from "node:util";
import { deflateRaw, deflateRawSync } from "node:zlib";
import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { Pause } from "../pause.ts";
import type { StorePlace } from "../store-error.ts";
import { packOctets, unpackAddress } from "./address-octets.ts";
import { Damage, storedObject, unlessDamaged } from "./damage.ts";
import { findGroup, findReportsOf, type GroupReport, hexOf, judgeGroup } from "./group.ts";
import type { PackedRecords } from "./packed-records.ts";
import type { DocumentOutcome, IngestedDocument, RawArrival } from "./port.ts";
import { type PreparedArrival, type PreparedDocument, type PreparedReport, storable } from "./prepare.ts";
import { readDetail } from "./record-detail.ts";
import { tlsContent } from "./rows.ts";
import { forgetSources } from "./seen-sources.ts";
import type { Awaitable, RecordRow, ReportWriter, Row, SqlValue, SumTable } from "./sql.ts";
import { SumChanges, type SumPlace } from "./sum-changes.ts";
import { bounded, daySums, type SummedRecord, sourceSums, tlsNames, tlsSums } from "./sums.ts";
import type { TextTable } from "./text-table.ts";

/** Base64 of compressed octets, as nearly all report mails are, does not become smaller by more effort. */
const packLevel = 1;
const largeOctets = 1024 * 1024;
const deflateLater = promisify(deflateRaw);
/** Of records and sums: some hundredths of a second. */
const rowsAtOnce = 1_000;
/** Sums of sources that are held back, where nobody has to be kept in order. */
const heldSums = 2_000;

/**
 * Keeps arrivals within one transaction; `finish` is its last step.
 *
 * Reports with the same identity are a group, of which one counts at most: see `judgeGroup`. A report may be brought by
 * several documents; the most trusted of them speaks for it.
 */
export class ArrivalKeeper {
  readonly #writer: ReportWriter;
  readonly #damage: Damage;
  #changes = new SumChanges();
  /** Whether the changes take back; else they count. */
  #tookBack = false;
  readonly #pause = new Pause();

  constructor(writer: ReportWriter, place: StorePlace) {
    this.#writer = writer;
    this.#damage = new Damage(place);
  }

  /** An arrival that was there before, octet by octet, is not looked at again. */
  async keep({ raw, documents }: PreparedArrival): Promise<IngestedDocument[]> {
    const known = await this.#rawKey(raw.digest);
    if (known !== undefined) return this.#seenBefore(known);
    const row = await this.#one(
      "INSERT INTO raw (digest, octets, size, via, received_at) VALUES (?, ?, ?, ?, ?) RETURNING key",
      Buffer.from(raw.digest, "hex"),
      await packedOctets(raw),
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
    // Where nothing was to be kept the reports were to stand for it.
    const { kept, ...whole } = raw;
    return this.keep({ raw: kept?.octets === undefined ? whole : raw, documents: refused });
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
    if (arrival.raw.kept !== undefined)
      await this.#writer.run("UPDATE raw SET octets = ? WHERE key = ?", [
        await packedOctets(arrival.raw),
        raw,
      ]);
    await this.#writer.run("DELETE FROM document WHERE raw = ?", [raw]);
    const again = new Map(
      arrival.documents.flatMap((one) => ("identity" in one ? [[contentKey(one), one]] : [])),
    );
    for (const report of before) {
      const same = again.get(`${hexOf(report.identity)} ${report.digest}`);
      if (same === undefined) {
        await this.#removeOrphan(report);
        continue;
      }
      await this.#writer.run("UPDATE report SET json = ? WHERE key = ?", [same.json, report.key]);
      if (await this.#hasDamagedRecords(report.key)) await this.#mendRecords(report.key, same);
    }
    return this.#addDocuments(
      raw,
      arrival.documents,
      before.map(({ identity }) => identity),
    );
  }

  /** Writes what the transaction adds to the sums and takes from them. */
  async finish(): Promise<void> {
    const [changes, tookBack] = [this.#changes, this.#tookBack];
    this.#changes = new SumChanges();
    this.#tookBack = false;
    const write = (table: SumTable, rows: Iterable<readonly SqlValue[]>): Promise<void> =>
      this.#someAtATime(rows, (some) =>
        tookBack ? this.#writer.takeSums(table, some) : this.#writer.addSums(table, some),
      );
    await write(daySums, changes.dayRows());
    await write(sourceSums, changes.sourceRows());
    await this.#someAtATime(changes.seenRows(), (rows) => this.#writer.addSources(rows));
    await write(tlsSums, changes.tlsRows());
    if (!tookBack) return;
    await this.#deleteEmpty("day_sum WHERE messages = 0", changes.dayRows());
    await this.#deleteEmpty("source_sum WHERE messages = 0", changes.sourceRows());
    await this.#deleteEmpty("tls_sum WHERE sessions = 0", changes.tlsRows());
  }

  /** Rows of a giant report are never all there at once, nor is it written in one go. */
  async #someAtATime<Row>(
    rows: Iterable<Row>,
    write: (some: readonly Row[]) => Awaitable<void>,
  ): Promise<void> {
    let some: Row[] = [];
    for (const row of rows) {
      some.push(row);
      if (some.length < rowsAtOnce) continue;
      await write(some);
      await this.#pause.whenLong();
      some = [];
    }
    if (some.length > 0) await write(some);
  }

  /** Rows begin with domain and day. */
  async #deleteEmpty(what: string, rows: Iterable<readonly SqlValue[]>): Promise<void> {
    const days = new Map<string, readonly SqlValue[]>();
    for (const row of rows) days.set(`${row[0]} ${row[1]}`, row.slice(0, 2));
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

  /** @param changed Identities of groups that were changed before, and are to be settled, too. */
  async #addDocuments(
    raw: number,
    documents: readonly PreparedDocument[],
    changed: readonly Uint8Array[] = [],
  ): Promise<IngestedDocument[]> {
    const kept: IngestedDocument[] = [];
    const grown = [...changed];
    for (const document of documents) {
      kept.push(
        "identity" in document
          ? await this.#addReport(raw, document, grown)
          : await this.#addOdd(raw, document),
      );
      await this.#pause.whenLong();
    }
    if (grown.length === 0) return kept;
    // Each once: a stranger may send thousands that say that they are the same report.
    for (const identity of byContent(grown)) await this.#settle(identity);
    return this.#withOutcomes(raw, kept);
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

  /** @param grown Takes the identity of a group that was there and is to be settled. */
  async #addReport(raw: number, report: PreparedReport, grown: Uint8Array[]): Promise<IngestedDocument> {
    const { identityDigest, digest } = report;
    const find = async (what: string, ...values: readonly SqlValue[]): Promise<Row | undefined> =>
      this.#one(`SELECT key FROM report WHERE ${what}`, ...values);
    const isFirst = (await find("identity = ? LIMIT 1", identityDigest)) === undefined;
    const twin = isFirst ? undefined : await find("identity = ? AND digest = ?", identityDigest, digest);
    const key =
      twin === undefined
        ? await this.#insertReport(raw, report, isFirst && report.countable)
        : Number(twin["key"]);
    const outcome = isFirst ? "saved" : twin === undefined ? "conflict" : "seen";
    await this.#insertDocument(raw, report, { key, outcome });
    if (!isFirst) grown.push(identityDigest);
    return { ordinal: report.ordinal, kind: report.kind, report: String(key), outcome };
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
      records: report.recordCount,
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
    if (!counted) return key;
    await this.#changeRecords(place, report.records.summed(), 1);
    if (report.tls !== undefined) this.#changeTls(place, report.tls, 1);
    return key;
  }

  async #insertRecords(key: number, { records }: PreparedReport): Promise<void> {
    let from = 0;
    await this.#someAtATime(this.#recordRows(records), async (rows) => {
      await this.#writer.addRecords(key, from, rows);
      from += rows.length;
    });
  }

  *#recordRows(records: PackedRecords): Iterable<RecordRow> {
    const name = keysOf(records.names, (text) => this.#writer.name(storable(text)));
    const detail = keysOf(records.details, (text) => this.#writer.detail(text));
    for (let index = 0; index < records.length; index++) {
      const record = records.at(index);
      yield {
        ip: unpackAddress(record.address),
        messages: bounded(record.count),
        disposition: name(record.disposition),
        aligned: record.aligned,
        headerFrom: name(record.headerFrom),
        envelopeFrom: record.envelopeFrom === undefined ? null : name(record.envelopeFrom),
        envelopeTo: record.envelopeTo === undefined ? null : name(record.envelopeTo),
        detail: detail(record.detail),
      };
    }
  }

  async #changeRecords(place: SumPlace, records: Iterable<SummedRecord>, sign: 1 | -1): Promise<void> {
    await this.#someAtATime(records, async (some) => {
      this.#changes.addRecords(place, some, sign);
      if (sign < 0) this.#tookBack = true;
      if (this.#writer.alone && this.#changes.size > heldSums) await this.finish();
    });
  }

  #changeTls(place: SumPlace, report: TlsReport, sign: 1 | -1): void {
    this.#changes.addTls(place, report, sign, (text) => this.#writer.name(storable(text)));
    if (sign < 0) this.#tookBack = true;
  }

  /** Brings a group in order after documents came or went. */
  async #settle(identity: Uint8Array): Promise<void> {
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
  }

  async #count(report: GroupReport): Promise<void> {
    await this.#writer.run("UPDATE report SET counted = 1 WHERE key = ?", [report.key]);
    await this.#changeStored(report, 1);
  }

  /** Takes a report out of the sums. */
  async #uncount(report: GroupReport): Promise<void> {
    // It may have been counted in this very transaction.
    await this.finish();
    await this.#writer.run("UPDATE report SET counted = 0 WHERE key = ?", [report.key]);
    await this.#changeStored(report, -1);
    // What is counted and what is taken back is never written together, and the sums tell who else saw its sources.
    await this.finish();
    if (report.kind === "aggregate") await forgetSources(this.#writer, report);
  }

  /** Counts what stands in the database of a report, or takes it back. */
  async #changeStored(report: GroupReport, sign: 1 | -1): Promise<void> {
    if (report.kind === "tls") await this.#changeStoredTls(report, sign);
    if (report.kind !== "aggregate") return;
    for (let from = 0; ; from += rowsAtOnce) {
      const rows = await this.#writer.all(
        `SELECT r.ip, r.messages, r.aligned, n.text AS disposition FROM record r JOIN name n ON n.key = r.disposition
         WHERE r.report = ? AND r.ordinal >= ? AND r.ordinal < ? ORDER BY r.ordinal`,
        [report.key, from, from + rowsAtOnce],
      );
      if (rows.length === 0) return;
      await this.#changeRecords(report, rows.map(summedRecord), sign);
    }
  }

  async #changeStoredTls(place: GroupReport, sign: 1 | -1): Promise<void> {
    const row = await this.#one("SELECT json FROM report WHERE key = ?", place.key);
    const report = this.#tlsReport(place.key, row?.["json"]);
    await this.#writer.learn(tlsNames(report).map(storable));
    this.#changeTls(place, report, sign);
  }

  /** @throws StoreError where it is damaged: what it was counted for cannot be known then. */
  #tlsReport(key: number, json: unknown): TlsReport {
    return unlessDamaged(
      () => tlsContent(storedObject(json)),
      (error) => this.#damage.report(String(key), error),
    );
  }

  async #hasDamagedRecords(report: number): Promise<boolean> {
    for (let from = 0; ; from += rowsAtOnce) {
      const rows = await this.#writer.all(
        `SELECT DISTINCT d.json AS detail FROM record r LEFT JOIN detail d ON d.key = r.detail
         WHERE r.report = ? AND r.ordinal >= ? AND r.ordinal < ?`,
        [report, from, from + rowsAtOnce],
      );
      if (rows.length === 0) return false;
      if (!rows.every(({ detail }) => isDetail(detail))) return true;
      await this.#pause.whenLong();
    }
  }

  /** What they count for is the same, and so are the sums. */
  async #mendRecords(key: number, report: PreparedReport): Promise<void> {
    await this.#someAtATime(report.records.details.texts, (some) => this.#writer.mendDetails(some));
    await this.#writer.run("DELETE FROM record WHERE report = ?", [key]);
    await this.#insertRecords(key, report);
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

/** Large ones in another thread. */
async function pack(octets: Buffer): Promise<Buffer> {
  const options = { level: packLevel };
  return octets.length < largeOctets ? deflateRawSync(octets, options) : deflateLater(octets, options);
}

/** The number that a database gives to a text, asked for once, when it is first wanted. */
function keysOf(texts: TextTable, keyOf: (text: string) => number): (number: number) => number {
  const keys: number[] = [];
  return (number) => {
    const known = keys[number];
    if (known !== undefined) return known;
    const key = keyOf(texts.text(number));
    keys[number] = key;
    return key;
  };
}

async function packedOctets({ octets, kept }: RawArrival): Promise<Buffer | null> {
  const stays = kept === undefined ? octets : kept.octets;
  return stays === undefined ? null : pack(stays);
}

/** Each once. */
function byContent(octets: readonly Uint8Array[]): Iterable<Uint8Array> {
  return new Map(octets.map((one) => [hexOf(one), one])).values();
}

function isDetail(json: unknown): boolean {
  try {
    readDetail(String(json));
    return true;
  } catch {
    return false;
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
    address: packOctets(row["ip"] as Uint8Array),
    count: Number(row["messages"]),
    aligned: Number(row["aligned"]),
    disposition: String(row["disposition"]),
  };
}
