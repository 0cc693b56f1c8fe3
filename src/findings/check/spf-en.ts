import type { FindingText } from "../finding.ts";
import type { SpecialAddress, SpfFindings, SpfVersionProblem } from "./spf.ts";

const versionProblems: Readonly<Record<SpfVersionProblem, string>> = {
  "leading-blank": "has a blank before v=spf1",
  "no-space": "has no blank behind v=spf1",
  separator: "has another character than a blank behind v=spf1",
  misspelled: "does not begin with v=spf1 as it is written",
  quoted: "has quotation marks in the record itself",
  twice: "has v=spf1 a second time",
};

const syntaxProblems: Readonly<Record<SpfFindings["spf.syntax"]["problem"], string>> = {
  version: "it does not begin with v=spf1",
  "unknown-mechanism": "there is no such mechanism",
  "qualified-modifier": "a modifier takes no + - ~ or ?",
  "modifier-name": "that is no name of a modifier",
  "argument-missing": "nothing stands behind the : or =",
  "argument-not-allowed": "this mechanism takes nothing behind its name",
  "domain-spec": "that is no domain name with a top-level domain",
  macro: "the macro cannot be read",
  "ip4-network": "that is no IPv4 address",
  "ip6-network": "that is no IPv6 address",
  "prefix-length": "that is no prefix length",
  "duplicate-modifier": "this modifier may stand there only once",
  character: "only printable ASCII characters are allowed",
  "ignored-modifier": "with = it is a modifier that nobody knows and everybody ignores",
};

const specialKinds: Readonly<Record<SpecialAddress, string>> = {
  private: "private addresses",
  loopback: "loopback addresses",
  "link-local": "link-local addresses",
  documentation: "addresses for examples in documents",
  shared: "shared addresses of carriers (100.64.0.0/10)",
  multicast: "multicast addresses",
  mapped: "IPv4-mapped addresses, which verifiers take for IPv4",
  reserved: "reserved addresses",
};

const brokenBy: Readonly<Record<SpfFindings["spf.include-broken"]["problem"], string>> = {
  multiple: "has more than one SPF record",
  syntax: "has a syntax error",
  "include-none": "includes a name without an SPF record",
  "redirect-none": "redirects to a name without an SPF record",
  "mx-limit": 'uses "mx" of a name with more than 10 MX records',
};

const deadBy: Readonly<Record<SpfFindings["spf.name-unresolvable"]["problem"], string>> = {
  "missing-dot": "seems to have lost a dot, or holds the domain twice",
  "top-label": "ends in a top-level domain that does not exist",
  nxdomain: "does not exist",
  "no-address": "has no address",
  "no-mx": "has no MX record",
};

const expProblems: Readonly<Record<SpfFindings["spf.exp"]["problem"], string>> = {
  missing: "has no TXT record",
  several: "has more than one TXT record",
  syntax: "holds a text with a wrong macro or with other characters than ASCII",
};

const permerror = "Verifiers answer permerror for all mail of the domain.";

/** A list within a sentence. */
function list(items: readonly string[]): string {
  return items.join(", ");
}

/** What is over the limit of 2: terms, or names when one term asks for several. */
function emptyEn(terms: number, names: number): string {
  return terms > 2 ? `${terms} terms` : `${names} names`;
}

export const spfEn: FindingText<SpfFindings> = {
  "spf.missing": {
    text: ({ domain }) => `${domain} publishes no SPF record: receivers cannot tell its servers from others.`,
    fix: ({ sends }) =>
      sends
        ? "Publish one TXT record with the addresses of all servers that send for the domain: v=spf1 ip4:ADDRESS ip6:ADDRESS ~all. If nothing ever sends for it: v=spf1 -all."
        : "Nothing sends for this domain, so publish v=spf1 -all.",
  },
  "spf.multiple-records": {
    text: ({ name, count, where }) =>
      where === "name"
        ? `${name} has ${count} SPF records; only one is allowed. ${permerror}`
        : `The name servers of ${name} hold ${count} different SPF records. Which one counts depends on the server that is asked.`,
    fix: ({ merged, alone }) => {
      const term =
        alone === undefined
          ? ""
          : `Put ${alone} before the "all" of the first record and remove the second one. `;
      return merged === undefined
        ? `${term}Leave one record.`
        : `${term}Publish this one record instead of all of them, on every server: ${merged}`;
    },
  },
  "spf.version": {
    text: ({ name, problem }) =>
      problem === "twice"
        ? `The SPF record of ${name} ${versionProblems[problem]}. It is ignored as an unknown modifier, but some checkers refuse the record.`
        : `A TXT record of ${name} was meant to be SPF but ${versionProblems[problem]}. No verifier sees it.`,
    fix: ({ mended }) =>
      mended === undefined ? 'Begin the record with "v=spf1" and one blank.' : `Publish it as: ${mended}`,
  },
  "spf.type99": {
    text: ({ name, txt }) =>
      txt
        ? `${name} has an SPF record of the discontinued type SPF (99) beside the TXT record. Nobody reads it, and it will not follow your changes.`
        : `${name} has its SPF record only in the discontinued type SPF (99). Nobody reads it: the domain has no SPF.`,
    fix: ({ txt }) =>
      txt ? "Remove the record of type SPF." : "Remove it, and publish the record with the type TXT.",
  },
  "spf.senderid-leftover": {
    text: ({ name, record }) => `${name} still has a Sender ID record (${record}). Sender ID is dead.`,
    fix: () => "Remove it; it only makes DNS answers larger.",
  },
  "spf.glued-strings": {
    text: ({ name, left, right, silent }) =>
      `Two strings of the SPF record of ${name} meet without a blank, and verifiers read one word: ${left}${right}. ${silent ? "It is no syntax error, so nothing tells you; both terms are lost." : permerror}`,
    fix: ({ left }) => `End the string with a blank behind ${left}, or write both strings as one.`,
  },
  "spf.string-255": {
    text: ({ file, line, octets }) =>
      `${file}, line ${line}: a string of the SPF record has ${octets} octets. One string holds at most 255, and the zone does not load.`,
    fix: () =>
      'Cut it into several strings, each in its own quotes, and leave a blank at the end of every string but the last: "v=spf1 ... " "... -all".',
  },
  "spf.size": {
    text: ({ name, octets, own, limit }) =>
      `The TXT records of ${name} have ${octets} octets together with the name (${own} of them SPF). Over ${limit} the answer may not fit into one UDP packet.`,
    fix: () =>
      "Remove TXT records that are no longer used, such as old ownership tokens, or shorten the SPF record.",
  },
  "spf.syntax": {
    text: ({ name, term, problem, at }) =>
      problem === "ignored-modifier"
        ? `The term "${term}" in the SPF record of ${name} does nothing: ${syntaxProblems[problem]}.`
        : `The SPF record of ${name} has an error at character ${at}, in "${term}": ${syntaxProblems[problem]}. ${permerror}`,
    fix: ({ suggestion }) =>
      suggestion === undefined ? "Correct or remove the term." : `Did you mean ${suggestion}?`,
  },
  "spf.space-after-colon": {
    text: ({ name, term, at }) =>
      `In the SPF record of ${name} a blank tears a term apart at character ${at}, behind "${term}". ${permerror}`,
    fix: ({ mended }) => `Write it without the blank: ${mended}`,
  },
  "spf.trailing-semicolon": {
    text: ({ name, term }) =>
      `The term "${term}" in the SPF record of ${name} ends with a semicolon. SPF has none. ${permerror}`,
    fix: () => "Remove the semicolon.",
  },
  "spf.family-mixup": {
    text: ({ name, term }) =>
      `"${term}" in the SPF record of ${name} has an address of the other family: ip4 takes IPv4 addresses, ip6 takes IPv6 addresses. ${permerror}`,
    fix: ({ mended }) => `Write ${mended}.`,
  },
  "spf.host-bits": {
    text: ({ name, term, network, count }) =>
      `"${term}" in the SPF record of ${name} means ${network}, that is ${count} addresses, not just the one that is written.`,
    fix: ({ single, network }) =>
      `If only the one address sends, write ${single} without a prefix length. If the network is meant, write ${network}.`,
  },
  "spf.broad-range": {
    text: ({ name, term, count }) =>
      `"${term}" in the SPF record of ${name} lets ${count} addresses send for the domain, most of them certainly not yours.`,
    fix: () => "Write the addresses or small networks of the servers that really send.",
  },
  "spf.special-address": {
    text: ({ name, term, kind }) =>
      `"${term}" in the SPF record of ${name} names ${specialKinds[kind]}. No mail comes over the internet from there.`,
    fix: ({ kind }) =>
      kind === "documentation"
        ? "This was probably copied from an example: write your own address."
        : "Remove the term, unless the record is for mail within your own network only.",
  },
  "spf.lookups-over-10": {
    text: ({ name, lookups, limit, costs }) =>
      `The SPF record of ${name} needs ${lookups} DNS lookups with all its includes; ${limit} are allowed. Verifiers answer permerror to every client that does not match before. What costs most: ${list(costs)}.`,
    fix: () =>
      "Take out includes of services that no longer send for you, write a and mx as ip4 and ip6, or give a service a subdomain of its own for its envelope sender.",
  },
  "spf.lookups-near": {
    text: ({ name, lookups, limit, costs }) =>
      `The SPF record of ${name} needs ${lookups} of ${limit} DNS lookups. One more include at a service that you use, and all mail gets permerror. What costs most: ${list(costs)}.`,
    fix: () => "Take out what is no longer used before it happens.",
  },
  "spf.lookups-client-dependent": {
    text: ({ name, client, lookups }) =>
      `Mail from ${client} still passes SPF of ${name}, since it matches before the tenth lookup. Others meet all ${lookups} and get permerror, so a test from your own server shows nothing.`,
    fix: () => "Bring the number of lookups down; see spf.lookups-over-10.",
  },
  "spf.void-v4": {
    text: ({ name, client, terms, names, queries }) =>
      `For an IPv4 client that is not listed (${client}) ${emptyEn(terms, names)} of the SPF record of ${name} find nothing in DNS; 2 are allowed. Verifiers that count them answer permerror instead of your "all". Empty answers: ${list(queries)}.`,
    fix: () => "Write the addresses of these names as ip4 and ip6, and remove names that no longer exist.",
  },
  "spf.void-v6": {
    text: ({ name, client, terms, names, queries }) =>
      `For an IPv6 client that is not listed (${client}) ${emptyEn(terms, names)} of the SPF record of ${name} find nothing in DNS; 2 are allowed. Verifiers that count them answer permerror instead of your "all". Empty answers: ${list(queries)}.`,
    fix: () => "Write the addresses of these names as ip4 and ip6, and remove names that no longer exist.",
  },
  "spf.void-disputed": {
    text: ({ name, clients, queries }) =>
      `Verifiers do not agree on the SPF of ${name}. Those that count every empty answer for the client's address family (pyspf, for one) answer permerror; those that count only names with neither A nor AAAA (mailauth, mox) or count nothing (rspamd, OpenDMARC) do not. Results strict/lenient: ${list(clients)}. Empty answers: ${list(queries)}.`,
    fix: () =>
      "Put ip4 and ip6 terms first, and write names that lack A or AAAA records as addresses. Then all verifiers agree.",
  },
  "spf.order-ip-first": {
    text: ({ name, terms, before }) =>
      `In the SPF record of ${name} ${list(terms)} ${terms.length === 1 ? "stands" : "stand"} behind ${before}, which has to ask DNS. When DNS or a limit fails there, these clients get an error although they are listed.`,
    fix: () => "Put ip4 and ip6 first. It costs nothing and changes no other result.",
  },
  "spf.mx-over-10": {
    text: ({ name, term, count }) =>
      `"${term}" in the SPF record of ${name} stands for ${count} MX records; more than 10 are a permerror.`,
    fix: () => "Write the addresses of the servers that send; those that only receive do not belong there.",
  },
  "spf.ptr": {
    text: ({ name, term }) =>
      `The SPF record of ${name} uses "${term}", which should not be published: it is slow, breaks when reverse DNS does, and some receivers skip it.`,
    fix: () => "Write the addresses of the servers as ip4 and ip6.",
  },
  "spf.one-family-name": {
    text: ({ name, hosts }) =>
      `The domain sends over IPv4 and IPv6, but names in the SPF record of ${name} have addresses of one family only: ${list(hosts.map(({ host, lacks }) => `${host} has no ${lacks}`))}. Each is an empty answer for clients of the other family.`,
    fix: () => "Write their addresses as ip4 and ip6, or give each name both A and AAAA records.",
  },
  "spf.include-none": {
    text: ({ name, term, target }) =>
      `"${term}" in the SPF record of ${name} leads to ${target}, which has no SPF record. Verifiers answer permerror to everyone who does not match before.`,
    fix: ({ suggestion }) =>
      suggestion === undefined
        ? "Remove the include, or ask the service for the right name."
        : `Did you mean ${suggestion}? Otherwise remove the include.`,
  },
  "spf.include-broken": {
    text: ({ name, term, at, problem }) =>
      `"${term}" in the SPF record of ${name} is broken at the other side: ${at} ${brokenBy[problem]}. Verifiers answer permerror to everyone who does not match before.`,
    fix: ({ target, at }) =>
      `Tell the owner of ${at === target ? target : `${target} and ${at}`}, and take the term out until it is mended.`,
  },
  "spf.include-loop": {
    text: ({ name, path }) =>
      `The SPF record of ${name} leads back to itself: ${path.join(" > ")}. Verifiers run into the limit of 10 lookups and answer permerror.`,
    fix: ({ term }) => `Remove ${term}, or the term that leads back.`,
  },
  "spf.include-duplicate": {
    text: ({ name, term, also }) =>
      `"${term}" in the SPF record of ${name} is superfluous: ${also} already leads there. Each time costs its lookups again.`,
    fix: ({ term }) => `Remove ${term}.`,
  },
  "spf.include-passes-all": {
    text: ({ name, target, by }) =>
      `${target}, which the SPF record of ${name} includes, lets everybody pass ("${by}"). Anyone can send for your domain.`,
    fix: ({ term }) => `Remove ${term}, and ask the service for a record that names its own servers only.`,
  },
  "spf.include-all-note": {
    text: ({ name, own, includes }) =>
      `What counts for senders that are not listed is "${own}" of ${name} itself. The "all" of included records has no effect here: ${list(includes.map(({ target, all }) => `${target} ${all}`))}.`,
  },
  "spf.redirect-none": {
    text: ({ name, term, target }) =>
      `"${term}" in the SPF record of ${name} leads to ${target}, which has no SPF record. Verifiers answer permerror to everyone who does not match before.`,
    fix: () => 'Correct the name, or put "~all" in its place.',
  },
  "spf.redirect-and-all": {
    text: ({ name, term }) =>
      `The SPF record of ${name} has "${term}" and an "all" as well. Beside an "all" the redirect is ignored.`,
    fix: () => 'Remove the redirect. If it was meant to count, remove "all".',
  },
  "spf.after-all": {
    text: ({ name, all, terms }) =>
      `In the SPF record of ${name} ${list(terms)} ${terms.length === 1 ? `stands behind "${all}" and is` : `stand behind "${all}" and are`} never looked at.`,
    fix: ({ all }) => `Put "${all}" at the end.`,
  },
  "spf.no-all": {
    text: ({ name }) =>
      `The SPF record of ${name} ends without "all" or redirect. Servers that are not listed get "neutral", as if there were no SPF.`,
    fix: () => 'End the record with "~all", or with "-all" if you are sure that all senders are listed.',
  },
  "spf.plus-all": {
    text: ({ name, term }) => `With "${term}" the SPF record of ${name} lets everybody send for the domain.`,
    fix: () => 'List the servers that send, and end the record with "~all".',
  },
  "spf.neutral-all": {
    text: ({ name, term }) =>
      `With "${term}" the SPF record of ${name} says nothing about servers that are not listed.`,
    fix: () => 'End the record with "~all".',
  },
  "spf.hardfail-note": {
    text: ({ name }) =>
      `The SPF record of ${name} ends with "-all". Some receivers refuse such mail at once, before they look at DKIM and DMARC, and it appears in no DMARC report. Forwarded mail may be lost.`,
    fix: () => 'With DKIM and DMARC in place "~all" protects as well.',
  },
  "spf.exp": {
    text: ({ name, term, target, problem }) =>
      `"${term}" in the SPF record of ${name} has no effect: ${target} ${expProblems[problem]}.`,
    fix: ({ target }) => `Publish one TXT record with the explanation in ASCII at ${target}, or remove exp=.`,
  },
  "spf.macro-syntax": {
    text: ({ name, term, at }) =>
      `The macro in "${term}" of the SPF record of ${name} cannot be read (character ${at}). ${permerror}`,
    fix: () => "A macro is written %{d}, %{i}, %{ir} and so on; a percent sign by itself is %%.",
  },
  "spf.macro-p": {
    text: ({ name, term }) =>
      `"${term}" in the SPF record of ${name} uses %{p}, which should not be used: it needs reverse DNS of the client and is slow and unreliable.`,
    fix: () => "Use %{i} or another macro, or name the addresses.",
  },
  "spf.helo": {
    text: ({ helo, client, result }) =>
      `The HELO name ${helo} gets "${result}" for SPF from ${client}. Bounces have no other sender, and so no SPF pass.`,
    fix: ({ helo }) =>
      `Publish an SPF record at ${helo} with the addresses of this host: v=spf1 ip4:ADDRESS -all.`,
  },
  "spf.own-ips": {
    text: ({ name, client, byQuery, byName }) =>
      byName === "pass"
        ? `Your client ${client} passes SPF of ${name} only at lenient verifiers: ${byQuery} where every empty answer counts, ${byName} where names count.`
        : `Your client ${client} does not pass SPF of ${name}: ${byQuery === byName ? byName : `${byQuery} where every empty answer counts, ${byName} where names count`}.`,
    fix: ({ client, byName }) =>
      byName === "pass"
        ? `The record needs no new address, only fewer empty answers; see spf.void-disputed. Or put ${client.includes(":") ? "ip6" : "ip4"}:${client} first.`
        : `If it sends for the domain, list it at the beginning: ${client.includes(":") ? "ip6" : "ip4"}:${client}.`,
  },
  "spf.temperror": {
    text: ({ name, question, reason }) =>
      `DNS did not answer for ${question} (${reason}), which SPF of ${name} needs. Verifiers answer temperror or delay the mail.`,
    fix: () =>
      "Look after the name servers of that name, then check again: what lies behind it was not seen.",
  },
  "spf.include-no-ip6": {
    text: ({ includes }) =>
      `These includes list no IPv6 address: ${list(includes)}. If the service sends over IPv6, that mail does not pass.`,
    fix: () => "Ask the service whether it sends over IPv6.",
  },
  "spf.name-unresolvable": {
    text: ({ name, term, target, problem }) =>
      `"${term}" in the SPF record of ${name} matches nobody: ${target} ${deadBy[problem]}. Each such term costs one of the 2 empty answers that are allowed.`,
    fix: ({ suggestion }) =>
      suggestion === undefined ? "Correct the name or remove the term." : `Did you mean ${suggestion}?`,
  },
};
