import type { DnsResolver } from "../core/dns/resolver.ts";
import type { Profile } from "./context.ts";

/**
 * What a domain seems to be for, by its MX and SPF records. "new" is never guessed: that a domain is new is not to be
 * seen in DNS. While DNS does not answer it counts as a sender, of which the most is asked.
 */
export async function guessProfile(domain: string, dns: DnsResolver): Promise<Profile> {
  const [mx, txt] = await Promise.all([dns.query(domain, "MX"), dns.query(domain, "TXT")]);
  if (mx.kind === "failure" || txt.kind === "failure") return "sender";
  const exchanges = mx.kind === "answer" ? mx.records.map(({ exchange }) => exchange) : [];
  const receives = exchanges.some((exchange) => !takesNothing(exchange));
  const spf = txt.kind === "answer" ? txt.records.filter(({ text }) => /^v=spf1(?: |$)/i.test(text)) : [];
  const sendsNothing = spf.length > 0 && spf.every(({ text }) => /^v=spf1 +-all *$/i.test(text));
  if (sendsNothing) return receives ? "receiver" : "parked";
  return receives || spf.length > 0 ? "sender" : "parked";
}

/** The null MX, or what was meant to be one. */
function takesNothing(exchange: string): boolean {
  return exchange === "" || exchange === "0" || exchange === "localhost" || exchange.startsWith("localhost.");
}
