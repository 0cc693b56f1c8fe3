import type { DnsAnswer, DnsResolver, TxtRecord } from "../core/dns/resolver.ts";
import { parentDomain } from "../core/domain-name.ts";

/** TXT records at a name, and whether the name is an alias: then they belong to somebody else's zone. */
export interface TxtAt {
  readonly name: string;
  /** "nxdomain", "nodata", "answer" or "failure". */
  readonly kind: DnsAnswer<TxtRecord>["kind"];
  /** Empty for all kinds but "answer". */
  readonly records: readonly TxtRecord[];
  readonly alias?: string;
}

/** Asks for TXT records and for an alias at the name. Never rejects. */
export async function txtAt(dns: DnsResolver, name: string): Promise<TxtAt> {
  const [answer, alias] = await Promise.all([dns.query(name, "TXT"), aliasAt(dns, name)]);
  return {
    name,
    kind: answer.kind,
    records: answer.kind === "answer" ? answer.records : [],
    ...(alias !== undefined && { alias }),
  };
}

/** The target of the CNAME at a name. */
export async function aliasAt(dns: DnsResolver, name: string): Promise<string | undefined> {
  const answer = await dns.query(name, "CNAME");
  return answer.kind === "answer" ? answer.records[0] : undefined;
}

/** The same where the CNAME stands at the name itself: what a wildcard gives ends as soon as a record is put there. */
export async function ownAliasAt(dns: DnsResolver, name: string): Promise<string | undefined> {
  const alias = await aliasAt(dns, name);
  const above = parentDomain(name);
  if (alias === undefined || above === undefined) return alias;
  // With a wildcard of its own the name above would exist, and have no alias of a wildcard still higher.
  const other = name.startsWith("*.") ? above : unusedNameBelow(above);
  return alias === (await aliasAt(dns, other)) ? undefined : alias;
}

/** A name that nobody uses: what answers there is a wildcard. */
export function unusedNameBelow(name: string): string {
  return `sekisho-wildcard-test.${name}`;
}

/** What a wildcard answers right below a name, as texts. */
export async function wildcardTexts(dns: DnsResolver, name: string): Promise<ReadonlySet<string>> {
  const answer = await dns.query(unusedNameBelow(name), "TXT");
  return new Set(answer.kind === "answer" ? answer.records.map(({ text }) => text) : []);
}

const maxShown = 100;

/** Octets (one character each) as a person reads them, cut where they are long. */
export function shownOctets(octets: string): string {
  const cut = octets.length > maxShown ? octets.slice(0, maxShown) : octets;
  const text = Buffer.from(cut, "latin1").toString("utf8");
  return shownText(text) + (octets.length > maxShown && !text.endsWith("…") ? "…" : "");
}

/** The same for what is mostly plain ASCII, and then as long as it is. */
export function readable(octets: string): string {
  return /^[\x20-\x7e]*$/.test(octets) ? octets : shownOctets(octets);
}

/** A text out of a record, cut where it is long. */
export function shownText(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}
