import { describe, expect, test } from "vitest";
import { formatIp, type IpAddress } from "../ip.ts";
import { memoryResolver } from "./memory.ts";
import type { DnsResolver, DnsType } from "./resolver.ts";
import { zoneResolver } from "./zone.ts";
import { parseZone } from "./zone-parse.ts";

const example = parseZone(`
$ORIGIN example.jp.
$TTL 300
@ SOA ns hostmaster 1 2 3 4 60
@ NS ns
@ TXT "v=spf1 -all"
@ TXT "v=spf1 -all"
@ 60 TXT "other"
ns A 192.0.2.53
srv SRV 0 0 0 .
a.b A 192.0.2.1
www 30 CNAME a.b
out CNAME live.example.net.
gone CNAME nothing
loop1 CNAME loop2
loop2 CNAME loop1
*.w TXT wild
*.w MX 10 ns
sub.w A 192.0.2.2
x.ent.w A 192.0.2.3
*.wa CNAME a.b
child NS ns.child
ns.child A 192.0.2.54
`);

describe("addresses that a server works out itself (ALIAS)", () => {
  const zone = parseZone(`$ORIGIN example.jp.
@ SOA a b 1 2 3 4 5
@ ALIAS web.example.net.
@ TXT "v=spf1 a -all"
*.w ALIAS web.example.net.
six ALIAS web.example.net.
six AAAA 2001:db8::1
fresh ALIAS web.example.net.
`);
  const live = memoryResolver({
    "example.jp": [{ A: "192.0.2.1" }],
    "x.w.example.jp": [{ A: "192.0.2.2" }],
    "six.example.jp": [{ A: "192.0.2.3" }, { AAAA: "2001:db8::2" }],
  });
  test.each([
    { name: "example.jp", type: "A", offline: "offline", live: ["192.0.2.1"] },
    { name: "example.jp", type: "AAAA", offline: "offline", live: "nodata" },
    { name: "example.jp", type: "MX", offline: "nodata", live: "nodata" },
    { name: "x.w.example.jp", type: "A", offline: "offline", live: ["192.0.2.2"] },
    { name: "x.w.example.jp", type: "TXT", offline: "nodata", live: "nodata" },
    { name: "six.example.jp", type: "A", offline: "offline", live: ["192.0.2.3"] },
    { name: "six.example.jp", type: "AAAA", offline: ["2001:db8::1"], live: ["2001:db8::1"] },
    { name: "fresh.example.jp", type: "A", offline: "offline", live: "offline" },
    { name: "gone.example.jp", type: "A", offline: "nxdomain", live: "nxdomain" },
  ] as const)("$name $type", async ({ name, type, offline, live: expected }) => {
    const ask = async (dns: DnsResolver): Promise<unknown> => {
      const answer = await dns.query<DnsType>(name, type);
      if (answer.kind === "answer") return answer.records.map((one) => formatIp(one as IpAddress));
      return answer.kind === "failure" ? answer.reason : answer.kind;
    };
    expect(await ask(zoneResolver([zone]))).toEqual(offline);
    expect(await ask(zoneResolver([zone], live, { asPublished: true }))).toEqual(expected);
  });
});

describe("alone (offline)", () => {
  const dns = zoneResolver([example]);
  test.each([
    { name: "Example.JP.", type: "TXT", is: "answer" },
    { name: "example.jp", type: "MX", is: "nodata" },
    { name: "b.example.jp", type: "A", is: "nodata" },
    { name: "srv.example.jp", type: "A", is: "nodata" },
    { name: "x.example.jp", type: "A", is: "nxdomain" },
    { name: "www.example.jp", type: "A", is: "answer" },
    { name: "www.example.jp", type: "TXT", is: "nodata" },
    { name: "gone.example.jp", type: "A", is: "nxdomain" },
    { name: "out.example.jp", type: "A", is: "offline" },
    { name: "loop1.example.jp", type: "A", is: "malformed" },
    { name: "loop1.example.jp", type: "CNAME", is: "answer" },
    { name: "example.net", type: "A", is: "offline" },
    { name: "jp", type: "A", is: "offline" },
    { name: "_dmarc.jp", type: "TXT", is: "nxdomain" },
    { name: "_dmarc.net", type: "TXT", is: "offline" },
    { name: "_domainkey.jp", type: "TXT", is: "offline" },
    { name: "notexample.jp", type: "A", is: "offline" },
    { name: "a..example.jp", type: "A", is: "bad-name" },
    { name: "child.example.jp", type: "NS", is: "answer" },
    { name: "child.example.jp", type: "TXT", is: "offline" },
    { name: "ns.child.example.jp", type: "A", is: "offline" },
    { name: "x.child.example.jp", type: "A", is: "offline" },
  ] as const)("$name $type is $is", async ({ name, type, is }) => {
    const answer = await dns.query(name, type);
    expect(answer.kind === "failure" ? answer.reason : answer.kind).toBe(is);
  });

  // RFC 9989 §4.10: between a zone and its registry there may be a policy.
  test.each([
    ["_dmarc.jp", "nxdomain"],
    ["_dmarc.ac.jp", "nxdomain"],
    ["_dmarc.example.ac.jp", "offline"],
    ["_dmarc.eng.example.ac.jp", "nxdomain"],
  ])("%s above a zone of a department is %s where registries are known", async (name, is) => {
    const zone = parseZone("eng.example.ac.jp. SOA ns. root. 1 2 3 4 5");
    const registries = new Set(["jp", "ac.jp"]);
    const answer = await zoneResolver([zone], undefined, {
      isRegistry: (domain) => registries.has(domain),
    }).query(name, "TXT");
    expect(answer.kind === "failure" ? answer.reason : answer.kind).toBe(is);
  });

  test("equal records are one and the least TTL counts: RFC 2181 §5", async () => {
    expect(await dns.query("example.jp", "TXT")).toEqual({
      kind: "answer",
      records: [
        { strings: ["v=spf1 -all"], text: "v=spf1 -all" },
        { strings: ["other"], text: "other" },
      ],
      ttl: 60,
      authentic: false,
    });
  });

  test("the TTL of a CNAME is the least on the way", async () => {
    expect(await dns.query("www.example.jp", "A")).toMatchObject({ ttl: 30, authentic: false });
  });

  test.each([
    { name: "x.w.example.jp", type: "TXT", is: "answer" },
    { name: "x.y.w.example.jp", type: "TXT", is: "answer" },
    { name: "x.w.example.jp", type: "A", is: "nodata" },
    { name: "w.example.jp", type: "TXT", is: "nodata" },
    { name: "*.w.example.jp", type: "TXT", is: "answer" },
    { name: "sub.w.example.jp", type: "TXT", is: "nodata" },
    { name: "ent.w.example.jp", type: "TXT", is: "nodata" },
    { name: "x.sub.w.example.jp", type: "TXT", is: "nxdomain" },
    { name: "x.wa.example.jp", type: "A", is: "answer" },
  ] as const)("RFC 4592 §2.2, §3.3.1: $name $type is $is", async ({ name, type, is }) => {
    expect((await dns.query(name, type)).kind).toBe(is);
  });

  test("a child zone in another file is found below the delegation", async () => {
    const child = parseZone(
      "$ORIGIN child.example.jp.\n@ SOA ns x 1 2 3 4 60\n@ NS ns\nns A 192.0.2.54\n@ TXT here",
    );
    const both = zoneResolver([example, child]);
    expect((await both.query("child.example.jp", "TXT")).kind).toBe("answer");
    expect((await both.query("ns.child.example.jp", "A")).kind).toBe("answer");
    expect((await both.query("x.child.example.jp", "A")).kind).toBe("nxdomain");
  });
});

test("a zone further down than a delegation is found, too", async () => {
  const grandchild = parseZone("$ORIGIN g.child.example.jp.\n@ SOA ns x 1 2 3 4 60\nwww A 192.0.2.55");
  const dns = zoneResolver([example, grandchild]);
  expect((await dns.query("www.g.child.example.jp", "A")).kind).toBe("answer");
  expect((await dns.query("none.g.child.example.jp", "A")).kind).toBe("nxdomain");
  expect(await dns.query("x.child.example.jp", "A")).toEqual({ kind: "failure", reason: "offline" });
});

describe("what a file is authoritative for without SOA", () => {
  const line = "_dmarc.example.jp. TXT x";
  test.each([
    {
      what: "$ORIGIN",
      zone: parseZone(`$ORIGIN example.jp.\n${line}`),
      inside: "nxdomain",
      outside: "offline",
    },
    {
      what: "the origin given",
      zone: parseZone(line, { origin: "example.jp" }),
      inside: "nxdomain",
      outside: "offline",
    },
    {
      what: "everything when there is neither",
      zone: parseZone(line),
      inside: "nxdomain",
      outside: "nxdomain",
    },
  ])("$what", async ({ zone, inside, outside }) => {
    const dns = zoneResolver([zone]);
    const outcome = async (name: string): Promise<string> => {
      const answer = await dns.query(name, "A");
      return answer.kind === "failure" ? answer.reason : answer.kind;
    };
    expect(await outcome("_dmarc.example.jp")).toBe("nodata");
    expect(await outcome("example.jp")).toBe("nodata");
    expect(await outcome("x.example.jp")).toBe(inside);
    expect(await outcome("x.example.net")).toBe(outside);
  });
});

describe("over live DNS", () => {
  const live = memoryResolver({
    "example.jp": [{ TXT: "old" }, { MX: [10, "old.example.jp"] }],
    "old.example.jp": [{ A: "198.51.100.1" }],
    "live.example.net": [{ A: "198.51.100.2" }],
    "to-file.example.net": [{ CNAME: "also.example.net" }],
    "also.example.net": [{ CNAME: "a.b.example.jp" }],
    "a.b.example.jp": [{ A: "198.51.100.3" }],
    "child.example.jp": [{ TXT: "child" }],
    "slow.example.net": ["TIMEOUT"],
    "x.w.example.jp": [{ TXT: "hidden by the wildcard" }],
  });
  const dns = zoneResolver([example], live);

  test.each([
    { what: "a type that the file lacks is hidden", name: "example.jp", type: "MX", is: { kind: "nodata" } },
    { what: "records of the file come first", name: "example.jp", type: "TXT", is: { ttl: 60 } },
    { what: "names that the file lacks are live", name: "old.example.jp", type: "A", is: { kind: "answer" } },
    { what: "nothing anywhere", name: "none.example.jp", type: "A", is: { kind: "nxdomain" } },
    { what: "names above those of the file exist", name: "b.example.jp", type: "A", is: { kind: "nodata" } },
    {
      what: "even where live DNS denies them",
      name: "ent.w.example.jp",
      type: "TXT",
      is: { kind: "nodata" },
    },
    { what: "a CNAME of the file leads out", name: "out.example.jp", type: "A", is: { kind: "answer" } },
    {
      what: "a live CNAME leads into the file",
      name: "to-file.example.net",
      type: "A",
      is: { kind: "answer", records: [{ octets: new Uint8Array([192, 0, 2, 1]) }] },
    },
    { what: "a delegation is live", name: "child.example.jp", type: "TXT", is: { kind: "answer" } },
    {
      what: "a wildcard covers live names",
      name: "x.w.example.jp",
      type: "TXT",
      is: { records: [{ text: "wild" }] },
    },
    {
      what: "a live failure",
      name: "slow.example.net",
      type: "A",
      is: { kind: "failure", reason: "timeout" },
    },
  ] as const)("$what", async ({ name, type, is }) => {
    expect(await dns.query(name, type as DnsType)).toMatchObject(is);
  });

  test("names of the file are never asked live", () => {
    const ofFile = ["example.jp ", "x.w.example.jp ", "a.b.example.jp ", "out.example.jp "];
    expect(live.asked.filter((question) => ofFile.some((name) => question.startsWith(name)))).toEqual([]);
  });

  test("live answers keep their AD bit, chains through a file lose it; options are passed on", async () => {
    const deadlines = new Set<number | undefined>();
    const signed = zoneResolver([example], {
      query: (_name, type, options) => {
        deadlines.add(options?.deadline);
        return Promise.resolve(
          type === "CNAME"
            ? { kind: "nodata", authentic: true }
            : { kind: "answer", records: [], ttl: 1, authentic: true },
        );
      },
    });
    expect(await signed.query("x.example.net", "A", { deadline: 7 })).toMatchObject({
      authentic: true,
      ttl: 1,
    });
    expect(await signed.query("out.example.jp", "A", { deadline: 7 })).toMatchObject({ authentic: false });
    expect([...deadlines]).toEqual([7]);
  });
});

describe("as it will be published", () => {
  const live = memoryResolver({
    "example.jp": [{ TXT: "live" }, { MX: [10, "mx.live.example"] }],
    "_dmarc.example.jp": [{ TXT: "v=DMARC1; p=none" }],
    "www.example.jp": [{ A: "192.0.2.80" }],
    "sub.example.jp": [{ TXT: "delegated" }],
  });
  const soa = "example.jp. SOA ns.example.jp. root.example.jp. 1 2 3 4 5\n";
  const kinds = async (
    text: string,
    ...asked: readonly (readonly [string, "A" | "MX" | "TXT"])[]
  ): Promise<string[]> => {
    const dns = zoneResolver([parseZone(text)], live, { asPublished: true });
    const answers = await Promise.all(asked.map(([name, type]) => dns.query(name, type)));
    return answers.map(({ kind }) => kind);
  };

  test("of a name without SOA above it only the types that stand there are replaced", async () => {
    const dns = zoneResolver([parseZone('example.jp. TXT "new"')], live, { asPublished: true });
    expect(await dns.query("example.jp", "TXT")).toMatchObject({ records: [{ text: "new" }] });
    expect(await dns.query("example.jp", "MX")).toMatchObject({ records: [{ preference: 10 }] });
    expect(await dns.query("_dmarc.example.jp", "TXT")).toMatchObject({ kind: "answer" });
  });

  test("what a whole zone lacks will not be, whatever is there now", async () => {
    const text = `${soa}example.jp. TXT "new"\nsub.example.jp. NS ns.sub.example.jp.`;
    expect(
      await kinds(
        text,
        ["example.jp", "MX"],
        ["_dmarc.example.jp", "TXT"],
        ["www.example.jp", "A"],
        ["sub.example.jp", "TXT"],
      ),
    ).toEqual(["nodata", "nxdomain", "nxdomain", "answer"]);
  });
});
