import type { Clock } from "../core/clock.ts";
import type { DnsAnswer, DnsRecordOf, DnsResolver, DnsType } from "../core/dns/resolver.ts";
import type { Zone } from "../core/dns/zone-parse.ts";
import type { IpAddress } from "../core/ip.ts";
import type { Finding } from "../findings/finding.ts";

/** What a domain is for; it decides what is missing and what is right. */
export type Profile = "sender" | "parked" | "receiver" | "new";

/** Where a DKIM selector is known from; "guess" is a common name, of which nothing follows when it is not there. */
export interface KnownSelector {
  readonly selector: string;
  readonly from: "option" | "message" | "records" | "guess";
}

/** One answer of one authoritative server, asked directly and without recursion. */
export interface ServerAnswer<T> {
  /** Name of the NS record. */
  readonly server: string;
  readonly ip: IpAddress;
  readonly answer: DnsAnswer<T>;
  /** The AA bit. */
  readonly authoritative: boolean;
  /** The UDP answer was cut off. */
  readonly truncated: boolean;
  readonly over: "udp" | "tcp";
}

/** The authoritative servers of the zone of a name; absent when only zone files are asked. */
export interface AuthoritativeServers {
  /** Every address of every server of the zone that holds `name`, each asked for itself. Never rejects. */
  askAll<T extends DnsType>(name: string, type: T): Promise<readonly ServerAnswer<DnsRecordOf[T]>[]>;
}

/** Everything that the checks of one domain share. */
export interface CheckContext {
  /** A-labels, lower case, no final dot. */
  readonly domain: string;
  readonly profile: Profile;
  /** Whether the profile was guessed from what the domain publishes. */
  readonly profileGuessed: boolean;
  /** Live DNS under the zone files; cached for the run, bounded in number of queries and time. */
  readonly dns: DnsResolver;
  readonly servers?: AuthoritativeServers;
  /** The files of `--zone`, with their faults; empty without. */
  readonly zones: readonly CheckedZone[];
  readonly clock: Clock;
  readonly selectors: readonly KnownSelector[];
  /** `--client` and the operator's own outbound addresses: these have to pass. */
  readonly ownClients: readonly IpAddress[];
  /** HELO names of the operator's servers. */
  readonly heloNames: readonly string[];
}

export interface CheckedZone {
  readonly file: string;
  readonly zone: Zone;
  /** The text, for faults that the parsed records no longer show. */
  readonly text: string;
}

/**
 * One subject (SPF, DKIM, MX, ...). Finds what is wrong, and never rejects: what could not be asked is a finding, too,
 * since silence would mean that all is well.
 */
export type Check = (context: CheckContext) => Promise<SubjectReport>;

export interface SubjectReport {
  readonly findings: readonly Finding[];
  /** What was seen, for `facts` of `check --json` and for the pages: plain JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
}
