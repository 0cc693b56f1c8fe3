import { reason, type SourceFacts, type Way } from "./source.ts";
import { messagesOf } from "./state.ts";
import type { Verdict } from "./verdict.ts";
import type { OrganizationalDomain } from "./way.ts";

/** First labels under which list servers send. */
const listLabels = new Set(["lists", "list", "ml", "groups", "listserv", "mailman", "sympa"]);

/** Mailing lists, by the word of receivers and by the envelopes that list servers write. */
export function listRule(facts: SourceFacts, organizational: OrganizationalDomain): Verdict | undefined {
  const { ways, sums } = facts;
  const told = messagesOf(ways, ({ marks }) => marks.includes("mailing-list"));
  if (told * 5 >= sums.messages && told > 0)
    return {
      group: "list",
      reasons: [reason("list-override", { messages: told })],
      confidence: "high",
      own: false,
    };
  // SPF for an author of ours: then the list is nobody else's.
  if (sums.spf > sums.messages / 10) return undefined;
  const envelope = listEnvelope(ways, organizational);
  return envelope === undefined
    ? undefined
    : { group: "list", reasons: [reason("list-envelope", { envelope })], confidence: "medium", own: false };
}

/** The envelope of the most messages that looks like that of a list, and is none of the author's. */
export function listEnvelope(ways: readonly Way[], organizational: OrganizationalDomain): string | undefined {
  return ways
    .map(({ envelope, from }) => ({ envelope, from }))
    .find(
      ({ envelope, from }) =>
        envelope !== undefined &&
        organizational(domainOf(envelope)) !== organizational(from) &&
        isOfList(envelope),
    )?.envelope;
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
