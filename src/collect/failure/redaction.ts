import { createHmac } from "node:crypto";

/** Replaces the local part of every mail address in a text by a word that tells nothing, the same one for the same local part. */
export type Redact = (text: string) => string;

const prefix = "redacted-";
const redacted = /^redacted-[0-9a-f]{16}$/;
/** RFC 5321 §4.5.3.1.1 has 64 octets; mailing programs write longer ones. */
const maxLocal = 1_000;
/** Of one text; each costs some microseconds, and a field has no room for more real ones. What follows is left out. */
const maxAddresses = 200;

/**
 * The keyed digest that RFC 6590 describes: who has the key can tell whether an address is among them, nobody else can
 * by trying names. What is redacted already stays as it is.
 * @param key Random octets, kept secret.
 */
export function openRedaction(key: Buffer): Redact {
  const word = (local: string): string => {
    if (redacted.test(local)) return local;
    const digest = createHmac("sha256", key).update(local.toLowerCase(), "utf8").digest("hex");
    return `${prefix}${digest.slice(0, 16)}`;
  };
  return (text) => redactText(text, word);
}

function redactText(text: string, word: (local: string) => string): string {
  let out = "";
  let done = 0;
  let floor = 0;
  let count = 0;
  for (let at = nextAt(text, 0); at.index >= 0; at = nextAt(text, at.index + 1)) {
    const isUri = at.length > 1;
    const to = isUri ? at.index : withoutComment(text, at.index, floor);
    // First, since it costs less: what comes before each of very many signs is long.
    if (!beginsDomain(text, at.index + at.length, to < at.index)) continue;
    const from = localStart(text, to, floor, isUri);
    if (from === to) continue;
    out += text.slice(done, from);
    if (count === maxAddresses) return `${out}(more)`;
    out += word(text.slice(from, to));
    count += 1;
    done = at.index;
    floor = at.index + at.length;
  }
  return out + text.slice(done);
}

/** "@", or as it stands in addresses of the web. */
function nextAt(text: string, from: number): { readonly index: number; readonly length: number } {
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === "@" || character === "\uff20") return { index: at, length: 1 };
    if (character === "%" && text.startsWith("40", at + 1)) return { index: at, length: 3 };
  }
  return { index: -1, length: 1 };
}

/** @param apart The sign stands alone, as in old addresses and in sentences. */
function beginsDomain(text: string, at: number, apart: boolean): boolean {
  const start = text.slice(at, at + 100);
  return (!apart && /^[A-Za-z0-9[_(.>\u0080-\uffff-]/.test(start)) || dottedDomain.test(start);
}

const dottedDomain = /^[ \t]{0,20}[\w\u0080-\uffff-]{1,63}\.[\w\u0080-\uffff]/;

/** RFC 5322 §4.4: blanks and comments may stand before the sign. @returns Where what is before them ends. */
function withoutComment(text: string, end: number, floor: number): number {
  const least = Math.max(floor, end - maxLocal);
  let to = end;
  while (to > least) {
    const character = text[to - 1];
    if (character === " " || character === "\t") to -= 1;
    else if (character === ")") {
      const open = text.slice(least, to - 1).lastIndexOf("(");
      if (open < 0) return to;
      to = least + open;
    } else return to;
  }
  return to;
}

/** RFC 5321 §4.1.2 with RFC 6531: a dot-string, or a quoted one; RFC 5322 §4.4: or both, with dots between them. */
function localStart(text: string, end: number, floor: number, isUri: boolean): number {
  const least = Math.max(floor, end - maxLocal);
  const pattern = isUri ? uriLocal : localPart;
  let from = end;
  for (;;) {
    const before = from;
    if (!isUri && text[from - 1] === '"' && from > least && (from === end || text[from] === "."))
      from = quoteStart(text, from, least);
    if (from === before || text[from - 1] === ".")
      while (from > least && pattern.test(text[from - 1] ?? "")) from -= 1;
    if (from === before) return from + keyLength(text.slice(from, end));
  }
}

/** Where a quoted string begins that ends there. A sign within it has taken a part of it already. */
function quoteStart(text: string, end: number, least: number): number {
  for (let at = end - 2; at >= least; at--) if (text[at] === '"' && text[at - 1] !== "\\") return at;
  return least > 0 ? least : end - 1;
}

const localPart =
  /[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\\\u0080-\u2fff\u3005-\u3007\u3040-\uff00\uff0b\uff0d\uff0e\uff10-\uff19\uff21-\uff3a\uff3f\uff41-\uff5a\uff66-\uffdc-]/;
/** RFC 3986 §2: what else may stand in a local part is written with "%" there. */
const uriLocal = /[A-Za-z0-9%._~+!$'*-]/;

const keys: ReadonlySet<string> = new Set([
  "i",
  "for",
  "from",
  "to",
  "rcpt",
  "sender",
  "mail-from",
  "mailfrom",
  "envelope-from",
  "rfrom",
  "email",
]);

/** `smtp.mailfrom=a@b`: "=" may stand in a local part, and does before it. */
function keyLength(local: string): number {
  const equals = local.indexOf("=");
  if (equals < 0) return 0;
  const key = local.slice(0, equals).toLowerCase();
  return keys.has(key) || /^(?:smtp|header|policy|body)\.[a-z-]{1,40}$/.test(key) ? equals + 1 : 0;
}
