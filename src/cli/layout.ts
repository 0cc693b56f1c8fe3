/**
 * Text on a terminal, where a Japanese character takes two columns and a combining mark none. Everything here counts
 * columns, not characters.
 */

/** Columns that a text takes; colour sequences take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of withoutColour(text)) width += charWidth(char);
  return width;
}

function withoutColour(text: string): string {
  if (!text.includes("\u001b")) return text;
  return text
    .split("\u001b[")
    .map((part, index) => (index === 0 ? part : part.slice(part.indexOf("m") + 1)))
    .join("");
}

function charWidth(char: string): 0 | 1 | 2 {
  const code = char.codePointAt(0) as number;
  if (code < 0x300) return 1;
  if (isZeroWidth(code)) return 0;
  return isWide(code) ? 2 : 1;
}

function isZeroWidth(code: number): boolean {
  return (
    (code >= 0x300 && code <= 0x36f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    code === 0x3099 ||
    code === 0x309a ||
    code === 0xfeff
  );
}

/** East Asian Wide and Fullwidth of UAX #11, as blocks. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0x33ff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0xa000 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1f64f) ||
    (code >= 0x1f900 && code <= 0x1f9ff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Fills up with blanks to `width` columns; longer text is left as it is. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Cuts to `width` columns, with "…" in the last one when something is cut away. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = "";
  let used = 0;
  for (const char of text) {
    const next = used + charWidth(char);
    if (next > width - 1) break;
    out += char;
    used = next;
  }
  return `${out}…`;
}

/** Characters that must not begin a line in Japanese typesetting, and those that must not end one. */
const notAtStart =
  "、。，．・：；？！）］｝」』】〕〉》ー〜…‥％々,.!?)]}%:;ぁぃぅぇぉっゃゅょァィゥェォッャュョ";
const notAtEnd = "（［｛「『【〔〈《([{";
const pauses = "、。，．・：；？！）］｝」』】〕〉》…／/,;)]}";

/**
 * Breaks a text into lines of at most `width` columns: at blanks, and in Japanese between phrases, not inside a word. A
 * phrase that is longer than a line is broken where the rules of line breaking allow, a word that is longer is cut, or
 * stands out. Line feeds in the text stay.
 */
export function wrap(text: string, width: number, { cutsWords = true }: WrapOptions = {}): string[] {
  return text.split("\n").flatMap((paragraph) => wrapParagraph(paragraph, Math.max(2, width), cutsWords));
}

interface WrapOptions {
  /** Whether a word that is longer than a line is cut; true when left out. */
  readonly cutsWords?: boolean;
}

function wrapParagraph(paragraph: string, width: number, cutsWords: boolean): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const part of parts(paragraph, width, cutsWords)) {
    if (used > 0 && used + displayWidth(part.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = "";
      used = 0;
    }
    line += part;
    used += displayWidth(part);
  }
  return [...lines, line.trimEnd()];
}

/** What stays together, each no longer than a line where words are cut. */
function parts(paragraph: string, width: number, cutsWords: boolean): string[] {
  const isLong = (part: string): boolean => displayWidth(part.trimEnd()) > width;
  return pieces(paragraph, phraseBreaks(paragraph)).flatMap((phrase) => {
    if (!isLong(phrase)) return [phrase];
    if (!cutsWords) return pieces(phrase, besideWholeWords(phrase));
    return pieces(phrase, mayBreak).flatMap((piece) => (isLong(piece) ? cut(piece, width) : [piece]));
  });
}

/** Breaks that leave a word its particle. */
function besideWholeWords(text: string): BreakRule {
  return (before, after, at) => mayBreak(before, after) && !(before === " " && belongsToWord(text, at));
}

/** Whether a line may end between two characters. @param at Of the second one, in code units. */
type BreakRule = (before: string, after: string, at: number) => boolean;

/** The parts of a text that stay together; blanks belong to the end of the part before them. */
function pieces(text: string, isBreak: BreakRule): string[] {
  const found: string[] = [];
  let start = 0;
  let at = 0;
  let before = "";
  for (const char of text) {
    if (at > start && isBreak(before, char, at)) {
      found.push(text.slice(start, at));
      start = at;
    }
    before = char;
    at += char.length;
  }
  return at > start ? [...found, text.slice(start)] : found;
}

function mayBreak(before: string, after: string): boolean {
  if (after === " ") return false;
  if (before === " ") return true;
  if (notAtStart.includes(after) || notAtEnd.includes(before)) return false;
  return charWidth(before) === 2 || charWidth(after) === 2;
}

/** Breaks between the phrases of a text: each begins with a word and ends with the particles that belong to it. */
function phraseBreaks(text: string): BreakRule {
  const words = wordStarts(text);
  return (before, after, at) => {
    if (!mayBreak(before, after)) return false;
    if (before === " ") return !belongsToWord(text, at);
    if (pauses.includes(before) || notAtEnd.includes(after)) return true;
    return words.has(at) && isHiragana(before) && !isHiragana(after);
  };
}

/** Whether what follows a blank belongs to the word before it: a particle, or a counter after a figure. */
function belongsToWord(text: string, at: number): boolean {
  const before = text.at(at - 2) ?? "";
  const after = text[at] ?? "";
  if (isHiragana(after)) return !pauses.includes(before);
  return before >= "0" && before <= "9" && charWidth(after) === 2;
}

function isHiragana(char: string): boolean {
  return char >= "\u3041" && char <= "\u309f";
}

let japaneseWords: Intl.Segmenter | undefined;

/** Where words begin, in code units. Empty for a text without Japanese. */
function wordStarts(text: string): ReadonlySet<number> {
  if (!/[\u3041-\u30ff]/.test(text)) return new Set();
  japaneseWords ??= new Intl.Segmenter("ja", { granularity: "word" });
  return new Set(Array.from(japaneseWords.segment(text), ({ index }) => index));
}

function cut(piece: string, width: number): string[] {
  const parts: string[] = [];
  let part = "";
  let used = 0;
  for (const char of piece) {
    if (used + charWidth(char) > width) {
      parts.push(part);
      part = "";
      used = 0;
    }
    part += char;
    used += charWidth(char);
  }
  return [...parts, part];
}

/** Wrapped lines, the first after `first`, the others after as many blanks. */
export function hanging(first: string, text: string, columns: number): string[] {
  const indent = displayWidth(first);
  return wrap(text, Math.max(20, columns - indent)).map((line, index) =>
    `${index === 0 ? first : " ".repeat(indent)}${line}`.trimEnd(),
  );
}

/** Rows of labels and texts: the labels in one column, the texts wrapped beside them. */
export function labelled(
  rows: readonly (readonly [label: string, text: string])[],
  columns: number,
  indent = 2,
  gap = 2,
): string[] {
  const width = Math.max(0, ...rows.map(([label]) => displayWidth(label)));
  return rows.flatMap(([label, text]) =>
    hanging(" ".repeat(indent) + padEnd(label, width) + " ".repeat(gap), text, columns),
  );
}

/**
 * A stranger's text made safe to print: control characters, which could drive the terminal, and characters that turn
 * the reading direction or that nobody sees, so that one name looks like another, are written as escapes.
 */
export function printable(text: string): string {
  let out = "";
  for (const char of text) out += isUnsafe(char.codePointAt(0) as number) ? escaped(char) : char;
  return out;
}

/** Octets kept as characters U+0000 to U+00FF (as TXT records are), read as UTF-8 where they are UTF-8. */
export function printableOctets(text: string): string {
  for (const char of text) if (char > "\u00ff") return printable(text);
  const utf8 = Buffer.from(text, "latin1").toString("utf8");
  return printable(utf8.includes("\ufffd") ? text : utf8);
}

function isUnsafe(code: number): boolean {
  if (code < 0x7f) return code < 0x20;
  return code < 0xa0 || code === 0x2028 || code === 0x2029 || isInvisible(String.fromCodePoint(code));
}

/** Variation selectors choose the shape of the character before them, also in Japanese names. */
function isInvisible(char: string): boolean {
  return /\p{Default_Ignorable_Code_Point}/u.test(char) && !/\p{Variation_Selector}/u.test(char);
}

function escaped(char: string): string {
  const code = char.codePointAt(0) as number;
  const digits = code.toString(16);
  if (code > 0xffff) return `\\u{${digits}}`;
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
}
