/** What can be wrong in a master file (RFC 1035 §5.1), and with what; the words are not here. */
interface ZoneProblems {
  /** A parenthesis that is never closed, and one that was not opened. */
  readonly "parenthesis-open": object;
  readonly "parenthesis-alone": object;
  /** A quoted string that does not end on its line. */
  readonly "quote-open": object;
  /** Two record types on one line (`IN A TXT`). */
  readonly "two-types": { readonly first: string; readonly second: string };
  readonly "no-owner": object;
  readonly "no-type": object;
  /** Quoted strings without anything before them: the entry that they belong to has ended. */
  readonly "loose-text": object;
  /** A record type that there is not. */
  readonly "unknown-type": Found;
  /** A type of some servers only, which work its addresses out when they are asked (ALIAS, ANAME, LUA). */
  readonly "computed-type": Found;
  /** Another class than IN. */
  readonly "other-class": Found;
  readonly "no-domain-name": Found;
  /** The origin that the caller gave is no domain name. */
  readonly "bad-origin": Found;
  readonly "no-ttl": Found;
  readonly "no-address": Found & { readonly family: 4 | 6 };
  /** A record without data. */
  readonly "no-data": OfType;
  /** A directive that is not in RFC 1035 or RFC 2308, such as $GENERATE. */
  readonly "unknown-directive": Found;
  readonly "directive-alone": Found;
  /** A file that $INCLUDE names and that is not to be had. */
  readonly "not-included": Found;
  readonly "too-many-includes": object;
  /** Of PTR, CNAME and NS, which take one name. */
  readonly "one-name": OfType;
  readonly "mx-data": object;
  readonly "soa-data": object;
  /** One of the four times of a SOA. */
  readonly "soa-time": object;
  readonly "tlsa-data": object;
  /** The form of RFC 3597 §5. */
  readonly "generic-data": OfType;
  /** In a TXT string, cut off or over 255. */
  readonly "bad-escape": object;
  /** A TXT string over 255 octets (RFC 1035 §3.3). @param octets Of the longest string. */
  readonly "string-too-long": { readonly octets: number };
  /** A TXT record over 65535 octets. */
  readonly "text-too-long": object;
}

/** @param found The word of the file, cut where it is long. */
interface Found {
  readonly found: string;
}

interface OfType {
  readonly type: string;
}

export type ZoneProblemId = keyof ZoneProblems;

/** One of them by its id, with its parameters. */
export type ZoneProblem<Id extends ZoneProblemId = ZoneProblemId> = Id extends ZoneProblemId
  ? { readonly id: Id } & ZoneProblems[Id]
  : never;

const maxFound = 80;

/** A word of the file as problems tell it: the beginning where it is long. */
export function found(text: string): string {
  return text.length > maxFound ? `${text.slice(0, maxFound)}...` : text;
}
