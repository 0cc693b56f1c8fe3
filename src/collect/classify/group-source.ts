import { forwarderRule } from "./forwarder-rule.ts";
import { labelOf } from "./label.ts";
import { listRule } from "./list-rule.ts";
import { ownRule } from "./own-rule.ts";
import { providerById } from "./provider.ts";
import { providerRule } from "./provider-rule.ts";
import { rankOf } from "./rank.ts";
import type { Site } from "./site.ts";
import { reason, type SourceFacts, type SourceGroup, type SourceReason } from "./source.ts";
import { spoofedRule, unconfirmedOwnName } from "./spoofed-rule.ts";
import { sentForUs, stateOf } from "./state.ts";
import { confirmedName, type Verdict } from "./verdict.ts";

/**
 * Puts a source into its group, says why, how sure that is, and where it stands in the order of work. Pure: it runs whenever
 * sources are read, so that a better rule or a new label is true of all that was ever reported.
 */
export function groupSource(facts: SourceFacts, site: Site): SourceGroup {
  const verdict = verdictOf(facts, site);
  const state = stateOf(isMailHost(verdict) ? sentForUs(facts) : facts);
  return { ...verdict, state, rank: rankOf(verdict, state, facts) };
}

function isMailHost({ group, provider }: Verdict): boolean {
  return group === "service" && provider !== undefined && providerById(provider)?.class === "mail-host";
}

/** The operator's word, then his networks, then what others are known to be, then what the mail itself tells. */
function verdictOf(facts: SourceFacts, site: Site): Verdict {
  const { organizational } = site;
  return (
    labelRule(facts, site) ??
    ownRule(facts, site) ??
    providerRule(facts, organizational) ??
    listRule(facts, organizational) ??
    forwarderRule(facts, organizational) ??
    spoofedRule(facts, site) ??
    unknownVerdict(facts, site)
  );
}

function labelRule(facts: SourceFacts, site: Site): Verdict | undefined {
  const label = labelOf(facts.ip, confirmedName(facts), site.labels);
  if (label === undefined) return undefined;
  const { group, pattern, name, contact } = label;
  const found = { ...(name !== undefined && { name }), ...(contact !== undefined && { contact }) };
  // Who it belongs to is still what the networks say, unless the label says it.
  const known = ownRule(facts, site);
  const owner = Object.keys(found).length > 0 ? found : known?.owner;
  return {
    group,
    reasons: [reason("label", { label: pattern })],
    confidence: "certain",
    own: group === "own" || group === "own-unknown" || (group === "list" && known?.own === true),
    ...(owner !== undefined && { owner }),
  };
}

function unknownVerdict(facts: SourceFacts, site: Site): Verdict {
  return { group: "unknown", reasons: [unknownReason(facts, site)], confidence: "low", own: false };
}

function unknownReason(facts: SourceFacts, site: Site): SourceReason {
  // Somebody has entered it in the SPF record: it is not anybody, only nobody knows who.
  if (facts.sums.spf > 0) return reason("in-spf", { messages: facts.sums.spf });
  const name = unconfirmedOwnName(facts, site);
  return name === undefined ? reason("nothing-known", {}) : reason("unconfirmed-name", { name });
}
