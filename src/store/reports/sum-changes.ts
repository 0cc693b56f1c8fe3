import type { TlsReport } from "../../core/reports/tlsrpt.ts";
import { unpackAddress } from "./address-octets.ts";
import { KeyedSums, SeenSources } from "./keyed-sums.ts";
import type { SqlValue } from "./sql.ts";
import { bounded, daysOf, type SummedRecord, spread, tlsResults } from "./sums.ts";

/** Which sums a report belongs to: numbers of names, its period, and how many records it came with. */
export interface SumPlace {
  readonly domain: number;
  readonly reporter: number;
  readonly trust: number;
  readonly begin: number;
  readonly end: number;
  readonly records: number;
}

/** Sums of the sources of one day. */
interface SourcesOfDay {
  readonly domain: number;
  readonly day: number;
  readonly trust: number;
  readonly sums: KeyedSums;
}

/** What a transaction adds to the sums, and what it takes from them: written together, in one order. */
export class SumChanges {
  /** By their key, as `keyText` writes it. */
  readonly #days = new KeyedSums();
  readonly #tls = new Map<string, { readonly key: readonly SqlValue[]; sessions: number }>();
  readonly #sources = new Map<string, SourcesOfDay>();
  readonly #seen = new Map<number, SeenSources>();

  /** Sums of sources that it holds, and days of them. */
  get size(): number {
    let size = this.#sources.size;
    for (const { sums } of this.#sources.values()) size += sums.size;
    return size;
  }

  /** @param sign 1 counts the records, -1 takes back that they were counted. */
  addRecords(place: SumPlace, records: Iterable<SummedRecord>, sign: 1 | -1): void {
    const { domain, reporter, trust, begin, end } = place;
    const shares = daysOf(begin, end, place.records).map((share) => ({
      ...share,
      key: keyText(domain, share.day, reporter, trust),
      sources: this.#sourcesOf(place, share.day),
    }));
    const seen = this.#seenOf(domain);
    const estimated = shares.length > 1;
    for (const record of records)
      spread(bounded(record.count), shares, ({ key, sources }, messages) => {
        const change = { messages: sign * messages, estimated };
        this.#days.add(key, change, record);
        sources.add(record.address, change, record);
        if (sign > 0) seen.see(record.address, begin, end);
      });
  }

  addTls(
    place: SumPlace,
    { begin, end, policies }: TlsReport,
    sign: 1 | -1,
    nameOf: (text: string) => number,
  ): void {
    const told = policies.map((policy) => ({ policy, results: [...tlsResults(policy)] }));
    const shares = daysOf(
      begin,
      end,
      told.reduce((sum, { results }) => sum + results.length, 0),
    );
    for (const { policy, results } of told) {
      const domain = nameOf(policy.policyDomain ?? "");
      const type = nameOf(policy.policyType);
      for (const [result, sessions] of results)
        spread(sessions, shares, ({ day }, share) => {
          const key = [domain, day, place.reporter, type, nameOf(result), place.trust];
          const text = keyText(...key);
          const known = this.#tls.get(text);
          if (known === undefined) this.#tls.set(text, { key, sessions: sign * share });
          else known.sessions += sign * share;
        });
    }
  }

  dayRows(): Iterable<readonly SqlValue[]> {
    return this.#days.rows((key) => key.split(" ").map(Number));
  }

  *sourceRows(): Iterable<readonly SqlValue[]> {
    for (const { domain, day, trust, sums } of inOrder(this.#sources))
      yield* sums.rows((address) => [domain, day, unpackAddress(address), trust]);
  }

  *seenRows(): Iterable<readonly SqlValue[]> {
    for (const [domain, seen] of [...this.#seen].sort(([a], [b]) => a - b))
      for (const { address, first, last } of seen.all()) yield [domain, unpackAddress(address), first, last];
  }

  tlsRows(): Iterable<readonly SqlValue[]> {
    return inOrder(this.#tls)
      .filter(({ sessions }) => sessions !== 0)
      .map(({ key, sessions }) => [...key, sessions]);
  }

  #sourcesOf({ domain, trust }: SumPlace, day: number): KeyedSums {
    const key = keyText(domain, day, trust);
    const known = this.#sources.get(key);
    if (known !== undefined) return known.sums;
    const sums = new KeyedSums();
    this.#sources.set(key, { domain, day, trust, sums });
    return sums;
  }

  #seenOf(domain: number): SeenSources {
    const known = this.#seen.get(domain);
    if (known !== undefined) return known;
    const seen = new SeenSources();
    this.#seen.set(domain, seen);
    return seen;
  }
}

function keyText(...numbers: readonly number[]): string {
  return numbers.join(" ");
}

/** Any order will do, if only it is the same in every process. */
function inOrder<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
