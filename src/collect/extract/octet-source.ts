/** Octets that come in pieces, taken in the lengths that are wanted. Memory grows with what is taken, not with what comes. */
export class OctetSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #waiting: Buffer[] = [];
  #length = 0;
  #over = false;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next octets; fewer at the end. */
  async take(length: number): Promise<Buffer> {
    await this.#fill(length);
    const all = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting);
    const taken = all.subarray(0, length);
    const rest = all.subarray(taken.length);
    this.#waiting = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return taken;
  }

  /** The next octets, which stay to be taken. */
  async peek(length: number): Promise<Buffer> {
    const taken = await this.take(length);
    if (taken.length > 0) this.#waiting.unshift(taken);
    this.#length += taken.length;
    return taken;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const { length: skipped } = await this.take(Math.min(left, 1024 * 1024));
      if (skipped === 0) return;
      left -= skipped;
    }
  }

  /** Everything that has not been taken. Whoever wants no more of it closes what gives it. */
  async *rest(): AsyncIterable<Buffer> {
    try {
      do {
        yield* this.#waiting;
        this.#waiting = [];
        this.#length = 0;
      } while (await this.#next());
    } finally {
      await this.close();
    }
  }

  /** Nobody wants more: what gives the octets may be closed. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(length: number): Promise<void> {
    while (this.#length < length && (await this.#next()));
  }

  async #next(): Promise<boolean> {
    if (this.#over) return false;
    const { value, done } = await this.#chunks.next();
    this.#over = done === true;
    if (this.#over) return false;
    this.#waiting.push(value as Buffer);
    this.#length += (value as Buffer).length;
    return true;
  }
}
