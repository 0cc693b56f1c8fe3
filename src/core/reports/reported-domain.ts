import { toAsciiDomain } from "../domain-name.ts";

const maxRemembered = 1_000;
const remembered = new Map<string, string>();

/**
 * A domain as a report has it, in the form in which domains are compared; what is none stays as it was written, in lower
 * case. A report repeats few domains in many rows.
 */
export function reportedDomain(text: string): string {
  if (text === "") return "";
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const domain = toAsciiDomain(text) ?? text.toLowerCase();
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(text, domain);
  return domain;
}
