import type { ZoneCase } from "../check-zones.ts";

const zone = (...lines: readonly string[]): string =>
  [
    "example.jp. MX 10 mx.example.jp.",
    'example.jp. TXT "v=spf1 mx -all"',
    "mx.example.jp. A 192.0.2.1",
    ...lines,
    "",
  ].join("\n");
const rpt = (text: string): string => `_smtp._tls.example.jp. TXT "${text}"`;
const good = "v=TLSRPTv1; rua=mailto:tls@example.jp";

export const rptCases: readonly ZoneCase[] = [
  { id: "rpt.missing", zone: zone(), silent: "change" },
  {
    id: "rpt.multiple",
    zone: zone(rpt(good), rpt("v=TLSRPTv1; rua=mailto:b@example.jp")),
    silent: "change",
    params: { count: 2 },
  },
  ...(
    [
      ["version", "v=tlsrptv1; rua=mailto:tls@example.jp", "version"],
      ["no semicolon", "v=TLSRPTv1 rua=mailto:tls@example.jp", "separator"],
      ["no rua", "v=TLSRPTv1;", "no-rua"],
      ["rua twice", `${good}; rua=mailto:b@example.jp`, "rua-twice"],
      ["no pair", `${good}; hello`, "field"],
    ] as const
  ).map(
    ([about, text, fault]): ZoneCase => ({
      id: "rpt.syntax",
      about,
      zone: zone(rpt(text)),
      silent: fault === "no-rua" ? zone(rpt(good)) : "change",
      params: { fault },
    }),
  ),
  ...(
    [
      ["no mailto:", "tls@example.jp", "no-scheme", "change"],
      ["slashes", "mailto://tls@example.jp", "slashes", "change"],
      ["blank", "mailto: tls@example.jp", "character", "change"],
      ["another scheme", "http://example.jp/tls", "scheme", ""],
      ["no address", "mailto:tls", "address", ""],
      ["nothing", "", "empty", ""],
      ["null MX", "mailto:tls@closed.example.jp", "null-mx", ""],
      ["no such host", "https://gone.example.jp/tls", "no-such-name", ""],
      ["no address record", "https://text.example.jp/tls", "no-address", ""],
    ] as const
  ).map(
    ([about, uri, fault, silent]): ZoneCase => ({
      id: "rpt.rua",
      about,
      zone: zone(rpt(`v=TLSRPTv1; rua=${uri}`), "closed.example.jp. MX 0 .", 'text.example.jp. TXT "x"'),
      silent: silent === "change" ? silent : zone(rpt(good)),
      params: { fault },
    }),
  ),
  {
    id: "rpt.rua-behind-broken-tls",
    zone: zone(rpt(good)),
    silent: zone(rpt(`${good},https://example.jp/tls`), "example.jp. A 192.0.2.1"),
  },
];
