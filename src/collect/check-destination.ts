import type { Clock } from "../core/clock.ts";
import { type DmarcContext, openDiscovery } from "../core/dmarc/discovery.ts";
import { parseDmarcRecord, type ReportUri } from "../core/dmarc/parse-record.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { toAsciiDomain } from "../core/domain-name.ts";
import { parseTlsrptRecord } from "../core/tlsrpt/parse-record.ts";
import type { MailJudgement, ReportDestination } from "../store/reports/port.ts";
import type { Mail } from "./extract/mime-part.ts";
import { addressesIn, headerRecipients } from "./recipients.ts";

/** What of a report tells which record asked for it. */
export interface ReportSubject {
  readonly kind: "aggregate" | "failure" | "tls";
  /** That the report is about, as it says. */
  readonly domain: string | undefined;
}

/** How a mail came. */
export interface MailArrival {
  /** Of RCPT TO, where that is known. */
  readonly envelopeTo?: readonly string[];
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

export type DestinationOf = (
  mail: Mail,
  about: ReportSubject,
  arrival: MailArrival,
) => Promise<Pick<MailJudgement, "sentTo" | "destination">>;

/** All questions about one report. */
const dnsWithinMs = 10_000;
/** What a record says now tells nothing of a mail that came long ago. */
const youngMs = 7 * 86_400_000;
/** A day brings hundreds of reports about a domain, and a server that is down is not asked for each. */
const keptMs = 600_000;
const maxKept = 1_000;
/** Domains that are asked about for the reports of one arrival: anybody can send reports about thousands of them. */
const maxDomains = 10;
const maxAddresses = 10;

/**
 * Whether a report came to an address that the domain's record names now (`rua`, for failure reports `ruf`; RFC 8460 §3 for TLS
 * reports), and whether the owner of the address has said that it takes them (RFC 9990 §4). Nothing depends on it: the result is only
 * told. Never rejects.
 */
export function createDestinationCheck(dns: DnsResolver, clock: Clock): DestinationOf {
  const known = new Map<string, Kept>();
  const domainsLeft = new WeakMap<Mail["asking"], number>();
  const askFor = async (asking: Mail["asking"], ask: () => Promise<Destination>): Promise<Destination> => {
    domainsLeft.set(asking, (domainsLeft.get(asking) ?? maxDomains) - 1);
    const start = clock.monotonic();
    const found = await ask();
    asking.msLeft -= clock.monotonic() - start;
    return found;
  };
  return async (mail, about, { envelopeTo = [], receivedAt }) => {
    const envelope = mail.nested ? [] : envelopeTo.flatMap(addressesIn);
    const addresses = [...new Set([...envelope, ...headerRecipients(mail)])].slice(0, maxAddresses);
    const domain = toAsciiDomain(about.domain ?? "");
    const [first] = addresses;
    if (first === undefined) return {};
    if (domain === undefined || clock.now() - receivedAt > youngMs) return { sentTo: first };
    const key = JSON.stringify([about.kind, domain, addresses]);
    const kept = known.get(key);
    if (kept !== undefined && kept.until > clock.monotonic()) return kept.found;
    const { asking } = mail;
    // What is asked is asked to its end, since others get the same answer.
    if (asking.msLeft < dnsWithinMs || domainsLeft.get(asking) === 0) return { sentTo: first };
    const found = askFor(asking, () => check({ ...about, domain }, addresses, openQuestions(dns, clock)));
    keep(known, key, { until: clock.monotonic() + keptMs, found });
    return found;
  };
}

type Destination = Pick<MailJudgement, "sentTo" | "destination">;

interface Kept {
  readonly until: number;
  readonly found: Promise<Destination>;
}

function keep(known: Map<string, Kept>, key: string, found: Kept): void {
  if (known.size >= maxKept) known.clear();
  known.set(key, found);
}

type Questions = Required<Pick<DmarcContext, "dns" | "deadline">>;

function openQuestions(dns: DnsResolver, clock: Clock): Questions {
  return { dns, deadline: clock.monotonic() + dnsWithinMs };
}

async function check(
  { kind, domain }: { readonly kind: ReportSubject["kind"]; readonly domain: string },
  addresses: readonly string[],
  questions: Questions,
): Promise<Destination> {
  const named =
    kind === "tls"
      ? await namedByTls(domain, questions)
      : await namedByDmarc(domain, kind === "failure" ? "ruf" : "rua", addresses, questions);
  const [first = ""] = addresses;
  if (typeof named === "string") return { sentTo: first, destination: { result: named } };
  for (const address of addresses) {
    const found = named.find((one) => sameAddress(one.address, address));
    if (found !== undefined) return { sentTo: address, destination: found.destination };
  }
  return { sentTo: first, destination: { result: "not-named" } };
}

/** An address that a record names, and what is to be said of a report that came there. */
interface Named {
  readonly address: string;
  readonly destination: ReportDestination;
}

const isNamed: ReportDestination = { result: "named" };

async function namedByTls(
  domain: string,
  { dns, deadline }: Questions,
): Promise<readonly Named[] | "no-record" | "unknown"> {
  const answer = await dns.query(`_smtp._tls.${domain}`, "TXT", { deadline });
  if (answer.kind === "failure") return "unknown";
  const records =
    answer.kind === "answer" ? answer.records.flatMap(({ text }) => parseTlsrptRecord(text) ?? []) : [];
  const [record] = records;
  // RFC 8460 §3: "If the number of resulting records is not one", there is no policy.
  if (records.length !== 1 || record === undefined || record.problem !== undefined) return "no-record";
  return record.rua.flatMap(({ scheme, uri }) =>
    scheme === "mailto"
      ? addressesIn(decoded(uri)).map((address) => ({ address, destination: isNamed }))
      : [],
  );
}

function decoded(uri: string): string {
  const text = uri.slice("mailto:".length).replace(/[?#].*$/, "");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function namedByDmarc(
  domain: string,
  tag: "rua" | "ruf",
  addresses: readonly string[],
  questions: Questions,
): Promise<readonly Named[] | "no-record" | "unknown"> {
  const discovery = openDiscovery(questions);
  const policy = await discovery.policy(domain);
  if (policy.kind === "failure") return "unknown";
  const uris = policy.kind === "policy" ? policy.record[tag] : [];
  if (policy.kind !== "policy" || uris.length === 0) return "no-record";
  // Only hosts of ours can name an address of ours, with or without an override.
  const hosts = new Set(addresses.map(hostOf));
  const named: Named[] = [];
  for (const host of hosts) {
    const there = addressesAt(uris, host);
    if (there.length === 0) continue;
    const word = await wordOfHost(host, policy.domain, tag, questions, discovery);
    if (word === "unknown") return "unknown";
    const destination = word.destination ?? isNamed;
    for (const address of word.instead ?? there) named.push({ address, destination });
  }
  return named;
}

function addressesAt(uris: readonly ReportUri[], host: string): readonly string[] {
  return uris
    .flatMap(({ address = "" }) => addressesIn(address))
    .filter((address) => hostOf(address) === host);
}

interface HostWord {
  /** Absent when all is well. */
  readonly destination?: ReportDestination;
  /** §4 step 9: addresses in place of those that the domain names. */
  readonly instead?: readonly string[];
}

/** What the owner of the addresses says of reports about that domain: RFC 9990 §4. */
async function wordOfHost(
  host: string,
  policyDomain: string,
  tag: "rua" | "ruf",
  { dns, deadline }: Questions,
  discovery: ReturnType<typeof openDiscovery>,
): Promise<HostWord | "unknown"> {
  if (host === policyDomain) return {};
  const [theirs, ours] = [
    await discovery.organizationalDomain(policyDomain),
    await discovery.organizationalDomain(host),
  ];
  if (theirs === undefined || ours === undefined) return "unknown";
  if (theirs === ours) return {};
  const name = `${policyDomain}._report._dmarc.${host}`;
  const answer = await dns.query(name, "TXT", { deadline });
  // §4 step 4: a name that is too long confirms nothing.
  if (answer.kind === "failure" && answer.reason !== "bad-name") return "unknown";
  const records =
    answer.kind === "answer" ? answer.records.flatMap(({ text }) => parseDmarcRecord(text) ?? []) : [];
  if (records.length === 0) return { destination: { result: "unconfirmed", name } };
  const overriding = records.flatMap((record) => record[tag]);
  // An override to another host sends nothing to either.
  return overriding.length === 0 ? {} : { instead: addressesAt(overriding, host) };
}

function hostOf(address: string): string {
  const host = address.slice(address.lastIndexOf("@") + 1);
  return toAsciiDomain(host) ?? host;
}

/** With or without what stands behind `+`, which some servers take away. */
function sameAddress(a: string, b: string): boolean {
  return hostOf(a) === hostOf(b) && localPart(a) === localPart(b);
}

function localPart(address: string): string {
  const local = address.slice(0, address.lastIndexOf("@"));
  const plus = local.indexOf("+");
  return plus > 0 ? local.slice(0, plus) : local;
}
