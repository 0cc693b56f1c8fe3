import type { NamedNetwork } from "./config.ts";

/** What a published DMARC policy may come to here. */
export type Enforcement = "monitor" | "quarantine" | "reject";
/** What a verdict of SPF or iprev alone may lead to. */
export type VerdictSetting = "record" | "defer" | "reject";
/** `seen`, of the body only: recorded when the body is read for another reason anyway. */
export type RuleSetting = "off" | "seen" | "record" | "header" | "reject";

/** Rules of form whose breach the header shows. */
export const headerRules = [
  "repeated-from",
  "repeated-sender",
  "repeated-reply-to",
  "repeated-to",
  "repeated-cc",
  "repeated-date",
  "repeated-message-id",
  "repeated-subject",
  "missing-from",
  "missing-date",
  "several-author-domains",
  "unreadable-from",
  "raw-8bit-header",
  "nul-header",
  "bare-cr-header",
  "bare-lf-header",
  "long-header-line",
] as const;
/** Rules that need the whole body. */
export const bodyRules = ["nul-body", "bare-cr-body", "bare-lf-body", "long-body-line"] as const;

export type HeaderRule = (typeof headerRules)[number];
export type BodyRule = (typeof bodyRules)[number];
/** Stable: records, fields and configurations name rules by it. */
export type RuleId = HeaderRule | BodyRule;

export interface VerdictSettings {
  readonly onFail: VerdictSetting;
  readonly onPermerror: VerdictSetting;
  readonly onTemperror: VerdictSetting;
}

/** The operator's own word about mail of one domain that DMARC does not pass. */
export interface DomainOverride {
  /** A-labels, lower case. */
  readonly domain: string;
  readonly includeSubdomains: boolean;
  readonly action: "none" | "quarantine" | "reject";
}

/** A mailing list or forwarder that the operator knows. All that is given must hold. */
export interface KnownList {
  /** What stands between the angle brackets of List-Id (RFC 2919), in lower case. Anybody may write it. */
  readonly listId?: string;
  /** A-labels; proven by a DKIM signature or by SPF. */
  readonly domain?: string;
  readonly network?: NamedNetwork;
}

/** What is done with verdicts. */
export interface PolicyConfig {
  readonly enforce: Enforcement;
  readonly quarantineAction: "header" | "hold";
  /** Against RFC 9989 §7.4: a published reject is enough to refuse a message. */
  readonly rejectAlone: boolean;
  /** Mail from `networks.own` and by `networks.relays` may be refused too. */
  readonly rejectOwn: boolean;
  readonly rejectRelayed: boolean;
  /** Author domains that no stranger sends for. A-labels; their subdomains are meant as well. */
  readonly ownDomains: readonly string[];
  /** Host names of ours besides those that are known anyway, which no stranger greets with. A-labels. */
  readonly ownNames: readonly string[];
  /** Domains known to send no mail, their subdomains too. */
  readonly parkedDomains: readonly string[];
  readonly overrides: readonly DomainOverride[];
  readonly lists: readonly KnownList[];
  /** d= of ARC sealers that are believed. A-labels. */
  readonly trustedSealers: readonly string[];
  readonly spf: VerdictSettings;
  readonly iprev: VerdictSettings;
  readonly dmarc: {
    readonly onTemperror: "record" | "defer";
    /**
     * From names no author domain, or several (RFC 9989 §11.5). "auto": quarantine as soon as policies are enforced, as
     * a forged From could dodge them with a second author.
     */
    readonly onPermerror: "auto" | "record" | "quarantine" | "reject";
  };
  readonly rules: Readonly<Record<RuleId, RuleSetting>>;
}
