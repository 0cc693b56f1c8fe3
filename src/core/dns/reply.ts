import { isBelowOrAt } from "./name.ts";
import type { ResourceRecord } from "./record.ts";
import type { DnsFailureReason, DnsRecordOf, DnsType } from "./resolver.ts";
import { type DnsQuestion, type DnsResponse, rcodes } from "./wire.ts";

/** What one response says about its question. Seconds in `ttl`, already capped; 0 is not to be kept. */
export type Reply =
  | {
      readonly kind: "answer";
      readonly records: readonly DnsRecordOf[DnsType][];
      readonly ttl: number;
      readonly authentic: boolean;
      /** CNAMEs passed on the way. */
      readonly aliases: number;
    }
  | {
      readonly kind: "nodata" | "nxdomain";
      readonly ttl: number;
      readonly authentic: boolean;
      /** The name without data, or that does not exist: the asked one or the last of the CNAMEs (RFC 2308 §2.1). */
      readonly end: string;
      readonly aliases: number;
    }
  /** The CNAMEs lead to a name of which the response says nothing. */
  | {
      readonly kind: "alias";
      readonly target: string;
      readonly ttl: number;
      readonly authentic: boolean;
      readonly aliases: number;
    }
  | { readonly kind: "failure"; readonly reason: DnsFailureReason; readonly ttl: number };

/** CNAMEs followed for one question. */
export const maxAliases = 8;

const maxTtl = 86_400;
/** RFC 2308 §5: one to three hours work well. */
const maxNegativeTtl = 10_800;
/** RFC 2308 §7.1 allows five minutes, RFC 9520 §3.2 asks for one second at least. */
const failureTtl = 5;

export function failureReply(reason: DnsFailureReason): Reply {
  return { kind: "failure", reason, ttl: failureTtl };
}

/** RFC 8914 §4.7 to §4.13: DNSSEC Bogus, Signature Expired, ... NSEC Missing. */
const firstBogus = 6;
const lastBogus = 12;

/** Whether a validating resolver refused the data as forged (RFC 8914). */
export function isBogus(response: DnsResponse): boolean {
  return response.extendedErrors.some((code) => code >= firstBogus && code <= lastBogus);
}

/** Reads a response whose RCODE is NOERROR or NXDOMAIN. */
export function readReply(response: DnsResponse, question: DnsQuestion): Reply {
  const { authentic, soa } = response;
  const chain = followAliases(response.answers, question);
  if (chain === undefined) return failureReply("malformed");
  const { end, aliases } = chain;
  const negativeTtl = Math.min(chain.ttl, soa?.ttl ?? 0, maxNegativeTtl);
  // RFC 2308 §2.1: after CNAMEs the RCODE speaks of the last name.
  if (response.rcode === rcodes.nameError)
    return { kind: "nxdomain", ttl: negativeTtl, authentic, end, aliases };
  const records: DnsRecordOf[DnsType][] = [];
  let ttl = chain.ttl;
  for (const record of response.answers) {
    if (record.type !== question.type || record.name !== end) continue;
    records.push(record.data);
    if (record.ttl < ttl) ttl = record.ttl;
  }
  if (records.length > 0) return { kind: "answer", records, ttl, authentic, aliases };
  // The SOA of another zone is that of the alias: the response does not go on to the target.
  if (aliases > 0 && (soa === undefined || !isBelowOrAt(end, soa.owner)))
    return { kind: "alias", target: end, ttl: chain.ttl, authentic, aliases };
  return { kind: "nodata", ttl: negativeTtl, authentic, end, aliases };
}

/** Where the CNAMEs of the answer section lead from the asked name; undefined for a loop or too long a chain. */
function followAliases(
  answers: readonly ResourceRecord[],
  { name, type }: DnsQuestion,
): { end: string; ttl: number; aliases: number } | undefined {
  let end = name;
  let ttl = maxTtl;
  if (type === "CNAME") return { end, ttl, aliases: 0 };
  for (let aliases = 0; aliases <= maxAliases; aliases++) {
    const alias = answers.find((record) => record.type === "CNAME" && record.name === end);
    if (alias === undefined || answers.some((record) => record.type === type && record.name === end))
      return { end, ttl, aliases };
    end = alias.data as string;
    ttl = Math.min(ttl, alias.ttl);
  }
  return undefined;
}
