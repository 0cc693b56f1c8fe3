import type {
  DomainOverride,
  KnownList,
  PolicyConfig,
  RuleSetting,
  VerdictSetting,
} from "../config/policy-config.ts";
import { isWithin } from "../core/domain-name.ts";
import { inNetwork } from "../core/ip.ts";
import type { AuthResults, DmarcPolicy, DmarcResult } from "../core/results.ts";
import type { Action, DispositionReason } from "../store/record.ts";
import { domainOverride } from "./overrides.ts";
import { type BasisRule, basis, basisRule } from "./policy-basis.ts";
import type { PolicyInput } from "./policy-input.ts";
import { secondReasons } from "./second-reasons.ts";
import {
  authorRefusal,
  dmarcDeferral,
  dmarcRefusal,
  iprevAnswer,
  ruleRefusal,
  type SmtpAnswer,
  severalFailures,
  spfAnswer,
} from "./smtp-texts.ts";

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

export const quarantineField = "X-Sekisho-Quarantine";
export const rulesField = "X-Sekisho-Rules";

type Method = "dmarc" | "spf" | "iprev" | "rules";

/** What one method asks for. */
interface Vote {
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

/**
 * What is done with a message: the strictest of what DMARC, SPF, iprev and the message rules ask for, each by its own
 * setting. Pure. The published policy is applied as RFC 9989 §5.4 and §7.4 want it: never harsher than asked for, and
 * refused only with a second reason, unless the operator says otherwise.
 */
export function decide(input: PolicyInput, policy: PolicyConfig): Decision {
  const { results } = input;
  if (results === undefined) return { action: "none", reasons: [], why: [], fields: [] };
  const entry = knownList(input, results, policy.lists);
  const votes = [
    dmarcVote(input, results, policy, entry),
    spfVote(results, policy, passesFor(input, entry)),
    iprevVote(results, policy, isOfKnownNetwork(input, policy.lists)),
    rulesVote(input, policy),
  ];
  return conclude(
    votes.map((vote) => lowered(vote, input, policy)),
    input,
    policy,
  );
}

// ---------------------------------------------------------------- putting together

const rank: Readonly<Record<Vote["action"], number>> = {
  none: 0,
  header: 1,
  quarantine: 2,
  // Before quarantine: what DNS does not tell now it may tell later.
  defer: 3,
  reject: 4,
};

function conclude(votes: readonly Vote[], input: PolicyInput, policy: PolicyConfig): Decision {
  const strictest = votes.reduce<Vote>(
    (best, vote) => (rank[vote.action] > rank[best.action] ? vote : best),
    votes[0] as Vote,
  );
  const deciding = votes.filter(({ action }) => action === strictest.action);
  // A field more is no disposition: then the reasons are those why DMARC's policy was not applied.
  const applied = rank[strictest.action] >= rank.quarantine;
  const base = {
    why: votes.flatMap(({ why }) => why),
    reasons: applied ? deciding.flatMap(({ reasons }) => reasons) : (votes[0]?.reasons ?? []),
  };
  const fields = rulesFields(input, policy);
  switch (strictest.action) {
    case "reject":
      return { ...base, action: "reject", ...answered(refusal(deciding)), fields: [] };
    case "defer":
      return { ...base, action: "defer", ...answered(strictest.answer), fields: [] };
    case "quarantine":
      return policy.quarantineAction === "hold"
        ? { ...base, action: "hold", fields, holdReason: holdText(strictest) }
        : {
            ...base,
            action: "quarantine",
            fields: [{ name: quarantineField, value: noteText(strictest) }, ...fields],
          };
    case "header":
    case "none":
      return { ...base, action: strictest.action, fields };
  }
}

function answered(answer: SmtpAnswer | undefined): { readonly answer?: SmtpAnswer } {
  return answer === undefined ? {} : { answer };
}

/** RFC 7372 §4: several failed checks have a code of their own. A rule of form is no such check. */
function refusal(rejecting: readonly Vote[]): SmtpAnswer | undefined {
  const checks = rejecting.filter(({ failed }) => failed !== undefined);
  if (checks.length < 2) return (checks[0] ?? rejecting[0])?.answer;
  return severalFailures(checks.map(({ failed }) => failed ?? ""));
}

/** `dmarc; domain=a.example; policy=reject; reason=second.none` */
function noteText({ method, note = [], why }: Vote): string {
  return [method, ...note, ...lastReason(why)].join("; ");
}

/** Octets of it that Postfix logs; Sendmail lists fewer. */
const maxHoldText = 100;

/** The same the other way round: what is cut off is the end of a long domain. */
function holdText({ method, note = [], why }: Vote): string {
  return [method, ...lastReason(why), ...note.toReversed()].join("; ").slice(0, maxHoldText);
}

function lastReason(why: readonly string[]): readonly string[] {
  const last = why.at(-1);
  return last === undefined ? [] : [`reason=${basisRule(last)}`];
}

/**
 * Mail from our own networks has an owner to talk to, and a relay that is refused would send a bounce to a sender who
 * may be forged: neither is refused unless the operator wants it.
 */
function lowered(vote: Vote, { origin }: PolicyInput, policy: PolicyConfig): Vote {
  if (vote.action !== "reject") return vote;
  const spared =
    origin === "own" && !policy.rejectOwn
      ? ("own" as const)
      : origin === "relay" && !policy.rejectRelayed
        ? ("relay" as const)
        : undefined;
  if (spared === undefined) return vote;
  const { answer: _, failed: __, ...kept } = vote;
  return {
    ...kept,
    action: "quarantine",
    why: [...vote.why, basis(`lowered.${spared}`)],
    reasons: [
      ...vote.reasons,
      localPolicy(spared === "own" ? "not rejected: own network" : "not rejected: came by a relay"),
    ],
  };
}

function localPolicy(comment: string): DispositionReason {
  return { type: "local_policy", comment };
}

function silent(
  method: Method,
  why: readonly string[] = [],
  reasons: readonly DispositionReason[] = [],
): Vote {
  return { method, action: "none", why, reasons };
}

// ---------------------------------------------------------------- lists and forwarders

interface KnownEntry {
  readonly entry: KnownList;
  /** The client's network or an authenticated domain says so, not only a field that anybody may write. */
  readonly proven: boolean;
}

/** The entry that a message fits, one that proves itself first. */
function knownList(
  input: PolicyInput,
  results: AuthResults,
  lists: readonly KnownList[],
): KnownEntry | undefined {
  const fitting = lists.filter((entry) => fits(entry, input, results));
  const proven = fitting.find(({ domain, network }) => domain !== undefined || network !== undefined);
  const [first] = fitting;
  if (proven !== undefined) return { entry: proven, proven: true };
  return first === undefined ? undefined : { entry: first, proven: false };
}

function fits({ listId, domain, network }: KnownList, input: PolicyInput, results: AuthResults): boolean {
  if (listId !== undefined && !input.signs.listIds.includes(listId)) return false;
  if (domain !== undefined && !isProven(domain, results)) return false;
  return network === undefined || isFrom(network, input);
}

function isFrom({ address, prefix }: NonNullable<KnownList["network"]>, { clientIp }: PolicyInput): boolean {
  return clientIp !== undefined && inNetwork(clientIp, address, prefix);
}

/** Whatever else an entry asks for: it is about the address. */
function isOfKnownNetwork(input: PolicyInput, lists: readonly KnownList[]): boolean {
  return lists.some(({ network }) => network !== undefined && isFrom(network, input));
}

function isProven(domain: string, { dkim, spf }: AuthResults): boolean {
  const identifiers = spf === undefined ? dkim : [...dkim, spf];
  return identifiers.some((one) => one.result === "pass" && isWithin(one.domain, domain));
}

function entryText({ listId, domain, network }: KnownList): string {
  return [listId, domain, network?.text].filter((part) => part !== undefined).join(" ");
}

/** Whether somebody known vouches for what DMARC and SPF cannot say. */
function passesFor({ sealer }: PolicyInput, known: KnownEntry | undefined): boolean {
  return sealer !== undefined || known?.proven === true;
}

// ---------------------------------------------------------------- DMARC

function dmarcVote(
  input: PolicyInput,
  results: AuthResults,
  policy: PolicyConfig,
  known: KnownEntry | undefined,
): Vote {
  const { dmarc } = results;
  switch (dmarc.result) {
    case "pass":
      return silent("dmarc");
    case "temperror":
      // RFC 9989 §5.3.6: the policy cannot be applied.
      return undecidedVote(dmarc, policy);
    case "permerror":
      return noAuthorVote(dmarc, noAuthorSetting(policy));
    case "none":
      return unpublishedVote(results, policy);
    case "fail":
      return failVote(input, results, policy, known);
  }
}

type NoAuthorSetting = Exclude<PolicyConfig["dmarc"]["onPermerror"], "auto">;

/** RFC 9989 §11.5: whoever enforces policies must not let them be dodged by a From of two authors. */
function noAuthorSetting({ enforce, dmarc }: PolicyConfig): NoAuthorSetting {
  if (dmarc.onPermerror !== "auto") return dmarc.onPermerror;
  return enforce === "monitor" ? "record" : "quarantine";
}

function noAuthorVote(dmarc: DmarcResult, setting: NoAuthorSetting): Vote {
  if (setting === "record") return silent("dmarc");
  return {
    method: "dmarc",
    action: setting,
    why: [basis("dmarc.permerror", dmarc.problem)],
    reasons: [localPolicy("no single author domain")],
    note: [`problem=${dmarc.problem ?? "permerror"}`],
    ...(setting === "reject" && { answer: authorRefusal(dmarc), failed: "DMARC" }),
  };
}

function undecidedVote(dmarc: DmarcResult, policy: PolicyConfig): Vote {
  if (policy.dmarc.onTemperror === "record") return silent("dmarc");
  return {
    method: "dmarc",
    action: "defer",
    why: [basis("dmarc.temperror")],
    reasons: [localPolicy("DMARC could not be evaluated")],
    answer: dmarcDeferral(dmarc),
  };
}

/** Without a record only the operator's own word counts. */
function unpublishedVote(results: AuthResults, policy: PolicyConfig): Vote {
  const { dmarc } = results;
  const entry = domainOverride(dmarc.domain, policy.overrides);
  if (dmarc.domain === undefined || entry === undefined || entry.action === "none") return silent("dmarc");
  const verdicts = authorVerdicts(dmarc.domain, entry, results);
  if (verdicts.has("pass")) return silent("dmarc");
  // As RFC 9989 §5.3.6 has it for published policies: what DNS hides may be a pass.
  if (verdicts.has("temperror")) return undecidedVote(dmarc, policy);
  return overrideVote(dmarc, entry.domain, entry.action, []);
}

/** What SPF and signatures come to for the author domain itself, or under an entry that is for all names below its own. */
function authorVerdicts(
  author: string,
  { domain, includeSubdomains }: DomainOverride,
  { spf, dkim }: AuthResults,
): ReadonlySet<string> {
  const isAuthors = (one: string): boolean =>
    isWithin(one, author) || (includeSubdomains && isWithin(one, domain));
  const signatures = dkim.filter(({ signer, domain: d }) => signer === "author" || isAuthors(d));
  const identifiers = spf !== undefined && isAuthors(spf.domain) ? [spf, ...signatures] : signatures;
  return new Set(identifiers.map(({ result }) => result));
}

function failVote(
  input: PolicyInput,
  results: AuthResults,
  policy: PolicyConfig,
  known: KnownEntry | undefined,
): Vote {
  const { dmarc } = results;
  const asked = askedFor(dmarc);
  const entry = domainOverride(dmarc.domain, policy.overrides);
  const wanted = entry?.action ?? dmarc.appliedPolicy ?? "none";
  const voucher = voucherOf(input, known);
  if (voucher !== undefined && (dmarc.policy !== "none" || wanted !== "none"))
    return silent("dmarc", [...asked.why, voucher.why], [...asked.reasons, voucher.reason]);
  if (entry?.action === "none")
    return silent(
      "dmarc",
      [...asked.why, basis("override.none", entry.domain)],
      [...asked.reasons, localPolicy("policy not applied to this domain")],
    );
  if (results.spf === undefined && wanted !== "none")
    return silent(
      "dmarc",
      [...asked.why, basis("dmarc.spf-unknown")],
      [...asked.reasons, localPolicy("SPF could not be evaluated")],
    );
  if (entry !== undefined) return overrideVote(dmarc, entry.domain, entry.action as Harsher, asked.why);
  return publishedVote(input, results, policy, { ...asked, wanted, unproven: known });
}

interface Asked {
  readonly why: readonly string[];
  readonly reasons: readonly DispositionReason[];
}

/** What the author domain publishes, and what t= and pct= take from it. */
function askedFor({ policy, appliedPolicy, testing, sampledOut, policyDomain }: DmarcResult): Asked {
  if (policy === undefined || policy === "none") return { why: [], reasons: [] };
  const why = [basis(`dmarc.${policy}`, policyDomain)];
  if (appliedPolicy === policy) return { why, reasons: [] };
  if (sampledOut === true)
    return { why: [...why, basis("dmarc.sampled-out")], reasons: [{ type: "other", comment: "pct" }] };
  // RFC 9989 §4.7 t=y: one level less.
  return testing === true
    ? { why: [...why, basis("dmarc.testing")], reasons: [{ type: "policy_test_mode" }] }
    : { why, reasons: [] };
}

interface Voucher {
  readonly why: string;
  readonly reason: DispositionReason;
}

function voucherOf({ sealer }: PolicyInput, known: KnownEntry | undefined): Voucher | undefined {
  if (known?.proven === true) {
    const { listId } = known.entry;
    return listId === undefined
      ? { why: basis("forwarder.known", entryText(known.entry)), reason: { type: "trusted_forwarder" } }
      : {
          why: basis("list.known", entryText(known.entry)),
          reason: { type: "mailing_list", comment: listId },
        };
  }
  if (sealer === undefined) return undefined;
  return {
    why: basis("sealer.trusted", sealer),
    reason: { type: "trusted_forwarder", comment: `arc=pass, sealed by ${sealer}` },
  };
}

type Harsher = "quarantine" | "reject";

function overrideVote(dmarc: DmarcResult, domain: string, action: Harsher, asked: readonly string[]): Vote {
  const rule: BasisRule = action === "reject" ? "second.operator-entry" : "override.quarantine";
  return harshVote(dmarc, action, [...asked, basis(rule, domain)], [localPolicy("entry for this domain")]);
}

function harshVote(
  dmarc: DmarcResult,
  action: Harsher,
  why: readonly string[],
  reasons: readonly DispositionReason[],
): Vote {
  const note = [`domain=${dmarc.domain ?? ""}`, `policy=${dmarc.policy ?? "none"}`];
  const vote = { method: "dmarc", action, why, reasons, note } as const;
  if (action === "quarantine") return vote;
  const word = basisRule(why.at(-1) ?? "").replace(/^second\./, "");
  const whose = dmarc.policy === "reject" ? "DMARC" : "local";
  return { ...vote, answer: dmarcRefusal(dmarc, word), failed: `${whose} policy for ${dmarc.domain ?? ""}` };
}

interface Published extends Asked {
  readonly wanted: DmarcPolicy;
  readonly unproven: KnownEntry | undefined;
}

/** RFC 9989 §5.4, §7.4: what becomes of the published policy. */
function publishedVote(
  input: PolicyInput,
  results: AuthResults,
  policy: PolicyConfig,
  { why, reasons, wanted, unproven }: Published,
): Vote {
  const { dmarc } = results;
  // §5.4: p=none changes nothing.
  if (wanted === "none") return silent("dmarc", why, reasons);
  if (policy.enforce === "monitor")
    return silent("dmarc", [...why, basis("enforce.monitor")], [...reasons, localPolicy("monitoring only")]);
  if (wanted === "quarantine") return harshVote(dmarc, "quarantine", why, reasons);
  const quarantined = (rule: string, reason: DispositionReason): Vote =>
    harshVote(dmarc, "quarantine", [...why, rule], [...reasons, reason]);
  if (policy.enforce === "quarantine")
    return quarantined(basis("enforce.quarantine"), localPolicy("reject applied as quarantine"));
  if (policy.rejectAlone) return harshVote(dmarc, "reject", [...why, basis("reject-alone")], reasons);
  if (unproven !== undefined)
    return quarantined(basis("list.unproven", entryText(unproven.entry)), { type: "mailing_list" });
  // §7.4: "MUST NOT reject incoming messages solely on the basis of" p=reject; without more it counts as quarantine.
  const seconds = secondReasons(input, results, policy);
  if (seconds.length === 0)
    return quarantined(
      basis("second.none"),
      localPolicy("no second reason to reject (RFC 9989 section 7.4)"),
    );
  return harshVote(dmarc, "reject", [...why, ...seconds.toReversed()], reasons);
}

// ---------------------------------------------------------------- SPF, iprev

function spfVote({ spf, dmarc }: AuthResults, { spf: settings }: PolicyConfig, vouched: boolean): Vote {
  if (spf === undefined) return silent("spf");
  const word = spf.result;
  if (word !== "fail" && word !== "permerror" && word !== "temperror") return silent("spf");
  const setting = { fail: settings.onFail, permerror: settings.onPermerror, temperror: settings.onTemperror }[
    word
  ];
  if (setting === "record") return silent("spf");
  const why = [basis(`spf.${word}`, spf.domain)];
  // RFC 9989 §7.1: a signature of the author's own stands even where forwarding breaks SPF.
  if (dmarc.result === "pass") return silent("spf", [...why, basis("spf.spared-by-dmarc")]);
  if (vouched) return silent("spf", [...why, basis("spf.spared-by-list")]);
  const identity = spf.identity === "helo" ? "HELO" : "MAIL FROM";
  return checkVote("spf", setting, why, spfAnswer(spf, codeOf(setting)), `SPF ${identity} for ${spf.domain}`);
}

function iprevVote({ iprev }: AuthResults, policy: PolicyConfig, knownNetwork: boolean): Vote {
  if (iprev === undefined || iprev.result === "pass") return silent("iprev");
  const { onFail, onPermerror, onTemperror } = policy.iprev;
  const setting = { fail: onFail, permerror: onPermerror, temperror: onTemperror }[iprev.result];
  if (setting === "record") return silent("iprev");
  const why = [basis(`iprev.${iprev.result}`, iprev.ip)];
  if (knownNetwork) return silent("iprev", [...why, basis("iprev.spared-by-list")]);
  return checkVote("iprev", setting, why, iprevAnswer(iprev, codeOf(setting)), "reverse DNS");
}

function codeOf(setting: Exclude<VerdictSetting, "record">): SmtpAnswer["code"] {
  return setting === "defer" ? 451 : 550;
}

function checkVote(
  method: "spf" | "iprev",
  action: "defer" | "reject",
  why: readonly string[],
  answer: SmtpAnswer,
  failed: string,
): Vote {
  const vote = { method, action, why, reasons: [localPolicy(basisRule(why[0] ?? method))], answer } as const;
  return action === "reject" ? { ...vote, failed } : vote;
}

// ---------------------------------------------------------------- message rules

function rulesVote({ broken }: PolicyInput, policy: PolicyConfig): Vote {
  const setTo = (setting: RuleSetting): readonly PolicyInput["broken"][number][] =>
    broken.filter((id) => policy.rules[id] === setting);
  const [refused] = setTo("reject");
  if (refused === undefined) {
    const marked = setTo("header");
    const why = marked.map((id) => basis("rule", id));
    return marked.length === 0 ? silent("rules") : { method: "rules", action: "header", why, reasons: [] };
  }
  return {
    method: "rules",
    action: "reject",
    why: setTo("reject").map((id) => basis("rule", id)),
    reasons: [localPolicy(`rule ${refused}`)],
    answer: ruleRefusal(refused),
    note: [`rule=${refused}`],
  };
}

/** The field that names broken rules, for those that the operator wants named or would refuse by. */
function rulesFields({ broken }: PolicyInput, policy: PolicyConfig): AddedField[] {
  const named = broken.filter((id) => policy.rules[id] === "header" || policy.rules[id] === "reject");
  return named.length === 0 ? [] : [{ name: rulesField, value: named.join(", ") }];
}
