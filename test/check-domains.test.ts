import { describe, expect, test } from "vitest";
import { applyChange, checkZone, type PrintedFinding } from "./check-zones.ts";
import { rsaTestKey } from "./dkim-test-keys.ts";

/** Zone files as they are really published, whole. */
const keyText = `v=DKIM1; k=rsa; p=${rsaTestKey(2048).publicText}`;
const key = `"${keyText.slice(0, 250)}" "${keyText.slice(250)}"`;

function told(findings: readonly PrintedFinding[], severities = ["error", "warning"]): readonly string[] {
  return findings
    .filter(({ severity }) => severities.includes(severity))
    .map(({ id, subject }) => `${id} ${subject}`);
}

function head(domain: string): string {
  return `$ORIGIN ${domain}.
$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 2026110101 10800 3600 604800 900
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
`;
}

/** As cPanel writes it: absolute owners and relative ones, and the origin only in the server's configuration. */
const hosting = `; cPanel first:11.25.0 (update_time):1700000000 hostname:server1.example.net
; Zone file for example.org
$TTL 14400
example.org.	86400	IN	SOA	ns1.example.net.	admin.example.net.	(
						2026112201 ;Serial Number
						3600 ;refresh
						1800 ;retry
						1209600 ;expire
						3600 )
example.org.	86400	IN	NS	ns1.example.net.
example.org.	86400	IN	NS	ns2.example.net.

example.org.	14400	IN	A	192.0.2.44
localhost	14400	IN	A	127.0.0.1
example.org.	14400	IN	MX	0	example.org.
mail	14400	IN	CNAME	example.org.
www	14400	IN	CNAME	example.org.
webmail	14400	IN	A	192.0.2.44
_autodiscover._tcp	14400	IN	SRV	0 0 443 discovery.example.net.
_caldav._tcp	14400	IN	TXT	path=/
example.org.	14400	IN	TXT	"v=spf1 +ip4:192.0.2.44 +a +mx ~all"
default._domainkey	14400	IN	TXT	${key}
_dmarc	14400	IN	TXT	"v=DMARC1; p=none; rua=mailto:dmarc@example.org"
`;

const mailLines = `@ IN MX 10 mx
mx IN A 192.0.2.25
mx IN TXT "v=spf1 a -all"
@ IN TXT "v=spf1 ip4:192.0.2.25 ~all"
s1._domainkey IN TXT ${key}
`;

describe("an origin without its final dot", () => {
  // RFC 1035 §5.1: it is relative, too, to the zone of the file.
  test.each([
    ["at the beginning", "$ORIGIN example.jp\n", "", 1],
    ["further down", "$ORIGIN example.jp.\n", "$ORIGIN example.jp\nwww A 192.0.2.80\n", 1],
    ["below the root", "$ORIGIN .\n$ORIGIN example.jp\n", "", 0],
    ["as it should be", "$ORIGIN example.jp.\n", "$ORIGIN sub\nwww A 192.0.2.80\n", 0],
    ["labels like a top-level domain", "$ORIGIN example.jp.\n", "$ORIGIN app.dev\nwww A 192.0.2.80\n", 0],
  ])("%s", async (_, origin, more, count) => {
    const rest = head("example.jp").replace("$ORIGIN example.jp.\n", "");
    const policy = '_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"\n';
    const { findings } = await checkZone(`${origin}${rest}${mailLines}${policy}${more}`);
    const found = findings.filter(({ id }) => id === "dns.zone-syntax");
    expect(found).toHaveLength(count);
    for (const { params } of found)
      expect(params).toMatchObject({ fault: "missing-dot", detail: "example.jp.example.jp" });
  });
});

describe("names of a file that does not say its origin", () => {
  test.each([
    ["absolute owners beside relative ones", hosting],
    ["relative owners and no SOA", `www A 192.0.2.80\n${mailLines.replaceAll("@ IN", "example.org. IN")}`],
  ])("%s", async (_, zone) => {
    const text = zone.includes("_dmarc")
      ? zone
      : `${zone}_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@example.org"`;
    const { findings, facts } = await checkZone(text, { domain: "example.org" });
    expect(told(findings)).toEqual([]);
    expect(facts["dmarc"]).toMatchObject({ records: ["_dmarc.example.org"] });
    expect(findings.map(({ id }) => id)).not.toContain("dkim.unknown-selector");
  });

  test("one line with a bare name does not make the others relative", async () => {
    const zone = `example.org TXT "v=spf1 -all"
example.org MX 0 .
_dmarc.example.org TXT "v=DMARC1; p=reject"
*._domainkey.example.org TXT "v=DKIM1; p="
localhost A 127.0.0.1`;
    const { findings } = await checkZone(zone, { domain: "example.org" });
    expect(told(findings, ["error", "warning", "notice"])).toEqual([]);
  });

  // Plain lines have absolute names without a final dot.
  test("absolute owners without a final dot stay as they are", async () => {
    const zone = `example.org SOA ns1.example.net. root.example.net. 1 3600 900 604800 3600
example.org TXT "v=spf1 -all"
example.org MX 0 .
_dmarc.example.org TXT "v=DMARC1; p=reject"
*._domainkey.example.org TXT "v=DKIM1; p="`;
    const { findings } = await checkZone(zone, { domain: "example.org" });
    expect(told(findings, ["error", "warning", "notice"])).toEqual([]);
  });
});

describe("a name that lost its final dot in a file of absolute names", () => {
  // RFC 1035 §5.1: it is relative to the zone, and not the name that was meant.
  test("is told", async () => {
    const soa = "example.jp. SOA ns1.example.net. root.example.net. 1 3600 900 604800 3600\n";
    const zone = `${soa}example.jp. NS ns1.example.net.
example.jp. NS ns2.example.net.
example.jp. MX 0 .
example.jp. TXT "v=spf1 -all"
*._domainkey.example.jp. TXT "v=DKIM1; p="
_dmarc.example.jp TXT "v=DMARC1; p=reject"
`;
    const { findings } = await checkZone(zone);
    expect(findings[0]).toMatchObject({
      id: "dns.zone-syntax",
      params: { line: 7, fault: "missing-dot", detail: "_dmarc.example.jp.example.jp" },
    });
    const whole = await checkZone(zone.replace("_dmarc.example.jp ", "_dmarc.example.jp. "));
    expect(told(whole.findings, ["error", "warning", "notice"])).toEqual([]);
  });
});

describe("a zone that does not say its origin", () => {
  const soa = head("").replace(/^.*\n/, "");
  const rest = `${mailLines}_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"\n`;
  const [keyLine = ""] = /^s1.*\n/m.exec(mailLines) ?? [];
  const absolute = (text: string): string =>
    text.replace(/^@/gm, "example.jp.").replace(/^(mx|s1\._domainkey|_dmarc) /gm, "$1.example.jp. ");
  const full = absolute(soa + rest);

  // RFC 1035 §5.1: an included file is relative to the origin of the one that includes it.
  test.each([
    ["all of it included", "$INCLUDE a.inc\n$INCLUDE b.inc\n", { "a.inc": soa, "b.inc": rest }],
    ["the SOA record included", `$INCLUDE a.inc\n${rest}`, { "a.inc": soa }],
    [
      "relative names in the included file only",
      `${full.replace(/^s1.*\n/m, "")}$INCLUDE a.inc\n`,
      { "a.inc": keyLine },
    ],
    ["relative names in the data only", full, {}],
    [
      "plain lines included",
      "$INCLUDE a.inc\n",
      { "a.inc": absolute(rest).replaceAll(". IN", " IN").replace("10 mx", "10 mx.example.jp") },
    ],
  ])("%s", async (_, zone, files) => {
    const { findings, facts } = await checkZone(zone, { files });
    expect(told(findings)).toEqual([]);
    expect(findings.map(({ id }) => id)).not.toContain("dkim.unknown-selector");
    expect(facts["dmarc"]).toMatchObject({ records: ["_dmarc.example.jp"] });
    expect(JSON.stringify(facts["mx"])).toContain('"mx.example.jp"');
  });

  test("but has a host without its final dot", async () => {
    const { findings } = await checkZone(full.replace("10 mx", "10 mx.example.jp"));
    expect(told(findings)).toContain("mx.trailing-dot mx.example.jp.example.jp");
  });
});

describe("several files that do not say their origins", () => {
  const lines = (domain: string, address: string): string =>
    `${head(domain).replace(/^.*\n/, "")}${mailLines.replaceAll("192.0.2.25", address)}_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:d@${domain}"\n`;
  const own = lines("example.jp", "192.0.2.25");

  test.each(["example.com.zone", "db.example.com", "example.com", "db.example.com.zone"])(
    "%s is no part of the domain that is checked",
    async (name) => {
      const files = { [name]: lines("example.com", "198.51.100.7"), "example.jp.zone": own };
      for (const args of [[`{dir}/${name}`], [`{dir}/${name}`, "--zone", "{dir}/example.jp.zone"]]) {
        const { findings } = await checkZone(own, { files, args: ["--zone", ...args] });
        expect(told(findings)).toEqual([]);
      }
    },
  );

  test.each(["2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa.zone", "db.192.0.2", "192.0.2.db"])(
    "%s holds the names of addresses",
    async (name) => {
      const files = { [name]: `${head("").replace(/^.*\n/, "")}25 IN PTR other.example.jp.\n` };
      const args = ["--zone", `{dir}/${name}`, "--client", "192.0.2.25"];
      const { findings } = await checkZone(own, { files, args });
      expect(told(findings)).toEqual(["ptr.unconfirmed 192.0.2.25"]);
    },
  );

  // A part of the zone, or the zone as it is to become.
  test.each(["keys.inc", "records.db", "example.jp.zone.new"])("%s is", async (name) => {
    const files = { [name]: '@ IN TXT "v=spf1 -all"\n' };
    const { findings } = await checkZone(own, { files, args: ["--zone", `{dir}/${name}`] });
    expect(told(findings)).toContain("spf.multiple-records example.jp");
  });
});

describe("a department whose mail the university takes", () => {
  test.each([
    ["ml.example.ac.jp", "mx.example.ac.jp.", []],
    ["ml.example.ac.jp", "mx.example.net.", ["mx.example.net"]],
    ["ml.example.ac.jp", "mx.example.ac.jp.\n@ IN MX 20 mx.other.ac.jp.", ["mx.other.ac.jp"]],
  ])("%s at %s", async (domain, mx, expected) => {
    const zone = `${head("example.ac.jp")}mx IN A 192.0.2.25
mx IN TXT "v=spf1 a -all"
$ORIGIN ${domain}.
@ IN MX 10 ${mx}
@ IN TXT "v=spf1 ip4:192.0.2.25 ~all"
`;
    const { findings } = await checkZone(zone, { domain });
    const hosts = findings.filter(({ id }) => id === "mx.foreign").flatMap(({ params }) => params["hosts"]);
    expect(hosts).toEqual(expected);
  });
});

describe("a zone below the organizational domain, without that one", () => {
  const withoutPolicy = head("eng.example.ac.jp") + mailLines;
  const withPolicy = `${withoutPolicy}_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@eng.example.ac.jp"\n`;

  // RFC 9989 §4.10: the policy above applies, and offline nobody knows it; nothing may be published there on a guess.
  test.each([
    ["without a policy of its own", withoutPolicy],
    ["with a policy of its own", withPolicy],
  ])("%s", async (_, zone) => {
    const { findings, facts } = await checkZone(zone, { domain: "eng.example.ac.jp" });
    expect(told(findings)).toEqual([]);
    // What nobody looked at is not well.
    const isSkipped = zone === withoutPolicy;
    const left = facts["skipped"];
    const dmarc = { subject: "dmarc", reason: "offline" };
    expect(left).toEqual(isSkipped ? expect.arrayContaining([dmarc]) : expect.not.arrayContaining([dmarc]));
    const names = findings.flatMap(({ change = [] }) => change.map(({ name }) => name));
    for (const name of names) expect(name).toMatch(/(?:^|\.)eng\.example\.ac\.jp$/);
    // RFC 9989 §4.7: np counts at the organizational domain alone.
    expect(findings.map(({ id }) => id)).not.toContain("dmarc.np-absent");
  });

  test("the registry above is known not to decide", async () => {
    const { findings } = await checkZone(head("example.ac.jp") + mailLines, { domain: "example.ac.jp" });
    expect(told(findings)).toEqual(["dmarc.missing example.ac.jp"]);
  });
});

describe("a policy for names that do not exist", () => {
  const policy = '_dmarc IN TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.jp"\n';

  // RFC 9989 §3.2.13: what does not exist answers NXDOMAIN, and below a wildcard nothing does.
  test.each([
    ["no wildcard", "", true],
    ["an address for every name", "* IN A 192.0.2.80\n", false],
    ["every name an alias", "* IN CNAME example.jp.\n", false],
    ["MX for every name", "* IN MX 10 mx\n", false],
  ])("with %s", async (_, wildcard, asked) => {
    const { findings } = await checkZone(head("example.jp") + mailLines + policy + wildcard);
    expect(findings.some(({ id }) => id === "dmarc.np-absent")).toBe(asked);
  });
});

describe("a domain that is to be parked while it still has MX", () => {
  test("asks for nothing that only who takes mail needs, and all its changes agree", async () => {
    const zone = `${head("example.jp")}@ IN MX 10 mx
mx IN A 192.0.2.25
mx IN TXT "v=spf1 a -all"
@ IN TXT "v=spf1 mx ~all"
`;
    const args = ["--profile", "parked"];
    const { findings } = await checkZone(zone, { args });
    const ids = findings.map(({ id }) => id);
    for (const id of ["rpt.missing", "sts.absent", "dane.none"]) expect(ids).not.toContain(id);
    const changes = findings.filter(({ id }) => id !== "spf.no-all").flatMap(({ change = [] }) => change);
    const after = await checkZone(applyChange(zone, changes), { args });
    expect(told(after.findings)).toEqual([]);
  });
});

describe("a domain that is to be parked while it still has keys", () => {
  test("is told to revoke them, and not how to have better ones", async () => {
    const old = `v=DKIM1; k=rsa; t=y; p=${rsaTestKey(1024).publicText}`;
    const zone = `${head("example.jp")}@ IN MX 0 .
@ IN TXT "v=spf1 -all"
_dmarc IN TXT "v=DMARC1; p=reject"
s20240101._domainkey IN TXT "${old}"
e1._domainkey IN TXT "v=DKIM1; k=ed25519; p=6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw="
s2._domainkey IN TXT "\\"v=DKIM1; k=rsa; p=${rsaTestKey(1024).publicText}\\""
s3._domainkey IN TXT "${old}"
s3._domainkey IN TXT "v=DKIM1; p="
s4._domainkey IN TXT "${old}"
s4._domainkey IN TXT ${key}
`;
    const { findings } = await checkZone(zone, { args: ["--profile", "parked"] });
    expect(told(findings, ["error", "warning", "notice"])).toEqual([
      "dkim.parked-wildcard example.jp",
      "parked.no-dkim s20240101._domainkey.example.jp",
      "parked.no-dkim e1._domainkey.example.jp",
      "parked.no-dkim s3._domainkey.example.jp",
      "parked.no-dkim s4._domainkey.example.jp",
    ]);
    const changes = findings.flatMap(({ change = [] }) => change);
    const after = await checkZone(applyChange(zone, changes), { args: ["--profile", "parked"] });
    expect(told(after.findings, ["error", "warning", "notice"])).toEqual([]);
  });
});

describe("a parked department", () => {
  // The policy above may be reject: whether the pattern is complete is not known.
  test("is not said to be complete while nobody knows its policy", async () => {
    const zone = `${head("eng.example.ac.jp")}@ IN MX 0 .
@ IN TXT "v=spf1 -all"
*._domainkey IN TXT "v=DKIM1; p="
`;
    const { findings, facts } = await checkZone(zone, { domain: "eng.example.ac.jp" });
    expect(told(findings, ["error", "warning", "notice"])).toEqual([]);
    expect(facts["parked"]).toEqual({ spf: true, nullMx: true, noDkim: true, complete: false });
    expect(facts["skipped"]).toContainEqual({ subject: "dmarc", reason: "offline" });
  });
});

describe("keys in files of their own", () => {
  // RFC 1035 §5.1: what an included file is relative to stands in the other one.
  test("are where their comments say, whatever origins there are", async () => {
    const included = `s2._domainkey.eng IN TXT ( "${keyText.slice(0, 250)}"
  "${keyText.slice(250)}" )  ; ----- DKIM key s2 for eng.example.jp
`;
    const zone = `$TTL 3600
$ORIGIN jp.
example IN SOA ns1.example.net. hostmaster.example.net. 1 3600 900 604800 900
$ORIGIN example.jp.
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
${mailLines}$INCLUDE keys.inc
_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"
`;
    const files = { "keys.inc": included };
    const { findings } = await checkZone(zone, { domain: "eng.example.jp", files });
    expect(findings.map(({ id }) => id)).not.toContain("dkim.other-selector");
  });

  test.each(["s1", "s2"])("are read as the other one is, of plain lines too: said to be %s", async (said) => {
    const line = `s1._domainkey.example.jp IN TXT ${key} ; ----- DKIM key ${said} for example.jp\n`;
    const rest = 'example.jp TXT "v=spf1 -all"\n';
    const plain = await checkZone(rest + line);
    const split = await checkZone(`${rest}$INCLUDE keys.inc\n`, { files: { "keys.inc": line } });
    const strays = ({ findings }: typeof plain): readonly string[] =>
      told(findings).filter((one) => one.startsWith("dkim.other-selector"));
    expect(strays(plain)).toHaveLength(said === "s1" ? 0 : 1);
    expect(strays(split)).toEqual(strays(plain));
  });
});

describe("a key that is written over several lines", () => {
  // RFC 1035 §5.1: only parentheses carry an entry over the end of its line.
  test.each([
    ["indented", "  "],
    ["not indented", ""],
  ])("without parentheses, %s", async (_, indent) => {
    const lines = mailLines.replace(/^s1.*\n/m, "");
    const zone = `${head("example.jp")}${lines}s1._domainkey IN TXT "${keyText.slice(0, 250)}"
${indent}"${keyText.slice(250)}"
_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"
`;
    for (const lang of ["en", "ja"]) {
      const { findings } = await checkZone(zone, { args: ["--lang", lang] });
      const [first] = findings;
      expect(first).toMatchObject({
        id: "dns.zone-syntax",
        params: { line: 11, problem: { id: "loose-text" } },
      });
      expect(first?.text).toContain(lang === "en" ? "parentheses" : "丸括弧");
      expect(told(findings)).not.toContain("dmarc.missing example.jp");
    }
  });
});

describe("an export in which a TTL of 1 stands for the provider's own", () => {
  test("is not told to raise it", async () => {
    const zone = `;;
;; Domain:     example.com.
;; Exported:   2026-11-01 09:15:22
;; SOA Record
example.com\t3600\tIN\tSOA\tns1.example.net. dns.example.net. 2050000000 10000 2400 604800 3600
;; NS Records
example.com.\t86400\tIN\tNS\tns1.example.net.
;; A Records
example.com.\t1\tIN\tA\t192.0.2.80 ; cf_tags=cf-proxied:true
;; MX Records
example.com.\t1\tIN\tMX\t10 mx.example.com.
mx.example.com.\t1\tIN\tA\t192.0.2.25 ; cf_tags=cf-proxied:false
mx.example.com.\t1\tIN\tTXT\t"v=spf1 a -all"
;; TXT Records
_dmarc.example.com.\t1\tIN\tTXT\t"v=DMARC1; p=reject; rua=mailto:dmarc@example.com"
s1._domainkey.example.com.\t1\tIN\tTXT\t${key}
example.com.\t1\tIN\tTXT\t"v=spf1 ip4:192.0.2.25 ~all"
`;
    const { findings } = await checkZone(zone, { domain: "example.com" });
    expect(told(findings)).toEqual([]);
    expect(findings.map(({ id }) => id)).not.toContain("dns.ttl-low");
  });
});

describe("two selectors that a service takes turns with", () => {
  const zone = (second: string): string => `${head("example.jp")}${mailLines.replace(/^s1.*\n/m, "")}
selector1._domainkey IN CNAME selector1-example-jp._domainkey.tenant.example.net.
selector2._domainkey IN CNAME ${second}._domainkey.tenant.example.net.
_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"
selector1-example-jp._domainkey.tenant.example.net. IN TXT ${key}
example.net. IN SOA ns1.example.net. root.example.net. 1 3600 900 604800 900
`;

  // The service publishes the second key when it is its turn; until then nothing is wrong.
  test("is no fault of the domain before the second one has its turn", async () => {
    const { findings } = await checkZone(zone("selector2-example-jp"));
    expect(told(findings)).toEqual([]);
    const [one] = findings.filter(({ id }) => id === "dkim.cname-dead");
    expect(one).toMatchObject({ severity: "info", params: { live: "selector1._domainkey.example.jp" } });
  });

  test("is one where mail is signed with the second", async () => {
    const { findings } = await checkZone(zone("selector2-example-jp"), { args: ["--selector", "selector2"] });
    expect(told(findings)).toEqual(["dkim.cname-dead selector2._domainkey.example.jp"]);
  });

  // At its turn the mistake would stop the mail.
  test("is one where the second name is not as the first one has it", async () => {
    const { findings } = await checkZone(zone("selector2-exmaple-jp"));
    expect(told(findings)).toEqual(["dkim.cname-dead selector2._domainkey.example.jp"]);
  });

  test("is one where there are more than two, which do not take turns", async () => {
    const third = "selector3._domainkey IN CNAME selector3-example-jp._domainkey.tenant.example.net.\n";
    const { findings } = await checkZone(
      zone("selector2-example-jp").replace("_dmarc IN", `${third}_dmarc IN`),
    );
    expect(told(findings)).toEqual([
      "dkim.cname-dead selector2._domainkey.example.jp",
      "dkim.cname-dead selector3._domainkey.example.jp",
    ]);
  });

  test("is one where the second is of another service", async () => {
    const { findings } = await checkZone(zone("selector2-example-jp._domainkey.other"));
    expect(told(findings)).toEqual(["dkim.cname-dead selector2._domainkey.example.jp"]);
  });
});

describe("what stands beside DKIM keys and is none", () => {
  // RFC 6376 §3.1: no label of a selector begins with "_". ADSP and DomainKeys put their policies there.
  test.each(["_adsp", "_policy", "_report"])("%s._domainkey", async (label) => {
    const zone = `${head("example.jp")}${mailLines}${label}._domainkey IN TXT "dkim=unknown"
_domainkey IN TXT "o=~; r=postmaster@example.jp"
_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"`;
    const { findings } = await checkZone(zone);
    expect(told(findings)).toEqual([]);
  });
});

/** What a finding prints, as `+` and `-` lines. */
function printed(findings: readonly PrintedFinding[], id: string): readonly string[] {
  return findings
    .filter((one) => one.id === id)
    .flatMap(({ change = [] }) => change)
    .map(({ action, name, type, data }) => `${action === "add" ? "+" : "-"} ${name} ${type} ${data}`);
}

describe("an MX host that is an alias of another MX host", () => {
  const zone = (records: string): string =>
    `${head("example.jp")}${records}mail IN A 192.0.2.25
mail IN TXT "v=spf1 a -all"
mail2 IN CNAME mail
other IN A 198.51.100.25
other IN TXT "v=spf1 a -all"
@ IN TXT "v=spf1 ip4:192.0.2.25 ~all"
s1._domainkey IN TXT ${key}
_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"`;

  test.each([
    ["behind it", "@ MX 10 mail\n@ MX 20 mail2\n", ["- example.jp MX 20 mail2.example.jp."]],
    [
      "before it",
      "@ MX 10 mail2\n@ MX 20 other\n@ MX 30 mail\n",
      [
        "- example.jp MX 10 mail2.example.jp.",
        "- example.jp MX 30 mail.example.jp.",
        "+ example.jp MX 10 mail.example.jp.",
      ],
    ],
    [
      "of a host that is none",
      "@ MX 10 mail2\n@ MX 20 other\n",
      ["- example.jp MX 10 mail2.example.jp.", "+ example.jp MX 10 mail.example.jp."],
    ],
  ])("%s", async (_, records, expected) => {
    const { findings } = await checkZone(zone(records));
    expect(printed(findings, "mx.cname")).toEqual(expected);
    const change = findings.find(({ id }) => id === "mx.cname")?.change ?? [];
    const after = await checkZone(applyChange(zone(records), change));
    expect(
      told(after.findings, ["error", "warning", "notice"]).filter((one) => /^mx\.(?:cname|dup)/.test(one)),
    ).toEqual([]);
  });
});

describe("a parked domain whose names all lead to a page of the registrar", () => {
  const zone = `${head("example.jp")}@ IN A 203.0.113.99
* IN CNAME parking.example.net.
`;
  const elsewhere = "parking.example.net. A 203.0.113.99\n";

  // RFC 4592 §3.3.1: a wildcard gives nothing where a record stands.
  test("is told what to publish beside the wildcard", async () => {
    const { findings } = await checkZone(zone + elsewhere);
    expect(printed(findings, "parked.dmarc")).toEqual(['+ _dmarc.example.jp TXT "v=DMARC1; p=reject"']);
    expect(printed(findings, "dkim.parked-wildcard")).toEqual([
      '+ *._domainkey.example.jp TXT "v=DKIM1; p="',
    ]);
    const changes = findings.flatMap(({ change = [] }) => change);
    const after = await checkZone(applyChange(zone + elsewhere, changes));
    expect(told(after.findings, ["error", "warning", "notice"])).toEqual([
      "mx.none-implicit example.jp",
      "parked.null-mx example.jp",
    ]);
  });
});

describe("an internationalized domain, written as its owner reads it", () => {
  const zone = `$ORIGIN 日本語.jp.
$TTL 3600
@ IN SOA ns1.example.net. hostmaster.example.net. 1 3600 900 604800 900
@ IN NS ns1.example.net.
@ IN NS ns2.example.net.
${mailLines}_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@日本語.jp"
`;

  // RFC 6068 §2: a mailto URI is ASCII; nobody wants %E6%97%A5 there.
  test("is told the A-label in the report address", async () => {
    const { findings } = await checkZone(zone, { domain: "日本語.jp" });
    expect(told(findings)).toEqual(["dmarc.rua-syntax _dmarc.xn--wgv71a119e.jp"]);
    expect(printed(findings, "dmarc.rua-syntax").filter((line) => line.startsWith("+"))).toEqual([
      '+ _dmarc.xn--wgv71a119e.jp TXT "v=DMARC1; p=reject; rua=mailto:dmarc@xn--wgv71a119e.jp"',
    ]);
    expect(findings[0]?.text).toContain("xn--");
  });
});

describe("dated selectors", () => {
  const zone = (...selectors: readonly string[]): string =>
    `${head("example.jp")}${mailLines.replace(/^s1.*\n/m, "")}${selectors.map((one) => `${one}._domainkey IN TXT ${key}\n`).join("")}_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"\n`;
  const old = (findings: readonly PrintedFinding[]): readonly unknown[] =>
    findings.filter(({ id }) => id === "dkim.rotation-age").map(({ params }) => params["selector"]);

  test("an old key beside a newer one was changed, and is left for mail on its way", async () => {
    expect(old((await checkZone(zone("d20240601", "d20260601"))).findings)).toEqual([]);
    expect(old((await checkZone(zone("d20230601", "d20240601"))).findings)).toEqual(["d20240601"]);
  });

  test("one that mail is signed with is told all the same", async () => {
    const { findings } = await checkZone(zone("d20240601", "d20260601"), {
      args: ["--selector", "d20240601"],
    });
    expect(old(findings)).toEqual(["d20240601"]);
  });
});

describe("a wildcard that answers where policies are looked for", () => {
  // RFC 8461 §3.1, RFC 8460 §3, RFC 9989 §4.10: what does not begin with the version is passed over.
  test.each([
    [
      "an alias of the domain, with tokens of services",
      '* IN CNAME example.jp.\n@ IN TXT "verification=1"\n',
      [],
    ],
    ["a token of a service", '* IN TXT "verification=1"\n', ["notice"]],
    ["a policy", '* IN TXT "v=STSv1; id=1;"\n', ["warning"]],
    ["a key", '* IN TXT "k=rsa; p=abc"\n', ["warning"]],
  ])("%s", async (_, lines, severities) => {
    const zone = `${head("example.jp")}${mailLines}${lines}_dmarc IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"\n`;
    const { findings } = await checkZone(zone);
    const found = findings.filter(({ id }) => id === "dns.wildcard-txt");
    expect(found.map(({ severity }) => severity)).toEqual(severities);
  });

  test("is shown with the text that readers take for theirs", async () => {
    const zone = `${head("example.jp")}${mailLines}* IN CNAME example.jp.\n@ IN TXT "x=1; p=abc"\n`;
    const { findings } = await checkZone(zone);
    const found = findings.find(({ id }) => id === "dns.wildcard-txt");
    expect(found?.params["text"]).toBe("x=1; p=abc");
  });
});

describe("a policy whose name lost its final dot", () => {
  test("is told to be moved, and nothing is published for the name that nobody means", async () => {
    const zone = `${head("example.jp")}${mailLines}_dmarc.example.jp IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.jp"\n`;
    const { findings } = await checkZone(zone);
    expect(told(findings).map((one) => one.split(" ")[0])).toEqual(["dns.zone-syntax", "dmarc.wrong-place"]);
  });
});

describe("mx of a domain whose mail a service takes", () => {
  const service = `mx1.service.example.net. A 198.51.100.1
mx1.service.example.net. A 198.51.100.2
mx2.service.example.net. A 198.51.100.3
spf.example.net. TXT "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:5::/48 -all"
`;
  const zone = (spf: string): string => `${head("example.jp")}@ IN A 192.0.2.80
@ IN MX 10 mx1.service.example.net.
@ IN MX 20 mx2.service.example.net.
www IN A 192.0.2.80
mail IN A 192.0.2.25
shop IN A 192.0.2.26
${mailLines.replaceAll(/^(?:@|mx).*\n/gm, "")}@ IN TXT "v=spf1 ${spf}"
_dmarc IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.jp"
${service}`;
  const added = async (spf: string): Promise<readonly string[]> => {
    const { findings } = await checkZone(zone(spf));
    const lines = printed(findings, "spf.void-v6").filter((line) => line.startsWith("+"));
    return lines.map((line) => line.slice(line.indexOf("v=spf1"), -1));
  };

  // They change without a word, some of them with each answer.
  test("no address of its hosts is written into the record", async () => {
    const others = "mx a:mail.example.jp a:shop.example.jp a:www.example.jp";
    expect(await added(`${others} ~all`)).toEqual([
      "v=spf1 ip4:192.0.2.25 ip4:192.0.2.26 ip4:192.0.2.80 mx ~all",
    ]);
  });

  test("it goes where an include lets them through already", async () => {
    const others = "mx a:mail.example.jp a:shop.example.jp a:www.example.jp include:spf.example.net";
    expect(await added(`${others} ~all`)).toEqual([
      "v=spf1 ip4:192.0.2.25 ip4:192.0.2.26 ip4:192.0.2.80 include:spf.example.net ~all",
    ]);
  });
});

describe("redirect: with a colon", () => {
  // RFC 7208 §5.1: beside "all" a redirect is ignored, so that nothing of the service would pass.
  test.each([
    ["before all", "redirect:_spf.example.net ~all", "include:_spf.example.net ~all"],
    ["at the end", "redirect:_spf.example.net", "redirect=_spf.example.net"],
  ])("%s", async (_, written, meant) => {
    const spf = `@ IN TXT "v=spf1 ip4:192.0.2.25 ${written}"\n`;
    const zone = head("example.jp") + mailLines.replace(/^@ IN TXT.*\n/m, spf);
    const { findings } = await checkZone(zone);
    expect(printed(findings, "spf.syntax")).toContain(`+ example.jp TXT "v=spf1 ip4:192.0.2.25 ${meant}"`);
  });
});

describe("SPF that fails at all verifiers alike", () => {
  test("is no dispute between them", async () => {
    const zone = `${head("example.jp")}@ IN MX 10 mail
mail IN A 192.0.2.25
smtp IN A 192.0.2.26
lib IN A 192.0.2.27
@ IN TXT "v=spf1 mx a:mail.example.jp a:smtp.example.jp include:lib.example.jp ~all"
`;
    const { findings } = await checkZone(zone);
    expect(findings.map(({ id }) => id)).toContain("spf.include-none");
    expect(findings.map(({ id }) => id)).not.toContain("spf.void-disputed");
  });
});

describe("a department that is its own organization by psd=n", () => {
  test.each([true, false])("where the university has a policy: %s", async (hasPolicy) => {
    const policy = '_dmarc IN TXT "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@example.ac.jp"\n';
    const zone = `${head("example.ac.jp")}${hasPolicy ? policy : ""}$ORIGIN eng.example.ac.jp.
${mailLines}_dmarc IN TXT "v=DMARC1; p=reject; psd=n; rua=mailto:dmarc@eng.example.ac.jp"
`;
    const { findings } = await checkZone(zone, { domain: "eng.example.ac.jp" });
    const [one, ...more] = findings.filter(({ id }) => id === "dmarc.psl-vs-walk");
    expect(more).toEqual([]);
    // A record of the university changes nothing: the walk ends at psd=n (RFC 9989 §4.10.2).
    expect(one?.fix).not.toContain("_dmarc.example.ac.jp");
    expect(one?.severity).toBe("notice");
  });
});
