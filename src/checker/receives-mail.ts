import type { DnsResolver } from "../core/dns/resolver.ts";

/** Hosts that take mail for a domain, best first; "implicit" when it is the domain itself for want of MX. */
export interface Receivers {
  readonly kind: "mx" | "implicit" | "none" | "unknown";
  readonly hosts: readonly string[];
}

const maxHosts = 20;

/** By MX, a null MX (RFC 7505), or the addresses of the domain itself (RFC 5321 §5.1). Never rejects. */
export async function receiversOf(dns: DnsResolver, domain: string): Promise<Receivers> {
  const mx = await dns.query(domain, "MX");
  if (mx.kind === "failure") return { kind: "unknown", hosts: [] };
  if (mx.kind === "answer") {
    const sorted = mx.records.toSorted((a, b) => a.preference - b.preference);
    const hosts = [...new Set(sorted.map(({ exchange }) => exchange))].filter((host) => host !== "");
    return { kind: hosts.length === 0 ? "none" : "mx", hosts: hosts.slice(0, maxHosts) };
  }
  if (mx.kind === "nxdomain") return { kind: "none", hosts: [] };
  const addresses = await Promise.all([dns.query(domain, "A"), dns.query(domain, "AAAA")]);
  if (addresses.some(({ kind }) => kind === "answer")) return { kind: "implicit", hosts: [domain] };
  return { kind: addresses.some(({ kind }) => kind === "failure") ? "unknown" : "none", hosts: [] };
}
