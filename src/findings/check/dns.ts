import type { ZoneProblem } from "../../core/dns/zone-problem.ts";
import type { FindingRules } from "../finding.ts";

interface OfDomain {
  readonly domain: string;
}
interface OfZone {
  readonly zone: string;
}
interface OfServer extends OfZone {
  readonly server: string;
  readonly ip: string;
}

/** What can be wrong with zones, their servers and DNSSEC, and with the check itself. */
export interface DnsFindings {
  readonly "check.failed": OfDomain & { readonly subject: string; readonly reason: string };
  /** @param names The first of them, each with its type. */
  readonly "dns.unanswered": OfDomain & {
    readonly reason: string;
    readonly count: number;
    readonly names: readonly string[];
  };
  readonly "dns.lame": OfServer & {
    readonly problem: "not-authoritative" | "refused" | "servfail" | "no-address";
  };
  readonly "dns.server-silent": OfServer;
  readonly "dns.parent-child-ns": OfZone & {
    readonly onlyParent: readonly string[];
    readonly onlyChild: readonly string[];
  };
  readonly "dns.servers-disagree": OfZone & {
    readonly name: string;
    readonly type: string;
    /** Which servers say what; data in presentation form, "-" for none. */
    readonly versions: readonly { readonly servers: readonly string[]; readonly data: readonly string[] }[];
  };
  readonly "dns.tcp": OfServer & { readonly name: string; readonly type: string };
  /** How names that matter for mail do not exist, are empty, or are not answered: three different things. */
  readonly "dns.nxdomain-vs-nodata-vs-servfail": OfDomain & {
    readonly nxdomain: readonly string[];
    readonly nodata: readonly string[];
    readonly servfail: readonly string[];
  };
  readonly "dns.nxdomain-cut": OfDomain & { readonly name: string; readonly below: string };
  readonly "dns.cname-and-other": {
    readonly name: string;
    readonly target: string;
    readonly types: readonly string[];
  };
  readonly "dns.wildcard-txt": {
    readonly wildcard: string;
    readonly names: readonly string[];
    readonly text: string;
  };
  readonly "dns.zone-syntax": {
    readonly file: string;
    readonly line: number;
    readonly fault:
      | "two-types"
      | "parenthesis"
      | "quote"
      | "string-too-long"
      | "semicolon"
      | "unquoted-blank"
      | "missing-dot"
      | "include"
      | "directive"
      | "syntax";
    /** What stands there; empty where `problem` says it. */
    readonly detail: string;
    /** What the parser of zone files finds wrong. */
    readonly problem?: ZoneProblem;
    /** Name and type of the record of which servers read something else than what was meant. */
    readonly record?: string;
  };
  /** @param records Name and type of each. @param ttl The greatest of theirs, in seconds. */
  readonly "dns.ttl-high": OfDomain & { readonly records: readonly string[]; readonly ttl: number };
  /** @param ttl The least. */
  readonly "dns.ttl-low": OfDomain & { readonly records: readonly string[]; readonly ttl: number };
  readonly "dns.negative-ttl": OfZone & { readonly ttl: number };
  readonly "dns.new-domain": OfDomain;
  /** @param signed Whether the zone has DNSKEY records, with no DS record above them. */
  readonly "dnssec.absent": OfDomain & { readonly signed: boolean };
  readonly "dnssec.bogus": OfDomain & { readonly names: readonly string[] };
  /** @param hours Until the first signature ends. */
  readonly "dnssec.expiring": OfZone & { readonly ends: string; readonly hours: number };
  readonly "dnssec.unknown": OfDomain;
  readonly "sub.uncovered": OfDomain & { readonly names: readonly string[] };
}

export const dnsRules: FindingRules<DnsFindings> = {
  "check.failed": { severity: "error", needs: "dns", basis: "sekisho check" },
  "dns.unanswered": { severity: "warning", needs: "dns", basis: "RFC 2308 §7" },
  "dns.lame": { severity: "error", needs: "dns", basis: "RFC 1912 §2.8" },
  "dns.server-silent": { severity: "warning", needs: "dns", basis: "RFC 1912 §2.8" },
  "dns.parent-child-ns": { severity: "warning", needs: "dns", basis: "RFC 1034 §4.2.2" },
  "dns.servers-disagree": { severity: "error", needs: "dns", basis: "RFC 1034 §4.3.5" },
  "dns.tcp": { severity: "error", needs: "dns", basis: "RFC 7766 §5" },
  "dns.nxdomain-vs-nodata-vs-servfail": { severity: "info", needs: "dns", basis: "RFC 2308 §2, §7.1" },
  "dns.nxdomain-cut": { severity: "warning", needs: "dns", basis: "RFC 8020 §2" },
  "dns.cname-and-other": { severity: "error", needs: "dns", basis: "RFC 1034 §3.6.2" },
  "dns.wildcard-txt": { severity: "warning", needs: "dns", basis: "RFC 4592 §2.2" },
  "dns.zone-syntax": { severity: "error", needs: "zone", basis: "RFC 1035 §5.1" },
  "dns.ttl-high": { severity: "notice", needs: "dns", basis: "RFC 1912 §2.2" },
  "dns.ttl-low": { severity: "notice", needs: "dns", basis: "RFC 1912 §2.2" },
  "dns.negative-ttl": { severity: "notice", needs: "dns", basis: "RFC 2308 §5" },
  "dns.new-domain": { severity: "notice", needs: "dns", basis: "RFC 9989 §5.1" },
  "dnssec.absent": { severity: "notice", needs: "dns", basis: "RFC 4035 §5.2" },
  "dnssec.bogus": { severity: "error", needs: "dns", basis: "RFC 4035 §5.5" },
  "dnssec.expiring": { severity: "warning", needs: "dns", basis: "RFC 4035 §5.3.1" },
  "dnssec.unknown": { severity: "info", needs: "dns", basis: "RFC 4035 §4.9.3" },
  "sub.uncovered": { severity: "notice", needs: "dns", basis: "RFC 9989 §4.7" },
};
