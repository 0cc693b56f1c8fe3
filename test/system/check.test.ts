import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PrintedFinding, PrintedReport } from "../check-zones.ts";
import { nameRecord, soaRecord, txtRecord } from "../dns-server.ts";
import { runCli } from "../run-cli.ts";
import { type Stoppable, startKnotAt, startUdpServer, startUnbound } from "./dns-world.ts";
import { describeWith } from "./process.ts";
import { signers, signZone } from "./signed-zones.ts";

const one = "127.0.53.1";
const two = "127.0.53.2";
/** Holds the root and `test.` only. */
const top = "127.0.53.10";
const slow = "127.0.53.4";
const lying = "127.0.53.5";
/** Answers from somebody else's data: without AA. */
const open = "127.0.53.3";
const dead = "127.0.53.9";

interface TestZone {
  readonly name: string;
  /** Addresses of its servers, as ns1, ns2, ...; the zone is loaded at those of `one` and `two` among them. */
  readonly servers: readonly string[];
  readonly records?: readonly string[];
  /** Other records at the second server. */
  readonly second?: readonly string[];
  readonly serial?: number;
  /** The second server knows nothing of it. */
  readonly notAtTwo?: boolean;
  readonly secondSerial?: number;
  /** NS records that only the zone above has, or only the zone. */
  readonly onlyAbove?: readonly string[];
  readonly onlyHere?: readonly string[];
  readonly signed?: "good" | "island" | "wrong-ds" | "expiring";
}

const mail = (zone: string): string[] => [
  `${zone}. MX 10 mx.${zone}.`,
  `mx.${zone}. A 192.0.2.1`,
  `mx.${zone}. TXT "v=spf1 a -all"`,
  `${zone}. TXT "v=spf1 ip4:192.0.2.1 -all"`,
  `_dmarc.${zone}. TXT "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@${zone}"`,
];

const zones: readonly TestZone[] = [
  { name: "good.test", servers: [one, two], signed: "good" },
  { name: "plain.test", servers: [one, two] },
  { name: "island.test", servers: [one, two], signed: "island" },
  { name: "bogus.test", servers: [one, two], signed: "wrong-ds" },
  { name: "expiring.test", servers: [one, two], signed: "expiring" },
  {
    name: "disagree.test",
    servers: [one, two],
    secondSerial: 2,
    second: mail("disagree.test").map((line) => line.replace("ip4:192.0.2.1", "ip4:192.0.2.2")),
  },
  {
    name: "lame.test",
    servers: [one, two, open],
    notAtTwo: true,
    onlyHere: ["nowhere.lame.test"],
    onlyAbove: ["nowhere.lame.test"],
  },
  { name: "silent.test", servers: [one, dead] },
  { name: "parent.test", servers: [one, two], onlyAbove: ["old.plain.test"], onlyHere: ["ns1.plain.test"] },
  { name: "notcp.test", servers: [slow] },
  { name: "lying.test", servers: [lying] },
];

function zoneText(zone: TestZone, index: 0 | 1): string {
  const { name, servers, serial = 1, onlyHere = [] } = zone;
  const own = index === 1 ? (zone.second ?? zone.records ?? mail(name)) : (zone.records ?? mail(name));
  const number = index === 1 ? (zone.secondSerial ?? serial) : serial;
  return [
    "$TTL 3600",
    `${name}. SOA ns1.${name}. root.${name}. ${number} 7200 3600 1209600 3600`,
    ...servers.map((_, at) => `${name}. NS ns${at + 1}.${name}.`),
    ...onlyHere.map((server) => `${name}. NS ${server}.`),
    ...servers.map((address, at) => `ns${at + 1}.${name}. A ${address}`),
    ...own,
    "",
  ].join("\n");
}

function delegation({ name, servers, onlyAbove = [] }: TestZone): string[] {
  return [
    ...servers.map((_, at) => `${name}. NS ns${at + 1}.${name}.`),
    ...onlyAbove.map((server) => `${name}. NS ${server}.`),
    ...servers.map((address, at) => `ns${at + 1}.${name}. A ${address}`),
  ];
}

const folder = mkdtempSync(join(tmpdir(), "sekisho-check-"));
const running: Stoppable[] = [];
let port = 0;

async function startWorld(): Promise<void> {
  const atOne = new Map<string, string>();
  const atTwo = new Map<string, string>();
  const above: string[] = [];
  for (const zone of zones) {
    above.push(...delegation(zone));
    const plain = zoneText(zone, 0);
    const signed = zone.signed && sign(zone, plain, above);
    if (zone.servers.includes(one)) atOne.set(zone.name, signed ?? plain);
    if (zone.servers.includes(two) && zone.notAtTwo !== true)
      atTwo.set(zone.name, signed ?? zoneText(zone, 1));
  }
  const head = (zone: string): string =>
    `$TTL 3600\n${zone} SOA ns.root. root.root. 1 7200 3600 1209600 3600\n${zone} NS ns.root.`;
  const test = signZone(folder, "test", [head("test."), ...above, ""].join("\n"));
  const root = signZone(
    folder,
    ".",
    [head("."), `ns.root. A ${top}`, "test. NS ns.root.", test.ds].join("\n"),
  );
  running.push(await startKnotAt(one, folder, atOne), await startKnotAt(two, folder, atTwo));
  running.push(
    await startKnotAt(
      top,
      folder,
      new Map([
        [".", root.text],
        ["test", test.text],
      ]),
    ),
    await startUdpServer(slow, withoutTcp),
    await startUdpServer(open, (name, type) =>
      type === 6 ? { answers: [soaRecord(name, 3600)] } : { rcode: 2 },
    ),
    await startUdpServer(lying, () => Buffer.from("not a response at all")),
  );
  const unbound = await startUnbound(folder, top, root.anchor);
  running.push(unbound);
  port = unbound.port;
}

function sign({ name, signed }: TestZone, text: string, above: string[]): string {
  const times = signed === "expiring" ? { begins: -13 * 86_400, ends: 10 * 3600 } : {};
  const made = signZone(folder, name, text, times);
  if (signed === "wrong-ds")
    above.push(made.ds.replaceAll(/[0-9A-F]{10,}/g, (hex) => "0".repeat(hex.length)));
  else if (signed !== "island") above.push(made.ds);
  return made.text;
}

/** Its TXT records never fit, and nobody listens on TCP. */
function withoutTcp(
  name: string,
  type: number,
): Parameters<typeof startUdpServer>[1] extends (...args: never) => infer R ? R : never {
  if (type === 16 && name === "notcp.test") return { aa: true, tc: true };
  if (type === 6 && name === "notcp.test") return { aa: true, answers: [soaRecord("notcp.test", 3600)] };
  if (type === 2 && name === "notcp.test")
    return { aa: true, answers: [nameRecord("notcp.test", "NS", "ns1.notcp.test")] };
  if (type === 16 && name === "_dmarc.notcp.test")
    return { aa: true, answers: [txtRecord(name, ["v=DMARC1; p=reject"])] };
  if (type === 1 && name === "ns1.notcp.test")
    return { aa: true, answers: [{ name, type: "A", data: Buffer.from([127, 0, 53, 4]) }] };
  return { aa: true };
}

async function check(domain: string, ...argv: readonly string[]): Promise<PrintedReport> {
  // Long enough for servers that a busy machine holds up, and not for each question that nobody ever answers.
  const seconds = domain === "lying.test" ? "3" : "12";
  const dns = ["--nameserver", `127.0.0.1:${port}`, "--dns-timeout", seconds];
  const { code, out, err } = await runCli(["check", domain, "--json", ...dns, ...argv]);
  expect(err).toBe("");
  return { ...(JSON.parse(out) as PrintedReport), code };
}

function found({ findings }: PrintedReport, id: string): PrintedFinding | undefined {
  return findings.find((finding) => finding.id === id);
}

describeWith(["/usr/sbin/knotd", "/usr/sbin/unbound", ...signers], "check against real name servers", () => {
  beforeAll(startWorld, 120_000);
  afterAll(async () => {
    for (const server of running) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a signed zone with two equal servers: nothing is wrong with its DNS", async () => {
    const report = await check("good.test");
    const ids = report.findings.filter(({ id, severity }) => /^dns/.test(id) && severity !== "info");
    expect(ids).toEqual([]);
    expect(report.facts).toMatchObject({
      dnssec: { state: "secure" },
      dns: {
        zone: "good.test",
        servers: [
          { ip: one, authoritative: true },
          { ip: two, authoritative: true },
        ],
      },
    });
  });

  test.each([
    ["plain.test", "dnssec.absent", { signed: false }],
    ["island.test", "dnssec.absent", { signed: true }],
    ["bogus.test", "dnssec.bogus", { names: ["bogus.test"] }],
    ["expiring.test", "dnssec.expiring", { zone: "expiring.test", hours: 9 }],
    ["lame.test", "dns.lame", { server: "nowhere.lame.test", problem: "no-address" }],
    ["silent.test", "dns.server-silent", { server: "ns2.silent.test", ip: dead }],
    ["parent.test", "dns.parent-child-ns", { onlyParent: ["old.plain.test"], onlyChild: ["ns1.plain.test"] }],
    ["notcp.test", "dns.tcp", { server: "ns1.notcp.test", name: "notcp.test", type: "TXT" }],
  ] as const)("%s: %s", async (domain, id, params) => {
    const report = await check(domain);
    expect(report.findings.map((finding) => finding.id)).toContain(id);
    expect(found(report, id)?.params).toMatchObject(params);
  });

  test("a server that does not hold the zone is lame", async () => {
    const { findings } = await check("lame.test");
    const lame = findings.filter(({ id }) => id === "dns.lame").map(({ params }) => params);
    expect(lame).toEqual([
      { zone: "lame.test", server: "nowhere.lame.test", ip: "", problem: "no-address" },
      { zone: "lame.test", server: "ns2.lame.test", ip: two, problem: "refused" },
      { zone: "lame.test", server: "ns3.lame.test", ip: open, problem: "not-authoritative" },
    ]);
  });

  test("servers that disagree: which says what", async () => {
    const { findings } = await check("disagree.test");
    const ofTxt = findings.find(
      ({ id, params }) => id === "dns.servers-disagree" && params["type"] === "TXT",
    );
    expect(ofTxt?.params["versions"]).toEqual([
      { servers: [`ns1.disagree.test (${one})`], data: ['"v=spf1 ip4:192.0.2.1 -all"'] },
      { servers: [`ns2.disagree.test (${two})`], data: ['"v=spf1 ip4:192.0.2.2 -all"'] },
    ]);
    expect(findings.some(({ params }) => params["type"] === "SOA")).toBe(true);
  });

  test("SPF records that differ between servers: the one record to publish on all of them", async () => {
    const report = await check("disagree.test");
    const several = found(report, "spf.multiple-records");
    const merged = "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 -all";
    expect(several?.params).toMatchObject({ where: "servers", count: 2, merged });
    expect(several?.fix).toContain(merged);
    expect(several?.change?.map(({ action, name, data }) => [action, name, data])).toEqual([
      ["remove", "disagree.test", '"v=spf1 ip4:192.0.2.1 -all"'],
      ["remove", "disagree.test", '"v=spf1 ip4:192.0.2.2 -all"'],
      ["add", "disagree.test", `"${merged}"`],
    ]);
    expect(report.code).toBe(1);
  });

  test.each(["lying.test", "notcp.test", "bogus.test"])(
    "%s: what was not answered is told",
    async (domain) => {
      const report = await check(domain);
      expect(found(report, "dns.unanswered")).toBeDefined();
      expect(report.findings.map(({ id }) => id)).not.toContain("spf.missing");
      expect(report.code).not.toBe(0);
    },
  );

  test("a resolver that does not validate: whether the zone is signed is unknown", async () => {
    const server = await startUdpServer("127.0.53.6", () => ({ rcode: 0 }));
    running.push(server);
    const { out } = await runCli(["check", "good.test", "--json", "--nameserver", "127.0.53.6"]);
    const { findings } = JSON.parse(out) as PrintedReport;
    expect(findings.map(({ id }) => id)).toContain("dnssec.unknown");
    expect(findings.map(({ id }) => id)).not.toContain("dnssec.absent");
  });
});
