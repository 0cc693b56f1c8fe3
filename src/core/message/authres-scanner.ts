import { isUtf8 } from "node:buffer";

const tab = 0x09;
const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const quote = 0x22;
const open = 0x28;
const close = 0x29;
const semicolon = 0x3b;
const backslash = 0x5c;
const del = 0x7f;

/** Octets carried in a latin1 string as text: UTF-8 when all of it is (RFC 6532 §3), else octet by octet. */
export function decodeOctets(octets: string): string {
  if (!/[\x80-\xff]/.test(octets)) return octets;
  const buffer = Buffer.from(octets, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : octets;
}

/** `Keyword` of RFC 5321 §4.1.2. */
export function isKeyword(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9-]*$/.test(text) && text !== "" && !text.endsWith("-");
}

/** A place in the value of a structured field. Every method is linear in what it consumes. */
export class FieldScanner {
  readonly text: string;
  at = 0;
  unterminatedComment = false;
  unterminatedQuote = false;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  /** The next character; empty at the end. */
  get next(): string {
    return this.text.charAt(this.at);
  }

  /** Consumes the character if it comes next. */
  take(character: string): boolean {
    if (this.next !== character) return false;
    this.at += 1;
    return true;
  }

  /** Skips white space and comments, however deep they nest: RFC 5322 §3.2.2. */
  skipCfws(): void {
    for (;;) {
      while (isBlank(this.text.charCodeAt(this.at))) this.at += 1;
      if (this.text.charCodeAt(this.at) !== open) return;
      this.skipComment();
    }
  }

  private skipComment(): void {
    let depth = 0;
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === backslash) this.at += 1;
      else if (code === open) depth += 1;
      else if (code === close) depth -= 1;
      if (depth === 0) {
        this.at += 1;
        return;
      }
    }
    this.at = this.text.length;
    this.unterminatedComment = true;
  }

  /**
   * Reads the quoted string that begins here: RFC 5322 §3.2.4. Folds and escapes are undone.
   * @returns undefined when it is not closed; then all the text is consumed.
   */
  readQuotedString(): string | undefined {
    const parts: string[] = [];
    this.at += 1;
    let from = this.at;
    for (; this.at < this.text.length; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== quote && code !== backslash && code !== cr && code !== lf) continue;
      parts.push(this.text.slice(from, this.at));
      from = this.at + 1;
      if (code === quote) {
        this.at += 1;
        return parts.join("");
      }
      // The character after a backslash starts the next part, whatever it is.
      if (code === backslash) this.at += 1;
    }
    this.at = this.text.length;
    this.unterminatedQuote = true;
    return undefined;
  }

  /** Reads up to white space, a control character, `;`, `(`, `"` or one of `stops`. May be empty. */
  readRun(stops: string): string {
    const from = this.at;
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code <= space || code === quote || code === open || code === semicolon || code === del) break;
      if (stops.includes(this.text.charAt(this.at))) break;
      this.at += 1;
    }
    return this.text.slice(from, this.at);
  }

  /** Skips to the next `;` outside comments and quoted strings, or to the end. */
  skipStatement(): void {
    for (;;) {
      this.skipCfws();
      if (this.done || this.next === ";") return;
      if (this.next === '"') this.readQuotedString();
      else if (this.readRun("") === "") this.at += 1;
    }
  }
}

function isBlank(code: number): boolean {
  return code === space || code === tab || code === cr || code === lf;
}
