import type { ZoneCase } from "../check-zones.ts";

const mail = `example.jp. MX 10 mx.example.jp.
example.jp. TXT "v=spf1 mx -all"
mx.example.jp. A 192.0.2.1
mx.example.jp. TXT "v=spf1 a -all"`;
const record = (text: string, domain = "example.jp"): string => `_dmarc.${domain}. TXT "${text}"`;
const zone = (...lines: string[]): string => [mail, ...lines, ""].join("\n");
const good = "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp";

/** A record that brings a finding up, and what the printed change has to bring down again. */
const ofText: readonly (readonly [
  id: ZoneCase["id"],
  about: string,
  text: string,
  params?: Readonly<Record<string, unknown>>,
])[] = [
  ["dmarc.version", "not first", "p=reject; v=DMARC1; rua=mailto:dmarc@example.jp"],
  ["dmarc.version", "small letters", "v=dmarc1; p=reject; rua=mailto:dmarc@example.jp"],
  ["dmarc.version", "without a number", "v=DMARC; p=reject; rua=mailto:dmarc@example.jp"],
  ["dmarc.version", "none at all", "p=reject; rua=mailto:dmarc@example.jp"],
  ["dmarc.leading-space", "", ` ${good}`],
  ["dmarc.p-missing", "with rua", "v=DMARC1; rua=mailto:dmarc@example.jp", { reports: true }],
  ["dmarc.p-missing", "without rua", "v=DMARC1; adkim=r", { reports: false }],
  [
    "dmarc.p-invalid",
    "a slip",
    "v=DMARC1; p=qurantine; rua=mailto:dmarc@example.jp",
    { tag: "p", meant: "quarantine", reports: true },
  ],
  ["dmarc.p-invalid", "no word", "v=DMARC1; p=delete", { tag: "p", reports: false }],
  ["dmarc.p-invalid", "sp", "v=DMARC1; p=reject; sp=nothing; rua=mailto:dmarc@example.jp", { tag: "sp" }],
  ["dmarc.p-order", "", "v=DMARC1; rua=mailto:dmarc@example.jp; p=reject"],
  // Section A, row 43.
  ["dmarc.unknown-tag", "aspr", `${good}; aspr=r`, { tag: "aspr", meant: "aspf" }],
  ["dmarc.unknown-tag", "nothing like it", `${good}; policy-uri=x`, { tag: "policy-uri" }],
  ["dmarc.unknown-tag", "no tag at all", `${good}; hello`, { tag: "hello" }],
  ["dmarc.bad-value", "adkim", `${good}; adkim=strict`, { tag: "adkim", meant: "s", used: "r" }],
  ["dmarc.bad-value", "t", `${good}; t=maybe`, { tag: "t", used: "n" }],
  ["dmarc.duplicate-tag", "p", "v=DMARC1; p=reject; p=none; rua=mailto:dmarc@example.jp", { tag: "p" }],
  // Section A, row 43.
  ["dmarc.separator", "colon", "v=DMARC1; p=reject; rua:mailto:dmarc@example.jp", { found: ["colon"] }],
  ["dmarc.separator", "comma", "v=DMARC1, p=reject, rua=mailto:dmarc@example.jp", { found: ["comma"] }],
  ["dmarc.separator", "blank", "v=DMARC1 p=reject; rua=mailto:dmarc@example.jp", { found: ["space"] }],
  [
    "dmarc.separator",
    "smart quotes",
    "“v=DMARC1; p=reject; rua=mailto:dmarc@example.jp”",
    { found: ["quote"] },
  ],
  [
    "dmarc.separator",
    "full width",
    "v=DMARC1；p=reject；rua=mailto:dmarc@example.jp",
    { found: ["full-width"] },
  ],
  [
    "dmarc.separator",
    "semicolon between addresses",
    "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp; mailto:b@example.jp",
    { found: ["semicolon"] },
  ],
  [
    "dmarc.separator",
    "escapes of a zone file",
    "v=DMARC1\\\\; p=reject\\\\; rua=mailto:dmarc@example.jp",
    { found: ["backslash"] },
  ],
  [
    "dmarc.pct-rf-ri",
    "pct of a policy that does nothing",
    "v=DMARC1; p=none; rua=mailto:dmarc@example.jp; pct=50",
    { tags: ["pct"] },
  ],
  ["dmarc.pct-rf-ri", "rf and ri", `${good}; rf=afrf; ri=86400`, { tags: ["rf", "ri"] }],
  ["dmarc.size-suffix", "", "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp!10m"],
  ["dmarc.t-y", "none", "v=DMARC1; p=none; np=none; t=y; rua=mailto:dmarc@example.jp", { applied: "none" }],
  ["dmarc.sp-weaker", "np", `${good}; np=quarantine`, { tag: "np", policy: "quarantine", p: "reject" }],
  ["dmarc.np-absent", "p=none", "v=DMARC1; p=none; rua=mailto:dmarc@example.jp", { policy: "none" }],
  ["dmarc.np-absent", "sp", `${good}; sp=quarantine`, { policy: "quarantine" }],
  ["dmarc.psd", "no registry", `${good}; psd=y`, { value: "y", suffix: "jp" }],
  // Section A, row 42.
  ["dmarc.rua-missing", "", "v=DMARC1; p=reject"],
  ["dmarc.rua-syntax", "no mailto:", "v=DMARC1; p=reject; rua=dmarc@example.jp", { fault: "no-scheme" }],
  ["dmarc.rua-syntax", "slashes", "v=DMARC1; p=reject; rua=mailto://dmarc@example.jp", { fault: "slashes" }],
  ["dmarc.rua-syntax", "blank", "v=DMARC1; p=reject; rua=mailto: dmarc@example.jp", { fault: "blank" }],
  ["dmarc.rua-syntax", "misspelt", "v=DMARC1; p=reject; rua=malto:dmarc@example.jp", { fault: "no-scheme" }],
  [
    "dmarc.rua-syntax",
    "exclamation mark",
    `${good},mailto:a!b@example.jp`,
    { fault: "character", value: "mailto:a!b@example.jp" },
  ],
  ["dmarc.rua-syntax", "empty entry", `${good},`, { fault: "empty" }],
  [
    "dmarc.rua-placeholder",
    "another sample beside",
    `${good},mailto:you@yourdomain.com`,
    { host: "yourdomain.com" },
  ],
  [
    "dmarc.rua-scheme",
    "beside mailto:",
    `${good},https://example.jp/report`,
    { scheme: "https", others: true },
  ],
  ["dmarc.ruf", "asked for", `${good}; ruf=mailto:dmarc@example.jp`, { why: "ruf" }],
  ["dmarc.ruf", "fo alone", `${good}; fo=1`, { why: "fo-without-ruf" }],
  ["dmarc.ruf", "0 and 1", `${good}; ruf=mailto:dmarc@example.jp; fo=0:1`, { why: "fo-0-and-1" }],
];

const outside = `example.jp. TXT "v=spf1 mx -all"
example.jp. MX 10 mx.example.jp.
mx.example.jp. A 192.0.2.1
mx.example.jp. TXT "v=spf1 a -all"`;

export const dmarcCases: readonly ZoneCase[] = [
  ...ofText.map(
    ([id, about, text, params]): ZoneCase => ({
      id,
      ...(about === "" ? {} : { about }),
      zone: zone(record(text)),
      silent: "change",
      ...(params === undefined ? {} : { params }),
    }),
  ),
  // What only the owner knows to be right comes without a change.
  {
    id: "dmarc.t-y",
    about: "reject",
    zone: zone(record(`${good}; t=y`)),
    silent: zone(record(good)),
    params: { policy: "reject", applied: "quarantine" },
  },
  {
    id: "dmarc.sp-weaker",
    about: "sp",
    zone: zone(record(`${good}; sp=none`)),
    silent: zone(record(good)),
    params: { tag: "sp", policy: "none", p: "reject" },
  },
  {
    id: "dmarc.pct-rf-ri",
    about: "pct",
    zone: zone(record(`${good}; pct=50`)),
    silent: zone(record(good)),
    params: { tags: ["pct"], percent: 50 },
  },
  // Section A, rows 39 and 41: the first record is p=none with an address for reports.
  { id: "dmarc.missing", zone: zone(), silent: "change", params: { organizational: "example.jp" } },
  {
    id: "dmarc.missing",
    about: "of a subdomain",
    domain: "sub.example.jp",
    zone: zone("sub.example.jp. MX 10 mx.example.jp."),
    silent: "change",
    params: { domain: "sub.example.jp", organizational: "example.jp" },
  },
  {
    id: "dmarc.missing",
    about: "new domain",
    zone: zone(),
    args: ["--profile", "new"],
    silent: "change",
  },
  {
    id: "dmarc.missing",
    about: "an alias that leads nowhere",
    zone: zone("_dmarc.example.jp. CNAME example.jp.dmarc.example.net.", 'example.net. TXT "v=spf1 -all"'),
    silent: "change",
    params: { alias: "example.jp.dmarc.example.net", policy: "none" },
  },
  {
    // Section A, row 40.
    id: "dmarc.new-weaker",
    zone: zone(record("v=DMARC1; p=none; rua=mailto:dmarc@example.jp")),
    args: ["--profile", "new"],
    silent: "change",
    params: { policy: "none" },
  },
  {
    id: "dmarc.multiple",
    zone: zone(record(good), record("v=DMARC1; p=none; rua=mailto:b@example.jp")),
    silent: "change",
    params: { count: 2 },
  },
  {
    // Section A, row 44.
    id: "dmarc.wrong-place",
    about: "at the domain itself",
    zone: zone(`example.jp. TXT "${good}"`),
    silent: "change",
    params: { name: "example.jp", right: "_dmarc.example.jp", there: false },
  },
  {
    id: "dmarc.wrong-place",
    about: "beside the right one",
    zone: zone(`dmarc.example.jp. TXT "${good}"`, record(good)),
    silent: "change",
    params: { name: "dmarc.example.jp", there: true },
  },
  {
    id: "dmarc.wrong-place",
    about: "the dot is missing",
    zone: `$ORIGIN example.jp.\n${zone(`_dmarc.example.jp TXT "${good}"`)}`,
    silent: "change",
    params: { name: "_dmarc.example.jp.example.jp" },
  },
  {
    id: "dmarc.wrong-place",
    about: "elsewhere in the file",
    zone: zone(`_dmarcs.example.jp. TXT "${good}"`),
    silent: "change",
    params: { name: "_dmarcs.example.jp" },
  },
  {
    id: "dmarc.unrelated-txt",
    about: "another text",
    zone: zone(record(good), record("site-verification=1")),
    silent: "change",
    params: { wildcard: false },
  },
  {
    id: "dmarc.unrelated-txt",
    about: "a wildcard",
    zone: zone('*.example.jp. TXT "v=spf1 -all"'),
    silent: zone('*.example.jp. TXT "v=spf1 -all"', record(good)),
    params: { wildcard: true },
  },
  {
    id: "dmarc.sp-on-subdomain",
    domain: "sub.example.jp",
    zone: zone(record(good), record(`${good}; sp=none`, "sub.example.jp")),
    silent: "change",
    params: { tags: ["sp"], organizational: "example.jp" },
  },
  {
    id: "dmarc.psd",
    about: "cuts off",
    domain: "sub.example.jp",
    zone: zone(record(good), record(`${good}; psd=n`, "sub.example.jp")),
    silent: "change",
    params: { value: "n", above: "example.jp" },
  },
  {
    id: "dmarc.psl-vs-walk",
    domain: "sub.example.jp",
    zone: zone(
      record("v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@sub.example.jp", "sub.example.jp"),
      "sub.example.jp. MX 10 mx.example.jp.",
    ),
    silent: "change",
    params: { walk: "sub.example.jp", psl: "example.jp" },
  },
  {
    id: "dmarc.deep-name",
    domain: "mail.a.b.c.d.e.f.g.example.jp",
    zone: zone(
      record(good),
      record(good, "b.c.d.e.f.g.example.jp"),
      "mail.a.b.c.d.e.f.g.example.jp. MX 10 mx.example.jp.",
    ),
    silent: "change",
    params: { labels: 10, at: "_dmarc.b.c.d.e.f.g.example.jp" },
  },
  {
    id: "dmarc.rua-no-mx",
    about: "no address",
    zone: zone(
      record("v=DMARC1; p=reject; rua=mailto:dmarc@reports.example.jp"),
      'reports.example.jp. TXT "x"',
    ),
    silent: zone(
      record("v=DMARC1; p=reject; rua=mailto:dmarc@reports.example.jp"),
      "reports.example.jp. MX 10 mx.example.jp.",
    ),
    params: { host: "reports.example.jp", why: "no-address" },
  },
  {
    id: "dmarc.rua-no-mx",
    about: "null MX",
    zone: zone(
      record("v=DMARC1; p=reject; rua=mailto:dmarc@reports.example.jp"),
      "reports.example.jp. MX 0 .",
    ),
    silent: zone(
      record("v=DMARC1; p=reject; rua=mailto:dmarc@reports.example.jp"),
      "reports.example.jp. MX 10 mx.example.jp.",
    ),
    params: { why: "null-mx" },
  },
  {
    // Section A, row 44.
    id: "dmarc.rua-placeholder",
    about: "example.com",
    zone: zone(record("v=DMARC1; p=reject; rua=mailto:dmarc@example.com")),
    silent: "change",
    params: { host: "example.com" },
  },
  {
    id: "dmarc.rua-placeholder",
    about: "a slip in the own name",
    zone: `${zone(record("v=DMARC1; p=reject; rua=mailto:dmarc@exmaple.jp"))}$ORIGIN jp.\nx.jp. A 192.0.2.9\n`,
    silent: "change",
    params: { host: "exmaple.jp", meant: "example.jp" },
  },
  {
    id: "dmarc.rua-unauthorised",
    zone: `$ORIGIN jp.\n${zone(record("v=DMARC1; p=reject; rua=mailto:dmarc@reports-desk.jp"), "reports-desk.jp. MX 10 mx.example.jp.")}`,
    silent: "change",
    params: { host: "reports-desk.jp", at: "example.jp._report._dmarc.reports-desk.jp" },
  },
  {
    id: "dmarc.rua-auth-wildcard",
    about: "own",
    zone: zone(record(good), '*._report._dmarc.example.jp. TXT "v=DMARC1"'),
    silent: zone(record(good), 'other.jp._report._dmarc.example.jp. TXT "v=DMARC1"'),
    params: { own: true },
  },
  {
    id: "dmarc.rua-auth-wildcard",
    about: "of a service",
    zone: `$ORIGIN jp.\n${zone(record("v=DMARC1; p=reject; rua=mailto:dmarc@reports-desk.jp"), "reports-desk.jp. MX 10 mx.example.jp.", '*._report._dmarc.reports-desk.jp. TXT "v=DMARC1"')}`,
    silent: `$ORIGIN jp.\n${zone(record("v=DMARC1; p=reject; rua=mailto:dmarc@reports-desk.jp"), "reports-desk.jp. MX 10 mx.example.jp.", 'example.jp._report._dmarc.reports-desk.jp. TXT "v=DMARC1;"')}`,
    params: { own: false, host: "reports-desk.jp" },
  },
  {
    id: "dmarc.rua-many",
    zone: zone(record(`${good},mailto:b@example.jp,mailto:c@example.jp`)),
    silent: zone(record(`${good},mailto:b@example.jp`)),
    params: { count: 3 },
  },
  {
    id: "dmarc.rua-scheme",
    about: "no mailto: at all",
    zone: zone(record("v=DMARC1; p=reject; rua=https://example.jp/report")),
    silent: zone(record(good)),
    params: { others: false },
  },
  {
    id: "dmarc.we-receive",
    zone: `$ORIGIN jp.\n${outside}\n${record(good)}\n${record("v=DMARC1; p=none; rua=mailto:d@example.jp", "customer.jp")}\n`,
    silent: "change",
    params: { other: "customer.jp", host: "example.jp", at: "customer.jp._report._dmarc.example.jp" },
  },
];
