import { NumberRows } from "./number-rows.ts";
import type { SqlValue } from "./sql.ts";
import { maxSum, type SummedRecord, type Sums, sumNames } from "./sums.ts";

const columns = Object.fromEntries(sumNames.map((name, place) => [name, place])) as Readonly<
  Record<keyof Sums, number>
>;
const nothing = sumNames.map(() => 0);

/** Sums by a text, of which there may be very many. */
export class KeyedSums {
  readonly #places = new Map<string, number>();
  readonly #rows = new NumberRows(sumNames.length);

  add(
    key: string,
    { messages, estimated }: { readonly messages: number; readonly estimated: boolean },
    { aligned, disposition }: SummedRecord,
  ): void {
    const place = this.#placeOf(key);
    const rows = this.#rows;
    rows.increase(place, columns.messages, messages);
    if ((aligned & 1) !== 0) rows.increase(place, columns.dkim, messages);
    if ((aligned & 2) !== 0) rows.increase(place, columns.spf, messages);
    if (aligned !== 0) rows.increase(place, columns.passed, messages);
    if (disposition === "quarantine") rows.increase(place, columns.quarantined, messages);
    if (disposition === "reject") rows.increase(place, columns.rejected, messages);
    if (estimated) rows.increase(place, columns.estimated, messages);
  }

  get size(): number {
    return this.#places.size;
  }

  /** Those that are not nothing, by their keys in order: `columnsOf` a key, and `sumNames`. */
  *rows(columnsOf: (key: string) => readonly SqlValue[]): Iterable<readonly SqlValue[]> {
    for (const key of [...this.#places.keys()].sort()) {
      const place = this.#places.get(key) as number;
      const sums = nothing.map((_, column) => summable(this.#rows.get(place, column)));
      if (sums.some((sum) => sum !== 0)) yield [...columnsOf(key), ...sums];
    }
  }

  #placeOf(key: string): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.#places.size;
    this.#places.set(key, place);
    this.#rows.add(...nothing);
    return place;
  }
}

function summable(sum: number): number {
  return Math.max(-maxSum, Math.min(sum, maxSum));
}

/** When each source was seen first and last, by its packed address. */
export class SeenSources {
  readonly #places = new Map<string, number>();
  readonly #first: number[] = [];
  readonly #last: number[] = [];

  see(address: string, begin: number, end: number): void {
    const place = this.#places.get(address);
    if (place === undefined) {
      this.#places.set(address, this.#places.size);
      this.#first.push(begin);
      this.#last.push(end);
      return;
    }
    this.#first[place] = Math.min(this.#first[place] as number, begin);
    this.#last[place] = Math.max(this.#last[place] as number, end);
  }

  /** In the order of their addresses. */
  *all(): Iterable<{ readonly address: string; readonly first: number; readonly last: number }> {
    for (const address of [...this.#places.keys()].sort()) {
      const place = this.#places.get(address) as number;
      yield { address, first: this.#first[place] as number, last: this.#last[place] as number };
    }
  }
}
