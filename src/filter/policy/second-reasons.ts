import type { PolicyConfig } from "../../config/policy-config.ts";
import { isWithin } from "../../core/domain-name.ts";
import type { AuthResults } from "../../core/results.ts";
import { basis } from "./basis.ts";
import type { PolicyInput } from "./input.ts";

/**
 * What speaks for refusing a message besides the p=reject that it fails: RFC 9989 §7.4 forbids to refuse "solely on
 * the basis" of that. Entries of `Disposition.why`, the strongest first; docs/policy.md tells what each rests on.
 */
export function secondReasons(input: PolicyInput, results: AuthResults, policy: PolicyConfig): string[] {
  const author = results.dmarc.domain;
  if (author === undefined) return [];
  const found: string[] = [];
  if (isOneOf(author, policy.ownDomains) && isFromOutside(input) && !cameByList(input, results))
    found.push(basis("second.own-domain", author));
  if (isOneOf(author, policy.parkedDomains) || isParked(author, input, results))
    found.push(basis("second.parked-domain", author));
  if (results.dmarc.policyTag === "np") found.push(basis("second.nonexistent-domain", author));
  if (claimsOurName(input, results, policy)) found.push(basis("second.own-helo", input.helo));
  if (nobodyBetween(input, results)) found.push(basis("second.no-list-or-forwarder"));
  return found;
}

function isOneOf(domain: string, ancestors: readonly string[]): boolean {
  return ancestors.some((ancestor) => isWithin(domain, ancestor));
}

/** Not from networks of ours, where somebody may well send in our name. */
function isFromOutside({ origin }: PolicyInput): boolean {
  return origin === "stranger" || origin === "relay";
}

/** A list says so, and something proves who handed the message on: our users' posts come back by lists. */
function cameByList({ signs }: PolicyInput, results: AuthResults): boolean {
  return (
    signs.fields.length > 0 && (signedByThirdParty(results) || sentByOther(results) || hasChain(results))
  );
}

/** What DNS does not tell now may be a pass, and a refusal is for good. */
function mayPass(result: string | undefined): boolean {
  return result === "pass" || result === "temperror";
}

function signedByThirdParty({ dkim }: AuthResults): boolean {
  return dkim.some(({ result, signer }) => mayPass(result) && signer !== "author");
}

function sentByOther({ spf }: AuthResults): boolean {
  return mayPass(spf?.result);
}

/** RFC 8617 §5.2.1 has no temporary errors. */
function hasChain({ arc }: AuthResults): boolean {
  return arc?.result === "pass" || arc?.problem === "dns-failure";
}

/** By its own word, unless it has the key of a signature in its name: who signs mail sends some. */
function isParked(author: string, { parked }: PolicyInput, results: AuthResults): boolean {
  const signs = results.dkim.some(({ domain, keyBits }) => domain === author && keyBits !== undefined);
  return !signs && (parked === true || publishesNoSender(author, results));
}

/** RFC 7208 §10.1.2: a domain that sends no mail publishes "v=spf1 -all". Known when SPF was asked about it. */
function publishesNoSender(author: string, { spf, spfHelo }: AuthResults): boolean {
  return [spf, spfHelo].some((result) => {
    const first = result?.trace.find((step) => step.kind === "record");
    if (result?.domain !== author || first?.domain !== author) return false;
    return isNoSenderRecord(first.record);
  });
}

/** Whether an SPF record says that nobody sends for the domain, and nothing else. */
export function isNoSenderRecord(record: string): boolean {
  return record.trim().toLowerCase().split(/ +/).join(" ") === "v=spf1 -all";
}

/** A stranger who greets with a name of ours, which neither SPF nor the name of his address bears out. */
function claimsOurName(
  { origin, helo, ourNames }: PolicyInput,
  { spfHelo, iprev }: AuthResults,
  { ownNames, ownDomains }: PolicyConfig,
): boolean {
  const isOurs = (name: string): boolean =>
    ourNames.includes(name) || ownNames.includes(name) || isOneOf(name, ownDomains);
  if (origin !== "stranger" || helo === undefined || !isOurs(helo)) return false;
  if (mayPass(spfHelo?.result) || iprev?.result === "temperror") return false;
  // A host of ours that no network names: only we make our names lead to an address.
  return !(iprev?.result === "pass" && iprev.name !== undefined && isOurs(iprev.name));
}

/** Neither a list nor a forwarder left a sign, nobody else signed, and the client cannot even name itself. */
function nobodyBetween({ signs }: PolicyInput, results: AuthResults): boolean {
  const { iprev, arc } = results;
  if (iprev?.result !== "fail" && iprev?.result !== "permerror") return false;
  return signs.fields.length === 0 && (arc?.instances ?? 0) === 0 && !signedByThirdParty(results);
}
