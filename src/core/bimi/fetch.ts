import type { FetchProblem } from "../results.ts";

export type FetchOutcome =
  /** As received; whoever fetches may hand out the same buffer again, so it is never changed. */
  | { readonly kind: "document"; readonly octets: Buffer }
  /** `temporary`: a later message may find it. */
  | { readonly kind: "failure"; readonly problem: FetchProblem; readonly temporary: boolean };

export interface FetchOptions {
  /** By `Clock.monotonic()`; after it the outcome is `timeout`, while the fetch itself may go on for later messages. */
  readonly deadline?: number;
  readonly maxOctets: number;
}

/**
 * The seam between BIMI and the web: gets what an https URI names, over TLS that verifies and from public addresses
 * only (BIMI draft §7.5). Never rejects. core brings none of its own.
 */
export type BimiFetch = (uri: string, options: FetchOptions) => Promise<FetchOutcome>;
