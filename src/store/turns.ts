/** Work on the same thing, one after the other, in the order of asking; what failed holds up nothing. */
export class Turns {
  /** By what is worked on: what comes last. */
  readonly #last = new Map<string, Promise<void>>();

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const ended = done.then(
      () => {},
      () => {},
    );
    this.#last.set(key, ended);
    void ended.then(() => this.#last.get(key) === ended && this.#last.delete(key));
    return done;
  }
}
