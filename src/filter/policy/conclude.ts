import type { PolicyConfig } from "../../config/policy-config.ts";
import { basisRule } from "./basis.ts";
import type { Decision } from "./decision.ts";
import type { PolicyInput } from "./input.ts";
import { rulesFields } from "./rules-vote.ts";
import { type SmtpAnswer, severalFailures } from "./smtp-texts.ts";
import type { Vote } from "./vote.ts";

export const quarantineField = "X-Sekisho-Quarantine";

const rank: Readonly<Record<Vote["action"], number>> = {
  none: 0,
  header: 1,
  quarantine: 2,
  // Before quarantine: what DNS does not tell now it may tell later.
  defer: 3,
  reject: 4,
};

/** The decision that the strictest of the votes makes. DMARC's is the first of them. */
export function conclude(votes: readonly Vote[], input: PolicyInput, policy: PolicyConfig): Decision {
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
  switch (strictest.action) {
    case "reject":
      return { ...base, action: "reject", ...answered(refusal(deciding)), fields: [] };
    case "defer":
      return { ...base, action: "defer", ...answered(strictest.answer), fields: [] };
    case "quarantine":
      return { ...base, ...quarantined(strictest, input, policy) };
    case "header":
    case "none":
      return { ...base, action: strictest.action, fields: rulesFields(input, policy) };
  }
}

function answered(answer: SmtpAnswer | undefined): Pick<Decision, "answer"> {
  return answer === undefined ? {} : { answer };
}

/** RFC 7372 §4: several failed checks have a code of their own. A rule of form is no such check. */
function refusal(rejecting: readonly Vote[]): SmtpAnswer | undefined {
  const checks = rejecting.filter(({ failed }) => failed !== undefined);
  if (checks.length < 2) return (checks[0] ?? rejecting[0])?.answer;
  return severalFailures(checks.map(({ failed }) => failed ?? ""));
}

function quarantined(
  vote: Vote,
  input: PolicyInput,
  policy: PolicyConfig,
): Pick<Decision, "action" | "fields" | "holdReason"> {
  const fields = rulesFields(input, policy);
  if (policy.quarantineAction === "hold") return { action: "hold", fields, holdReason: holdText(vote) };
  return { action: "quarantine", fields: [{ name: quarantineField, value: noteText(vote) }, ...fields] };
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
