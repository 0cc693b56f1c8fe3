import type { FindingText } from "../finding.ts";
import { zoneProblemText } from "../zone-problems.ts";
import type { DnsFindings } from "./dns.ts";

const list = (names: readonly string[]): string => names.join(", ");

export const dnsEn: FindingText<DnsFindings> = {
  "check.failed": {
    text: ({ subject, reason }) =>
      `The check of ${subject} stopped because of a fault in this program (${reason}). Nothing is known about ${subject}.`,
  },
  "dns.unanswered": {
    text: ({ reason, count, names }) =>
      `${count === 1 ? "One DNS question" : `${count} DNS questions`} went unanswered (${reasons[reason] ?? reason}), so what depends on them was not checked: ${list(names)}${count > names.length ? ", ..." : ""}.`,
    fix: () => "Run the check again later. If they stay unanswered, look at the name servers of these names.",
  },
  "dns.lame": {
    text: ({ server, ip, zone, problem }) =>
      `The name server ${server}${ip === "" ? "" : ` (${ip})`} of ${zone} ${lameProblems[problem]}. Resolvers that ask it lose time or get no answer.`,
    fix: ({ server, zone }) =>
      `Set up ${server} for ${zone}, or remove its NS record in the zone and at the registrar.`,
  },
  "dns.server-silent": {
    text: ({ server, ip, zone }) =>
      `The name server ${server} (${ip}) of ${zone} did not answer. What it would have said is unknown.`,
    fix: ({ server }) => `Check that ${server} is running and reachable over UDP and TCP port 53.`,
  },
  "dns.parent-child-ns": {
    text: ({ zone, onlyParent, onlyChild }) =>
      `The name servers of ${zone} differ between the zone above and the zone itself.${only("above", onlyParent)}${only("in the zone", onlyChild)} Some resolvers follow one set, some the other.`,
    fix: ({ zone }) => `Make the NS records of ${zone} and those at the registrar the same.`,
  },
  "dns.servers-disagree": {
    text: ({ name, type, versions }) =>
      `The name servers do not say the same about ${name} ${type}: ${versions.map(({ servers, data }) => `${list(servers)}: ${data.length === 0 ? "nothing" : list(data)}`).join("; ")}. Which of them a receiver sees is chance.`,
    fix: () =>
      "Bring all servers to the same zone: look at the serials, and whether NOTIFY and zone transfers get through. Right after a change, wait for the refresh time of the SOA.",
  },
  "dns.tcp": {
    text: ({ server, ip, name, type }) =>
      `The answer of ${server} (${ip}) for ${name} ${type} is too long for UDP, and over TCP it does not answer. Many resolvers get nothing.`,
    fix: ({ server }) => `Open TCP port 53 at ${server}, or make the records at the name shorter.`,
  },
  "dns.nxdomain-vs-nodata-vs-servfail": {
    text: ({ domain, nxdomain, nodata, servfail }) =>
      [
        nxdomain.includes(`${domain} MX`) ? `DNS has no name ${domain}; look for a slip in it.` : "",
        `What DNS says where ${domain} has no record:`,
        nxdomain.length === 0 ? "" : `the name does not exist: ${list(nxdomain)};`,
        nodata.length === 0 ? "" : `it exists without such a record: ${list(nodata)};`,
        servfail.length === 0
          ? ""
          : `the servers fail, so that mail is put off and nothing is known: ${list(servfail)};`,
        servfail.length === 0 ? "waiting changes nothing of it." : "only the last may change by waiting.",
      ]
        .filter((part) => part !== "")
        .join(" "),
  },
  "dns.nxdomain-cut": {
    text: ({ name, below }) =>
      `The name servers say that ${name} does not exist, though ${below} below it does. Resolvers that believe it (RFC 8020) no longer find what stands below.`,
    fix: ({ name }) => `Correct the name server; ${name} has to be answered as existing without records.`,
  },
  "dns.cname-and-other": {
    text: ({ name, target, types }) =>
      types.length === 0
        ? `${name} is the top of a zone and a CNAME to ${target}. The SOA and NS records there forbid a CNAME; mail for it goes astray.`
        : `${name} is a CNAME to ${target} and has other records besides (${list(types)}). Servers refuse such a zone, or ignore one of the two.`,
    fix: () => "Remove the CNAME, or move the other records to its target.",
  },
  "dns.wildcard-txt": {
    text: ({ wildcard, names, text }) =>
      `The wildcard ${wildcard} answers with its TXT record ("${text}") for names at which records of other kinds are looked for: ${list(names)}.`,
    fix: ({ wildcard }) =>
      `Remove the TXT record of ${wildcard}, or publish the right records at these names.`,
  },
  "dns.zone-syntax": {
    text: ({ file, line, fault, detail, problem }) =>
      `${file}:${line}: ${faults[fault](problem === undefined ? detail : zoneProblemText(problem, "en"))}`,
  },
  "dns.ttl-high": {
    text: ({ records, ttl }) =>
      `${list(records)}: the TTL is ${time(ttl)}. That long after a change the old record is still used.`,
    fix: ({ ttl }) =>
      `Before a change lower the TTL to 120 seconds, wait ${time(ttl)}, then change, and raise it again when all is well.`,
  },
  "dns.ttl-low": {
    text: ({ records, ttl }) =>
      `${list(records)}: the TTL is ${time(ttl)}. When your name servers fail for a moment, receivers notice at once.`,
    fix: () => "Unless a change is near, an hour (3600) is a good value.",
  },
  "dns.negative-ttl": {
    text: ({ zone, ttl }) =>
      `The SOA of ${zone} lets "no such record" be kept for ${time(ttl)}: a new record may stay unseen for that long.`,
    fix: () => "Set the last number of the SOA to between 300 and 10800 seconds.",
  },
  "dns.new-domain": {
    text: ({ domain }) =>
      `A new domain starts at p=reject, since there is no old mail to lose. Receivers do not know ${domain} yet: a sudden burst of mail is put off or refused (4xx).`,
    fix: () =>
      "Raise the volume step by step over some weeks, or send with a subdomain of a domain that is already known.",
  },
  "dnssec.absent": {
    text: ({ domain, signed }) =>
      signed
        ? `The zone of ${domain} is signed, but the zone above has no DS record for it. Nobody can check the signatures.`
        : `${domain} is not signed with DNSSEC. Its answers can be forged on the way, and DANE is not possible.`,
    fix: ({ signed }) =>
      signed
        ? "Have the DS record published by the registrar."
        : "Let the name server sign the zone, then publish its DS record by the registrar.",
  },
  "dnssec.bogus": {
    text: ({ names }) =>
      `The DNSSEC signatures of ${list(names)} do not verify. For everybody behind a validating resolver the domain does not exist, and mail is put off.`,
    fix: () =>
      "Sign the zone again. If the key was changed, put the right DS record into the zone above, or remove it for the time being.",
  },
  "dnssec.expiring": {
    text: ({ zone, ends, hours }) =>
      `A DNSSEC signature of ${zone} ends on ${ends}, in ${hours} hours. Then every validating resolver refuses the zone.`,
    fix: () => "Look why the signer does not renew the signatures.",
  },
  "dnssec.unknown": {
    text: ({ domain }) =>
      `Whether ${domain} is signed could not be told: the resolver in use does not validate DNSSEC, or does not say so.`,
    fix: () => "Name a validating resolver with --nameserver.",
  },
  "sub.uncovered": {
    text: ({ names }) =>
      `These names have addresses, no SPF record of their own and no DMARC policy that would cover them: ${list(names)}. Anybody can send as somebody@${(names[0] ?? "").replace("*", "any")}.`,
    fix: () =>
      'Publish "v=spf1 -all" at names that send nothing and are no CNAME. When no subdomain sends any more that does not pass DMARC, put sp=reject into the DMARC record of the domain.',
  },
};

const reasons: Readonly<Record<string, string>> = {
  timeout: "no answer in time",
  servfail: "the servers fail",
  refused: "refused",
  bogus: "DNSSEC signatures that do not verify",
  malformed: "unreadable answers",
  limit: "this check asks no more",
};

const lameProblems: Readonly<Record<DnsFindings["dns.lame"]["problem"], string>> = {
  "not-authoritative": "does not hold the zone",
  refused: "refuses to answer for it",
  servfail: "fails to answer for it",
  "no-address": "has no address",
};

const faults: Readonly<Record<DnsFindings["dns.zone-syntax"]["fault"], (detail: string) => string>> = {
  "two-types": (detail) => `${detail}; a record has one. The server will not load the zone.`,
  parenthesis: (detail) =>
    `a parenthesis is not closed or not opened (${detail}). What follows is read wrongly.`,
  quote: (detail) => `${detail}.`,
  "string-too-long": (detail) => `${detail}; longer texts are written as several strings.`,
  semicolon: (detail) =>
    `the semicolon begins a comment here, and the record ends at "${detail}". Put the text in quotes.`,
  "unquoted-blank": (detail) =>
    `without quotes the blanks are lost, and the text becomes "${detail}". Put it in quotes.`,
  "missing-dot": (detail) =>
    `without a final dot the name of the zone is appended: ${detail}. End the name with a dot.`,
  include: (detail) => `${detail}, so that its records were not checked.`,
  directive: (detail) => `${detail}, so that what it stands for was not checked.`,
  syntax: (detail) => `${detail}.`,
};

function only(where: string, names: readonly string[]): string {
  return names.length === 0 ? "" : ` Only ${where}: ${list(names)}.`;
}

function time(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ];
  for (const [size, word] of units) {
    if (seconds < size || seconds % size !== 0) continue;
    const count = seconds / size;
    return `${count} ${word}${count === 1 ? "" : "s"}`;
  }
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
