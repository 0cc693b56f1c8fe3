import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NetworksConfig, SocketRole } from "../config/config.ts";
import { formatIp, type IpNetwork, parseNetwork } from "../core/ip.ts";
import { parseHead } from "../core/message/message.ts";
import { type ClientAddress, type ClientTrust, classifyClient } from "./classify-client.ts";

function network(text: string): IpNetwork & { text: string } {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new Error(text);
  return { ...parsed, text };
}

const networks: NetworksConfig = {
  submitters: ["127.0.0.0/8", "::1", "192.0.2.10", "198.51.100.0/24", "2001:db8:1::/48"].map(network),
  own: [
    { ...network("192.0.2.64/28"), name: "研究室A", contact: "lab-a@example.jp" },
    network("198.51.100.128/25"),
    network("192.0.2.20"),
    { ...network("2001:db8:1:2::/64"), name: "lab" },
  ],
  relays: [
    { ...network("192.0.2.20"), authservId: "gw.example.jp", receivedBy: [] },
    { ...network("192.0.2.30"), receivedBy: ["inner.example.jp"] },
    { ...network("192.0.2.10"), receivedBy: [] },
    { ...network("203.0.113.0/24"), receivedBy: ["edge.example.net"] },
  ],
};

interface Row {
  readonly name: string;
  readonly ip?: string;
  readonly client?: ClientAddress;
  readonly host?: string;
  readonly helo?: string;
  readonly role?: SocketRole;
  readonly macros?: Readonly<Record<string, string>>;
  /** The MTA sent no connect event. */
  readonly noConnect?: true;
  readonly received?: readonly string[];
}
/** "origin verify sign spfClient": `sign` or `-`, address or `-`. */
type Expected = string;

function classify(row: Row): ClientTrust {
  const client: ClientAddress = row.client ?? {
    family: row.ip?.includes(":") ? 6 : 4,
    address: row.ip ?? "",
    port: 4711,
  };
  return classifyClient(
    {
      socket: { role: row.role ?? "both", listen: "inet:127.0.0.1:8891" },
      connect: row.noConnect ? undefined : { hostname: row.host ?? "unknown", client },
      helo: row.helo,
      macros: new Map(Object.entries(row.macros ?? {})),
      ...(row.received !== undefined && { head: headOf(row.received) }),
    },
    networks,
  );
}

function headOf(received: readonly string[]): ReturnType<typeof parseHead> {
  const text = [...received.map((value) => `Received: ${value}`), "From: a@example.org"].join("\r\n");
  return parseHead(Buffer.from(`${text}\r\n`));
}

function summary(trust: ClientTrust): string {
  const spf = trust.spfClient === undefined ? "-" : formatIp(trust.spfClient.ip);
  return `${trust.origin} ${trust.verify} ${trust.maySign ? "sign" : "-"} ${spf}`;
}

const login = { auth_type: "PLAIN", auth_authen: "taro" };
const gwReceived =
  "from mail.test (rdns.test [203.0.112.9]) by gw.example.jp (Postfix) with ESMTP id 1; date";

const rows: readonly (Row & { readonly is: Expected; readonly why: string })[] = [
  // Strangers
  { name: "stranger", ip: "203.0.112.1", is: "stranger full - 203.0.112.1", why: "networks.none" },
  { name: "stranger, v6", ip: "2001:db8:9::1", is: "stranger full - 2001:db8:9::1", why: "networks.none" },
  {
    name: "stranger, mapped v4",
    ip: "::ffff:203.0.112.1",
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  {
    name: "stranger, as Sendmail writes v6",
    ip: "IPv6:2001:db8:9::1",
    is: "stranger full - 2001:db8:9::1",
    why: "networks.none",
  },
  {
    name: "stranger on a verify socket",
    ip: "203.0.112.1",
    role: "verify",
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  {
    name: "stranger on a sign socket",
    ip: "203.0.112.1",
    role: "sign",
    is: "stranger none sign -",
    why: "networks.none",
  },
  {
    name: "stranger who says HELO localhost",
    ip: "203.0.112.1",
    helo: "localhost",
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  {
    name: "stranger whose PTR says localhost",
    ip: "203.0.112.1",
    host: "localhost",
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  {
    name: "the same without a port",
    client: { family: 4, address: "203.0.112.1", port: 0 },
    host: "localhost",
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  {
    name: "stranger, auth_type empty",
    ip: "203.0.112.1",
    macros: { auth_type: "" },
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  {
    name: "a name alone is no login",
    ip: "203.0.112.1",
    macros: { auth_authen: "taro" },
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  { name: "unreadable address", ip: "nonsense", is: "stranger no-spf - -", why: "client.no-address" },
  {
    name: "zone index is no address of ours",
    ip: "fe80::1%eth0",
    is: "stranger no-spf - -",
    why: "client.no-address",
  },
  {
    name: "address that Postfix lost",
    client: { family: "unknown" },
    host: "unknown",
    is: "stranger no-spf - -",
    why: "client.no-address",
  },
  {
    name: "no connect event, macros",
    noConnect: true,
    macros: { client_addr: "203.0.112.1" },
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  { name: "no connect event, nothing", noConnect: true, is: "stranger no-spf - -", why: "client.no-address" },
  {
    name: "no connect event, name localhost",
    noConnect: true,
    macros: { client_name: "localhost" },
    is: "stranger no-spf - -",
    why: "client.no-address",
  },
  {
    name: "the connect event goes before the macro",
    ip: "203.0.112.1",
    macros: { client_addr: "127.0.0.1" },
    is: "stranger full - 203.0.112.1",
    why: "networks.none",
  },
  // Local
  { name: "unix client", client: { family: "unix" }, is: "local none sign -", why: "client.unix" },
  {
    name: "Sendmail's local submission",
    client: { family: "unknown" },
    host: "localhost",
    is: "local none sign -",
    why: "client.none",
  },
  {
    name: "Postfix's simulated session",
    client: { family: 4, address: "127.0.0.1", port: 0 },
    host: "localhost",
    is: "local none sign -",
    why: "client.simulated",
  },
  {
    name: "the same over v6",
    client: { family: 6, address: "::1", port: 0 },
    host: "localhost",
    is: "local none sign -",
    why: "client.simulated",
  },
  {
    name: "local on a verify socket",
    client: { family: "unix" },
    role: "verify",
    is: "local none - -",
    why: "client.unix",
  },
  {
    name: "local on a sign socket",
    client: { family: "unix" },
    role: "sign",
    is: "local none sign -",
    why: "client.unix",
  },
  {
    name: "loopback with a port is SMTP",
    ip: "127.0.0.1",
    host: "localhost",
    is: "submitter none sign -",
    why: "networks.submitters 127.0.0.0/8",
  },
  // Submitters
  {
    name: "submitter",
    ip: "198.51.100.5",
    is: "submitter none sign -",
    why: "networks.submitters 198.51.100.0/24",
  },
  {
    name: "submitter, mapped",
    ip: "::ffff:198.51.100.5",
    is: "submitter none sign -",
    why: "networks.submitters 198.51.100.0/24",
  },
  {
    name: "submitter, v6",
    ip: "2001:db8:1::9",
    is: "submitter none sign -",
    why: "networks.submitters 2001:db8:1::/48",
  },
  {
    name: "submitter, verify socket",
    ip: "198.51.100.5",
    role: "verify",
    is: "submitter none - -",
    why: "networks.submitters 198.51.100.0/24",
  },
  {
    name: "submitter, sign socket",
    ip: "198.51.100.5",
    role: "sign",
    is: "submitter none sign -",
    why: "networks.submitters 198.51.100.0/24",
  },
  {
    name: "login from anywhere",
    ip: "203.0.112.1",
    macros: login,
    is: "submitter none sign -",
    why: "auth.login",
  },
  {
    name: "login, verify socket",
    ip: "203.0.112.1",
    macros: login,
    role: "verify",
    is: "submitter none - -",
    why: "auth.login",
  },
  {
    name: "login, address unknown",
    client: { family: "unknown" },
    host: "unknown",
    macros: login,
    is: "submitter none sign -",
    why: "auth.login",
  },
  {
    name: "login from an own network",
    ip: "192.0.2.65",
    macros: login,
    is: "submitter none sign -",
    why: "auth.login",
  },
  {
    name: "login by certificate",
    ip: "203.0.112.1",
    macros: { auth_type: "EXTERNAL" },
    is: "submitter none sign -",
    why: "auth.login",
  },
  // Own
  { name: "own", ip: "192.0.2.65", is: "own full - 192.0.2.65", why: "networks.own 192.0.2.64/28 研究室A" },
  {
    name: "own, last address",
    ip: "192.0.2.79",
    is: "own full - 192.0.2.79",
    why: "networks.own 192.0.2.64/28 研究室A",
  },
  { name: "just outside own", ip: "192.0.2.80", is: "stranger full - 192.0.2.80", why: "networks.none" },
  {
    name: "own, verify socket",
    ip: "192.0.2.65",
    role: "verify",
    is: "own full - 192.0.2.65",
    why: "networks.own 192.0.2.64/28 研究室A",
  },
  {
    name: "own, sign socket",
    ip: "192.0.2.65",
    role: "sign",
    is: "own none sign -",
    why: "networks.own 192.0.2.64/28 研究室A",
  },
  // Overlaps
  {
    name: "own inside submitters: the longer prefix",
    ip: "198.51.100.129",
    is: "own full - 198.51.100.129",
    why: "networks.own 198.51.100.128/25",
  },
  {
    name: "own inside submitters, v6",
    ip: "2001:db8:1:2::1",
    is: "own full - 2001:db8:1:2::1",
    why: "networks.own 2001:db8:1:2::/64 lab",
  },
  {
    name: "relay and own alike: relay",
    ip: "192.0.2.20",
    is: "relay no-spf - -",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "submitter and relay alike: submitter",
    ip: "192.0.2.10",
    is: "submitter none sign -",
    why: "networks.submitters 192.0.2.10",
  },
  // Relays
  {
    name: "relay, head not known",
    ip: "192.0.2.20",
    is: "relay no-spf - -",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "relay by authserv-id",
    ip: "192.0.2.20",
    received: [gwReceived],
    is: "relay full - 203.0.112.9",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "relay without Received",
    ip: "192.0.2.20",
    received: [],
    is: "relay no-spf - -",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "relay, another's name after by",
    ip: "192.0.2.30",
    received: [gwReceived],
    is: "relay no-spf - -",
    why: "networks.relays 192.0.2.30",
  },
  {
    name: "relay by received_by",
    ip: "192.0.2.30",
    received: [gwReceived.replace("gw.example.jp", "INNER.example.jp")],
    is: "relay full - 203.0.112.9",
    why: "networks.relays 192.0.2.30",
  },
  {
    name: "relay by its host name",
    ip: "192.0.2.30",
    host: "gw.example.jp",
    received: [gwReceived],
    is: "relay full - 203.0.112.9",
    why: "networks.relays 192.0.2.30",
  },
  {
    name: "relay by its HELO",
    ip: "192.0.2.30",
    helo: "gw.example.jp",
    received: [gwReceived],
    is: "relay full - 203.0.112.9",
    why: "networks.relays 192.0.2.30",
  },
  {
    name: "relay that logs in stays a relay",
    ip: "192.0.2.20",
    macros: login,
    received: [gwReceived],
    is: "relay full - 203.0.112.9",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "relay, sign socket",
    ip: "192.0.2.20",
    role: "sign",
    received: [gwReceived],
    is: "relay none sign -",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "relay made the message itself",
    ip: "192.0.2.20",
    received: ["by gw.example.jp (Postfix, from userid 0) id 1; date"],
    is: "relay none - -",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "our user behind the relay",
    ip: "192.0.2.20",
    received: [gwReceived.replace("203.0.112.9", "198.51.100.5")],
    is: "relay none - -",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "an own server behind the relay",
    ip: "192.0.2.20",
    received: [gwReceived.replace("203.0.112.9", "192.0.2.65")],
    is: "relay full - 192.0.2.65",
    why: "networks.relays 192.0.2.20",
  },
  {
    name: "relay behind a relay",
    ip: "192.0.2.20",
    received: [
      gwReceived.replace("203.0.112.9", "203.0.113.7"),
      "from x.test (y.test [192.0.0.8]) by edge.example.net with ESMTP; date",
    ],
    is: "relay full - 192.0.0.8",
    why: "networks.relays 192.0.2.20",
  },
];

describe("classifyClient", () => {
  test.each(rows)("$name", ({ is, why, ...row }) => {
    const trust = classify(row);
    expect(summary(trust)).toBe(is);
    expect(trust.why[0]).toBe(why);
  });

  test("own names its owner", () => {
    expect(classify({ name: "", ip: "192.0.2.65" }).network).toEqual({
      text: "192.0.2.64/28",
      name: "研究室A",
      contact: "lab-a@example.jp",
    });
  });

  test("only a relay whose authserv-id is known is believed", () => {
    const believed = ["192.0.2.20", "192.0.2.30", "198.51.100.5", "192.0.2.65", "203.0.112.1"].filter(
      (ip) => classify({ name: "", ip }).mayTrustAuthres,
    );
    expect(believed).toEqual(["192.0.2.20"]);
    expect(classify({ name: "", ip: "192.0.2.20" }).trustedAuthservId).toBe("gw.example.jp");
  });

  test.each([
    {
      name: "login from a relay",
      row: { ip: "192.0.2.20", macros: login, received: [gwReceived] },
      why: ["networks.relays 192.0.2.20", "auth.relay", "relay.received 203.0.112.9"],
    },
    {
      name: "foreign by",
      row: { ip: "192.0.2.30", received: [gwReceived] },
      why: ["networks.relays 192.0.2.30", "relay.unknown-by gw.example.jp"],
    },
    {
      name: "submitter",
      row: { ip: "198.51.100.5" },
      why: ["networks.submitters 198.51.100.0/24", "unverified.submitter", "sign.submitter"],
    },
    {
      name: "user behind a relay",
      row: { ip: "192.0.2.20", received: [gwReceived.replace("203.0.112.9", "198.51.100.5")] },
      why: ["networks.relays 192.0.2.20", "relay.submitter 198.51.100.5"],
    },
    {
      name: "sign socket",
      row: { ip: "203.0.112.1", role: "sign" as const },
      why: ["networks.none", "socket.sign", "sign.socket"],
    },
  ])("why: $name", ({ row, why }) => expect(classify({ name: "", ...row }).why).toEqual(why));

  test("property: spfClient is there exactly when verify is full; verify sockets never sign, own and relays only on sign sockets", () => {
    const ip = fc.constantFrom(
      "203.0.112.1",
      "192.0.2.20",
      "192.0.2.65",
      "198.51.100.5",
      "127.0.0.1",
      "x",
      "::1",
    );
    const role = fc.constantFrom<SocketRole>("verify", "sign", "both");
    const auth = fc.constantFrom("", "PLAIN");
    const received = fc.array(fc.oneof(fc.string(), fc.constant(gwReceived)), { maxLength: 4 });
    fc.assert(
      fc.property(ip, role, auth, received, (address, socketRole, type, fields) => {
        const clean = fields.map((field) => field.replaceAll(/[\r\n]/g, " "));
        const trust = classify({
          name: "",
          ip: address,
          role: socketRole,
          macros: { auth_type: type },
          received: clean,
        });
        expect(trust.spfClient !== undefined).toBe(trust.verify === "full");
        if (socketRole === "verify") expect(trust.maySign).toBe(false);
        if (socketRole !== "sign" && ["own", "relay", "stranger"].includes(trust.origin))
          expect(trust.maySign).toBe(false);
      }),
    );
  });
});
