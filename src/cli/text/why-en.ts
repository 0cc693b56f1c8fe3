import type { WhyText } from "./why.ts";

export const whyEn: WhyText = {
  "client.unix": () => "the mail was handed over on this host, not over the network",
  "client.simulated": () => "the mail comes from a program on this host (sendmail command)",
  "client.none": () => "the mail comes from a program on this host, without a network client",
  "client.no-address": () => "the MTA did not tell the client's address",
  "auth.login": () => "the client logged in (SMTP AUTH)",
  "auth.relay": () => "it logged in too, but a relay stays a relay",
  "networks.none": () => "its address is in none of our networks",
  "networks.submitters": (network) => `its address is in networks.submitters (${network})`,
  "networks.relays": (network) => `its address is in networks.relays (${network})`,
  "networks.own": (network) => `its address is in networks.own (${network})`,
  "socket.sign": () => "the socket only signs, so nothing is verified",
  "unverified.local": () => "not verified: the mail comes from this host",
  "unverified.submitter": () => "not verified: it is our own users' mail",
  "spf.no-address": () => "SPF and iprev left out: the client's address is not known",
  "relay.no-head": () => "the client before the relay is not known yet, so SPF and iprev are left out",
  "relay.received": (address) => `the relay's Received field names the client before it: ${address}`,
  "relay.submitter": (address) =>
    `the client before the relay, ${address}, is one of our submitters: not verified`,
  "relay.local": () => "not verified: the mail began on the relay itself",
  "relay.no-received": () => "the relay wrote no Received field: SPF and iprev left out",
  "relay.syntax": () => "the relay's Received field cannot be read: SPF and iprev left out",
  "relay.no-address": () => "the relay's Received field has no address: SPF and iprev left out",
  "relay.ambiguous-address": () =>
    "the relay's Received field has more than one address: SPF and iprev left out",
  "relay.too-many-hops": () => "more relays in a row than are followed: SPF and iprev left out",
  "relay.unknown-by": (name) =>
    `the topmost Received field was written by ${name}, which is no name of the relay: SPF and iprev left out`,
  "sign.socket": () => "may sign: the socket is for signing",
  "sign.submitter": () => "may sign",
  "sign.local": () => "may sign",
  "lists.socket": (name) => `it came by the socket of the list host ${name} (lists.hosts)`,
  "lists.network": (name) => `it came from the list host ${name} (lists.hosts)`,
  "lists.list-id": (name) => `it has the List-Id of ${name} (lists.hosts)`,
};
