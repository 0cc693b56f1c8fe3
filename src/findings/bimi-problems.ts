import type { BimiDetail, BimiProblem } from "../core/results.ts";

/** One sentence for every `problem` and every `detail` of a BIMI result. */
export interface BimiProblemText {
  readonly bimi: Readonly<Record<BimiProblem, string>>;
  readonly bimiDetail: Readonly<Record<BimiDetail, string>>;
}
