import type { Mail } from "./extract/mime-part.ts";

const maxRecipients = 10;

/** Addresses that a text names, in lower case. */
export function addressesIn(text: string): readonly string[] {
  const found = text.slice(0, 2_000).match(/[^\s<>",;:]{1,64}@[^\s<>",;:]{1,255}/g) ?? [];
  return found.slice(0, maxRecipients).map((address) => address.toLowerCase());
}

/** Whom a mail says it was sent to: first what servers on its way have written, then its author. */
export function headerRecipients({ head }: Pick<Mail, "head">): readonly string[] {
  const names = ["x-original-to", "delivered-to", "to"];
  return [...new Set(names.flatMap((name) => addressesIn(head.get(name) ?? "")))];
}
