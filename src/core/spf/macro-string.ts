/** The letters of RFC 7208 §7.2, in lower case. */
export type MacroLetter = "s" | "l" | "o" | "d" | "i" | "p" | "h" | "c" | "r" | "t" | "v";

/** `%{letter transformers delimiters}` of RFC 7208 §7.1. */
export interface Macro {
  readonly letter: MacroLetter;
  /** §7.3: an upper-case letter asks for URL escaping. */
  readonly escape: boolean;
  /** Number of right-hand parts to keep; all of them when undefined. */
  readonly keep?: number;
  readonly reverse: boolean;
  /** Characters to split at; a dot when none was written. */
  readonly delimiters: string;
}

/** A macro-string taken apart: literal text, with `%%`, `%_` and `%-` resolved, and macros. */
export type MacroString = readonly (string | Macro)[];

/** The parts of a text that is free of faults, or where the fault lies, in characters from the start of the text. */
export type MacroParse =
  | { readonly kind: "parts"; readonly parts: MacroString; readonly lastMacroEnd: number }
  | { readonly kind: "error"; readonly at: number };

const letters = "slodiphcrtv";
const explanationLetters = "crt";
const delimiterCharacters = ".-+,/_=";
/** §7.3: at least 127 has to be understood; no name has more labels. */
const maxKeep = 128;

/**
 * Reads a macro-string. RFC 7208 §7.1.
 * @param inExplanation Allows spaces and the letters c, r and t (§7.1 explain-string, §7.2).
 */
export function parseMacroString(text: string, inExplanation: boolean): MacroParse {
  const parts: (string | Macro)[] = [];
  let literal = "";
  let lastMacroEnd = 0;
  let at = 0;
  while (at < text.length) {
    const end = literalEnd(text, at, inExplanation);
    literal += text.slice(at, end);
    at = end;
    if (at === text.length) break;
    if (text[at] !== "%") return { kind: "error", at };
    const fixed = fixedExpansion(text[at + 1]);
    if (fixed !== undefined) {
      literal += fixed;
      at += 2;
    } else {
      const read = readMacro(text, at, inExplanation);
      // §7.3: a "%" before anything else is a syntax error.
      if (read === undefined) return { kind: "error", at };
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(read.macro);
      at = read.end;
    }
    lastMacroEnd = at;
  }
  if (literal !== "") parts.push(literal);
  return { kind: "parts", parts, lastMacroEnd };
}

/** Where a run of macro-literals ends: visible ASCII but "%"; an explain-string may also hold spaces (§7.1). */
function literalEnd(text: string, start: number, inExplanation: boolean): number {
  const first = inExplanation ? 0x20 : 0x21;
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < first || code > 0x7e || code === 0x25) break;
  }
  return at;
}

function fixedExpansion(character: string | undefined): string | undefined {
  switch (character) {
    case "%":
      return "%";
    case "_":
      return " ";
    case "-":
      return "%20";
    default:
      return undefined;
  }
}

/** Reads the macro-expand whose "%" stands at `start`. */
function readMacro(
  text: string,
  start: number,
  inExplanation: boolean,
): { macro: Macro; end: number } | undefined {
  const written = text[start + 2];
  if (text[start + 1] !== "{" || written === undefined) return undefined;
  const letter = written.toLowerCase();
  if (!letters.includes(letter)) return undefined;
  // §7.2: c, r and t only in the text of an explanation.
  if (!inExplanation && explanationLetters.includes(letter)) return undefined;
  let at = start + 3;
  let keep: number | undefined;
  for (let digit = digitAt(text, at); digit !== undefined; digit = digitAt(text, ++at))
    keep = Math.min((keep ?? 0) * 10 + digit, maxKeep);
  // §7.3: the number must not be zero.
  if (keep === 0) return undefined;
  const reverse = text[at] === "r" || text[at] === "R";
  if (reverse) at += 1;
  let delimiters = "";
  for (let next = text[at]; next !== undefined && delimiterCharacters.includes(next); next = text[++at])
    if (!delimiters.includes(next)) delimiters += next;
  if (text[at] !== "}") return undefined;
  const macro: Macro = {
    letter: letter as MacroLetter,
    escape: written !== letter,
    ...(keep === undefined ? {} : { keep }),
    reverse,
    delimiters: delimiters === "" ? "." : delimiters,
  };
  return { macro, end: at + 1 };
}

function digitAt(text: string, at: number): number | undefined {
  const character = text[at];
  return character !== undefined && character >= "0" && character <= "9" ? Number(character) : undefined;
}
