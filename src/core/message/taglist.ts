/** One `name=value` of a tag-list. Offsets count characters of the text that was parsed. */
export interface Tag {
  /** As written: tag names are case-sensitive (RFC 6376 §3.2). */
  readonly name: string;
  /** Without the white space around it; white space inside is kept. */
  readonly value: string;
  /** First character after the "=", white space included. */
  readonly start: number;
  /** The ";" that ends the tag, or the end of the text: [start, end) is what RFC 6376 §3.7 deletes from `b=`. */
  readonly end: number;
}

export type TagListProblem =
  /** Nothing between two semicolons, before the first, or in the whole list. */
  | "empty-tag"
  | "no-equals-sign"
  | "bad-name"
  /** A control character in the value, or a line end without white space after it. */
  | "bad-value"
  | "duplicate-tag";

export interface TagList {
  /** Every tag that has a name and an "=", in order; of duplicates each one. */
  readonly tags: readonly Tag[];
  /** The first thing that RFC 6376 §3.2 forbids; absent when the list is well-formed. */
  readonly problem?: { readonly kind: TagListProblem; readonly at: number };
}

/**
 * Reads a tag=value list: RFC 6376 §3.2. One trailing semicolon is allowed. Goes on behind a fault, so that a caller
 * with rules of his own (DMARC) can use what is there; a caller who must be strict (DKIM) looks at `problem`.
 * Characters above U+007F are allowed in values, as §3.2 advises. Linear in the length of the text; never throws.
 */
export function parseTagList(text: string): TagList {
  const tags: Tag[] = [];
  const names = new Set<string>();
  let problem: TagList["problem"];
  const note = (kind: TagListProblem | undefined, at: number): void => {
    if (kind !== undefined) problem ??= { kind, at };
  };
  let from = 0;
  while (from <= text.length) {
    const semicolon = text.indexOf(";", from);
    const to = semicolon < 0 ? text.length : semicolon;
    const tag = readTag(text, from, to);
    if (typeof tag === "string") {
      // §3.2: tag-list = tag-spec *( ";" tag-spec ) [ ";" ], so only what follows a semicolon may be nothing at the end.
      if (tag !== "empty-tag" || semicolon >= 0 || tags.length === 0) note(tag, from);
    } else {
      // §3.2: a list that names a tag twice is invalid as a whole.
      if (names.has(tag.name)) note("duplicate-tag", from);
      note(nameProblem(tag.name), from);
      note(valueProblem(text, tag.start, to), tag.start);
      names.add(tag.name);
      tags.push(tag);
    }
    from = to + 1;
    if (semicolon < 0) break;
  }
  return problem === undefined ? { tags } : { tags, problem };
}

/** The value of the first tag of that name; undefined without one, empty for `name=`. */
export function tagValue(list: TagList, name: string): string | undefined {
  return list.tags.find((tag) => tag.name === name)?.value;
}

/** Without SP, TAB, CR and LF at both ends. */
export function trimSpace(text: string): string {
  const start = skipSpace(text, 0, text.length);
  return text.slice(start, trimmedEnd(text, start, text.length));
}

function readTag(text: string, from: number, to: number): Tag | "empty-tag" | "no-equals-sign" {
  const start = skipSpace(text, from, to);
  if (start === to) return "empty-tag";
  const equals = indexWithin(text, "=", start, to);
  if (equals < 0) return "no-equals-sign";
  const nameEnd = trimmedEnd(text, start, equals);
  const valueStart = skipSpace(text, equals + 1, to);
  return {
    name: text.slice(start, nameEnd),
    value: text.slice(valueStart, trimmedEnd(text, valueStart, to)),
    start: equals + 1,
    end: to,
  };
}

function indexWithin(text: string, character: string, from: number, to: number): number {
  for (let i = from; i < to; i++) if (text[i] === character) return i;
  return -1;
}

/** tag-name = ALPHA *( ALPHA / DIGIT / "_" ) */
function nameProblem(name: string): TagListProblem | undefined {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name) ? undefined : "bad-name";
}

function valueProblem(text: string, from: number, to: number): TagListProblem | undefined {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x0d) {
      // §2.8: FWS = [*WSP CRLF] 1*WSP
      if (i + 2 >= text.length || text.charCodeAt(i + 1) !== 0x0a || !isWsp(text.charCodeAt(i + 2)))
        return "bad-value";
      i += 2;
    } else if (code === 0x7f || (code < 0x20 && code !== 0x09)) return "bad-value";
  }
  return undefined;
}

function skipSpace(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && isSpace(text.charCodeAt(i))) i += 1;
  return i;
}

function trimmedEnd(text: string, from: number, to: number): number {
  let i = to;
  while (i > from && isSpace(text.charCodeAt(i - 1))) i -= 1;
  return i;
}

function isWsp(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isSpace(code: number): boolean {
  return isWsp(code) || code === 0x0d || code === 0x0a;
}
