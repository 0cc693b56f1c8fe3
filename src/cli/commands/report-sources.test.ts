import { writeFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { aggregateXml, sampleBegin } from "../../../test/report-files.ts";
import { runCli } from "../../../test/run-cli.ts";
import { type MadeWorld, makeSourceWorld, type SourceWorld, university } from "../../../test/source-world.ts";
import { displayWidth } from "../layout.ts";

let world: MadeWorld | undefined;
afterEach(() => {
  world?.remove();
  world = undefined;
});

async function make(given: SourceWorld = university): Promise<MadeWorld> {
  world = await makeSourceWorld(given);
  return world;
}

function report(...args: string[]): ReturnType<typeof runCli> {
  return runCli(["report", ...args, ...(world === undefined ? [] : ["--config", world.config])]);
}

const widths = [
  ["en", 80],
  ["ja", 80],
  ["en", 60],
  ["ja", 60],
] as const;
describe("sekisho report sources", () => {
  test.each(widths)("stays within the terminal (%s, %i columns)", async (lang, columns) => {
    const { config } = await make();
    for (const more of [[], ["--own"], ["--failing"], ["--limit", "2"]]) {
      const args = ["report", "sources", "univ.example", ...more, "--lang", lang, "--config", config];
      const { out, err } = await runCli(args, { columns });
      expect(err).toBe("");
      expect(out.split("\n").filter((line) => displayWidth(line) > columns)).toEqual([]);
      expect(out).not.toContain("undefined");
    }
  });

  test("a report about a domain, which anybody may send, makes its hosts none of ours", async () => {
    const ip = "203.0.113.66";
    const sent = [{ ip, count: 50 }];
    await make({
      mails: { "univ.example": sent, "evil.example": sent },
      names: [{ ip, result: "pass", name: "mx.evil.example", domain: "evil.example", listed: [] }],
    });
    const groupsOf = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await report(...args, "--json")).out).sources.map((one: { group: string }) => one.group);
    expect(await groupsOf("sources", "univ.example")).not.toContain("own");
    // Who asks about a domain says that it is his.
    expect(await groupsOf("sources", "evil.example")).toEqual(["own"]);
    const exported = (await report("export", "--format", "ndjson", "--group", "own")).out.trim().split("\n");
    expect(exported.map((line) => JSON.parse(line).domain)).toEqual(["evil.example"]);
  });

  test("days that are yet to come stand in no list before they are asked for", async () => {
    const { config, dataDir } = await make({
      mails: { "univ.example": [{ ip: "203.0.113.66", count: 50 }] },
    });
    const file = `${dataDir}/future.xml`;
    const future = aggregateXml({ domain: "univ.example", counts: [9_999_999_999] });
    writeFileSync(file, future.replaceAll(/(<(?:begin|end)>)\d+/g, "$14070908800"));
    await runCli(["report", "import", file, "--config", config]);
    const sumOf = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await report("sources", "univ.example", ...args, "--json")).out).messages;
    expect(await sumOf()).toBe(50);
    expect(await sumOf("--before", "2100-01-01")).toBe(10_000_000_049);
    expect(await sumOf("--since", "2098-01-01")).toBe(9_999_999_999);
  });

  test("own servers that SPF names and that do not sign come first, forgers last", async () => {
    await make();
    const { out, code } = await report("sources", "univ.example");
    expect(code).toBe(1);
    const [head = "", ...groups] = out.split("\n\n");
    expect(head).toBe(
      `univ.example: 6,548 messages from 11 addresses since ${daysAgo(30)}\nDMARC passes for 6,357 (97%): 5,025 by DKIM, 6,332 by SPF`,
    );
    expect(groups.map((group) => group.split("\n", 1)[0])).toEqual([
      "Do first",
      "Own server: Sato Lab <sato@univ.example>",
      "Unknown in our own networks: 192.0.2.0/24",
      "Own server: Sato Lab <sato@univ.example>",
      "Service: Twilio SendGrid (very likely)",
      "Service: Amazon SES (a guess)",
      "Unknown: partner.example",
      "Mailing list (likely)",
      "Own server: 学科メールサーバー <postmaster@univ.example>",
      "Forwarder: alumni.example (likely)",
      "Probably spoofed (likely)",
      "Probably spoofed (very likely)",
      "4 addresses have not been looked up in DNS yet:",
    ]);
    expect(groups[1]).toContain("Why  it lies in 192.0.2.64/28 of networks.own");
    expect(groups[1]).toContain("  192.0.2.70  mail.sato.univ.example       420    0%  100%   100%");
  });

  test("the same in Japanese", async () => {
    await make();
    const { out } = await report("sources", "univ.example", "--lang", "ja");
    expect(out).toContain(
      "最初に対応するもの\n  1. Sato Lab <sato@univ.example>: DKIM 署名を付ける（420 通、1 アドレス）",
    );
    expect(out).toContain("転送: alumni.example（可能性が高い）");
    expect(out).toContain("なりすましの疑い");
  });

  test("--own: by From, DKIM, SPF and owner", async () => {
    await make();
    const { out, code } = await report("sources", "univ.example", "--own");
    expect(code).toBe(1);
    const addresses = [...out.matchAll(/^(192\.0\.2\.\d+|203.*|198.*)/gm)].map(([address]) => address);
    expect(addresses).toEqual(["192.0.2.70", "192.0.2.200", "192.0.2.71", "192.0.2.10"]);
    expect(out).toContain("Owner  Sato Lab <sato@univ.example>");
    expect(out).toContain("  univ.example  none  pass       420");
    expect(out).toMatch(/univ\.example {2}broken \(univ\.example\) {2}pass \(lab\.example\) +30/);
  });

  test("--failing: what does not pass DMARC", async () => {
    await make();
    const { out } = await report("sources", "univ.example", "--failing");
    expect(out).not.toContain("192.0.2.70");
    expect(out).toContain("192.0.2.71");
    const own = await report("sources", "univ.example", "--failing", "--own");
    expect(own.out.match(/^192\.0\.2\.\d+/gm)).toEqual(["192.0.2.71"]);
  });

  test("--limit: addresses that are shown; the others are counted", async () => {
    await make();
    const { out } = await report("sources", "univ.example", "--limit", "1");
    expect(out.match(/^ {2}\d+\.\d+\.\d+\.\d+ /gm)).toHaveLength(1);
    expect(out).toContain("Own server: Sato Lab");
    expect(out).not.toContain("Unknown in our own networks: 192.0.2.0/24\n");
    expect(out.split("\n\n").find((part) => part.startsWith("Not shown"))).toBe(
      [
        "Not shown (--limit)",
        "  group                        addresses  messages  DMARC",
        "  Unknown in our own networks          1        12   100%",
        "  Own server                           2     5,030    99%",
        "  Service                              2       980    92%",
        "  Unknown                              1        60     0%",
        "  Mailing list                         1        15     0%",
        "  Forwarder                            1        25   100%",
        "  Probably spoofed                     2         6     0%",
      ].join("\n"),
    );
    const own = await report("sources", "univ.example", "--own", "--limit", "1");
    expect(own.out).toContain("… and 3 more addresses (--limit)");
  });

  test("a crowd of strangers hides nobody else, and what is not shown is summed up", async () => {
    const strangers = Array.from({ length: 60 }, (_, index) => `203.0.113.${index + 1}`);
    const spf = ["univ.example", "fail"] as const;
    const signed = { dkim: [["univ.example", "pass"]] } as const;
    const forwarders = strangers.map((ip) => ip.replace("203.0.113", "198.51.100"));
    await make({
      mails: {
        "univ.example": [
          ...strangers.map((ip, index) => ({ ip, count: 100 - index, spf })),
          ...forwarders.map((ip, index) => ({ ip, count: index === 0 ? 3 : 2, spf, ...signed })),
          { ip: "192.0.2.1", count: 5_000, spf: ["univ.example", "pass"], ...signed },
        ],
      },
      names: [...strangers, ...forwarders].map((ip, index) => {
        const domain = `firm${index + 1}.example`;
        return { ip, result: "pass", name: `mail.${domain}`, domain, listed: [] };
      }),
      config: "networks: { own: [{ network: 192.0.2.1/32 }] }\n",
    });
    const { out } = await report("sources", "univ.example");
    expect(out).toContain("Own server\n");
    expect(out.match(/^Unknown: /gm)).toHaveLength(10);
    expect(out).toContain("Unknown: firm1.example\n");
    // Forwarders are one thing for the reader, whoever they are.
    expect(out.match(/^Forwarder \(likely\)$/gm)).toHaveLength(1);
    expect(out).toContain("  … and 55 more addresses (--limit)\n");
    // What is said of one of them is not said of all.
    expect(out.replaceAll(/\n +/g, " ")).toContain("Why  198.51.100.1, for one: our signature passes");
    expect(out).toMatch(/^Not shown \(--limit\)\n.*\n {2}Unknown +50 +3,275 +0%$/m);
    expect(out.split("\n").length).toBeLessThan(120);
    expect((await report("sources", "univ.example", "--lang", "ja")).out).toMatch(
      /^表示していないもの（--limit で表示）\n.*\n {2}不明 +50 +3,275 +0%$/m,
    );
    expect((await report("sources", "univ.example", "--limit", "500")).out).not.toContain("Not shown");
  });

  test("--json: everything, in the order of work", async () => {
    await make();
    const { out } = await report("sources", "univ.example", "--json");
    const json = JSON.parse(out) as { sources: { ip: string; rank: number }[] };
    expect(json).toMatchObject({ domain: "univ.example", messages: 6548, passed: 6357 });
    expect(json.sources).toHaveLength(11);
    expect(json.sources[0]).toMatchObject({
      ip: "192.0.2.70",
      group: "own",
      state: "unsigned",
      advice: "sign-own",
      own: true,
      owner: { name: "Sato Lab" },
      reasons: [{ id: "own-network", params: { network: "192.0.2.64/28" } }],
      ways: [{ from: "univ.example", dkim: "none", spf: "pass", messages: 420 }],
      name: { result: "pass", name: "mail.sato.univ.example" },
    });
    const rankings = json.sources.map(({ rank }) => rank);
    expect(rankings).toEqual([...rankings].sort((a, b) => a - b));
  });

  test("a stranger's endless envelope does not fill the screen", async () => {
    const envelope = `lists.${"a".repeat(5_000)}.example`;
    await make({
      config: "networks: { own: [{ network: 192.0.2.1/32, name: x }] }\n",
      mails: { "univ.example": [{ ip: "203.0.113.1", count: 1, spf: [envelope, "pass"], envelope }] },
    });
    for (const more of [[], ["--own"]]) {
      const { out } = await report("sources", "univ.example", ...more);
      expect(out.split("\n").length).toBeLessThan(20);
    }
    await report("label", "203.0.113.1", "own");
    expect((await report("sources", "univ.example", "--own")).out.split("\n").length).toBeLessThan(20);
  });

  test("several addresses of nobody are one task, and not called by one of them alone", async () => {
    const unsigned = (ip: string): object => ({ ip, count: 400, spf: ["univ.example", "pass"] });
    await make({ mails: { "univ.example": ["198.51.100.1", "203.0.113.1"].map(unsigned) } } as SourceWorld);
    const { out } = await report("sources", "univ.example");
    expect(out).toContain("\n  1. 198.51.100.1 and 1 other: ");
    expect(out).toMatch(/\(800\s+messages,\s+2\s+addresses\)/);
    expect((await report("sources", "univ.example", "--lang", "ja")).out).toContain(
      "\n  1. 198.51.100.1 ほか: ",
    );
  });

  const allWell: SourceWorld = {
    config: "networks: { own: [{ network: 192.0.2.1/32 }] }\n",
    mails: {
      "univ.example": [
        { ip: "192.0.2.1", count: 5, dkim: [["univ.example", "pass"]], spf: ["univ.example", "pass"] },
      ],
    },
  };
  test("the exit code is 0 when there is nothing to do", async () => {
    await make(allWell);
    const { code, out } = await report("sources", "univ.example");
    expect(code).toBe(0);
    expect(out).not.toContain("Do first");
    expect(await report("sources", "univ.example", "--failing")).toMatchObject({
      code: 0,
      out: "every message from univ.example passes DMARC\n",
    });
    expect((await report("sources", "univ.example", "--since", "36h")).out).toContain(
      "univ.example: 5 messages",
    );
  });

  test("what is not there is said", async () => {
    await make({
      mails: { "univ.example": [{ ip: "203.0.113.1", count: 1, spf: ["univ.example", "fail"] }] },
    });
    expect((await report("sources", "other.example")).out).toContain(
      "no report tells of mail from other.example",
    );
    expect((await report("sources", "univ.example", "--own")).out).toBe(
      "no address of ours sends as univ.example\n",
    );
    expect((await report("sources", "univ.example")).out).toContain("networks.own is empty");
  });

  test("what is not there because of several options is said of these alone", async () => {
    const ours = { ip: "192.0.2.1", count: 5, dkim: [["univ.example", "pass"]] } as const;
    await make({
      config: "networks: { own: [{ network: 192.0.2.1/32 }] }\n",
      mails: {
        "univ.example": [
          { ...ours, spf: ["univ.example", "pass"] },
          { ip: "203.0.113.1", count: 1, spf: ["univ.example", "fail"] },
        ],
      },
    });
    const said = async (...args: string[]): Promise<string> =>
      (await report("sources", "univ.example", ...args)).out;
    const everyOfThese = "every message from these sources passes DMARC\n";
    expect(await said("--own", "--failing")).toBe(everyOfThese);
    expect(await said("--group", "own", "--failing")).toBe(everyOfThese);
    expect(await said("--group", "gateway", "--failing")).toContain("is in the group: Mail gateway");
    expect(await said("--own", "--group", "unknown")).toContain("is in the group: Unknown");
    const before = daysAgo(400);
    expect(await said("--since", daysAgo(430), "--before", before)).toBe(
      `no report tells of mail from univ.example from ${daysAgo(430)} to ${daysAgo(401)}\n`,
    );
    expect((await report("sources", "cs.univ.example")).out.replaceAll("\n", " ")).toContain(
      `no report about cs.univ.example itself since ${daysAgo(30)}; without a DMARC record of its own its mail stands in those about univ.example: sekisho report sources univ.example`,
    );
  });

  test("messages are of the span, the days when it was seen are not", async () => {
    const { config, dataDir } = await make({
      config: "networks: { own: [{ network: 192.0.2.1/32 }] }\n",
      mails: { "example.com": [{ ip: "192.0.2.1", count: 5, spf: ["example.com", "fail"] }] },
    });
    writeFileSync(`${dataDir}/old.xml`, aggregateXml());
    await runCli(["report", "import", `${dataDir}/old.xml`, "--config", config]);
    const first = new Date(sampleBegin * 1000).toISOString().slice(0, 10);
    const { out } = await report("sources", "example.com", "--own");
    expect(out).toContain(`5 messages; first seen on ${first}, last on ${daysAgo(1)}\n`);
    const ja = await report("sources", "example.com", "--own", "--lang", "ja");
    expect(ja.out).toContain(`5 通（初回 ${first}、最終 ${daysAgo(1)}）\n`);
  });

  test.each([
    [["sources"], "say which domain"],
    [["sources", "not a domain"], "is no domain name"],
    [["sources", "a.example", "b.example"], "b.example"],
    [["sources", "a.example", "--since", "yesterday"], "--since"],
    [["sources", "a.example", "--limit", "0"], "--limit"],
    [["sources", "a.example", "--remove"], "--remove"],
  ])("usage: %j", async (args, said) => {
    const { code, err } = await runCli(["report", ...args]);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });
});

describe("sekisho report label", () => {
  test("a label wins, is kept, and can be taken away", async () => {
    await make();
    expect((await report("label")).out).toBe("no labels\n");
    const set = await report(
      "label",
      "203.0.113.150",
      "service",
      "--owner",
      "Partner",
      "--contact",
      "it@p.example",
    );
    expect(set).toMatchObject({ code: 0, out: "203.0.113.150: Service\n" });
    await report("label", "203.0.113.96/29", "forwarder");
    const sources = await report("sources", "univ.example");
    expect(sources.out).toContain("Service: Partner <it@p.example>");
    expect(sources.out).toContain("you have said so (label 203.0.113.96/29)");
    expect((await report("label")).out).toBe(
      "label            group      owner\n203.0.113.150    service    Partner <it@p.example>\n203.0.113.96/29  forwarder\n",
    );
    expect((await report("label", "--json")).out.split("\n")[1]).toBe(
      '{"pattern":"203.0.113.96/29","group":"forwarder"}',
    );
    expect((await report("label", "203.0.113.150", "--remove")).code).toBe(0);
    const again = await report("label", "203.0.113.150", "--remove", "--lang", "ja");
    expect(again.code).not.toBe(0);
    expect(again.err).toContain("ラベル 203.0.113.150 はありません");
    expect((await report("sources", "univ.example")).out).not.toContain("Partner");
  });

  test("--json tells what was put and what was removed", async () => {
    await make({ mails: {} });
    const put = await report("label", "203.0.113.150/32", "service", "--owner", "Partner", "--json");
    expect(put).toMatchObject({
      code: 0,
      out: '{"pattern":"203.0.113.150","group":"service","name":"Partner"}\n',
    });
    expect((await report("label", "--json")).out).toBe(put.out);
    const gone = await report("label", "203.0.113.150", "--remove", "--json");
    expect(gone).toMatchObject({ code: 0, out: '{"pattern":"203.0.113.150","removed":true}\n' });
    expect(await report("label", "203.0.113.150", "--remove", "--json")).toMatchObject({ code: 1, out: "" });
  });

  test.each([
    [["nonsense", "own"], "is no address"],
    [["192.0.2.1", "mine"], "is no group"],
    [["192.0.2.1"], "say which group"],
  ])("usage: %j", async (args, said) => {
    await make({ mails: {} });
    const { code, err } = await report("label", ...args);
    expect(code).toBe(2);
    expect(err).toContain(said);
  });
});

describe("sekisho report names", () => {
  test("looks up what sends as us, and sources knows it", async () => {
    const { dataDir } = await make({
      config: "collect: { geo: { asn: /none.mmdb }, blocklists: [bl.example] }\n",
      mails: { "univ.example": [{ ip: "203.0.113.1", count: 1, spf: ["univ.example", "fail"] }] },
    });
    const zone = `${dataDir}/zone`;
    writeFileSync(
      zone,
      "$ORIGIN .\n$TTL 60\n1.113.0.203.in-addr.arpa. PTR host.else.example.\nhost.else.example. A 203.0.113.1\n",
    );
    const named = await report("names", "--zone", zone, "--offline");
    expect(named.out).toBe(
      "1 address looked up, 0 without an answer\nbl.example does not answer as a blocklist does, and was not asked\n/none.mmdb: cannot be used (there is no such file)\n",
    );
    expect(named.code).toBe(0);
    expect((await report("sources", "univ.example")).out).toContain("host.else.example");
    expect((await report("names", "--offline", "--zone", zone)).out).toBe(
      "every address has been looked up\n",
    );
    const again = await report("names", "--offline", "--zone", zone, "--again", "--json");
    expect(JSON.parse(again.out)).toMatchObject({ asked: 1, unanswered: 0, left: 0 });
  });

  test("sources of old reports, for which nobody looks in the background", async () => {
    const { dataDir } = await make({ mails: {} });
    writeFileSync(`${dataDir}/old.xml`, aggregateXml());
    writeFileSync(`${dataDir}/zone`, "$ORIGIN example.\n$TTL 60\na A 192.0.2.1\n");
    await report("import", `${dataDir}/old.xml`);
    const since = new Date(sampleBegin * 1000).toISOString().slice(0, 10);
    const { out } = await report("sources", "example.com", "--since", since);
    const advised =
      /sekisho report (names --domain example\.com --since \S+)/.exec(out)?.[1]?.split(" ") ?? [];
    const named = await report(...advised, "--offline", "--zone", `${dataDir}/zone`);
    expect(named.out).toBe("1 address looked up, 1 without an answer\n");
  });

  test("the exit code is 3 when nobody answers", async () => {
    const { dataDir } = await make({
      mails: { "univ.example": [{ ip: "203.0.113.1", count: 1, spf: ["univ.example", "fail"] }] },
    });
    writeFileSync(`${dataDir}/zone`, "$ORIGIN example.\n$TTL 60\na A 192.0.2.1\n");
    const { code, out } = await report("names", "--offline", "--zone", `${dataDir}/zone`, "--lang", "ja");
    expect(code).toBe(3);
    expect(out).toContain("1 アドレスを調べました（うち応答なし 1）");
  });
});

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}
