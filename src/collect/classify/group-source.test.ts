import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FactsSample, lastTwoLabels, sourceFacts } from "../../../test/source-facts.ts";
import { checkConfigValue } from "../../config/schema.ts";
import { groupSource } from "./group-source.ts";
import { readLabels, type SourceLabel } from "./label.ts";
import { ranks } from "./rank.ts";
import { type Site, siteOf } from "./site.ts";
import type { Confidence, GroupName, ReasonId, SourceGroup, SourceState } from "./source.ts";

const labels: readonly SourceLabel[] = [
  { pattern: "203.0.113.200", group: "forwarder" },
  { pattern: "203.0.113.192/26", group: "service", name: "Printer firm", contact: "it@print.example" },
  { pattern: "partner.example", group: "service" },
  { pattern: "192.0.2.99", group: "spoofed" },
];

const site = makeSite(labels);

function makeSite(given: readonly SourceLabel[]): Site {
  const checked = checkConfigValue(
    {
      networks: {
        own: [
          { network: "192.0.2.64/28", name: "Sato Lab", contact: "sato@univ.example" },
          { network: "192.0.2.0/24" },
          { network: "192.0.2.130/32" },
        ],
        relays: [{ network: "198.51.100.1/32" }],
        submitters: ["127.0.0.0/8", "198.51.100.128/25"],
      },
      lists: {
        hosts: [{ name: "ml", addresses: ["ml.univ.example"], networks: ["192.0.2.140/32"] }],
      },
      verify: { own_names: ["mail.elsewhere.example"] },
    },
    "mx.univ.example",
  );
  if (!checked.ok) throw new TypeError(JSON.stringify(checked.issues));
  return siteOf(checked.config, ["univ.example", "customer.google.com"], readLabels(given), lastTwoLabels);
}

const signed = { count: 10, dkim: [["univ.example", "pass"]], spf: ["univ.example", "pass"] } as const;
const unsigned = { count: 10, spf: ["univ.example", "pass"] } as const;
const nothing = { count: 10, spf: ["univ.example", "fail"] } as const;
/** As a forwarder leaves it. */
const survived = { count: 10, dkim: [["univ.example", "pass"]], spf: ["univ.example", "softfail"] } as const;
const broken = { count: 10, dkim: [["univ.example", "fail"]], spf: ["univ.example", "fail"] } as const;

interface Case extends FactsSample {
  readonly what: string;
  readonly group: GroupName;
  readonly reasons: readonly ReasonId[];
  readonly confidence: Confidence;
  readonly state?: SourceState;
  readonly rank: number;
  readonly provider?: string;
}

const cases: readonly Case[] = [
  // The operator's word.
  {
    what: "a label of an address goes before that of its network",
    ip: "203.0.113.200",
    mails: [unsigned],
    group: "forwarder",
    reasons: ["label"],
    confidence: "certain",
    rank: ranks.forwarder,
  },
  {
    what: "a label of a network goes before all rules",
    ip: "203.0.113.210",
    mails: [nothing],
    name: { result: "permerror", listed: ["bl.example"] },
    group: "service",
    reasons: ["label"],
    confidence: "certain",
    rank: ranks.serviceFailing,
  },
  {
    what: "a label of a name",
    mails: [unsigned],
    name: { name: "out.partner.example" },
    group: "service",
    reasons: ["label"],
    confidence: "certain",
    rank: ranks.serviceUnsigned,
  },
  {
    what: "a label of a name that does not lead back is no proof",
    mails: [nothing],
    name: { name: "out.partner.example", result: "fail" },
    group: "spoofed",
    reasons: ["nothing-passes", "unconfirmed-name"],
    confidence: "low",
    rank: ranks.spoofed,
  },
  {
    what: "a label against the networks wins",
    ip: "192.0.2.99",
    mails: [nothing],
    group: "spoofed",
    reasons: ["label"],
    confidence: "certain",
    rank: ranks.spoofed,
  },
  // Own.
  {
    what: "own network with an owner, in SPF and unsigned",
    ip: "192.0.2.70",
    mails: [unsigned],
    group: "own",
    reasons: ["own-network"],
    confidence: "certain",
    state: "unsigned",
    rank: ranks.ownUnsigned,
  },
  {
    what: "own network, a single host",
    ip: "192.0.2.130",
    mails: [signed],
    group: "own",
    reasons: ["own-network"],
    confidence: "certain",
    state: "works",
    rank: ranks.works,
  },
  {
    what: "own network, broken signatures",
    ip: "192.0.2.70",
    mails: [broken],
    group: "own",
    reasons: ["own-network"],
    confidence: "certain",
    state: "broken",
    rank: ranks.ownFailing,
  },
  {
    what: "own network, signed and not in SPF: no forwarder",
    ip: "192.0.2.70",
    mails: [survived],
    group: "own",
    reasons: ["own-network"],
    confidence: "certain",
    state: "no-spf",
    rank: ranks.works,
  },
  {
    what: "own network, nothing passes",
    ip: "192.0.2.70",
    mails: [nothing],
    name: { result: "permerror", listed: ["bl.example"] },
    group: "own",
    reasons: ["own-network"],
    confidence: "certain",
    state: "fails",
    rank: ranks.ownFailing,
  },
  {
    what: "own address space, nobody knows who",
    ip: "192.0.2.200",
    mails: [unsigned],
    group: "own-unknown",
    reasons: ["own-space"],
    confidence: "certain",
    rank: ranks.ownUnsigned,
  },
  {
    what: "own address space, named as ours",
    ip: "192.0.2.200",
    mails: [unsigned],
    name: { name: "lab.univ.example" },
    group: "own",
    reasons: ["own-name", "own-network"],
    confidence: "certain",
    rank: ranks.ownUnsigned,
  },
  {
    what: "own address space, signs as we do",
    ip: "192.0.2.200",
    mails: [signed],
    group: "own",
    reasons: ["own-signature"],
    confidence: "high",
    rank: ranks.works,
  },
  {
    what: "own name elsewhere",
    mails: [unsigned],
    name: { name: "cloud.univ.example" },
    group: "own",
    reasons: ["own-name"],
    confidence: "high",
    rank: ranks.ownUnsigned,
  },
  {
    what: "own host by own_names",
    mails: [signed],
    name: { name: "mail.elsewhere.example" },
    group: "own",
    reasons: ["own-name"],
    confidence: "high",
    rank: ranks.works,
  },
  {
    what: "a neighbour of an own host is a stranger",
    mails: [nothing],
    name: { name: "www.elsewhere.example" },
    share: 0.5,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "an own name that does not lead back proves nothing, but may be a host of ours without an A record",
    mails: [{ ...nothing, disposition: "reject" }],
    name: { name: "mx.univ.example", result: "fail" },
    group: "unknown",
    reasons: ["unconfirmed-name"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "an own name that does not lead back, on a blocklist",
    mails: [nothing],
    name: { name: "mx.univ.example", result: "fail", listed: ["bl.example"] },
    group: "spoofed",
    reasons: ["nothing-passes", "listed"],
    confidence: "medium",
    rank: ranks.listed,
  },
  {
    what: "a line of ours: its name says who has let it, and not who runs what stands there",
    mails: [{ ...nothing, disposition: "reject" }],
    name: { name: "p203-0-113-1.tokyo.univ.example" },
    group: "own-unknown",
    reasons: ["generic-name", "own-name"],
    confidence: "high",
    rank: ranks.ownFailing,
  },
  {
    what: "a line of ours that signs as we do",
    mails: [signed],
    name: { name: "mta-203-0-113-1.univ.example" },
    group: "own",
    reasons: ["own-name"],
    confidence: "high",
    rank: ranks.works,
  },
  {
    what: "own address space, a name that is given to any device",
    ip: "192.0.2.7",
    mails: [unsigned],
    name: { name: "dhcp-192-0-2-7.univ.example" },
    group: "own-unknown",
    reasons: ["own-space"],
    confidence: "certain",
    rank: ranks.ownUnsigned,
  },
  {
    what: "relay",
    ip: "198.51.100.1",
    mails: [signed],
    group: "own",
    reasons: ["own-relay"],
    confidence: "certain",
    rank: ranks.works,
  },
  {
    what: "submitter",
    ip: "198.51.100.200",
    mails: [unsigned],
    group: "own",
    reasons: ["own-submitter"],
    confidence: "certain",
    rank: ranks.ownUnsigned,
  },
  {
    what: "loopback is nobody",
    ip: "127.0.0.1",
    mails: [{ ...nothing, count: 1 }],
    share: 0.5,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "own list host",
    ip: "192.0.2.140",
    mails: [broken],
    group: "list",
    reasons: ["list-host"],
    confidence: "certain",
    rank: ranks.ownFailing,
  },
  // Services.
  {
    what: "service by its name",
    mails: [unsigned],
    name: { name: "o1.ptr1.sendgrid.net" },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.serviceUnsigned,
    provider: "sendgrid",
  },
  {
    what: "a name of a service that does not lead back is no proof",
    mails: [nothing],
    name: { name: "o1.ptr1.sendgrid.net", result: "fail" },
    group: "spoofed",
    reasons: ["nothing-passes", "unconfirmed-name"],
    confidence: "low",
    rank: ranks.spoofed,
  },
  {
    what: "service by its signature beside ours",
    mails: [
      {
        count: 10,
        dkim: [
          ["univ.example", "pass"],
          ["amazonses.com", "pass"],
        ],
        spf: ["bounce.univ.example", "pass"],
      },
    ],
    group: "service",
    reasons: ["provider-dkim"],
    confidence: "medium",
    state: "works",
    rank: ranks.works,
    provider: "amazon-ses",
  },
  {
    what: "somebody who passes on what a service has signed for us is not that service",
    mails: [
      {
        ...survived,
        dkim: [
          ["univ.example", "pass"],
          ["sendgrid.net", "pass"],
        ],
      },
    ],
    name: { name: "mx.alumni.example" },
    group: "forwarder",
    reasons: ["dkim-survives"],
    confidence: "medium",
    state: "no-spf",
    rank: ranks.forwarder,
  },
  {
    what: "nor is who writes an envelope of his own",
    mails: [
      {
        count: 10,
        dkim: [
          ["univ.example", "pass"],
          ["amazonses.com", "pass"],
        ],
        spf: ["alumni.example", "pass"],
      },
    ],
    name: { name: "mx.alumni.example" },
    group: "forwarder",
    reasons: ["dkim-survives", "other-envelope"],
    confidence: "medium",
    state: "no-spf",
    rank: ranks.forwarder,
  },
  {
    what: "service by its envelope: not set up, or a stranger",
    mails: [{ count: 10, dkim: [["mcsv.net", "pass"]], spf: ["mail1.mcsv.net", "pass"] }],
    group: "service",
    reasons: ["provider-spf"],
    confidence: "low",
    state: "fails",
    rank: ranks.serviceFailing,
    provider: "mailchimp",
  },
  {
    what: "service with our key and its own envelope: no forwarder",
    mails: [
      {
        count: 10,
        dkim: [["univ.example", "pass"]],
        spf: ["mail1.mcsv.net", "pass"],
        envelope: "mail1.mcsv.net",
      },
    ],
    group: "service",
    reasons: ["provider-spf"],
    confidence: "high",
    state: "no-spf",
    rank: ranks.works,
    provider: "mailchimp",
  },
  {
    what: "service by its network",
    mails: [unsigned],
    name: { result: "permerror", asn: 14_340 },
    group: "service",
    reasons: ["provider-asn"],
    confidence: "medium",
    rank: ranks.serviceUnsigned,
    provider: "salesforce",
  },
  {
    what: "a name says more than a network",
    mails: [unsigned],
    name: { name: "x.sendgrid.net", asn: 14_340 },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.serviceUnsigned,
    provider: "sendgrid",
  },
  {
    what: "mail host that SPF names",
    mails: [unsigned],
    name: { name: "mail-x.google.com" },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.serviceUnsigned,
    provider: "google",
  },
  {
    what: "mail host of a tenant who has no key of his own",
    mails: [{ count: 10, dkim: [["contoso.onmicrosoft.com", "pass"]], spf: ["univ.example", "softfail"] }],
    name: { name: "x.outbound.protection.outlook.com" },
    group: "service",
    reasons: ["provider-ptr", "provider-dkim"],
    // Or a stranger, who is a tenant too.
    confidence: "low",
    rank: ranks.serviceFailing,
    provider: "microsoft-365",
  },
  {
    what: "people of ours who write our name at their private mail host: nobody passes anything on there",
    mails: [{ count: 10, dkim: [["gmail.com", "pass"]], spf: ["gmail.com", "pass"], envelope: "gmail.com" }],
    name: { name: "mail-x.google.com" },
    group: "service",
    reasons: ["provider-ptr", "provider-dkim"],
    confidence: "low",
    rank: ranks.serviceFailing,
    provider: "google",
  },
  {
    what: "another tenant of the mail host passes on what was signed: his signature stands beside ours, which is broken",
    mails: [
      {
        count: 10,
        dkim: [
          ["univ.example", "fail"],
          ["other.onmicrosoft.com", "pass"],
        ],
        spf: ["other.example", "pass"],
      },
    ],
    name: { name: "x.outbound.protection.outlook.com" },
    group: "forwarder",
    reasons: ["passes-on", "provider-ptr", "provider-dkim"],
    confidence: "low",
    state: "broken",
    rank: ranks.forwarder,
    provider: "microsoft-365",
  },
  {
    what: "another tenant passes on what was not signed, with an envelope of his own",
    mails: [{ count: 10, dkim: [["other.onmicrosoft.com", "pass"]], spf: ["other.example", "pass"] }],
    name: { name: "x.outbound.protection.outlook.com" },
    group: "forwarder",
    reasons: ["passes-on", "provider-ptr", "provider-dkim"],
    confidence: "low",
    state: "fails",
    rank: ranks.forwarder,
    provider: "microsoft-365",
  },
  {
    what: "a mail host passes on what a tenant of another one has sent",
    mails: [{ count: 10, dkim: [["contoso.onmicrosoft.com", "pass"]], spf: ["gmail.com", "pass"] }],
    name: { name: "mail-x.google.com" },
    group: "forwarder",
    reasons: ["passes-on", "provider-ptr"],
    confidence: "low",
    state: "fails",
    rank: ranks.forwarder,
    provider: "google",
  },
  {
    what: "a single message of such people among many that were passed on",
    mails: [
      { ...broken, count: 99 },
      { count: 1, dkim: [["gmail.com", "pass"]], spf: ["gmail.com", "pass"] },
    ],
    name: { name: "mail-x.google.com" },
    group: "forwarder",
    reasons: ["passes-on", "provider-ptr", "provider-dkim"],
    confidence: "low",
    rank: ranks.forwarder,
    provider: "google",
  },
  {
    what: "rented server that SPF names",
    mails: [unsigned],
    name: { name: "www1234.sakura.ne.jp" },
    group: "service",
    reasons: ["in-spf", "provider-ptr"],
    confidence: "medium",
    rank: ranks.serviceUnsigned,
    provider: "sakura",
  },
  // Forwarders.
  {
    what: "mail host that passes our mail on",
    mails: [survived],
    name: { name: "mail-x.google.com" },
    group: "forwarder",
    reasons: ["dkim-survives", "provider-ptr"],
    confidence: "medium",
    rank: ranks.forwarder,
    provider: "google",
  },
  {
    what: "mail host where nothing is left",
    mails: [broken],
    name: { name: "mail-x.google.com" },
    group: "forwarder",
    reasons: ["passes-on", "provider-ptr"],
    confidence: "low",
    rank: ranks.forwarder,
    provider: "google",
  },
  {
    what: "somebody else's host with mail that a mail host has signed is not that mail host",
    mails: [{ count: 10, dkim: [["contoso.onmicrosoft.com", "pass"]], spf: ["univ.example", "fail"] }],
    share: 0.5,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "forwarder by trade",
    mails: [broken],
    name: { name: "mx1.improvmx.com" },
    group: "forwarder",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.forwarder,
    provider: "improvmx",
  },
  {
    what: "signature survives",
    mails: [survived],
    group: "forwarder",
    reasons: ["dkim-survives"],
    confidence: "medium",
    rank: ranks.forwarder,
  },
  {
    what: "signature survives, for many authors",
    mails: [survived],
    domains: 3,
    group: "forwarder",
    reasons: ["dkim-survives", "many-authors"],
    confidence: "high",
    rank: ranks.forwarder,
  },
  {
    what: "signature survives, with an envelope of its own",
    mails: [{ ...survived, spf: ["fwd.example", "pass"], envelope: "fwd.example" }],
    group: "forwarder",
    reasons: ["dkim-survives", "other-envelope"],
    confidence: "medium",
    rank: ranks.forwarder,
  },
  {
    what: "signature survives for a third of all our mail: perhaps a server that SPF has forgotten",
    mails: [survived],
    share: 0.33,
    reporters: 5,
    group: "forwarder",
    reasons: ["dkim-survives"],
    confidence: "low",
    rank: ranks.forwarder,
  },
  {
    what: "signature survives, and only sums are left",
    mails: [survived],
    onlySums: true,
    group: "forwarder",
    reasons: ["dkim-survives"],
    confidence: "medium",
    rank: ranks.forwarder,
  },
  {
    what: "SRS",
    mails: [{ ...broken, envelope: "SRS0=hash=tt=univ.example=taro@fwd.example".toLowerCase() }],
    group: "forwarder",
    reasons: ["srs-envelope"],
    confidence: "high",
    rank: ranks.forwarder,
  },
  {
    what: "forwarding by Gmail",
    mails: [{ ...broken, envelope: "taro+caf_=hanako=univ.example@gmail.com" }],
    group: "forwarder",
    reasons: ["srs-envelope"],
    confidence: "high",
    rank: ranks.forwarder,
  },
  {
    what: "the receiver says forwarded",
    mails: [{ ...nothing, marks: ["forwarded"] }],
    group: "forwarder",
    reasons: ["forward-override"],
    confidence: "high",
    rank: ranks.forwarder,
  },
  {
    what: "the receiver lets it pass by ARC",
    mails: [{ ...broken, marks: ["arc"] }],
    group: "forwarder",
    reasons: ["arc-override"],
    confidence: "medium",
    rank: ranks.forwarder,
  },
  {
    what: "a single mark among many messages decides nothing",
    mails: [
      { ...nothing, count: 1, marks: ["forwarded"] },
      { ...nothing, count: 99 },
    ],
    share: 0.5,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "one message that was ours among many that were not",
    mails: [
      { ...survived, count: 1 },
      { ...nothing, count: 99 },
    ],
    domains: 3,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "one envelope of SRS among many others, at a host without a name",
    mails: [
      { ...nothing, count: 1, envelope: "srs0=hash=tt=univ.example=taro@evil.example" },
      { ...nothing, count: 99 },
    ],
    name: { result: "permerror" },
    group: "spoofed",
    reasons: ["nothing-passes", "no-name"],
    confidence: "low",
    rank: ranks.spoofed,
  },
  {
    what: "SRS around what was never ours, as far as one can see",
    mails: [{ ...nothing, envelope: "srs0=hash=tt=univ.example=taro@evil.example" }],
    group: "forwarder",
    reasons: ["srs-envelope"],
    confidence: "low",
    rank: ranks.forwarder,
  },
  {
    what: "ARC around what was never ours, as far as one can see",
    mails: [{ ...nothing, marks: ["arc"] }],
    group: "forwarder",
    reasons: ["arc-override"],
    confidence: "low",
    rank: ranks.forwarder,
  },
  {
    what: "rented server in the network of a mail host",
    mails: [nothing],
    name: { result: "permerror", asn: 8075 },
    group: "spoofed",
    reasons: ["nothing-passes", "no-name"],
    confidence: "low",
    rank: ranks.spoofed,
  },
  {
    what: "mail host that floods everybody with what was never ours",
    mails: [nothing],
    name: { name: "mail-x.google.com" },
    share: 0.5,
    reporters: 5,
    group: "unknown",
    reasons: ["provider-ptr"],
    confidence: "low",
    rank: ranks.unknown,
    provider: "google",
  },
  {
    what: "forwarder by trade that does",
    mails: [nothing],
    name: { name: "mx1.improvmx.com" },
    share: 0.5,
    reporters: 5,
    group: "forwarder",
    reasons: ["provider-ptr"],
    confidence: "low",
    rank: ranks.forwarder,
    provider: "improvmx",
  },
  {
    what: "one signed message among many of a host of ours that nobody knows",
    ip: "192.0.2.5",
    mails: [
      { ...nothing, count: 99 },
      { ...survived, count: 1 },
    ],
    group: "own-unknown",
    reasons: ["own-space"],
    confidence: "certain",
    rank: ranks.ownFailing,
  },
  {
    what: "mail host by its network, with what was ours once",
    mails: [broken],
    name: { result: "permerror", asn: 8075 },
    group: "forwarder",
    reasons: ["passes-on", "provider-asn"],
    confidence: "low",
    rank: ranks.forwarder,
    provider: "microsoft-365",
  },
  // Lists.
  {
    what: "one envelope of a list among many others",
    mails: [
      { ...nothing, count: 1, envelope: "lists.evil.example" },
      { ...nothing, count: 99 },
    ],
    share: 0.5,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "envelope of a list that nobody vouches for",
    mails: [{ ...nothing, envelope: "lists.evil.example" }],
    group: "list",
    reasons: ["list-envelope"],
    confidence: "low",
    rank: ranks.list,
  },
  {
    what: "the receiver says mailing list",
    mails: [{ ...broken, marks: ["mailing_list"] }],
    group: "list",
    reasons: ["list-override"],
    confidence: "high",
    rank: ranks.list,
  },
  {
    what: "envelope of a list server",
    mails: [{ ...broken, spf: ["lists.society.example", "pass"], envelope: "lists.society.example" }],
    group: "list",
    reasons: ["list-envelope"],
    confidence: "medium",
    rank: ranks.list,
  },
  {
    what: "envelope of Mailman",
    mails: [{ ...broken, envelope: "dns-talk-bounces+taro=univ.example@society.example" }],
    group: "list",
    reasons: ["list-envelope"],
    confidence: "medium",
    rank: ranks.list,
  },
  {
    what: "a list's envelope of our own is none of another's list",
    mails: [{ ...unsigned, envelope: "ml.univ.example" }],
    group: "unknown",
    reasons: ["in-spf"],
    confidence: "low",
    rank: ranks.serviceUnsigned,
  },
  {
    what: "list by trade",
    mails: [broken],
    name: { name: "mail02.groups.io" },
    group: "list",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.list,
    provider: "groups-io",
  },
  {
    what: "list at a mail host",
    mails: [{ ...broken, envelope: "groups.society.example", spf: ["groups.society.example", "pass"] }],
    name: { name: "mail-x.google.com" },
    group: "list",
    reasons: ["list-envelope", "provider-ptr"],
    confidence: "medium",
    rank: ranks.list,
    provider: "google",
  },
  {
    what: "list by trade on hosts of its mail host, by its envelope",
    mails: [{ ...broken, envelope: "googlegroups.com", spf: ["googlegroups.com", "pass"] }],
    name: { name: "mail-x.google.com" },
    group: "list",
    reasons: ["provider-spf", "provider-ptr"],
    confidence: "high",
    rank: ranks.list,
    provider: "google-groups",
  },
  {
    what: "our mail host stays ours where most of what its host sends is of lists",
    mails: [
      { ...unsigned, count: 40 },
      { ...broken, count: 60, envelope: "googlegroups.com", spf: ["googlegroups.com", "pass"] },
    ],
    name: { name: "mail-x.google.com" },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    state: "unsigned",
    rank: ranks.serviceUnsigned,
    provider: "google",
  },
  {
    what: "our mail host that signs does well, whatever its other customers pass on with envelopes of theirs",
    mails: [
      { ...signed, count: 80 },
      { ...broken, count: 10, spf: ["googlegroups.com", "pass"] },
      { count: 10, spf: ["gmail.com", "pass"] },
    ],
    name: { name: "mail-x.google.com" },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    state: "works",
    rank: ranks.works,
    provider: "google",
  },
  {
    what: "our mail host that does not sign for us, and passes on what others of ours have signed",
    mails: [
      { ...unsigned, count: 30 },
      { count: 70, dkim: [["univ.example", "pass"]], spf: ["other.example", "pass"] },
    ],
    name: { name: "x.outbound.protection.outlook.com" },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    state: "unsigned",
    rank: ranks.serviceUnsigned,
    provider: "microsoft-365",
  },
  {
    what: "our mail host whose own signatures fail",
    mails: [{ count: 10, dkim: [["univ.example", "fail"]], spf: ["univ.example", "pass"] }],
    name: { name: "mail-x.google.com" },
    group: "service",
    reasons: ["provider-ptr"],
    confidence: "high",
    state: "broken",
    rank: ranks.serviceFailing,
    provider: "google",
  },
  {
    what: "the same before anybody has asked the DNS",
    mails: [
      { ...unsigned, count: 40 },
      { ...broken, count: 60, envelope: "googlegroups.com", spf: ["googlegroups.com", "pass"] },
    ],
    group: "unknown",
    reasons: ["in-spf"],
    confidence: "low",
    rank: ranks.serviceFailing,
  },
  {
    what: "list at a mail host, by the word of receivers",
    mails: [{ ...survived, marks: ["mailing_list"] }],
    name: { name: "mail-x.google.com" },
    group: "list",
    reasons: ["list-override", "provider-ptr"],
    confidence: "high",
    rank: ranks.list,
    provider: "google",
  },
  {
    what: "list on a rented server, by the word of receivers",
    mails: [{ ...broken, marks: ["mailing_list"] }],
    name: { name: "ec2-203-0-113-1.compute-1.amazonaws.com" },
    group: "list",
    reasons: ["list-override", "provider-ptr"],
    confidence: "high",
    rank: ranks.list,
    provider: "aws",
  },
  {
    what: "list on a rented server, by its envelope",
    mails: [{ ...broken, spf: ["lists.society.example", "pass"], envelope: "lists.society.example" }],
    name: { name: "mail.society.example", asn: 9370 },
    group: "list",
    reasons: ["list-envelope", "provider-asn"],
    confidence: "medium",
    rank: ranks.list,
    provider: "sakura",
  },
  // Gateways, rented servers.
  {
    what: "gateway that sends for us",
    mails: [unsigned],
    name: { name: "mx0a-0011.pphosted.com" },
    group: "gateway",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.serviceUnsigned,
    provider: "proofpoint",
  },
  {
    what: "gateway of a recipient",
    mails: [survived],
    name: { name: "mx0a-0011.pphosted.com" },
    group: "gateway",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.gateway,
    provider: "proofpoint",
  },
  {
    what: "rented server of a stranger",
    mails: [nothing],
    name: { name: "ec2-203-0-113-1.compute-1.amazonaws.com" },
    group: "hosting",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.hosting,
    provider: "aws",
  },
  {
    what: "access line",
    mails: [nothing],
    name: { name: "p1001-ipbf1.tokyo.ocn.ne.jp" },
    group: "hosting",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.hosting,
    provider: "ocn",
  },
  {
    what: "in SPF, and in the network of an access provider: who stands behind the line is not known",
    mails: [unsigned],
    name: { name: "mx.campus.example", asn: 2907 },
    group: "unknown",
    reasons: ["in-spf"],
    confidence: "low",
    rank: ranks.serviceUnsigned,
  },
  {
    what: "a list behind a line is not that of the access provider",
    mails: [{ ...broken, envelope: "ml.campus.example", spf: ["ml.campus.example", "pass"] }],
    name: { name: "ml.campus.example", asn: 2907 },
    group: "list",
    reasons: ["list-envelope"],
    confidence: "medium",
    rank: ranks.list,
  },
  {
    what: "mail host of a provider that passes our mail on",
    mails: [survived],
    name: { name: "mfo1.ocn.ad.jp" },
    group: "forwarder",
    reasons: ["dkim-survives", "provider-ptr"],
    confidence: "medium",
    rank: ranks.forwarder,
    provider: "ocn",
  },
  {
    what: "rented server of bad repute",
    mails: [nothing],
    name: { name: "vps.contaboserver.net", listed: ["bl.example"] },
    group: "hosting",
    reasons: ["provider-ptr"],
    confidence: "high",
    rank: ranks.listed,
    provider: "contabo",
  },
  // Strangers.
  {
    what: "no name, few messages",
    mails: [nothing],
    name: { result: "permerror" },
    group: "spoofed",
    reasons: ["nothing-passes", "no-name"],
    confidence: "low",
    rank: ranks.spoofed,
  },
  {
    what: "name of an access line, many domains",
    mails: [nothing],
    name: { name: "pool-203-0-113-1.isp.example" },
    domains: 4,
    group: "spoofed",
    reasons: ["nothing-passes", "generic-name", "many-authors"],
    confidence: "medium",
    rank: ranks.spoofed,
  },
  {
    what: "on a blocklist, and put aside",
    mails: [{ ...nothing, disposition: "reject" }],
    name: { result: "permerror", listed: ["bl.example"] },
    group: "spoofed",
    reasons: ["nothing-passes", "listed", "no-name", "refused"],
    confidence: "high",
    rank: ranks.listed,
  },
  {
    what: "our own policy alone makes nobody a forger of much mail",
    mails: [{ ...nothing, disposition: "quarantine" }],
    share: 0.2,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "our own policy alone makes nobody a forger of little mail: it may be a server of ours at another firm",
    mails: [{ ...nothing, disposition: "reject" }],
    name: { name: "mail.firm.example" },
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "our own policy before anybody has asked the DNS",
    mails: [{ ...nothing, disposition: "quarantine" }],
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "no name, and put aside",
    mails: [{ ...nothing, disposition: "reject" }],
    name: { result: "permerror" },
    group: "spoofed",
    reasons: ["nothing-passes", "no-name", "refused"],
    confidence: "medium",
    rank: ranks.spoofed,
  },
  {
    what: "nobody has asked the DNS yet",
    mails: [nothing],
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "the DNS did not answer",
    mails: [nothing],
    name: { result: "temperror" },
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "what carries a broken signature of ours came from us once",
    mails: [broken],
    name: { result: "permerror" },
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "in SPF, and nobody knows who",
    mails: [unsigned],
    group: "unknown",
    reasons: ["in-spf"],
    confidence: "low",
    rank: ranks.serviceUnsigned,
  },
  {
    what: "in SPF and signed, and nobody knows who: no forwarder",
    mails: [signed],
    group: "unknown",
    reasons: ["in-spf"],
    confidence: "low",
    state: "works",
    rank: ranks.works,
  },
  {
    what: "an envelope of our own, also where SPF fails, is none of another's list",
    mails: [{ ...nothing, envelope: "ml.univ.example" }],
    share: 0.5,
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
  {
    what: "no address at all",
    ip: "",
    mails: [nothing],
    group: "unknown",
    reasons: ["nothing-known"],
    confidence: "low",
    rank: ranks.unknown,
  },
];

test.each(cases)(
  "$group: $what",
  ({ group, reasons, confidence, state, rank, provider, what: _, ...sample }) => {
    const found = groupSource(sourceFacts(sample), site);
    expect({ ...found, reasons: found.reasons.map(({ id }) => id) }).toMatchObject({
      group,
      reasons,
      confidence,
      rank,
      ...(state !== undefined && { state }),
    });
    expect(found.provider).toBe(provider);
  },
);

test("owners come from the networks, and from labels", () => {
  const owner = (ip: string): unknown => groupSource(sourceFacts({ ip, mails: [unsigned] }), site).owner;
  expect(owner("192.0.2.70")).toEqual({ name: "Sato Lab", contact: "sato@univ.example" });
  expect(owner("203.0.113.193")).toEqual({ name: "Printer firm", contact: "it@print.example" });
  const relabelled = makeSite([{ pattern: "192.0.2.70", group: "list" }]);
  expect(groupSource(sourceFacts({ ip: "192.0.2.70", mails: [unsigned] }), relabelled)).toMatchObject({
    group: "list",
    owner: { name: "Sato Lab" },
  });
});

test("a domain below that of a provider does not make the provider's hosts ours", () => {
  expect(site.ownDomains).toEqual(new Set(["univ.example"]));
});

describe("the order of work", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const count = fc.integer({ min: 1, max: 1000 });
  const kinds = [signed, unsigned, nothing, survived, broken];
  const mails = fc.array(
    fc.record({ kind: fc.constantFrom(...kinds), count }).map(({ kind, count }) => ({ ...kind, count })),
    { minLength: 1, maxLength: 4 },
  );
  const name = fc.option(
    fc.record({
      name: fc.constantFrom(
        "mail-x.google.com",
        "www1.sakura.ne.jp",
        "o1.sendgrid.net",
        "x.improvmx.com",
        "h.else.example",
      ),
      result: fc.constantFrom("pass" as const, "fail" as const, "permerror" as const),
      listed: fc.constantFrom([], ["bl.example"]),
    }),
    { nil: undefined },
  );
  const stranger = fc
    .record({ ip: fc.constantFrom("203.0.113.1", "2001:db8::1"), mails, name, share })
    .map(({ name, ...rest }) => groupOf({ ...rest, ...(name !== undefined && { name }) }));

  function groupOf(sample: FactsSample): SourceGroup {
    return groupSource(sourceFacts(sample), site);
  }

  test("own hosts that SPF names and that do not sign come before every stranger", () => {
    const first = groupOf({ ip: "192.0.2.70", mails: [unsigned] });
    fc.assert(
      fc.property(stranger, (other) => {
        expect(first.rank).toBeLessThan(other.rank);
        expect(other.own).toBe(false);
      }),
    );
  });

  test("what lies in our networks or is named as ours is nobody else's, and no receiver alone makes a forger", () => {
    const disposition = fc.constantFrom("none", "quarantine", "reject");
    const places = [
      { ip: "192.0.2.5" },
      { ip: "192.0.2.70" },
      { ip: "203.0.113.1", name: { name: "mx.univ.example" } },
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        mails,
        disposition,
        share,
        (place, kinds, disposition, share) => {
          const refused = kinds.map((mail) => ({ ...mail, disposition }));
          const ours = groupOf({ ...place, mails: refused, share });
          expect(["own", "own-unknown"]).toContain(ours.group);
          const named = groupOf({ mails: refused, share, name: { name: "mail.else.example" } });
          expect(named.group).not.toBe("spoofed");
          expect(named.own).toBe(false);
        },
      ),
    );
  });

  test("what is on a blocklist comes last, unless it is ours", () => {
    fc.assert(
      fc.property(mails, (mails) => {
        const listed = { name: { result: "permerror", listed: ["bl.example"] } } as const;
        expect(groupOf({ mails, ...listed }).rank).toBe(Math.max(...Object.values(ranks)));
        expect(groupOf({ ip: "192.0.2.70", mails, ...listed }).rank).toBeLessThanOrEqual(ranks.works);
      }),
    );
  });

  test("every source has a reason, and forwarders and rented servers come after all that can be mended", () => {
    fc.assert(
      fc.property(stranger, ({ group, reasons, rank }) => {
        expect(reasons.length).toBeGreaterThan(0);
        if (group === "forwarder" || group === "hosting" || group === "spoofed")
          expect(rank).toBeGreaterThan(ranks.list);
      }),
    );
  });
});
