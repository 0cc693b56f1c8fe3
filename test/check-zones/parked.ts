import type { ZoneCase } from "../check-zones.ts";
import { rsaTestKey } from "../dkim-test-keys.ts";

const spf = 'example.jp. TXT "v=spf1 -all"';
const nullMx = "example.jp. MX 0 .";
const dmarc = '_dmarc.example.jp. TXT "v=DMARC1; p=reject"';
const wildcard = '*._domainkey.example.jp. TXT "v=DKIM1; p="';
const zone = (...lines: readonly string[]): string => [...lines, ""].join("\n");
const text = `v=DKIM1; p=${rsaTestKey(2048).publicText}`;
const args = ["--profile", "parked"];

/** Section A, rows 17 and 40. */
export const parkedCases: readonly ZoneCase[] = [
  { id: "parked.spf", about: "missing", zone: zone(nullMx, dmarc, wildcard), silent: "change" },
  {
    id: "parked.spf",
    about: "says something else",
    zone: zone('example.jp. TXT "v=spf1 ip4:192.0.2.1 ~all"', nullMx, dmarc, wildcard),
    args,
    silent: "change",
    params: { found: "v=spf1 ip4:192.0.2.1 ~all" },
  },
  { id: "parked.dmarc", about: "missing", zone: zone(spf, nullMx, wildcard), silent: "change" },
  {
    id: "parked.dmarc",
    about: "too weak",
    zone: zone(spf, nullMx, wildcard, '_dmarc.example.jp. TXT "v=DMARC1; p=none; sp=none"'),
    silent: "change",
    params: { policy: "none" },
  },
  {
    id: "parked.dmarc",
    about: "of the domain above",
    domain: "unused.example.jp",
    zone: zone(
      'unused.example.jp. TXT "v=spf1 -all"',
      "unused.example.jp. MX 0 .",
      '_dmarc.example.jp. TXT "v=DMARC1; p=reject; sp=quarantine; rua=mailto:dmarc@example.jp"',
      "example.jp. MX 10 mx.example.jp.",
      "mx.example.jp. A 192.0.2.1",
    ),
    silent: "change",
    params: { policy: "quarantine" },
  },
  { id: "parked.null-mx", about: "no MX", zone: zone(spf, dmarc, wildcard), silent: "change" },
  {
    id: "parked.null-mx",
    about: "an MX",
    zone: zone(spf, dmarc, wildcard, "example.jp. MX 10 mx.example.jp.", "mx.example.jp. A 192.0.2.1"),
    args,
    silent: "change",
    params: { exchanges: ["mx.example.jp"] },
  },
  {
    id: "parked.no-dkim",
    zone: zone(
      spf,
      dmarc,
      nullMx,
      wildcard,
      `s1._domainkey.example.jp. TXT "${text.slice(0, 250)}" "${text.slice(250)}"`,
    ),
    silent: "change",
    params: { name: "s1._domainkey.example.jp" },
  },
];
