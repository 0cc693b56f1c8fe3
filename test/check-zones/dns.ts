import type { ZoneCase } from "../check-zones.ts";

const soa = (minimum: number, ttl = 3600): string =>
  `example.jp. ${ttl} SOA ns1.example.jp. root.example.jp. 1 7200 3600 1209600 ${minimum}`;
const mail = `example.jp. 3600 MX 10 mx.example.jp.
example.jp. 3600 TXT "v=spf1 mx -all"
_dmarc.example.jp. 3600 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"
mx.example.jp. 3600 A 192.0.2.1
mx.example.jp. 3600 TXT "v=spf1 a -all"`;
const good = `${soa(3600)}\n${mail}`;
const faulty = (line: string): string => `$ORIGIN example.jp.\n$TTL 3600\n${line}\n`;

/** The fault, a zone with it, the same without. */
const faults: readonly (readonly [fault: string, about: string, line: string, silent: string])[] = [
  // Section A, row 14.
  ["two-types", "IN A TXT", '@ IN A TXT "v=spf1 -all"', '@ IN TXT "v=spf1 -all"'],
  ["missing-dot", "MX", "@ MX 10 mx.example.jp\nmx A 192.0.2.1", "@ MX 10 mx.example.jp.\nmx A 192.0.2.1"],
  ["missing-dot", "name of somebody else", "@ MX 10 aspmx.l.google.com", "@ MX 10 aspmx.l.google.com."],
  ["missing-dot", "owner", 'example.jp TXT "v=spf1 -all"', 'example.jp. TXT "v=spf1 -all"'],
  [
    "parenthesis",
    "not closed",
    '@ TXT ( "v=spf1"\n " -all"\nwww A 192.0.2.1',
    '@ TXT ( "v=spf1"\n " -all" )\nwww A 192.0.2.1',
  ],
  ["parenthesis", "not opened", '@ TXT "v=spf1 -all" )', '@ TXT "v=spf1 -all"'],
  ["quote", "not closed", '@ TXT "v=spf1 -all', '@ TXT "v=spf1 -all"'],
  ["semicolon", "DMARC", "_dmarc TXT v=DMARC1; p=reject", "change"],
  ["semicolon", "DKIM", "s1._domainkey TXT v=DKIM1; k=rsa; p=MIIB", "change"],
  [
    "semicolon",
    "with a remark behind",
    "_dmarc TXT v=DMARC1; p=reject ; since May",
    '_dmarc TXT "v=DMARC1; p=reject"',
  ],
  ["unquoted-blank", "SPF", "@ TXT v=spf1 mx -all", "change"],
  ["unquoted-blank", "other text", "@ TXT MS=ms1 23", '@ TXT "MS=ms1 23"'],
  ["string-too-long", "other text", `@ TXT "${"x".repeat(256)}"`, `@ TXT "${"x".repeat(255)}" "x"`],
  ["include", "missing file", "$INCLUDE nowhere.zone\n@ A 192.0.2.1", "@ A 192.0.2.1"],
  ["syntax", "no type", "@ IN TXTT x\n@ A 192.0.2.1", "@ A 192.0.2.1"],
];

export const dnsCases: readonly ZoneCase[] = [
  ...faults.map(
    ([fault, about, line, silent]): ZoneCase => ({
      id: "dns.zone-syntax",
      about: `${fault}: ${about}`,
      zone: faulty(line),
      silent: silent === "change" ? silent : faulty(silent),
      params: { fault, line: 3 },
    }),
  ),
  {
    id: "dns.zone-syntax",
    about: "in an included file",
    zone: "$ORIGIN example.jp.\n$INCLUDE mail.zone\n@ A 192.0.2.1",
    files: { "mail.zone": '; mail\n@ IN A TXT "v=spf1 -all"\n' },
    silent: '$ORIGIN example.jp.\n@ IN TXT "v=spf1 -all"\n@ A 192.0.2.1',
    params: { file: "mail.zone", line: 2, fault: "two-types" },
  },
  {
    id: "dns.nxdomain-vs-nodata-vs-servfail",
    zone: `${soa(3600)}\nexample.jp. A 192.0.2.1`,
    domain: "gone.example.jp",
    silent: `${soa(3600)}\ngone.example.jp. A 192.0.2.1`,
    params: { servfail: [] },
  },
  {
    id: "dns.cname-and-other",
    zone: `${good}\nwww.example.jp. CNAME mx.example.jp.\nwww.example.jp. TXT "v=spf1 -all"`,
    silent: `${good}\nwww.example.jp. CNAME mx.example.jp.`,
    params: { types: ["TXT"] },
  },
  {
    id: "dns.wildcard-txt",
    zone: `${good}\n*.example.jp. TXT "site-verification=1"`,
    silent: `${good}\n*.example.jp. TXT "v=spf1 -all"`,
    params: { wildcard: "*.example.jp" },
  },
  {
    // Section A, row 19.
    id: "dns.ttl-high",
    zone: good.replace("example.jp. 3600 TXT", "example.jp. 86400 TXT"),
    silent: good,
    params: { records: ["example.jp TXT"], ttl: 86_400 },
  },
  {
    id: "dns.ttl-low",
    zone: good.replace("3600 MX", "300 MX"),
    silent: good,
    params: { records: ["example.jp MX"], ttl: 300 },
  },
  { id: "dns.negative-ttl", zone: `${soa(86_400, 86_400)}\n${mail}`, silent: good, params: { ttl: 86_400 } },
  {
    id: "dns.new-domain",
    zone: good,
    args: ["--profile", "new"],
    silent: good,
    silentArgs: ["--profile", "sender"],
  },
  {
    id: "sub.uncovered",
    zone: `${soa(3600)}\nexample.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1\nexample.jp. TXT "v=spf1 mx -all"`,
    silent: good,
    params: { names: ["mx.example.jp"] },
  },
  {
    id: "sub.uncovered",
    about: "by a wildcard",
    zone: `${soa(3600)}\n*.example.jp. A 192.0.2.80`,
    silent: `${soa(3600)}\n*.example.jp. A 192.0.2.80\n*.example.jp. TXT "v=spf1 -all"`,
    params: { names: ["*.example.jp"] },
  },
];
