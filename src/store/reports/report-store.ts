import { inflateRawSync } from "node:zlib";
import { isDamagedPart } from "../store-error.ts";
import { Damage, unlessDamaged } from "./damage.ts";
import { expireBatch } from "./expire.ts";
import { SqlJobs } from "./jobs.ts";
import { ArrivalKeeper } from "./keep-arrivals.ts";
import { SqlLeases } from "./leases.ts";
import type {
  DaySum,
  IngestedDocument,
  IngestRequest,
  JobStore,
  KnownDocument,
  LeaseStore,
  OddDocument,
  RawDocument,
  RecordFilter,
  ReportCounts,
  ReportPage,
  ReportPageQuery,
  ReportRetention,
  ReportStore,
  SourceSum,
  SourceTally,
  StoredRecord,
  StoredReport,
  SumQuery,
  TallyQuery,
  TlsSum,
} from "./port.ts";
import { needsOf, type PreparedArrival, prepareArrival } from "./prepare.ts";
import { Questions } from "./questions.ts";
import {
  type Awaitable,
  needsToBeAlone,
  Refusal,
  type Row,
  type SqlEngine,
  type TransactionNeeds,
  unrefused,
} from "./sql.ts";

/** The reports in a database of any engine. */
export class SqlReportStore implements ReportStore {
  readonly jobs: JobStore;
  readonly leases: LeaseStore;
  readonly #engine: SqlEngine;
  readonly #ask: Questions;
  /** Undefined where that of this machine is the only one. */
  readonly #sharedClock: (() => Awaitable<number>) | undefined;

  /** @param now The clock to go by; that of the engine or the machine when left out. */
  constructor(engine: SqlEngine, now?: () => number) {
    this.#engine = engine;
    this.#ask = new Questions(engine.reader, engine.place);
    this.#sharedClock = now ?? engine.clock?.bind(engine);
    const clock = this.#sharedClock ?? Date.now;
    this.jobs = new SqlJobs(engine, clock);
    this.leases = new SqlLeases(engine, clock);
  }

  async ingest(requests: readonly IngestRequest[]): Promise<readonly (readonly IngestedDocument[])[]> {
    const arrivals: PreparedArrival[] = [];
    for (const request of requests) arrivals.push(await prepareArrival(request));
    try {
      return await this.#keep(arrivals);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    // One of them cannot be kept: each by itself, so that it holds up no other.
    const kept: (readonly IngestedDocument[])[] = [];
    for (const arrival of arrivals) kept.push(await this.#keepOne(arrival));
    return kept;
  }

  async #keepOne(arrival: PreparedArrival): Promise<readonly IngestedDocument[]> {
    try {
      return (await this.#keep([arrival]))[0] ?? [];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const reason = error.message;
      return unrefused(this.#write(needsOf([arrival]), (keeper) => keeper.keepRefused(arrival, reason)));
    }
  }

  #keep(arrivals: readonly PreparedArrival[]): Promise<readonly (readonly IngestedDocument[])[]> {
    return this.#write(needsOf(arrivals), async (keeper) => {
      const kept: (readonly IngestedDocument[])[] = [];
      for (const arrival of arrivals) kept.push(await keeper.keep(arrival));
      return kept;
    });
  }

  async replace(request: IngestRequest): Promise<readonly IngestedDocument[]> {
    const arrival = await prepareArrival(request);
    return unrefused(
      this.#write({ ...needsOf([arrival]), alone: true }, (keeper) => keeper.replace(arrival)),
    );
  }

  #write<T>(needs: TransactionNeeds, work: (keeper: ArrivalKeeper) => Promise<T>): Promise<T> {
    return this.#engine.transaction(needs, async (writer) => {
      const keeper = new ArrivalKeeper(writer, this.#engine.place);
      const result = await work(keeper);
      await keeper.finish();
      return result;
    });
  }

  async id(): Promise<string> {
    const rows = await this.#engine.reader.all("SELECT id FROM store_id");
    return String(rows[0]?.["id"]);
  }

  async has(digest: string): Promise<boolean> {
    return (await this.#rawRows("SELECT 1 AS found FROM raw WHERE digest = ?", digest)).length > 0;
  }

  async raw(digest: string): Promise<RawDocument | undefined> {
    const row = (await this.#rawRows("SELECT * FROM raw WHERE digest = ?", digest))[0];
    return row && { ...rawAbout(row), ...this.#octets(row) };
  }

  #octets(row: Row): { readonly octets?: Buffer } {
    const packed = row["octets"] as Uint8Array | null;
    return unlessDamaged(
      () => (packed === null ? {} : { octets: inflateRawSync(packed) }),
      (error) => new Damage(this.#engine.place).raw(rawAbout(row).digest, error),
    );
  }

  async #rawRows(sql: string, digest: string): Promise<readonly Row[]> {
    if (!/^[0-9a-f]{64}$/.test(digest)) return [];
    return this.#engine.reader.all(sql, [Buffer.from(digest, "hex")]);
  }

  async documents(digest: string): Promise<readonly KnownDocument[]> {
    return /^[0-9a-f]{64}$/.test(digest) ? this.#ask.documents(Buffer.from(digest, "hex")) : [];
  }

  async *raws(): AsyncIterable<RawDocument> {
    let after = 0;
    for (;;) {
      const rows = await this.#engine.reader.all("SELECT * FROM raw WHERE key > ? ORDER BY key LIMIT 1", [
        after,
      ]);
      const row = rows[0];
      if (row === undefined) return;
      yield { ...rawAbout(row), ...this.#octetsOrDamage(row) };
      after = Number(row["key"]);
    }
  }

  #octetsOrDamage(row: Row): Pick<RawDocument, "octets" | "damage"> {
    try {
      return this.#octets(row);
    } catch (error) {
      if (!isDamagedPart(error)) throw error;
      return { damage: error };
    }
  }

  list(query: ReportPageQuery): Promise<ReportPage> {
    return this.#ask.list(query);
  }

  show(key: string): Promise<StoredReport | undefined> {
    return this.#ask.show(key);
  }

  records(filter: RecordFilter): AsyncIterable<StoredRecord> {
    return this.#ask.records(filter);
  }

  odd(
    outcome: "unread" | "conflict" | "skipped",
    limit: number,
    received?: { readonly since?: number; readonly before?: number },
  ): Promise<readonly OddDocument[]> {
    return this.#ask.odd(outcome, limit, received);
  }

  domains(): Promise<readonly string[]> {
    return this.#ask.domains();
  }

  reporters(): Promise<readonly string[]> {
    return this.#ask.reporters();
  }

  tallies(query: TallyQuery): Promise<readonly SourceTally[]> {
    return this.#ask.tallies(query);
  }

  sources(query: SumQuery): Promise<readonly SourceSum[]> {
    return this.#ask.sources(query);
  }

  days(query: SumQuery): Promise<readonly DaySum[]> {
    return this.#ask.days(query);
  }

  tls(query: SumQuery): Promise<readonly TlsSum[]> {
    return this.#ask.tls(query);
  }

  async expire(retention: ReportRetention, nowMs: number): Promise<boolean> {
    // A machine that is ahead of the others deletes nothing before its time.
    const atMs = Math.min(nowMs, (await this.#sharedClock?.()) ?? nowMs);
    const more = await unrefused(
      this.#engine.transaction(needsToBeAlone, (writer) => expireBatch(writer, retention, atMs)),
    );
    await this.#engine.shrink();
    return more;
  }

  backup(path: string): Promise<void> {
    return this.#engine.backup(path);
  }

  async counts(): Promise<ReportCounts> {
    return this.#ask.counts(await this.#engine.octets());
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

function rawAbout(row: Row): Omit<RawDocument, "octets" | "damage"> {
  return {
    digest: Buffer.from(row["digest"] as Uint8Array).toString("hex"),
    size: Number(row["size"]),
    via: String(row["via"]),
    receivedAt: Number(row["received_at"]),
  };
}
