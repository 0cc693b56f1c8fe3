import { isPrintableCode, parseDomainSpec } from "./domain-spec.ts";
import { parseMacroString } from "./macro-string.ts";
import { parseMechanism } from "./parse-mechanism.ts";
import type {
  KnownModifier,
  SpfDirective,
  SpfModifier,
  SpfQualifierWord,
  SpfRecordParse,
  SpfSyntaxError,
  SpfSyntaxProblem,
  SpfTerm,
  SpfTermPosition,
} from "./record.ts";

const version = "v=spf1";

/** Whether a TXT text is an SPF record: RFC 7208 §4.5, with the version in any case (§4.6.1, RFC 5234 §2.3). */
export function isSpfRecord(text: string): boolean {
  return (
    text.slice(0, version.length).toLowerCase() === version &&
    (text.length === version.length || text[version.length] === " ")
  );
}

/**
 * Reads a record whole, all its errors: RFC 7208 §4.6.1. Linear in the length of the text.
 * @param text One octet a character, strings of the TXT record joined (§3.3).
 */
export function parseSpfRecord(text: string): SpfRecordParse {
  if (!isSpfRecord(text)) {
    const error = { text, start: 0, end: text.length, problem: "version", at: 0 } as const;
    return { kind: "error", errors: [error], terms: [] };
  }
  const terms: SpfTerm[] = [];
  const errors: SpfSyntaxError[] = [];
  for (const position of splitTerms(text)) {
    const parsed = parseTerm(position);
    if ("problem" in parsed) errors.push(parsed);
    else terms.push(parsed);
  }
  const [redirect, secondRedirect] = modifiersNamed(terms, "redirect");
  const [explanation, secondExplanation] = modifiersNamed(terms, "exp");
  // §6: neither may appear more than once.
  for (const second of [secondRedirect, secondExplanation])
    if (second !== undefined) errors.push(errorIn(second, "duplicate-modifier", 0));
  if (errors.length > 0) return { kind: "error", errors, terms };
  const directives = terms.filter((term) => term.kind === "directive");
  return {
    kind: "record",
    record: {
      text,
      terms,
      directives,
      ...(redirect === undefined ? {} : { redirect }),
      ...(explanation === undefined ? {} : { explanation }),
    },
  };
}

/** §4.6.1: terms stand behind one or more spaces; no other white space counts. */
function splitTerms(text: string): SpfTermPosition[] {
  const positions: SpfTermPosition[] = [];
  let start = version.length;
  while (start < text.length) {
    if (text[start] === " ") {
      start += 1;
      continue;
    }
    const space = text.indexOf(" ", start);
    const end = space < 0 ? text.length : space;
    positions.push({ text: text.slice(start, end), start, end });
    start = end;
  }
  return positions;
}

function modifiersNamed(terms: readonly SpfTerm[], name: KnownModifier["name"]): KnownModifier[] {
  return terms.filter((term): term is KnownModifier => term.kind === "modifier" && term.name === name);
}

function errorIn(term: SpfTermPosition, problem: SpfSyntaxProblem, at: number): SpfSyntaxError {
  return { text: term.text, start: term.start, end: term.end, problem, at: term.start + at };
}

function parseTerm(position: SpfTermPosition): SpfTerm | SpfSyntaxError {
  const unprintable = firstUnprintable(position.text);
  if (unprintable < position.text.length) return errorIn(position, "character", unprintable);
  const equals = position.text.search(/[=:/]/);
  // §4.6.1: a modifier has its "=" before any ":" or "/".
  return equals >= 0 && position.text[equals] === "="
    ? parseModifier(position, equals)
    : parseDirective(position);
}

function firstUnprintable(text: string): number {
  let at = 0;
  while (at < text.length && isPrintableCode(text.charCodeAt(at))) at += 1;
  return at;
}

const qualifiers: ReadonlyMap<string, SpfQualifierWord> = new Map([
  ["+", "pass"],
  ["-", "fail"],
  ["~", "softfail"],
  ["?", "neutral"],
]);

function parseDirective(position: SpfTermPosition): SpfDirective | SpfSyntaxError {
  const qualifier = qualifiers.get(position.text[0] as string);
  const skipped = qualifier === undefined ? 0 : 1;
  const parsed = parseMechanism(position.text.slice(skipped));
  if (parsed.kind === "error") return errorIn(position, parsed.problem, skipped + parsed.at);
  // §4.6.2: "+" when none is written.
  const { text, start, end } = position;
  return { kind: "directive", qualifier: qualifier ?? "pass", mechanism: parsed.mechanism, text, start, end };
}

function parseModifier(position: SpfTermPosition, equals: number): SpfModifier | SpfSyntaxError {
  const written = position.text.slice(0, equals);
  const value = position.text.slice(equals + 1);
  if (qualifiers.has(written[0] ?? "")) return errorIn(position, "qualified-modifier", 0);
  if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(written)) return errorIn(position, "modifier-name", 0);
  const name = written.toLowerCase();
  if (name === "redirect" || name === "exp") return parseKnownModifier(position, name, value, equals + 1);
  // §4.6.1 unknown-modifier: ignored, but its value has to be a macro-string, in which any letter may stand.
  const parsed = parseMacroString(value, true);
  if (parsed.kind === "error") return errorIn(position, "macro", equals + 1 + parsed.at);
  const { text, start, end } = position;
  return { kind: "modifier", name: "unknown", written: name, value, text, start, end };
}

function parseKnownModifier(
  position: SpfTermPosition,
  name: KnownModifier["name"],
  value: string,
  at: number,
): KnownModifier | SpfSyntaxError {
  if (value === "") return errorIn(position, "argument-missing", at);
  const parsed = parseDomainSpec(value);
  if (parsed.kind === "error") return errorIn(position, parsed.problem, at + parsed.at);
  return { ...position, kind: "modifier", name, domain: parsed.spec };
}
