/** One parser or evaluation under random input. */
export interface FuzzTarget {
  readonly name: string;
  /** Real inputs to mutate; at least five of different shapes. */
  readonly seeds: readonly Buffer[];
  /**
   * Runs the code on one input. A throw is a find. Beyond "does not throw" it should check what must always hold
   * (formatted and parsed again is equal, chunking makes no difference, ...) and throw an Error that says what did not.
   */
  run(input: Buffer): void | Promise<void>;
}
