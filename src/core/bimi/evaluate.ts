import type { Clock } from "../clock.ts";
import { type RecordLookup, recordLookup } from "../dmarc/tree-walk.ts";
import type { DnsResolver } from "../dns/resolver.ts";
import type { MessageHead } from "../message/message.ts";
import type { BimiProblem, BimiResult, BimiWord, DkimResult, DmarcResult } from "../results.ts";
import { checkEligibility, type Eligibility } from "./eligibility.ts";
import { type CheckedEvidence, checkEvidence, type MarkSubject } from "./evidence.ts";
import type { BimiFetch, FetchOptions, FetchOutcome } from "./fetch.ts";
import { discoverBimi, type FoundAssertion } from "./lookup.ts";
import { maxEvidenceOctets, type ReadCertificate } from "./mark-certificate.ts";
import type { BimiRecord } from "./parse-record.ts";
import { chooseSelector } from "./selector.ts";
import { type CheckedSvg, checkSvg, recommendedSvgOctets } from "./svg.ts";

export interface BimiOptions {
  /** Without it only the record is looked up, and nothing passes. */
  readonly fetch?: BimiFetch;
  /** By `readMarkRoots`. Without them no mark certificate is trusted. */
  readonly roots?: readonly ReadCertificate[];
  /** Whether an indicator needs a mark certificate to pass; true when left out. */
  readonly requireEvidence?: boolean;
  /** For fetching, in ms, over both documents of a message; 3000 when left out. */
  readonly timeoutMs?: number;
  /** Of an indicator, uncompressed; 32 KiB when left out. */
  readonly maxIndicatorOctets?: number;
  /** Whether the result holds the indicator, for the header fields of draft §5. */
  readonly keepIndicator?: boolean;
}

/** What the other methods came to. */
export interface BimiInput {
  readonly head: MessageHead;
  readonly dkim: readonly DkimResult[];
  readonly dmarc: DmarcResult;
}

export interface BimiContext {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** By `clock.monotonic()`; for DNS and for fetching. */
  readonly deadline?: number;
  readonly options: BimiOptions;
  /** Shares the DMARC records that were asked for already. */
  readonly dmarcRecords?: RecordLookup;
}

const defaultTimeoutMs = 3_000;

/**
 * Evaluates BIMI for one message, after DMARC: eligibility, record, indicator and mark certificate (BIMI draft §7).
 * `pass` only with an indicator that was fetched and checked. Never rejects.
 */
export async function evaluateBimi(input: BimiInput, context: BimiContext): Promise<BimiResult> {
  const { head, dkim, dmarc } = input;
  const { dns, deadline } = context;
  const until = deadline === undefined ? {} : { deadline };
  const eligibility = await checkEligibility(
    head,
    dmarc,
    context.dmarcRecords ?? recordLookup(dns, deadline),
  );
  if (eligibility.kind !== "eligible") return notEligible(eligibility);
  const { selector, ignored } = chooseSelector(head, dkim, dmarc.alignedDkim);
  const { author, organization } = eligibility;
  const { found, localPartSelector } = await discoverBimi({ ...eligibility, selector }, { dns, ...until });
  const about = {
    ...(ignored !== undefined && { selectorIgnored: ignored }),
    ...(localPartSelector !== undefined && { localPartSelector }),
  };
  if (found.kind !== "record") return { ...withoutRecord(found), ...about };
  const subject = { selector: found.selector, author, organization };
  return { ...(await assess(found, subject, context)), ...about };
}

function result(word: BimiWord, more: Omit<BimiResult, "method" | "result"> = {}): BimiResult {
  return { method: "bimi", result: word, ...more };
}

function notEligible(eligibility: Exclude<Eligibility, { kind: "eligible" }>): BimiResult {
  if (eligibility.kind === "failure") return result("temperror", { problem: "dns-failure" });
  const { problem, detail } = eligibility;
  return result("skipped", { problem, ...(detail !== undefined && { detail }) });
}

/** §7.2 step 8; §7.7: several records are a failure in Discovery. */
function withoutRecord(found: Exclude<FoundAssertion, { kind: "record" }>): BimiResult {
  switch (found.kind) {
    case "none":
      return result("none");
    case "failure":
      return result("temperror", { problem: "dns-failure" });
    case "several":
      return result("fail", { domain: found.domain, selector: found.selector, problem: "multiple-records" });
  }
}

async function assess(
  { domain, selector, record }: Extract<FoundAssertion, { kind: "record" }>,
  subject: MarkSubject,
  context: BimiContext,
): Promise<BimiResult> {
  const at = { domain, selector };
  if (record.problem !== undefined) return result("fail", { ...at, problem: record.problem });
  const { location, authority, avatarPreference } = record;
  const about = {
    ...at,
    ...(location !== undefined && { location }),
    ...(authority !== undefined && { authority }),
    ...(avatarPreference !== undefined && { avatarPreference }),
  };
  // §4.3.1, §7.5.
  if (record.declined || location === undefined) return result("declined", about);
  const { fetch, requireEvidence = true } = context.options;
  if (fetch === undefined) return result("skipped", { ...about, problem: "not-fetched" });
  if (authority === undefined && requireEvidence)
    return result("fail", { ...about, authorityStatus: "none", problem: "certificate-missing" });
  const checked = await fetchAndCheck({ ...record, location }, subject, fetch, context);
  return { ...result("pass"), ...about, ...checked };
}

// ---------------------------------------------------------------- indicator and evidence

/** What goes over a plain `pass`. */
type Checked = Partial<BimiResult>;

async function fetchAndCheck(
  { location, authority }: BimiRecord & { readonly location: string },
  subject: MarkSubject,
  fetch: BimiFetch,
  context: BimiContext,
): Promise<Checked> {
  const { timeoutMs = defaultTimeoutMs, maxIndicatorOctets = recommendedSvgOctets } = context.options;
  const deadline = Math.min(
    context.deadline ?? Number.POSITIVE_INFINITY,
    context.clock.monotonic() + timeoutMs,
  );
  const [indicator, evidence] = await Promise.all([
    unrejecting(fetch, location, { deadline, maxOctets: maxIndicatorOctets }),
    authority === undefined
      ? undefined
      : unrejecting(fetch, authority, { deadline, maxOctets: maxEvidenceOctets }),
  ]);
  const status = evidence && authorityOf(evidence, subject, context);
  if (indicator.kind === "failure")
    return { ...unavailable("location-unavailable", indicator), ...status?.toldAnyway };
  const svg = checkedSvg(indicator.octets, maxIndicatorOctets);
  if (svg.problem !== undefined)
    return { result: "fail", problem: "indicator-invalid", detail: svg.problem, ...status?.toldAnyway };
  const shown = context.options.keepIndicator === true ? { indicator: svg.svg } : {};
  if (status === undefined) return { authorityStatus: "none", ...shown };
  return status.embedded === undefined
    ? status.outcome
    : compared(svg.svg, status.embedded, status.outcome, shown);
}

interface AuthorityStatus {
  /** Of the result when the indicator itself is good. */
  readonly outcome: Checked;
  /** What is told of the evidence when the indicator is not there or not good. */
  readonly toldAnyway: Checked;
  /** The embedded indicator of a certificate that may be relied on. */
  readonly embedded?: Buffer;
}

function authorityOf(evidence: FetchOutcome, subject: MarkSubject, context: BimiContext): AuthorityStatus {
  if (evidence.kind === "failure") {
    const outcome = unavailable("authority-unavailable", evidence);
    return { outcome: { ...outcome, authorityStatus: "none" }, toldAnyway: { authorityStatus: "none" } };
  }
  const { roots, maxIndicatorOctets = recommendedSvgOctets } = context.options;
  const checked = checkEvidence(evidence.octets, subject, {
    ...(roots !== undefined && { roots }),
    now: context.clock.now(),
    maxSvgOctets: maxIndicatorOctets,
  });
  return statusOf(checked, context.options.requireEvidence ?? true);
}

function statusOf(checked: CheckedEvidence, required: boolean): AuthorityStatus {
  if (checked.problem !== undefined) {
    const { problem, detail } = checked;
    const outcome: Checked = {
      result: "fail",
      authorityStatus: "fail",
      problem,
      ...(detail !== undefined && { detail }),
    };
    return { outcome, toldAnyway: { authorityStatus: "fail" } };
  }
  const { kind, trusted, svg } = checked;
  if (trusted) {
    const outcome: Checked = { authorityStatus: "pass", evidence: kind };
    return { outcome, toldAnyway: { authorityStatus: "pass" }, embedded: svg };
  }
  // Nobody is trusted here, so it is as if no evidence had been presented (§7.3 step 3).
  const outcome: Checked = { authorityStatus: "none", problem: "certificate-untrusted" };
  const toldAnyway: Checked = { authorityStatus: "none" };
  return required
    ? { outcome: { ...outcome, result: "fail" }, toldAnyway }
    : { outcome, toldAnyway, embedded: svg };
}

/** §7.9: "the SVG Indicator referenced by the bimi-location is identical to the SVG Indicator extracted". */
function compared(svg: Buffer, embedded: Buffer, outcome: Checked, shown: Checked): Checked {
  if (svg.equals(embedded)) return { ...outcome, ...shown };
  return { result: "fail", authorityStatus: "fail", problem: "certificate-indicator-mismatch" };
}

function unavailable(
  problem: Extract<BimiProblem, `${string}-unavailable`>,
  failure: Extract<FetchOutcome, { kind: "failure" }>,
): Checked {
  return { result: failure.temporary ? "temperror" : "fail", problem, detail: failure.problem };
}

async function unrejecting(fetch: BimiFetch, uri: string, options: FetchOptions): Promise<FetchOutcome> {
  try {
    return await fetch(uri, options);
  } catch {
    return { kind: "failure", problem: "connection-failed", temporary: true };
  }
}

interface RememberedSvg {
  readonly maxOctets: number;
  readonly checked: CheckedSvg;
}
/** A cache behind `fetch` gives the same buffer for many messages; it is checked once. */
const remembered = new WeakMap<Buffer, RememberedSvg>();

function checkedSvg(octets: Buffer, maxOctets: number): CheckedSvg {
  const known = remembered.get(octets);
  if (known?.maxOctets === maxOctets) return known.checked;
  const checked = checkSvg(octets, maxOctets);
  remembered.set(octets, { maxOctets, checked });
  return checked;
}
