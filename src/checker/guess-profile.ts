import type { CheckContext, Profile } from "./context.ts";
import { type KeyNames, selectorStates } from "./dkim-selectors.ts";
import { unusedNameBelow, wildcardTexts } from "./txt.ts";

type Known = Pick<CheckContext, "ownClients" | "heloNames"> & KeyNames;

/**
 * What a domain seems to be for, by its MX and SPF records and its DKIM keys. "new" is never guessed: that a domain is
 * new is not to be seen in DNS. While DNS does not answer it counts as a sender, of which the most is asked; so does
 * one with anything that speaks of mail, since what is told the owner of a parked domain would stop that mail.
 */
export async function guessProfile(known: Known): Promise<Profile> {
  const { domain, dns } = known;
  const [mx, txt] = await Promise.all([dns.query(domain, "MX"), dns.query(domain, "TXT")]);
  if (mx.kind === "failure" || txt.kind === "failure" || isToldToSend(known)) return "sender";
  const exchanges = mx.kind === "answer" ? mx.records.map(({ exchange }) => exchange) : [];
  const receives = exchanges.some((exchange) => !takesNothing(exchange));
  const spf = txt.kind === "answer" ? txt.records.filter(({ text }) => /^v=spf1(?: |$)/i.test(text)) : [];
  const sendsNothing = spf.length > 0 && spf.every(({ text }) => /^v=spf1 +-all *$/i.test(text));
  if (spf.length > 0 && !sendsNothing) return "sender";
  // Both said aloud: a key that is left over does not make it a sender.
  if (sendsNothing && exchanges.length > 0 && !receives) return "parked";
  if ((receives && !sendsNothing) || (await mayBeSigned(known))) return "sender";
  return receives ? "receiver" : "parked";
}

/** The operator named what sends for it. */
function isToldToSend({ ownClients, heloNames }: Known): boolean {
  return ownClients.length + heloNames.length > 0;
}

/** A domain may send under the envelope names of a service alone: then only its DKIM keys are to be seen. */
async function mayBeSigned(known: Known): Promise<boolean> {
  const { domain, dns } = known;
  const states = await selectorStates(known);
  if (states.some(({ key, alias }) => key?.reading.kind === "key" || alias !== undefined)) return true;
  const [keys, wildcard, unused] = await Promise.all([
    dns.query(`_domainkey.${domain}`, "TXT"),
    wildcardTexts(dns, `_domainkey.${domain}`),
    dns.query(unusedNameBelow(domain), "TXT"),
  ]);
  // RFC 8020 §2: the name exists, where others do not, since there are selectors below it that nobody guessed.
  return keys.kind === "nodata" && unused.kind === "nxdomain" && wildcard.size === 0;
}

/** The null MX, or what was meant to be one. */
function takesNothing(exchange: string): boolean {
  return exchange === "" || exchange === "0" || exchange === "localhost" || exchange.startsWith("localhost.");
}
