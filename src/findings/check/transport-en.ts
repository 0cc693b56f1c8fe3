import type { FindingText } from "../finding.ts";
import { isHostFault, type TlsrptUriFault, type TransportFindings } from "./transport.ts";

const stsFaults: Readonly<Record<TransportFindings["sts.txt-syntax"]["fault"], string>> = {
  version: "it does not begin with v=STSv1; in just these letters",
  separator: 'there is no ";" between its parts, or another character in its place',
  field: 'a part of it is not name=value, or has blanks around "="',
  value: "a value has a character that is not allowed",
};

const idFaults: Readonly<Record<TransportFindings["sts.txt-id"]["fault"], string>> = {
  missing: "it has no id=",
  "too-long": "its id has more than 32 characters",
  character: "its id has other characters than letters and digits",
  twice: "it has id= twice",
};

const rptFaults: Readonly<Record<TransportFindings["rpt.syntax"]["fault"], string>> = {
  version: "it does not begin with v=TLSRPTv1; in just these letters",
  separator: 'there is no ";" between its parts, or another character in its place',
  "no-rua": "it has no rua=",
  "rua-twice": "it has rua= twice",
  field: 'a part of it is not name=value, or has blanks around "="',
};

const uriFaults: Readonly<Record<TlsrptUriFault, string>> = {
  "no-scheme": "it lacks mailto: or https:",
  scheme: "only mailto: and https: can be used",
  address: "it is no mail address",
  slashes: "there are no slashes after mailto:",
  character: "it holds a blank, or a character that has to be written as %XX",
  empty: "nothing stands there",
};

const unsigned: Readonly<Record<TransportFindings["dane.insecure"]["what"], string>> = {
  mx: "the MX records",
  address: "the addresses of the host",
  tlsa: "the TLSA records themselves",
};

const malformed: Readonly<Record<TransportFindings["dane.malformed"]["fault"], string>> = {
  usage: "such a usage does not exist",
  selector: "such a selector does not exist",
  "matching-type": "such a matching type does not exist",
  length: "its data is not as long as a digest of that type",
};

const mailbox =
  "A mailbox at another domain is best, since reports about a fault here reach it too; else another one than postmaster.";

export const transportEn: FindingText<TransportFindings> = {
  "sts.absent": {
    text: ({ domain }) =>
      `${domain} has no MTA-STS. Senders cannot know that its servers speak TLS, and whoever sits between can have mail sent in the clear.`,
    fix: ({ domain }) =>
      `Serve a policy at https://mta-sts.${domain}/.well-known/mta-sts.txt, first with mode: testing, then publish the TXT record.`,
  },
  "sts.txt-multiple": {
    text: ({ name, count }) =>
      `There are ${count} MTA-STS records at ${name}. Senders then take it that there is no policy.`,
    fix: () => "Leave one.",
  },
  "sts.txt-syntax": {
    text: ({ name, fault, at }) =>
      `The record at ${name} cannot be read: ${stsFaults[fault]}${at === "" ? "" : ` ("${at}")`}. Senders take it that there is no policy.`,
    fix: () => "Write v=STSv1; id=ID; where ID has up to 32 letters and digits.",
  },
  "sts.txt-id": {
    text: ({ name, fault }) =>
      `The record at ${name} cannot be used: ${idFaults[fault]}. Senders take it that there is no policy.`,
    fix: () => "Write an id of up to 32 letters and digits. The date and time of the last change is usual.",
  },
  "sts.remove-order": {
    text: ({ domain, name, why }) =>
      why === "removed"
        ? `The record at ${name} goes away at once. Senders keep the policy of ${domain} until its max_age is over, and go on to demand what it says.`
        : `There is no record at ${name}, but ${domain} still has a host mta-sts. Either the policy was taken down half, or it was never finished.`,
    fix: ({ why }) =>
      why === "removed"
        ? "First serve mode: none with a small max_age under a new id, wait until the old max_age is over, then remove record and host."
        : "Publish the TXT record, or remove the host too when the old max_age is over.",
  },
  "sts.no-rpt": {
    text: ({ domain }) =>
      `${domain} has MTA-STS but asks for no TLS reports. When a certificate or an MX goes wrong, mail stays away and nobody tells you.`,
    fix: () => `Publish a TLS-RPT record. ${mailbox}`,
  },
  "rpt.missing": {
    text: ({ domain }) =>
      `${domain} asks for no TLS reports. You do not learn when senders fail to reach your servers over TLS.`,
    fix: () => `Publish a TLS-RPT record. ${mailbox}`,
  },
  "rpt.multiple": {
    text: ({ name, count }) =>
      `There are ${count} TLS-RPT records at ${name}. Senders then take it that there is none.`,
    fix: () => "Publish one with all addresses.",
  },
  "rpt.syntax": {
    text: ({ name, fault, at }) =>
      `The record at ${name} cannot be read: ${rptFaults[fault]}${at === "" ? "" : ` ("${at}")`}. No reports are sent.`,
    fix: () => "Write v=TLSRPTv1; rua=mailto:NAME@DOMAIN",
  },
  "rpt.rua": {
    text: ({ name, uri, fault, host }) => {
      if (fault === "no-such-name")
        return `TLS reports to ${uri} (${name}) cannot be delivered: ${host} does not exist.`;
      if (fault === "no-address")
        return `TLS reports to ${uri} (${name}) cannot be delivered: ${host} has neither MX nor address.`;
      if (fault === "null-mx")
        return `TLS reports to ${uri} (${name}) cannot be delivered: ${host} says that it takes no mail.`;
      if (fault === "empty") return `rua= at ${name} has an empty entry.`;
      return `"${uri}" in rua= at ${name} is no destination for TLS reports: ${uriFaults[fault]}.`;
    },
    fix: ({ fault }) =>
      isHostFault(fault)
        ? "Correct the address, or publish records for its host."
        : 'Write mailto:NAME@DOMAIN or https://..., with "," between several.',
  },
  "rpt.rua-behind-broken-tls": {
    text: ({ domain, uri }) =>
      `The only address for TLS reports (${uri}) is at ${domain} itself. Senders are to deliver reports even when TLS fails, but not all do: you might miss just the report about the fault.`,
    fix: () => "Name an address at another domain, or an https: one, as well.",
  },
  "dane.none": {
    text: ({ domain, hosts }) =>
      `No MX host of ${domain} has TLSA records (${hosts.join(", ")}). Senders cannot check with DANE whom they reach.`,
    fix: () =>
      "With DNSSEC in place, publish a record 3 1 1 for each MX host. For hosts of a service, its operator has to.",
  },
  "dane.insecure": {
    text: ({ domain, host, what }) =>
      what === "mx"
        ? `${host} has TLSA records, but the MX records of ${domain} are not signed with DNSSEC. Somebody who forges them gets around DANE.`
        : `${host} has TLSA records, but ${unsigned[what]} are not signed with DNSSEC. Senders ignore the records.`,
    fix: ({ what, domain }) =>
      what === "mx" ? `Sign the zone of ${domain}.` : "Sign the zone of the host, or remove the records.",
  },
  "dane.bogus": {
    text: ({ host, name, reason, signed }) =>
      signed
        ? `The question for ${name} fails (${reason}). Senders with DANE may then not deliver to ${host}: mail is delayed and comes back.`
        : `The question for ${name} fails (${reason}) instead of saying that there is nothing. Some senders then do not deliver to ${host}.`,
    fix: () =>
      "Look at the name servers of the host's zone: signatures, and whether they answer for TLSA at all.",
  },
  "dane.usage-0-1": {
    text: ({ host, records, others }) =>
      `TLSA records of ${host} have usage 0 or 1 (${records.join("; ")}), which mail servers cannot use.${
        others ? "" : " As there is no other, TLS is demanded but nothing is checked."
      }`,
    fix: () =>
      "Publish records with usage 3 (3 1 1) or 2 instead, once you have seen that they fit the certificate in use.",
  },
  "dane.malformed": {
    text: ({ host, record, fault }) =>
      `The TLSA record ${record} of ${host} cannot be used: ${malformed[fault]}.`,
    fix: () => "Make it again from the certificate: 3 1 1 and the SHA-256 of the public key, 64 digits.",
  },
  "dane.3-0-x": {
    text: ({ host, record }) =>
      `The TLSA record ${record} of ${host} is bound to the certificate as a whole. With the next certificate it is wrong, and mail stays away.`,
    fix: () => "Bind it to the key (3 1 1), and keep the key when the certificate is renewed.",
  },
  "dane.partial-mx": {
    text: (p) =>
      `Some MX hosts of ${p.domain} have TLSA records (${p.with.join(", ")}), others do not (${p.without.join(", ")}). Who holds up the first gets mail sent to the others, unprotected.`,
    fix: () => "Publish TLSA records for every MX host.",
  },
  "dane.wrong-owner": {
    text: ({ name, hosts }) =>
      `TLSA records stand at ${name}, where no sender looks. They belong below the MX hosts: ${hosts.join(", ")}.`,
    fix: () =>
      "Remove them. If they are those of the MX hosts, which only a look at their certificates tells, publish them there.",
  },
};
