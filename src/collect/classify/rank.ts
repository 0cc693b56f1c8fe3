import type { SourceFacts, SourceState } from "./source.ts";
import { isListed, type Verdict } from "./verdict.ts";

/**
 * The order of work. First our own hosts that SPF names and that do not sign: DKIM for them costs least and saves most. Last
 * what nobody here can mend: forwarders, rented servers of strangers, addresses of bad repute.
 */
export const ranks = {
  ownUnsigned: 10,
  ownFailing: 20,
  serviceUnsigned: 30,
  serviceFailing: 40,
  unknown: 50,
  list: 60,
  works: 70,
  gateway: 80,
  forwarder: 81,
  hosting: 85,
  spoofed: 90,
  listed: 95,
} as const;

/** @returns One of `ranks`; among equals the one with more messages comes first. */
export function rankOf(
  verdict: Verdict,
  state: SourceState,
  facts: Pick<SourceFacts, "sums" | "name">,
): number {
  const { group, own } = verdict;
  if (own) return ownRank(state);
  if (isListed(facts.name) && verdict.confidence !== "certain") return ranks.listed;
  switch (group) {
    case "own":
    case "own-unknown":
      return ownRank(state);
    case "service":
      return serviceRank(state);
    case "unknown":
      return facts.sums.spf > 0 ? serviceRank(state) : ranks.unknown;
    case "gateway":
      // Ours if mail passes as ours; else the one that a recipient has in front.
      return facts.sums.spf > 0 ? serviceRank(state) : ranks.gateway;
    case "list":
    case "forwarder":
    case "hosting":
    case "spoofed":
      return ranks[group];
  }
}

function ownRank(state: SourceState): number {
  if (state === "unsigned") return ranks.ownUnsigned;
  return isFine(state) ? ranks.works : ranks.ownFailing;
}

function serviceRank(state: SourceState): number {
  if (state === "unsigned") return ranks.serviceUnsigned;
  return isFine(state) ? ranks.works : ranks.serviceFailing;
}

function isFine(state: SourceState): boolean {
  return state === "works" || state === "no-spf";
}
