import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Outcome, runCli, type TestWorld } from "../../../test/run-cli.ts";
import { sampleRecord } from "../../../test/sample-record.ts";
import { formatLine } from "../../store/record-line.ts";
import { segmentName, spoolFolder } from "../../store/spool-files.ts";
import { displayWidth } from "../layout.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-check-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Nothing above notice. */
const clean = file(
  "clean.zone",
  `$ORIGIN example.jp.
$TTL 3600
@ SOA ns1 root 1 7200 3600 1209600 3600
@ NS ns1.example.net.
@ NS ns2.example.com.
@ MX 10 mx1
@ MX 20 mx2
@ TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
mx1 A 192.0.2.1
mx1 AAAA 2001:db8::1
mx1 TXT "v=spf1 a -all"
mx2 A 198.51.100.1
mx2 AAAA 2001:db8:1::1
mx2 TXT "v=spf1 a -all"
_dmarc TXT "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@example.jp"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@example.jp"
`,
);
const broken = file(
  "broken.zone",
  `$ORIGIN example.jp.
@ MX 10 mx1.example.jp
@ A TXT "v=spf1 -all"
mx1 A 192.0.2.1
`,
);

function check(argv: readonly string[], world: TestWorld = {}): Promise<Outcome> {
  return runCli(["check", ...argv], world);
}

test("a clean domain gives nothing above notice: exit code 0", async () => {
  const { code, out } = await check(["example.jp", "--zone", clean, "--offline", "--json"]);
  const { findings } = JSON.parse(out) as { readonly findings: readonly { readonly severity: string }[] };
  expect(findings.filter(({ severity }) => severity === "error" || severity === "warning")).toEqual([]);
  expect(code).toBe(0);
});

test.each(["en", "ja"] as const)("lines fit on a terminal (%s), records are whole", async (lang) => {
  for (const columns of [80, 120]) {
    const argv = ["example.jp", "--zone", broken, "--offline", "--lang", lang];
    const { code, out } = await check(argv, { columns });
    expect(code).toBe(1);
    const long = out
      .split("\n")
      .filter((line) => displayWidth(line) > columns && !/^ +\S+\. [A-Z]+ /.test(line));
    expect(long).toEqual([]);
    expect(out).toContain("example.jp. MX 10 mx1.example.jp.");
  }
});

test("worst first: the file that does not load, then what follows, with the clause", async () => {
  const { out } = await check(["example.jp", "--zone", broken, "--offline"]);
  const ids = [...out.matchAll(/^ +([a-z]+\.[a-z0-9-]+) {2}/gm)].map((match) => match[1]);
  expect(ids.slice(0, 2)).toEqual(["dns.zone-syntax", "dns.zone-syntax"]);
  expect(ids).toContain("mx.trailing-dot");
  expect(out).toContain("mx.trailing-dot  RFC 1035 §5.1");
});

test("what one record needs is printed once, and another wish for it as an alternative", async () => {
  const zone = file(
    "several.zone",
    `example.jp. MX 10 mx.example.jp.
mx.example.jp. A 192.0.2.1
_dmarc.example.jp. TXT "v=DMARC1; p=none, pct=50; ri=60; rua=mailto:dmarc@example.jp"
`,
  );
  const lines = (await check(["example.jp", "--zone", zone, "--offline"])).out.split("\n");
  const old = lines.filter((line) => line.includes("_dmarc.example.jp. TXT") && line.includes("pct=50"));
  expect(old).toHaveLength(1);
  expect(lines.filter((line) => line.includes("mends this, too"))).not.toEqual([]);
  const other = lines.findIndex((line) => line.includes("Or publish, in place of the record printed above"));
  expect(lines.slice(other).find((line) => line.includes("_dmarc.example.jp. TXT"))).toContain("np=reject");
});

test("a wide terminal gives long terms room, and sentences no more than can be read", async () => {
  const name = `${"a-rather-long-label.".repeat(4)}example.jp`;
  const zone = file("wide.zone", `example.jp. TXT "v=spf1 include:${name} -all"\n${name}. A 192.0.2.1\n`);
  const world = { columns: 100, tableColumns: 140 };
  const { out } = await check(["example.jp", "--zone", zone, "--offline"], world);
  const row = out.split("\n").find((line) => line.startsWith(`  include:${name}`));
  expect(row).toMatch(/(?: {2,}\d){4}$/);
  const sentences = out.split("\n").filter((line) => line !== row && !/TXT|lookups/.test(line));
  expect(Math.max(...sentences.map(displayWidth))).toBeLessThanOrEqual(100);
});

describe("the server of a configuration", () => {
  const zone = file(
    "own.zone",
    `example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"
mail.example.jp. A 8.8.4.4
mail.example.jp. A 10.0.0.1
`,
  );
  const config = file("own.yaml", "hostname: mail.example.jp\n");
  const run = (...argv: readonly string[]): Promise<Outcome> =>
    check([...argv, "--zone", zone, "--offline", "--config", config]);

  test("is checked for its own domain, with the addresses that the Internet sees", async () => {
    const { out } = await run("example.jp", "--json");
    const { findings } = JSON.parse(out) as { readonly findings: readonly { readonly id: string }[] };
    expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining(["spf.own-ips", "spf.helo"]));
    expect(out).not.toContain("10.0.0.1 ");
    expect((await run("example.jp")).out).toMatch(/mail\.example\.jp\s\(8\.8\.4\.4\)/);
  });

  test("is not taken where options say otherwise, nor for the domain of others", async () => {
    const named = await run("example.jp", "--client", "192.0.2.1", "--json");
    expect(named.out).not.toContain("8.8.4.4");
    expect((await run("example.net")).out).not.toContain("8.8.4.4");
  });
});

// Section A, row 32: a key of one domain for mail of another.
test("a signing row that points to a key of another domain is told before anything is checked", async () => {
  const config = file(
    "row32.yaml",
    "sign:\n  keys:\n    - domain: example.com\n      selector: default\n      file: key.pem\n      from: [example.jp]\n",
  );
  const { code, err } = await check(["example.jp", "--zone", clean, "--offline", "--config", config]);
  expect(code).toBe(2);
  expect(err).toContain("row32.yaml:6:");
  expect(err).toContain("sign.keys[0].from");
});

test("colours on a terminal only", async () => {
  const argv = ["example.jp", "--zone", broken, "--offline"];
  expect((await check(argv)).out).not.toContain("\u001b");
  expect((await check(argv, { isTty: true })).out).toContain("\u001b[31m");
  expect((await check(argv, { isTty: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b");
});

test("the page stands alone, and says the same", async () => {
  const page = join(folder, "page.html");
  const { code } = await check([
    "example.jp",
    "example.com",
    "--zone",
    broken,
    "--offline",
    "--lang",
    "ja",
    "--html",
    page,
  ]);
  expect(code).toBe(3);
  const html = readFileSync(page, "utf8");
  expect(html).toContain('<html lang="ja">');
  expect(html).toContain("<code>mx.trailing-dot</code> <span>RFC 1035 §5.1</span>");
  expect(html).toContain("<pre>example.jp. MX 10 mx1.example.jp.</pre>");
  expect(html).toContain("@media print");
  expect(html).not.toMatch(/<script|(?:href|src)="?https?:|url\(|@import/);
});

describe("mistakes of usage", () => {
  test.each([
    [[], "DOMAIN"],
    [["a..b"], "a..b"],
    [["example.jp", "--profile", "shop"], "--profile"],
    [["example.jp", "--fail-on", "notice"], "--fail-on"],
    [["example.jp", "--client", "192.0.2"], "--client"],
    [["example.jp", "--selector", "a b"], "--selector"],
    [["example.jp", "--offline"], "--zone"],
  ])("%s", async (argv, named) => {
    const { code, err } = await check(argv);
    expect(code).toBe(2);
    expect(err).toContain(named);
  });

  test.each([
    [["example.jp", "--zone", "/nowhere/x.zone", "--offline"], "/nowhere/x.zone"],
    [["example.jp", "--zone", clean, "--offline", "--from-message", "/nowhere/x.eml"], "/nowhere/x.eml"],
    [["example.jp", "--zone", clean, "--offline", "--html", "/nowhere/x.html"], "/nowhere/x.html"],
  ])("a file that is not there: %s", async (argv, named) => {
    const { code, out, err } = await check(argv);
    // Before the work, not after it.
    expect([code, out]).toEqual([3, ""]);
    expect(err).toContain(named);
  });
});

test.each([
  ["en", "(outside the zone files, not known)", "unknown   unknown"],
  ["ja", "(ゾーンファイルの外のため不明)", "不明      不明"],
] as const)(
  "offline nothing is said to have failed that was not asked (%s)",
  async (lang, outside, unknown) => {
    const text =
      "example.jp. SOA ns1.example.jp. root.example.jp. 1 7200 3600 1209600 3600\nexample.jp. MX 10 mx.example.net.\n" +
      'example.jp. TXT "v=spf1 a:mx.example.net include:_spf.example.net ip4:203.0.112.1 ~all"\n';
    const { out } = await check([
      "example.jp",
      "--zone",
      file("outside.zone", text),
      "--offline",
      "--lang",
      lang,
    ]);
    expect(out.split(outside)).toHaveLength(3);
    expect(out).toContain(unknown);
    expect(out).not.toContain("temperror");
  },
);

test("lines without a zone are all there is of their domains, and nothing of others", async () => {
  const text = `example.jp 3600 TXT "v=spf1 include:_spf.example.net include:gone.example.jp ip4:203.0.112.1 ~all"
example.jp 3600 MX 10 mx.example.net.
_dmarc.example.jp 3600 TXT "v=DMARC1; p=none; rua=mailto:d@example.jp,mailto:x@desk.jp"
www.example.jp 3600 CNAME example.jp.
`;
  const { out } = await check([
    "example.jp",
    "--zone",
    file("octodns.lines", text),
    "--offline",
    "--json",
    "--fail-on",
    "warning",
  ]);
  const { findings } = JSON.parse(out) as {
    readonly findings: readonly {
      readonly id: string;
      readonly severity: string;
      readonly change?: unknown;
    }[];
  };
  const bad = findings.filter(({ severity }) => severity === "error" || severity === "warning");
  expect(bad.map(({ id }) => id)).toEqual(["spf.include-none"]);
  const change = JSON.stringify(bad[0]?.change);
  expect(change).toContain("v=spf1 ip4:203.0.112.1 include:_spf.example.net ~all");
  expect(change).toContain("gone.example.jp");
});

test("what a server works out itself is not taken for missing", async () => {
  const text = `$ORIGIN example.jp.
@ 3600 SOA ns1.example.net. root 1 7200 3600 1209600 3600
@ ALIAS web.example.net.
@ MX 10 mail
mail ALIAS lb.example.net.
@ TXT "v=spf1 a mx -all"
_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@example.jp"
`;
  const zone = file("alias.zone", text);
  const { out } = await check(["example.jp", "--zone", zone, "--offline"]);
  expect(out.replaceAll(/\s+/g, " ")).toContain(`notice ${zone}:3: ALIAS is known to some servers only`);
  expect(out).not.toMatch(/^(?:error|warning)/m);
});

test("of a domain that is not in such lines nothing is known", async () => {
  const lines = file("other.lines", 'other.jp TXT "v=spf1 -all"\n');
  const { out, code } = await check(["example.jp", "--zone", lines, "--offline"]);
  expect(out).toContain("No zone file holds this domain");
  expect(code).toBe(3);
});

// RFC 1035 §5.1: without the final dots the whole zone is at example.jp.example.jp, and nothing of it at example.jp.
test("where a fault of the file may be why nothing is known, it is told", async () => {
  const lines = `example.jp IN SOA ns1.example.net. root.example.net. 1 3600 900 604800 3600
example.jp IN NS ns1.example.net.
example.jp IN MX 10 mx
mx IN A 203.0.112.1
_dmarc IN TXT "v=DMARC1; p=reject"
`;
  const page = join(folder, "dots.html");
  for (const origin of ["$ORIGIN example.jp.\n", ""]) {
    const zone = file("dots.zone", origin + lines);
    const { out, code } = await check(["example.jp", "--zone", zone, "--offline", "--html", page]);
    expect(out).toContain("No zone file holds this domain");
    for (const shown of [out, readFileSync(page, "utf8")])
      expect(shown.match(/without\s+a\s+final\s+dot/g)).toHaveLength(3);
    expect(code).toBe(3);
  }
});

test("RFC 2308 §2: of a name that does not exist that is told first", async () => {
  const argv = ["nosuch.example.jp", "--zone", clean, "--offline"];
  const { out } = await check(argv);
  expect(out).toMatch(/^warning {2}DNS has no name nosuch\.example\.jp; look for a slip in it\./m);
  expect(out.indexOf("DNS has no name")).toBeLessThan(out.indexOf("notice "));
  expect(out.replaceAll(/\s+/g, " ")).toContain("waiting changes nothing of it");
  const all = file("all.lines", '$ORIGIN .\nexample.jp. TXT "v=spf1 -all"\n');
  const wrong = await check(["exmaple.jp", "--zone", all, "--offline"]);
  expect(/^(?:error|warning).*/m.exec(wrong.out)?.[0]).toContain("DNS has no name exmaple.jp");
  const there = await check(["mx1.example.jp", "--zone", clean, "--offline"]);
  expect(there.out).not.toContain("DNS has no name");
});

test.each([
  ["v=dmarc1; p=reject; rua=mailto:d@example.jp", "sender", "reject"],
  ["v=DMARC1; p=quarentine; rua=mailto:d@example.jp", "sender", "quarantine"],
  ["v=dmarc1; p=none; rua=mailto:d@example.jp", "sender", undefined],
  ["v=DMARC1; p=reject; asfp=r; rua=mailto:d@example.jp", "sender", undefined],
  ["v=dmarc1; p=reject; rua=mailto:d@example.jp", "new", undefined],
])("a policy that begins to count is told: %s, %s", async (record, profile, policy) => {
  const zone = file(
    "enforce.zone",
    `example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 203.0.112.1\n_dmarc.example.jp. TXT "${record}"\n`,
  );
  const page = join(folder, "enforce.html");
  const argv = ["example.jp", "--zone", zone, "--offline", "--profile", profile, "--html", page];
  const { out } = await check(argv);
  expect(out).toContain("Publish:");
  for (const shown of [out, readFileSync(page, "utf8")]) {
    const told = /With\s+this\s+record\s+p=([a-z]+)\s+begins/.exec(shown);
    expect(told?.[1]).toBe(policy);
  }
});

test("the page is whole before anything is printed: the reader of that may have seen enough (| head)", async () => {
  const page = join(folder, "before.html");
  const isThere: boolean[] = [];
  const argv = ["example.jp", "example.net", "--zone", clean, "--offline", "--html", page];
  const { out } = await check(argv, { onOut: () => isThere.push(existsSync(page)) });
  expect(out).toMatch(/^example\.jp\n[\s\S]*\nexample\.net\n/);
  expect(isThere).not.toContain(false);
});

test("findings for information are no notices", async () => {
  const zone = file("info.zone", "example.jp. MX 0 .\n");
  const argv = ["example.jp", "--zone", zone, "--offline"];
  const { out } = await check([...argv, "--json"]);
  const { findings } = JSON.parse(out) as { readonly findings: readonly { readonly severity: string }[] };
  const count = (severity: string): number => findings.filter((one) => one.severity === severity).length;
  expect(count("info")).toBeGreaterThan(0);
  expect((await check(argv)).out).toContain(`, ${count("info")} for information`);
  expect((await check([...argv, "--lang", "ja"])).out).toContain(
    `注意 ${count("notice")} 件、情報 ${count("info")} 件`,
  );
});

test("--fail-on error lets warnings pass", async () => {
  const text = 'example.jp. A 192.0.2.1\nexample.jp. TXT "v=spf1 ip4:192.0.2.1 -all"\n';
  const zone = file(
    "warning.zone",
    `${text}_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:d@example.jp"\n`,
  );
  const argv = ["example.jp", "--zone", zone, "--offline"];
  expect((await check(argv)).code).toBe(1);
  expect((await check([...argv, "--fail-on", "error"])).code).toBe(0);
});

test.each([
  ["example.jp.zone", "example.jp"],
  ["db.example.jp", "mail.example.jp"],
  ["zone.txt", "example.jp"],
])("%s without $ORIGIN: the origin is that of its name, or else the domain", async (name, domain) => {
  const zone = file(
    name,
    `$TTL 300\n@ IN SOA ns1 root 1 2 3 4 5\n@ IN MX 10 mx\nmx IN A 192.0.2.1\nmail IN A 192.0.2.2\n`,
  );
  const { out } = await check([domain, "--zone", zone, "--offline", "--json", "--profile", "sender"]);
  const { facts } = JSON.parse(out) as { readonly facts: { readonly mx: Readonly<Record<string, unknown>> } };
  const expected =
    domain === "example.jp" ? [{ preference: 10, host: "mx.example.jp", addresses: ["192.0.2.1"] }] : [];
  expect(facts.mx["records"]).toEqual(expected);
});

describe("DKIM selectors", () => {
  const selectors = async (...argv: readonly string[]): Promise<string> => {
    const { out } = await check(["example.jp", "--zone", clean, "--offline", "--json", ...argv]);
    return JSON.stringify(
      (JSON.parse(out) as { readonly facts: Readonly<Record<string, unknown>> }).facts["dkim"],
    );
  };

  test("are taken from the domain's own signatures in a message", async () => {
    const signature = (domain: string, selector: string): string =>
      `DKIM-Signature: v=1; a=rsa-sha256; d=${domain}; s=${selector}; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n`;
    const message = `${signature("example.jp", "own1")}${signature("mailer.example", "third1")}From: a@example.jp\r\n\r\nHi\r\n`;
    const facts = await selectors("--from-message", file("m.eml", message));
    expect(facts).toContain("own1");
    expect(facts).not.toContain("third1");
  });

  test("are remembered from the records of the filter", async () => {
    const dataDir = join(folder, "data");
    mkdirSync(spoolFolder(dataDir), { recursive: true });
    const record = sampleRecord(1, {
      signing: {
        outcome: "signed",
        signatures: [{ domain: "example.jp", selector: "kept1", algorithm: "rsa-sha256" }],
      },
    });
    writeFileSync(join(spoolFolder(dataDir), segmentName("mx1", "00", 1)), formatLine(record));
    const config = file("sekisho.yaml", `data_dir: ${dataDir}\n`);
    expect(await selectors("--config", config, "--now", "2026-11-02T00:00:00Z")).toContain("kept1");
  });
});
