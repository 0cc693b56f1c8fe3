import type { AuthResults, DmarcResult, SpfResult, SpfTraceStep } from "../core/results.ts";
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
