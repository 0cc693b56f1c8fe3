import { parentDomain, toAsciiDomain } from "../domain-name.ts";

/**
 * The public suffix of a domain: the name, or the end of it, below which anybody may register. Domains are A-labels in
 * lower case, without a final dot. A top-level domain that is in no list is a suffix itself. Must not throw.
 */
export type PublicSuffixFinder = (domain: string) => string;

/**
 * The organizational domain by public suffixes: one label more than the suffix. RFC 7489 §3.2. A public suffix has
 * none; it stands for itself, so that it is aligned with nothing else.
 */
export function organizationalDomainBelow(domain: string, publicSuffix: PublicSuffixFinder): string {
  const suffix = publicSuffix(domain);
  if (suffix === "" || !domain.endsWith(`.${suffix}`)) return domain;
  const below = domain.slice(0, -(suffix.length + 1));
  return domain.slice(below.lastIndexOf(".") + 1);
}

/** Rules of a public suffix list, in A-labels. */
interface Rules {
  readonly plain: ReadonlySet<string>;
  /** What stands after `*.`. */
  readonly wildcard: ReadonlySet<string>;
  /** What stands after `!`. */
  readonly exception: ReadonlySet<string>;
}

/**
 * Reads a list in the format of https://publicsuffix.org/list/: a rule a line, up to the first white space, `//` for
 * comments, `*.` and `!` in front. Both its sections count. A line that is no rule is left out.
 * @returns undefined when no line is a rule.
 */
export function parsePublicSuffixList(text: string): PublicSuffixFinder | undefined {
  const plain = new Set<string>();
  const wildcard = new Set<string>();
  const exception = new Set<string>();
  for (const line of text.split("\n")) {
    const [rule = ""] = line.trimStart().split(/\s/, 1);
    if (rule === "" || rule.startsWith("//")) continue;
    const [kind, name] = rule.startsWith("!")
      ? [exception, rule.slice(1)]
      : rule.startsWith("*.")
        ? [wildcard, rule.slice(2)]
        : [plain, rule];
    const domain = toAsciiDomain(name);
    if (domain !== undefined) kind.add(domain);
  }
  const count = plain.size + wildcard.size + exception.size;
  return count === 0 ? undefined : (domain) => findSuffix(domain, { plain, wildcard, exception });
}

/** The exception that matches, without its first label; else the longest rule; else the rule `*`. */
function findSuffix(domain: string, { plain, wildcard, exception }: Rules): string {
  let longest: string | undefined;
  let last = domain;
  for (let name: string | undefined = domain; name !== undefined; name = parentDomain(name)) {
    const parent = parentDomain(name);
    if (exception.has(name)) return parent ?? name;
    if (plain.has(name) || (parent !== undefined && wildcard.has(parent))) longest ??= name;
    last = name;
  }
  return longest ?? last;
}
