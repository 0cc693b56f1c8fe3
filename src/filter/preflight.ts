import { isAscii } from "node:buffer";
import { bodyRules, type HeaderRule, headerRules } from "../config/policy-config.ts";
import { type Field, type MessageHead, rawValue } from "../core/message/message.ts";
import type { FragileProblem } from "../store/record.ts";
import { BodyRules, brokenHeaderRules } from "./message-rules.ts";

export interface PreflightFacts {
  /** The client said SMTPUTF8 (RFC 6531). */
  readonly smtputf8: boolean;
  /** The client said BODY=8BITMIME (RFC 6152). */
  readonly eightBit: boolean;
}

const everyRule = { ids: new Set([...headerRules, ...bodyRules]), needBody: true } as const;

/** Of the rules for any message those that MTAs mend on the way, and so change what was signed. */
const fragileHeader: Readonly<Partial<Record<HeaderRule, FragileProblem>>> = {
  "missing-date": "missing-date",
  "raw-8bit-header": "raw-8bit-header",
  "nul-header": "nul-header",
  "bare-cr-header": "bare-cr-header",
  "long-header-line": "long-header-line",
  "repeated-sender": "repeated-field",
  "repeated-reply-to": "repeated-field",
  "repeated-to": "repeated-field",
  "repeated-cc": "repeated-field",
  "repeated-date": "repeated-field",
  "repeated-message-id": "repeated-field",
  "repeated-subject": "repeated-field",
};

/**
 * Looks at a message that is about to be signed for what other hosts would change: then the signature would be good here
 * and bad where it counts. The body comes by once, in pieces; nothing of it is kept.
 */
export class Preflight {
  readonly #facts: PreflightFacts;
  readonly #lines = new BodyRules(everyRule, true);
  #ascii = true;

  constructor(facts: PreflightFacts) {
    this.#facts = facts;
  }

  body(chunk: Buffer): void {
    this.#lines.body(chunk);
    this.#ascii &&= isAscii(chunk);
  }

  /** Each once. Call after the last piece of the body. @param head As it leaves. */
  problems(head: MessageHead): readonly FragileProblem[] {
    const { smtputf8, eightBit } = this.#facts;
    const found = new Set<FragileProblem>();
    for (const rule of this.#lines.broken()) found.add(rule);
    // RFC 6152: without the word the next host may take it for seven bits, or turn it into quoted-printable.
    if (!this.#ascii && !eightBit && !smtputf8) found.add("undeclared-8bit-body");
    for (const rule of brokenHeaderRules(head, { smtputf8, fromProblem: undefined }, everyRule.ids)) {
      const problem = fragileHeader[rule];
      if (problem !== undefined) found.add(problem);
    }
    if (!head.fields.some(({ lowerName }) => lowerName === "message-id")) found.add("missing-message-id");
    if (hasBlankLine(head.octets)) found.add("blank-header-line");
    if (head.fields.some((field) => namesPeople.has(field.lowerName) && hasUnquotedName(head, field)))
      found.add("unquoted-name");
    return [...found];
  }
}

const namesPeople: ReadonlySet<string> = new Set(["from", "sender", "reply-to", "to", "cc"]);
const lf = 0x0a;

/** A fold of nothing but white space (RFC 5322 §4.2): some take it for the end of the header. */
function hasBlankLine(octets: Buffer): boolean {
  for (let at = octets.indexOf(lf); at >= 0; at = octets.indexOf(lf, at + 1)) {
    let next = at + 1;
    while (octets[next] === 0x20 || octets[next] === 0x09) next += 1;
    if (next > at + 1 && octets[next] === 0x0d && octets[next + 1] === lf) return true;
  }
  return false;
}

/**
 * A display name with one of the characters that need quotes (RFC 5322 §3.2.3), such as `John Q. Public <...>`: Sendmail
 * writes the quotes.
 */
function hasUnquotedName(head: MessageHead, field: Field): boolean {
  const value = rawValue(head, field);
  if (!value.includes("<")) return false;
  let quoted = false;
  let depth = 0;
  let special = false;
  for (let i = 0; i < value.length; i++) {
    const character = value[i];
    if (character === "\\") i += 1;
    else if (character === '"' && depth === 0) quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth += 1;
    else if (character === ")") depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (character === "<") {
      if (special) return true;
      const end = value.indexOf(">", i);
      if (end < 0) return false;
      i = end;
    } else if (character === "," || character === ";" || character === ":") special = false;
    else if (character === "." || character === "@" || character === "[" || character === "]") special = true;
  }
  return false;
}
