/**
 * Why something was done with a message, as `Disposition.why` names it: one of these rules, and after a blank its
 * parameter (a domain, an address, an entry of the configuration). Stable.
 */
export type BasisRule =
  /** What the author domain asks for, and what lowers it. */
  | `dmarc.${"quarantine" | "reject" | "testing" | "sampled-out" | "spf-unknown" | "temperror" | "permerror"}`
  /** What the operator allows to come of it. */
  | `enforce.${"monitor" | "quarantine"}`
  | `override.${"none" | "quarantine"}`
  /** Somebody who is known stands between author and us. */
  | "list.known"
  | "list.unproven"
  | "forwarder.known"
  | "sealer.trusted"
  /** The second reason of RFC 9989 §7.4. */
  | `second.${SecondReason}`
  | "second.none"
  | "reject-alone"
  /** No refusal for whom it would hit. */
  | `lowered.${"own" | "relay"}`
  | `spf.${"fail" | "permerror" | "temperror" | "spared-by-dmarc" | "spared-by-list"}`
  | `iprev.${"fail" | "permerror" | "temperror" | "spared-by-list"}`
  | "rule";

/** What else may speak for refusing a message whose author domain asks for it. */
export type SecondReason =
  | "own-domain"
  | "parked-domain"
  | "nonexistent-domain"
  | "operator-entry"
  | "own-helo"
  | "no-list-or-forwarder";

/** One entry of `Disposition.why`. */
export function basis(rule: BasisRule, parameter?: string): string {
  return parameter === undefined || parameter === "" ? rule : `${rule} ${parameter}`;
}

/** The rule of an entry. */
export function basisRule(entry: string): string {
  const blank = entry.indexOf(" ");
  return blank < 0 ? entry : entry.slice(0, blank);
}
