import { afterEach, describe, expect, test, vi } from "vitest";
import {
  nameRecord,
  soaRecord,
  startDnsServer,
  type TestDnsServer,
  type TestQuery,
  type TestResponse,
  txtRecord,
} from "../../../test/dns-server.ts";
import { formatIp, parseIp } from "../ip.ts";
import { authoritativeServers } from "./authoritative.ts";
import { askDirectly } from "./direct.ts";
import { memoryResolver } from "./memory.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function serve(answer: (query: TestQuery) => TestResponse | readonly Buffer[]): Promise<TestDnsServer> {
  const server = await startDnsServer({ answer });
  cleanUps.push(() => server.stop());
  return server;
}

const name = "s1._domainkey.example.jp";
const flagsOf = (query: TestQuery | undefined): number => query?.octets.readUInt16BE(2) ?? -1;

describe("askDirectly", () => {
  test("RFC 1035 §4.1.1: RD is not set, AA is told", async () => {
    const server = await serve(() => ({ aa: true, answers: [txtRecord(name, ["p=a"])] }));
    const said = await askDirectly(server, name, "TXT");
    expect(flagsOf(server.asked[0]) & 0x0100).toBe(0);
    expect(said).toMatchObject({
      answer: { kind: "answer", ttl: 300, records: [{ text: "p=a" }] },
      authoritative: true,
      truncated: false,
      over: "udp",
    });
  });

  const cases: readonly { is: string; response: TestResponse; expected: object }[] = [
    {
      is: "a cache that answers",
      response: { answers: [txtRecord(name, ["p=a"])] },
      expected: { answer: { kind: "answer" }, authoritative: false },
    },
    {
      is: "a referral (RFC 1034 §4.3.2)",
      response: { authority: [nameRecord("example.jp", "NS", "ns.example.jp")] },
      expected: { answer: { kind: "nodata" }, authoritative: false },
    },
    {
      is: "no such name",
      response: { aa: true, rcode: 3, authority: [soaRecord("example.jp", 60)] },
      expected: { answer: { kind: "nxdomain" }, authoritative: true },
    },
    {
      is: "no such record",
      response: { aa: true, authority: [soaRecord("example.jp", 60)] },
      expected: { answer: { kind: "nodata" }, authoritative: true },
    },
    {
      is: "a CNAME that leads out of the zone",
      response: { aa: true, answers: [nameRecord(name, "CNAME", "s1.dkim.example.net")] },
      expected: { answer: { kind: "nodata" }, authoritative: true, alias: "s1.dkim.example.net" },
    },
    {
      is: "a CNAME within the server's zones",
      response: {
        aa: true,
        answers: [nameRecord(name, "CNAME", "k.example.jp"), txtRecord("k.example.jp", ["p=b"], 9)],
      },
      expected: { answer: { kind: "answer", ttl: 9, records: [{ text: "p=b" }] } },
    },
    {
      is: "a server that does not serve the zone",
      response: { rcode: 5 },
      expected: { answer: { kind: "failure", reason: "refused" } },
    },
    {
      is: "a server in trouble",
      response: { rcode: 2 },
      expected: { answer: { kind: "failure", reason: "servfail" } },
    },
  ];
  test.each(cases)("$is", async ({ response, expected }) => {
    const server = await serve(() => response);
    expect(await askDirectly(server, name, "TXT")).toMatchObject(expected);
  });

  test("RFC 7766 §5: over TCP when the UDP answer is cut off, and that is told", async () => {
    const server = await serve(({ transport }) =>
      transport === "udp" ? { aa: true, tc: true } : { aa: true, answers: [txtRecord(name, ["p=a"])] },
    );
    expect(await askDirectly(server, name, "TXT")).toMatchObject({
      answer: { kind: "answer" },
      truncated: true,
      authoritative: true,
      over: "tcp",
    });
  });

  test("silence is a timeout, asked more than once", async () => {
    const server = await serve(() => []);
    expect(await askDirectly(server, name, "TXT", { timeoutMs: 300 })).toMatchObject({
      answer: { kind: "failure", reason: "timeout" },
      authoritative: false,
    });
    // What was sent last may still be on its way.
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(1), { timeout: 15_000 });
  });

  test("nobody listens", async () => {
    const server = await serve(() => []);
    await cleanUps.pop()?.();
    expect(await askDirectly(server, name, "TXT", { timeoutMs: 200 })).toMatchObject({
      answer: { kind: "failure", reason: "timeout" },
    });
  });

  test("a name that cannot be asked", async () => {
    expect(await askDirectly({ address: "127.0.0.1", port: 9 }, "a..b", "TXT")).toMatchObject({
      answer: { kind: "failure", reason: "bad-name" },
    });
  });
});

describe("findZone", () => {
  const dns = memoryResolver({
    "example.jp": [{ NS: "ns1.example.jp" }, { NS: "ns2.example.net" }],
    "ns1.example.jp": [{ A: "192.0.2.53" }, { AAAA: "2001:db8::53" }],
    "ns2.example.net": [{ A: "198.51.100.53" }],
    "keys.example.jp": [{ NS: "ns.keys.example.jp" }],
    "ns.keys.example.jp": [{ A: "192.0.2.54" }],
    "alias.example.jp": [{ CNAME: "keys.example.jp" }],
    "dead.example": [{ NS: "gone.example.net" }],
    "half.example": [{ NS: "ns1.example.jp" }, { NS: "gone.example.net" }, { NS: "slow.example.net" }],
    "slow.example.net": ["TIMEOUT"],
    "broken.example": ["SERVFAIL"],
  });
  const servers = authoritativeServers({
    dns,
    named: [
      { zone: "hidden.example.jp", servers: [{ address: "127.0.0.1", port: 5301 }] },
      { zone: "split.hidden.example.jp", servers: [{ address: "::1", port: 5302 }] },
    ],
  });
  const all = [
    "ns1.example.jp 192.0.2.53:53",
    "ns1.example.jp 2001:db8::53:53",
    "ns2.example.net 198.51.100.53:53",
  ];

  test.each([
    ["s1._domainkey.example.jp", "example.jp", all],
    ["Example.JP.", "example.jp", all],
    ["a.keys.example.jp", "keys.example.jp", ["ns.keys.example.jp 192.0.2.54:53"]],
    // RFC 2181 §10.1: the NS records behind a CNAME are not those of the alias.
    ["alias.example.jp", "example.jp", all],
    ["a.hidden.example.jp", "hidden.example.jp", ["127.0.0.1 127.0.0.1:5301"]],
    ["a.split.hidden.example.jp", "split.hidden.example.jp", ["::1 ::1:5302"]],
    ["a.half.example", "half.example", all.slice(0, 2)],
  ])("%s", async (asked, zone, addresses) => {
    const found = await servers.findZone(asked);
    expect(found).toMatchObject({ kind: "zone", zone });
    const texts =
      found.kind === "zone" ? found.servers.map((s) => `${s.server} ${formatIp(s.ip)}:${s.port}`) : [];
    expect(texts).toEqual(addresses);
  });

  test("servers without an address are told, with why", async () => {
    expect(await servers.findZone("half.example")).toMatchObject({
      missing: [
        { server: "gone.example.net", reason: "none" },
        { server: "slow.example.net", reason: "timeout" },
      ],
    });
  });

  test.each([
    ["a.dead.example", "no-server"],
    ["a.broken.example", "servfail"],
    ["nowhere.test", "no-zone"],
    ["a..b", "bad-name"],
  ])("%s: %s", async (asked, reason) => {
    const found = await servers.findZone(asked);
    // What lies below a broken name is not known to be there.
    expect(found).toEqual({ kind: "failure", reason });
  });
});

test("askAll asks every server for itself", async () => {
  const current = await serve(() => ({ aa: true, answers: [txtRecord(name, ["p=new"])] }));
  const lagging = await serve(() => ({ aa: true, answers: [txtRecord(name, ["p=old"])] }));
  const servers = authoritativeServers({
    dns: memoryResolver({}),
    named: [{ zone: "example.jp", servers: [current, lagging] }],
  });
  const answers = await servers.askAll(name, "TXT");
  expect(answers.map(({ answer }) => (answer.kind === "answer" ? answer.records[0]?.text : ""))).toEqual([
    "p=new",
    "p=old",
  ]);
  expect(answers[1]).toMatchObject({ server: "127.0.0.1", ip: parseIp("127.0.0.1"), port: lagging.port });
  expect(await servers.askAll("elsewhere.test", "TXT")).toEqual([]);
});
