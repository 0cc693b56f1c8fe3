import type { PolicyConfig, RuleSetting } from "../../config/policy-config.ts";
import { basis } from "./basis.ts";
import type { AddedField } from "./decision.ts";
import type { PolicyInput } from "./input.ts";
import { ruleRefusal } from "./smtp-texts.ts";
import { localPolicy, silent, type Vote } from "./vote.ts";

export const rulesField = "X-Sekisho-Rules";

/** What the broken message rules ask for. */
export function rulesVote(input: PolicyInput, policy: PolicyConfig): Vote {
  const refused = brokenAs(["reject"], input, policy);
  const [first] = refused;
  if (first === undefined) return markedVote(brokenAs(["header"], input, policy));
  return {
    method: "rules",
    action: "reject",
    why: refused.map((id) => basis("rule", id)),
    reasons: [localPolicy(`rule ${first}`)],
    answer: ruleRefusal(first),
    note: [`rule=${first}`],
  };
}

function markedVote(marked: PolicyInput["broken"]): Vote {
  if (marked.length === 0) return silent("rules");
  return { method: "rules", action: "header", why: marked.map((id) => basis("rule", id)), reasons: [] };
}

/** The field that names broken rules, for those that the operator wants named or would refuse by. */
export function rulesFields(input: PolicyInput, policy: PolicyConfig): AddedField[] {
  const named = brokenAs(["header", "reject"], input, policy);
  return named.length === 0 ? [] : [{ name: rulesField, value: named.join(", ") }];
}

function brokenAs(
  settings: readonly RuleSetting[],
  { broken }: PolicyInput,
  { rules }: PolicyConfig,
): PolicyInput["broken"] {
  return broken.filter((id) => settings.includes(rules[id]));
}
