import type { SigningKeyConfig } from "../config/sign-config.ts";
import { authorDomain, type FromProblem } from "../core/dmarc/author-domain.ts";
import { isWithin, parentDomain, toAsciiDomain } from "../core/domain-name.ts";
import { parseAddressList } from "../core/message/address.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";

/** Whose mail a message says that it is. */
export interface Author {
  /** A-labels, lower case. */
  readonly domain: string;
  /** As written; absent when From has more than one address. */
  readonly localPart?: string;
}

/** What of a key decides whose mail it signs. */
export type SigningRule = Pick<SigningKeyConfig, "from" | "includeSubdomains" | "anyDomain">;

/**
 * The keys that sign mail of an author: of those that are for him the ones with the most exact entry, all of them. The
 * order of exactness: his address; his domain; the nearest domain above it, with `includeSubdomains`; any domain.
 * @param author A From domain (A-labels, lower case), or with its local part.
 * @returns Empty when nobody may sign for him: the list of domains is closed, and only `anyDomain` opens it.
 */
export function signingKeysFor<Rule extends SigningRule>(
  author: Author | string,
  rules: readonly Rule[],
): readonly Rule[] {
  const asked = typeof author === "string" ? { domain: author } : author;
  let best = 0;
  let chosen: Rule[] = [];
  for (const rule of rules) {
    const exactness = exactnessOf(rule, asked);
    if (exactness === 0 || exactness < best) continue;
    if (exactness > best) chosen = [];
    best = exactness;
    chosen.push(rule);
  }
  return chosen;
}

/** `signingKeysFor` of many rules for many authors: only rules that can be for him are looked at. */
export function signingTable<Rule extends SigningRule>(
  rules: readonly Rule[],
): (author: Author) => readonly Rule[] {
  const forAny: number[] = [];
  const byDomain = new Map<string, number[]>();
  for (const [place, { from, anyDomain }] of rules.entries()) {
    if (anyDomain) forAny.push(place);
    for (const { domain } of from) {
      const places = byDomain.get(domain);
      if (places === undefined) byDomain.set(domain, [place]);
      else places.push(place);
    }
  }
  return (author) => {
    const places = new Set(forAny);
    for (let name: string | undefined = author.domain; name !== undefined; name = parentDomain(name))
      for (const place of byDomain.get(name) ?? []) places.add(place);
    const ordered = [...places].toSorted((a, b) => a - b);
    return signingKeysFor(
      author,
      ordered.flatMap((place) => rules[place] ?? []),
    );
  };
}

const addressMatch = 1003;
const domainMatch = 1002;
const anyMatch = 1;

/** 0 where the rule is not for the author; between the constants the length of the domain above. */
function exactnessOf({ from, includeSubdomains, anyDomain }: SigningRule, author: Author): number {
  const localPart = author.localPart?.toLowerCase();
  let best = anyDomain ? anyMatch : 0;
  for (const pattern of from) {
    if (pattern.localPart !== undefined) {
      if (pattern.domain === author.domain && pattern.localPart === localPart) return addressMatch;
    } else if (pattern.domain === author.domain) best = domainMatch;
    else if (includeSubdomains && isWithin(author.domain, pattern.domain))
      best = Math.max(best, anyMatch + pattern.domain.length);
  }
  return best;
}

/** The author of a message, by its From field alone. */
export function authorOf(
  head: MessageHead,
):
  | { readonly kind: "author"; readonly author: Author }
  | { readonly kind: "problem"; readonly problem: FromProblem } {
  const found = authorDomain(head);
  if (found.kind === "problem") return { kind: "problem", problem: found.problem };
  const [field] = fieldsNamed(head, "from");
  const mailboxes = field === undefined ? [] : parseAddressList(rawValue(head, field)).mailboxes;
  const [only] = mailboxes;
  const localPart =
    mailboxes.length === 1 && only !== undefined && toAsciiDomain(only.domain) === found.domain
      ? only.localPart
      : undefined;
  return { kind: "author", author: { domain: found.domain, ...(localPart !== undefined && { localPart }) } };
}
