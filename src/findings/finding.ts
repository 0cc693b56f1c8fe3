import type { CheckFindings } from "./check/ids.ts";
import type { KeyFindings } from "./keys.ts";
import type { OpendkimFindings } from "./opendkim.ts";
import type { PostfixFindings } from "./postfix.ts";

export type Severity = "error" | "warning" | "notice" | "info";

/** Every finding by its id, with what it says about itself. Ids are stable: scripts may switch on them. */
export interface FindingParams extends PostfixFindings, KeyFindings, OpendkimFindings, CheckFindings {}
export type FindingId = keyof FindingParams;

export interface Finding<Id extends FindingId = FindingId> {
  readonly id: Id;
  readonly severity: Severity;
  /** What it is about: a domain, a file, a parameter. */
  readonly subject: string;
  readonly params: FindingParams[Id];
  /** The exact change of the zone that mends it, when one could be computed and was tried. */
  readonly change?: readonly RecordChange[];
}

/** Records to take out of a zone and to put in. `data` is in presentation form, as after the type in a zone file. */
export interface RecordChange {
  readonly action: "add" | "remove";
  /** Without a final dot. */
  readonly name: string;
  readonly type: string;
  readonly data: string;
}

/** What is needed to see a fault: DNS, a zone file, a private key, a policy over HTTPS, SMTP, a message, reports. */
export type FindingNeed = "dns" | "zone" | "key" | "https" | "smtp" | "message" | "reports";

export interface FindingRule {
  readonly severity: Severity;
  /** Where it is written, e.g. `RFC 7208 §4.6.4` or `postconf(5) smtpd_milters`. */
  readonly basis: string;
  /** Of those of `sekisho check`. */
  readonly needs?: FindingNeed;
}
export type FindingRules<Params> = { readonly [Id in keyof Params]: FindingRule };

/** What is wrong, and what to do about it: in full sentences, without the place. */
export interface Sentences<P> {
  readonly text: (params: P) => string;
  readonly fix?: (params: P) => string;
}
/** One language; a missing sentence does not compile. */
export type FindingText<Params = FindingParams> = { readonly [Id in keyof Params]: Sentences<Params[Id]> };
