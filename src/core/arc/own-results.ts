import { parseAuthenticationResults } from "../message/authres-parse.ts";
import { FieldScanner } from "../message/authres-scanner.ts";
import { comparableAuthservId } from "../message/authserv-id.ts";
import { type Field, fieldsNamed, type MessageHead, rawValue } from "../message/message.ts";
import type { ArcWord } from "../results.ts";

export interface OwnResults {
  /** authserv-id and results, as Authentication-Results and ARC-Authentication-Results hold them; one octet a character. */
  readonly payload: string;
  /** What `arc=` says in the newest field that has one. */
  readonly chain?: ArcWord;
}

/**
 * The results that our own Authentication-Results fields hold, put together in their order: RFC 8617 §4.1.1. Only for a
 * header out of which forged fields have been taken (RFC 8601 §5). Fields that cannot be read whole are left out.
 * @returns undefined when no field has that authserv-id.
 */
export function ownResults(head: MessageHead, authservId: string): OwnResults | undefined {
  const id = comparableAuthservId(authservId);
  const found = fieldsNamed(head, "authentication-results").flatMap(
    (field) => readOwn(head, field, id) ?? [],
  );
  if (found.length === 0) return undefined;
  const statements = found.flatMap(({ text }) => (text === "" ? [] : [text]));
  const chain = found.find((one) => one.chain !== undefined)?.chain;
  return {
    payload: [authservId, ...(statements.length === 0 ? ["none"] : statements)].join(";\n    "),
    ...(chain !== undefined && { chain }),
  };
}

interface OwnField {
  /** The statements, without what stands before the first and after the last; empty when there is none. */
  readonly text: string;
  readonly chain: ArcWord | undefined;
}

function readOwn(head: MessageHead, field: Field, id: string): OwnField | undefined {
  const value = rawValue(head, field);
  const parsed = parseAuthenticationResults(value);
  if (parsed.kind !== "parsed" || parsed.authservId === undefined) return undefined;
  if (comparableAuthservId(parsed.authservId) !== id) return undefined;
  if (parsed.defects.some((defect) => defect.startsWith("unterminated-"))) return undefined;
  const word = parsed.results.find(({ method }) => method === "arc")?.result;
  const chain = word === "none" || word === "pass" || word === "fail" ? word : undefined;
  return { text: parsed.results.length === 0 ? "" : statementsOf(value), chain };
}

function statementsOf(value: string): string {
  const scanner = new FieldScanner(value);
  scanner.skipStatement();
  const text = value.slice(scanner.at + 1).replaceAll(/[ \t\r\n]+/g, " ");
  let end = text.length;
  while (end > 0 && "; ".includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end).trimStart();
}
