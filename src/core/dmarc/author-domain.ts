import { toAsciiDomain } from "../domain-name.ts";
import { parseIp } from "../ip.ts";
import { type AddressDefect, type AddressList, parseAddressList } from "../message/address.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../message/message.ts";
import type { DmarcProblem } from "../results.ts";

export type FromProblem = Extract<DmarcProblem, `from-${string}`>;

/** What the From field says about who wrote a message: RFC 9989 §5.3.1. */
export type AuthorDomain =
  | { readonly kind: "domain" /** A-labels, lower case. */; readonly domain: string }
  | {
      readonly kind: "problem";
      readonly problem: FromProblem;
      /** Every domain that some reader might take for the author's, as A-labels, each once; at most 20. */
      readonly domains: readonly string[];
    };

const maxDomains = 20;
/** From fields beyond this many add no more to `domains`. */
const maxFromFields = 10;

/**
 * Finds the one author domain of a message, or says why there is none: RFC 9989 §5.3.1 with §4.4 and §11.5. Several
 * addresses of one domain are one domain. Whatever two mail readers could take for different domains is a problem,
 * never a guess; the table of cases is docs/dmarc-from.md. Never throws.
 */
export function authorDomain(head: MessageHead): AuthorDomain {
  const fields = fieldsNamed(head, "from");
  const lists = fields.slice(0, maxFromFields).map((field) => parseAddressList(rawValue(head, field)));
  // RFC 9989 §4.4: nothing aligns with a repeated From; a line that only some readers take for one counts.
  if (fields.length > 1 || apparentFromLines(head.octets) > fields.length)
    return problem("from-multiple-fields", lists);
  // A From may stand in the part of the header that was too long to be read.
  if (head.truncated) return problem("from-syntax", lists);
  const [list] = lists;
  return list === undefined ? problem("from-missing", []) : domainOf(list);
}

function domainOf(list: AddressList): AuthorDomain {
  const domains = asciiDomains([list]);
  const invalid = list.domains.some((domain) => hostDomain(domain) === undefined);
  const [domain] = domains;
  const blocking = list.defects.find((defect) => !isHarmless(defect, domains.length === 1 && !invalid));
  if (blocking !== undefined && list.domains.length > 0) return problem("from-syntax", [list]);
  if (list.mailboxes.length === 0) return problem(emptyListProblem(list), [list]);
  if (domains.length > 1) return problem("from-multiple-domains", [list]);
  if (invalid || domain === undefined) return problem("from-domain-invalid", [list]);
  return { kind: "domain", domain };
}

/** `a@b.example <a@b.example>`: bad syntax, but every reader comes to the same domain. */
function isHarmless(defect: AddressDefect, oneDomain: boolean): boolean {
  return defect === "address-in-display-name" && oneDomain;
}

/** Without any "@" there is no address; with one, or with other damage, there may be one for some reader. */
function emptyListProblem(list: AddressList): FromProblem {
  const damaged = list.defects.some((defect) => defect !== "no-address");
  return damaged ? "from-syntax" : "from-no-address";
}

function problem(name: FromProblem, lists: readonly AddressList[]): AuthorDomain {
  return { kind: "problem", problem: name, domains: asciiDomains(lists) };
}

function asciiDomains(lists: readonly AddressList[]): readonly string[] {
  const domains = new Set<string>();
  for (const list of lists)
    for (const domain of list.domains) {
      const ascii = hostDomain(domain);
      if (ascii !== undefined) domains.add(ascii);
    }
  return [...domains].slice(0, maxDomains);
}

/** No domain literal, and no IPv4 address without its brackets. */
function hostDomain(domain: string): string | undefined {
  // RFC 9989 §5.3.1: U-labels become A-labels.
  const ascii = toAsciiDomain(domain);
  return ascii === undefined || parseIp(ascii) !== undefined ? undefined : ascii;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const fieldName: Buffer = Buffer.from("from", "latin1");
/** Octets between "From" and its colon that are looked past. */
const maxGap = 32;

/**
 * Lines that are a From field to somebody: at the very start or behind a CR or LF, whether or not that is a line end
 * by RFC 5322, `From`, then only white space, control and other non-ASCII octets, then a colon.
 */
export function apparentFromLines(octets: Buffer): number {
  let count = isFromLine(octets, 0) ? 1 : 0;
  for (const lineEnd of [lineFeed, carriageReturn])
    for (let at = octets.indexOf(lineEnd); at >= 0; at = octets.indexOf(lineEnd, at + 1))
      if (isFromLine(octets, at + 1)) count += 1;
  return count;
}

function isFromLine(octets: Buffer, start: number): boolean {
  for (let i = 0; i < fieldName.length; i++)
    if (((octets[start + i] ?? 0) | 0x20) !== fieldName[i]) return false;
  const end = Math.min(octets.length, start + fieldName.length + maxGap);
  for (let i = start + fieldName.length; i < end; i++) {
    const octet = octets[i] as number;
    if (octet === 0x3a) return true;
    if (octet > 0x20 && octet < 0x7f) return false;
  }
  return false;
}
