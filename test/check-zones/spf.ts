import type { ZoneCase } from "../check-zones.ts";

const good = 'example.jp. TXT "v=spf1 ip4:192.0.2.1 ~all"';

/** A zone with this SPF record and these lines. */
function record(text: string, ...more: readonly string[]): string {
  return [`example.jp. TXT "${text}"`, ...more].join("\n");
}

/** A zone that is all of DNS: what it lacks is nowhere. */
function everything(zone: string): string {
  return `$ORIGIN .\n${zone}`;
}

/** The mixed record of the first of the operators' documents. */
export const mixedZone = `example.jp. MX 300 mx.example.jp.
example.jp. TXT "v=spf1 a:m41.example.jp a:m42.example.jp a:m43.example.jp " "a:m61.example.jp a:m62.example.jp a:m63.example.jp a:mx.example.jp -all"
m41.example.jp. A 192.0.2.1
m42.example.jp. A 192.0.2.2
m43.example.jp. A 192.0.2.3
m61.example.jp. AAAA 2001:db8::1
m62.example.jp. AAAA 2001:db8::2
m63.example.jp. AAAA 2001:db8::3
mx.example.jp. A 192.0.2.10
mx.example.jp. AAAA 2001:db8::10`;

const hosts = (count: number, type: "A" | "AAAA"): string =>
  Array.from({ length: count }, (_, i) =>
    type === "A" ? `h${i}.example.jp. A 192.0.2.${i + 1}` : `h${i}.example.jp. AAAA 2001:db8::${i + 1}`,
  ).join("\n");
const includes = (count: number): string =>
  Array.from({ length: count }, (_, i) => `include:s${i}.example.net`).join(" ");
const included = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `s${i}.example.net. TXT "v=spf1 ip4:198.51.100.${i + 1} ~all"`,
  ).join("\n");

const atName: readonly ZoneCase[] = [
  // Section A, row 16.
  { id: "spf.missing", zone: "example.jp. MX 10 mx.example.jp.", silent: good, params: { sends: true } },
  {
    id: "spf.missing",
    about: "with the addresses that send",
    zone: "example.jp. MX 10 mx.example.jp.",
    args: ["--client", "192.0.2.1", "--client", "2001:db8::1"],
    silent: "change",
  },
  {
    id: "spf.missing",
    about: "of a domain that only receives",
    zone: "example.jp. MX 10 mx.example.jp.",
    args: ["--profile", "receiver"],
    silent: "change",
    params: { sends: false },
  },
  {
    // Section A, row 1; the records of the first document.
    id: "spf.multiple-records",
    about: "v4 and v6 apart",
    zone: 'example.jp. TXT "v=spf1 ip4:192.0.2.10/24 ~all"\nexample.jp. TXT "v=spf1 ip6:2001:db8::/32 ~all"',
    silent: "change",
    // The first means the whole network, and so it is written.
    params: { count: 2, merged: "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all" },
  },
  {
    // Section A, row 2.
    id: "spf.multiple-records",
    about: "a service's include as a second record",
    zone: `example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"
example.jp. TXT "v=spf1 include:s0.example.net ~all"
${included(1)}`,
    silent: "change",
    params: { alone: "include:s0.example.net", merged: "v=spf1 ip4:192.0.2.1 include:s0.example.net ~all" },
  },
  {
    id: "spf.multiple-records",
    about: "redirect in one of them",
    zone: `example.jp. TXT "v=spf1 redirect=s0.example.net"
example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"
${included(1)}`,
    silent: "change",
    params: { merged: "v=spf1 ip4:192.0.2.1 include:s0.example.net -all" },
  },
  ...(
    [
      ["leading-blank", " v=spf1 ip4:192.0.2.1 ~all"],
      ["no-space", "v=spf1ip4:192.0.2.1 ~all"],
      ["separator", "v=spf1; ip4:192.0.2.1 ~all"],
      ["separator", "v=spf1,ip4:192.0.2.1 ~all"],
      ["misspelled", "v=sfp1 ip4:192.0.2.1 ~all"],
      ["misspelled", "v = spf1 ip4:192.0.2.1 ~all"],
      ["misspelled", "spf1 ip4:192.0.2.1 ~all"],
      ["quoted", String.raw`\"v=spf1 ip4:192.0.2.1 ~all\"`],
      ["twice", "v=spf1 v=spf1 ip4:192.0.2.1 ~all"],
    ] as const
  ).map(
    ([problem, text]): ZoneCase => ({
      id: "spf.version",
      about: `${problem}: ${text}`,
      zone: record(text),
      silent: "change",
      params: { problem, mended: "v=spf1 ip4:192.0.2.1 ~all" },
    }),
  ),
  {
    id: "spf.type99",
    zone: `${good}\nexample.jp. SPF "v=spf1 ip4:192.0.2.9 -all"`,
    silent: "change",
    params: { txt: true },
  },
  {
    id: "spf.type99",
    about: "without TXT",
    zone: 'example.jp. MX 10 mx.example.jp.\nexample.jp. TYPE99 "v=spf1 ip4:192.0.2.9 -all"',
    silent: "change",
    params: { txt: false },
  },
  {
    // Section A, row 54.
    id: "spf.senderid-leftover",
    zone: `${good}\nexample.jp. TXT "spf2.0/pra ip4:192.0.2.1 -all"`,
    silent: "change",
  },
  {
    id: "spf.glued-strings",
    about: "silent",
    zone: `example.jp. TXT "v=spf1 a:h0.example.jp" "a:h1.example.jp -all"\n${hosts(2, "A")}`,
    silent: "change",
    params: { left: "a:h0.example.jp", right: "a:h1.example.jp", silent: true },
  },
  ...(
    [
      ["ip4", '"v=spf1 ip4:192.0.2.1" "ip4:192.0.2.2 -all"'],
      ["all", '"v=spf1 ip4:192.0.2.1 ip4:192.0.2.2" "~all"'],
      ["three strings", '"v=spf1 ip4:192.0.2.1" " ip4:192.0.2.2" "ip4:192.0.2.3" " -all"'],
    ] as const
  ).map(
    ([about, data]): ZoneCase => ({
      id: "spf.glued-strings",
      about,
      zone: `example.jp. TXT ${data}`,
      silent: "change",
      params: { silent: false },
    }),
  ),
  {
    id: "spf.string-255",
    zone: `; SPF\n${record(`v=spf1 ${"ip4:192.0.2.1 ".repeat(20)}-all`, "example.jp. MX 10 mx.example.jp.")}`,
    silent: good,
    params: { line: 2, octets: 291 },
  },
  {
    id: "spf.size",
    zone: `${good}\nexample.jp. TXT "${"x".repeat(250)}"\nexample.jp. TXT "${"y".repeat(250)}"`,
    silent: `${good}\nexample.jp. TXT "${"x".repeat(250)}"`,
  },
];

const syntax: readonly ZoneCase[] = [
  ...(
    [
      // Section A, row 20: one letter is enough.
      ["ipv4:192.0.2.1", "ip4:192.0.2.1"],
      ["ip:192.0.2.1", "ip4:192.0.2.1"],
      ["ip4::192.0.2.1", "ip4:192.0.2.1"],
      ["192.0.2.0/24", "ip4:192.0.2.0/24"],
      ["ip4:192.0.2.0/255.255.255.0", "ip4:192.0.2.0/24"],
      ["ip4:192.0.2.1,", "ip4:192.0.2.1"],
      ["a:192.0.2.1", "ip4:192.0.2.1"],
      ["ip6:2001:db8::1/129", undefined],
      ["ip4:192.0.2.256", undefined],
    ] as const
  ).map(
    ([term, suggestion]): ZoneCase => ({
      id: "spf.syntax",
      about: term,
      zone: record(`v=spf1 ${term} ~all`),
      silent: suggestion === undefined ? good : "change",
      params: { term, ...(suggestion === undefined ? {} : { suggestion }) },
    }),
  ),
  {
    id: "spf.syntax",
    about: "a letter wrong in the mechanism",
    zone: record("v=spf1 inlcude:s0.example.net ~all", included(1)),
    silent: "change",
    params: { at: 8, suggestion: "include:s0.example.net" },
  },
  {
    id: "spf.syntax",
    about: "redirect with a colon",
    zone: record("v=spf1 redirect:s0.example.net", included(1)),
    silent: "change",
    params: { suggestion: "redirect=s0.example.net" },
  },
  {
    id: "spf.syntax",
    about: "full-width characters",
    zone: record("v=spf1 ip4：192.0.2.1 ~all"),
    silent: "change",
    params: { problem: "character", suggestion: "ip4:192.0.2.1" },
  },
  {
    id: "spf.syntax",
    about: "a mechanism that became a modifier",
    zone: record("v=spf1 include=s0.example.net ~all", included(1)),
    silent: "change",
    params: { problem: "ignored-modifier", suggestion: "include:s0.example.net" },
  },
  { id: "spf.space-after-colon", zone: record("v=spf1 ip4: 192.0.2.1 ~all"), silent: "change" },
  {
    id: "spf.space-after-colon",
    about: "include",
    zone: record("v=spf1 include: s0.example.net ~all", included(1)),
    silent: "change",
    params: { mended: "include:s0.example.net" },
  },
  { id: "spf.trailing-semicolon", zone: record("v=spf1 ip4:192.0.2.1 ~all;"), silent: "change" },
  {
    id: "spf.trailing-semicolon",
    about: "behind every term",
    zone: record("v=spf1 ip4:192.0.2.1; ip4:192.0.2.2; -all"),
    silent: "change",
  },
  {
    id: "spf.family-mixup",
    about: "v6 in ip4",
    zone: record("v=spf1 ip4:2001:db8::1 ~all"),
    silent: "change",
    params: { mended: "ip6:2001:db8::1" },
  },
  {
    id: "spf.family-mixup",
    about: "v4 in ip6",
    zone: record("v=spf1 ip6:192.0.2.0/24 ~all"),
    silent: "change",
    params: { mended: "ip4:192.0.2.0/24" },
  },
  {
    id: "spf.macro-syntax",
    zone: record("v=spf1 exists:%{x}.example.jp ~all"),
    silent: good,
    params: { at: 15 },
  },
];

const terms: readonly ZoneCase[] = [
  {
    // Section A, row 13.
    id: "spf.host-bits",
    zone: record("v=spf1 ip4:192.0.2.10/24 ~all"),
    silent: "change",
    params: { network: "192.0.2.0/24", count: "256", single: "192.0.2.10" },
  },
  {
    id: "spf.host-bits",
    about: "v6",
    zone: record("v=spf1 ip6:2001:db8::1/32 ~all"),
    silent: "change",
    params: { network: "2001:db8::/32", count: "2^96" },
  },
  { id: "spf.broad-range", zone: record("v=spf1 ip4:198.0.0.0/8 ~all"), silent: good },
  { id: "spf.broad-range", about: "v6", zone: record("v=spf1 ip6:2400::/12 ~all"), silent: good },
  {
    id: "spf.special-address",
    zone: record("v=spf1 ip4:192.168.1.1 ~all"),
    silent: record("v=spf1 ip4:8.8.8.8 ~all"),
    params: { kind: "private" },
  },
  {
    id: "spf.order-ip-first",
    zone: record("v=spf1 a:h0.example.jp ip4:198.51.100.1 ~all", hosts(1, "A")),
    silent: "change",
    params: { before: "a:h0.example.jp", terms: ["ip4:198.51.100.1"] },
  },
  {
    // Section A, row 8.
    id: "spf.ptr",
    zone: record("v=spf1 ptr ~all"),
    silent: good,
  },
  { id: "spf.macro-p", zone: record("v=spf1 exists:%{p}.example.jp ~all"), silent: good },
  {
    id: "spf.redirect-and-all",
    zone: record("v=spf1 ip4:192.0.2.1 redirect=s0.example.net ~all", included(1)),
    silent: "change",
  },
  {
    id: "spf.after-all",
    zone: record("v=spf1 ~all ip4:192.0.2.1"),
    silent: "change",
    params: { terms: ["ip4:192.0.2.1"] },
  },
  { id: "spf.no-all", zone: record("v=spf1 ip4:192.0.2.1"), silent: "change" },
  { id: "spf.plus-all", zone: record("v=spf1 ip4:192.0.2.1 +all"), silent: "change" },
  // Nobody is listed: with "~all" no mail of the domain would pass, so nothing is to be published as it is.
  { id: "spf.plus-all", about: "bare", zone: record("v=spf1 all"), silent: good },
  { id: "spf.neutral-all", zone: record("v=spf1 ip4:192.0.2.1 ?all"), silent: "change" },
  {
    // Section A, row 12.
    id: "spf.hardfail-note",
    zone: record("v=spf1 ip4:192.0.2.1 -all"),
    silent: good,
  },
  ...(
    [
      ["missing", ""],
      ["several", 'why.example.jp. TXT "a"\nwhy.example.jp. TXT "b"'],
      ["syntax", 'why.example.jp. TXT "no mail from %{i"'],
    ] as const
  ).map(
    ([problem, lines]): ZoneCase => ({
      id: "spf.exp",
      about: problem,
      zone: record("v=spf1 ip4:192.0.2.1 -all exp=why.%{d}", lines),
      silent: "change",
      params: { problem, target: "why.example.jp" },
    }),
  ),
  {
    // Section A, row 15, as printed.
    id: "spf.name-unresolvable",
    about: "missing dot",
    zone: record("v=spf1 a:mx.examplejp ~all", "mx.example.jp. A 192.0.2.1"),
    silent: "change",
    params: { problem: "missing-dot", suggestion: "mx.example.jp" },
  },
  {
    id: "spf.name-unresolvable",
    about: "missing dot in a zone of its own",
    zone: `$ORIGIN example.jp.\n@ TXT "v=spf1 a:mx.examplejp ~all"\nmx A 192.0.2.1`,
    silent: "change",
    params: { problem: "missing-dot", suggestion: "mx.example.jp" },
  },
  {
    id: "spf.name-unresolvable",
    about: "the domain twice",
    zone: record("v=spf1 a:mx.example.jp.example.jp ~all", "mx.example.jp. A 192.0.2.1"),
    silent: "change",
    params: { suggestion: "mx.example.jp" },
  },
  {
    id: "spf.name-unresolvable",
    about: "top-level domain",
    zone: everything(record("v=spf1 ip4:192.0.2.1 a:mx.example.jpp ~all")),
    silent: "change",
    params: { problem: "top-label" },
  },
  {
    id: "spf.name-unresolvable",
    about: "gone",
    zone: record("v=spf1 ip4:192.0.2.1 a:old.example.jp ~all"),
    silent: "change",
    params: { problem: "nxdomain" },
  },
  {
    id: "spf.name-unresolvable",
    about: "mx without MX",
    zone: record("v=spf1 ip4:192.0.2.1 mx ~all"),
    silent: "change",
    params: { problem: "no-mx" },
  },
];

const tree: readonly ZoneCase[] = [
  {
    // Section A, row 4.
    id: "spf.lookups-over-10",
    zone: record(`v=spf1 ${includes(11)} ~all`, included(11)),
    silent: record(`v=spf1 ${includes(7)} ~all`, included(7)),
    params: { lookups: 11, limit: 10 },
  },
  {
    id: "spf.lookups-over-10",
    about: "mended by addresses",
    zone: record(
      `v=spf1 ${includes(5)} ${Array.from({ length: 6 }, (_, i) => `a:h${i}.example.jp`).join(" ")} ~all`,
      included(5),
      hosts(6, "A"),
    ),
    silent: "change",
    params: { lookups: 11 },
  },
  {
    id: "spf.lookups-over-10",
    about: "mended by writing out one's own includes",
    zone: record(
      `v=spf1 include:_spf.example.jp " "${includes(10)} ~all`,
      included(10),
      '_spf.example.jp. TXT "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all"',
    ),
    silent: "change",
    params: { lookups: 11 },
  },
  {
    id: "spf.lookups-near",
    zone: record(`v=spf1 ${includes(8)} ~all`, included(8)),
    silent: record(`v=spf1 ${includes(7)} ~all`, included(7)),
    params: { lookups: 8 },
  },
  {
    id: "spf.lookups-client-dependent",
    zone: record(`v=spf1 ip4:192.0.2.1 ${includes(11)} ~all`, included(11)),
    silent: record(`v=spf1 ip4:192.0.2.1 ${includes(8)} ~all`, included(8)),
    params: { client: "192.0.2.1" },
  },
  {
    id: "spf.mx-over-10",
    zone: record(
      "v=spf1 mx ~all",
      ...Array.from({ length: 11 }, (_, i) => `example.jp. MX ${i} h${i}.example.jp.`),
      hosts(11, "A"),
    ),
    silent: "change",
    params: { count: 11 },
  },
  {
    id: "spf.include-none",
    zone: everything(record("v=spf1 ip4:192.0.2.1 include:s0.example.net ~all")),
    silent: "change",
  },
  {
    id: "spf.include-none",
    about: "a letter wrong",
    zone: everything(
      record(
        "v=spf1 include:_spf.gogle.com ~all",
        '_spf.google.com. TXT "v=spf1 ip4:198.51.100.1 ip6:2001:db8::/64 ~all"',
      ),
    ),
    silent: "change",
    params: { suggestion: "_spf.google.com" },
  },
  ...(
    [
      ["multiple", 's0.example.net. TXT "v=spf1 a"\ns0.example.net. TXT "v=spf1 mx"'],
      ["syntax", 's0.example.net. TXT "v=spf1 ipv4:192.0.2.1"'],
      ["include-none", 's0.example.net. TXT "v=spf1 include:none.example.net -all"'],
      ["redirect-none", 's0.example.net. TXT "v=spf1 redirect=none.example.net"'],
      [
        "mx-limit",
        `s0.example.net. TXT "v=spf1 mx -all"\n${Array.from({ length: 11 }, (_, i) => `s0.example.net. MX ${i} m${i}.example.net.`).join("\n")}`,
      ],
    ] as const
  ).map(
    ([problem, lines]): ZoneCase => ({
      id: "spf.include-broken",
      about: problem,
      zone: record("v=spf1 include:s0.example.net ~all", lines),
      silent: record("v=spf1 include:s0.example.net ~all", included(1)),
      params: { problem, target: "s0.example.net" },
    }),
  ),
  {
    id: "spf.include-loop",
    about: "itself",
    zone: record("v=spf1 ip4:192.0.2.1 include:example.jp ~all"),
    silent: "change",
    params: { path: ["example.jp", "example.jp"] },
  },
  {
    id: "spf.include-loop",
    about: "over two names",
    zone: record(
      "v=spf1 ip4:192.0.2.1 include:s0.example.net ~all",
      's0.example.net. TXT "v=spf1 include:s1.example.net -all"',
      's1.example.net. TXT "v=spf1 redirect=s0.example.net"',
    ),
    silent: "change",
    params: { path: ["example.jp", "s0.example.net", "s1.example.net", "s0.example.net"] },
  },
  {
    id: "spf.include-duplicate",
    zone: record("v=spf1 include:s0.example.net include:s0.example.net ~all", included(1)),
    silent: "change",
  },
  {
    id: "spf.include-duplicate",
    about: "by way of another",
    zone: record(
      "v=spf1 include:s0.example.net include:all.example.net ~all",
      'all.example.net. TXT "v=spf1 include:s0.example.net -all"',
      included(1),
    ),
    silent: "change",
    params: { term: "include:s0.example.net", also: "include:all.example.net" },
  },
  {
    id: "spf.include-passes-all",
    zone: record("v=spf1 include:s0.example.net -all", 's0.example.net. TXT "v=spf1 +all"'),
    silent: record("v=spf1 include:s0.example.net ~all", included(1)),
    params: { by: "+all" },
  },
  {
    // Section A, row 12: the record of the first document, with other names.
    id: "spf.include-all-note",
    zone: record(
      "v=spf1 include:spf.example.jp -all",
      'spf.example.jp. TXT "v=spf1 ip6:2001:db8::/126 ip4:192.0.2.192/30 ~all"',
    ),
    silent: record(
      "v=spf1 include:spf.example.jp -all",
      'spf.example.jp. TXT "v=spf1 ip6:2001:db8::/126 ip4:192.0.2.192/30 -all"',
    ),
    params: { own: "-all", includes: [{ target: "spf.example.jp", all: "~all" }] },
  },
  {
    id: "spf.redirect-none",
    zone: everything(record("v=spf1 ip4:192.0.2.1 redirect=s0.example.net")),
    silent: "change",
  },
  {
    id: "spf.temperror",
    zone: record(
      "v=spf1 ip4:192.0.2.1 a:loop.example.jp ~all",
      "loop.example.jp. CNAME pool.example.jp.",
      "pool.example.jp. CNAME loop.example.jp.",
    ),
    silent: good,
    params: { question: "loop.example.jp A", reason: "malformed" },
  },
  {
    // Section A, row 9.
    id: "spf.include-no-ip6",
    zone: record("v=spf1 include:s0.example.net ~all", included(1)),
    silent: record(
      "v=spf1 include:s0.example.net ~all",
      's0.example.net. TXT "v=spf1 ip4:198.51.100.1 ip6:2001:db8::/64 ~all"',
    ),
    params: { includes: ["s0.example.net"] },
  },
];

const clients: readonly ZoneCase[] = [
  // Section A, rows 5, 6 and 10.
  {
    id: "spf.void-v4",
    zone: mixedZone,
    silent: "change",
    params: {
      client: "127.0.0.1",
      terms: 3,
      queries: ["m61.example.jp A", "m62.example.jp A", "m63.example.jp A"],
    },
  },
  { id: "spf.void-v6", zone: mixedZone, silent: "change", params: { client: "::1", terms: 3 } },
  { id: "spf.void-disputed", zone: mixedZone, silent: "change" },
  {
    // Section A, row 7: one term, yet a query for each host.
    id: "spf.void-disputed",
    about: "mx",
    zone: record(
      "v=spf1 mx ip6:2001:db8::25 ~all",
      ...[0, 1, 2].map((i) => `example.jp. MX 10 h${i}.example.jp.`),
      hosts(3, "A"),
    ),
    silent: "change",
  },
  { id: "spf.one-family-name", zone: mixedZone, silent: "change" },
  {
    id: "spf.one-family-name",
    about: "mx",
    zone: record(
      "v=spf1 mx ip6:2001:db8::25 ~all",
      ...[0, 1, 2].map((i) => `example.jp. MX 10 h${i}.example.jp.`),
      hosts(3, "A"),
    ),
    silent: "change",
  },
  {
    // Section A, row 3.
    id: "spf.helo",
    zone: `${good}\nmail.example.jp. A 192.0.2.1`,
    args: ["--helo", "mail.example.jp", "--client", "192.0.2.1"],
    silent: "change",
    params: { result: "none" },
  },
  {
    id: "spf.helo",
    about: "a record that does not fit",
    zone: `${good}\nmail.example.jp. A 192.0.2.1\nmail.example.jp. TXT "v=spf1 ip4:192.0.2.99 -all"`,
    args: ["--helo", "mail.example.jp"],
    silent: `${good}\nmail.example.jp. A 192.0.2.1\nmail.example.jp. TXT "v=spf1 a -all"`,
    params: { result: "fail" },
  },
  {
    id: "spf.own-ips",
    zone: good,
    args: ["--client", "192.0.2.7"],
    silent: "change",
    params: { byQuery: "softfail", byName: "softfail" },
  },
  {
    id: "spf.own-ips",
    about: "at strict verifiers only",
    zone: mixedZone,
    args: ["--client", "192.0.2.10"],
    silent: "change",
    params: { byQuery: "permerror", byName: "pass" },
  },
];

export const spfCases: readonly ZoneCase[] = [...atName, ...syntax, ...terms, ...tree, ...clients];
