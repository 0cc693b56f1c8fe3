import type { DnsAnswer, DnsResolver, MxRecord, TxtRecord } from "../core/dns/resolver.ts";
import { isSpfRecord } from "../core/spf/parse-record.ts";
import { isNoSenderRecord } from "./policy/second-reasons.ts";

/**
 * Whether a domain publishes that it takes no mail (null MX, RFC 7505) or sends none ("v=spf1 -all", RFC 7208 §10.1.2).
 * Two questions, which the resolver keeps for their TTL. What DNS does not tell is not held against the domain.
 */
export async function isParkedDomain(domain: string, dns: DnsResolver): Promise<boolean> {
  const [mx, txt] = await Promise.all([dns.query(domain, "MX"), dns.query(domain, "TXT")]);
  return isNullMx(mx) || forbidsAllSenders(txt);
}

/** A null MX stands alone. */
function isNullMx(answer: DnsAnswer<MxRecord>): boolean {
  return answer.kind === "answer" && answer.records.length === 1 && answer.records[0]?.exchange === "";
}

/** RFC 7208 §4.5: of two SPF records none counts. */
function forbidsAllSenders(answer: DnsAnswer<TxtRecord>): boolean {
  if (answer.kind !== "answer") return false;
  const [record, ...others] = answer.records.filter(({ text }) => isSpfRecord(text));
  return record !== undefined && others.length === 0 && isNoSenderRecord(record.text);
}
