import { ed25519TestKey, rsaTestKey, type TestKey } from "../dkim-test-keys.ts";

/** An SMTP client of the tests. What its address leads to in DNS is in the zones below. */
export interface Host {
  readonly ip: string;
  /** As Postfix would have found it; absent when it finds none. */
  readonly name?: string;
  readonly helo: string;
}

export const hosts: Readonly<
  Record<"mail" | "mail6" | "hello" | "stranger" | "liar" | "gateway" | "lab" | "desktop", Host>
> = {
  mail: { ip: "192.0.2.25", name: "mail.author.example", helo: "mail.author.example" },
  mail6: { ip: "2001:db8::25", name: "mail.author.example", helo: "mail.author.example" },
  /** Publishes SPF for its own name. */
  hello: { ip: "192.0.2.26", name: "mx.hello.example", helo: "mx.hello.example" },
  /** Without PTR record. */
  stranger: { ip: "203.0.113.9", helo: "mail.author.example" },
  /** Its PTR record names a host that has another address. */
  liar: { ip: "203.0.113.10", helo: "mail.author.example" },
  gateway: { ip: "192.0.2.20", name: "gw.rcpt.example", helo: "gw.rcpt.example" },
  lab: { ip: "192.0.2.70", name: "lab.rcpt.example", helo: "lab" },
  desktop: { ip: "192.0.2.10", name: "desktop.rcpt.example", helo: "desktop" },
};

/** 日本語.example */
export const idn: string = "xn--wgv71a119e.example";

/** A key in DNS, and what signs with it. */
export interface Signer {
  readonly domain: string;
  readonly selector: string;
  readonly key: TestKey;
  /** Tags before `p=`. */
  readonly tags: string;
  /** `p=` when it is not that of the key. */
  readonly published?: string;
}

const rsa = rsaTestKey(2048);

export const signers: Readonly<
  Record<"rsa" | "ed25519" | "testing" | "revoked" | "short" | "third" | "strict" | "sub" | "idn", Signer>
> = {
  rsa: { domain: "author.example", selector: "rsa", key: rsa, tags: "v=DKIM1; k=rsa" },
  ed25519: {
    domain: "author.example",
    selector: "ed",
    key: ed25519TestKey(1),
    tags: "v=DKIM1; k=ed25519",
  },
  testing: { domain: "author.example", selector: "testing", key: rsa, tags: "v=DKIM1; t=y" },
  revoked: { domain: "author.example", selector: "revoked", key: rsa, tags: "v=DKIM1", published: "" },
  short: { domain: "author.example", selector: "short", key: rsaTestKey(512), tags: "v=DKIM1" },
  third: { domain: "third.example", selector: "ed", key: ed25519TestKey(2), tags: "k=ed25519" },
  strict: { domain: "mail.strict.example", selector: "ed", key: ed25519TestKey(3), tags: "k=ed25519" },
  sub: { domain: "news.author.example", selector: "ed", key: ed25519TestKey(4), tags: "k=ed25519" },
  idn: { domain: idn, selector: "ed", key: ed25519TestKey(5), tags: "v=DKIM1; k=ed25519" },
};

/** Text records by name. */
const texts: readonly (readonly [name: string, text: string])[] = [
  ["author.example", "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all"],
  ["_dmarc.author.example", "v=DMARC1; p=reject; sp=quarantine"],
  ["news.author.example", "v=spf1 include:author.example -all"],
  ["hello.example", "v=spf1 a:mx.hello.example ~all"],
  ["mx.hello.example", "v=spf1 a -all"],
  ["_dmarc.hello.example", "v=DMARC1; p=quarantine; t=y"],
  ["third.example", "v=spf1 ?all"],
  ["broken.example", "v=spf1 a -all"],
  ["broken.example", "v=spf1 mx -all"],
  ["strict.example", "v=spf1 redirect=author.example"],
  ["_dmarc.strict.example", "v=DMARC1; p=reject; adkim=s; aspf=s"],
  ["explains.example", "v=spf1 exp=why.explains.example -all"],
  ["why.explains.example", "100%% of mail from %{i} is refused"],
  [idn, "v=spf1 ip4:192.0.2.25 -all"],
  [`_dmarc.${idn}`, "v=DMARC1; p=quarantine"],
];

const addresses: readonly string[] = [
  "ns.example. A 127.0.0.1",
  "mail.author.example. A 192.0.2.25",
  "mail.author.example. AAAA 2001:db8::25",
  "mx.hello.example. A 192.0.2.26",
  "gw.rcpt.example. A 192.0.2.20",
  "lab.rcpt.example. A 192.0.2.70",
  "desktop.rcpt.example. A 192.0.2.10",
];

/** The zones of all these names as text for a name server, by the name of the zone. */
export function zoneTexts(): Map<string, string> {
  const keys = Object.values<Signer>(signers).map(({ domain, selector, key, tags, published }) =>
    textRecord(`${selector}._domainkey.${domain}`, `${tags}; p=${published ?? key.publicText}`),
  );
  const forward = [...addresses, ...texts.map(([name, text]) => textRecord(name, text)), ...keys];
  return new Map([
    zone("example", forward),
    zone("2.0.192.in-addr.arpa", [
      "25.2.0.192.in-addr.arpa. PTR mail.author.example.",
      "26.2.0.192.in-addr.arpa. PTR mx.hello.example.",
      "20.2.0.192.in-addr.arpa. PTR gw.rcpt.example.",
      "70.2.0.192.in-addr.arpa. PTR lab.rcpt.example.",
    ]),
    zone("113.0.203.in-addr.arpa", ["10.113.0.203.in-addr.arpa. PTR mail.author.example."]),
    zone("8.b.d.0.1.0.0.2.ip6.arpa", [
      `5.2.${"0.".repeat(22)}8.b.d.0.1.0.0.2.ip6.arpa. PTR mail.author.example.`,
    ]),
  ]);
}

function zone(name: string, records: readonly string[]): [string, string] {
  const own = [
    `${name}. SOA ns.example. hostmaster.example. 1 3600 600 86400 300`,
    `${name}. NS ns.example.`,
  ];
  return [name, `$TTL 300\n${[...own, ...records].join("\n")}\n`];
}

/** RFC 1035 §3.3: a character-string holds 255 octets. */
function textRecord(name: string, text: string): string {
  const strings = text.match(/.{1,255}/g) ?? [""];
  return `${name}. TXT ${strings.map((part) => `"${part}"`).join(" ")}`;
}
