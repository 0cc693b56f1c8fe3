import { type Confidence, reason, type SourceFacts, type SourceReason, type Way } from "./source.ts";
import { cameFromUs, isMuch, messagesOf } from "./state.ts";
import type { Verdict } from "./verdict.ts";
import type { OrganizationalDomain } from "./way.ts";

/** From so many author domains of ours on, a host that only passes DKIM is hardly a sender. */
const manyAuthors = 3;
/** A source of so much of our mail, told of by so many reporters, is hardly a forwarder. */
const tooMuch = 0.1;
const tooManyReporters = 3;

/**
 * Hosts that pass on what we have sent: our signature is still good, and SPF, which speaks of the last host, is not. Receivers
 * say so themselves far too seldom to wait for it. Whoever writes an envelope or an ARC seal may write what he likes, so that
 * these say little where nothing in the mail was ever ours, and no single message speaks for all.
 */
export function forwarderRule(facts: SourceFacts, organizational: OrganizationalDomain): Verdict | undefined {
  const { ways, sums } = facts;
  const told = messagesOf(ways, ({ marks }) => marks.includes("forwarded"));
  if (isMuch(told, facts)) return forwarder([reason("forward-override", { messages: told })], "high");
  const srs = ways.find(({ envelope }) => isRewritten(envelope))?.envelope;
  if (
    srs !== undefined &&
    isMuch(
      messagesOf(ways, ({ envelope }) => isRewritten(envelope)),
      facts,
    )
  )
    return forwarder([reason("srs-envelope", { envelope: srs })], cameFromUs(facts) ? "high" : "low");
  if (sums.spf > sums.messages / 10) return undefined;
  const arc = messagesOf(ways, ({ marks }) => marks.includes("arc"));
  if (isMuch(arc, facts))
    return forwarder([reason("arc-override", { messages: arc })], cameFromUs(facts) ? "medium" : "low");
  return sums.dkim > 0 && cameFromUs(facts) ? survivingVerdict(facts, organizational) : undefined;
}

/** Our signature passes, and SPF nowhere. */
function survivingVerdict(facts: SourceFacts, organizational: OrganizationalDomain): Verdict {
  const { ways, sums, domains } = facts;
  const authors = Math.max(domains, new Set(ways.map(({ from }) => from)).size);
  const survives = reason("dkim-survives", { messages: sums.dkim });
  if (authors >= manyAuthors) return forwarder([survives, reason("many-authors", { authors })], "high");
  const other = ways.find((way) => isOfAnother(way, organizational));
  const reasons =
    other?.spfDomain === undefined
      ? [survives]
      : [survives, reason("other-envelope", { envelope: other.spfDomain })];
  return forwarder(reasons, isTooMuch(facts) ? "low" : "medium");
}

/** Whether it is a part of our mail, and told of by so many reporters, as a forwarder seldom is. */
export function isTooMuch({ share, reporters }: SourceFacts): boolean {
  return share > tooMuch && reporters >= tooManyReporters;
}

function forwarder(reasons: readonly SourceReason[], confidence: Confidence): Verdict {
  return { group: "forwarder", reasons, confidence, own: false };
}

/** The envelope is one that the host may use, and none of the author's. */
function isOfAnother({ spf, spfDomain, from }: Way, organizational: OrganizationalDomain): boolean {
  return spf === "other" && spfDomain !== undefined && organizational(spfDomain) !== organizational(from);
}

/**
 * Envelopes that forwarders write: SRS (`SRS0=`, `SRS1=`, also with `+` or `-`), and Gmail's `+caf_=`. Most reporters give the domain
 * alone, and show nothing of it.
 */
function isRewritten(envelope: string | undefined): boolean {
  if (envelope === undefined || !envelope.includes("@")) return false;
  return /^srs[01][=+-]/.test(envelope) || envelope.includes("+caf_=");
}
