import { authservIdOf } from "../config/config.ts";
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
export function passesThrough(head: MessageHead, { context, macros }: OutgoingFacts): boolean {
  const fields = fieldsNamed(head, "authentication-results").slice(0, maxFields);
  if (fields.length === 0) return false;
  const { config } = context;
  const relays = config.networks.relays.flatMap(({ authservId }) => authservId ?? []);
  const ours = new Set(
    [authservIdOf(config, macros.get("j")), config.hostname, ...relays].map(comparableAuthservId),
  );
  return fields.some((field) => {
    const parsed = parseAuthenticationResults(rawValue(head, field));
    if (parsed.kind !== "parsed" || parsed.authservId === undefined) return false;
    if (!ours.has(comparableAuthservId(parsed.authservId))) return false;
    return parsed.results.some(({ method, result }) => method === "dmarc" && result !== "pass");
  });
}
