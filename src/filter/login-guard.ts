import type { FromPattern, LoginMap } from "../config/login-map.ts";
import type { LoginsConfig } from "../config/sign-config.ts";
import { apparentFromLines } from "../core/dmarc/author-domain.ts";
import { isWithin, toAsciiDomain } from "../core/domain-name.ts";
import { type Mailbox, parseAddressList } from "../core/message/address.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";

/** One address in From; the domain in A-labels, everything in lower case. */
export interface AuthorAddress {
  readonly localPart: string;
  /** Undefined: no domain that anybody could own. */
  readonly domain: string | undefined;
}

export type LoginVerdict = "allowed" | "login-mismatch" | "login-unlisted";

type Address = Pick<Mailbox, "localPart" | "domain">;

/**
 * Every address in the From field: each of them claims to have written the message. So does one without quotes in the
 * place of a name (`boss@example.jp <taro@example.jp>`), which some take for the author; where such a one cannot be read
 * (a group has its name) it may be any address of its domain, and has an empty local part.
 */
export function authorAddresses(head: MessageHead): readonly AuthorAddress[] {
  return fieldsNamed(head, "from")
    .flatMap((field) => addressesIn(rawValue(head, field)))
    .map(({ localPart, domain }) => {
      return { localPart: localPart.toLowerCase(), domain: toAsciiDomain(domain) };
    });
}

function addressesIn(value: string): readonly Address[] {
  const { addresses, hasNames, domains, isWhole } = readAddresses(value);
  return !hasNames || isWhole
    ? addresses
    : [...addresses, ...domains.map((domain) => ({ localPart: "", domain }))];
}

/** @returns `isWhole` when each "@" belongs to one of them. */
function readAddresses(value: string): {
  readonly addresses: readonly Address[];
  readonly domains: readonly string[];
  /** Some stand in the place of names. */
  readonly hasNames: boolean;
  readonly isWhole: boolean;
} {
  const { mailboxes, defects, domains } = parseAddressList(value);
  const hasNames = defects.includes("address-in-display-name");
  const inNames = hasNames ? mailboxes.flatMap(({ displayName = "" }) => addressesInName(displayName)) : [];
  const addresses = [...mailboxes, ...inNames];
  return { addresses, domains, hasNames, isWhole: addresses.length === countAts(value) };
}

/** But for those that are half of a character of ISO-2022-JP, from `ESC $ B` (or `@`) to the next ESC. */
function countAts(value: string): number {
  const text = value.split("\x1b").filter((part) => !/^\$[@B][!-~]*$/.test(part));
  return text.join("").split("@").length - 1;
}

/** `boss @ example.jp` is one, and so is each such word among others; one with a blank in its domain is none. */
function addressesInName(name: string): readonly Address[] {
  const { mailboxes } = parseAddressList(name);
  if (mailboxes.length > 0) return mailboxes;
  const words = name.replace(/\s?@\s?/g, "@").split(/[\s[\]](?!\.)/);
  return words.flatMap((word) => (word.includes("@") ? parseAddressList(word).mailboxes : []));
}

/**
 * What looks like an address in a damaged From, also within quotes and comments: where one of those has no end, some readers
 * do not see its beginning either.
 */
export function apparentAddresses(head: MessageHead): readonly AuthorAddress[] {
  return fieldsNamed(head, "from").flatMap((field) => apparentIn(rawValue(head, field)));
}

function apparentIn(value: string): readonly AuthorAddress[] {
  const found: AuthorAddress[] = [];
  for (let at = value.indexOf("@"); at >= 0; at = value.indexOf("@", at + 1)) {
    let start = at;
    while (start > 0 && isLocalCharacter(value[start - 1] as string)) start -= 1;
    let end = at + 1;
    while (end < value.length && /[\w.-]/.test(value[end] as string)) end += 1;
    found.push({
      localPart: bareLocalPart(value.slice(start, at)),
      domain: toAsciiDomain(value.slice(at + 1, end)),
    });
  }
  return found;
}

/** Also of what stands in quotes, but for blanks. */
function isLocalCharacter(character: string): boolean {
  return !" \t\r\n\0()<>[]:;@,".includes(character);
}

/** Without quotation marks, those of other alphabets among them. */
function bareLocalPart(octets: string): string {
  const text = Buffer.from(octets, "latin1").toString("utf8");
  return text
    .replaceAll(/["\\]/g, "")
    .replace(/^[^\p{L}\p{N}_]+/u, "")
    .toLowerCase();
}

/**
 * Whether no reader can see other addresses than `authorAddresses`, however From is damaged (a comma in a name, a field
 * that stands there twice): each "@" belongs to one of them, and no line elsewhere looks like a From field.
 */
export function readsEveryAuthor(head: MessageHead): boolean {
  if (head.truncated) return false;
  const fields = fieldsNamed(head, "from");
  if (apparentFromLines(head.octets) > fields.length) return false;
  return fields.every((field) => readAddresses(rawValue(head, field)).isWhole);
}

/**
 * Whether a login may write as all of these addresses. Logins compare without regard to letter case, as a mail system
 * that tells `Taro` from `taro` is one where nobody can be sure whose mail it is.
 * @param login As SMTP AUTH had it (macro `auth_authen`).
 */
export function checkLogin(
  login: string,
  addresses: readonly AuthorAddress[],
  logins: LoginMap,
  unlisted: LoginsConfig["unlisted"],
): LoginVerdict {
  const name = login.toLowerCase();
  const patterns = logins.get(name);
  if (patterns !== undefined)
    return addresses.length > 0 && addresses.every((address) => mayUse(address, patterns))
      ? "allowed"
      : "login-mismatch";
  if (unlisted === "any") return "allowed";
  if (unlisted === "none") return "login-unlisted";
  const isOwn = addresses.length > 0 && addresses.every((address) => isOf(name, address));
  return isOwn ? "allowed" : "login-unlisted";
}

function mayUse(address: AuthorAddress, patterns: readonly FromPattern[]): boolean {
  return patterns.some((pattern) => isMeant(address, pattern));
}

function isMeant({ localPart, domain }: AuthorAddress, pattern: FromPattern): boolean {
  if (domain === undefined) return false;
  switch (pattern.kind) {
    case "any":
      return true;
    case "address":
      return pattern.domain === domain && pattern.localPart === localPart;
    case "domain":
      return pattern.domain === domain;
    case "below":
      return domain !== pattern.domain && isWithin(domain, pattern.domain);
  }
}

/** The login is the address, or its local part where it has no domain. */
function isOf(login: string, { localPart, domain }: AuthorAddress): boolean {
  const at = login.lastIndexOf("@");
  if (at < 0) return login === localPart;
  return login.slice(0, at) === localPart && toAsciiDomain(login.slice(at + 1)) === domain;
}
