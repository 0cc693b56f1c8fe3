import type { TlsaRecord } from "../dns/resolver.ts";

/** What a TLSA record means to a mail server: RFC 7672 §3.1, RFC 7671 §4. */
export type TlsaUse =
  | { readonly usable: true; readonly usage: "DANE-TA" | "DANE-EE" }
  | { readonly usable: false; readonly problem: TlsaProblem };

export type TlsaProblem =
  /** PKIX-TA(0) or PKIX-EE(1), which mail servers cannot use (RFC 7672 §3.1.3). */
  | "pkix-usage"
  | "usage"
  | "selector"
  | "matching-type"
  /** The data is not as long as a digest of the matching type. */
  | "length";

/** RFC 6698 §2.1.3: Full(0), SHA2-256(1), SHA2-512(2). */
const digestOctets: Readonly<Record<number, number>> = { 1: 32, 2: 64 };

/** Whether a record can be used with SMTP. A record that cannot still demands TLS (RFC 7672 §2.2). */
export function tlsaUse({ usage, selector, matchingType, data }: TlsaRecord): TlsaUse {
  if (usage > 3) return { usable: false, problem: "usage" };
  if (selector > 1) return { usable: false, problem: "selector" };
  if (matchingType > 2) return { usable: false, problem: "matching-type" };
  const octets = digestOctets[matchingType];
  if (data.length === 0 || (octets !== undefined && data.length !== octets))
    return { usable: false, problem: "length" };
  // RFC 7672 §3.1.3: no CA that both sides know can be relied on.
  if (usage < 2) return { usable: false, problem: "pkix-usage" };
  return { usable: true, usage: usage === 2 ? "DANE-TA" : "DANE-EE" };
}

/** As in a zone file: three numbers and hexadecimal digits. */
export function formatTlsa({ usage, selector, matchingType, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${data.toString("hex").toUpperCase()}`;
}
