import type { PolicyConfig } from "../../config/policy-config.ts";
import type { AuthResults, DmarcPolicy, DmarcResult } from "../../core/results.ts";
import type { DispositionReason } from "../../store/record.ts";
import { basis } from "./basis.ts";
import { harshVote } from "./harsh-vote.ts";
import type { PolicyInput } from "./input.ts";
import { entryText, type KnownEntry } from "./known-lists.ts";
import { secondReasons } from "./second-reasons.ts";
import { localPolicy, silent, type Vote } from "./vote.ts";

/** What the author domain asks for, as entries of `Decision`. */
interface Asked {
  readonly why: readonly string[];
  readonly reasons: readonly DispositionReason[];
}

/** What the author domain publishes, and what t= and pct= take from it. */
export function askedFor({ policy, appliedPolicy, testing, sampledOut, policyDomain }: DmarcResult): Asked {
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

interface Published extends Asked {
  readonly wanted: DmarcPolicy;
  /** A list that the message names and nothing proves: a proven one has vouched for it already. */
  readonly unproven: KnownEntry | undefined;
}

/** RFC 9989 §5.4, §7.4: what becomes of the published policy. */
export function publishedVote(
  input: PolicyInput,
  results: AuthResults,
  policy: PolicyConfig,
  published: Published,
): Vote {
  const { why, reasons, wanted } = published;
  // §5.4: p=none changes nothing.
  if (wanted === "none") return silent("dmarc", why, reasons);
  if (policy.enforce === "monitor")
    return silent("dmarc", [...why, basis("enforce.monitor")], [...reasons, localPolicy("monitoring only")]);
  if (wanted === "quarantine") return harshVote(results.dmarc, "quarantine", why, reasons);
  const spared = sparedFromRefusal(policy, published);
  if (spared !== undefined) return quarantined(results, published, spared);
  if (policy.rejectAlone) return harshVote(results.dmarc, "reject", [...why, basis("reject-alone")], reasons);
  return refusalVote(input, results, policy, published);
}

interface Instead {
  readonly why: string;
  readonly reason: DispositionReason;
}

function quarantined({ dmarc }: AuthResults, { why, reasons }: Asked, instead: Instead): Vote {
  return harshVote(dmarc, "quarantine", [...why, instead.why], [...reasons, instead.reason]);
}

function sparedFromRefusal(policy: PolicyConfig, { unproven }: Published): Instead | undefined {
  if (policy.enforce === "quarantine")
    return { why: basis("enforce.quarantine"), reason: localPolicy("reject applied as quarantine") };
  if (policy.rejectAlone || unproven === undefined) return undefined;
  return { why: basis("list.unproven", entryText(unproven.entry)), reason: { type: "mailing_list" } };
}

/** §7.4: "MUST NOT reject incoming messages solely on the basis of" p=reject; without more it counts as quarantine. */
function refusalVote(
  input: PolicyInput,
  results: AuthResults,
  policy: PolicyConfig,
  published: Published,
): Vote {
  const seconds = secondReasons(input, results, policy);
  if (seconds.length === 0)
    return quarantined(results, published, {
      why: basis("second.none"),
      reason: localPolicy("no second reason to reject (RFC 9989 section 7.4)"),
    });
  return harshVote(results.dmarc, "reject", [...published.why, ...seconds.toReversed()], published.reasons);
}
