import { type Field, type MessageHead, rawValue } from "../core/message/message.ts";

/** What a header says of a mailing list or a forwarder on the way. Anybody may write it: a hint, never a proof. */
export interface ListSigns {
  /** The names in List-Id (RFC 2919), in lower case. */
  readonly listIds: readonly string[];
  /** Names of such fields that are there, in lower case, each once. */
  readonly fields: readonly string[];
}

/** Fields that lists (RFC 2369, RFC 2919), forwarders and re-senders (RFC 5322 §3.6.6) add, and sealers (RFC 8617). */
const tellingFields: ReadonlySet<string> = new Set([
  "list-id",
  "list-post",
  "list-help",
  "list-subscribe",
  "list-unsubscribe",
  "list-owner",
  "list-archive",
  "mailing-list",
  "resent-from",
  "resent-sender",
  "resent-to",
  "resent-date",
  "x-forwarded-to",
  "x-forwarded-for",
  "arc-seal",
  // Of no RFC: what Postfix and qmail leave when they send on, and Mailman, fml and others that know no List-Id.
  "delivered-to",
  "x-original-to",
  "x-beenthere",
  "x-loop",
  "x-ml-name",
  "x-mlserver",
  "x-mail-count",
]);
/** A habit of lists that no RFC lays down. */
const listPrecedences: ReadonlySet<string> = new Set(["list", "bulk"]);
const maxListIds = 5;
const maxListIdOctets = 255;

/** Reads what a header says of lists and forwarders. Linear; never throws. */
export function listSigns(head: MessageHead): ListSigns {
  const fields = new Set<string>();
  const listIds: string[] = [];
  for (const field of head.fields) {
    if (!isTelling(head, field)) continue;
    fields.add(field.lowerName);
    if (field.lowerName !== "list-id" || listIds.length === maxListIds) continue;
    const id = listId(rawValue(head, field));
    if (id !== undefined) listIds.push(id);
  }
  return { listIds, fields: [...fields] };
}

function isTelling(head: MessageHead, field: Field): boolean {
  if (field.lowerName !== "precedence") return tellingFields.has(field.lowerName);
  return listPrecedences.has(rawValue(head, field).trim().toLowerCase());
}

/** RFC 2919 §3: what stands between the last angle brackets; without any the whole value. */
function listId(value: string): string | undefined {
  const open = value.lastIndexOf("<");
  const close = value.indexOf(">", open);
  const id = open < 0 ? value : value.slice(open + 1, close < 0 ? undefined : close);
  const bare = id.replaceAll(/\s/g, "").toLowerCase();
  return bare === "" || bare.length > maxListIdOctets ? undefined : bare;
}
