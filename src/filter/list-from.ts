import type { ListHostConfig } from "../config/list-config.ts";
import { authorDomain } from "../core/dmarc/author-domain.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { parseAddressList } from "../core/message/address.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";
import type { DmarcResult } from "../core/results.ts";
import type { FromKeptReason, FromLeftReason, FromRewriteReason } from "../store/record.ts";
import { isAddressed } from "./list-address.ts";

/** What is known of a message that a list sends on. */
export interface FromFacts {
  readonly head: MessageHead;
  /** As it is now: by DKIM alone, since SPF will look at the list. */
  readonly dmarc: DmarcResult;
  /** The author is proven by the way in, and a key of ours signs for him. */
  readonly ownAuthor: boolean;
}

export type FromChoice =
  | { readonly kind: "rewrite"; readonly reason: FromRewriteReason }
  | { readonly kind: "keep"; readonly reason: FromKeptReason }
  | { readonly kind: "leave"; readonly reason: FromLeftReason };

/**
 * Whether From is to name the list: RFC 9989 §7.4 has it that mail of domains with a policy is refused otherwise. A
 * policy counts as published, also with t=y, as not every receiver knows that. One that cannot be found out counts as
 * one: a needless rewriting does less harm than a list of refused copies, for which members are struck off.
 */
export function chooseFrom(
  { head, dmarc, ownAuthor }: FromFacts,
  { rewriteFrom, addresses }: Pick<ListHostConfig, "rewriteFrom" | "addresses">,
): FromChoice {
  if (rewriteFrom === "never") return { kind: "keep", reason: "never" };
  if (namesOnly(head, addresses)) return { kind: "keep", reason: "is-list" };
  if (rewriteFrom === "always") return { kind: "rewrite", reason: "always" };
  if (dmarc.result === "pass") return { kind: "keep", reason: "still-passes" };
  if (ownAuthor) return { kind: "keep", reason: "own-author" };
  if (dmarc.result === "temperror") return { kind: "rewrite", reason: "policy-unknown" };
  if (dmarc.problem === "from-multiple-domains") return { kind: "rewrite", reason: "policy-unknown" };
  if (dmarc.result === "permerror") return { kind: "leave", reason: dmarc.problem ?? "from-syntax" };
  if (dmarc.policy === "reject" || dmarc.policy === "quarantine")
    return { kind: "rewrite", reason: `policy-${dmarc.policy}` };
  return { kind: "keep", reason: "no-policy" };
}

/** Whether From holds addresses of the list's host and no others. */
export function namesOnly(head: MessageHead, addresses: ListHostConfig["addresses"]): boolean {
  if (authorDomain(head).kind === "problem") return false;
  const [field] = fieldsNamed(head, "from");
  const mailboxes = field === undefined ? [] : parseAddressList(rawValue(head, field)).mailboxes;
  return mailboxes.every(({ localPart, domain }) => {
    const ascii = toAsciiDomain(domain);
    return ascii !== undefined && isAddressed({ localPart, domain: ascii }, addresses);
  });
}
