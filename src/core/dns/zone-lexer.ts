import type { ZoneProblem } from "./zone-problem.ts";

/** One word or quoted string; escapes are still in it. */
export interface ZoneToken {
  readonly text: string;
  readonly quoted: boolean;
}

/** One entry of a master file: a line, or several within parentheses. */
export interface ZoneEntry {
  /** Where it begins, from 1. */
  readonly line: number;
  /** Begins with a blank: the owner is that of the entry before (RFC 1035 §5.1). */
  readonly indented: boolean;
  readonly tokens: readonly ZoneToken[];
  /** The first comment, without its semicolon. */
  readonly comment?: string;
  /** What is wrong with the entry as a whole. */
  readonly problem?: ZoneEntryProblem;
}

export interface ZoneEntryProblem {
  readonly line: number;
  readonly problem: ZoneProblem<"parenthesis-open" | "parenthesis-alone" | "quote-open">;
}

/** Cuts a master file into entries (RFC 1035 §5.1). Empty lines and comments yield nothing. */
export function* zoneEntries(text: string): Generator<ZoneEntry> {
  const lexer = new ZoneLexer(text);
  for (;;) {
    const entry = lexer.next();
    if (entry === undefined) return;
    if (entry.tokens.length > 0 || entry.problem !== undefined) yield entry;
  }
}

const maxResumed = 20;

class ZoneLexer {
  readonly #text: string;
  #at: number;
  #line = 1;
  #tokens: ZoneToken[] = [];
  #depth = 0;
  #comment: string | undefined;
  #problem: ZoneEntryProblem | undefined;
  /** Where to go on when a parenthesis is never closed: the next line that looks like an entry of its own. */
  #resume: { at: number; line: number; tokens: number } | undefined;
  #resumed = 0;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith("\ufeff") ? 1 : 0;
  }

  next(): ZoneEntry | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const line = this.#line;
    const indented = isBlank(this.#text[this.#at] as string);
    this.#tokens = [];
    this.#depth = 0;
    this.#comment = undefined;
    this.#problem = undefined;
    this.#resume = undefined;
    while (this.#at < this.#text.length) if (this.#step()) break;
    if (this.#depth > 0) this.#giveUp(line);
    const entry = { line, indented, tokens: this.#tokens };
    return {
      ...entry,
      ...(this.#comment === undefined ? {} : { comment: this.#comment }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** At the end of the file inside a parenthesis: what follows on lines of its own is not lost. */
  #giveUp(line: number): void {
    this.#fail("parenthesis-open", line);
    // Each time the rest of the file is read once more.
    if (this.#resume === undefined || this.#resumed >= maxResumed) return;
    this.#resumed += 1;
    this.#at = this.#resume.at;
    this.#line = this.#resume.line;
    this.#tokens = this.#tokens.slice(0, this.#resume.tokens);
  }

  /** Takes one character, token or comment; true at the end of the entry. */
  #step(): boolean {
    const char = this.#text[this.#at] as string;
    if (char === "\n") return this.#endLine();
    if (isBlank(char)) this.#at += 1;
    else if (char === ";") this.#skipComment();
    else if (char === '"') this.#readQuoted();
    else if (char === "(" || char === ")") this.#readParenthesis(char);
    else this.#readWord();
    return false;
  }

  #endLine(): boolean {
    this.#at += 1;
    this.#line += 1;
    // After a mistake a parenthesis is not waited for, lest the rest of the file is lost.
    if (this.#problem !== undefined) this.#depth = 0;
    if (this.#depth > 0 && this.#resume === undefined && this.#isEntryStart())
      this.#resume = { at: this.#at, line: this.#line, tokens: this.#tokens.length };
    return this.#depth === 0;
  }

  #isEntryStart(): boolean {
    const char = this.#text[this.#at] ?? "\n";
    return !isBlank(char) && !'\n;")('.includes(char);
  }

  #skipComment(): void {
    const start = this.#at + 1;
    const end = this.#text.indexOf("\n", start);
    this.#at = end < 0 ? this.#text.length : end;
    this.#comment ??= this.#text.slice(start, this.#at);
  }

  #readParenthesis(char: string): void {
    this.#at += 1;
    this.#depth += char === "(" ? 1 : -1;
    if (this.#depth >= 0) return;
    this.#depth = 0;
    this.#fail("parenthesis-alone");
  }

  #readQuoted(): void {
    const start = this.#at + 1;
    let at = start;
    while (at < this.#text.length && this.#text[at] !== '"' && this.#text[at] !== "\n")
      at += this.#text[at] === "\\" && this.#text[at + 1] !== "\n" ? 2 : 1;
    const closed = this.#text[at] === '"';
    if (!closed) this.#fail("quote-open");
    this.#tokens.push({ text: this.#text.slice(start, at), quoted: true });
    this.#at = Math.min(closed ? at + 1 : at, this.#text.length);
  }

  #readWord(): void {
    const start = this.#at;
    let at = start;
    while (at < this.#text.length && !endsWord(this.#text[at] as string))
      at += this.#text[at] === "\\" && this.#text[at + 1] !== "\n" ? 2 : 1;
    this.#at = Math.min(at, this.#text.length);
    this.#tokens.push({ text: this.#text.slice(start, this.#at), quoted: false });
  }

  /** The first problem of an entry is the one told. */
  #fail(id: ZoneEntryProblem["problem"]["id"], line: number = this.#line): void {
    this.#problem ??= { line, problem: { id } };
  }
}

function isBlank(char: string): boolean {
  return char === " " || char === "\t" || char === "\r" || char === "\f";
}

function endsWord(char: string): boolean {
  return isBlank(char) || char === "\n" || char === ";" || char === '"' || char === "(" || char === ")";
}
