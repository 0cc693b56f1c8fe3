import type { ZoneCase } from "../check-zones.ts";

const zone = (...lines: readonly string[]): string =>
  [
    "example.jp. MX 10 mx.example.jp.",
    'example.jp. TXT "v=spf1 mx -all"',
    "mx.example.jp. A 192.0.2.1",
    ...lines,
    "",
  ].join("\n");
const rpt = '_smtp._tls.example.jp. TXT "v=TLSRPTv1; rua=mailto:tls@example.jp"';
const sts = (text: string): string => `_mta-sts.example.jp. TXT "${text}"`;
const good = "v=STSv1; id=20260101000000Z;";

const ofText: readonly (readonly [id: ZoneCase["id"], about: string, text: string, fault: string])[] = [
  ["sts.txt-syntax", "version", "v=stsv1; id=1", "version"],
  ["sts.txt-syntax", "no semicolon", "v=STSv1 id=1", "separator"],
  ["sts.txt-syntax", "no pair", "v=STSv1; id=1; hello", "field"],
  ["sts.txt-syntax", "blanks", "v=STSv1; id = 1", "field"],
  ["sts.txt-syntax", "value", "v=STSv1; id=1; x=a b", "value"],
  ["sts.txt-id", "missing", "v=STSv1;", "missing"],
  ["sts.txt-id", "hyphens", "v=STSv1; id=2026-01-01", "character"],
  ["sts.txt-id", "too long", `v=STSv1; id=${"1".repeat(33)}`, "too-long"],
  ["sts.txt-id", "twice", "v=STSv1; id=1; id=2", "twice"],
];

/** Section A, row 53, as far as DNS shows it. */
export const stsCases: readonly ZoneCase[] = [
  { id: "sts.absent", zone: zone(), silent: zone(sts(good), rpt) },
  {
    id: "sts.txt-multiple",
    zone: zone(rpt, sts(good), sts("v=STSv1; id=20250101000000Z")),
    silent: "change",
    params: { count: 2 },
  },
  ...ofText.map(
    ([id, about, text, fault]): ZoneCase => ({
      id,
      about,
      zone: zone(rpt, sts(text)),
      silent: "change",
      params: { fault },
    }),
  ),
  {
    id: "sts.remove-order",
    about: "only the host is there",
    zone: zone("mta-sts.example.jp. A 192.0.2.2"),
    silent: zone("mta-sts.example.jp. A 192.0.2.2", sts(good), rpt),
    params: { why: "host-left" },
  },
  { id: "sts.no-rpt", zone: zone(sts(good)), silent: "change" },
];
