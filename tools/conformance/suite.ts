/** What a test suite given as data came to. */
export interface SuiteOutcome {
  readonly suite: string;
  readonly passed: number;
  readonly failures: readonly string[];
}
