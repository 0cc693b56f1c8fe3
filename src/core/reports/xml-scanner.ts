/** What a scanner finds, in the order of the text. Names come without their prefix. */
export interface XmlHandler {
  /** @param attributes What stood between the name and the end of the tag. */
  open(name: string, attributes: string): void;
  close(name: string): void;
  /** A piece of text between tags, character references resolved; several may follow each other. */
  text(value: string): void;
  /** Whether text is of use now. Where it is not it is not read. */
  wantsText(): boolean;
  /** A document type with declarations of its own: the scan is over. */
  documentType(): void;
}

/** Longer tags and comments are none. */
const maxMarkup = 65_536;
const maxName = 256;

/**
 * Reads the markup of reports, also where it is broken: nothing here is an error. "<" that begins no tag is text, as is "&"
 * that begins no reference; declared entities do not exist. Linear in time; memory is bounded by the pieces given.
 */
export class XmlScanner {
  readonly #handler: XmlHandler;
  #rest = "";
  #inside: "content" | "comment" | "cdata" | "instruction" = "content";
  #stopped = false;

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  write(piece: string): void {
    if (this.#stopped) return;
    const text = this.#rest.length === 0 ? piece : this.#rest + piece;
    this.#rest = text.slice(this.#scan(text, false));
  }

  /** Nothing more is of use, not even of the piece that is being read. */
  stop(): void {
    this.#stopped = true;
  }

  end(): void {
    if (!this.#stopped) this.#scan(this.#rest, true);
    this.#rest = "";
  }

  /** @returns Up to where the text was used; the rest waits for more. */
  #scan(text: string, last: boolean): number {
    let at = 0;
    while (at < text.length && !this.#stopped) {
      const inside = this.#inside;
      const next = inside === "content" ? this.#content(text, at, last) : this.#skip(text, at, last);
      if (next === at && inside === this.#inside) return at;
      at = next;
    }
    return at;
  }

  #content(text: string, at: number, last: boolean): number {
    const mark = text.indexOf("<", at);
    if (mark !== at) return this.#textRun(text, at, mark < 0 ? text.length : mark, last || mark >= 0);
    return this.#markup(text, at, last);
  }

  /** @param whole Whether the run ends there, so that a reference cannot go on in the next piece. */
  #textRun(text: string, from: number, to: number, whole: boolean): number {
    let end = to;
    if (!whole) {
      const reference = text.lastIndexOf("&", to - 1);
      if (reference >= from && to - reference < maxReference) end = reference;
    }
    if (end > from && this.#handler.wantsText()) this.#handler.text(resolveReferences(text.slice(from, end)));
    return end;
  }

  #markup(text: string, at: number, last: boolean): number {
    const second = text.charCodeAt(at + 1);
    if (second === slash || isNameStart(second)) return this.#tag(text, at, last);
    if (second === exclamation) return this.#declaration(text, at, last);
    if (second === question) return this.#enter("instruction", at + 2);
    if (Number.isNaN(second) && !last) return at;
    return this.#literal(at + 1);
  }

  #literal(next: number): number {
    if (this.#handler.wantsText()) this.#handler.text("<");
    return next;
  }

  #tag(text: string, at: number, last: boolean): number {
    const closing = text.charCodeAt(at + 1) === slash;
    const nameFrom = at + (closing ? 2 : 1);
    const nameTo = nameEnd(text, nameFrom);
    if (nameTo - nameFrom >= maxName) return this.#literal(at + 1);
    const end = nameTo < text.length ? tagEnd(text, nameTo, last) : notYet;
    if (end === noTag) return this.#literal(at + 1);
    // At the end of the document nothing more can be told of it.
    if (end === notYet) return last ? text.length : at;
    // `<d@example.org>` is an address.
    if (!isTagNameEnd(text.charCodeAt(nameTo))) return this.#literal(at + 1);
    const name = localName(text, nameFrom, nameTo);
    if (closing) this.#handler.close(name);
    else this.#openTag(name, text, nameTo, end);
    return end + 1;
  }

  #openTag(name: string, text: string, nameTo: number, end: number): void {
    const empty = text.charCodeAt(end - 1) === slash;
    this.#handler.open(name, nameTo === end ? "" : text.slice(nameTo, empty ? end - 1 : end));
    if (empty) this.#handler.close(name);
  }

  #declaration(text: string, at: number, last: boolean): number {
    const start = text.slice(at, at + 9);
    if (start.startsWith("<!--")) return this.#enter("comment", at + 4);
    if (start === "<![CDATA[") return this.#enter("cdata", at + 9);
    if (!last && start.length < 9) return at;
    if (start.toUpperCase() === "<!DOCTYPE") return this.#documentType(text, at, last);
    return this.#literal(at + 1);
  }

  #documentType(text: string, at: number, last: boolean): number {
    const limit = Math.min(text.length, at + maxMarkup);
    for (let index = at + 1; index < limit; index++) {
      const code = text.charCodeAt(index);
      if (code === greaterThan) return index + 1;
      if (code === lessThan) return this.#literal(at + 1);
      if (code !== bracket) continue;
      this.#stopped = true;
      this.#handler.documentType();
      return text.length;
    }
    return !last && limit === text.length ? at : this.#literal(at + 1);
  }

  /** Up to ">", whose "?" some forget, or before the next tag. */
  #skipInstruction(text: string, at: number): number {
    for (let index = at; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code !== greaterThan && code !== lessThan) continue;
      this.#inside = "content";
      return code === greaterThan ? index + 1 : index;
    }
    return text.length;
  }

  #enter(inside: "comment" | "cdata" | "instruction", next: number): number {
    this.#inside = inside;
    return next;
  }

  #skip(text: string, at: number, last: boolean): number {
    if (this.#inside === "instruction") return this.#skipInstruction(text, at);
    const mark = endMarks[this.#inside as keyof typeof endMarks];
    const end = text.indexOf(mark, at);
    // A mark may be cut in two by the end of the piece.
    const to = end >= 0 ? end : last ? text.length : Math.max(at, text.length - mark.length + 1);
    if (this.#inside === "cdata" && to > at && this.#handler.wantsText())
      this.#handler.text(text.slice(at, to));
    if (end < 0) return to;
    this.#inside = "content";
    return end + mark.length;
  }
}

const endMarks = { comment: "-->", cdata: "]]>" } as const;
const slash = 0x2f;
const exclamation = 0x21;
const question = 0x3f;
const colon = 0x3a;
const bracket = 0x5b;
const quote = 0x22;
const apostrophe = 0x27;
const lessThan = 0x3c;
const greaterThan = 0x3e;

const notYet = -1;
const noTag = -2;

/**
 * The ">" of the tag whose name ends at `from`; one within quotation marks does not count. A "<" stands in no tag: what came
 * before it was none, or has a quotation mark that nobody closes. Each character is looked at for one tag only.
 */
function tagEnd(text: string, from: number, last: boolean): number {
  let open = 0;
  let firstEnd = noTag;
  const limit = Math.min(text.length, from + maxMarkup);
  for (let index = from; index < limit; index++) {
    const code = text.charCodeAt(index);
    if (code === lessThan) return firstEnd;
    if (code === greaterThan) {
      if (open === 0) return index;
      if (firstEnd === noTag) firstEnd = index;
    } else if (open !== 0) {
      if (code === open) open = 0;
    } else if (code === quote || code === apostrophe) open = code;
  }
  if (limit < text.length) return firstEnd;
  return last && firstEnd !== noTag ? firstEnd : notYet;
}

function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0xc0;
}

function isNamePart(code: number): boolean {
  return (
    isNameStart(code) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e || code === colon
  );
}

function nameEnd(text: string, from: number): number {
  let at = from;
  while (at - from < maxName && isNamePart(text.charCodeAt(at))) at += 1;
  return at;
}

function isTagNameEnd(code: number): boolean {
  return code === greaterThan || code === slash || code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function localName(text: string, from: number, to: number): string {
  const name = text.slice(from, to);
  const prefix = name.lastIndexOf(":");
  return prefix < 0 ? name : name.slice(prefix + 1);
}

/** Of `&#x10ffff;` and more. */
const maxReference = 12;
const named: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** The five references of XML and those by number; whatever else begins with "&" stays as it is. */
export function resolveReferences(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,4});/g, (whole, reference: string) =>
    reference.startsWith("#") ? (characterOf(reference) ?? whole) : (named[reference] ?? whole),
  );
}

function characterOf(reference: string): string | undefined {
  const hex = reference[1] === "x" || reference[1] === "X";
  const code = Number.parseInt(reference.slice(hex ? 2 : 1), hex ? 16 : 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
