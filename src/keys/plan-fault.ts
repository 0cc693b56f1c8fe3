import type { ZoneFinding } from "../core/dns/authoritative.ts";

/** Why the zone of a name is not found. */
export type ZoneFault = Extract<ZoneFinding, { readonly kind: "failure" }>["reason"];

/** Why a new key cannot be begun. */
export interface PlanFault {
  /** What DNS was asked for: the domain, or the name of the key record. */
  readonly name: string;
  readonly fault: ZoneFault | "unanswered-servers" | "no-selector";
}
