import type { Prover } from "./prove.ts";
import type { Publisher } from "./publish.ts";
import type { KeyFiles } from "./rotation-files.ts";
import type { JournalOptions, RotationJournal } from "./rotation-journal.ts";

export interface RotatorOptions extends JournalOptions {
  readonly dataDir: string;
  readonly prover: Prover;
  readonly publisher: Publisher;
  readonly files: KeyFiles;
  /** Wall-clock time in ms. */
  readonly now?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
  /** Time in ms that only goes on, however the clock is set. */
  readonly monotonic?: () => number;
}

/** What each step of a rotation works with. */
export interface RotationContext extends Required<RotatorOptions> {
  readonly journal: RotationJournal;
}
