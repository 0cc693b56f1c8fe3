import type { ZoneCase } from "../check-zones.ts";

const spf = 'example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"';
const hosts = `mx1.example.jp. A 192.0.2.1
mx1.example.jp. AAAA 2001:db8::1
mx2.example.jp. A 198.51.100.1
mx2.example.jp. AAAA 2001:db8:1::1
${spf}`;
const good = `example.jp. MX 10 mx1.example.jp.
example.jp. MX 20 mx2.example.jp.
${hosts}`;

export const mxCases: readonly ZoneCase[] = [
  {
    id: "mx.none-implicit",
    about: "sender",
    zone: `example.jp. A 192.0.2.1\n${spf}`,
    silent: `example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1\n${spf}`,
    params: { addresses: ["192.0.2.1"] },
  },
  {
    id: "mx.none-implicit",
    about: "parked",
    zone: 'example.jp. A 192.0.2.1\nexample.jp. TXT "v=spf1 -all"',
    args: ["--profile", "parked"],
    silent: "change",
  },
  {
    id: "mx.none-implicit",
    about: "parked by guess, so that nothing is to be published",
    zone: 'example.jp. A 192.0.2.1\nexample.jp. TXT "v=spf1 -all"',
    silent: 'example.jp. A 192.0.2.1\nexample.jp. MX 0 .\nexample.jp. TXT "v=spf1 -all"',
  },
  { id: "mx.null", zone: "example.jp. MX 0 .", silent: good },
  { id: "mx.null-mixed", zone: `example.jp. MX 0 .\n${good}`, silent: "change" },
  {
    id: "mx.null-sender",
    zone: `example.jp. MX 0 .\n${spf}`,
    silent: 'example.jp. MX 0 .\nexample.jp. TXT "v=spf1 -all"',
  },
  { id: "mx.null-bad-form", about: "preference", zone: "example.jp. MX 10 .", silent: "change" },
  { id: "mx.null-bad-form", about: "0. without the blank", zone: "example.jp. MX 10 0.", silent: "change" },
  {
    // Section A, row 22.
    id: "mx.ip-literal",
    zone: `$ORIGIN example.jp.\n@ 300 IN MX 10 192.0.2.7.\n@ 300 IN MX 20 mx1\n${hosts}`,
    silent: "change",
    params: { address: "192.0.2.7" },
  },
  {
    id: "mx.ip-literal",
    about: "with the zone's name appended",
    zone: `$ORIGIN example.jp.\n@ IN MX 10 192.0.2.7\n${hosts}`,
    silent: "change",
    params: { mx: "192.0.2.7.example.jp", address: "192.0.2.7" },
  },
  {
    id: "mx.cname",
    zone: `example.jp. MX 10 mail.example.jp.\nmail.example.jp. CNAME mx1.example.jp.\n${hosts}`,
    silent: "change",
    params: { target: "mx1.example.jp" },
  },
  {
    id: "mx.no-address",
    zone: `${good}\nexample.jp. MX 30 mx3.example.jp.\nmx3.example.jp. TXT "gone"`,
    silent: "change",
    params: { mx: "mx3.example.jp", others: 2 },
  },
  {
    // Section A, row 23: a fourth host with the wrong parent domain.
    id: "mx.nxdomain",
    zone: `$ORIGIN .\n${good}\nexample.jp. MX 30 feedback-smtp.bounces.example.net.`,
    silent: "change",
    params: { mx: "feedback-smtp.bounces.example.net", others: 2 },
  },
  {
    id: "mx.nxdomain",
    about: "the only one",
    zone: `example.jp. MX 10 mx9.example.jp.\n${hosts}`,
    silent: good,
    params: { others: 0 },
  },
  {
    id: "mx.special-address",
    zone: "example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.168.1.10",
    silent: good,
    params: { addresses: ["192.168.1.10"] },
  },
  { id: "mx.localhost", zone: "example.jp. MX 10 localhost.\nlocalhost. A 127.0.0.1", silent: "change" },
  {
    id: "mx.trailing-dot",
    zone: `$ORIGIN example.jp.\n@ IN MX 10 mx1.example.jp\n${hosts}`,
    silent: "change",
    params: { mx: "mx1.example.jp.example.jp", meant: "mx1.example.jp" },
  },
  {
    id: "mx.duplicate",
    zone: `${good}\nexample.jp. MX 30 mx1.example.jp.`,
    silent: "change",
    params: { preferences: [10, 30] },
  },
  {
    id: "mx.same-address",
    zone: `${good}\nexample.jp. MX 30 mx3.example.jp.\nmx3.example.jp. A 192.0.2.1`,
    silent: good,
    params: { address: "192.0.2.1", hosts: ["mx1.example.jp", "mx3.example.jp"] },
  },
  {
    id: "mx.single-homed",
    zone: `example.jp. MX 10 mx1.example.jp.\n${hosts}`,
    silent: good,
    params: { networks: ["192.0.2.0/24", "2001:db8::/48"] },
  },
  {
    id: "mx.v6-missing",
    zone: "example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1",
    silent: good,
  },
  {
    id: "mx.foreign",
    zone: "example.jp. MX 10 mx.provider.example.\nmx.provider.example. A 192.0.2.1",
    silent: good,
    params: { hosts: ["mx.provider.example"], listed: false },
  },
  {
    id: "mx.foreign",
    about: "not on the list",
    zone: good,
    args: ["--mx", "mx1.example.jp"],
    silent: good,
    silentArgs: ["--mx", "*.example.jp"],
    params: { hosts: ["mx2.example.jp"], listed: true },
  },
];
