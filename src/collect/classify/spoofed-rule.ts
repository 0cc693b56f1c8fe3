import { isGenericName } from "./generic-name.ts";
import { isOwnName } from "./own-rule.ts";
import type { Site } from "./site.ts";
import { type Confidence, reason, type SourceFacts, type SourceReason } from "./source.ts";
import type { Verdict } from "./verdict.ts";

/** A stranger who sends more of our mail than that is worth a look before he is called a forger. */
const lowShare = 0.05;
const manyDomains = 3;

/**
 * Strangers who write our name: nothing passes, and there is more against them than that. What the DNS has not been asked for
 * yet speaks for nobody and against nobody.
 */
export function spoofedRule(facts: SourceFacts, site: Site): Verdict | undefined {
  const { sums, ways, share } = facts;
  if (sums.passed > 0 || sums.messages === 0) return undefined;
  // A signature of ours, though broken: it came from us once.
  if (ways.some(({ dkim }) => dkim === "broken")) return undefined;
  const signs = againstIt(facts, site);
  // What receivers put aside they do by our own policy, with whatever does not pass: it goes along with something else or is nothing.
  if (signs.every(({ id }) => id === "refused")) return undefined;
  const weight =
    signs.length + (signs.some(({ id }) => id === "listed") ? 1 : 0) + (share < lowShare ? 1 : 0);
  if (weight < 2) return undefined;
  return {
    group: "spoofed",
    reasons: [reason("nothing-passes", { messages: sums.messages }), ...signs],
    confidence: confidenceOf(weight),
    own: false,
  };
}

function confidenceOf(weight: number): Confidence {
  if (weight >= 4) return "high";
  return weight === 3 ? "medium" : "low";
}

/** A name of ours that does not lead back speaks for nobody and against nobody: hosts of ours lack an A record often enough. */
export function unconfirmedOwnName({ name }: SourceFacts, site: Site): string | undefined {
  return name?.result === "fail" && name.name !== undefined && isOwnName(name.name, site)
    ? name.name
    : undefined;
}

function againstIt(facts: SourceFacts, site: Site): readonly SourceReason[] {
  const { ip, name, sums, domains, ways } = facts;
  const signs: SourceReason[] = [];
  if (name !== undefined && name.listed.length > 0)
    signs.push(reason("listed", { lists: name.listed.join(", ") }));
  if (name?.result === "permerror") signs.push(reason("no-name", {}));
  if (name?.result === "fail" && name.name !== undefined && unconfirmedOwnName(facts, site) === undefined)
    signs.push(reason("unconfirmed-name", { name: name.name }));
  if (name?.result === "pass" && ip !== undefined && isGenericName(name.name ?? "", ip))
    signs.push(reason("generic-name", { name: name.name ?? "" }));
  const authors = Math.max(domains, new Set(ways.map(({ from }) => from)).size);
  if (authors >= manyDomains) signs.push(reason("many-authors", { authors }));
  const refused = sums.rejected + sums.quarantined;
  if (refused * 2 > sums.messages) signs.push(reason("refused", { messages: refused }));
  return signs;
}
