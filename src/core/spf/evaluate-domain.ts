import type { TxtRecord } from "../dns/resolver.ts";
import { ask, dnsFailure } from "./ask.ts";
import { isAskable } from "./domain-spec.ts";
import type { Evaluation, Frame, MechanismOutcome, SpfStop } from "./evaluation.ts";
import { match } from "./evaluation.ts";
import { expandDomain } from "./expand.ts";
import { type LookupOutcome, lookup } from "./lookup.ts";
import { countTerm } from "./lookup-budget.ts";
import { evaluateA } from "./mechanism-a.ts";
import { evaluateExists } from "./mechanism-exists.ts";
import { includeOutcome } from "./mechanism-include.ts";
import { evaluateIp } from "./mechanism-ip.ts";
import { evaluateMx } from "./mechanism-mx.ts";
import { evaluatePtr } from "./mechanism-ptr.ts";
import { isSpfRecord } from "./parse-record.ts";
import type {
  AllMechanism,
  IpMechanism,
  KnownModifier,
  SpfDirective,
  SpfMechanism,
  SpfQualifierWord,
  SpfRecord,
} from "./record.ts";
import { parseCached } from "./record-cache.ts";
import { traceRecord, traceTerm } from "./trace.ts";

/** What check_host() comes to for one domain. */
export type DomainOutcome =
  /** No record, or a domain that can have none. */
  { readonly kind: "none" } | Decided | SpfStop;

export interface Decided {
  readonly kind: "decided";
  readonly result: SpfQualifierWord;
  /** Absent when no mechanism matched (RFC 7208 §4.7). */
  readonly directive?: SpfDirective;
  /** The record that decided and its check_host(), behind all redirects. */
  readonly record: SpfRecord;
  readonly frame: Frame;
}

/** check_host() for one domain, with all its recursions: RFC 7208 §4.3 to §4.7. */
export async function evaluateDomain(evaluation: Evaluation, frame: Frame): Promise<DomainOutcome> {
  const fetched = await fetchRecord(evaluation, frame);
  if (fetched.kind !== "record") return fetched;
  const { record } = fetched;
  for (const directive of record.directives) {
    const pending = evaluateMechanism(evaluation, frame, directive.mechanism);
    const outcome = pending instanceof Promise ? await pending : pending;
    traceTerm(evaluation, frame, directive.text, outcome.kind);
    if (outcome.kind === "match")
      return { kind: "decided", result: directive.qualifier, directive, record, frame };
    if (outcome.kind !== "no-match") return outcome;
  }
  // §6.1: with an "all" in the record this is never reached, so that redirect is ignored.
  const redirected =
    record.redirect === undefined ? undefined : await redirectTo(evaluation, frame, record.redirect);
  // §4.7: neutral when nothing matched.
  return redirected ?? { kind: "decided", result: "neutral", record, frame };
}

type FetchOutcome =
  | { readonly kind: "record"; readonly record: SpfRecord }
  | { readonly kind: "none" }
  | SpfStop;

/** §4.3 to §4.6: asks for the records of a domain, selects the one and reads it. */
async function fetchRecord(evaluation: Evaluation, frame: Frame): Promise<FetchOutcome> {
  // §4.3: a malformed domain or one of a single label has no record.
  if (!isAskable(frame.domain) || !frame.domain.includes(".")) return { kind: "none" };
  const found = await lookupTxt(evaluation, frame);
  if (found.kind !== "records") return found;
  // §4.5: of all TXT records those with the version.
  const selected = found.records.filter((record) => isSpfRecord(record.text));
  for (const { text } of selected) traceRecord(evaluation.trace, frame, text);
  const [only] = selected;
  if (only === undefined) return { kind: "none" };
  if (selected.length > 1) return { kind: "permerror", problem: "multiple-records" };
  const parsed = parseCached(only.text);
  // §4.6: a syntax error anywhere is a permerror before anything is evaluated.
  return parsed.kind === "record" ? parsed : { kind: "permerror", problem: "syntax" };
}

/** §4.4. The query for the sender's own domain is no term's, so that it is not counted as void. */
async function lookupTxt(
  evaluation: Evaluation,
  { domain, depth, via }: Frame,
): Promise<LookupOutcome<TxtRecord>> {
  if (via !== "sender") return lookup(evaluation, domain, "TXT", depth);
  const answer = await ask(evaluation, domain, "TXT", depth);
  if (answer.kind === "failure" && answer.reason !== "bad-name") return dnsFailure(evaluation);
  return { kind: "records", records: answer.kind === "answer" ? answer.records : [] };
}

/** §5. Those that ask nothing answer at once. */
function evaluateMechanism(
  evaluation: Evaluation,
  frame: Frame,
  mechanism: SpfMechanism,
): MechanismOutcome | Promise<MechanismOutcome> {
  switch (mechanism.name) {
    case "all":
      return match;
    case "ip4":
    case "ip6":
      return evaluateIp(mechanism, evaluation.ip);
    default:
      return evaluateWithLookups(evaluation, frame, mechanism);
  }
}

async function evaluateWithLookups(
  evaluation: Evaluation,
  frame: Frame,
  mechanism: Exclude<SpfMechanism, AllMechanism | IpMechanism>,
): Promise<MechanismOutcome> {
  const exceeded = countTerm(evaluation.budget);
  if (exceeded !== undefined) return exceeded;
  const target = await expandDomain(evaluation, frame, mechanism.domain);
  if (target.kind !== "name") return target;
  const { depth } = frame;
  switch (mechanism.name) {
    case "include":
      return includeOutcome(
        await evaluateDomain(evaluation, { domain: target.name, depth: depth + 1, via: "include" }),
      );
    case "a":
      return evaluateA(evaluation, mechanism, target.name, depth);
    case "mx":
      return evaluateMx(evaluation, mechanism, target.name, depth);
    case "ptr":
      return evaluatePtr(evaluation, target.name, depth);
    case "exists":
      return evaluateExists(evaluation, target.name, depth);
  }
}

/** §6.1. undefined when RFC 8616 §4 keeps the modifier from having an effect. */
async function redirectTo(
  evaluation: Evaluation,
  frame: Frame,
  redirect: KnownModifier,
): Promise<DomainOutcome | undefined> {
  const exceeded = countTerm(evaluation.budget);
  const target = exceeded ?? (await expandDomain(evaluation, frame, redirect.domain));
  traceTerm(evaluation, frame, redirect.text, target.kind === "name" ? "redirect" : target.kind);
  if (target.kind === "no-match") return undefined;
  if (target.kind !== "name") return target;
  const outcome = await evaluateDomain(evaluation, {
    domain: target.name,
    depth: frame.depth,
    via: "redirect",
  });
  return outcome.kind === "none" ? { kind: "permerror", problem: "redirect-none" } : outcome;
}
