import { createHash, type Hash } from "node:crypto";
import { canonicalizeFields } from "../core/dkim/canonical-header.ts";
import { type Field, fieldsNamed, type MessageHead } from "../core/message/message.ts";

/** Fields that say which message it is, besides its body. */
const tellingFields: readonly string[] = ["from", "subject", "date", "message-id"];

/** Digest of the Message-ID; undefined when the message has none. */
export function messageIdDigest(head: MessageHead): string | undefined {
  const [field] = fieldsNamed(head, "message-id");
  if (field === undefined) return undefined;
  return finish(createHash("sha256").update(canonical(head, [field])));
}

/**
 * Digest of the fields of an ARC chain; "" without any. White space and the order in the header do not matter, as they
 * do not to the chain (RFC 8617 §4.1.3).
 */
export function chainDigest(head: MessageHead): string {
  const fields = head.fields.filter(({ lowerName }) => arcFields.has(lowerName));
  if (fields.length === 0) return "";
  const digest = createHash("sha256");
  for (const text of fields.map((field) => canonical(head, [field]).toString("latin1")).sort())
    digest.update(text, "latin1");
  return finish(digest);
}

const arcFields: ReadonlySet<string> = new Set([
  "arc-seal",
  "arc-message-signature",
  "arc-authentication-results",
]);

/** Digest of what a message says: its telling fields and its body. */
export function contentDigest(head: MessageHead, bodyHash: Buffer): string {
  const fields = tellingFields.flatMap((name) => fieldsNamed(head, name));
  return finish(createHash("sha256").update(canonical(head, fields)).update(bodyHash));
}

/** Digest of texts in their order. */
export function textsDigest(texts: readonly string[]): string {
  return finish(createHash("sha256").update(texts.join("\n"), "utf8"));
}

function canonical(head: MessageHead, fields: readonly Field[]): Buffer {
  return canonicalizeFields(
    fields.map((field) => ({ ...field, octets: head.octets })),
    "relaxed",
  );
}

function finish(digest: Hash): string {
  return digest.digest("base64url");
}
