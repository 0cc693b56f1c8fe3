import type { DispositionReason } from "../../store/record.ts";
import type { SmtpAnswer } from "./smtp-texts.ts";

type Method = "dmarc" | "spf" | "iprev" | "rules";

/** What one method asks for. */
export interface Vote {
  readonly method: Method;
  readonly action: "none" | "header" | "quarantine" | "reject" | "defer";
  readonly why: readonly string[];
  readonly reasons: readonly DispositionReason[];
  readonly answer?: SmtpAnswer;
  /** With `reject`: what failed, in a text that names several. */
  readonly failed?: string;
  /** With `quarantine`: parameters of the field. */
  readonly note?: readonly string[];
}

/** A vote for doing nothing. */
export function silent(
  method: Method,
  why: readonly string[] = [],
  reasons: readonly DispositionReason[] = [],
): Vote {
  return { method, action: "none", why, reasons };
}

export function localPolicy(comment: string): DispositionReason {
  return { type: "local_policy", comment };
}
