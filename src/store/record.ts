import type { SealingRefusal } from "../core/arc/sealing.ts";
import type { SigningProblem } from "../core/dkim/sign.ts";
import type {
  ArcWord,
  AuthResults,
  DmarcProblem,
  DmarcResult,
  SpfResult,
  SpfTraceStep,
} from "../core/results.ts";
import type { Origin } from "../trust/classify-client.ts";

export const recordVersion = 1;

/** Which writer wrote a record, and as its how-manieth since it started: unique, and sortable within one writer. */
export interface RecordId {
  readonly host: string;
  /** Random, new at every start of a writer. */
  readonly boot: string;
  readonly sequence: number;
}

export type Action = "none" | "header" | "quarantine" | "hold" | "reject" | "defer";

export interface Disposition {
  /** What we did, or in monitor mode would not do. */
  readonly action: Action;
  readonly reasons: readonly DispositionReason[];
  /** Why: rule ids with their parameters in words, as in `RecordedClient.why`. Absent when there is nothing to say. */
  readonly why?: readonly string[];
}

/** A reason of RFC 9990's kinds, with a free word about it. */
export interface DispositionReason {
  readonly type: "local_policy" | "mailing_list" | "other" | "policy_test_mode" | "trusted_forwarder";
  readonly comment?: string;
}

/** A field of somebody's that we removed (RFC 8601 §5). */
export interface RemovedField {
  readonly name: string;
  /** Counted from 1 among the fields of that name, as received. */
  readonly occurrence: number;
  readonly reason:
    | "own-authserv-id"
    | "unparsable-own-authserv-id"
    | "unsupported-version"
    /** One of so many that it was not read. */
    | "unread"
    /** A field that only we write. */
    | "own-field"
    /** A BIMI field that only the receiving site may write (BIMI draft §5.6). */
    | "receivers-field"
    /** Behind a bare CR inside it a reader may see one of these fields. */
    | "hidden-field";
}

/** Why a message has no signature of ours. */
export type UnsignedReason =
  /** No single author can be read from the header. */
  | "no-author"
  /** The From domain is none of those that we sign for. */
  | "not-ours"
  /** The client has no right to be signed for. */
  | "no-right"
  | "null-sender"
  /** It came in from outside before, and DMARC did not pass then. */
  | "passing-through"
  /** It came back from a list of ours, and nothing proves the author. */
  | "list-unproven"
  /** The login may not write as this From; or is not in the file at all. */
  | "login-mismatch"
  | "login-unlisted"
  | "fragile"
  /** Every key that would sign has a good signature there already. */
  | "already-signed"
  | SigningProblem;

/** Why a message that should be signed is not. */
export type SigningFailure =
  | "key-unusable"
  | "logins-unreadable"
  /** A key did not make a signature. */
  | "signature-failed"
  /** Our own check found our signature bad. */
  | "self-check"
  | "fault";

/** What would keep a signature from verifying after other hosts had the message. */
export type FragileProblem =
  | "long-body-line"
  | "long-header-line"
  | "bare-cr-body"
  | "bare-lf-body"
  | "nul-body"
  | "bare-cr-header"
  | "nul-header"
  | "undeclared-8bit-body"
  | "raw-8bit-header"
  | "blank-header-line"
  | "unquoted-name"
  | "missing-date"
  | "missing-message-id"
  | "repeated-field";

export interface RecordedSignature {
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: string;
}

/** What became of signing a message. */
export interface RecordedSigning {
  readonly outcome: "signed" | "unsigned" | "failed";
  readonly reason?: UnsignedReason | SigningFailure;
  /** The From domain, where there is one. */
  readonly domain?: string;
  /** Only with `login` in `record.fields`. */
  readonly login?: string;
  /** Made now. */
  readonly signatures: readonly RecordedSignature[];
  readonly fragile?: readonly FragileProblem[];
  /** The message is one of a burst: so many within the time. */
  readonly burst?: {
    readonly count: number;
    readonly messages: number;
    readonly perMs: number;
    /** It is the one with which the burst began. */
    readonly first?: true;
  };
  /** What followed for the message as a whole. */
  readonly action?: "hold" | "tempfail";
}

/** What became of the token that a message brought back from a list. */
export type TokenOutcome =
  /** Its word was taken; "again": for one more batch of the same message. */
  | "used"
  | "again"
  | "none"
  /** Several, or something else in their place. */
  | "unreadable"
  /** The list is known by nothing but List-Id, which anybody may write. */
  | "not-from-host"
  | "refused-unknown"
  | "refused-other-host"
  | "refused-other-message"
  | "refused-used"
  /** The supervisor did not answer. */
  | "unanswered";

/** Why From was rewritten. */
export type FromRewriteReason = "always" | "policy-reject" | "policy-quarantine" | "policy-unknown";

/** Why From stands as it came, and should. */
export type FromKeptReason =
  | "never"
  /** It names the list already. */
  | "is-list"
  /** The author's own signature is as good as before. */
  | "still-passes"
  /** The author is ours and proven: we sign for him. */
  | "own-author"
  /** The author's domain asks for nothing. */
  | "no-policy";

/** Why From should have been rewritten, and was not. */
export type FromLeftReason =
  | "no-list-address"
  | "from-too-long"
  | "too-many-authors"
  | "not-sent"
  | DmarcProblem;

export interface RecordedListFrom {
  readonly outcome: "rewritten" | "kept" | "left";
  readonly reason: FromRewriteReason | FromKeptReason | FromLeftReason;
  /** Where the authors' addresses stand now, when it was rewritten. */
  readonly author?: "reply-to" | "cc" | "nowhere";
}

/** What was done for a message that came back from a list of ours. */
export interface RecordedList {
  /** The list host, by its name in the configuration. */
  readonly host: string;
  readonly by: "socket" | "network" | "list-id";
  readonly token: TokenOutcome;
  /** The author domain that is proven by how the message came in, or the list's own. */
  readonly author?: string;
  readonly from: RecordedListFrom;
  /** DKIM signatures that no longer verify, and what was done with them. */
  readonly broken: { readonly count: number; readonly action: "removed" | "renamed" | "kept" };
}

/** Why a message that should be sealed is not (`SealingRefusal`), or not yet sealable. */
export type UnsealedReason =
  | SealingRefusal
  | "no-key"
  /** `verify.arc.mode` is off, or a key could not be asked for: what cv= should say is not known. */
  | "chain-unknown";

export interface RecordedSeal {
  readonly outcome: "sealed" | "unsealed";
  readonly reason?: UnsealedReason;
  readonly domain?: string;
  readonly selector?: string;
  readonly instance?: number;
  /** `cv=`. */
  readonly chainValidation?: ArcWord;
  /** Of when the results in it are: now, or as the message went in to the list. */
  readonly results?: "now" | "way-in";
}

/** An inner fault while this message was handled. */
export interface RecordedFault {
  readonly stage: string;
  readonly message: string;
  readonly answered: "accept" | "tempfail" | "reject";
}

/**
 * Everything that is kept of one message: what `explain`, the Problems page and RFC 9990 reports need. No body, no
 * subject, no local parts unless the operator names them in `record.fields`.
 */
export interface MessageRecord {
  readonly version: typeof recordVersion;
  readonly id: RecordId;
  /** RFC 3339 in UTC with milliseconds: when the verdict was given. */
  readonly at: string;
  /** From MAIL to the verdict. */
  readonly elapsedMs: number;
  readonly queueId?: string;
  readonly messageId?: string;
  /** Only with `subject` in `record.fields`. */
  readonly subject?: string;
  /** `listen` of the socket that the message came by. */
  readonly socket: string;
  readonly client: RecordedClient;
  readonly envelope: {
    /** Domain of MAIL FROM, or the whole address with `mail_from` in `record.fields`; "" is the null sender. */
    readonly from?: string;
    /** Recipient domains, each once, or whole addresses with `rcpt_to`; at most 20. */
    readonly to?: readonly string[];
    readonly recipients: number;
    readonly smtputf8: boolean;
  };
  /** Without `bodyOctets` when nothing asked for the body, so that the MTA was told to keep it. */
  readonly size: { readonly headerOctets: number; readonly bodyOctets?: number };
  readonly results?: RecordedResults;
  readonly disposition: Disposition;
  /** What the stricter setting of `verify.shadow` would have done, where that is something else. */
  readonly shadow?: Disposition;
  /** Message rules that were broken and are not off. */
  readonly rules?: readonly string[];
  readonly removed: readonly RemovedField[];
  /** The field that was written, without its name. */
  readonly authenticationResults?: string;
  /** What the MTA was told. */
  readonly reply: "accept" | "tempfail" | "reject";
  /** The message goes in to lists of ours: whether it is remembered for when it comes back. */
  readonly remembered?: boolean;
  /** The message came back from a list of ours. */
  readonly list?: RecordedList;
  /** Of mail that was to be sealed (ARC). */
  readonly seal?: RecordedSeal;
  /** Of mail that could be ours on its way out: what became of signing it. */
  readonly signing?: RecordedSigning;
  /** Code and enhanced code of an SMTP answer of ours, e.g. `550 5.7.1`. */
  readonly status?: string;
  readonly fault?: RecordedFault;
  /** The record was too long for the store: DNS answers or results were left out. */
  readonly truncated?: true;
}

export interface RecordedClient {
  readonly origin: Origin;
  /** Why it was classified so, most telling first: rule ids with their parameters in words. */
  readonly why: readonly string[];
  readonly ip?: string;
  readonly name?: string;
  readonly helo?: string;
  /** The client that SPF and iprev were evaluated for, when a relay stands between. */
  readonly spfClient?: string;
  readonly authenticated?: boolean;
}

/** Results as kept: without the step-by-step SPF trace, which is long and repeats `dns`. */
export interface RecordedResults extends Omit<AuthResults, "spf" | "spfHelo" | "dmarc"> {
  readonly spf?: RecordedSpf;
  readonly spfHelo?: RecordedSpf;
  readonly dmarc: DmarcResult;
}
export type RecordedSpf = Omit<SpfResult, "trace"> & { readonly record?: RecordStep["record"] };
type RecordStep = Extract<SpfTraceStep, { kind: "record" }>;
