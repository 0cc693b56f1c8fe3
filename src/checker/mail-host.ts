import type { DnsResolver } from "../core/dns/resolver.ts";

/** Whether mail to a domain can be delivered, as far as DNS says: RFC 5321 §5.1, RFC 7505 §3. */
export type MailHost = "ok" | "no-such-name" | "no-address" | "null-mx" | "unknown";

/** Asks for MX and, without any, for addresses. Never rejects. */
export async function mailHost(dns: DnsResolver, domain: string): Promise<MailHost> {
  const mx = await dns.query(domain, "MX");
  if (mx.kind === "failure") return "unknown";
  // RFC 7505 §3: a null MX is the only one.
  if (mx.kind === "answer") return mx.records.every(({ exchange }) => exchange === "") ? "null-mx" : "ok";
  if (mx.kind === "nxdomain") return "no-such-name";
  // RFC 5321 §5.1: without MX the domain itself is the host.
  const addresses = await Promise.all([dns.query(domain, "A"), dns.query(domain, "AAAA")]);
  if (addresses.some(({ kind }) => kind === "answer")) return "ok";
  return addresses.some(({ kind }) => kind === "failure") ? "unknown" : "no-address";
}

/** An address for reports that has to exist where mail is taken (RFC 5321 §4.5.1); undefined where none is. */
export async function postmasterOf(dns: DnsResolver, domain: string): Promise<string | undefined> {
  return (await mailHost(dns, domain)) === "ok" ? `mailto:postmaster@${domain}` : undefined;
}
