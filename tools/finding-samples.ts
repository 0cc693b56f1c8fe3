import type { FindingParams } from "../src/findings/finding.ts";

type SampledId =
  | "check.failed"
  | "dns.unanswered"
  | "dns.lame"
  | "dns.server-silent"
  | "dns.parent-child-ns"
  | "dns.servers-disagree"
  | "dns.tcp"
  | "dns.nxdomain-cut"
  | "dane.insecure"
  | "dane.bogus"
  | "dnssec.absent"
  | "dnssec.bogus"
  | "dnssec.expiring"
  | "dnssec.unknown";

const server = { zone: "example.jp", server: "ns2.example.jp", ip: "192.0.2.53" } as const;

/** Parameters for findings that no zone file can bring up: those of real servers. */
export const samples: Pick<FindingParams, SampledId> = {
  "check.failed": { domain: "example.jp", subject: "mx", reason: "unexpected value" },
  "dns.unanswered": {
    domain: "example.jp",
    reason: "timeout",
    count: 2,
    names: ["_spf.example.net TXT", "mx.example.jp AAAA"],
  },
  "dns.lame": { ...server, problem: "refused" },
  "dns.server-silent": server,
  "dns.parent-child-ns": {
    zone: "example.jp",
    onlyParent: ["ns-old.example.jp"],
    onlyChild: ["ns2.example.jp"],
  },
  "dns.servers-disagree": {
    zone: "example.jp",
    name: "example.jp",
    type: "TXT",
    versions: [
      { servers: ["ns1.example.jp (192.0.2.52)"], data: ['"v=spf1 mx -all"'] },
      { servers: ["ns2.example.jp (192.0.2.53)"], data: ['"v=spf1 a mx -all"'] },
    ],
  },
  "dns.tcp": { ...server, name: "example.jp", type: "TXT" },
  "dns.nxdomain-cut": {
    domain: "example.jp",
    name: "_domainkey.example.jp",
    below: "s1._domainkey.example.jp",
  },
  "dane.insecure": { domain: "example.jp", host: "mx.example.jp", what: "tlsa" },
  "dane.bogus": {
    host: "mx.example.jp",
    name: "_25._tcp.mx.example.jp",
    reason: "servfail",
    signed: true,
  },
  "dnssec.absent": { domain: "example.jp", signed: true },
  "dnssec.bogus": { domain: "example.jp", names: ["example.jp"] },
  "dnssec.expiring": { zone: "example.jp", ends: "2026-04-01 09:00", hours: 20 },
  "dnssec.unknown": { domain: "example.jp" },
};
