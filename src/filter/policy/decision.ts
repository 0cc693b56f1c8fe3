import type { Action, DispositionReason } from "../../store/record.ts";
import type { SmtpAnswer } from "./smtp-texts.ts";

/** A header field of ours that goes in with the results. */
export interface AddedField {
  readonly name: string;
  readonly value: string;
}

/** What is done with a message. */
export interface Decision {
  readonly action: Action;
  /** For aggregate reports: why the published policy was not applied. RFC 9990 §3.1.1.6. */
  readonly reasons: readonly DispositionReason[];
  /** Why, by the rules of `BasisRule` with their parameters. */
  readonly why: readonly string[];
  /** With `reject` and `defer`. */
  readonly answer?: SmtpAnswer;
  /** With the others. */
  readonly fields: readonly AddedField[];
  /** With `hold`: what the MTA is told; Sendmail shows it to the operator. */
  readonly holdReason?: string;
}
