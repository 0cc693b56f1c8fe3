/** What is wrong with an address list. */
export type AddressDefect =
  /** Longer than `addressLimits.octets`, or more mailboxes than `addressLimits.mailboxes`; the rest is not read. */
  | "too-long"
  | "too-many-addresses"
  /** A control octet, or a line end that folds nothing. */
  | "control-character"
  /** Octets that are no UTF-8 in a domain. */
  | "not-utf8"
  /** Octets that are no UTF-8 right before `@ [ \ ]`: in Shift_JIS and its like those are halves of characters. */
  | "ambiguous-octets"
  | "unclosed-quote"
  | "unclosed-comment"
  | "unclosed-literal"
  | "unclosed-angle"
  | "comment-too-deep"
  | "angle-in-comment"
  /** Something that may not stand unquoted in a display name. */
  | "display-name-syntax"
  /** An "@" outside quotes in a display name; nothing else wrong with it. */
  | "address-in-display-name"
  | "text-after-address"
  /** RFC 5322 §4.4 obs-route: `<@a,@b:c@d>`. */
  | "route"
  | "group-syntax"
  /** A list element without any "@". */
  | "no-address"
  | "address-syntax"
  /** RFC 2047 §5: no encoded word in an addr-spec. */
  | "encoded-word-in-address";

/** What RFC 5322 §3.2 makes of the octets of an address list; white space and comments are gone. */
export type AddressToken =
  | {
      readonly kind: "word";
      /** Without the quotes and backslashes of a quoted string. */
      readonly text: string;
      readonly form: "atom" | "quoted" | "encoded-word";
      readonly glued: boolean;
    }
  | { readonly kind: "literal"; readonly text: string; readonly glued: boolean }
  | { readonly kind: "special"; readonly text: string; readonly glued: boolean };

export type NoteDefect = (defect: AddressDefect) => void;

const maxCommentDepth = 16;
const specials = '()<>[]:;@\\,."';

/** Splits an unfolded address list into tokens: RFC 5322 §3.2, RFC 6532 §3.2, RFC 2047 §2. Linear; never throws. */
export function tokenizeAddresses(text: string, note: NoteDefect): readonly AddressToken[] {
  const tokens: AddressToken[] = [];
  let at = 0;
  let glued = false;
  while (at < text.length) {
    const character = text[at] as string;
    if (isBlank(character)) {
      at += 1;
      glued = false;
      continue;
    }
    if (character === "(") {
      at = commentEnd(text, at, note);
      glued = false;
      continue;
    }
    const { token, end } = readToken(text, at, glued, tokens.at(-1), note);
    tokens.push(token);
    at = end;
    glued = true;
  }
  return tokens;
}

interface Read {
  readonly token: AddressToken;
  readonly end: number;
}

function readToken(
  text: string,
  at: number,
  glued: boolean,
  previous: AddressToken | undefined,
  note: NoteDefect,
): Read {
  const character = text[at] as string;
  if (character === '"') return readQuoted(text, at, glued, note);
  // A bracket opens a domain literal only where a domain may stand: "[list] name <a@b>" is a display name to everyone.
  if (character === "[" && previous?.kind === "special" && previous.text === "@")
    return readLiteral(text, at, glued, note);
  if (specials.includes(character))
    return { token: { kind: "special", text: character, glued }, end: at + 1 };
  return readAtom(text, at, glued);
}

function readAtom(text: string, at: number, glued: boolean): Read {
  const encodedEnd = encodedWordEnd(text, at);
  if (encodedEnd !== undefined) {
    const token = { kind: "word", text: text.slice(at, encodedEnd), form: "encoded-word", glued } as const;
    return { token, end: encodedEnd };
  }
  let end = at + 1;
  while (end < text.length && isAtomCharacter(text[end] as string)) end += 1;
  return { token: { kind: "word", text: text.slice(at, end), form: "atom", glued }, end };
}

/** RFC 2047 §2, but tolerant of "@", "." and brackets inside, which many senders leave unencoded. */
function encodedWordEnd(text: string, at: number): number | undefined {
  if (!text.startsWith("=?", at)) return undefined;
  let from = at + 2;
  for (let part = 0; part < 3; part++) {
    let end = from;
    while (end < text.length && isEncodedCharacter(text[end] as string)) end += 1;
    if (end === from && part < 2) return undefined;
    if (text[end] !== "?") return undefined;
    from = end + 1;
  }
  if (text[from] !== "=") return undefined;
  const next = text[from + 1];
  // RFC 2047 §5: an encoded word stands alone; glued to something else it is an ordinary atom.
  const alone = next === undefined || isBlank(next) || '<("'.includes(next);
  return alone ? from + 1 : undefined;
}

function isEncodedCharacter(character: string): boolean {
  return !isBlank(character) && !'?<>"(),:;\\'.includes(character);
}

function readQuoted(text: string, at: number, glued: boolean, note: NoteDefect): Read {
  const parts: string[] = [];
  let from = at + 1;
  let i = from;
  while (i < text.length && text[i] !== '"') {
    if (text[i] === "\\") {
      parts.push(text.slice(from, i));
      from = i + 1;
      i += 1;
    }
    i += 1;
  }
  if (i >= text.length) note("unclosed-quote");
  parts.push(text.slice(from, Math.min(i, text.length)));
  return { token: { kind: "word", text: parts.join(""), form: "quoted", glued }, end: i + 1 };
}

function readLiteral(text: string, at: number, glued: boolean, note: NoteDefect): Read {
  const close = text.indexOf("]", at);
  if (close < 0) note("unclosed-literal");
  const end = close < 0 ? text.length : close + 1;
  const literal = text.slice(at, end);
  // RFC 5322 §3.4.1 dtext: no bracket and no backslash (obs-dtext) inside.
  if (literal.lastIndexOf("[") > 0 || literal.includes("\\")) note("address-syntax");
  return { token: { kind: "literal", text: literal, glued }, end };
}

/** After the parenthesis that closes the comment: RFC 5322 §3.2.2. */
function commentEnd(text: string, at: number, note: NoteDefect): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const character = text[i];
    if (character === "\\") i += 1;
    else if (character === "(") {
      depth += 1;
      if (depth > maxCommentDepth) note("comment-too-deep");
    } else if (character === ")") {
      depth -= 1;
      if (depth === 0) return i + 1;
    } else if (character === "<" || character === ">") {
      // Readers that look for angle brackets before they look for comments find another address here.
      note("angle-in-comment");
    }
  }
  note("unclosed-comment");
  return text.length;
}

function isAtomCharacter(character: string): boolean {
  return !isBlank(character) && !specials.includes(character);
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t";
}
