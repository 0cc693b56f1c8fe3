const firstRows = 16;

/**
 * Rows of numbers, in one piece of memory that the garbage collector need not look into: what grows in arrays of JavaScript is
 * copied again and again, and keeps the heap large for long.
 */
export class NumberRows {
  readonly #width: number;
  #numbers: Float64Array<ArrayBuffer>;
  #length = 0;

  /** @param width Numbers of a row. */
  constructor(width: number) {
    this.#width = width;
    this.#numbers = new Float64Array(firstRows * width);
  }

  /** Rows. */
  get length(): number {
    return this.#length;
  }

  add(...row: readonly number[]): void {
    const at = this.#length * this.#width;
    if (at === this.#numbers.length) this.#grow();
    for (let column = 0; column < this.#width; column++) this.#numbers[at + column] = row[column] as number;
    this.#length += 1;
  }

  get(row: number, column: number): number {
    return this.#numbers[row * this.#width + column] as number;
  }

  increase(row: number, column: number, by: number): void {
    this.#numbers[row * this.#width + column] = this.get(row, column) + by;
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#numbers.length);
    larger.set(this.#numbers);
    this.#numbers = larger;
  }
}
