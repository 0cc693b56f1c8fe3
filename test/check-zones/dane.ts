import type { ZoneCase } from "../check-zones.ts";

const zone = (...lines: readonly string[]): string =>
  [
    "example.jp. MX 10 mx1.example.jp.",
    "example.jp. MX 20 mx2.example.jp.",
    'example.jp. TXT "v=spf1 mx -all"',
    "mx1.example.jp. A 192.0.2.1",
    "mx2.example.jp. A 198.51.100.1",
    ...lines,
    "",
  ].join("\n");
const digest = "0123456789abcdef".repeat(4);
const tlsa = (host: string, data: string): string => `_25._tcp.${host}. TLSA ${data}`;
const second = tlsa("mx2.example.jp", `3 1 1 ${digest}`);
const good = [tlsa("mx1.example.jp", `3 1 1 ${digest}`), second];

export const daneCases: readonly ZoneCase[] = [
  {
    id: "dane.none",
    zone: zone(),
    silent: zone(...good),
    params: { hosts: ["mx1.example.jp", "mx2.example.jp"] },
  },
  {
    id: "dane.usage-0-1",
    about: "with the key",
    zone: zone(tlsa("mx1.example.jp", `1 1 1 ${digest}`), second),
    silent: "change",
    params: { host: "mx1.example.jp", others: false },
  },
  {
    id: "dane.usage-0-1",
    about: "with an authority",
    zone: zone(...good, tlsa("mx1.example.jp", `0 0 1 ${digest}`)),
    silent: zone(...good),
    params: { others: true },
  },
  ...(
    [
      ["usage", `4 1 1 ${digest}`],
      ["selector", `3 2 1 ${digest}`],
      ["matching-type", `3 1 3 ${digest}`],
      ["length", `3 1 1 ${digest.slice(2)}`],
      ["length", `3 1 2 ${digest}`],
    ] as const
  ).map(
    ([fault, data]): ZoneCase => ({
      id: "dane.malformed",
      about: `${fault}: ${data.slice(0, 5)}`,
      zone: zone(tlsa("mx1.example.jp", data), second),
      silent: zone(...good),
      params: { fault },
    }),
  ),
  { id: "dane.3-0-x", zone: zone(tlsa("mx1.example.jp", `3 0 1 ${digest}`), second), silent: zone(...good) },
  {
    id: "dane.partial-mx",
    zone: zone(second),
    silent: zone(...good),
    params: { with: ["mx2.example.jp"], without: ["mx1.example.jp"] },
  },
  {
    id: "dane.wrong-owner",
    zone: zone(tlsa("example.jp", `3 1 1 ${digest}`)),
    silent: "change",
    params: { name: "_25._tcp.example.jp" },
  },
];
