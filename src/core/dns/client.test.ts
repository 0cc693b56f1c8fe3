import { createSocket } from "node:dgram";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  aRecord,
  encodeResponse,
  framed,
  nameRecord,
  soaRecord,
  startDnsServer,
  type TestDnsOptions,
  type TestDnsServer,
  type TestQuery,
  type TestReply,
  type TestResponse,
  txtRecord,
} from "../../../test/dns-server.ts";
import { type Clock, systemClock } from "../clock.ts";
import { createDnsClient, type DnsClient, type DnsClientOptions } from "./client.ts";

const cleanUps: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function serve(
  answer: TestDnsOptions["answer"],
  more: Omit<TestDnsOptions, "answer"> = {},
): Promise<TestDnsServer> {
  const server = await startDnsServer({ answer, ...more });
  cleanUps.push(() => server.stop());
  return server;
}

function clientOf(servers: readonly TestDnsServer[], more: Partial<DnsClientOptions> = {}): DnsClient {
  const client = createDnsClient({ servers, timeoutMs: 2000, ...more });
  cleanUps.push(() => client.close());
  return client;
}

/** Answers every A question with one address. */
const address = (query: TestQuery): TestResponse => ({ answers: [aRecord(query.name, "192.0.2.1")] });
const silence = (): TestReply => [];
const ip = { family: 4, octets: new Uint8Array([192, 0, 2, 1]) };

/** A clock that can be put forward. */
function movableClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: () => systemClock.monotonic() + ahead,
    forward: (ms) => {
      ahead += ms;
    },
  };
}

test.each<{ name: string; answer: TestDnsOptions["answer"]; unanswered: number }>([
  { name: "silence", answer: silence, unanswered: 2 },
  { name: "refused", answer: () => ({ rcode: 5 }), unanswered: 2 },
  { name: "servfail, which is an answer", answer: () => ({ rcode: 2 }), unanswered: 0 },
  { name: "nxdomain", answer: () => ({ rcode: 3 }), unanswered: 0 },
])("questions in a row without an answer are counted: $name", async ({ answer, unanswered }) => {
  let reply = answer;
  const clock = movableClock();
  const timeoutMs = answer === silence ? 50 : 2000;
  const client = clientOf([await serve((query) => reply(query))], { timeoutMs, clock });
  await client.query("a.example", "A");
  clock.forward(5000);
  await client.query("b.example", "A");
  const stats = client.stats();
  expect(stats.unanswered).toBe(unanswered);
  if (unanswered > 0) expect(stats.unansweredMs).toBeGreaterThanOrEqual(5000);
  // What lies long behind tells nothing of now.
  clock.forward(600_000);
  expect(client.stats()).toMatchObject({ unanswered: 0, unansweredMs: 0 });
  await client.query("c.example", "A");
  expect(client.stats().unanswered).toBe(unanswered === 0 ? 0 : 3);
  reply = address;
  let tries = 0;
  // Within the short time that silence is waited for here an answer may come too late.
  const answered = async (): Promise<boolean> =>
    (await client.query(`d${tries++}.example`, "A")).kind === "answer";
  while (!(await answered()));
  expect(client.stats()).toMatchObject({ unanswered: 0, unansweredMs: 0 });
});

test("one question that is asked again and again, as of one dead domain, is one", async () => {
  const clock = movableClock();
  const client = clientOf([await serve(() => ({ rcode: 5 }))], { clock });
  for (const name of ["dead.example", "DEAD.example.", "dead.example"]) {
    await client.query(name, "TXT");
    clock.forward(60_000);
  }
  expect(client.stats().unanswered).toBe(1);
  await client.query("dead.example", "A");
  expect(client.stats().unanswered).toBe(2);
});

describe("answers", () => {
  test("with records, TTL and AD", async () => {
    const server = await serve((query) => ({ ...address(query), ad: true }));
    const client = clientOf([server]);
    expect(await client.query("Example.JP.", "A")).toEqual({
      kind: "answer",
      records: [ip],
      ttl: 300,
      authentic: true,
    });
    expect(server.asked).toMatchObject([{ name: "example.jp", type: 1, edns: true, transport: "udp" }]);
  });

  test.each([
    { what: "NOERROR without records", response: { authority: [soaRecord("jp", 60)] }, kind: "nodata" },
    { what: "NXDOMAIN", response: { rcode: 3, authority: [soaRecord("jp", 60)] }, kind: "nxdomain" },
    { what: "NOERROR with nothing", response: {}, kind: "nodata" },
    {
      what: "records of other names only",
      response: { answers: [aRecord("z.jp", "192.0.2.9")] },
      kind: "nodata",
    },
  ] as const)("RFC 2308 §2: $what is $kind", async ({ response, kind }) => {
    const client = clientOf([await serve(() => ({ ...response, ad: true }))]);
    expect(await client.query("x.jp", "A")).toEqual({ kind, authentic: true });
  });

  test("the least TTL of a set counts: RFC 2181 §5.2", async () => {
    const answers = [aRecord("x.jp", "192.0.2.1", 300), aRecord("x.jp", "192.0.2.2", 7)];
    const client = clientOf([await serve(() => ({ answers }))]);
    expect(await client.query("x.jp", "A")).toMatchObject({ ttl: 7 });
  });

  test("a TTL of more than a day counts as a day", async () => {
    const client = clientOf([await serve(() => ({ answers: [aRecord("x.jp", "192.0.2.1", 1_000_000)] }))]);
    expect(await client.query("x.jp", "A")).toMatchObject({ ttl: 86_400 });
  });

  test("to names of odd octets, which arrive as they are", async () => {
    const server = await serve(address);
    await clientOf([server]).query("a\\.b\\000\\255.x y.jp", "A");
    expect(server.asked[0]?.name).toBe("a.b\0\u00ff.x y.jp");
  });

  test("to U-labels", async () => {
    const server = await serve(address);
    expect(await clientOf([server]).query("例え.jp", "A")).toMatchObject({ kind: "answer" });
    expect(server.asked[0]?.name).toBe("xn--r8jz45g.jp");
  });

  test.each([
    { name: "" },
    { name: "a..b" },
    { name: `${"a".repeat(64)}.jp` },
    { name: `${"a.".repeat(127)}jp` },
  ])("$name is bad-name without a query", async ({ name }) => {
    const server = await serve(address);
    expect(await clientOf([server]).query(name, "A")).toEqual({ kind: "failure", reason: "bad-name" });
    expect(server.asked).toHaveLength(0);
  });
});

describe("forged and broken datagrams are passed over", () => {
  const bad = (query: TestQuery): TestResponse => ({ answers: [aRecord(query.name, "192.0.2.66")] });
  test.each([
    {
      what: "another id",
      forge: (query: TestQuery) => ({ ...bad(query), id: query.octets.readUInt16BE(0) ^ 1 }),
    },
    {
      what: "another question",
      forge: (query: TestQuery) => ({ ...bad(query), question: Buffer.from("0178026a700000020001", "hex") }),
    },
    { what: "no question", forge: (query: TestQuery) => ({ ...bad(query), question: "none" as const }) },
    { what: "the query itself", forge: (query: TestQuery) => query.octets },
    { what: "noise", forge: () => Buffer.from("not dns at all") },
    { what: "an empty datagram", forge: () => Buffer.alloc(0) },
    { what: "one octet", forge: () => Buffer.alloc(1) },
  ])("$what: RFC 5452 §9.1", async ({ forge }) => {
    const client = clientOf([await serve((query) => [forge(query), address(query)])]);
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer", records: [ip] });
  });

  test("from another port", async () => {
    const stranger = createSocket("udp4");
    const server = await serve((query) => {
      stranger.send(encodeResponse(query.octets, bad(query)), query.port, "127.0.0.1");
      return [];
    });
    cleanUps.push(() => void stranger.close());
    const client = clientOf([server], { timeoutMs: 200 });
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "timeout" });
    await vi.waitFor(() => expect(server.asked.length).toBeGreaterThan(0), { timeout: 15_000 });
  });

  test("ids and source ports differ between queries", async () => {
    const server = await serve(address);
    const client = clientOf([server]);
    for (let i = 0; i < 40; i++) await client.query(`n${i}.jp`, "A");
    expect(new Set(server.asked.map((query) => query.octets.readUInt16BE(0))).size).toBeGreaterThan(35);
    expect(new Set(server.asked.map((query) => query.port)).size).toBeGreaterThan(1);
  });

  test("source ports are given up after a minute: RFC 5452 §9.2", async () => {
    const clock = movableClock();
    const server = await serve(address);
    const client = clientOf([server], { clock });
    for (let i = 0; i < 40; i++) await client.query(`n${i}.jp`, "A");
    const before = new Set(server.asked.map((query) => query.port));
    clock.forward(61_000);
    for (let i = 0; i < 40; i++) await client.query(`m${i}.jp`, "A");
    const after = server.asked.slice(40).map((query) => query.port);
    expect(after.filter((port) => before.has(port))).toEqual([]);
  });
});

describe("servers that fail", () => {
  test("nobody answers: a timeout within the limit, after several tries", async () => {
    const server = await serve(silence);
    // Were this process held up for all of the time, there would be one try only.
    const client = clientOf([server], { timeoutMs: 210, clock: { now: () => 0, monotonic: () => 0 } });
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "timeout" });
    const { queries } = client.stats();
    expect(queries).toBeGreaterThan(1);
    expect(client.stats()).toMatchObject({ timeouts: queries, inFlight: 0 });
    // What was sent last may still be on its way.
    await vi.waitFor(() => expect(server.asked).toHaveLength(queries), { timeout: 15_000 });
  });

  test("nobody listens", async () => {
    const server = await serve(silence);
    await server.stop();
    cleanUps.pop();
    const client = clientOf([server], { timeoutMs: 100 });
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "timeout" });
  });

  test("nobody listens, but the next server answers at once", async () => {
    const dead = await serve(silence);
    await dead.stop();
    cleanUps.pop();
    const good = await serve(address);
    const client = clientOf([dead, good], { timeoutMs: 20_000 });
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer" });
    // The wait for a silent server would have been a timeout.
    expect(client.stats().timeouts).toBe(0);
  });

  test("no server at all", async () => {
    expect(await clientOf([]).query("x.jp", "A")).toEqual({ kind: "failure", reason: "timeout" });
  });

  test("a port or address that cannot be reached", async () => {
    const servers = [
      { address: "2001:db8::1", port: 53 },
      { address: "nonsense", port: 0 },
    ] as const;
    const client = createDnsClient({ servers, timeoutMs: 100 });
    cleanUps.push(() => client.close());
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "timeout" });
    const withGood = createDnsClient({ servers: [servers[1], await serve(address)], timeoutMs: 20_000 });
    cleanUps.push(() => withGood.close());
    expect(await withGood.query("x.jp", "A")).toMatchObject({ kind: "answer" });
    expect(withGood.stats().timeouts).toBe(0);
  });

  test("a silent first server is asked last for a while", async () => {
    const dead = await serve(silence);
    const good = await serve(address);
    const client = clientOf([dead, good], { timeoutMs: 2000 });
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer" });
    expect(await client.query("y.jp", "A")).toMatchObject({ kind: "answer" });
    expect(dead.asked).toHaveLength(1);
  });

  test("an answer to the first try counts while the second is on its way", async () => {
    const second = Promise.withResolvers<void>();
    const server = await serve(async (query) => {
      if (server.asked.length > 1) {
        second.resolve();
        return [];
      }
      await second.promise;
      return address(query);
    });
    const client = clientOf([server], { timeoutMs: 2000 });
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer" });
    expect(client.stats()).toMatchObject({ queries: 2, timeouts: 1 });
  });

  test.each([
    { rcode: 2, reason: "servfail" },
    { rcode: 5, reason: "refused" },
    { rcode: 9, reason: "servfail" },
  ] as const)("RCODE $rcode: the next is asked; all of them: $reason", async ({ rcode, reason }) => {
    const bad = await serve(() => ({ rcode }));
    const good = await serve(address);
    expect(await clientOf([bad, good]).query("x.jp", "A")).toMatchObject({ kind: "answer" });
    const worse = await serve(() => ({ rcode, question: "none" as const }));
    const client = clientOf([bad, worse]);
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason });
    expect(client.stats()).toMatchObject({ queries: 2, timeouts: 0 });
  });

  test("one says SERVFAIL, the other nothing: servfail, and not only at the end of the time", async () => {
    const bad = await serve(() => ({ rcode: 2 }));
    const dead = await serve(silence);
    const client = clientOf([bad, dead], { timeoutMs: 2000 });
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "servfail" });
    expect(client.stats().queries).toBe(2);
  });

  test.each([6, 7, 8, 9, 10, 11, 12])(
    "RFC 8914 §4: SERVFAIL with extended error %i is bogus",
    async (code) => {
      const bogus = await serve(() => ({ rcode: 2, extendedErrors: [code] }));
      const unvalidated = await serve(address);
      const client = clientOf([bogus, unvalidated]);
      expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "bogus" });
      expect(unvalidated.asked).toHaveLength(0);
    },
  );

  test.each([0, 3, 5, 13, 22])("RFC 8914 §4: SERVFAIL with extended error %i is servfail", async (code) => {
    const client = clientOf([await serve(() => ({ rcode: 2, extendedErrors: [code] }))]);
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "servfail" });
  });

  test("records that cannot be read: malformed, or what the next server says", async () => {
    const broken = await serve((query) => ({
      answers: [{ name: query.name, type: "A", data: Buffer.from("x") }],
    }));
    expect(await clientOf([broken]).query("x.jp", "A")).toEqual({ kind: "failure", reason: "malformed" });
    const good = await serve(address);
    expect(await clientOf([broken, good]).query("x.jp", "A")).toMatchObject({ kind: "answer" });
  });
});

describe("EDNS refused: RFC 6891 §7", () => {
  test.each([
    { what: "FORMERR", refusal: { rcode: 1 } },
    { what: "FORMERR without question", refusal: { rcode: 1, question: "none" as const } },
    { what: "NOTIMP", refusal: { rcode: 4 } },
    { what: "BADVERS", refusal: { rcode: 16 } },
  ])("$what: asked again without, and remembered", async ({ refusal }) => {
    const server = await serve((query) => (query.edns ? refusal : address(query)));
    const client = clientOf([server]);
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer" });
    expect(await client.query("y.jp", "A")).toMatchObject({ kind: "answer" });
    expect(server.asked.map((query) => query.edns)).toEqual([true, false, false]);
  });

  test("FORMERR to everything is a failure", async () => {
    const server = await serve(() => ({ rcode: 1 }));
    expect(await clientOf([server]).query("x.jp", "A")).toEqual({ kind: "failure", reason: "servfail" });
    expect(server.asked).toHaveLength(2);
  });
});

describe("truncated answers go over TCP: RFC 7766 §5", () => {
  const long = Array.from({ length: 20 }, (_, i) => "x".repeat(200) + String(i));
  const byTransport = (query: TestQuery): TestResponse =>
    query.transport === "udp" ? { tc: true } : { answers: [txtRecord(query.name, long)] };

  test("and come back whole", async () => {
    const server = await serve(byTransport);
    const client = clientOf([server]);
    expect(await client.query("x.jp", "TXT")).toMatchObject({
      kind: "answer",
      records: [{ text: long.join("") }],
    });
    expect(server.asked.map((query) => query.transport)).toEqual(["udp", "tcp"]);
    expect(client.stats()).toMatchObject({ queries: 2, tcp: 1 });
  });

  test("even octet by octet", async () => {
    const server = await serve(byTransport, {
      onTcp: (socket) =>
        void socket.once("data", (chunk) => {
          const query = chunk.subarray(2);
          const message = framed(encodeResponse(query, { answers: [txtRecord("x.jp", ["slow"])] }));
          socket.setNoDelay(true);
          let at = 0;
          const step = (): void => {
            socket.write(message.subarray(at, at + 1));
            at += 1;
            if (at < message.length) setImmediate(step);
          };
          step();
        }),
    });
    expect(await clientOf([server]).query("x.jp", "TXT")).toMatchObject({ records: [{ text: "slow" }] });
  });

  test.each([
    {
      what: "is closed at once",
      onTcp: (socket: import("node:net").Socket) => socket.destroy(),
      reason: "timeout",
    },
    { what: "says nothing", onTcp: () => {}, reason: "timeout" },
    {
      what: "promises more than it sends",
      onTcp: (socket: import("node:net").Socket) => socket.end(Buffer.from([0xff, 0xff, 1, 2, 3])),
      reason: "timeout",
    },
    {
      what: "sends another message",
      onTcp: (socket: import("node:net").Socket) => socket.write(framed(Buffer.alloc(40))),
      reason: "malformed",
    },
    {
      what: "sends an empty message",
      onTcp: (socket: import("node:net").Socket) => socket.write(Buffer.alloc(2)),
      reason: "malformed",
    },
  ] as const)("a connection that $what: $reason", async ({ onTcp, reason }) => {
    const server = await serve(byTransport, { onTcp: (socket) => void onTcp(socket) });
    const client = clientOf([server], { timeoutMs: reason === "timeout" ? 300 : 20_000 });
    expect(await client.query("x.jp", "TXT")).toEqual({ kind: "failure", reason });
    const good = await serve(address);
    const withGood = clientOf([server, good], { timeoutMs: 4000 });
    expect(await withGood.query("x.jp", "A")).toMatchObject({ kind: "answer" });
  });

  test("nobody listens on TCP", async () => {
    const server = await serve(byTransport, { tcp: false });
    expect(await clientOf([server], { timeoutMs: 300 }).query("x.jp", "TXT")).toEqual({
      kind: "failure",
      reason: "timeout",
    });
  });

  test("truncated for ever: malformed", async () => {
    const server = await serve(() => ({ tc: true }));
    expect(await clientOf([server]).query("x.jp", "TXT")).toEqual({ kind: "failure", reason: "malformed" });
  });

  test("no more connections at a time than allowed; the rest wait their turn", async () => {
    const waiting: (() => void)[] = [];
    let asked = 0;
    let most = 0;
    const server = await serve(byTransport, {
      onTcp: (socket) =>
        void socket.once("data", (chunk) => {
          asked += 1;
          waiting.push(() => socket.write(framed(encodeResponse(chunk.subarray(2), {}))));
          most = Math.max(most, waiting.length);
          // Two are held until both are there, and long enough for a third to be seen.
          if (waiting.length === 2 || asked === 9)
            setTimeout(() => {
              for (const answer of waiting.splice(0)) answer();
            }, 5);
        }),
    });
    const client = clientOf([server], { maxTcpConnections: 2 });
    const answers = await Promise.all(Array.from({ length: 9 }, (_, i) => client.query(`n${i}.jp`, "TXT")));
    expect(answers.map((answer) => answer.kind)).toEqual(new Array(9).fill("nodata"));
    expect(most).toBe(2);
  });

  test("64 KiB of records", async () => {
    const answers = Array.from({ length: 1000 }, (_, i) => aRecord("x.jp", `10.0.${i >> 8}.${i & 255}`));
    const server = await serve((query) => (query.transport === "udp" ? { tc: true } : { answers }));
    const answer = await clientOf([server]).query("x.jp", "A");
    expect(answer).toMatchObject({ kind: "answer" });
    expect(answer.kind === "answer" ? answer.records.length : 0).toBe(1000);
  });
});

describe("CNAMEs: RFC 1034 §3.6.2", () => {
  const alias = (name: string, target: string, ttl = 300): ReturnType<typeof nameRecord> =>
    nameRecord(name, "CNAME", target, ttl);
  /** Answers with whatever stands at the name, one step at a time. */
  const oneStep =
    (records: Record<string, TestResponse>) =>
    (query: TestQuery): TestResponse =>
      records[query.name] ?? { rcode: 3, authority: [soaRecord("jp", 60)] };

  test("followed within the answer, whatever the order; the least TTL counts", async () => {
    const answers = [aRecord("c.jp", "192.0.2.1", 300), alias("b.jp", "C.jp", 20), alias("a.jp", "b.jp", 90)];
    const server = await serve(() => ({ answers, ad: true }));
    expect(await clientOf([server]).query("a.jp", "A")).toEqual({
      kind: "answer",
      records: [ip],
      ttl: 20,
      authentic: true,
    });
    expect(server.asked).toHaveLength(1);
  });

  test("followed by further queries; authentic only if every part is", async () => {
    const server = await serve(
      oneStep({
        "a.jp": { answers: [alias("a.jp", "b.jp", 30)], ad: true },
        "b.jp": { answers: [alias("b.jp", "c.jp")], ad: false },
        "c.jp": { answers: [aRecord("c.jp", "192.0.2.1")], ad: true },
      }),
    );
    const client = clientOf([server]);
    const answer = { kind: "answer", records: [ip], ttl: 30, authentic: false };
    expect(await client.query("a.jp", "A")).toEqual(answer);
    expect(await client.query("a.jp", "A")).toEqual(answer);
    expect(server.asked.map((query) => query.name)).toEqual(["a.jp", "b.jp", "c.jp"]);
  });

  test("asked for as such they are not followed", async () => {
    const server = await serve(() => ({ answers: [alias("a.jp", "b.jp"), alias("b.jp", "c.jp")] }));
    expect(await clientOf([server]).query("a.jp", "CNAME")).toMatchObject({ records: ["b.jp"] });
  });

  test.each([
    {
      what: "NXDOMAIN in the answer",
      response: { rcode: 3, answers: [alias("a.jp", "b.jp")] },
      kind: "nxdomain",
    },
    {
      what: "NXDOMAIN of a further query",
      response: { answers: [alias("a.jp", "gone.jp")] },
      kind: "nxdomain",
    },
    {
      what: "no data, with the SOA of the target",
      response: { answers: [alias("a.jp", "x.b.jp")], authority: [soaRecord("b.jp", 60)] },
      kind: "nodata",
    },
    {
      what: "the SOA of elsewhere: asked on",
      response: { answers: [alias("a.jp", "gone.jp")], authority: [soaRecord("x.jp", 60)] },
      kind: "nxdomain",
    },
  ] as const)("at their end: $what is $kind", async ({ response, kind }) => {
    const client = clientOf([await serve(oneStep({ "a.jp": response }))]);
    expect(await client.query("a.jp", "A")).toEqual({ kind, authentic: false });
  });

  test.each([
    { what: "to itself", answers: [alias("a.jp", "a.jp")] },
    { what: "of two", answers: [alias("a.jp", "b.jp"), alias("b.jp", "a.jp")] },
    {
      what: "too long",
      answers: Array.from({ length: 9 }, (_, i) => alias(i === 0 ? "a.jp" : `n${i}.jp`, `n${i + 1}.jp`)),
    },
  ])("a loop in one answer, $what, is malformed", async ({ answers }) => {
    expect(await clientOf([await serve(() => ({ answers }))]).query("a.jp", "A")).toEqual({
      kind: "failure",
      reason: "malformed",
    });
  });

  test("a loop over several answers is malformed, and ends soon", async () => {
    const server = await serve(
      oneStep({ "a.jp": { answers: [alias("a.jp", "b.jp")] }, "b.jp": { answers: [alias("b.jp", "a.jp")] } }),
    );
    const client = clientOf([server]);
    const both = await Promise.all([client.query("a.jp", "A"), client.query("b.jp", "A")]);
    expect(both).toEqual(new Array(2).fill({ kind: "failure", reason: "malformed" }));
    expect(server.asked).toHaveLength(2);
  });

  test.each([
    { aliases: 8, kind: "answer" },
    { aliases: 9, kind: "failure" },
  ])("$aliases over several answers: $kind", async ({ aliases, kind }) => {
    const server = await serve((query) => {
      const step = Number(query.name.slice(1, -3));
      return step === aliases ? address(query) : { answers: [alias(query.name, `n${step + 1}.jp`)] };
    });
    expect(await clientOf([server]).query("n0.jp", "A")).toMatchObject({ kind });
  });
});

describe("one question at a time", () => {
  test("equal ones on their way are asked once", async () => {
    const server = await serve(address);
    const client = clientOf([server]);
    const names = ["x.jp", "X.jp", "x.jp.", "x.jp", "y.jp"];
    const answers = await Promise.all(names.map((name) => client.query(name, "A")));
    expect(answers.every((answer) => answer.kind === "answer")).toBe(true);
    expect(server.asked).toHaveLength(2);
    expect(client.stats()).toMatchObject({ asked: 5, queries: 2, coalesced: 3 });
  });

  test("each asker has its own deadline; the query goes on for the others and for the cache", async () => {
    const release = Promise.withResolvers<void>();
    const server = await serve(async (query) => {
      await release.promise;
      return address(query);
    });
    const client = clientOf([server], { timeoutMs: 10_000 });
    const now = systemClock.monotonic();
    const early = client.query("x.jp", "A", { deadline: now + 20 });
    const patient = client.query("x.jp", "A", { deadline: now + 100_000 });
    expect(await early).toEqual({ kind: "failure", reason: "timeout" });
    release.resolve();
    expect(await patient).toMatchObject({ kind: "answer" });
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer" });
    expect(server.asked).toHaveLength(1);
    expect(client.stats()).toMatchObject({ cacheHits: 1, coalesced: 1 });
  });

  test("with the deadline passed nothing is asked", async () => {
    const server = await serve(address);
    const deadline = systemClock.monotonic() - 1;
    expect(await clientOf([server]).query("x.jp", "A", { deadline })).toEqual({
      kind: "failure",
      reason: "timeout",
    });
    expect(server.asked).toHaveLength(0);
  });

  test("no more on their way than allowed", async () => {
    const client = clientOf([await serve(address)], { maxInFlight: 2 });
    const answers = await Promise.all(["a.jp", "b.jp", "c.jp"].map((name) => client.query(name, "A")));
    expect(answers.map((answer) => answer.kind)).toEqual(["answer", "answer", "failure"]);
  });
});

describe("the cache", () => {
  test("answers until the TTL ends, counting down", async () => {
    const clock = movableClock();
    const server = await serve(address);
    const client = clientOf([server], { clock });
    await client.query("x.jp", "A");
    clock.forward(100_000);
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer", ttl: 200 });
    expect(server.asked).toHaveLength(1);
    expect(client.stats()).toMatchObject({ cacheHits: 1, cacheEntries: 1 });
    clock.forward(200_000);
    expect(await client.query("x.jp", "A")).toMatchObject({ kind: "answer", ttl: 300 });
    expect(server.asked).toHaveLength(2);
  });

  test.each([
    { what: "NXDOMAIN", response: { rcode: 3, authority: [soaRecord("jp", 60)] }, seconds: 60 },
    { what: "no data", response: { authority: [soaRecord("jp", 900, 30)] }, seconds: 30 },
    {
      what: "NXDOMAIN for a day",
      response: { rcode: 3, authority: [soaRecord("jp", 86_400, 86_400)] },
      seconds: 10_800,
    },
    { what: "NXDOMAIN without SOA", response: { rcode: 3 }, seconds: 0 },
    { what: "SERVFAIL", response: { rcode: 2 }, seconds: 5 },
    { what: "REFUSED", response: { rcode: 5 }, seconds: 5 },
    { what: "records with TTL 0", response: { answers: [aRecord("x.jp", "192.0.2.1", 0)] }, seconds: 0 },
  ])("RFC 2308 §5, §7.1: $what is kept $seconds s", async ({ response, seconds }) => {
    const clock = movableClock();
    const server = await serve(() => response);
    const client = clientOf([server], { clock });
    const first = await client.query("x.jp", "A");
    if (seconds > 0) {
      clock.forward(seconds * 1000 - 900);
      expect(await client.query("x.jp", "A")).toEqual(first);
      expect(server.asked).toHaveLength(1);
      clock.forward(1000);
    }
    await client.query("x.jp", "A");
    expect(server.asked).toHaveLength(2);
  });

  test("a timeout is kept for a moment", async () => {
    const server = await serve(silence);
    const client = clientOf([server], { timeoutMs: 60 });
    await client.query("x.jp", "A");
    const { queries } = client.stats();
    expect(await client.query("x.jp", "A")).toEqual({ kind: "failure", reason: "timeout" });
    expect(client.stats().queries).toBe(queries);
  });

  test.each([
    { authentic: true, asked: 1 },
    { authentic: false, asked: 4 },
  ])(
    "RFC 8020 §2: below an NXDOMAIN with AD $authentic, $asked of 4 are asked",
    async ({ authentic, asked }) => {
      const server = await serve(() => ({ rcode: 3, ad: authentic, authority: [soaRecord("jp", 60)] }));
      const client = clientOf([server]);
      for (const [name, type] of [
        ["_domainkey.x.jp", "TXT"],
        ["s1._domainkey.x.jp", "TXT"],
        ["a.b._domainkey.x.jp", "A"],
        ["_domainkey.x.jp", "A"],
      ] as const)
        expect(await client.query(name, type)).toEqual({ kind: "nxdomain", authentic });
      expect(server.asked).toHaveLength(asked);
    },
  );

  test("an NXDOMAIN at the end of CNAMEs denies the target, not the alias", async () => {
    const server = await serve((query) => ({
      rcode: 3,
      ad: true,
      answers: query.name === "a.jp" ? [nameRecord("a.jp", "CNAME", "gone.jp")] : [],
      authority: [soaRecord("jp", 60)],
    }));
    const client = clientOf([server]);
    await client.query("a.jp", "A");
    await client.query("x.gone.jp", "A");
    expect(server.asked).toHaveLength(1);
    await client.query("x.a.jp", "A");
    expect(server.asked).toHaveLength(2);
  });

  test("can be done without", async () => {
    const server = await serve(address);
    const client = clientOf([server], { cache: { maxEntries: 0 } });
    await client.query("x.jp", "A");
    await client.query("x.jp", "A");
    expect(server.asked).toHaveLength(2);
  });
});

test("close ends queries on their way and refuses later ones", async () => {
  const client = clientOf([await serve(silence)], { timeoutMs: 60_000 });
  const pending = client.query("x.jp", "A");
  client.close();
  client.close();
  const timeout = { kind: "failure", reason: "timeout" };
  expect(await pending).toEqual(timeout);
  expect(await client.query("y.jp", "A")).toEqual(timeout);
  expect(client.stats().inFlight).toBe(0);
});
