import type { IpAddress } from "../../core/ip.ts";
import type { Sums } from "../../store/reports/sums.ts";
import type { SourceName } from "../../store/source-names.ts";

export type { SourceName };

/** What a reporter says of the signatures of a message, in one word. */
export type DkimWay =
  /** A signature of the author's domain, valid. */
  | "pass"
  /** A signature of the author's domain that fails. */
  | "broken"
  /** Only signatures of others. */
  | "other"
  | "none";

/** What a reporter says of SPF, in one word. */
export type SpfWay =
  /** For the author's domain. */
  | "pass"
  /** For another domain. */
  | "other"
  | "fail";

/** A mark that a receiver left on a message. */
export type OverrideMark = "forwarded" | "mailing-list" | "arc";

/** Messages of one source that came the same way. */
export interface Way {
  /** Author domain. */
  readonly from: string;
  /** As reported: a domain, seldom an address; empty for the null sender. */
  readonly envelope?: string;
  readonly dkim: DkimWay;
  /** Whose signature `dkim` speaks of. */
  readonly dkimDomain?: string;
  /** Signing domains that passed, the author's too. */
  readonly dkimPasses: readonly string[];
  readonly spf: SpfWay;
  /** As the reporter wrote it: `softfail`, `none`. */
  readonly spfResult: string;
  readonly spfDomain?: string;
  readonly marks: readonly OverrideMark[];
  readonly messages: number;
}

/** What is known of an address that sends as us. */
export interface SourceFacts {
  /** Absent: the reporters did not say. */
  readonly ip?: IpAddress;
  readonly sums: Readonly<Sums>;
  /** Of all messages in the domain's name, 0 to 1. */
  readonly share: number;
  /** Seconds since 1970. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** The most messages first; of reports whose records are still kept. */
  readonly ways: readonly Way[];
  readonly reporters: number;
  /** Domains of ours that it sends as, in the whole store. */
  readonly domains: number;
  /** Absent: nobody has asked yet. */
  readonly name?: SourceName;
}

export const groupNames = [
  "own",
  "own-unknown",
  "service",
  "gateway",
  "list",
  "unknown",
  "forwarder",
  "hosting",
  "spoofed",
] as const;
export type GroupName = (typeof groupNames)[number];

export type Confidence = "certain" | "high" | "medium" | "low";

/** Why a source is in its group: an id for the text, and what the text names. */
export interface ReasonParams {
  readonly label: { readonly label: string };
  readonly "own-network": { readonly network: string };
  readonly "own-relay": { readonly network: string };
  readonly "own-submitter": { readonly network: string };
  readonly "own-name": { readonly name: string };
  readonly "own-signature": { readonly domain: string; readonly network: string };
  readonly "own-space": { readonly network: string };
  readonly "list-host": { readonly host: string };
  readonly "list-override": { readonly messages: number };
  readonly "list-envelope": { readonly envelope: string };
  readonly "provider-ptr": { readonly provider: string; readonly name: string };
  readonly "provider-dkim": { readonly provider: string; readonly domain: string };
  readonly "provider-spf": { readonly provider: string; readonly domain: string };
  readonly "provider-asn": { readonly provider: string; readonly asn: number };
  readonly "in-spf": { readonly messages: number };
  readonly "passes-on": { readonly provider: string };
  readonly "forward-override": { readonly messages: number };
  readonly "arc-override": { readonly messages: number };
  readonly "srs-envelope": { readonly envelope: string };
  readonly "other-envelope": { readonly envelope: string };
  readonly "dkim-survives": { readonly messages: number };
  readonly "many-authors": { readonly authors: number };
  readonly "nothing-passes": { readonly messages: number };
  readonly "no-name": Record<never, never>;
  readonly "unconfirmed-name": { readonly name: string };
  readonly "generic-name": { readonly name: string };
  readonly listed: { readonly lists: string };
  readonly refused: { readonly messages: number };
  readonly "nothing-known": Record<never, never>;
}
export type ReasonId = keyof ReasonParams;
export type SourceReason = {
  readonly [Id in ReasonId]: { readonly id: Id; readonly params: ReasonParams[Id] };
}[ReasonId];

/** Builds a reason with the parameters that its id asks for. */
export function reason<Id extends ReasonId>(id: Id, params: ReasonParams[Id]): SourceReason {
  return { id, params } as SourceReason;
}

/** Whose a source is, as far as the operator has said it. */
export interface SourceOwner {
  readonly name?: string;
  readonly contact?: string;
}

/** How a source that sends for us is doing, judged by how its mail is authenticated. */
export type SourceState =
  /** Its signatures pass. */
  | "works"
  /** SPF passes, and there is no signature of ours. */
  | "unsigned"
  /** It carries signatures of ours that fail: a list or a footer changes messages. */
  | "broken"
  /** Neither SPF nor DKIM passes for us. */
  | "fails"
  /** Signatures pass, SPF does not. */
  | "no-spf";

/** A source in its place. */
export interface SourceGroup {
  readonly group: GroupName;
  /** The strongest first; at least one. */
  readonly reasons: readonly SourceReason[];
  readonly confidence: Confidence;
  readonly state: SourceState;
  /** What is looked at first has the smallest. */
  readonly rank: number;
  /** Whether it is the operator's own, or lies in his networks. */
  readonly own: boolean;
  readonly owner?: SourceOwner;
  /** Of the catalogue. */
  readonly provider?: string;
}
