import { expect } from "vitest";
import type { IngestRequest, ReadDocument, ReportStore, StoredRecord } from "../src/store/reports/port.ts";
import { aggregate, arrival, dayLength, firstBegin, firstDay, record, tls } from "./report-samples.ts";
import { countedRecords, type PlainSums, storedSums, sumPlainly } from "./report-sums.ts";

/** Of which there are few, so that they meet. */
const ips = ["192.0.2.1", "192.0.2.2", "2001:db8::1", ""];
const verdicts = ["aligned", "unaligned", "unknown"] as const;
const nowMs = (firstBegin + 400 * dayLength) * 1000;

/** The same numbers for the same seed. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(end: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * end);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }
}

/** What is done to a store in any order, and what its sums have to be then, counted anew. */
export class StoreModel {
  readonly #store: ReportStore;
  readonly #dice: Dice;
  readonly #sent: IngestRequest[] = [];
  /** Records that were counted when their time was over: nothing takes them back. */
  readonly #gone: StoredRecord[] = [];
  /** Sums of the days before have been deleted. */
  #firstDay = 0;

  constructor(store: ReportStore, seed: number) {
    this.#store = store;
    this.#dice = new Dice(seed);
  }

  /** @param ages Whether sums grow old, too. */
  async step(ages: boolean): Promise<void> {
    const chance = this.#dice.below(20);
    if (chance < 11 || this.#sent.length === 0) await this.#ingest();
    else if (chance < 17) await this.#replace();
    else if (chance < 19) await this.#expireRecords(firstBegin + this.#dice.below(8) * dayLength);
    else if (ages) await this.#expireSums(this.#dice.below(4));
  }

  async check(): Promise<void> {
    const records = [...(await countedRecords(this.#store)), ...this.#gone];
    const [found, plain] = [await storedSums(this.#store), sumPlainly(records)];
    const since = ({ days }: PlainSums): unknown =>
      [...days].filter(([key]) => Number(key.split(" ")[1]) >= this.#firstDay).sort();
    expect(since(found)).toEqual(since(plain));
    for (const sums of [...found.days.values(), ...found.sources.values()])
      expect(Math.min(sums.messages - 1, ...Object.values(sums))).toBeGreaterThanOrEqual(0);
    await this.#checkIdentities();
    if (this.#firstDay > 0) return;
    expect(roughly(found.sources, this.#gone.length > 0)).toEqual(
      roughly(plain.sources, this.#gone.length > 0),
    );
    for (const [key, { firstSeen, lastSeen }] of plain.sources) {
      const seen = found.sources.get(key);
      // Sums know days.
      expect(Math.abs((seen?.firstSeen ?? 0) - firstSeen), key).toBeLessThan(dayLength);
      expect(Math.abs((seen?.lastSeen ?? 0) - lastSeen), key).toBeLessThan(dayLength);
    }
    await this.#checkTls();
  }

  async #checkIdentities(): Promise<void> {
    const { reports } = await this.#store.list({ counted: true, limit: 1000 });
    const identities = reports.map(({ kind, reporter, reportId, domain, begin, end }) =>
      [kind, reporter, reportId, domain, begin, end].join(" "),
    );
    expect(identities).toHaveLength(new Set(identities).size);
  }

  async #checkTls(): Promise<void> {
    const { reports } = await this.#store.list({ kind: "tls", counted: true });
    const sessions = (await this.#store.tls({})).map((sum) => sum.sessions);
    expect(total(sessions)).toBe(total(reports.map(({ messages }) => messages)));
  }

  async #ingest(): Promise<void> {
    const requests = Array.from({ length: 1 + this.#dice.below(4) }, () =>
      this.#dice.below(5) === 0 && this.#sent.length > 0
        ? this.#dice.one(this.#sent)
        : arrival(this.#documents(1 + this.#dice.below(2))),
    );
    this.#sent.push(...requests);
    await this.#store.ingest(requests);
  }

  async #replace(): Promise<void> {
    const request = this.#dice.one(this.#sent);
    const documents =
      this.#dice.below(3) === 0 ? request.documents : this.#documents(1 + this.#dice.below(2));
    await this.#store.replace({
      ...request,
      documents: documents.map((one, ordinal) => ({ ...one, ordinal })),
    });
  }

  async #expireRecords(before: number): Promise<void> {
    this.#gone.push(...(await countedRecords(this.#store)).filter(({ end }) => end < before));
    while (await this.#store.expire({ recordsMs: nowMs - before * 1000 }, nowMs)) {}
  }

  async #expireSums(days: number): Promise<void> {
    this.#firstDay = Math.max(this.#firstDay, firstDay + days);
    while (await this.#store.expire({ sumsMs: nowMs - (firstDay + days) * dayLength * 1000 }, nowMs)) {}
  }

  #documents(count: number): ReadDocument[] {
    return Array.from({ length: count }, () => (this.#dice.below(8) === 0 ? this.#tls() : this.#aggregate()));
  }

  #tls(): ReadDocument {
    const dice = this.#dice;
    return tls({
      id: `t${dice.below(2)}`,
      counted: dice.below(2) === 0,
      successful: dice.below(4),
      failed: dice.below(3),
      mail: dice.one(verdicts),
    });
  }

  #aggregate(): ReadDocument {
    const dice = this.#dice;
    const begin = firstBegin + dice.below(4) * dayLength + dice.one([0, 0, 9 * 3600]);
    return aggregate({
      id: `r${dice.below(3)}`,
      org: dice.one(["a.example", "b.example"]),
      domain: dice.one(["x.example", "y.example"]),
      begin,
      end: begin + dice.one([dayLength - 1, dayLength, 3 * dayLength, 10 * dayLength + 77]),
      records: Array.from({ length: dice.below(4) }, () =>
        record({
          ip: dice.one(ips),
          count: dice.below(7),
          dkim: dice.below(2) === 0,
          spf: dice.below(2) === 0,
          disposition: dice.one(["none", "reject", "quarantine"]),
        }),
      ),
      mail: dice.one(verdicts),
    });
  }
}

/** Without when they were seen, where only sums may know that. */
function roughly(sources: PlainSums["sources"], withoutTimes: boolean): unknown {
  return [...sources]
    .map(([key, sums]) => [key, withoutTimes ? { ...sums, firstSeen: 0, lastSeen: 0 } : sums] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
