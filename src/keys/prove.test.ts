import { afterEach, describe, expect, test } from "vitest";
import {
  nameRecord,
  soaRecord,
  startDnsServer,
  type TestDnsServer,
  type TestQuery,
  type TestRecord,
  type TestResponse,
  txtRecord,
} from "../../test/dns-server.ts";
import { testKeys } from "../../test/rotation-keys.ts";
import { authoritativeServers } from "../core/dns/authoritative.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import { typeCodes } from "../core/dns/record.ts";
import { createProver, type Prover } from "./prove.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const key = { domain: "example.jp", selector: "s1", type: "rsa", publicKey: testKeys.rsa } as const;
const name = "s1._domainkey.example.jp";
const record = `v=DKIM1; k=rsa; p=${key.publicKey}`;

/** One server: its TXT answer, and the SOA record that it has. */
type Server = Partial<TestResponse> & { readonly soa?: TestRecord | "none"; readonly silent?: true };

const serves = (...texts: readonly string[]): Server => ({
  answers: texts.map((text) => txtRecord(name, [text.slice(0, 200), text.slice(200)])),
});
const absent: Server = { rcode: 3 };

async function startServer({
  soa = soaRecord("example.jp", 60),
  silent,
  ...txt
}: Server): Promise<TestDnsServer> {
  const answer = (query: TestQuery): TestResponse | readonly [] => {
    if (silent) return [];
    if (query.type !== typeCodes.SOA) return { aa: true, ...txt };
    return soa === "none" ? { aa: true, rcode: 5 } : { aa: true, answers: [soa] };
  };
  const server = await startDnsServer({ answer });
  cleanUps.push(() => server.stop());
  return server;
}

async function proverOf(...servers: readonly Server[]): Promise<Prover> {
  const started = await Promise.all(servers.map(startServer));
  return createProver({
    servers: authoritativeServers({
      dns: memoryResolver({}),
      timeoutMs: 1000,
      named: [{ zone: "example.jp", servers: started }],
    }),
  });
}

const escaped = record.replaceAll(";", "\\;");
const cases: readonly { is: string; servers: readonly Server[]; says: string; some?: boolean }[] = [
  { is: "both serve it", servers: [serves(record), serves(record)], says: "ours", some: true },
  { is: "none does", servers: [absent, { answers: [] }], says: "absent" },
  { is: "one lags", servers: [serves(record), absent], says: "differs", some: true },
  {
    is: "p= at both (RFC 6376 §3.6.1)",
    servers: [serves("v=DKIM1; p="), serves("v=DKIM1; k=rsa; p=")],
    says: "revoked",
  },
  { is: "p= at one", servers: [serves("v=DKIM1; p="), serves(record)], says: "differs", some: true },
  { is: "another key", servers: [serves(`v=DKIM1; p=${testKeys.otherRsa}`)], says: "foreign" },
  {
    is: "tags of its own, blanks in p=",
    servers: [serves(`v=DKIM1; n=hello; t=s; p= ${key.publicKey.slice(0, 9)} ${key.publicKey.slice(9)}`)],
    says: "ours",
    some: true,
  },
  { is: "t=y: testing", servers: [serves(`v=DKIM1; t=y; p=${key.publicKey}`)], says: "other" },
  { is: "s=tlsrpt: not for mail", servers: [serves(`v=DKIM1; s=tlsrpt; p=${key.publicKey}`)], says: "other" },
  { is: "h=sha1: not for ours", servers: [serves(`v=DKIM1; h=sha1; p=${key.publicKey}`)], says: "other" },
  { is: "no key record", servers: [serves("hello")], says: "foreign" },
  {
    is: "a record that we do not read, with the key",
    servers: [serves(`v=DKIM2; ${record}`)],
    says: "other",
  },
  { is: "quotes that belong to the zone file", servers: [serves(`"${record}"`)], says: "other" },
  { is: "one such quote behind the key", servers: [serves(`${record}"`)], says: "other" },
  { is: "backslashes that belong to the zone file", servers: [serves(escaped)], says: "other" },
  { is: "two records (RFC 6376 §3.6.2.2)", servers: [serves(record, "v=DKIM1; p=")], says: "other" },
  { is: "two records, none with the key", servers: [serves("hello", "world")], says: "foreign" },
  { is: "two records, one without any key", servers: [serves("hello", "v=DKIM1; p=")], says: "other" },
  {
    is: "a server that is not authoritative",
    servers: [serves(record), { ...serves(record), aa: false }],
    says: "unknown",
    some: true,
  },
  {
    is: "a server that does not answer",
    servers: [serves(record), { silent: true }],
    says: "unknown",
    some: true,
  },
  { is: "a server in trouble", servers: [serves(record), { rcode: 2 }], says: "unknown", some: true },
  {
    is: "a server without SOA record: no telling how long absence is kept",
    servers: [serves(record), { ...serves(record), soa: "none" }],
    says: "unknown",
    some: true,
  },
];

test.each(cases)("$is: $says", async ({ servers, says, some = false }) => {
  const prover = await proverOf(...servers);
  expect(await prover.observe(key)).toMatchObject({ says, someOurs: some });
});

describe("how long caches may keep what was there before", () => {
  test.each([
    ["MINIMUM, the smaller one (RFC 2308 §5)", soaRecord("example.jp", 60, 300), 60_000],
    ["the TTL of the SOA record, the smaller one", soaRecord("example.jp", 3600, 30), 30_000],
  ])("%s", async (_, soa, staleMs) => {
    const prover = await proverOf({ ...absent, soa });
    expect((await prover.observe(key)).staleMs).toBe(staleMs);
  });

  test("a day at most, whatever a zone states by mistake", async () => {
    const prover = await proverOf({ ...absent, soa: soaRecord("example.jp", 0xffff_ffff, 0x7fff_ffff) });
    expect((await prover.observe(key)).staleMs).toBe(86_400_000);
  });

  test("the longest of all servers", async () => {
    const prover = await proverOf(serves(record), {
      ...serves(record),
      soa: soaRecord("example.jp", 900, 7200),
    });
    expect((await prover.observe(key)).staleMs).toBe(900_000);
  });

  test("the TTL of another record that was there", async () => {
    const prover = await proverOf({ answers: [txtRecord(name, ["v=DKIM1; p="], 86_400)] });
    expect((await prover.observe(key)).staleMs).toBe(86_400_000);
  });
});

test("the strings are those that servers give, when all give the same", async () => {
  const same = await proverOf(serves(record), serves(record));
  expect((await same.observe(key)).served).toEqual([record.slice(0, 200), record.slice(200)]);
  const others = await proverOf(serves(record), {
    answers: [txtRecord(name, [record.slice(0, 100), record.slice(100, 250), record.slice(250)])],
  });
  const seen = await others.observe(key);
  expect(seen.says).toBe("ours");
  expect(seen.served).toBeUndefined();
});

test("what stands against it names the server", async () => {
  const prover = await proverOf(serves(record), absent);
  expect((await prover.observe(key)).detail).toMatch(
    /^127\.0\.0\.1#\d+: no such name; 127\.0\.0\.1#\d+: serves it$/,
  );
});

test("a CNAME is followed to the servers of the other zone, and the longer time counts", async () => {
  const alias = await startServer({ answers: [nameRecord(name, "CNAME", "k1.keys.example.net")] });
  const target = await startServer({
    answers: [txtRecord("k1.keys.example.net", [record.slice(0, 200), record.slice(200)])],
    soa: soaRecord("keys.example.net", 20),
  });
  const servers = authoritativeServers({
    dns: memoryResolver({}),
    named: [
      { zone: "example.jp", servers: [alias] },
      { zone: "keys.example.net", servers: [target] },
    ],
  });
  expect(await createProver({ servers }).observe(key)).toMatchObject({ says: "ours", staleMs: 60_000 });
});

test("a CNAME that goes in a circle is no record", async () => {
  const prover = await proverOf({ answers: [nameRecord(name, "CNAME", "s2._domainkey.example.jp")] });
  expect((await prover.observe(key)).says).not.toBe("ours");
});

describe("which servers there are", () => {
  const zone = { "example.jp": [{ NS: "ns1.example.jp" }, { NS: "ns2.example.jp" }] };

  test("a server whose address cannot be found leaves it open", async () => {
    const dns = memoryResolver({
      ...zone,
      "ns1.example.jp": [{ A: "192.0.2.1" }],
      "ns2.example.jp": ["SERVFAIL"],
    });
    const prover = createProver({ servers: authoritativeServers({ dns, timeoutMs: 100 }) });
    expect(await prover.observe(key)).toMatchObject({ says: "unknown", detail: "ns2.example.jp: servfail" });
  });

  test("a zone that cannot be found", async () => {
    const prover = createProver({ servers: authoritativeServers({ dns: memoryResolver({}) }) });
    expect(await prover.observe(key)).toMatchObject({
      says: "unknown",
      detail: "_domainkey.example.jp: no-zone",
    });
    expect(await prover.zoneOf("example.jp")).toEqual({ fault: "no-zone" });
  });

  const asked: string[] = [];
  const faked = (hasIpv6: boolean, own: readonly string[]): Prover => {
    asked.length = 0;
    const dns = memoryResolver({
      "example.jp": [{ NS: "ns1.example.jp" }],
      "ns1.example.jp": [{ A: "192.0.2.1" }, { AAAA: "2001:db8::1" }],
      "ns3.example.jp": [{ AAAA: "2001:db8::3" }],
    });
    const real = authoritativeServers({ dns });
    const servers: typeof real = {
      ...real,
      askServers: async (list, asks, type) => {
        if (type === "TXT") asked.push(...list.map(({ server, ip }) => `${server} ${ip.family}`));
        return list.map((server) => ({
          ...server,
          authoritative: true,
          truncated: false,
          over: "udp",
          answer: { kind: "answer", ttl: 60, authentic: false, records: recordsOf(type, asks) } as never,
        }));
      },
    };
    const recordsOf = (type: string, _: string): readonly unknown[] =>
      type === "NS" ? own : type === "SOA" ? [{ minimum: 60 }] : [{ strings: [record], text: record }];
    return createProver({ servers, hasIpv6: () => hasIpv6 });
  };

  test("every address of every server, also of those that only the zone itself names", async () => {
    expect(await faked(true, ["ns1.example.jp", "ns3.example.jp"]).observe(key)).toMatchObject({
      says: "ours",
    });
    expect(asked).toEqual(["ns1.example.jp 4", "ns1.example.jp 6", "ns3.example.jp 6"]);
  });

  test("without IPv6 here, servers are asked at their IPv4 address; one that has none stays", async () => {
    await faked(false, ["ns1.example.jp", "ns3.example.jp"]).observe(key);
    expect(asked).toEqual(["ns1.example.jp 4", "ns3.example.jp 6"]);
  });
});

describe("whether a selector is free", () => {
  test.each([
    ["nobody has it", [absent, { answers: [] }], "free"],
    ["one server has it", [absent, serves("hello")], "taken"],
    ["a CNAME is there", [{ answers: [nameRecord(name, "CNAME", "a.example.net")] }], "taken"],
    ["one cannot be asked", [absent, { rcode: 2 }], "unknown"],
  ] as const)("%s", async (_, servers, kind) => {
    const prover = await proverOf(...servers);
    expect(await prover.look("example.jp", "s1")).toMatchObject({ kind });
  });

  test("caches may hold its absence as long as the zone says", async () => {
    const prover = await proverOf(absent, { ...absent, soa: soaRecord("example.jp", 900, 7200) });
    expect(await prover.look("example.jp", "s1")).toEqual({ kind: "free", staleMs: 900_000 });
  });

  test("a wildcard is no record of the selector (RFC 4592 §2.2), and caches may hold it", async () => {
    let turn = 0;
    const server = await startDnsServer({
      answer: (query) =>
        query.type === typeCodes.SOA
          ? { aa: true, answers: [soaRecord("example.jp", 60)] }
          : {
              aa: true,
              // In another order every time.
              answers: ["one", "two"].map((_, index, all) =>
                txtRecord(query.name, [all[(index + Math.floor(turn++ / 2)) % 2] ?? ""], 7200),
              ),
            },
    });
    cleanUps.push(() => server.stop());
    const servers = authoritativeServers({
      dns: memoryResolver({}),
      named: [{ zone: "example.jp", servers: [server] }],
    });
    const prover = createProver({ servers });
    expect(await prover.look("example.jp", "s1")).toEqual({ kind: "free", staleMs: 7_200_000 });
  });
});
