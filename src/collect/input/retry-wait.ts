/** How long to wait after an error, ever longer, and never at the same moment as others that failed together. */
export class RetryWait {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  /** @returns Milliseconds, between half of the wait and all of it. */
  next(atLeastMs = 0): number {
    const wait = Math.max(this.#nextMs, atLeastMs);
    this.#nextMs = Math.min(this.#longestMs, 2 * wait);
    return Math.min(this.#longestMs, wait) * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}

/** A wait that ends early when somebody calls `wake`; a call before the wait counts, too. */
export class Alarm {
  #rung = false;
  #wake: (() => void) | undefined;

  wake(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Forgets what was called before. */
  quiet(): void {
    this.#rung = false;
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#wake = undefined;
    this.#rung = false;
  }
}
