import type { PolicyConfig, VerdictSetting, VerdictSettings } from "../../config/policy-config.ts";
import type { AuthResults } from "../../core/results.ts";
import { basis, basisRule } from "./basis.ts";
import { iprevAnswer, type SmtpAnswer, spfAnswer } from "./smtp-texts.ts";
import { localPolicy, silent, type Vote } from "./vote.ts";

/** What a verdict of SPF alone asks for. */
export function spfVote({ spf, dmarc }: AuthResults, policy: PolicyConfig, vouched: boolean): Vote {
  const setting = spf && settingFor(spf.result, policy.spf);
  if (spf === undefined || setting === undefined) return silent("spf");
  const why = [basis(`spf.${spf.result as Failure}`, spf.domain)];
  // RFC 9989 §7.1: a signature of the author's own stands even where forwarding breaks SPF.
  if (dmarc.result === "pass") return silent("spf", [...why, basis("spf.spared-by-dmarc")]);
  if (vouched) return silent("spf", [...why, basis("spf.spared-by-list")]);
  const identity = spf.identity === "helo" ? "HELO" : "MAIL FROM";
  return checkVote("spf", setting, why, spfAnswer(spf, codeOf(setting)), `SPF ${identity} for ${spf.domain}`);
}

/** What a verdict of iprev alone asks for. */
export function iprevVote({ iprev }: AuthResults, policy: PolicyConfig, knownNetwork: boolean): Vote {
  const setting = iprev && settingFor(iprev.result, policy.iprev);
  if (iprev === undefined || setting === undefined) return silent("iprev");
  const why = [basis(`iprev.${iprev.result as Failure}`, iprev.ip)];
  if (knownNetwork) return silent("iprev", [...why, basis("iprev.spared-by-list")]);
  return checkVote("iprev", setting, why, iprevAnswer(iprev, codeOf(setting)), "reverse DNS");
}

type Failure = "fail" | "permerror" | "temperror";
type Acting = Exclude<VerdictSetting, "record">;

/** Undefined where nothing is to be done. RFC 7208 §8.2, §8.5: neutral and softfail are no reason to refuse. */
function settingFor(word: string, { onFail, onPermerror, onTemperror }: VerdictSettings): Acting | undefined {
  const settings: Readonly<Record<string, VerdictSetting>> = {
    fail: onFail,
    permerror: onPermerror,
    temperror: onTemperror,
  };
  const setting = settings[word] ?? "record";
  return setting === "record" ? undefined : setting;
}

function codeOf(setting: Acting): SmtpAnswer["code"] {
  return setting === "defer" ? 451 : 550;
}

function checkVote(
  method: "spf" | "iprev",
  action: Acting,
  why: readonly string[],
  answer: SmtpAnswer,
  failed: string,
): Vote {
  const vote = { method, action, why, reasons: [localPolicy(basisRule(why[0] ?? method))], answer } as const;
  return action === "reject" ? { ...vote, failed } : vote;
}
