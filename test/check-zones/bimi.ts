import type { ZoneCase } from "../check-zones.ts";

const mail = `example.jp. MX 10 mx.example.jp.
example.jp. TXT "v=spf1 mx -all"
mx.example.jp. A 192.0.2.1`;
const dmarc = (text: string, domain = "example.jp"): string =>
  `_dmarc.${domain}. TXT "v=DMARC1; ${text}; rua=mailto:dmarc@example.jp"`;
const zone = (...lines: readonly string[]): string => [mail, ...lines, ""].join("\n");
const bimi = (text: string, name = "default._bimi.example.jp"): string => `${name}. TXT "${text}"`;
const good = "v=BIMI1; l=https://example.jp/logo.svg; a=https://example.jp/mark.pem";
const reject = dmarc("p=reject");

export const bimiCases: readonly ZoneCase[] = [
  {
    id: "bimi.record",
    about: "missing",
    zone: zone(reject),
    silent: zone(reject, bimi(good)),
    params: { fault: "missing" },
  },
  {
    id: "bimi.record",
    about: "two good ones",
    zone: zone(reject, bimi(good), bimi("v=BIMI1; l=https://example.jp/b.svg")),
    silent: zone(reject, bimi(good)),
    params: { fault: "several", count: 2 },
  },
  {
    id: "bimi.record",
    about: "one of two is good",
    zone: zone(reject, bimi(good), bimi("v=BIMI1; l=example.jp/b.svg")),
    silent: "change",
    params: { fault: "several" },
  },
  {
    id: "bimi.record",
    about: "wrong place",
    zone: zone(reject, bimi(good, "_bimi.example.jp")),
    silent: "change",
    params: { fault: "wrong-place", found: "_bimi.example.jp" },
  },
  ...(
    [
      ["record-syntax", "v=BIMI1; l=https://example.jp/logo.svg; l=x"],
      ["location-missing", "v=BIMI1; a=https://example.jp/mark.pem"],
      ["location-not-https", "v=BIMI1; l=http://example.jp/logo.svg"],
      ["location-format", "v=BIMI1; l=https://example.jp/logo.png"],
      ["authority-not-https", "v=BIMI1; l=https://example.jp/logo.svg; a=example.jp/mark.pem"],
    ] as const
  ).map(
    ([fault, text]): ZoneCase => ({
      id: "bimi.record",
      about: fault,
      zone: zone(reject, bimi(text)),
      silent: zone(reject, bimi(good)),
      params: { fault },
    }),
  ),
  ...(
    [
      ["policy-none", [dmarc("p=none")]],
      ["subdomain-policy-none", [dmarc("p=reject; sp=none")]],
      ["policy-partial", [dmarc("p=quarantine; pct=50")]],
      ["policy-partial", [dmarc("p=quarantine; t=y")]],
      ["no-policy", []],
    ] as const
  ).map(
    ([gap, lines]): ZoneCase => ({
      id: "bimi.dmarc",
      about: `${gap} ${lines[0] ?? ""}`,
      zone: zone(...lines, bimi(good)),
      silent: zone(reject, bimi(good)),
      params: { gap },
    }),
  ),
  {
    id: "bimi.dmarc",
    about: "of the organization",
    domain: "sub.example.jp",
    zone: zone(
      dmarc("p=none"),
      dmarc("p=reject", "sub.example.jp"),
      bimi(good, "default._bimi.sub.example.jp"),
    ),
    silent: zone(reject, dmarc("p=reject", "sub.example.jp"), bimi(good, "default._bimi.sub.example.jp")),
    params: { name: "_dmarc.example.jp", gap: "policy-none" },
  },
];
