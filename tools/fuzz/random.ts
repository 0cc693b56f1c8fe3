/** Seeded random numbers (sfc32): the same seed gives the same sequence everywhere. Not for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param parts Whatever tells this sequence from others; hashed together. */
  constructor(...parts: readonly (number | string)[]) {
    this.#a = hash(0x9e3779b9, ...parts);
    this.#b = hash(0x243f6a88, ...parts);
    this.#c = hash(0xb7e15162, ...parts);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `count` - 1; 0 when `count` is 0. */
  below(count: number): number {
    return Math.floor((this.next() / 2 ** 32) * count);
  }

  /** True once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** FNV-1a over the parts. */
function hash(start: number, ...parts: readonly (number | string)[]): number {
  let value = start;
  for (const character of parts.join("\0")) {
    value = Math.imul(value ^ (character.codePointAt(0) as number), 0x01000193);
  }
  return value | 0;
}
