import { authservIdOf } from "../config/config.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import type { MethodResult } from "../core/message/authres.ts";
import { parseAuthenticationResults } from "../core/message/authres-parse.ts";
import { comparableAuthservId } from "../core/message/authserv-id.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";
import type { OutgoingFacts } from "./outgoing.ts";

/** So many fields are looked at; ours stand near the top. */
const maxFields = 20;

/**
 * Whether the message came in from outside before, by what we (or a relay of ours) wrote into it then, and did not pass
 * DMARC: then whoever hands it over now only passes it on, for example a user's automatic forward or a content filter,
 * and signing it would vouch for a forged From. Who forges such a field only forgoes a signature.
 */
export function passesThrough(head: MessageHead, facts: OutgoingFacts): boolean {
  return unprovenClaims(head, facts).length > 0;
}

/** Whether it came in with that author domain (A-labels) in From already, and did not pass DMARC; see `passesThrough`. */
export function cameInUnproven(domain: string, head: MessageHead, facts: OutgoingFacts): boolean {
  return unprovenClaims(head, facts).some(({ properties }) =>
    properties.some(
      ({ ptype, property, value }) =>
        ptype === "header" && property === "from" && toAsciiDomain(value) === domain,
    ),
  );
}

/** What our own fields say of DMARC, unless that it passed. */
function unprovenClaims(head: MessageHead, { context, macros }: OutgoingFacts): readonly MethodResult[] {
  const fields = fieldsNamed(head, "authentication-results").slice(0, maxFields);
  if (fields.length === 0) return [];
  const { config } = context;
  const relays = config.networks.relays.flatMap(({ authservId }) => authservId ?? []);
  const ours = new Set(
    [authservIdOf(config, macros.get("j")), config.hostname, ...relays].map(comparableAuthservId),
  );
  return fields.flatMap((field) => {
    const parsed = parseAuthenticationResults(rawValue(head, field));
    if (parsed.kind !== "parsed" || parsed.authservId === undefined) return [];
    if (!ours.has(comparableAuthservId(parsed.authservId))) return [];
    return parsed.results.filter(({ method, result }) => method === "dmarc" && result !== "pass");
  });
}
