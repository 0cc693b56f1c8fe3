import { grouped } from "../report/table.ts";
import type { SourceText } from "./source-text.ts";

function many(count: number, what: string): string {
  if (count === 1) return `1 ${what}`;
  return `${grouped(count)} ${what}${what.endsWith("s") ? "es" : "s"}`;
}

export const sourceTextEn: SourceText = {
  group: {
    own: "Own server",
    "own-unknown": "Unknown in our own networks",
    service: "Service",
    gateway: "Mail gateway",
    list: "Mailing list",
    unknown: "Unknown",
    forwarder: "Forwarder",
    hosting: "Rented server or access line",
    spoofed: "Probably spoofed",
  },
  confidence: { certain: "", high: "very likely", medium: "likely", low: "a guess" },
  reason: {
    label: ({ label }) => `you have said so (label ${label})`,
    "own-network": ({ network }) => `it lies in ${network} of networks.own`,
    "own-relay": ({ network }) => `it lies in ${network} of networks.relays`,
    "own-submitter": ({ network }) => `it lies in ${network} of networks.submitters`,
    "own-name": ({ name }) => `its name ${name} is ours and leads back to the address`,
    "own-signature": ({ domain, network }) => `it lies in ${network} of networks.own and signs as ${domain}`,
    "own-space": ({ network }) => `it lies in ${network} of networks.own, which says no more of it`,
    "list-host": ({ host }) => `it is the list host ${host} of lists.hosts`,
    "list-override": ({ messages }) => `receivers call ${grouped(messages)} of its messages list mail`,
    "list-envelope": ({ envelope }) => `it sends from ${envelope || "<>"}, as list servers do`,
    "provider-ptr": ({ provider, name }, nameOf) => `its name ${name} is one of ${nameOf(provider)}`,
    "provider-dkim": ({ provider, domain }, nameOf) => `it signs as ${domain}, as ${nameOf(provider)} does`,
    "provider-spf": ({ provider, domain }, nameOf) =>
      `it sends from ${domain}, as ${nameOf(provider)} does, and SPF passes`,
    "provider-asn": ({ provider, asn }, nameOf) => `its network (AS${asn}) belongs to ${nameOf(provider)}`,
    "in-spf": ({ messages }) => `SPF lets it send as us (${many(messages, "message")})`,
    "passes-on": ({ provider }, nameOf) => `users of ${nameOf(provider)} pass mail on`,
    "forward-override": ({ messages }) => `receivers call ${grouped(messages)} of its messages forwarded`,
    "arc-override": ({ messages }) => `receivers let ${grouped(messages)} of its messages pass by ARC`,
    "srs-envelope": ({ envelope }) => `its envelope ${envelope} is written anew, as forwarders do`,
    "other-envelope": ({ envelope }) => `it sends from ${envelope}, for which SPF passes`,
    "dkim-survives": ({ messages }) => `our signature passes and SPF does not (${many(messages, "message")})`,
    "many-authors": ({ authors }) => `it sends as ${authors} domains of ours`,
    "nothing-passes": ({ messages }) =>
      messages === 1
        ? "nothing passes for its message"
        : `nothing passes for any of its ${grouped(messages)} messages`,
    "no-name": () => "the address has no name",
    "unconfirmed-name": ({ name }) => `its name ${name} does not lead back`,
    "generic-name": ({ name }) => `its name ${name} is that of an access line`,
    listed: ({ lists }) => `it is on ${lists}`,
    refused: ({ messages }) => `receivers have put ${grouped(messages)} of its messages aside`,
    "nothing-known": () => "nothing tells who it is",
  },
  advice: {
    "sign-own":
      "Sign with DKIM here; or have it send through a server that signs, or with a From of its own.",
    "mend-own":
      "Something changes messages after they are signed: a list, a footer, a virus scanner. Sign last, or leave messages as they are.",
    "allow-own": "Sign with DKIM and add the address to SPF; if it must not send as us, tell its owner.",
    "find-owner":
      "Find out who runs it and enter him under networks.own. It should send through our server, or with a From of its own.",
    "sign-service":
      "Set up DKIM with our own domain at the service; SPF alone breaks at the first forwarder.",
    "mend-service": "Our signatures from here fail: compare the key in DNS with that of the service.",
    "set-up-service":
      "If we use the service: set up DKIM with our own domain there. If not, somebody else does.",
    "find-out": "Find out who it is, and tell with sekisho report label.",
    "sign-in-spf":
      "It stands in SPF, so somebody let it in: sign here too, and enter it under networks.own or with sekisho report label.",
    list: "The list should rewrite From or change nothing; there is nothing to mend on our side.",
    leave: "Nothing to do here: what is signed with DKIM passes, unless it is changed on the way.",
    ignore: "Nothing to do: this is what a policy of quarantine or reject is for.",
    "low-reputation": "Look at it last: it is on a blocklist.",
    "tell-whose":
      "Nothing pressing. Enter it under networks.own, or tell whose it is with sekisho report label.",
    nothing: "Nothing to do.",
    "add-to-spf":
      "Nothing pressing: signatures pass. SPF will pass, too, with an envelope of our own domain and the address in SPF.",
  },
  task: {
    "sign-own": "sign with DKIM",
    "mend-own": "keep signatures whole",
    "allow-own": "sign with DKIM and add to SPF, or stop it",
    "find-owner": "find the owner",
    "sign-service": "set up DKIM with our own domain",
    "mend-service": "mend DKIM",
    "set-up-service": "set up DKIM with our own domain, if we use it",
    "sign-in-spf": "find the owner, sign with DKIM",
    "find-out": "find out who it is",
  },
  dkim: (way, domain) => {
    const of = domain === undefined ? "" : ` (${domain})`;
    return { pass: `pass${of}`, broken: `broken${of}`, other: `only ${domain}`, none: "none" }[way];
  },
  spf: (way, result, domain) => {
    if (way === "pass") return "pass";
    return domain === undefined ? result : `${result} (${domain})`;
  },
  summary: (domain, messages, addresses, since, until) => {
    const when = until === undefined ? `since ${since}` : `from ${since} to ${until}`;
    return `${domain}: ${many(messages, "message")} from ${many(addresses, "address")} ${when}`;
  },
  passed: (passed, percent, dkim, spf) =>
    `DMARC passes for ${grouped(passed)} (${percent}): ${grouped(dkim)} by DKIM, ${grouped(spf)} by SPF`,
  first: "Do first",
  amongOthers: (address, others) => `${address} and ${many(others, "other")}`,
  firstTask: (task, whose, messages, addresses) =>
    `${whose}: ${task} (${many(messages, "message")}, ${many(addresses, "address")})`,
  title: (group, whose, how) => {
    const what = whose === undefined ? group : `${group}: ${whose}`;
    return how === "" ? what : `${what} (${how})`;
  },
  sums: (messages, addresses, percent) =>
    `${many(messages, "message")}, ${many(addresses, "address")}, DMARC ${percent}`,
  labels: { why: "Why", do: "Do", owner: "Owner" },
  columns: {
    address: "address",
    addresses: "addresses",
    name: "name",
    messages: "messages",
    dkim: "DKIM",
    spf: "SPF",
    dmarc: "DMARC",
    from: "From",
    label: "label",
    group: "group",
    owner: "owner",
  },
  seen: (messages, first, last) =>
    first === last
      ? `${many(messages, "message")}; seen on ${first}`
      : `${many(messages, "message")}; first seen on ${first}, last on ${last}`,
  noAddress: "(no address)",
  noOwner: "(no owner named)",
  moreAddresses: (count) => `… and ${many(count, "more address")} (--limit)`,
  forOne: (address, why) => `${address}, for one: ${why}`,
  notShown: "Not shown (--limit)",
  moreWays: (count) => `… and in ${many(count, "more way")}`,
  unnamed: (count) =>
    count === 1
      ? "One address has not been looked up in DNS yet:"
      : `${grouped(count)} addresses have not been looked up in DNS yet:`,
  recordsGone: "its records are no longer kept",
  noSources: (domain, since, until) =>
    until === undefined
      ? `no report tells of mail from ${domain} since ${since}; --since goes back further`
      : `no report tells of mail from ${domain} from ${since} to ${until}`,
  noReportsAbout: (domain, since, organizational) =>
    `no report about ${domain} itself since ${since}; without a DMARC record of its own its mail stands in those about ${organizational}: sekisho report sources ${organizational}`,
  noneOwn: (domain) => `no address of ours sends as ${domain}`,
  noneFailing: (domain) => `every message from ${domain} passes DMARC`,
  noneFailingHere: "every message from these sources passes DMARC",
  noneInGroup: (domain, group) => `no source of mail from ${domain} is in the group: ${group}`,
  setNetworks: "networks.own is empty: our own servers are known by nothing but their names.",
  missingDomain: "say which domain: sekisho report sources DOMAIN",
  badDomain: (written) => `${written} is no domain name`,
  named: (asked, unanswered) =>
    `${many(asked, "address")} looked up, ${grouped(unanswered)} without an answer`,
  nothingToName: "every address has been looked up",
  left: (count) => `${many(count, "address")} left for the next round`,
  listUnusable: (list) => `${list} does not answer as a blocklist does, and was not asked`,
  databaseUnusable: (file, why) => `${file}: cannot be used (${why})`,
  badPattern: (written) => `${written} is no address, no network and no name of a host or domain`,
  badGroup: (written, groups) => `${written} is no group; choose one of ${groups}`,
  missingGroup: (groups) => `say which group: ${groups}; or --remove`,
  groupOfRemoved: (group) => `--remove takes the label away whatever its group; leave "${group}" out`,
  labelled: (pattern, group) => `${pattern}: ${group}`,
  unlabelled: (pattern) => `${pattern}: label removed`,
  noSuchLabel: (pattern) => `there is no label ${pattern}; sekisho report label shows them`,
  noLabels: "no labels",
};
