import type { DnsFailureReason, DnsType } from "./dns/resolver.ts";

// ---------------------------------------------------------------- iprev

/** RFC 8601 §2.7.3. */
export interface IprevResult {
  readonly method: "iprev";
  readonly result: "pass" | "fail" | "temperror" | "permerror";
  readonly ip: string;
  /** The first PTR name that leads back to the address; without a pass the first PTR name seen. */
  readonly name?: string;
  readonly problem?: "no-ptr" | "no-match" | "dns-failure";
}

// ---------------------------------------------------------------- SPF

/** RFC 7208 §2.6. */
export type SpfWord = "none" | "neutral" | "pass" | "fail" | "softfail" | "temperror" | "permerror";

export type SpfProblem =
  | "lookup-limit"
  | "void-lookup-limit"
  | "mx-limit"
  | "syntax"
  | "multiple-records"
  | "include-none"
  | "redirect-none"
  | "dns-failure"
  | "time-limit";

/** Void lookups by the three ways of counting; `void_counting` says which one the limit looks at. */
export interface VoidCounts {
  /** Queries that came back empty (what implementations count). */
  readonly query: number;
  /** Terms with at least one empty query (RFC 7208 §4.6.4). */
  readonly term: number;
  /** Names that have neither an A nor an AAAA record (or no MX), each once. */
  readonly name: number;
}

export type SpfTraceStep =
  | { readonly kind: "record"; readonly domain: string; readonly record: string; readonly depth: number }
  | {
      readonly kind: "query";
      readonly name: string;
      readonly type: DnsType;
      readonly outcome: DnsOutcome;
      readonly records: readonly string[];
      readonly depth: number;
    }
  | {
      readonly kind: "term";
      readonly domain: string;
      readonly term: string;
      readonly outcome: "match" | "no-match" | "temperror" | "permerror" | "redirect" | "explanation";
      /** Running totals after the term. */
      readonly lookups: number;
      readonly voids: VoidCounts;
      readonly depth: number;
    };

export interface SpfResult {
  readonly method: "spf";
  readonly result: SpfWord;
  readonly identity: "mailfrom" | "helo";
  /** The domain whose record was evaluated first, as A-labels. */
  readonly domain: string;
  /** The term that decided, as published; absent when no term matched. */
  readonly matched?: string;
  readonly lookups: number;
  /** By the counting that the options name. */
  readonly voidLookups: number;
  /** RFC 7208 §6.2: the publisher's text, a stranger's words; only with `fail`. */
  readonly explanation?: string;
  readonly problem?: SpfProblem;
  readonly trace: readonly SpfTraceStep[];
}

// ---------------------------------------------------------------- DKIM

/** RFC 8601 §2.7.1. */
export type DkimWord = "pass" | "fail" | "policy" | "neutral" | "temperror" | "permerror";

export type DkimProblem =
  | "body-hash-mismatch"
  | "signature-mismatch"
  | "sha1"
  | "key-too-short"
  | "body-not-covered"
  | "signature-expired"
  | "no-key"
  | "key-revoked"
  | "key-syntax"
  | "key-not-for-email"
  | "key-hash-not-allowed"
  | "identity-not-allowed"
  | "signature-syntax"
  | "tag-missing"
  | "identity-outside-domain"
  | "unknown-algorithm"
  | "unknown-version"
  | "dns-failure"
  | "key-testing"
  /** Not evaluated: more signatures than the limit, or one beyond the size limit. */
  | "too-many-signatures"
  | "signature-too-large";

export interface DkimResult {
  readonly method: "dkim";
  readonly result: DkimWord;
  /** `d=` as A-labels in lower case; empty when the signature has none that can be read. */
  readonly domain: string;
  /** `s=`; empty when it cannot be read. */
  readonly selector: string;
  /** `i=`, or its default `@` and d=. */
  readonly identity: string;
  /** `a=` as written, in lower case. */
  readonly algorithm: string;
  readonly keyBits?: number;
  /** Whether d= is equal to or relaxed-aligned with the author domain; filled in when that is known. */
  readonly signer?: "author" | "third-party";
  /** `l=` in octets. */
  readonly bodyLength?: number;
  /** The first octets of `b=`, as RFC 6008 wants them for `header.b`. */
  readonly signaturePrefix?: string;
  /** Index of the DKIM-Signature field in the head, from the top, from 0. */
  readonly fieldIndex: number;
  readonly problem?: DkimProblem;
}

// ---------------------------------------------------------------- DMARC

export type DmarcPolicy = "none" | "quarantine" | "reject";
/** RFC 9989 §9.2: the words of `dmarc=` in Authentication-Results. */
export type DmarcWord = "none" | "pass" | "fail" | "temperror" | "permerror";

export type DmarcProblem =
  | "no-record"
  | "policy-invalid"
  | "dns-failure"
  | "from-missing"
  | "from-multiple-fields"
  | "from-multiple-domains"
  | "from-no-address"
  | "from-syntax"
  | "from-domain-invalid";

/** RFC 9989 §4.10: the DNS Tree Walk. RFC 7489 §3.2: public suffixes. */
export type DiscoveryMethod = "treewalk" | "psl";

export interface DmarcResult {
  readonly method: "dmarc";
  readonly result: DmarcWord;
  /** The author domain as A-labels; absent when From names none. */
  readonly domain?: string;
  readonly organizationalDomain?: string;
  /** Where the record was found. */
  readonly policyDomain?: string;
  /** The chosen p, sp or np as published. */
  readonly policy?: DmarcPolicy;
  readonly policyTag?: "p" | "sp" | "np";
  /** After `t=`, or after `pct=` with `psl`. */
  readonly appliedPolicy?: DmarcPolicy;
  /** RFC 7489 §6.6.4: `pct=` left this failing message out, so that the next lower policy applies; only with `psl`. */
  readonly sampledOut?: true;
  readonly discovery: DiscoveryMethod;
  readonly alignedDkim: readonly string[];
  readonly alignedSpf: boolean;
  /** The tags of the record that was used, as published, for reports (RFC 9990 policy_published). */
  readonly published?: Readonly<Record<string, string>>;
  readonly testing?: boolean;
  readonly problem?: DmarcProblem;
}

// ---------------------------------------------------------------- ARC

/** RFC 8617 §4.4, §7.2: the state of the chain. */
export type ArcWord = "none" | "pass" | "fail";

export type ArcProblem =
  /** RFC 8617 §5.2 step 2: the newest seal says cv=fail itself. */
  | "sealed-as-failed"
  /** §5.2 step 1: over 50 sets, or a set beyond the size limit. */
  | "too-many-sets"
  /** §5.2 step 3: instances do not run from 1 without a gap, or a field of a set is missing or there twice. */
  | "incomplete-set"
  /** §5.2 step 3: cv= of a set is not what its place asks for. */
  | "chain-value"
  | "syntax"
  /** The newest ARC-Message-Signature does not verify. */
  | "message-signature"
  /** A seal does not verify. */
  | "seal"
  /** A key cannot be had: nothing there, revoked, or unusable. */
  | "no-key"
  | "dns-failure";

export interface ArcSet {
  readonly instance: number;
  /** d= and s= of the seal. */
  readonly domain: string;
  readonly selector: string;
  /** `cv=` of the seal; absent when it is none of the three words. */
  readonly chainValidation?: ArcWord;
  /** Whether the message signature of the set covers From. */
  readonly signsFrom: boolean;
  /** RFC 8617 §10.2 `smtp.remote-ip`: whom the sealer took the message from, as it says itself. */
  readonly remoteIp?: string;
  /** What the sealer found, by its ARC-Authentication-Results: `method=result` words, bounded; nothing vouches for them but the sealer. */
  readonly claims: readonly string[];
  /** Author domains that it says to have found DMARC for (`header.from`); A-labels, "" for what is none. Absent when it names none. */
  readonly authors?: readonly string[];
}

export interface ArcResult {
  readonly method: "arc";
  readonly result: ArcWord;
  /** Number of ARC sets. */
  readonly instances: number;
  /** d= of the seals from the newest to the oldest. */
  readonly sealers: readonly string[];
  /** RFC 8617 §5.2 and §7.2 `header.oldest-pass`: 0 when all message signatures verify; only with `pass`. */
  readonly oldestPass?: number;
  /** The newest first; of a chain that fails those that can be read. */
  readonly sets: readonly ArcSet[];
  readonly problem?: ArcProblem;
}

// ---------------------------------------------------------------- BIMI

/** The words of `bimi=` (BIMI draft §7.7), and "skipped" when the message was not eligible or nobody asked. */
export type BimiWord = "pass" | "none" | "fail" | "temperror" | "declined" | "skipped";

export type BimiProblem =
  /** From has more than one address (draft §7.1 step 1). */
  | "author-not-single"
  /** DMARC does not pass with an enforced policy; `detail` is an `EnforcementGap`. */
  | "dmarc-not-enforced"
  | "dns-failure"
  | "multiple-records"
  | "record-syntax"
  | "location-missing"
  | "location-not-https"
  /** The name in l= says that it is no SVG (draft §4.3.2). */
  | "location-format"
  | "authority-not-https"
  /** The record stands, and nothing was fetched: `mode: record`. */
  | "not-fetched"
  /** l= cannot be fetched; `detail` is a `FetchProblem`. */
  | "location-unavailable"
  /** a= cannot be fetched; `detail` is a `FetchProblem`. */
  | "authority-unavailable"
  /** `detail` is a `SvgProblem`. */
  | "indicator-invalid"
  | "certificate-missing"
  /** `detail` is a `MarkCertificateDefect`. */
  | "certificate-invalid"
  | "certificate-untrusted"
  | "certificate-expired"
  | "certificate-name"
  | "certificate-indicator-mismatch";

/** What of BIMI draft §7.1 a message or its DMARC records lack. */
export type EnforcementGap =
  | "dmarc-no-pass"
  | "policy-none"
  | "subdomain-policy-none"
  /** p=quarantine with pct under 100, or with t=y. */
  | "policy-partial"
  | "organization-policy-missing";

/** Why a document is not there. */
export type FetchProblem =
  | "timeout"
  | "busy"
  | "host-dns-failure"
  | "no-such-host"
  /** The name leads to addresses that are not public. */
  | "address-not-public"
  | "connection-failed"
  | "tls-failed"
  | "http-status"
  | "redirect"
  | "too-large";

/** What an indicator has that SVG Tiny PS does not allow, or lacks. */
export type SvgProblem =
  | "svg-empty"
  | "svg-too-large"
  | "svg-compression"
  | "svg-encoding"
  | "svg-not-well-formed"
  | "svg-too-complex"
  | "svg-doctype"
  | "svg-entity"
  | "svg-processing-instruction"
  | "svg-root"
  | "svg-namespace"
  | "svg-version"
  | "svg-base-profile"
  | "svg-position"
  | "svg-view-box"
  | "svg-title"
  | "svg-description"
  | "svg-script"
  | "svg-event"
  | "svg-animation"
  | "svg-raster-image"
  | "svg-multimedia"
  | "svg-link"
  | "svg-style"
  | "svg-element"
  | "svg-attribute"
  | "svg-attribute-value"
  | "svg-external-reference"
  | "svg-expansion";

/** What is wrong with a mark certificate or the certificates that came with it. */
export type MarkCertificateDefect =
  | "pem-syntax"
  | "certificate-syntax"
  | "too-many-certificates"
  | "is-authority"
  | "purpose-missing"
  | "issuer-purpose-missing"
  | "critical-extension"
  | "path-length"
  | "weak-signature"
  | "mark-type-missing"
  | "logotype-missing"
  | "logotype-syntax"
  | "logotype-hash"
  | "not-yet-valid";

export type BimiDetail = EnforcementGap | FetchProblem | SvgProblem | MarkCertificateDefect;

export interface BimiResult {
  readonly method: "bimi";
  readonly result: BimiWord;
  /** Where the record stands: the author domain or its organizational domain. */
  readonly domain?: string;
  readonly selector?: string;
  /** The selector that lps= of a record made us ask for (draft §4.5): the local part of From, normalized. */
  readonly localPartSelector?: string;
  /** Why the BIMI-Selector field was not followed (draft §5.1, §5.5). */
  readonly selectorIgnored?: "unsigned" | "several" | "syntax";
  /** l= of the record. */
  readonly location?: string;
  /** a= of the record. */
  readonly authority?: string;
  /** What came of the mark certificate (draft §7.7 policy.authority); absent where nothing was fetched. */
  readonly authorityStatus?: "pass" | "fail" | "none";
  /** `avp=` of the record: brand or personal; absent when the record says something else. */
  readonly avatarPreference?: "brand" | "personal";
  /** vmc, cmc, or absent without a checked mark certificate. */
  readonly evidence?: "vmc" | "cmc";
  /** The checked SVG, uncompressed; only with `pass` and when header fields are to be written. Not recorded. */
  readonly indicator?: Buffer;
  readonly problem?: BimiProblem;
  /** More about `problem`. */
  readonly detail?: BimiDetail;
}

// ---------------------------------------------------------------- together

export type DnsOutcome = "answer" | "nodata" | "nxdomain" | DnsFailureReason;

/** One question that an evaluation asked. */
export interface DnsTraceEntry {
  readonly name: string;
  readonly type: DnsType;
  readonly outcome: DnsOutcome;
  /** Seconds; only with an answer. */
  readonly ttl?: number;
  /** AD bit. */
  readonly authentic?: boolean;
  readonly ms: number;
}

export type AuthResult = IprevResult | SpfResult | DkimResult | ArcResult | DmarcResult | BimiResult;

/** Everything that one message's authentication came to. iprev and SPF are absent when the client is not known. */
export interface AuthResults {
  readonly iprev?: IprevResult;
  /** RFC 7208 §2.4: the MAIL FROM identity, or postmaster@HELO for the null sender. */
  readonly spf?: SpfResult;
  readonly spfHelo?: SpfResult;
  readonly dkim: readonly DkimResult[];
  /** Absent when ARC is switched off. */
  readonly arc?: ArcResult;
  /** By the discovery that is applied. */
  readonly dmarc: DmarcResult;
  /** By the other discovery, when both are evaluated. */
  readonly dmarcOther?: DmarcResult;
  /** Absent when nobody asked for it. */
  readonly bimi?: BimiResult;
  readonly dns: readonly DnsTraceEntry[];
}
