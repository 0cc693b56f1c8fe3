import type { PolicyConfig } from "../../config/policy-config.ts";
import { basis } from "./basis.ts";
import { conclude } from "./conclude.ts";
import type { Decision } from "./decision.ts";
import { dmarcVote } from "./dmarc-vote.ts";
import type { PolicyInput } from "./input.ts";
import { isOfKnownNetwork, knownList } from "./known-lists.ts";
import { rulesVote } from "./rules-vote.ts";
import { iprevVote, spfVote } from "./verdict-votes.ts";
import { localPolicy, type Vote } from "./vote.ts";

/**
 * What is done with a message: the strictest of what DMARC, SPF, iprev and the message rules ask for, each by its own
 * setting. Pure. The published policy is applied as RFC 9989 §5.4 and §7.4 want it: never harsher than asked for, and
 * refused only with a second reason, unless the operator says otherwise.
 */
export function decide(input: PolicyInput, policy: PolicyConfig): Decision {
  const { results } = input;
  if (results === undefined) return { action: "none", reasons: [], why: [], fields: [] };
  const entry = knownList(input, results, policy.lists);
  const vouched = input.sealer !== undefined || entry?.proven === true;
  const votes = [
    dmarcVote(input, results, policy, entry),
    spfVote(results, policy, vouched),
    iprevVote(results, policy, isOfKnownNetwork(input, policy.lists)),
    rulesVote(input, policy),
  ];
  return conclude(
    votes.map((vote) => lowered(vote, input, policy)),
    input,
    policy,
  );
}

/**
 * Whether the message would be refused if its author domain turned out to be parked, and not without that: only then
 * DNS need be asked about it.
 */
export function hangsOnParked(input: PolicyInput, policy: PolicyConfig): boolean {
  if (input.results?.dmarc.result !== "fail" || policy.enforce !== "reject") return false;
  if (decide(input, policy).action === "reject") return false;
  return decide({ ...input, parked: true }, policy).action === "reject";
}

/**
 * Mail from our own networks has an owner to talk to, and a relay that is refused would send a bounce to a sender who
 * may be forged: neither is refused unless the operator wants it.
 */
function lowered(vote: Vote, input: PolicyInput, policy: PolicyConfig): Vote {
  const spared = vote.action === "reject" ? sparedAs(input, policy) : undefined;
  if (spared === undefined) return vote;
  const { answer: _, failed: __, ...kept } = vote;
  const comment = spared === "own" ? "not rejected: own network" : "not rejected: came by a relay";
  return {
    ...kept,
    action: "quarantine",
    why: [...vote.why, basis(`lowered.${spared}`)],
    reasons: [...vote.reasons, localPolicy(comment)],
  };
}

function sparedAs({ origin }: PolicyInput, policy: PolicyConfig): "own" | "relay" | undefined {
  if (origin === "own" && !policy.rejectOwn) return "own";
  return origin === "relay" && !policy.rejectRelayed ? "relay" : undefined;
}
