import type { FindingText } from "../finding.ts";
import type { AddressFindings } from "./address.ts";

const list = (names: readonly string[]): string => names.join(", ");

export const addressEn: FindingText<AddressFindings> = {
  "ptr.missing": {
    text: ({ ip, sends }) =>
      sends
        ? `The sending address ${ip} has no PTR record. Gmail (5.7.25) and many others refuse its mail.`
        : `The MX address ${ip} has no PTR record. If the server also sends, Gmail (5.7.25) and many others refuse its mail.`,
    fix: ({ name }) => `Have the PTR record of ${name} set by whoever gave you the address.`,
  },
  "ptr.unconfirmed": {
    text: ({ ip, names, sends }) =>
      `The PTR record of ${ip} names ${list(names)}, but that name does not lead back to ${ip}. ${sends ? "Receivers take that for no name at all." : "If the server also sends, receivers take that for no name at all."}`,
    fix: ({ ip }) =>
      `Have the PTR record changed to the name of the mail server, or publish the address ${ip} at that name if it is the server's own.`,
  },
  "ptr.generic": {
    text: ({ ip, name }) =>
      `The name of ${ip}, ${name}, looks like one that a provider gives to every line. Yahoo and others mistrust such senders.`,
    fix: () => "Have the PTR record changed to the name of your mail server.",
  },
  "ptr.multiple": {
    text: ({ ip, names }) =>
      `${ip} has ${names.length} PTR records (${list(names)}). Some receivers look at one of them only, chosen by chance.`,
    fix: () => "Leave the name of the mail server.",
  },
  "ptr.delegation": {
    text: ({ ip, name, target }) =>
      `The reverse name ${name} of ${ip} leads by CNAME to ${target}, where there is no PTR record. The delegation of the address range is broken.`,
    fix: ({ target }) => `Publish a PTR record at ${target}.`,
  },
  "helo.name": {
    text: ({ name, problem }) => `The HELO name ${name} ${heloProblems[problem]}.`,
    fix: () => "Let the server say its full host name, one that has its address in DNS.",
  },
  "ip.listed": {
    text: ({ ip, list: zone, codes, reason }) =>
      `${ip} stands on the blocklist ${zone} (${list(codes)})${reason === "" ? "" : `: ${reason}`}.`,
    fix: ({ list: zone }) =>
      `Find out why, end the cause, and ask ${zone} for removal. Whoever uses the list refuses the mail until then.`,
  },
  "ip.list-unusable": {
    text: ({ list: zone }) =>
      `The blocklist ${zone} does not answer for its test entries as it has to. Nothing it says was used; perhaps it does not answer your resolver.`,
  },
};

const heloProblems: Readonly<Record<AddressFindings["helo.name"]["problem"], string>> = {
  "no-name": "is no host name",
  address: "is an address and no host name",
  localhost: "names the local host, as every host may",
  "no-dot": "is not fully qualified: it has no domain",
  unresolvable: "has no address in DNS",
  loopback: "has only loopback addresses",
};
