import type { PolicyConfig } from "../../config/policy-config.ts";
import type { AuthResults, DmarcResult } from "../../core/results.ts";
import { basis } from "./basis.ts";
import type { PolicyInput } from "./input.ts";
import type { KnownEntry } from "./known-lists.ts";
import { authorVerdicts, domainOverride, overrideVote } from "./overrides.ts";
import { askedFor, publishedVote } from "./published-vote.ts";
import { authorRefusal, dmarcDeferral } from "./smtp-texts.ts";
import { localPolicy, silent, type Vote } from "./vote.ts";
import { voucherOf } from "./voucher.ts";

/** What DMARC asks for: the operator's word for a domain first, else the published policy. */
export function dmarcVote(
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
      return unpublishedVote(input, results, policy, known);
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
function unpublishedVote(
  input: PolicyInput,
  results: AuthResults,
  policy: PolicyConfig,
  known: KnownEntry | undefined,
): Vote {
  const { dmarc } = results;
  const entry = domainOverride(dmarc.domain, policy.overrides);
  if (dmarc.domain === undefined || entry === undefined || entry.action === "none") return silent("dmarc");
  const verdicts = authorVerdicts(dmarc.domain, entry, results);
  if (verdicts.has("pass")) return silent("dmarc");
  // As RFC 9989 §5.3.6 has it for published policies: what DNS hides may be a pass.
  if (verdicts.has("temperror")) return undecidedVote(dmarc, policy);
  const voucher = voucherOf(input, known);
  if (voucher !== undefined) return silent("dmarc", [voucher.why], [voucher.reason]);
  if (results.spf === undefined) return silent("dmarc", [spfUnknown.why], [spfUnknown.reason]);
  return overrideVote(dmarc, entry.domain, entry.action, []);
}

const spfUnknown = {
  why: basis("dmarc.spf-unknown"),
  reason: localPolicy("SPF could not be evaluated"),
};

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
  const spared = (why: string, reason: Vote["reasons"][number]): Vote =>
    silent("dmarc", [...asked.why, why], [...asked.reasons, reason]);
  const voucher = voucherOf(input, known);
  if (voucher !== undefined && (dmarc.policy !== "none" || wanted !== "none"))
    return spared(voucher.why, voucher.reason);
  if (entry?.action === "none")
    return spared(basis("override.none", entry.domain), localPolicy("policy not applied to this domain"));
  if (results.spf === undefined && wanted !== "none") return spared(spfUnknown.why, spfUnknown.reason);
  if (entry !== undefined) return overrideVote(dmarc, entry.domain, entry.action, asked.why);
  return publishedVote(input, results, policy, { ...asked, wanted, unproven: known });
}
