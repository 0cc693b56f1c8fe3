import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { PrintedReport } from "./check-zones.ts";
import { startDnsServer, type TestDnsOptions, type TestQuery, txtRecord } from "./dns-server.ts";
import { type Outcome, runCli, type TestWorld } from "./run-cli.ts";
import { zoneAnswers } from "./zone-answers.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-check-live-"));
afterAll(() => rmSync(folder, { recursive: true }));

const good = `example.jp. MX 10 mx.example.jp.
example.jp. MX 20 mx.example.net.
mx.example.jp. A 192.0.2.1
mx.example.net. A 198.51.100.1
example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"
_dmarc.example.jp. TXT "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@example.jp"
mx.example.jp. TXT "v=spf1 a -all"
other.example. TXT "v=spf1 -all"`;

async function check(
  argv: readonly string[],
  answer: TestDnsOptions["answer"],
  world: TestWorld = {},
  timeoutSeconds = 10,
): Promise<Outcome & { readonly asked: number }> {
  const server = await startDnsServer({ answer });
  onTestFinished(() => server.stop());
  const dns = ["--nameserver", `${server.address}:${server.port}`, "--dns-timeout", String(timeoutSeconds)];
  const outcome = await runCli(["check", ...argv, ...dns], world);
  return { ...outcome, asked: server.asked.length };
}

function idsOf(out: string): string[] {
  return (JSON.parse(out) as PrintedReport).findings.map(({ id }) => id);
}

function zoneFile(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test("asks live DNS, and says so where nothing is wrong", async () => {
  const { code, out } = await check(["example.jp", "--fail-on", "error"], zoneAnswers(good));
  expect(out).toContain("example.jp\n");
  expect(out).toContain("Checked: ");
  expect(out.replaceAll(/\s+/g, " ")).toContain("HELO (no --helo)");
  expect(code).toBe(0);
});

// A pipeline that names the wrong file would publish what nobody has looked at.
test.each([
  ["example.jp", "@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1", true],
  ["lab.example.jp", "@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1", true],
  ["example.jp", "www.example.jp. A 192.0.2.9", true],
  ["example.jp", "other.example. SOA ns1.other.example. h.other.example. 1 3600 600 86400 300", false],
  ["example.jp", "www.other.example. A 192.0.2.9", false],
  ["lab.example.jp", "example.jp. TXT example", false],
])("whether a zone file is about %s: %j: %j", async (domain, text, is) => {
  const file = zoneFile("about.zone", `${is ? "$ORIGIN example.jp.\n" : ""}${text}\n`);
  const told = async (...options: string[]): Promise<string> =>
    (await check([domain, "--zone", file, ...options], zoneAnswers(good))).out;
  const { facts } = JSON.parse(await told("--json")) as { facts: { inZones?: boolean } };
  expect(facts.inZones).toBe(is);
  expect((await told()).includes("No zone file is about this domain")).toBe(!is);
  expect((await told("--lang", "ja")).includes("このドメインのゾーンファイル")).toBe(!is);
});

// Servers turn the records of an answer round; a report that is compared with that of yesterday may not.
test("the order of the records in an answer changes nothing", async () => {
  const zone = `${good}
example.jp. MX 10 mx3.example.jp.
example.jp. MX 10 mx2.example.jp.
example.jp. MX 10 mx.other.example.
mx2.example.jp. A 192.0.2.2
mx2.example.jp. A 198.51.100.2
mx3.example.jp. A 192.0.2.3
example.jp. TXT "v=spf1 mx ~all"
example.jp. TXT "v=spf1 ip4:198.51.100.1 a ?all"
_dmarc.example.jp. TXT "v=DMARC1; p=none; rua=mailto:b@example.jp"`;
  const answers = zoneAnswers(zone);
  const argv = ["example.jp", "--now", "2026-11-01T00:00:00Z", "--json", "--client", "192.0.2.9"];
  const plain = await check(argv, answers);
  const turned = await check(argv, async (query) => {
    const { answers: records = [], ...rest } = await answers(query);
    return { ...rest, answers: records.toReversed() };
  });
  expect(JSON.parse(turned.out)).toEqual(JSON.parse(plain.out));
});

describe("what is not answered", () => {
  test("is a finding, and what was answered is checked all the same", async () => {
    const answers = zoneAnswers(good);
    const silentForDmarc = (query: TestQuery): ReturnType<typeof answers> | readonly [] =>
      query.name.startsWith("_dmarc") ? [] : answers(query);
    const { code, out } = await check(["example.jp", "--json"], silentForDmarc, {}, 1.5);
    const { findings } = JSON.parse(out) as PrintedReport;
    const unanswered = findings.find(({ id }) => id === "dns.unanswered");
    expect(unanswered?.params).toMatchObject({ reason: "timeout" });
    expect(unanswered?.text).toContain("_dmarc.example.jp TXT");
    expect(findings.map(({ id }) => id)).toContain("mx.v6-missing");
    expect(findings.map(({ id }) => id)).not.toContain("dmarc.missing");
    expect(code).toBe(1);
  });

  test.each([
    ["a silent server", () => []],
    ["a server that refuses", () => ({ rcode: 5 })],
    ["a server that fails", () => ({ rcode: 2 })],
    ["a server that sends noise", ({ octets }: { octets: Buffer }) => [octets.subarray(0, 11)]],
    [
      "a server that answers another question",
      () => ({ question: Buffer.from("\u0003abc\u0000\u0000\u0001\u0000\u0001") }),
    ],
  ] as const)("%s: nothing is called fine, exit code 3", async (_, answer) => {
    const { code, out } = await check(["example.jp"], answer as TestDnsOptions["answer"], {}, 0.3);
    expect(code).toBe(3);
    expect(out).toContain("Nothing is known about this domain.");
    expect(out).not.toContain("Nothing wrong");
  });
});

test("NXDOMAIN above a name that exists is told", async () => {
  const answers = zoneAnswers(`${good}\ns1._domainkey.example.jp. TXT "v=DKIM1; p="`);
  const argv = ["example.jp", "--selector", "s1", "--json"];
  const lying = await check(argv, (query) =>
    query.name === "_domainkey.example.jp" ? { rcode: 3 } : answers(query),
  );
  expect(idsOf(lying.out)).toContain("dns.nxdomain-cut");
  const honest = await check(argv, answers);
  expect(idsOf(honest.out)).not.toContain("dns.nxdomain-cut");
});

// Section A, row 21.
describe("--new", () => {
  const broken = good.replace("mx.example.jp. A 192.0.2.1\n", "");

  test("shows what a zone file adds, and nothing else", async () => {
    const file = zoneFile(
      "adds.zone",
      'example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"\nexample.jp. TXT "v=spf1 mx -all"\n',
    );
    const all = await check(["example.jp", "--zone", file, "--json"], zoneAnswers(broken));
    expect(idsOf(all.out)).toEqual(expect.arrayContaining(["mx.no-address", "spf.multiple-records"]));
    const added = await check(["example.jp", "--zone", file, "--new", "--json"], zoneAnswers(broken));
    expect(idsOf(added.out)).toContain("spf.multiple-records");
    expect(idsOf(added.out)).not.toContain("mx.no-address");
    expect(added.code).toBe(1);
  });

  test("a file that says what is published adds nothing: exit code 0", async () => {
    const file = zoneFile("same.zone", good);
    const { code, out } = await check(["example.jp", "--zone", file, "--new"], zoneAnswers(good));
    expect(out).toContain("The zone files add nothing that is wrong.");
    expect(code).toBe(0);
  });

  test.each([
    [["--new"], "--zone"],
    [["--new", "--zone", "x.zone", "--offline"], "--offline"],
  ])("%s is a mistake", async (argv, named) => {
    const { code, err } = await runCli(["check", "example.jp", ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(named);
  });
});

describe("many domains", () => {
  test("from standard input, in their order, one line of JSON each; the worst decides the exit code", async () => {
    const input = "other.example # mine\n\nEXAMPLE.jp.\n日本語.example\nother.example\n";
    const { code, out } = await check(["-", "--json"], zoneAnswers(good), { input });
    const domains = out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as PrintedReport).domain);
    expect(domains).toEqual(["other.example", "example.jp", "xn--wgv71a119e.example"]);
    expect(code).toBe(1);
  });

  test("for a person, with a summary", async () => {
    const { out } = await check(["example.jp", "other.example", "--fail-on", "error"], zoneAnswers(good));
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^2 domains, \d of them/);
  });

  test("a name that is none is a mistake of usage", async () => {
    const { code, err } = await runCli(["check", "-"], { input: "a..b\n" });
    expect(code).toBe(2);
    expect(err).toContain('"a..b" is no domain name');
  });
});

describe("hostile records", () => {
  const octets = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index)).join("");

  test("are printed without control characters and escaped in the page", async () => {
    const answers = zoneAnswers(good);
    const hostile = '\u001b[31m</script><img src=x onerror="alert(1)">\u202e';
    const page = join(folder, "hostile.html");
    const { out } = await check(["example.jp", "--html", page], async (query) =>
      query.name === "example.jp" && query.type === 16
        ? {
            answers: [txtRecord("example.jp", [`v=spf1 ${hostile} -all`]), txtRecord("example.jp", [octets])],
          }
        : answers(query),
    );
    expect(out.includes("\u001b")).toBe(false);
    const html = readFileSync(page, "utf8");
    expect(html).not.toContain("<img");
    expect(html).not.toContain("</script>");
    expect(html).not.toMatch(/<script|javascript:|(?:href|src)="?https?:/);
  });

  test("a tree of 500 includes ends, and is told", async () => {
    const answers = zoneAnswers(good);
    const { out, asked } = await check(["example.jp", "--json"], (query) => {
      if (query.type !== 16 || query.name.startsWith("_")) return answers(query);
      const next = query.name === "example.jp" ? 0 : Number(query.name.split(".")[0]?.slice(1)) + 1;
      const includes = Array.from({ length: 20 }, (_, index) => `include:n${next * 20 + index}.example.jp`);
      return { answers: [txtRecord(query.name, [`v=spf1 ${includes.slice(0, 8).join(" ")} -all`])] };
    });
    expect(idsOf(out)).toContain("spf.lookups-over-10");
    expect(asked).toBeLessThan(4000);
  });

  test("64 KB of TXT records over TCP are read", async () => {
    const answers = zoneAnswers(good);
    const strings = Array.from({ length: 14 }, () => "x".repeat(255));
    const records = Array.from({ length: 17 }, () => txtRecord("example.jp", strings));
    const { out } = await check(["example.jp", "--json"], (query) => {
      if (query.name !== "example.jp" || query.type !== 16) return answers(query);
      if (query.transport === "udp") return { tc: true };
      return { answers: [...records, txtRecord("example.jp", ["v=spf1 ip4:192.0.2.1 -all"])] };
    });
    expect(idsOf(out)).not.toContain("spf.missing");
    expect(idsOf(out)).not.toContain("dns.unanswered");
  });
});

describe("questions", () => {
  const key = 's1._domainkey.example.jp. TXT "v=DKIM1; p="';

  test("are few, and nobody guesses at selectors where one is known", async () => {
    const guessing = await check(
      ["example.jp"],
      zoneAnswers(`${good}\nzz._domainkey.example.jp. TXT "v=DKIM1; p="`),
    );
    const known = await check(["example.jp", "--selector", "s1"], zoneAnswers(`${good}\n${key}`));
    const none = await check(["example.jp"], zoneAnswers(good));
    expect(guessing.asked).toBeLessThan(120);
    expect(known.asked).toBeLessThan(75);
    expect(none.asked).toBeLessThan(75);
  });
});
