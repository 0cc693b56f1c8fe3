import { isUtf8 } from "node:buffer";
import {
  type AddressDefect,
  type AddressToken,
  type NoteDefect,
  tokenizeAddresses,
} from "./address-tokens.ts";

export type { AddressDefect } from "./address-tokens.ts";

/** One address. Text is decoded from UTF-8 when the whole value is UTF-8; else each character is one octet. */
export interface Mailbox {
  /** Quotes and comments taken off; encoded words (RFC 2047) as they stand. */
  readonly displayName?: string;
  /** Without quotes. */
  readonly localPart: string;
  /** As written, without white space and comments; a domain literal with its brackets. */
  readonly domain: string;
}

export interface AddressList {
  /** What could be read, members of groups among them. */
  readonly mailboxes: readonly Mailbox[];
  /** Each once, in the order found. Empty when nothing in the value can be read in two ways. */
  readonly defects: readonly AddressDefect[];
  /**
   * Every domain or literal that follows an "@" outside quotes and comments, as written, each once: also those that a
   * broken syntax keeps out of `mailboxes`.
   */
  readonly domains: readonly string[];
}

/** What of one field is read; beyond it lies a defect. */
export const addressLimits: { readonly octets: number; readonly mailboxes: number } = {
  octets: 65_536,
  mailboxes: 1_000,
};

/**
 * Reads the value of an address field such as From: RFC 5322 §3.4 with RFC 6854 (groups), RFC 6532 (UTF-8) and those
 * other forms that leave no doubt about the domain: null members of a list (§4.4), periods (§4.1) and brackets in
 * display names, odd periods in local parts (`a..b@`, `a.@`), which mobile carriers once handed out.
 * Bounded and linear; never throws.
 * @param value Octets as latin1, folds included.
 */
export function parseAddressList(value: string): AddressList {
  const defects = new Set<AddressDefect>();
  const note: NoteDefect = (defect) => defects.add(defect);
  const { text, utf8 } = readableText(value, note);
  const tokens = tokenizeAddresses(text, note);
  const mailboxes = readList(tokens, note);
  const domains = new Set(domainRuns(tokens));
  if (!utf8 && [...domains].some((domain) => /[\x80-\xff]/.test(domain))) note("not-utf8");
  return { mailboxes, defects: [...defects], domains: [...domains] };
}

/** Unfolded (RFC 5322 §2.2.3) and decoded. */
function readableText(value: string, note: NoteDefect): { text: string; utf8: boolean } {
  const bounded = value.slice(0, addressLimits.octets);
  if (bounded.length < value.length) note("too-long");
  const unfolded = bounded.replace(/\r\n(?=[ \t])/g, "");
  if (hasControl(unfolded)) note("control-character");
  const octets = Buffer.from(unfolded, "latin1");
  if (isUtf8(octets)) return { text: octets.toString("utf8"), utf8: true };
  if (/[\x80-\xff][@[\\\]]/.test(unfolded)) note("ambiguous-octets");
  return { text: unfolded, utf8: false };
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7f || (code < 0x20 && code !== 0x09)) return true;
  }
  return false;
}

// ---------------------------------------------------------------- lists and groups

function readList(tokens: readonly AddressToken[], note: NoteDefect): readonly Mailbox[] {
  const mailboxes: Mailbox[] = [];
  let element: AddressToken[] = [];
  let angle = false;
  let group: "none" | "open" | "closed" = "none";
  const endElement = (): void => {
    // §4.4 obs-mbox-list: null members are allowed.
    if (element.length === 0) return;
    if (group === "closed") note("group-syntax");
    if (mailboxes.length >= addressLimits.mailboxes) note("too-many-addresses");
    else {
      const mailbox = readElement(element, note);
      if (mailbox !== undefined) mailboxes.push(mailbox);
    }
    element = [];
  };
  for (const token of tokens) {
    const special = token.kind === "special" ? token.text : "";
    if (special === "<") angle = true;
    else if (special === ">") angle = false;
    if (special === "," && !angle) {
      endElement();
      if (group === "closed") group = "none";
    } else if (special === ":" && !angle && group === "none") {
      checkDisplayName(element, note);
      if (element.length === 0) note("group-syntax");
      element = [];
      group = "open";
    } else if (special === ";" && !angle && group === "open") {
      endElement();
      group = "closed";
    } else element.push(token);
  }
  endElement();
  // RFC 5322 §3.4: a group ends with ";".
  if (group === "open") note("group-syntax");
  return mailboxes;
}

/** mailbox = name-addr / addr-spec */
function readElement(tokens: readonly AddressToken[], note: NoteDefect): Mailbox | undefined {
  const open = indexOfSpecial(tokens, "<", 0);
  if (open < 0) return readAddrSpec(tokens, note);
  const phrase = tokens.slice(0, open);
  checkDisplayName(phrase, note);
  const close = indexOfSpecial(tokens, ">", open);
  if (close < 0) note("unclosed-angle");
  else if (close + 1 < tokens.length) note("text-after-address");
  const inside = tokens.slice(open + 1, close < 0 ? tokens.length : close);
  const mailbox = readAddrSpec(withoutRoute(inside, note), note);
  if (mailbox === undefined || phrase.length === 0) return mailbox;
  return { displayName: displayNameText(phrase), ...mailbox };
}

/** §4.4: "the route portion SHOULD be ignored", but not all readers do, so it is noted. */
function withoutRoute(inside: readonly AddressToken[], note: NoteDefect): readonly AddressToken[] {
  const colon = inside.findLastIndex((token) => isSpecial(token, ":"));
  if (colon < 0) return inside;
  note("route");
  return inside.slice(colon + 1);
}

// ---------------------------------------------------------------- display names

function checkDisplayName(phrase: readonly AddressToken[], note: NoteDefect): void {
  for (const token of phrase) {
    if (token.kind === "word") continue;
    if (isSpecial(token, "@")) note("address-in-display-name");
    // §4.1 obs-phrase allows ".", and brackets are a habit of mailing lists; neither can be taken for an address.
    else if (token.kind === "literal" || !".[]".includes(token.text)) note("display-name-syntax");
  }
}

function displayNameText(phrase: readonly AddressToken[]): string {
  return phrase.map((token, index) => (index > 0 && !token.glued ? ` ${token.text}` : token.text)).join("");
}

// ---------------------------------------------------------------- addr-spec

function readAddrSpec(tokens: readonly AddressToken[], note: NoteDefect): Mailbox | undefined {
  const at = indexOfSpecial(tokens, "@", 0);
  if (at < 0) {
    note("no-address");
    return undefined;
  }
  if (tokens.some(({ text }) => text.includes("=?") && text.includes("?="))) note("encoded-word-in-address");
  const local = tokens.slice(0, at);
  const domain = tokens.slice(at + 1);
  if (!isLocalPart(local) || !isDomain(domain)) {
    note("address-syntax");
    return undefined;
  }
  return { localPart: joined(local), domain: joined(domain) };
}

/** word *("." word), but with periods anywhere; no white space or comment inside. */
function isLocalPart(tokens: readonly AddressToken[]): boolean {
  return (
    tokens.length > 0 &&
    tokens.every((token, index) => {
      if (index > 0 && !token.glued) return false;
      if (token.kind !== "word") return isSpecial(token, ".");
      return tokens[index - 1]?.kind !== "word";
    })
  );
}

/**
 * dot-atom / domain-literal. Not obs-domain (§4.4), whose periods may have white space and comments beside them: where
 * one reader sees `a@b.example (x).evil.example` end is not where another does.
 */
function isDomain(tokens: readonly AddressToken[]): boolean {
  const [first] = tokens;
  if (first?.kind === "literal") return tokens.length === 1;
  return (
    tokens.length % 2 === 1 &&
    tokens.every((token, index) => {
      if (index > 0 && !token.glued) return false;
      return index % 2 === 0 ? token.kind === "word" && token.form === "atom" : isSpecial(token, ".");
    })
  );
}

// ---------------------------------------------------------------- every domain in sight

/** What follows each "@" as far as it looks like a domain. */
function domainRuns(tokens: readonly AddressToken[]): readonly string[] {
  const runs: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (!isSpecial(tokens[i], "@")) continue;
    let end = i + 1;
    while (isDomainPart(tokens[end], end === i + 1)) end += 1;
    if (end > i + 1) runs.push(joined(tokens.slice(i + 1, end)));
    i = end - 1;
  }
  return runs;
}

function isDomainPart(token: AddressToken | undefined, first: boolean): boolean {
  if (token === undefined || (!first && !token.glued)) return false;
  return token.kind === "special" ? token.text === "." : token.kind === "literal" ? first : true;
}

function joined(tokens: readonly AddressToken[]): string {
  return tokens.map((token) => token.text).join("");
}

function isSpecial(token: AddressToken | undefined, text: string): boolean {
  return token?.kind === "special" && token.text === text;
}

function indexOfSpecial(tokens: readonly AddressToken[], text: string, from: number): number {
  return tokens.findIndex((token, index) => index >= from && isSpecial(token, text));
}
