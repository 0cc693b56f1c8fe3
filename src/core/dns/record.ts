import type { DnsRecordOf, DnsType } from "./resolver.ts";

/** One resource record of class IN with its data read. Names are canonical (see name.ts), `ttl` is in seconds. */
export type ResourceRecord = {
  readonly [T in DnsType]: {
    readonly name: string;
    readonly type: T;
    readonly ttl: number;
    readonly data: DnsRecordOf[T];
  };
}[DnsType];

/** TYPE codes (RFC 1035 §3.2.2, RFC 3596 §2.1, RFC 6698 §7.1, RFC 7208 §14.1). */
export const typeCodes: Readonly<Record<DnsType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  TLSA: 52,
  SPF: 99,
};
