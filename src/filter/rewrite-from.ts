import { isUtf8 } from "node:buffer";
import { authorDomain, type FromProblem } from "../core/dmarc/author-domain.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { type Mailbox, parseAddressList } from "../core/message/address.ts";
import { decodeDisplayName, formatMailbox, shortened } from "../core/message/display-name.ts";
import { type Field, fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";
import type { EditedHead } from "./edited-head.ts";

/** The list in whose name a message goes on. */
export interface ListSender {
  readonly localPart: string;
  /** A-labels. */
  readonly domain: string;
  /** What stands after "via". */
  readonly displayName: string;
}

/** Why a From field stays as it is, although another was wanted. */
export type UnrewrittenReason =
  | FromProblem
  /** More octets than any honest From has. */
  | "from-too-long"
  | "too-many-authors"
  /** The new value could not be sent to the MTA. */
  | "not-sent";

export type FromRewriting =
  | { readonly kind: "rewritten"; readonly value: string; readonly authors: readonly Mailbox[] }
  | { readonly kind: "left"; readonly reason: UnrewrittenReason };

/** Twenty authors of long names; longer ones are attempts at something else. */
const maxFromOctets = 8_192;
const maxAuthors = 10;
/** Authors that are named before "via". */
const maxNamedAuthors = 3;
const maxNameCharacters = 64;

/**
 * The From field of a message that a list sends on in its own name, as list managers write it against DMARC:
 * `Name via List <list@...>`, RFC 5322 §3.6.2. The name is decoded (RFC 2047 §6.2) and written anew, so that it is read
 * the same by everybody; what looks like an address in it goes, as it would be taken for the sender's.
 *
 * A From that different readers could read differently is left, with the reason. Bounded; never throws.
 */
export function rewriteFrom(head: MessageHead, list: ListSender): FromRewriting {
  const [field] = fieldsNamed(head, "from");
  if (field !== undefined && field.end - field.start > maxFromOctets) return left("from-too-long");
  const author = authorDomain(head);
  if (author.kind === "problem" && author.problem !== "from-multiple-domains") return left(author.problem);
  if (field === undefined) return left("from-missing");
  const { mailboxes: authors, octets } = readMailboxes(head, field);
  if (authors.length > maxAuthors) return left("too-many-authors");
  // An address in an unknown charset cannot be written down again.
  if (octets && authors.some(({ localPart }) => /\P{ASCII}/u.test(localPart))) return left("from-syntax");
  const displayName = `${shortened(namesOf(authors), 3 * maxNameCharacters)} via ${list.displayName}`;
  return {
    kind: "rewritten",
    value: formatMailbox({ ...list, displayName: displayName.trim() }, "From: ".length),
    authors,
  };
}

function left(reason: UnrewrittenReason): FromRewriting {
  return { kind: "left", reason };
}

function namesOf(authors: readonly Mailbox[]): string {
  const names = authors.slice(0, maxNamedAuthors).map(shownName);
  return [...names, ...(authors.length > maxNamedAuthors ? ["..."] : [])].join(", ");
}

/** The author's name; without one what stands before the "@". */
function shownName({ displayName, localPart }: Mailbox): string {
  const name = displayName === undefined ? "" : withoutAddresses(displayName);
  return shortened(
    name === "" ? withoutAddresses(decodeDisplayName(localPart) ?? "") : name,
    maxNameCharacters,
  );
}

/** `taro@example.jp` becomes `taro`: two domains in one From look like a forgery, to people and to filters. */
function withoutAddresses(name: string): string {
  return name
    .split(" ")
    .map((word) => {
      const at = word.search(/[@\uff20\ufe6b]/u);
      return at < 0 ? word : word.slice(0, at).replace(/^[<("'[]+/, "");
    })
    .filter((word) => word !== "")
    .join(" ");
}

// ---------------------------------------------------------------- the authors' own addresses

/** Where the authors' addresses are to stand: "auto" leaves it to what replies do now. */
export type AuthorPlace = "auto" | "reply-to" | "cc";

/** Where they stand now; "nowhere" when no field could take them. */
export type PlacedAuthors = "reply-to" | "cc" | "nowhere";

/** Octets of an address field that is read and written anew. */
const maxFieldOctets = 16_384;

/**
 * Keeps the authors of a message within reach when From names the list: RFC 5322 §3.6.2, §3.6.3. With "auto" they go
 * to Reply-To when there is none, so that a reply goes to them as before; when there is one, the list or the authors
 * have said where replies go, and they go to Cc.
 */
export function placeAuthors(
  edited: EditedHead,
  authors: readonly Mailbox[],
  place: AuthorPlace,
): PlacedAuthors {
  const replyTo = fieldsNamed(edited.received, "reply-to").length > 0;
  const first = place === "auto" ? (replyTo ? "cc" : "reply-to") : place;
  const second = first === "cc" ? "reply-to" : "cc";
  return (
    ([first, second].find((one) => addTo(edited, one === "cc" ? "Cc" : "Reply-To", authors)) as
      | PlacedAuthors
      | undefined) ?? "nowhere"
  );
}

/** @returns Whether they all stand there now. */
function addTo(edited: EditedHead, name: "Cc" | "Reply-To", authors: readonly Mailbox[]): boolean {
  const [field] = fieldsNamed(edited.received, name.toLowerCase());
  if (field === undefined) return edited.append(name, formatList(authors, `${name}: `.length));
  if (field.end - field.start > maxFieldOctets) return false;
  const { mailboxes, defects } = readMailboxes(edited.received, field);
  const known = new Set(mailboxes.map(comparable));
  // A recipient in To is as good as one in Cc.
  if (name === "Cc") for (const one of recipientsIn(edited.received, "to")) known.add(comparable(one));
  const missing = authors.filter((author) => !known.has(comparable(author)));
  if (missing.length === 0) return true;
  const octets = edited.received.octets.subarray(field.valueStart, field.end - 2);
  if (defects.length > 0 || !isUtf8(octets)) return false;
  const before = octets.toString("utf8").replaceAll("\r\n", "\n").trim();
  const value =
    before === "" ? formatList(missing, `${name}: `.length) : `${before},\n ${formatList(missing, 1)}`;
  return edited.change(name, 1, value);
}

function formatList(mailboxes: readonly Mailbox[], taken: number): string {
  return mailboxes
    .map((mailbox, index) => {
      const displayName = mailbox.displayName === undefined ? "" : withoutAddresses(mailbox.displayName);
      return formatMailbox({ ...mailbox, displayName }, index === 0 ? taken : 1);
    })
    .join(",\n ");
}

function recipientsIn(head: MessageHead, lowerName: string): readonly Mailbox[] {
  const [field] = fieldsNamed(head, lowerName);
  return field === undefined || field.end - field.start > maxFieldOctets
    ? []
    : readMailboxes(head, field).mailboxes;
}

interface ReadMailboxes {
  /** With names decoded. */
  readonly mailboxes: readonly Mailbox[];
  readonly defects: readonly string[];
  /** The field is no UTF-8. */
  readonly octets: boolean;
}

function readMailboxes(head: MessageHead, field: Field): ReadMailboxes {
  const value = rawValue(head, field);
  const { mailboxes, defects } = parseAddressList(value);
  const octets = !isUtf8(Buffer.from(value, "latin1"));
  return { mailboxes: mailboxes.map((mailbox) => withName(mailbox, octets)), defects, octets };
}

function withName({ displayName, ...address }: Mailbox, octets: boolean): Mailbox {
  const name = displayName === undefined ? undefined : decodeDisplayName(displayName, octets);
  return name === undefined ? address : { ...address, displayName: name };
}

/** Domains without regard to form; local parts as they are, but for letter case, which nobody tells apart. */
function comparable({ localPart, domain }: Mailbox): string {
  return `${localPart.toLowerCase()}@${toAsciiDomain(domain) ?? domain.toLowerCase()}`;
}
