import type { CheckText } from "./text.ts";

const some = (count: number, one: string, many: string): string =>
  count === 0 ? `no ${many}` : `${count} ${count === 1 ? one : many}`;

export const checkTextEn: CheckText = {
  usage: {
    badDomain: (value) => `"${value}" is no domain name`,
    badProfile: (value) => `--profile takes sender, parked, receiver or new, not "${value}"`,
    badFailOn: (value) => `--fail-on takes error or warning, not "${value}"`,
    badSelector: (value) => `--selector: "${value}" is no selector`,
    newNeedsZone: "--new tells what a zone file adds; name one with --zone",
    newNeedsDns: "--new compares with live DNS and cannot go with --offline",
    tooManyDomains: (limit) => `more than ${limit} domains at once`,
    noDomains: "standard input names no domain",
  },
  title: (domain) => domain,
  profile: {
    sender: "a domain that sends mail",
    parked: "a domain without mail",
    receiver: "a domain that only receives mail",
    new: "a new domain",
  },
  profileGiven: (profile) => `Checked as ${profile}.`,
  profileGuessed: (profile) =>
    `Checked as ${profile}: guessed from its MX, SPF and DKIM records; --profile decides otherwise.`,
  ownServer: (hostname, addresses) =>
    `The configuration names the server ${hostname}${addresses.length === 0 ? ", which has no public address" : ` (${addresses.join(", ")})`}; --client and --helo name others.`,
  betweenSentences: " ",
  onlyNew: "Only what the zone files add is shown.",
  subject: {
    spf: "SPF",
    dkim: "DKIM",
    dmarc: "DMARC",
    arc: "ARC",
    bimi: "BIMI",
    sts: "MTA-STS",
    rpt: "TLS-RPT",
    dane: "DANE",
    mx: "MX",
    ptr: "PTR",
    helo: "HELO",
    ip: "blocklists",
    dns: "DNS",
    dnssec: "DNSSEC",
    parked: "parked domain",
    sub: "subdomains",
  },
  change: { add: "Publish", remove: "Remove" },
  sameChange: "The change printed above mends this, too.",
  insteadOfChange: "Or publish, in place of the record printed above, and then check again",
  enforces: (policy) =>
    `With this record p=${policy} begins to count, also for mail of yours that does not pass DMARC. Unless you know that all of it passes, write p=none until the reports show it.`,
  todo: "Do",
  clause: "See",
  count: (errors, warnings, notices, infos) =>
    `${some(errors, "error", "errors")}, ${some(warnings, "warning", "warnings")}, ${some(notices, "notice", "notices")}${infos === 0 ? "" : `, ${infos} for information`}`,
  nothing: "Nothing wrong was found.",
  nothingNew: "The zone files add nothing that is wrong.",
  skipped: (subjects) => `Not checked: ${subjects.join(", ")}.`,
  skipReason: {
    offline: "needs live DNS",
    "no-client": "no --client",
    "no-helo": "no --helo",
    "no-blocklist": "no --blocklist",
    "no-message": "no --from-message",
    "no-key": "no key of yours",
    "no-mail": "no mail hosts",
    "not-parked": "it is not parked",
  },
  checked: (subjects) => `Checked: ${subjects.join(", ")}.`,
  unknown: "DNS did not answer at all. Nothing is known about this domain.",
  notInZones: "No zone file holds this domain, or what it is an alias of. Nothing is known about it.",
  progress: (done, all) => `${done} of ${all} domains`,
  summary: (domains, bad) => `${some(domains, "domain", "domains")}, ${bad} of them with findings to look at`,
  severity: { error: "error", warning: "warning", notice: "notice", info: "info" },
  page: {
    title: (domains) => `Check of ${domains.length === 1 ? domains[0] : `${domains.length} domains`}`,
    made: (at) => `Checked at ${at}`,
    domains: "Domains",
    facts: "What was seen",
    publish: "Publish",
  },
};
