import { type AuthResProperty, type MethodResult, registeredPtypes } from "./authres.ts";
import { isKeyword } from "./authres-scanner.ts";

export interface AuthResFormatOptions {
  /** Columns at which lines are folded where they can be; 78 (RFC 5322 §2.1.1). The field name counts on the first. */
  readonly lineLength?: number;
  /** "\n", as milter wants folds, or "\r\n" for a message on the wire. */
  readonly lineEnd?: "\n" | "\r\n";
}

/** A mailbox at its longest: 64 octets, "@", 255 octets (RFC 5321 §4.5.3.1). */
const maxValueOctets = 320;
const maxReasonOctets = 200;
/** Below the 65,535 that older milter libraries let through. */
const maxFieldOctets = 60_000;
const nameColumns = "Authentication-Results: ".length;
const indent = "    ";

/**
 * Writes the value of an Authentication-Results field: RFC 8601 §2.2 to the letter, without comments, ASCII only.
 * Whatever the texts hold stays inside its quotes. What cannot be said is left out: a method or result that is no
 * keyword, a property whose ptype is not registered or whose value is longer than any mailbox (cut short it would name
 * somebody else), and results beyond 60,000 octets. Characters outside printable ASCII become "?".
 * @returns Without blank before the authserv-id and without final line end; every line under 998 octets.
 */
export function formatAuthenticationResults(
  { authservId, results }: { readonly authservId: string; readonly results: readonly MethodResult[] },
  { lineLength = 78, lineEnd = "\n" }: AuthResFormatOptions = {},
): string {
  const statements = results.map(statementWords).filter((words) => words.length > 0);
  const lines = [`${formatValue(authservId.slice(0, 255))};`];
  let octets = nameColumns + (lines[0] as string).length;
  for (const words of statements) {
    const folded = fold(words, Math.min(lineLength, 990));
    octets += folded.reduce((sum, line) => sum + line.length + 2, 1);
    if (octets > maxFieldOctets) break;
    if (lines.length > 1) lines.push(`${lines.pop()};`);
    lines.push(...folded);
  }
  // §2.2 no-result.
  if (lines.length === 1) return `${lines[0]} none`;
  return lines.join(lineEnd);
}

/** The parts of a statement between which a line may be folded; none when it cannot be said. */
function statementWords({ method, result, reason, properties }: MethodResult): string[] {
  if (!isKeyword(method) || !isKeyword(result)) return [];
  const words = [`${method.toLowerCase()}=${result.toLowerCase()}`];
  if (reason !== undefined) words.push(`reason=${quote(reason.slice(0, maxReasonOctets))}`);
  for (const property of properties) {
    const word = propertyWord(property);
    if (word !== undefined) words.push(word);
  }
  return words;
}

function propertyWord({ ptype, property, value }: AuthResProperty): string | undefined {
  const lowerType = ptype.toLowerCase();
  // §2.2, §2.3: both are keywords, and the ptype is one of the registry's.
  if (!registeredPtypes.has(lowerType) || !isKeyword(property) || value.length > maxValueOctets)
    return undefined;
  return `${lowerType}.${property.toLowerCase()}=${formatPvalue(value)}`;
}

/** Lines of a statement, each beginning with the indent. Room is left for a `;`. */
function fold(words: readonly string[], lineLength: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line === "") line = indent + word;
    else if (line.length + 1 + word.length < lineLength) line += ` ${word}`;
    else {
      lines.push(line);
      line = `${indent}  ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/** §2.2: what is meant as a mail identity stands without quotes, where the grammar allows it. */
function formatPvalue(value: string): string {
  return isMailIdentity(value) ? value : formatValue(value);
}

/** `value` of RFC 2045 §5.1: a token, else a quoted string. */
function formatValue(value: string): string {
  return /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/.test(value) ? value : quote(value);
}

/** `[ local-part ] "@" domain-name` with a dot-atom as local part: RFC 5322 §3.2.3, RFC 6376 §3.5. */
function isMailIdentity(value: string): boolean {
  const at = value.lastIndexOf("@");
  if (at < 0) return false;
  const local = value.slice(0, at);
  const labels = value.slice(at + 1).split(".");
  return (
    (local === "" || local.split(".").every((atom) => /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+$/.test(atom))) &&
    labels.length > 1 &&
    labels.every(
      (label) => /^[A-Za-z0-9-]{1,63}$/.test(label) && !label.startsWith("-") && !label.endsWith("-"),
    )
  );
}

/** RFC 5322 §3.2.4, with nothing but printable ASCII inside. */
function quote(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/gu, "?").replaceAll(/["\\]/g, "\\$&")}"`;
}
