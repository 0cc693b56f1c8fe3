import { FieldScanner } from "../message/authres-scanner.ts";

/** RFC 8617 §4.2.1, §5.2 step 1. */
export const maxInstance = 50;

/**
 * Reads a `position` of RFC 8617 §3.9: one or two digits.
 * @returns From 1 to 99, as sets beyond the fiftieth have a rule of their own (§5.2 step 1); undefined for other texts.
 */
export function readPosition(text: string): number | undefined {
  return /^[0-9]{1,2}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

export interface LeadingInstance {
  /** What stands for the position, up to white space or a comment. */
  readonly position: string;
  /** Where the ";" is. */
  readonly end: number;
}

/**
 * Reads the instance that a value begins with, comments and folds included: RFC 8617 §3.9 and `arc-info` of §4.1.1.
 * @returns undefined when the value does not begin so.
 */
export function leadingInstance(value: string): LeadingInstance | undefined {
  const scanner = new FieldScanner(value);
  scanner.skipCfws();
  // §3.9: %s"i", so in lower case only.
  if (scanner.readRun("=") !== "i") return undefined;
  scanner.skipCfws();
  if (!scanner.take("=")) return undefined;
  scanner.skipCfws();
  const position = scanner.readRun("=");
  scanner.skipCfws();
  return scanner.next === ";" ? { position, end: scanner.at } : undefined;
}
