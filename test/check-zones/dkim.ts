import type { ZoneCase } from "../check-zones.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../dkim-test-keys.ts";

const rsa = rsaTestKey(2048);
const other = rsaTestKey(4096);
const ed25519 = ed25519TestKey(7);
const mail = `example.jp. MX 10 mx.example.jp.
example.jp. TXT "v=spf1 mx -all"
mx.example.jp. A 192.0.2.1
_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"`;
const zone = (...lines: readonly string[]): string => [mail, ...lines, ""].join("\n");

/** A key record, its text in strings of 255. */
function record(selector: string, text: string): string {
  const strings: string[] = [];
  for (let at = 0; at < text.length; at += 255) strings.push(`"${text.slice(at, at + 255)}"`);
  return `${selector}._domainkey.example.jp. TXT ${strings.join(" ")}`;
}

const keyText = (key: TestKey, tags = ""): string => `v=DKIM1; k=${key.type}; ${tags}p=${key.publicText}`;
const good = record("s1", keyText(rsa));
const s1 = ["--selector", "s1"];

/** Texts at s1 that bring a finding up, and how it is silenced. */
const ofText: readonly (readonly [
  id: ZoneCase["id"],
  about: string,
  text: string,
  silent: "change" | "good",
  params?: Readonly<Record<string, unknown>>,
])[] = [
  ["dkim.key-syntax", "another text", "v=spf1 -all", "good", { fault: "not-a-key" }],
  [
    "dkim.key-syntax",
    "quotes",
    `\\"${keyText(rsa).slice(0, 240)}\\" \\"${keyText(rsa).slice(240)}\\"`,
    "change",
    { fault: "quotes" },
  ],
  [
    "dkim.key-syntax",
    "backslashes",
    keyText(rsa).replaceAll(";", "\\\\;"),
    "change",
    { fault: "backslashes" },
  ],
  ["dkim.key-syntax", "lost plus", keyText(rsa).replaceAll("+", " "), "change", { fault: "lost-plus" }],
  ["dkim.key-syntax", "version", keyText(rsa).replace("DKIM1", "DKIM2"), "change", { fault: "version" }],
  ["dkim.key-syntax", "a tag twice", `${keyText(rsa)}; k=rsa`, "change", { fault: "tags" }],
  ["dkim.key-syntax", "no p=", "v=DKIM1; k=rsa", "good", { fault: "no-p" }],
  ["dkim.key-syntax", "base64", "v=DKIM1; p=MIIB*IjANBg", "good", { fault: "base64" }],
  ["dkim.key-syntax", "cut off", keyText(rsa).slice(0, 255), "good", { fault: "cut-off" }],
  [
    "dkim.key-syntax",
    "wrapped Ed25519",
    `v=DKIM1; k=ed25519; p=${Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(ed25519.publicText, "base64")]).toString("base64")}`,
    // As the only key it is followed by dkim.ed25519-only, which the zone below has an RSA key against.
    "change",
    { fault: "wrapped-ed25519" },
  ],
  ["dkim.key-syntax", "no key", "v=DKIM1; p=AAAAAAAA", "good", { fault: "no-key" }],
  ["dkim.bits", "under 1024", keyText(rsaTestKey(512)), "good", { bits: 512, limit: 1024 }],
  // Section A, row 31.
  ["dkim.bits", "1024", keyText(rsaTestKey(1024)), "good", { bits: 1024, limit: 2048 }],
  ["dkim.h-sha1", "", keyText(rsa, "h=sha1; "), "change", { hashes: "sha1" }],
  [
    "dkim.k-mismatch",
    "Ed25519",
    keyText(ed25519).replace("ed25519", "rsa"),
    "change",
    { keyType: "rsa", actual: "ed25519" },
  ],
  [
    "dkim.k-mismatch",
    "name of an algorithm",
    keyText(rsa).replace("k=rsa", "k=rsa-sha256"),
    "change",
    { actual: "rsa" },
  ],
  ["dkim.test-flag", "", keyText(rsa, "t=y:s; "), "change"],
  ["dkim.revoked", "", "v=DKIM1; p=", "good", { from: "option" }],
  ["dkim.service-tag", "", keyText(rsa, "s=other; "), "change", { services: "other" }],
  ["dkim.old-tags", "", keyText(rsa, "g=*; "), "change", { tags: ["g"] }],
];

const pem = (key: TestKey): string => key.privateKey.export({ format: "pem", type: "pkcs8" }) as string;

const config = `hostname: mx.example.jp
data_dir: {dir}/data
sign:
  keys:
    - { domain: example.jp, selector: s1, file: {dir}/rsa.pem }
`;
const withKey = {
  files: { "rsa.pem": pem(rsa), "config.yaml": config },
  args: ["--config", "{dir}/config.yaml"],
};

export const dkimCases: readonly ZoneCase[] = [
  ...ofText.map(([id, about, text, silent, params]): ZoneCase => {
    const second = text.includes("k=ed25519") || about === "Ed25519" ? [record("s9", keyText(rsa))] : [];
    return {
      id,
      ...(about === "" ? {} : { about }),
      zone: zone(record("s1", text), ...second),
      silent: silent === "change" ? "change" : zone(good),
      args: s1,
      ...(params === undefined ? {} : { params }),
    };
  }),
  { id: "dkim.no-key", zone: zone(), args: s1, silent: zone(good), params: { from: "option" } },
  {
    id: "dkim.no-key",
    about: "used by a message",
    zone: zone(),
    files: {
      "m.eml":
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.jp; s=s1; h=from; bh=YQ==; b=YQ==\nFrom: a@example.jp\n\nx\n",
    },
    args: ["--from-message", "{dir}/m.eml"],
    silent: zone(good),
    params: { from: "message", selector: "s1" },
  },
  {
    id: "dkim.no-key",
    about: "of an own key",
    zone: zone(),
    ...withKey,
    silent: "change",
    params: { from: "key" },
  },
  { id: "dkim.unknown-selector", zone: zone(), silent: zone(record("default", keyText(rsa))) },
  {
    id: "dkim.multiple-txt",
    about: "one of them a key",
    zone: zone(good, 's1._domainkey.example.jp. TXT "x"'),
    args: s1,
    silent: "change",
    params: { count: 2, joined: false },
  },
  {
    id: "dkim.multiple-txt",
    about: "parts of one key",
    // Section A, row 30.
    zone: zone(
      `s1._domainkey.example.jp. TXT "${keyText(rsa).slice(200)}"`,
      `s1._domainkey.example.jp. TXT "${keyText(rsa).slice(0, 200)}"`,
    ),
    args: s1,
    silent: "change",
    params: { count: 2, joined: true },
  },
  {
    id: "dkim.multiple-txt",
    about: "two keys",
    zone: zone(good, record("s1", keyText(other))),
    args: s1,
    silent: zone(good),
    params: { joined: false },
  },
  {
    // Section A, row 30.
    id: "dkim.key-split",
    about: "a string over 255",
    zone: zone(`s1._domainkey.example.jp. TXT "${keyText(rsa)}"`),
    args: s1,
    silent: "change",
    params: { why: "string-too-long", octets: keyText(rsa).length, line: 5 },
  },
  {
    id: "dkim.key-split",
    about: "wrong order",
    zone: zone(`s1._domainkey.example.jp. TXT "${keyText(rsa).slice(200)}" "${keyText(rsa).slice(0, 200)}"`),
    args: s1,
    silent: "change",
    params: { why: "order" },
  },
  {
    id: "dkim.private-mismatch",
    zone: zone(record("s1", keyText(other))),
    ...withKey,
    silent: "change",
    params: { published: "rsa 4096", own: "rsa 2048" },
  },
  {
    id: "dkim.revoked",
    about: "the own key",
    zone: zone(record("s1", "v=DKIM1; p=")),
    ...withKey,
    silent: "change",
    params: { from: "key" },
  },
  {
    id: "dkim.ed25519-only",
    zone: zone(record("e1", keyText(ed25519))),
    args: ["--selector", "e1"],
    silent: zone(record("e1", keyText(ed25519)), good),
    params: { selectors: ["e1"] },
  },
  {
    id: "dkim.cname-dead",
    zone: zone("selector1._domainkey.example.jp. CNAME selector1._domainkey.gone.example.jp."),
    silent: zone(
      "selector1._domainkey.example.jp. CNAME selector1._domainkey.service.example.jp.",
      `selector1._domainkey.service.example.jp. TXT "${keyText(rsa).slice(0, 250)}" "${keyText(rsa).slice(250)}"`,
    ),
    params: { target: "selector1._domainkey.gone.example.jp" },
  },
  {
    // Section A, row 35.
    id: "dkim.rotation-age",
    about: "two years",
    zone: zone(record("s20230601", keyText(rsa))),
    args: ["--selector", "s20230601", "--now", "2026-01-01T00:00:00Z"],
    silentArgs: ["--selector", "s20230601", "--now", "2023-09-01T00:00:00Z"],
    silent: zone(record("s20230601", keyText(rsa))),
    params: { months: 31, by: "selector" },
  },
  {
    id: "dkim.parked-wildcard",
    zone: 'example.jp. MX 0 .\nexample.jp. TXT "v=spf1 -all"\n_dmarc.example.jp. TXT "v=DMARC1; p=reject"\n',
    silent: "change",
  },
  {
    // Section A, row 31.
    id: "dkim.other-selector",
    about: "asked for another",
    zone: zone(record("default", keyText(rsa))),
    args: ["--selector", "selector25"],
    silent: "change",
    params: { line: 5, asked: "selector25._domainkey.example.jp", said: false },
  },
  {
    id: "dkim.other-selector",
    about: "says so itself",
    zone: zone(`${record("default", keyText(rsa))} ; ----- DKIM key selector25 for example.jp`),
    silent: "change",
    params: { owner: "default._domainkey.example.jp", asked: "selector25._domainkey.example.jp", said: true },
  },
];
