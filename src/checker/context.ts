import type { KeyObject } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { PublicSuffixFinder } from "../core/dmarc/public-suffix.ts";
import type { AuthoritativeServers } from "../core/dns/authoritative.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { ServerAddress } from "../core/dns/server-address.ts";
import type { Zone } from "../core/dns/zone-parse.ts";
import type { IpAddress } from "../core/ip.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { Finding } from "../findings/finding.ts";

/** What a domain is for; it decides what is missing and what is right. */
export type Profile = "sender" | "parked" | "receiver" | "new";

/** Where a DKIM selector is known from; "guess" is a common name, of which nothing follows when it is not there. */
export interface KnownSelector {
  readonly selector: string;
  /** "zone": a name below `_domainkey` in a file of `--zone`. */
  readonly from: "option" | "message" | "records" | "zone" | "guess";
}

export type { AuthoritativeServers } from "../core/dns/authoritative.ts";

/** Everything that the checks of one domain share. */
export interface CheckContext {
  /** A-labels, lower case, no final dot. */
  readonly domain: string;
  readonly profile: Profile;
  /** Whether the profile was guessed from what the domain publishes. */
  readonly profileGuessed: boolean;
  /** Live DNS under the zone files; cached for the run, bounded in number of queries and time. */
  readonly dns: DnsResolver;
  /** Those of the live zones; absent when only zone files are asked. */
  readonly servers?: AuthoritativeServers;
  /** The files of `--zone`, with their faults; empty without. */
  readonly zones: readonly CheckedZone[];
  readonly clock: Clock;
  readonly selectors: readonly KnownSelector[];
  /** `--client` and the operator's own outbound addresses: these have to pass. */
  readonly ownClients: readonly IpAddress[];
  /** HELO names of the operator's servers. */
  readonly heloNames: readonly string[];
  /** `--offline`: what lies outside the zone files is unknown (`failure: offline`), which is no finding. */
  readonly offline: boolean;
  /** Private keys of the operator, by their public half; empty where no configuration names any. */
  readonly ownKeys: readonly OwnKey[];
  /** The message of `--from-message`. */
  readonly message?: CheckedMessage;
  /** `--add` and `--drop`: terms of the SPF record to try. */
  readonly spfChange?: SpfChange;
  /** Live DNS without the zone files; absent with `--offline`. */
  readonly live?: DnsResolver;
  /** The recursive servers that are asked, for questions about DNSSEC; absent with `--offline`. */
  readonly resolverAddresses?: readonly ServerAddress[];
  /** DNSBL zones that the operator named; empty is off. */
  readonly blocklists: readonly string[];
  /** Hosts that may be MX here, as names or `*.name`; empty: any. */
  readonly ownMx: readonly string[];
  /** For the organizational domain as RFC 7489 §3.2 has it; without it the two ways are not compared. */
  readonly publicSuffix?: PublicSuffixFinder;
  /** Other domains of the operator, such as the rest of the list: whether reports about them may come here. */
  readonly otherDomains?: readonly string[];
}

export interface OwnKey {
  /** `d=` and `s=`. */
  readonly domain: string;
  readonly selector: string;
  readonly file: string;
  readonly publicKey: KeyObject;
  /** Makes ARC seals. */
  readonly seals: boolean;
  /** Wall-clock time in ms, where it is known. */
  readonly madeAt?: number;
}

export interface CheckedMessage {
  readonly file: string;
  readonly octets: Buffer;
  readonly head: MessageHead;
}

export interface SpfChange {
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

export interface CheckedZone {
  readonly file: string;
  readonly zone: Zone;
  /** The text, for faults that the parsed records no longer show. */
  readonly text: string;
  /** The files that it includes, with their texts. */
  readonly included: readonly { readonly file: string; readonly text: string }[];
  /** What names are relative to where the file itself does not say; undefined is the root. */
  readonly origin?: string;
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
  /** Why nothing was looked at, or what matters most could not be. */
  readonly skipped?: SkipReason;
}

/** "offline": it takes live DNS. "not-parked": it is for such domains only. The others: there is none to look at. */
export type SkipReason =
  | "offline"
  | "no-client"
  | "no-helo"
  | "no-blocklist"
  | "no-message"
  | "no-key"
  | "no-mail"
  | "not-parked";
