import type { Config } from "../config/config.ts";
import type { BodyRule, RuleId } from "../config/policy-config.ts";
import { trustedSealer } from "../core/arc/trusted.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { ArcResult, AuthResults, DmarcResult } from "../core/results.ts";
import type { ClientTrust } from "../trust/classify-client.ts";
import { listSigns } from "./list-signs.ts";
import { brokenHeaderRules, watchedRules } from "./message-rules.ts";
import { type Decision, decide } from "./policy.ts";
import type { PolicyInput } from "./policy-input.ts";

/** What is known of a message when it ends. */
export interface DisposalFacts {
  readonly results: AuthResults | undefined;
  readonly head: MessageHead | undefined;
  readonly client: Pick<ClientTrust, "origin" | "spfClient">;
  readonly smtputf8: boolean;
  readonly brokenBodyRules: readonly BodyRule[];
}

export interface Disposal {
  readonly decision: Decision;
  /** What the shadow would have done, where that is something else. */
  readonly shadow?: Decision;
  /** Message rules that are broken and not off, in force or in the shadow. */
  readonly broken: readonly RuleId[];
}

/** Decides by the setting in force, and by the shadow when there is one. */
export function dispose(facts: DisposalFacts, config: Pick<Config, "verify" | "hostname">): Disposal {
  const { policy, shadow } = config.verify;
  const input = policyInput(facts, config);
  const decision = decide(input, policy);
  const shadowDecision = shadow && decide(input, shadow);
  return {
    decision,
    broken: input.broken,
    ...(shadowDecision !== undefined &&
      shadowDecision.action !== decision.action && { shadow: shadowDecision }),
  };
}

const rulesOfConfig = new WeakMap<Config["verify"], ReadonlySet<RuleId>>();

/** The rules that the setting in force or the shadow look at. */
export function rulesOf(verify: Config["verify"]): ReadonlySet<RuleId> {
  const known = rulesOfConfig.get(verify);
  if (known !== undefined) return known;
  const { policy, shadow } = verify;
  const rules = watchedRules(shadow === undefined ? [policy.rules] : [policy.rules, shadow.rules]);
  rulesOfConfig.set(verify, rules);
  return rules;
}

function policyInput(
  { results, head, client, smtputf8, brokenBodyRules }: DisposalFacts,
  { verify, hostname }: Pick<Config, "verify" | "hostname">,
): PolicyInput {
  const { spfClient } = client;
  const sealer = results?.arc && vouchingSealer(results.arc, results.dmarc, verify.arc.trustedSealers);
  const ofHeader =
    head === undefined || results === undefined
      ? []
      : brokenHeaderRules(head, { smtputf8, fromProblem: results.dmarc.problem }, rulesOf(verify));
  return {
    results,
    origin: client.origin,
    ...(spfClient !== undefined && { clientIp: spfClient.ip }),
    ...(spfClient?.helo !== undefined && { helo: comparableName(spfClient.helo) }),
    hostname,
    signs: head === undefined ? { listIds: [], fields: [] } : listSigns(head),
    ...(sealer !== undefined && { sealer }),
    broken: [...ofHeader, ...brokenBodyRules],
  };
}

/** An address literal and the like stay as they are: they are nobody's name. */
function comparableName(helo: string): string {
  return toAsciiDomain(helo) ?? helo.toLowerCase();
}

/** The trusted sealer, when the author domain passed DMARC as the message came to it or to one it vouches for. */
function vouchingSealer(
  arc: ArcResult,
  { domain }: DmarcResult,
  trusted: readonly string[],
): string | undefined {
  const sealer = trustedSealer(arc, trusted, domain);
  return sealer?.dmarcPassed === true ? sealer.domain : undefined;
}
