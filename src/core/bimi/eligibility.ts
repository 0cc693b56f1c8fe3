import type { RecordLookup } from "../dmarc/tree-walk.ts";
import { isWithin } from "../domain-name.ts";
import { parseAddressList } from "../message/address.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../message/message.ts";
import type { BimiProblem, DmarcResult, EnforcementGap } from "../results.ts";

/** Whether BIMI may be looked at for a message at all: BIMI draft §7.1. */
export type Eligibility =
  | {
      readonly kind: "eligible";
      readonly author: string;
      readonly organization: string;
      readonly localPart: string;
    }
  | {
      readonly kind: "skipped";
      readonly problem: Extract<BimiProblem, "author-not-single" | "dmarc-not-enforced">;
      readonly detail?: EnforcementGap;
    }
  /** The record of the organizational domain could not be asked for. */
  | { readonly kind: "failure" };

/**
 * Checks the author, the DMARC result and the policies of author domain and organizational domain: BIMI draft §7.1.
 * Asks for one record, that of the organizational domain, and only when DMARC did not use it. `t=y` (RFC 9989 §4.7)
 * counts like a `pct` under 100, whose place it took. Never rejects.
 */
export async function checkEligibility(
  head: MessageHead,
  dmarc: DmarcResult,
  recordOf: RecordLookup,
): Promise<Eligibility> {
  if (dmarc.result !== "pass" || dmarc.domain === undefined) return notEnforced("dmarc-no-pass");
  const localPart = soleLocalPart(head);
  // §7.1 step 1.
  if (localPart === undefined) return { kind: "skipped", problem: "author-not-single" };
  const gap = chosenPolicyGap(dmarc) ?? policyGap(dmarc.published ?? {});
  if (gap !== undefined) return notEnforced(gap);
  const organization = dmarc.organizationalDomain;
  // Alignment may have been found without it, when DNS failed.
  if (organization === undefined) return { kind: "failure" };
  const ofOrganization = await organizationGap(organization, dmarc.policyDomain, recordOf);
  if (ofOrganization === "failure") return { kind: "failure" };
  if (ofOrganization !== undefined) return notEnforced(ofOrganization);
  return { kind: "eligible", author: dmarc.domain, organization, localPart };
}

function notEnforced(detail: EnforcementGap): Eligibility {
  return { kind: "skipped", problem: "dmarc-not-enforced", detail };
}

/** Local part of the only address of the only From field. */
function soleLocalPart(head: MessageHead): string | undefined {
  const fields = fieldsNamed(head, "from");
  const [field] = fields;
  if (field === undefined || fields.length > 1) return undefined;
  const { mailboxes } = parseAddressList(rawValue(head, field));
  return mailboxes.length === 1 ? mailboxes[0]?.localPart : undefined;
}

/** The policy that was chosen may be np=, which the draft does not name. */
function chosenPolicyGap({ policy, policyTag }: DmarcResult): EnforcementGap | undefined {
  if (policy !== undefined && policy !== "none") return undefined;
  return policyTag === undefined || policyTag === "p" ? "policy-none" : "subdomain-policy-none";
}

/** §7.1 steps 7 to 9, for one record. */
function policyGap(tags: Readonly<Record<string, string>>): EnforcementGap | undefined {
  const word = (name: string): string | undefined => tags[name]?.trim().toLowerCase();
  const policy = word("p");
  if (policy !== "quarantine" && policy !== "reject") return "policy-none";
  if (word("sp") === "none") return "subdomain-policy-none";
  const whole = (word("pct") ?? "100") === "100" && word("t") !== "y";
  return policy === "quarantine" && !whole ? "policy-partial" : undefined;
}

/** A record at or above the organizational domain is the one that was looked at already. */
async function organizationGap(
  organization: string,
  policyDomain: string | undefined,
  recordOf: RecordLookup,
): Promise<EnforcementGap | "failure" | undefined> {
  if (policyDomain !== undefined && isWithin(organization, policyDomain)) return undefined;
  const answer = await recordOf(organization);
  switch (answer.kind) {
    case "failure":
      return "failure";
    case "none":
    case "several":
      return "organization-policy-missing";
    case "record":
      return policyGap(answer.record.tags);
  }
}
