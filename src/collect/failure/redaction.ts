import { createHmac } from "node:crypto";

/** Replaces the local part of every mail address in a text by a word that tells nothing, the same one for the same local part. */
export type Redact = (text: string) => string;

const prefix = "redacted-";
const redacted = /^redacted-[0-9a-f]{16}$/;
/** RFC 5321 §4.5.3.1.1 has 64 octets; mailing programs write longer ones. */
const maxLocal = 320;

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
  for (let at = nextAt(text, 0); at.index >= 0; at = nextAt(text, at.index + 1)) {
    const from = localStart(text, at.index, done, at.length > 1);
    if (from === at.index || !beginsDomain(text, at.index + at.length)) continue;
    out += text.slice(done, from) + word(text.slice(from, at.index));
    done = at.index;
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

function beginsDomain(text: string, at: number): boolean {
  const character = text[at] ?? "";
  return /[A-Za-z0-9[\u0080-\uffff]/.test(character);
}

/** RFC 5321 §4.1.2 with RFC 6531: a dot-string, or a quoted one. */
function localStart(text: string, end: number, floor: number, isUri: boolean): number {
  const least = Math.max(floor, end - maxLocal);
  if (text[end - 1] === '"') {
    const open = text.lastIndexOf('"', end - 2);
    if (open >= least && end - 2 >= 0) return open;
  }
  let from = end;
  const pattern = isUri ? uriLocal : localPart;
  while (from > least && pattern.test(text[from - 1] ?? "")) from -= 1;
  return from + keyLength(text.slice(from, end));
}

const localPart = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\u2fff\u3040-\uff00-]/;
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
