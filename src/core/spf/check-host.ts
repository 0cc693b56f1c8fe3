import { type Clock, systemClock } from "../clock.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import { toAsciiDomain } from "../domain-name.ts";
import { type IpAddress, parseIp, unmapped } from "../ip.ts";
import type { SpfResult } from "../results.ts";
import { type DomainOutcome, evaluateDomain } from "./evaluate-domain.ts";
import type { Evaluation, SpfSender } from "./evaluation.ts";
import { explain } from "./explanation.ts";
import { type LookupBudget, type VoidCounting, voidsBy } from "./lookup-budget.ts";

/** RFC 7208 §4.6.4: at least 20 seconds should be allowed. */
const maxElapsedMs = 20_000;
const defaultMaxVoidLookups = 2;
/** Longer values than RFC 5321 §4.5.3.1 allows are cut before macros take them apart. */
const maxMacroValue = 512;

export interface SpfOptions {
  /** Void lookups that are still allowed; 2 when absent (RFC 7208 §4.6.4). */
  readonly maxVoidLookups?: number;
  /** What the limit counts; "query" when absent. */
  readonly voidCounting?: VoidCounting;
  /**
   * Learn the count by name even when the limit does not go by it, for one more query at each name that lacks the
   * client's family. Without it the trace counts only those names that are known to lack both.
   */
  readonly traceAllCounts?: boolean;
}

export interface CheckHostInput {
  /** The SMTP client. */
  readonly ip: IpAddress;
  /** Whose record is evaluated; U-labels are taken too (RFC 8616 §4). */
  readonly domain: string;
  /** The MAIL FROM or HELO identity; "postmaster" stands in for a missing local part (§4.3). */
  readonly sender: string;
  /** As the client gave it, for %{h}. */
  readonly helo: string;
  readonly dns: DnsResolver;
  /** The system's clock when absent. */
  readonly clock?: Clock;
  /** By `clock.monotonic()`; at most 20 seconds from now whatever it says. */
  readonly deadline?: number;
  /** Which identity the result is for; "mailfrom" when absent. */
  readonly identity?: SpfResult["identity"];
  /** Name of this host for %{r} in explanations; "unknown" when absent (§7.3). */
  readonly receiver?: string;
  readonly options?: SpfOptions;
}

/** Evaluates the SPF policy of a domain for a client: check_host() of RFC 7208 §4. Never rejects. */
export async function checkHost(input: CheckHostInput): Promise<SpfResult> {
  const domain = parseIp(input.domain) === undefined ? toAsciiDomain(input.domain) : undefined;
  const evaluation = openEvaluation(input);
  const outcome: DomainOutcome =
    domain === undefined
      ? { kind: "none" }
      : await evaluateDomain(evaluation, { domain, depth: 0, via: "sender" });
  const { budget, trace } = evaluation;
  const base = {
    method: "spf",
    identity: input.identity ?? "mailfrom",
    domain: domain ?? "",
    lookups: budget.lookups,
    voidLookups: voidsBy(budget, budget.voidCounting),
    trace,
  } as const;
  switch (outcome.kind) {
    case "none":
      return { ...base, result: "none" };
    case "temperror":
    case "permerror":
      return { ...base, result: outcome.kind, problem: outcome.problem };
    case "decided": {
      const explanation = await explain(evaluation, outcome);
      return {
        ...base,
        result: outcome.result,
        ...(outcome.directive === undefined ? {} : { matched: outcome.directive.text }),
        ...(explanation === undefined ? {} : { explanation }),
      };
    }
  }
}

function openEvaluation(input: CheckHostInput): Evaluation {
  const clock = input.clock ?? systemClock;
  return {
    // §5: a client on an IPv4-mapped address is an IPv4 client.
    ip: unmapped(input.ip),
    sender: splitSender(input.sender),
    helo: heloValue(input.helo),
    receiver: input.receiver ?? "unknown",
    dns: input.dns,
    clock,
    deadline: Math.min(input.deadline ?? Number.POSITIVE_INFINITY, clock.monotonic() + maxElapsedMs),
    budget: openBudget(input.options ?? {}),
    trace: [],
  };
}

function openBudget(options: SpfOptions): LookupBudget {
  return {
    maxVoidLookups: options.maxVoidLookups ?? defaultMaxVoidLookups,
    voidCounting: options.voidCounting ?? "query",
    traceAllCounts: options.traceAllCounts ?? false,
    lookups: 0,
    voidQueries: 0,
    voidTerms: 0,
    voidNames: new Set(),
    termIsVoid: false,
    closed: false,
  };
}

/** §4.3: "postmaster" for a missing local part. */
function splitSender(sender: string): SpfSender {
  const at = sender.lastIndexOf("@");
  const localPart = at < 0 ? "" : sender.slice(0, at);
  const domain = sender.slice(at + 1);
  return {
    localPart: localPart === "" ? "postmaster" : localPart.slice(-maxMacroValue),
    domain: toAsciiDomain(domain) ?? domain.slice(-maxMacroValue),
  };
}

/** RFC 8616 §4: U-labels become A-labels; what is no domain stays as the client gave it. */
function heloValue(helo: string): string {
  const value = helo.slice(-maxMacroValue);
  return /\P{ASCII}/u.test(value) ? (toAsciiDomain(value) ?? value) : value;
}
