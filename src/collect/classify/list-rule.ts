import { reason, type SourceFacts, type Way } from "./source.ts";
import { cameFromUs, isMuch, messagesOf } from "./state.ts";
import type { Verdict } from "./verdict.ts";
import type { OrganizationalDomain } from "./way.ts";

/** First labels under which list servers send. */
const listLabels = new Set(["lists", "list", "ml", "groups", "listserv", "mailman", "sympa"]);

/** Mailing lists, by the word of receivers and by the envelopes that list servers write. */
export function listRule(facts: SourceFacts, organizational: OrganizationalDomain): Verdict | undefined {
  const { ways, sums } = facts;
  const told = messagesOf(ways, ({ marks }) => marks.includes("mailing-list"));
  if (isMuch(told, facts))
    return {
      group: "list",
      reasons: [reason("list-override", { messages: told })],
      confidence: "high",
      own: false,
    };
  // SPF for an author of ours: then the list is nobody else's.
  if (sums.spf > sums.messages / 10) return undefined;
  const envelope = listEnvelope(facts, organizational);
  if (envelope === undefined) return undefined;
  // Anybody can write such an envelope: SPF says whose it is, a signature of ours that the mail was ours.
  const isBacked = cameFromUs(facts) || ways.some((way) => way.envelope === envelope && way.spf === "other");
  return {
    group: "list",
    reasons: [reason("list-envelope", { envelope })],
    confidence: isBacked ? "medium" : "low",
    own: false,
  };
}

/** The envelope of the most messages that looks like that of a list, and is none of the author's, where much comes with such. */
function listEnvelope(
  facts: Pick<SourceFacts, "ways" | "sums">,
  organizational: OrganizationalDomain,
): string | undefined {
  const isListWay = (way: Way): boolean => isOfAnotherList(way, organizational);
  return isMuch(messagesOf(facts.ways, isListWay), facts) ? facts.ways.find(isListWay)?.envelope : undefined;
}

function isOfAnotherList({ envelope, from }: Way, organizational: OrganizationalDomain): boolean {
  return (
    envelope !== undefined &&
    organizational(domainOf(envelope)) !== organizational(from) &&
    isOfList(envelope)
  );
}

function domainOf(envelope: string): string {
  return envelope.slice(envelope.lastIndexOf("@") + 1);
}

function isOfList(envelope: string): boolean {
  const at = envelope.lastIndexOf("@");
  const local = at < 0 ? "" : envelope.slice(0, at);
  const [first = ""] = envelope.slice(at + 1).split(".", 1);
  return listLabels.has(first) || isListLocalPart(local);
}

/** As Mailman (`-bounces`), Majordomo (`owner-`), ezmlm (`-return-`) and others write them. */
function isListLocalPart(local: string): boolean {
  const [base = ""] = local.split("+", 1);
  return (
    base.endsWith("-bounces") ||
    base.endsWith("-bounce") ||
    base.endsWith("-owner") ||
    base.startsWith("owner-") ||
    local.includes("-return-")
  );
}
