import { type IpAddress, inNetwork, parseIp, unmapped } from "../core/ip.ts";
import { type Field, fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";

/** The relay that handed us the message. */
export interface RelayHop {
  /** Names under which it may write itself after "by", as A-labels; compared whole. */
  readonly names: readonly string[];
}

/** A relay by its address, for relays behind relays. */
export interface KnownRelay {
  readonly address: IpAddress;
  readonly prefix: number;
  readonly names: readonly string[];
}

export type RelayClient =
  | {
      readonly kind: "client";
      readonly ip: IpAddress;
      readonly helo?: string;
      /** Received fields read to get there. */
      readonly hops: number;
    }
  /** The relay itself, or a program on it, made the message. */
  | { readonly kind: "local" }
  /** No telling who the client was: nothing may be evaluated for it. */
  | {
      readonly kind: "unread";
      readonly reason: "no-received" | "syntax" | "no-address" | "ambiguous-address" | "too-many-hops";
    }
  | { readonly kind: "unread"; readonly reason: "unknown-by"; readonly by: string };

const maxHops = 5;

/**
 * The client that spoke to a relay of ours, as the relay itself wrote it: the topmost Received field, which an MTA must
 * put above all others (RFC 5321 §4.4), with a name of the relay after "by". When that client is the relay's own
 * loopback (a content filter) or another relay of ours, the field below tells. What lies below the relays' own fields
 * is a stranger's and never read. The forms of Postfix, Sendmail, Exim, Exchange and qmail are known; anything
 * ambiguous is "unread".
 */
export function relayClient(
  head: MessageHead,
  relay: RelayHop,
  relays: readonly KnownRelay[] = [],
): RelayClient {
  const fields = fieldsNamed(head, "received");
  let names = relay.names;
  for (let hop = 0; hop < maxHops; hop++) {
    const field = fields[hop];
    if (field === undefined) return { kind: "unread", reason: "no-received" };
    const read = readReceived(head, field);
    if (read === undefined) return { kind: "unread", reason: "syntax" };
    // The name is looked at before anything else that the field says.
    if (!isOneOf(read.by, names)) return { kind: "unread", reason: "unknown-by", by: read.by };
    if (read.from.kind !== "address") return read.from;
    const { ip, name, helo } = read.from;
    const next = nextNames(ip, name, helo, names, relays);
    if (next === undefined) return { kind: "client", ip, ...(helo && { helo }), hops: hop + 1 };
    names = next;
  }
  return { kind: "unread", reason: "too-many-hops" };
}

/** Names of the hop at `ip` when it is ours as well; undefined when the client stands there. */
function nextNames(
  ip: IpAddress,
  name: string | undefined,
  helo: string | undefined,
  names: readonly string[],
  relays: readonly KnownRelay[],
): readonly string[] | undefined {
  // Content filters such as amavis write themselves as "localhost".
  if (isLoopback(ip)) return [...names, "localhost"];
  const relay = relays.find(({ address, prefix }) => inNetwork(ip, address, prefix));
  if (relay === undefined) return undefined;
  return [...relay.names, ...[name, helo].filter((text) => text !== undefined)];
}

function isLoopback(ip: IpAddress): boolean {
  return ip.family === 4 ? ip.octets[0] === 127 : ip.octets.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

function isOneOf(by: string, names: readonly string[]): boolean {
  const name = hostName(by);
  return name !== undefined && names.some((other) => hostName(other) === name);
}

/** A host name as it is compared: ASCII only, for IDNA would map other octets away. */
function hostName(text: string): string | undefined {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  return /^[A-Za-z0-9._-]+$/.test(name) ? name.toLowerCase() : undefined;
}

interface Received {
  readonly by: string;
  readonly from: ReceivedFrom;
}
type ReceivedFrom =
  | { readonly kind: "address"; readonly ip: IpAddress; readonly name?: string; readonly helo?: string }
  | Extract<RelayClient, { kind: "local" }>
  | { readonly kind: "unread"; readonly reason: "no-address" | "ambiguous-address" };

type Token = { readonly kind: "word" | "comment"; readonly text: string };

const maxReceivedOctets = 8192;
const maxTokens = 40;

function readReceived(head: MessageHead, field: Field): Received | undefined {
  const value = rawValue(head, field);
  if (value.length > maxReceivedOctets) return undefined;
  const tokens = tokenize(value);
  const byAt = tokens.findIndex(({ kind, text }) => kind === "word" && text.toLowerCase() === "by");
  const by = tokens[byAt + 1];
  if (byAt < 0 || by?.kind !== "word" || timesBy(by.text, value) > 1) return undefined;
  const from = readFrom(tokens.slice(0, byAt), tokens.slice(byAt + 2));
  return from === undefined ? undefined : { by: by.text, from };
}

/**
 * How often "by" and that name stand anywhere, in comments too. The relay writes it once; some MTAs write a HELO of many
 * words down as it was said, and then it may hold a whole Received of the client's own making.
 */
function timesBy(name: string, value: string): number {
  const all = value.split(/[ \t\r\n();]+/);
  return all.filter(
    (word, index) => word.toLowerCase() === "by" && hostName(all[index + 1] ?? "") === hostName(name),
  ).length;
}

/** What stands before "by". `rest` is what stands after the name there. */
function readFrom(before: readonly Token[], rest: readonly Token[]): ReceivedFrom | undefined {
  const [first, word, ...comments] = before;
  // Postfix and Sendmail on local submission: "by gw (Postfix, from userid 0)", "(from user@localhost) by gw".
  if (first === undefined || (first.kind === "comment" && word === undefined)) return { kind: "local" };
  if (first.kind !== "word" || first.text.toLowerCase() !== "from" || word?.kind !== "word") return undefined;
  // RFC 5321 §4.4: From-domain is one name with its TCP-info; another word here is not an MTA's.
  if (comments.some(({ kind }) => kind === "word")) return undefined;
  if (comments.length === 0 && isLocalProtocol(rest)) return { kind: "local" };
  return readClient(word.text, comments);
}

/** Exim on local submission: "from user by gw with local". */
function isLocalProtocol(rest: readonly Token[]): boolean {
  const at = rest.findIndex(({ kind, text }) => kind === "word" && text.toLowerCase() === "with");
  return at >= 0 && /^local(?:-[a-z]+)?$/i.test(rest[at + 1]?.text ?? "");
}

function readClient(word: string, comments: readonly Token[]): ReceivedFrom {
  const helo = heloIn(comments);
  const found = comments.flatMap(({ text }) => addressesIn(text).map((ip) => ({ ip, text })));
  // One of them the client has said in HELO.
  if (found.length > 1) return { kind: "unread", reason: "ambiguous-address" };
  const [only] = found;
  if (only !== undefined) {
    const name = helo === undefined ? nameBefore(only.text) : word;
    return { kind: "address", ip: only.ip, ...(name && { name }), helo: helo ?? word };
  }
  // Exim without a host name: "from [192.0.2.1] (helo=name)"; elsewhere a word in brackets is only what HELO said.
  const ip = comments.some(({ text }) => /^(?:helo|port)=/i.test(text)) ? bracketed(word) : undefined;
  if (ip === undefined) return { kind: "unread", reason: "no-address" };
  return { kind: "address", ip, ...(helo !== undefined && { helo }) };
}

/** The HELO name where it is named as such: Exim's "helo=name", qmail's "(HELO name)". */
function heloIn(comments: readonly Token[]): string | undefined {
  for (const { text } of comments) {
    const [first, second] = words(text);
    if (first?.toUpperCase() === "HELO" && second !== undefined) return second.slice(0, 255);
    const option = words(text).find((word) => /^helo=./i.test(word));
    if (option !== undefined) return option.slice("helo=".length, "helo=".length + 255);
  }
  return undefined;
}

/**
 * Addresses in a comment: in brackets ("rdns [192.0.2.1]"), or bare where nothing else stands there ("192.0.2.1",
 * "ident@192.0.2.1"). What HELO or ident said is passed over.
 */
function addressesIn(comment: string): IpAddress[] {
  const parts = words(comment);
  const first = parts[0];
  if (first === undefined || first.toUpperCase() === "HELO" || isAbout(parts)) return [];
  const bare = parts.length === 1 ? parseAddress(first.slice(first.lastIndexOf("@") + 1)) : undefined;
  if (bare !== undefined) return [bare];
  // Only whole words: a client may choose part of a word (its ident, its name), and never the blank before "[".
  return parts.map(bracketed).filter((ip) => ip !== undefined);
}

/** Postfix's comments about TLS and SMTP AUTH: names in them are the client's word. */
function isAbout([first, second]: readonly string[]): boolean {
  return first === "using" || (first === "Client" && second === "CN") || first === "Authenticated";
}

/** The host name of Postfix's and Sendmail's "(rdns [192.0.2.1])". */
function nameBefore(comment: string): string | undefined {
  const [name, address] = words(comment);
  return name !== undefined && address !== undefined && bracketed(address) !== undefined ? name : undefined;
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]`, and Exim's `[192.0.2.1]:4711`. */
function bracketed(word: string): IpAddress | undefined {
  const close = word.indexOf("]");
  if (!word.startsWith("[") || close < 0) return undefined;
  if (close < word.length - 1 && !/^:\d{1,5}$/.test(word.slice(close + 1))) return undefined;
  return parseAddress(word.slice(1, close));
}

function parseAddress(text: string): IpAddress | undefined {
  const ip = parseIp(/^ipv6:/i.test(text) ? text.slice("IPv6:".length) : text);
  return ip === undefined ? undefined : unmapped(ip);
}

function words(text: string): string[] {
  return text.split(/[ \t\r\n]/, 100).filter((word) => word !== "");
}

/**
 * Words and comments of a Received value, up to the ";" before its date. Comments inside comments are dropped. An
 * unclosed comment yields nothing more: what follows cannot be told from it.
 */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length && tokens.length < maxTokens) {
    const char = text[at] as string;
    if (char === ";") break;
    if (isBlank(char)) at++;
    else if (char === "(") {
      const comment = readComment(text, at);
      if (comment === undefined) break;
      tokens.push({ kind: "comment", text: comment.text });
      at = comment.end;
    } else {
      const end = wordEnd(text, at);
      tokens.push({ kind: "word", text: text.slice(at, end) });
      at = end;
    }
  }
  return tokens;
}

function isBlank(char: string): boolean {
  return char === " " || char === "\t" || char === "\r" || char === "\n";
}

function wordEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && !isBlank(text[end] as string) && text[end] !== "(" && text[end] !== ";") end++;
  return end;
}

/** RFC 5322 §3.2.2: comments nest, and a backslash quotes the next character. */
function readComment(text: string, start: number): { text: string; end: number } | undefined {
  let depth = 0;
  let content = "";
  for (let at = start; at < text.length; at++) {
    const char = text[at] as string;
    if (char === "(") depth++;
    else if (char === ")") {
      depth--;
      if (depth === 0) return { text: content, end: at + 1 };
    } else if (char === "\\") {
      at++;
      if (depth === 1) content += text[at] ?? "";
    } else if (depth === 1) content += char;
  }
  return undefined;
}
