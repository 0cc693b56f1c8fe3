import type { ParsedAuthRes } from "../core/message/authres.ts";
import { parseAuthenticationResults } from "../core/message/authres-parse.ts";
import { authservIdReadings, comparableAuthservId } from "../core/message/authserv-id.ts";
import { type Field, type MessageHead, rawValue } from "../core/message/message.ts";
import { trimSpace } from "../core/message/taglist.ts";
import type { MessageEdit } from "../milter/types.ts";
import type { RemovedField } from "../store/record.ts";

const fieldName = "authentication-results";

/**
 * The Authentication-Results fields that must not stay: those that claim one of our authserv-ids in any spelling that
 * some program behind us could read as ours, and, in mail from strangers, those of an unsupported version. RFC 8601 §5.
 * @param ids Our ids, in any form; compared as A-labels without regard to case.
 * @param options.fromStranger Whether the client is no trusted MTA of ours.
 */
export function findForgedFields(
  head: MessageHead,
  ids: { readonly authservIds: readonly string[] },
  options: { readonly fromStranger: boolean },
): RemovedField[] {
  if (head.fields.length === 0) return [];
  const ours = ownIds(ids.authservIds);
  const removed: RemovedField[] = [];
  let occurrence = 0;
  for (const field of head.fields) {
    if (!isAuthenticationResults(field)) continue;
    occurrence += 1;
    const reason = whyForged(rawValue(head, field), ours, options.fromStranger);
    if (reason !== undefined) removed.push({ name: field.name, occurrence, reason });
  }
  return removed;
}

interface OwnIds {
  has(reading: string): boolean;
}

function ownIds(authservIds: readonly string[]): OwnIds {
  const ids = new Set(authservIds.map(comparableAuthservId).filter((id) => id !== ""));
  // Bringing a hostile name of hundreds of odd letters to A-labels takes long, and it could not be ours: at most three
  // letters of it (Hangul) are put together to one, marks and invisible characters aside.
  const mostLetters = 3 * Math.max(0, ...[...ids].map((id) => id.length));
  return { has: (reading) => lettersIn(reading) <= mostLetters && ids.has(comparableAuthservId(reading)) };
}

function lettersIn(text: string): number {
  return text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
}

/** RFC 5322 §4.5: white space before the colon makes it no other field. */
function isAuthenticationResults({ lowerName }: Field): boolean {
  return lowerName.startsWith(fieldName) && lowerName.trimEnd() === fieldName;
}

function whyForged(value: string, ours: OwnIds, fromStranger: boolean): RemovedField["reason"] | undefined {
  const parsed = parseAuthenticationResults(value);
  if (claimedId(parsed, ours)) return "own-authserv-id";
  if (authservIdReadings(value).some((id) => ours.has(id))) {
    return "unparsable-own-authserv-id";
  }
  // §5: a version that is not supported, stated or implied, must go unless a trusted MTA relays the message.
  return fromStranger && parsed.kind === "unsupported-version" ? "unsupported-version" : undefined;
}

function claimedId(parsed: ParsedAuthRes, ours: OwnIds): boolean {
  if (parsed.kind === "unparsable" || parsed.authservId === undefined) return false;
  return ours.has(parsed.authservId);
}

/**
 * The edits that delete `removed`. From the last to the first of each name, as deleting one renumbers those after it
 * in Postfix, though not in Sendmail.
 */
export function deletionsFor(removed: readonly RemovedField[]): MessageEdit[] {
  return [...removed]
    .sort((a, b) => b.occurrence - a.occurrence)
    .map(({ name, occurrence }) => ({ kind: "delete-header", name: trimSpace(name), occurrence }));
}
