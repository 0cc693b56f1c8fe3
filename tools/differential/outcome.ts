/** What a comparison with other programs came to. */
export interface DifferentialOutcome {
  readonly suite: string;
  /** Comparisons: every case once for each peer. */
  readonly cases: number;
  readonly agreed: number;
  /** Disagreements by the id of the class that explains them. */
  readonly classes: ReadonlyMap<string, number>;
  readonly unexplained: readonly string[];
}
