import type { FindingText } from "../finding.ts";
import type { MxFindings } from "./mx.ts";

const list = (names: readonly string[]): string => names.join(", ");

export const mxEn: FindingText<MxFindings> = {
  "mx.none-implicit": {
    text: ({ domain, addresses }) =>
      `${domain} has no MX record, so mail for it goes to the address of the domain itself (${list(addresses)}), often a web server.`,
    fix: () => "Publish the MX hosts, or the null MX (MX 0 .) if the domain takes no mail.",
  },
  "mx.null": {
    text: ({ domain }) => `${domain} says with a null MX that it takes no mail. Senders are told so at once.`,
  },
  "mx.null-mixed": {
    text: ({ domain, others }) =>
      `${domain} says with a null MX that it takes no mail, and names hosts that take it (${list(others)}). What senders do then is undefined.`,
    fix: () => "Keep one of the two: the null MX, or the hosts.",
  },
  "mx.null-sender": {
    text: ({ domain }) =>
      `${domain} takes no mail (null MX) but seems to send mail. Receivers may refuse mail to which nobody can reply or return it.`,
    fix: () =>
      "Give the domain an MX host for replies and bounces, or send with another domain. If it sends nothing: --profile parked.",
  },
  "mx.null-bad-form": {
    text: ({ domain, data }) =>
      `${domain} has the MX record "${data}", which looks like a null MX but is none: the preference is 0 and the host a single dot.`,
    fix: ({ domain }) => `${domain}. MX 0 .`,
  },
  "mx.ip-literal": {
    text: ({ mx, address }) =>
      `The MX record names the address ${address} (as ${mx}) where a host name has to stand. Mail cannot be delivered to it.`,
    fix: () => "Give the server a host name, and name that in the MX record.",
  },
  "mx.cname": {
    text: ({ mx, target }) =>
      `The MX host ${mx} is an alias (CNAME) of ${target}. Some senders refuse to deliver to an alias.`,
    fix: ({ target }) => `Name ${target} in the MX record, or give the host addresses of its own.`,
  },
  "mx.no-address": {
    text: ({ mx, others }) => `The MX host ${mx} has neither an IPv4 nor an IPv6 address. ${lost(others)}`,
    fix: ({ mx }) => `Publish the address of ${mx}, or remove its MX record.`,
  },
  "mx.nxdomain": {
    text: ({ mx, others }) => `The MX host ${mx} does not exist. ${lost(others)}`,
    fix: ({ mx }) => `Correct the name ${mx}, or remove its MX record.`,
  },
  "mx.special-address": {
    text: ({ mx, addresses }) =>
      `The MX host ${mx} has an address that cannot be reached from the internet: ${list(addresses)}.`,
    fix: () => "Publish the address under which the server is reached from outside.",
  },
  "mx.localhost": {
    text: ({ mx }) => `The MX host is ${mx}: every sender would deliver the mail to itself.`,
    fix: ({ domain }) => `If the domain takes no mail: ${domain}. MX 0 .`,
  },
  "mx.trailing-dot": {
    text: ({ mx, meant }) =>
      `The MX host ${mx} ends with the domain twice. In the zone the final dot is missing, and the name of the zone was appended; ${meant} was meant.`,
    fix: ({ meant }) => `Write ${meant}. with a dot at its end.`,
  },
  "mx.duplicate": {
    text: ({ mx, preferences }) =>
      `The MX host ${mx} is named ${preferences.length} times (preferences ${preferences.join(", ")}). A second record of the same host is no second way.`,
  },
  "mx.same-address": {
    text: ({ address, hosts }) =>
      `The MX hosts ${list(hosts)} have the same address ${address}. When that server is down, so are all of them.`,
  },
  "mx.single-homed": {
    text: ({ domain, networks }) =>
      `All MX hosts of ${domain} stand in one network (${list(networks)}). Mail waits at the senders while it cannot be reached, for some days at most.`,
  },
  "mx.v6-missing": {
    text: ({ hosts }) => `No MX host has an IPv6 address (${list(hosts)}). Mail arrives over IPv4 only.`,
  },
  "mx.foreign": {
    text: ({ domain, hosts, listed }) =>
      listed
        ? `Mail for ${domain} goes to hosts that were not named with --mx: ${list(hosts)}.`
        : `Mail for ${domain} is taken by hosts of others: ${list(hosts)}.`,
  },
};

function lost(others: number): string {
  if (others === 0) return "There is no other host, so that no mail arrives.";
  return "Senders that try it first lose time, and some give up.";
}
