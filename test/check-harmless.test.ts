import { describe, expect, test } from "vitest";
import { applyChange, checkZone, type PrintedFinding } from "./check-zones.ts";
import { rsaTestKey } from "./dkim-test-keys.ts";

const publicKey = rsaTestKey(1024).publicText;
const mail = `example.jp. MX 10 mx.example.jp.
mx.example.jp. A 192.0.2.1`;
const spf = 'example.jp. TXT "v=spf1 mx ~all"';

function idsOf(findings: readonly PrintedFinding[]): readonly string[] {
  return findings.map(({ id }) => id);
}

function added(findings: readonly PrintedFinding[]): readonly string[] {
  return findings
    .flatMap(({ change = [] }) => change)
    .flatMap(({ action, name, type, data }) => (action === "add" ? [`${name} ${type} ${data}`] : []));
}

describe("no false alarm", () => {
  // RFC 4592: what a wildcard answers at a selector that was guessed says nothing about that selector.
  test.each([
    ["every name leads to the domain", "*.example.jp. CNAME example.jp."],
    [
      "every name leads to a host of others",
      "*.example.jp. CNAME web.example.net.\nweb.example.net. A 192.0.2.9",
    ],
    ["selectors lead nowhere", "*._domainkey.example.jp. CNAME keys.example.net.\nexample.net. A 192.0.2.9"],
  ])("guessed selectors where %s", async (_, wildcard) => {
    const { findings } = await checkZone([mail, spf, wildcard].join("\n"));
    const dkim = findings.filter(({ id }) => id.startsWith("dkim."));
    expect(idsOf(dkim)).toEqual(["dkim.unknown-selector"]);
  });

  test("an alias of its own is still looked at beside such a wildcard", async () => {
    const zone = [
      mail,
      spf,
      "*.example.jp. CNAME example.jp.",
      "s1._domainkey.example.jp. CNAME k.example.net.",
    ];
    const { findings } = await checkZone([...zone, "example.net. A 192.0.2.9"].join("\n"));
    expect(idsOf(findings)).toContain("dkim.cname-dead");
  });

  // RFC 7208 §4.6.2: a qualifier other than "+" lets nobody through.
  test("a network that is not let through is not too broad", async () => {
    const { findings } = await checkZone(`${mail}\nexample.jp. TXT "v=spf1 mx -ip4:0.0.0.0/0 ~all"`);
    expect(idsOf(findings)).not.toContain("spf.broad-range");
  });

  test("two halves of IPv4 are everybody", async () => {
    const { findings } = await checkZone(
      `${mail}\nexample.jp. TXT "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all"`,
    );
    const broad = findings.filter(({ id }) => id === "spf.broad-range");
    expect(broad.map(({ severity }) => severity)).toEqual(["error", "error"]);
  });

  test("networks within each other are not added up", async () => {
    const { findings } = await checkZone(
      `${mail}\nexample.jp. TXT "v=spf1 ip4:0.0.0.0/2 ip4:0.0.0.0/3 ip4:32.0.0.0/3 -all"`,
    );
    const broad = findings.filter(({ id }) => id === "spf.broad-range");
    expect(broad.map(({ severity }) => severity)).toEqual(["warning", "warning", "warning"]);
  });

  // RFC 7489 §3.1 is about mail; a name without any has nothing to align.
  test("a parked subdomain with a policy of its own", async () => {
    const zone =
      'sub.example.jp. MX 0 .\nsub.example.jp. TXT "v=spf1 -all"\n_dmarc.sub.example.jp. TXT "v=DMARC1; p=reject"';
    const { findings } = await checkZone(zone, { domain: "sub.example.jp" });
    expect(idsOf(findings)).not.toContain("dmarc.psl-vs-walk");
  });
});

describe("no printed record does harm", () => {
  // RFC 1034 §3.6.2: nothing may stand beside a CNAME.
  test.each<readonly [string, string, readonly string[]]>([
    ["sender", "", []],
    ["parked", "", ["--profile", "parked"]],
    ["receiver", "", ["--profile", "receiver"]],
    ["_smtp._tls is an alias", "_smtp._tls.example.jp. CNAME t.example.net.\nexample.net. A 192.0.2.9", []],
    [
      "selectors are an alias",
      "*._domainkey.example.jp. CNAME d.example.net.\nexample.net. A 192.0.2.9",
      ["--profile", "parked"],
    ],
    ["_dmarc is an alias", "_dmarc.example.jp. CNAME d.example.net.\nexample.net. A 192.0.2.9", []],
    [
      "_dmarc is an alias, parked",
      "_dmarc.example.jp. CNAME d.example.net.\nexample.net. A 192.0.2.9",
      ["--profile", "parked"],
    ],
  ])("beside an alias (%s)", async (about, lines, args) => {
    const isSub = lines === "";
    const domain = isSub ? "www.example.jp" : "example.jp";
    const zone = [
      mail,
      spf,
      ...(isSub ? ["www.example.jp. CNAME web.example.net.", "web.example.net. A 192.0.2.9"] : [lines]),
    ];
    const { findings } = await checkZone(zone.join("\n"), { domain, args });
    for (const { id, change = [] } of findings) {
      if (change.length === 0) continue;
      const after = applyChange(zone.join("\n"), change);
      const aliases = [...after.matchAll(/^(\S+) \d+ IN CNAME/gm)].map(([, name]) => name);
      for (const alias of aliases)
        expect(
          after.split("\n").filter((line) => line.startsWith(`${alias} `)),
          `${about}: ${id}`,
        ).toHaveLength(1);
    }
  });

  test("a subdomain that only receives does not make its organization refuse mail", async () => {
    const zone = [mail, spf, 'sub.example.jp. MX 10 mx.example.jp.\nsub.example.jp. TXT "v=spf1 -all"'].join(
      "\n",
    );
    for (const profile of ["receiver", "new"]) {
      const { findings } = await checkZone(zone, { domain: "sub.example.jp", args: ["--profile", profile] });
      const missing = findings.filter(({ id }) => id === "dmarc.missing");
      expect(added(missing)).toEqual([
        '_dmarc.example.jp TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.jp"',
      ]);
    }
  });

  // RFC 7489 §6.6.4: a policy with pct under 100 is not applied to all mail; only the owner knows whether it can be.
  test.each([
    ["alone", "v=DMARC1; p=quarantine; pct=10; rua=mailto:d@example.jp"],
    ["of a mailing list's friend", "v=DMARC1; p=reject; pct=0; rua=mailto:d@example.jp; adkim=relaxed"],
    ["with other faults", "v=DMARC1; p=reject; pct=25; rua=mailto:d@example.jp!10m; rf=afrf; foo=bar"],
    ["of subdomains", "v=DMARC1; p=none; sp=reject; pct=25; rua=mailto:d@example.jp!10m"],
    ["without addresses", "v=DMARC1; p=reject; pct=25"],
    ["separated by commas", "v=DMARC1, p=reject, pct=25, rua=mailto:d@example.jp"],
  ])("pct stays in every record to publish (%s)", async (_, text) => {
    const { findings } = await checkZone(`${mail}\n${spf}\n_dmarc.example.jp. TXT "${text}"`);
    const records = added(findings).filter((line) => line.startsWith("_dmarc."));
    const [pct] = /pct=\d+/.exec(text) ?? [];
    expect(records).not.toEqual([]);
    for (const line of records) expect(line).toContain(pct);
  });

  // What is left of a record that a semicolon cuts off is nothing to go on from, also where the whole cannot be told.
  test.each([
    ["with a remark behind", "v=DMARC1; p=reject; rua=mailto:d@example.jp; since May", []],
    [
      "beside another record",
      "v=DMARC1; p=reject; rua=mailto:d@example.jp",
      ['_dmarc.example.jp. TXT "v=DMARC1; p=none; rua=mailto:d@example.jp"'],
    ],
  ])("nothing is printed for a record that is cut off: %s", async (_, record, more) => {
    const lines = [mail, spf, `_dmarc.example.jp. TXT ${record}`, ...more];
    const { findings } = await checkZone(lines.join("\n"));
    expect(idsOf(findings)).toContain("dns.zone-syntax");
    expect(added(findings).filter((line) => line.startsWith("_dmarc."))).toEqual([]);
  });

  // RFC 7505 §3: after that nothing comes in, reports neither.
  test.each([
    ["DMARC", '_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:d@example.jp"'],
    ["TLS-RPT", '_smtp._tls.example.jp. TXT "v=TLSRPTv1; rua=mailto:t@example.jp"'],
  ])("no null MX where %s reports come to", async (_, lines) => {
    for (const here of [mail, "example.jp. A 192.0.2.1"]) {
      const { findings } = await checkZone(`${here}\n${lines}`, { args: ["--profile", "parked"] });
      expect(idsOf(findings)).toContain("parked.null-mx");
      expect(added(findings)).not.toContain("example.jp MX 0 .");
    }
  });

  test("a null MX is printed where reports go elsewhere", async () => {
    const lines =
      '_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:d@example.net"\nexample.net. MX 10 example.net.';
    const { findings } = await checkZone(`${mail}\n${lines}`, { args: ["--profile", "parked"] });
    expect(added(findings)).toContain("example.jp MX 0 .");
  });

  // The name of a web site must not lead to the mail server.
  test.each([
    ["no other name", "198.51.100.5", []],
    ["the name of the MX host", "192.0.2.1", ["1.2.0.192.in-addr.arpa PTR mx.example.jp."]],
  ])("a PTR name with another address gets no second one: %s", async (_, ip, expected) => {
    const reverse = `${ip.split(".").reverse().join(".")}.in-addr.arpa`;
    const zone = [mail, spf, "www.example.jp. A 192.0.2.80", `${reverse}. PTR www.example.jp.`].join("\n");
    const { findings } = await checkZone(zone, { args: ["--client", ip] });
    const found = findings.filter(({ id }) => id === "ptr.unconfirmed");
    expect(idsOf(found)).toEqual(["ptr.unconfirmed"]);
    expect(added(found)).toEqual(expected);
  });

  test("the name of the mail server gets its address of the other family", async () => {
    const reverse = `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
    const zone = [mail, spf, `${reverse}. PTR mx.example.jp.`].join("\n");
    const { findings } = await checkZone(zone, { args: ["--client", "2001:db8::1"] });
    expect(added(findings.filter(({ id }) => id === "ptr.unconfirmed"))).toEqual([
      "mx.example.jp AAAA 2001:db8::1",
    ]);
  });

  test("no key of another system is taken away for a selector that is missing", async () => {
    const key = (name: string): string => `${name}._domainkey.example.jp. TXT "v=DKIM1; p=${publicKey}"`;
    const one = await checkZone([mail, spf, key("google")].join("\n"), { args: ["--selector", "s1"] });
    const two = await checkZone([mail, spf, key("google"), key("k1")].join("\n"), {
      args: ["--selector", "s1"],
    });
    for (const { findings } of [one, two]) {
      expect(idsOf(findings)).toContain("dkim.no-key");
      const changes = findings.flatMap(({ change = [] }) => change);
      const removed = changes.filter(
        ({ action, name }) => action === "remove" && name.includes("_domainkey"),
      );
      expect(removed).toEqual([]);
    }
    expect(idsOf(two.findings)).not.toContain("dkim.other-selector");
  });

  // RFC 7672 §2.2: a TLSA record that does not match keeps mail away; DNS does not say whether it would.
  test("no TLSA record at a host that had none", async () => {
    const zone = `${mail}\n_25._tcp.example.jp. TLSA 3 1 1 ${"ab".repeat(32)}`;
    const { findings } = await checkZone(zone);
    expect(idsOf(findings)).toContain("dane.wrong-owner");
    expect(added(findings).filter((line) => line.includes(" TLSA "))).toEqual([]);
  });

  // RFC 1035 §5.1: a semicolon begins a comment; what the server would load is not what was meant.
  test("what a semicolon cut off is in the record to publish, and nothing goes on from the rest", async () => {
    const zone = [
      "$ORIGIN example.jp.",
      "@ SOA ns1 root 1 3600 900 1209600 900",
      "@ NS ns1",
      "@ MX 10 mx",
      "mx A 192.0.2.1",
      '@ TXT "v=spf1 mx ~all"',
      "_dmarc TXT v=DMARC1; p=reject; rua=mailto:d@example.jp",
    ].join("\n");
    const { findings } = await checkZone(zone);
    expect(idsOf(findings)).toContain("dmarc.p-missing");
    expect(added(findings).filter((line) => line.startsWith("_dmarc."))).toEqual([
      '_dmarc.example.jp TXT "v=DMARC1; p=reject; rua=mailto:d@example.jp"',
    ]);
  });

  test("a remark behind an SPF record does not get into it", async () => {
    const zone = `$ORIGIN example.jp.\n@ MX 10 mx\nmx A 192.0.2.1\n@ TXT v=spf1 mx ~all ; changed=2026-04`;
    const { findings } = await checkZone(zone);
    const records = added(findings).filter((line) => line.startsWith("example.jp TXT"));
    expect(records).toContain('example.jp TXT "v=spf1 mx ~all"');
    expect(records.filter((line) => line.includes("changed"))).toEqual([]);
  });

  test("several DMARC records in a wrong place go out together", async () => {
    const stray = ["none", "reject"].map((p) => `example.jp. TXT "v=DMARC1; p=${p}"`);
    const zone = [mail, spf, '_dmarc.example.jp. TXT "v=DMARC1; p=reject"', ...stray].join("\n");
    const { findings } = await checkZone(zone);
    const found = findings.filter(({ id }) => id === "dmarc.wrong-place");
    expect(found.map(({ change }) => change?.map(({ data }) => data))).toEqual([
      ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'],
    ]);
  });

  test("no SPF record that says nothing", async () => {
    const zone = `${mail}\nexample.jp. TXT "v=spf1 redirect:s0.example.net"\nexample.net. A 192.0.2.9`;
    const { findings } = await checkZone(zone);
    expect(idsOf(findings)).toContain("spf.syntax");
    expect(added(findings).filter((line) => /"v=spf1 *"/.test(line))).toEqual([]);
  });

  test("names stay names where that does not bring the lookups under the limit", async () => {
    const services = Array.from({ length: 11 }, (_, i) => `s${i}.example.net`);
    const text = `v=spf1 a mx ${services.map((name) => `include:${name}`).join(" ")} ip4:198.51.100.0/24 -all`;
    const zone = [
      mail,
      "example.jp. A 192.0.2.80",
      `example.jp. TXT "${text}"`,
      ...services.map((name, i) => `${name}. TXT "v=spf1 ip4:203.0.113.${i + 1} ~all"`),
    ];
    const { findings } = await checkZone(zone.join("\n"));
    const over = findings.find(({ id }) => id === "spf.lookups-over-10");
    expect(over).toBeDefined();
    expect(over?.change).toBeUndefined();
    const records = added(findings).filter((line) => line.startsWith("example.jp TXT"));
    expect(records.length).toBeGreaterThan(0);
    for (const line of records) expect(line).toMatch(/ip4:198\.51\.100\.0\/24 a mx include/);
  });
});

describe("what is told can be read", () => {
  test("the empty answers that are over the limit are those that are counted", async () => {
    const zone = [
      "example.jp. MX 10 a.example.jp.\nexample.jp. MX 20 b.example.jp.\nexample.jp. MX 30 c.example.jp.",
      'example.jp. TXT "v=spf1 mx ip4:192.0.2.1 -all"',
    ];
    const { findings } = await checkZone(zone.join("\n"));
    const found = findings.find(({ id }) => id === "spf.void-v4");
    expect(found?.text).toContain("3 names of the SPF record");
  });

  test("of very many records with the same fault only some are told, and all are to be removed", async () => {
    const old = Array.from({ length: 100 }, (_, i) => `example.jp. TXT "spf2.0/pra ip4:192.0.2.${i} -all"`);
    const { findings } = await checkZone([mail, spf, ...old].join("\n"));
    const found = findings.filter(({ id }) => id === "spf.senderid-leftover");
    expect(found).toHaveLength(20);
    for (const { change } of found) expect(change).toHaveLength(100);
  });

  test("the tree counts the empty answers of ptr and exists, too", async () => {
    const zone = `$ORIGIN .\n${mail}\nexample.jp. TXT "v=spf1 ptr exists:%{i}._e.example.jp mx ~all"`;
    const { facts } = await checkZone(zone);
    const { tree, clients } = facts["spf"] as {
      readonly tree: { readonly terms: readonly { readonly term: string; readonly voids: object }[] };
      readonly clients: readonly { readonly voids: { readonly term: number } }[];
    };
    expect(tree.terms.map(({ voids }) => voids)).toEqual([
      { v4: 1, v6: 1 },
      { v4: 2, v6: 2 },
      { v4: 2, v6: 3 },
      { v4: 2, v6: 3 },
    ]);
    expect(clients.map(({ voids }) => voids.term)).toEqual([2, 3]);
  });

  test("characters that are not ASCII stand as they were written", async () => {
    const zone = `${mail}\nexample.jp. TXT "v=spf1 ip4:192.0.2.1\\227\\128\\128-all"`;
    const { findings } = await checkZone(zone);
    expect(findings.find(({ id }) => id === "spf.syntax")?.params["term"]).toBe("ip4:192.0.2.1\u3000-all");
  });

  // Curly quotation marks in UTF-8, in windows-1252, and Japanese ones.
  test.each([
    "\\226\\128\\156|\\226\\128\\157",
    "\\147|\\148",
    "\\227\\128\\140|\\227\\128\\141",
    "\\239\\188\\130|\\239\\188\\130",
  ])("an SPF record in quotation marks of a word processor (%s)", async (marks) => {
    const [open, close] = marks.split("|");
    const zone = `${mail}\nexample.jp. TXT "${open}v=spf1 ip4:192.0.2.1 -all${close}"`;
    const { findings } = await checkZone(zone);
    expect(idsOf(findings)).not.toContain("spf.missing");
    const found = findings.find(({ id }) => id === "spf.version");
    expect(found?.params).toMatchObject({ problem: "quoted", mended: "v=spf1 ip4:192.0.2.1 -all" });
    const after = await checkZone(applyChange(zone, found?.change ?? []));
    expect(idsOf(after.findings)).not.toContain("spf.version");
  });
});
