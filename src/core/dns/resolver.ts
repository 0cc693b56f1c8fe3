import type { IpAddress } from "../ip.ts";

/** One TXT record. Each character of the strings is one octet (U+0000 to U+00FF). */
export interface TxtRecord {
  readonly strings: readonly string[];
  /** The strings joined with nothing between (RFC 7208 §3.3, RFC 6376 §3.6.2.2, RFC 9989 §4.7). */
  readonly text: string;
}

export interface MxRecord {
  readonly preference: number;
  /** Empty for the null MX of RFC 7505 (the root name). */
  readonly exchange: string;
}

export interface SoaRecord {
  readonly primary: string;
  readonly mailbox: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Buffer;
}

/** Names are in presentation form without the final dot, in lower case, odd octets escaped as in RFC 1035 §5.1. */
export interface DnsRecordOf {
  readonly A: IpAddress;
  readonly AAAA: IpAddress;
  readonly MX: MxRecord;
  readonly TXT: TxtRecord;
  /** RFC 7208 §3.1: discontinued; only to find records that were left behind. */
  readonly SPF: TxtRecord;
  readonly PTR: string;
  readonly CNAME: string;
  readonly NS: string;
  readonly SOA: SoaRecord;
  readonly TLSA: TlsaRecord;
}
export type DnsType = keyof DnsRecordOf;

export type DnsFailureReason =
  /** No server answered in time, or the budget of the evaluation had run out. */
  | "timeout"
  | "servfail"
  | "refused"
  /** The validating resolver says that the answer is forged or its signatures are broken. */
  | "bogus"
  /** Unreadable answers only, or a CNAME loop. */
  | "malformed"
  /** The name cannot be asked: a label over 63 or a name over 255 octets. No query was sent. */
  | "bad-name"
  /** `--offline`: the name lies in none of the given zones. */
  | "offline";

/** RFC words: "nodata" is a name that exists without this type (RFC 2308 §2.2), "nxdomain" a name that does not exist. */
export type DnsAnswer<T> =
  | {
      readonly kind: "answer";
      readonly records: readonly T[];
      readonly ttl: number;
      readonly authentic: boolean;
    }
  | { readonly kind: "nodata" | "nxdomain"; readonly authentic: boolean }
  | { readonly kind: "failure"; readonly reason: DnsFailureReason };

export interface DnsQueryOptions {
  /** Time by `Clock.monotonic()` after which the answer is `failure: timeout`; the query itself may go on for others. */
  readonly deadline?: number;
}

/** The seam between protocols and DNS. Never rejects: what goes wrong is an answer of kind "failure". */
export interface DnsResolver {
  query<T extends DnsType>(
    name: string,
    type: T,
    options?: DnsQueryOptions,
  ): Promise<DnsAnswer<DnsRecordOf[T]>>;
}
