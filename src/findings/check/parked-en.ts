import type { FindingText } from "../finding.ts";
import type { ParkedFindings } from "./parked.ts";

export const parkedEn: FindingText<ParkedFindings> = {
  "parked.spf": {
    text: ({ domain, found }) =>
      found === undefined
        ? `${domain} sends no mail, but has no SPF record that says so.`
        : `${domain} sends no mail, but its SPF record is "${found}" and not v=spf1 -all.`,
    fix: () => "If it really sends no mail, publish v=spf1 -all.",
  },
  "parked.dmarc": {
    text: ({ domain, policy }) =>
      policy === undefined
        ? `${domain} sends no mail, but has no DMARC record: anybody can use it in From.`
        : `${domain} sends no mail, but forged mail is only at ${policy} and not at reject.`,
    fix: () => "If it really sends no mail, publish p=reject: nothing of yours can be hit.",
  },
  "parked.null-mx": {
    text: ({ domain, exchanges }) =>
      exchanges.length === 0
        ? `${domain} takes no mail, but does not say so. A null MX tells senders at once, and nobody tries an address of it for days.`
        : `${domain} is checked as one without mail, but has MX records: ${exchanges.join(", ")}.`,
    fix: ({ exchanges, reports }) =>
      (reports
        ? "Its DMARC or TLS-RPT record has reports sent to this very domain: name an address at another domain in rua= first. "
        : "") +
      (exchanges.length === 0
        ? "Publish a null MX (MX 0 .)."
        : "If it takes no mail, replace them by a null MX (MX 0 .). If it does, check with --profile receiver."),
  },
  "parked.no-dkim": {
    text: ({ domain, name }) =>
      `${domain} sends no mail, but has a DKIM key at ${name}. Whoever has its private half can sign as you.`,
    fix: () => "Revoke the key.",
  },
};
