import type { ZoneCase } from "../check-zones.ts";

const host = `example.jp. MX 10 mail.example.jp.
mail.example.jp. A 192.0.2.25
example.jp. TXT "v=spf1 ip4:192.0.2.25 -all"`;
const good = `${host}\n25.2.0.192.in-addr.arpa. PTR mail.example.jp.`;
const client = ["--client", "192.0.2.25"];
const withHelo = [...client, "--helo", "mail.example.jp"];

const list = `2.0.0.127.bl.example. A 127.0.0.2
25.2.0.192.bl.example. A 127.0.0.4
25.2.0.192.bl.example. TXT "see https://bl.example/192.0.2.25"`;

export const addressCases: readonly ZoneCase[] = [
  { id: "ptr.missing", zone: `$ORIGIN .\n${host}`, args: client, silent: "change", params: { sends: true } },
  {
    id: "ptr.missing",
    about: "of an MX host",
    zone: `${host}\n1.2.0.192.in-addr.arpa. PTR other.example.jp.`,
    silent: "change",
    params: { sends: false },
  },
  {
    // Section A, row 18.
    id: "ptr.unconfirmed",
    zone: `${host}\n25.2.0.192.in-addr.arpa. PTR out.example.jp.`,
    args: client,
    silent: "change",
    params: { names: ["out.example.jp"] },
  },
  {
    id: "ptr.generic",
    zone: `${host}\n25.2.0.192.in-addr.arpa. PTR 192-0-2-25.dynamic.provider.example.\n192-0-2-25.dynamic.provider.example. A 192.0.2.25`,
    args: client,
    silent: good,
  },
  {
    id: "ptr.multiple",
    zone: `${good}\n25.2.0.192.in-addr.arpa. PTR www.example.jp.\nwww.example.jp. A 192.0.2.25`,
    args: withHelo,
    silent: "change",
    params: { names: ["mail.example.jp", "www.example.jp"] },
  },
  {
    id: "ptr.delegation",
    zone: `${host}\n25.2.0.192.in-addr.arpa. CNAME 25.0/25.2.0.192.in-addr.arpa.`,
    args: client,
    silent: "change",
    params: { target: "25.0/25.2.0.192.in-addr.arpa" },
  },
  {
    id: "helo.name",
    about: "unresolvable",
    zone: good,
    args: [...client, "--helo", "smtp.example.jp"],
    silent: "change",
    params: { problem: "unresolvable" },
  },
  ...(
    [
      ["no-dot", "mailserver"],
      ["address", "192.0.2.25"],
      ["address", "[192.0.2.25]"],
      ["localhost", "localhost.localdomain"],
      ["no-name", "mail_server.example.jp"],
    ] as const
  ).map(
    ([problem, name]): ZoneCase => ({
      id: "helo.name",
      about: `${problem} ${name}`,
      zone: good,
      args: ["--helo", name],
      silent: good,
      silentArgs: ["--helo", "mail.example.jp"],
      params: { name, problem },
    }),
  ),
  {
    id: "helo.name",
    about: "loopback",
    zone: `${good}\nsmtp.example.jp. A 127.0.0.1`,
    args: ["--helo", "smtp.example.jp"],
    silent: good,
    silentArgs: ["--helo", "mail.example.jp"],
    params: { problem: "loopback" },
  },
  {
    id: "ip.listed",
    zone: `${good}\n${list}`,
    args: [...client, "--blocklist", "bl.example"],
    silent: `${good}\n2.0.0.127.bl.example. A 127.0.0.2`,
    params: { ip: "192.0.2.25", codes: ["127.0.0.4"], reason: "see https://bl.example/192.0.2.25" },
  },
  {
    id: "ip.listed",
    about: "off by default",
    zone: `${good}\n${list}`,
    args: [...client, "--blocklist", "bl.example"],
    silent: `${good}\n${list}`,
    silentArgs: client,
  },
  {
    id: "ip.list-unusable",
    about: "lists everything",
    zone: `${good}\n*.bl.example. A 127.0.0.2`,
    args: [...client, "--blocklist", "bl.example"],
    silent: `${good}\n${list}`,
  },
  {
    id: "ip.list-unusable",
    about: "refuses the resolver",
    zone: `${good}\n*.bl.example. A 127.255.255.254`,
    args: [...client, "--blocklist", "bl.example"],
    silent: `${good}\n${list}`,
  },
];
