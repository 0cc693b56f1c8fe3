import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import { octetsAddress, octetsText, packAddress, unpackAddress } from "./address-octets.ts";
import { NumberRows } from "./number-rows.ts";
import { readDetail, recordDetail } from "./record-detail.ts";
import { bounded, type SummedRecord } from "./sums.ts";
import { ownText, TextTable } from "./text-table.ts";

/** A record whose texts are numbers of a `TextTable`. */
export interface PackedRecord {
  /** See `packAddress`. */
  readonly address: string;
  /** As reported; it may be larger than a store takes. */
  readonly count: number;
  /** 1: DKIM, 2: SPF, 3: both. */
  readonly aligned: number;
  readonly disposition: number;
  readonly headerFrom: number;
  readonly envelopeFrom: number | undefined;
  readonly envelopeTo: number | undefined;
  readonly detail: number;
}

const absent = -1;
/** Columns of the numbers of a record. */
const column = {
  count: 0,
  aligned: 1,
  disposition: 2,
  headerFrom: 3,
  envelopeFrom: 4,
  envelopeTo: 5,
  detail: 6,
} as const;
const nameColumns = [column.disposition, column.headerFrom, column.envelopeFrom, column.envelopeTo];

/**
 * The records of a report, in their order: rows of numbers, and each text once, since few different ones come again and
 * again. About a hundred octets a record, where its objects take a kilobyte and more.
 */
export class PackedRecords implements Iterable<AggregateRecord> {
  readonly names: TextTable = new TextTable(ownText);
  /** `recordDetail` of the records. */
  readonly details: TextTable = new TextTable((json) => json);
  readonly #addresses: string[] = [];
  readonly #rows = new NumberRows(7);

  static of(records: Iterable<AggregateRecord>): PackedRecords {
    const packed = new PackedRecords();
    for (const record of records) packed.add(record);
    return packed;
  }

  get length(): number {
    return this.#rows.length;
  }

  /** Messages of all records together, as reported. */
  get messages(): number {
    return this.#sumOf((count) => count);
  }

  /** As a store counts them. */
  get boundedMessages(): number {
    return this.#sumOf(bounded);
  }

  #sumOf(counted: (count: number) => number): number {
    let sum = 0;
    for (let place = 0; place < this.length; place++) sum += counted(this.#rows.get(place, column.count));
    return sum;
  }

  add(record: AggregateRecord): void {
    const { envelopeFrom, envelopeTo } = record;
    this.#addresses.push(packAddress(record.sourceIp));
    this.#rows.add(
      record.count,
      (record.dkimAligned ? 1 : 0) + (record.spfAligned ? 2 : 0),
      this.names.number(record.disposition),
      this.names.number(record.headerFrom),
      envelopeFrom === undefined ? absent : this.names.number(envelopeFrom),
      envelopeTo === undefined ? absent : this.names.number(envelopeTo),
      this.details.number(recordDetail(record)),
    );
  }

  at(place: number): PackedRecord {
    return {
      address: this.#addresses[place] as string,
      count: this.#rows.get(place, column.count),
      aligned: this.#rows.get(place, column.aligned),
      disposition: this.#rows.get(place, column.disposition),
      headerFrom: this.#rows.get(place, column.headerFrom),
      envelopeFrom: present(this.#rows.get(place, column.envelopeFrom)),
      envelopeTo: present(this.#rows.get(place, column.envelopeTo)),
      detail: this.#rows.get(place, column.detail),
    };
  }

  /** What of the records is added up. */
  *summed(): Iterable<SummedRecord> {
    for (let place = 0; place < this.length; place++) {
      const { address, count, aligned, disposition } = this.at(place);
      yield { address, count, aligned, disposition: this.names.text(disposition) };
    }
  }

  /** Texts that the same records give, and no others; their order does not count, their number does. */
  *contentTexts(): Iterable<string> {
    const names = this.names.inOrder();
    const details = this.details.inOrder();
    yield JSON.stringify(names.texts);
    yield String(details.texts.length);
    yield* details.texts;
    for (const place of this.#inOrder(names.places, details.places)) {
      const { address, count, aligned, disposition, headerFrom, envelopeFrom, envelopeTo, detail } =
        this.at(place);
      const name = (number = absent): number => names.places[number] ?? absent;
      yield `${octetsText(address)} ${count} ${aligned} ${name(disposition)} ${name(headerFrom)} ${name(envelopeFrom)} ${name(envelopeTo)} ${details.places[detail]}`;
    }
  }

  #inOrder(names: readonly number[], details: readonly number[]): readonly number[] {
    const rows = this.#rows;
    return [...this.#addresses.keys()].sort((a, b) => {
      const [left, right] = [this.#addresses[a] as string, this.#addresses[b] as string];
      if (left !== right) return left < right ? -1 : 1;
      for (const number of [column.count, column.aligned]) {
        const apart = rows.get(a, number) - rows.get(b, number);
        if (apart !== 0) return apart;
      }
      for (const name of nameColumns) {
        const apart = (names[rows.get(a, name)] ?? absent) - (names[rows.get(b, name)] ?? absent);
        if (apart !== 0) return apart;
      }
      return (
        (details[rows.get(a, column.detail)] ?? absent) - (details[rows.get(b, column.detail)] ?? absent)
      );
    });
  }

  *[Symbol.iterator](): Iterator<AggregateRecord> {
    for (let place = 0; place < this.length; place++) yield this.#unpacked(this.at(place));
  }

  #unpacked(packed: PackedRecord): AggregateRecord {
    const sourceIp = octetsAddress(unpackAddress(packed.address));
    const { count, aligned, envelopeFrom, envelopeTo } = packed;
    return {
      ...(sourceIp !== undefined && { sourceIp }),
      count,
      disposition: this.names.text(packed.disposition),
      dkimAligned: (aligned & 1) !== 0,
      spfAligned: (aligned & 2) !== 0,
      headerFrom: this.names.text(packed.headerFrom),
      ...(envelopeFrom !== undefined && { envelopeFrom: this.names.text(envelopeFrom) }),
      ...(envelopeTo !== undefined && { envelopeTo: this.names.text(envelopeTo) }),
      ...readDetail(this.details.text(packed.detail)),
    };
  }
}

function present(number: number): number | undefined {
  return number === absent ? undefined : number;
}
