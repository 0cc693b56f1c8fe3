import type { Clock } from "../clock.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import type { IpAddress } from "../ip.ts";
import type { SpfProblem, SpfTraceStep } from "../results.ts";
import type { LookupBudget } from "./lookup-budget.ts";
import type { ValidatedNames } from "./mechanism-ptr.ts";

/** The <sender> of RFC 7208 §4.1, taken apart. */
export interface SpfSender {
  /** "postmaster" when the sender had none (§4.3). */
  readonly localPart: string;
  /** As A-labels. */
  readonly domain: string;
}

/** What one evaluation of check_host() goes by, the same in all its recursions, with what it has spent. */
export interface Evaluation {
  /** IPv4-mapped addresses as IPv4 (§5). */
  readonly ip: IpAddress;
  readonly sender: SpfSender;
  readonly helo: string;
  readonly receiver: string;
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** By `clock.monotonic()`. */
  readonly deadline: number;
  readonly budget: LookupBudget;
  readonly trace: SpfTraceStep[];
  /** The client's validated names, once a %{p} has asked for them (§7.3). */
  validatedNames?: Promise<ValidatedNames>;
}

/** One check_host() in the recursion. */
export interface Frame {
  /** <domain>, as it is asked. */
  readonly domain: string;
  /** How many includes it lies deep. */
  readonly depth: number;
  readonly via: "sender" | "include" | "redirect";
}

/** An exception of §4.6.2: ends the whole evaluation. */
export interface SpfStop {
  readonly kind: "temperror" | "permerror";
  readonly problem: SpfProblem;
}

export type MechanismOutcome = { readonly kind: "match" } | { readonly kind: "no-match" } | SpfStop;

export const match: MechanismOutcome = { kind: "match" };
export const noMatch: { readonly kind: "no-match" } = { kind: "no-match" };
