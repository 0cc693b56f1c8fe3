import type { DnsFailureReason, DnsResolver } from "../../core/dns/resolver.ts";
import type { IpAddress } from "../../core/ip.ts";
import { isAskable } from "../../core/spf/domain-spec.ts";

/** Addresses of a host name in both families. */
export interface HostAddresses {
  readonly host: string;
  readonly v4: readonly IpAddress[];
  readonly v6: readonly IpAddress[];
  /** Of a name without any address: whether it exists. */
  readonly missing?: "nodata" | "nxdomain";
  /** One of the two questions had no answer. */
  readonly failure?: { readonly type: "A" | "AAAA"; readonly reason: DnsFailureReason };
}

/** The MX hosts of a name. */
export interface MailHosts {
  /** MX records; there may be more of them than `hosts`. */
  readonly count: number;
  readonly hosts: readonly HostAddresses[];
  readonly missing?: "nodata" | "nxdomain";
  readonly failure?: DnsFailureReason;
}

const maxMailHosts = 50;

export async function lookupHosts(host: string, dns: DnsResolver): Promise<HostAddresses> {
  if (!isAskable(host)) return { host, v4: [], v6: [], missing: "nxdomain" };
  const [a, aaaa] = await Promise.all([dns.query(host, "A"), dns.query(host, "AAAA")]);
  const v4 = a.kind === "answer" ? a.records : [];
  const v6 = aaaa.kind === "answer" ? aaaa.records : [];
  const found = { host, v4, v6 };
  if (a.kind === "failure" && a.reason !== "bad-name")
    return { ...found, failure: { type: "A", reason: a.reason } };
  if (aaaa.kind === "failure" && aaaa.reason !== "bad-name")
    return { ...found, failure: { type: "AAAA", reason: aaaa.reason } };
  if (v4.length + v6.length > 0) return found;
  return { ...found, missing: a.kind === "nodata" || aaaa.kind === "nodata" ? "nodata" : "nxdomain" };
}

export async function lookupMailHosts(name: string, dns: DnsResolver): Promise<MailHosts> {
  if (!isAskable(name)) return { count: 0, hosts: [], missing: "nxdomain" };
  const mx = await dns.query(name, "MX");
  if (mx.kind === "failure")
    return mx.reason === "bad-name"
      ? { count: 0, hosts: [], missing: "nxdomain" }
      : { count: 0, hosts: [], failure: mx.reason };
  if (mx.kind !== "answer") return { count: 0, hosts: [], missing: mx.kind };
  const exchanges = mx.records.map(({ exchange }) => exchange).filter((exchange) => exchange !== "");
  const names = [...new Set(exchanges)].slice(0, maxMailHosts);
  const hosts = await Promise.all(names.map((host) => lookupHosts(host, dns)));
  return { count: mx.records.length, hosts };
}
