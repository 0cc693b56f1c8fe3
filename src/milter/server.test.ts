import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import {
  applyLikePostfix,
  MilterClient,
  type Offer,
  offerPacket,
  packet,
  splitPackets,
  type Target,
} from "../../test/milter-client.ts";
import {
  type ConnectionInfo,
  type EndOfMessage,
  type MilterEvent,
  type MilterReply,
  type MilterServer,
  type MilterServerOptions,
  type MilterSession,
  type MilterStage,
  serveMilter,
} from "./index.ts";

const proceed: MilterReply = { kind: "continue" };
const accept: EndOfMessage = { edits: [], reply: { kind: "accept" } };
const raw = "From: a@example.jp\r\nSubject: test\r\n folded\r\n\r\nhello\r\n";
const folder = mkdtempSync(join(tmpdir(), "milter-"));
const servers: MilterServer[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Opener = (info: ConnectionInfo) => MilterSession;

async function start(session: Opener, options: Partial<MilterServerOptions> = {}): Promise<MilterServer> {
  const server = await serveMilter({
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    openSession: session,
    ...options,
  });
  servers.push(server);
  return server;
}

function targetOf({ address }: MilterServer): Target {
  return address.kind === "tcp" ? { port: address.port } : { path: address.path };
}

/** From here on time stands still for the server, but for `vi.advanceTimersByTimeAsync`; sockets go on. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
}

async function until(probe: () => boolean): Promise<void> {
  while (!probe()) await new Promise((resolve) => setImmediate(resolve));
}

function open(server: MilterServer, offer: Offer = {}): Promise<MilterClient> {
  return MilterClient.open(targetOf(server), offer);
}

/** A plain socket, for what no MTA would do. */
async function rawSocket(
  server: MilterServer,
): Promise<{ socket: Socket; received: () => Buffer; closed: Promise<void> }> {
  const socket = connect({ host: "127.0.0.1", ...targetOf(server) } as { port: number });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  return { socket, received: () => Buffer.concat(chunks), closed };
}

const places: { name: string; options: Partial<MilterServerOptions> }[] = [
  { name: "TCP", options: {} },
  { name: "TCP, IPv6", options: { listen: { kind: "tcp", host: "::1", port: 0 } } },
  { name: "unix socket", options: { listen: { kind: "unix", path: join(folder, "s") } } },
];

test.each(places)("a message over $name", async ({ name, options }) => {
  const infos: ConnectionInfo[] = [];
  const server = await start((info) => {
    infos.push(info);
    return {
      endOfMessage: async (macros) => ({
        edits: [{ kind: "insert-header", index: 0, name: "X-Id", value: macros.get("i") ?? "none" }],
        reply: { kind: "accept" },
      }),
    };
  }, options);
  const target = targetOf(server);
  const client = await MilterClient.open(
    "port" in target && name.includes("6") ? { host: "::1", ...target } : target,
  );
  await client.connect();
  await client.helo();
  const outcome = await client.message({ raw, macros: { E: { i: "Q1" } } });
  expect(outcome.verdict.code).toBe("a");
  expect(applyLikePostfix(raw, outcome.edits, client.agreed)).toMatch(/^X-Id: Q1\r\nReceived: /);
  await client.quit();
  expect(infos[0]).toMatchObject({ id: 1, version: 6, leadingSpace: true, skip: true });
  expect(server.stats()).toMatchObject({
    accepted: 1,
    messages: 1,
    replies: { accept: 1 },
    closed: { quit: 1 },
  });
});

describe("C.4 versions of the protocol", () => {
  const offers: { name: string; offer: Offer }[] = [
    { name: "2", offer: { version: 2, actions: 0x3f, protocol: 0x7f } },
    { name: "2 that offers nothing by number", offer: { version: 2, actions: 0, protocol: 0 } },
    { name: "3", offer: { version: 3, actions: 0x3f, protocol: 0x17f } },
    { name: "4", offer: { version: 4, actions: 0x3f, protocol: 0x37f } },
    { name: "6", offer: {} },
    { name: "6 with Sendmail's MDS bits", offer: { protocol: 0x301fffff } },
    { name: "6 without NR and SKIP", offer: { protocol: 0x37f } },
  ];
  const answers: { name: string; answersAt: ReadonlySet<MilterStage> | undefined }[] = [
    { name: "the default", answersAt: undefined },
    { name: "the end only", answersAt: new Set<MilterStage>(["end-of-message"]) },
    {
      name: "everything",
      answersAt: new Set<MilterStage>([
        "connect",
        "helo",
        "mail",
        "recipient",
        "data",
        "header",
        "end-of-headers",
        "body",
        "end-of-message",
        "unknown",
      ]),
    },
  ];
  const rows = offers.flatMap(({ name, offer }) =>
    answers.map((row) => ({ name: `${name}, answers at ${row.name}`, offer, answersAt: row.answersAt })),
  );

  test.each(rows)("version $name", async ({ offer, answersAt }) => {
    const heard: string[] = [];
    const server = await start(
      () => ({
        connect: () => proceed,
        helo: () => proceed,
        mail: async () => proceed,
        recipient: () => proceed,
        data: () => proceed,
        header: (name, value) => {
          heard.push(`${name}:${value}`);
          return proceed;
        },
        endOfHeaders: () => proceed,
        body: (chunk) => {
          heard.push(String(chunk));
          return { kind: "skip" };
        },
        endOfMessage: () => accept,
      }),
      { answersAt },
    );
    const client = await open(server, offer);
    for (let i = 0; i < 2; i++) {
      await client.connect();
      await client.helo();
      const outcome = await client.message({ raw, chunkOctets: 3 });
      expect(outcome).toMatchObject({ stage: "E", verdict: { code: "a" } });
      client.abort();
      const again = await client.message({ raw });
      expect(again.verdict.code).toBe("a");
      client.quitNewConnection();
    }
    await client.quit();
    expect(heard.slice(0, 3)).toEqual(["From: a@example.jp", "Subject: test\n folded", "hel"]);
    expect(server.stats()).toMatchObject({ faults: 0, messages: 4 });
  });

  test("1 is refused by closing", async () => {
    const server = await start(() => ({}));
    await expect(open(server, { version: 1 })).rejects.toThrow("closed");
    expect(server.stats().closed).toEqual({ "version-too-low": 1 });
  });
});

test("macro lists are asked for", async () => {
  const server = await start(() => ({}), {
    wants: { macros: { connect: ["j", "client_addr"], "end-of-message": ["i"] } },
  });
  const client = await open(server);
  expect([...client.agreed.macroLists]).toEqual([
    [0, ["j", "{client_addr}"]],
    [5, ["i"]],
    [6, ["i"]],
  ]);
  await client.quit();
});

test("edits and answer come in one write", async () => {
  const server = await start(() => ({
    endOfMessage: () => ({
      edits: [
        { kind: "add-header", name: "A", value: "1" },
        { kind: "add-header", name: "B", value: "2" },
      ],
      reply: { kind: "accept" },
    }),
  }));
  const { socket, closed } = await rawSocket(server);
  const chunks: string[] = [];
  socket.write(offerPacket());
  await once(socket, "data");
  socket.on("data", (chunk: Buffer) =>
    chunks.push(
      splitPackets(chunk)
        .packets.map(({ code }) => code)
        .join(""),
    ),
  );
  socket.write(packet("E"));
  await once(socket, "data");
  expect(chunks).toEqual(["hha"]);
  socket.end(packet("Q"));
  await closed;
});

test("a large message in pieces arrives whole, however slowly it is taken", async () => {
  const octets: Buffer[] = [];
  const server = await start(
    () => ({
      body: async (chunk) => {
        octets.push(Buffer.from(chunk));
        await new Promise((resolve) => setImmediate(resolve));
        return proceed;
      },
      endOfMessage: () => accept,
    }),
    { answersAt: new Set<MilterStage>(["end-of-message"]) },
  );
  const body = Buffer.alloc(3_000_000, "0123456789abcdef\r\n");
  const client = await open(server);
  const outcome = await client.message({ raw: Buffer.concat([Buffer.from("A: b\r\n\r\n"), body]) });
  expect(outcome.verdict.code).toBe("a");
  expect(Buffer.concat(octets).equals(body)).toBe(true);
  await client.quit();
});

describe("who may connect", () => {
  const beyond: MilterServerOptions["listen"] = { kind: "tcp", host: "0.0.0.0", port: 0 };
  const loopbackNetwork = { address: { family: 4 as const, octets: Uint8Array.of(127, 0, 0, 0) }, prefix: 8 };

  test("nothing listens beyond loopback without a list of peers", async () => {
    await expect(start(() => ({}), { listen: beyond })).rejects.toMatchObject({
      name: "MilterListenError",
      code: "PEERS_MISSING",
    });
  });

  test("with one it does", async () => {
    const server = await start(() => ({}), { listen: beyond, peers: [loopbackNetwork] });
    await (await open(server)).quit();
    expect(server.stats().accepted).toBe(1);
  });

  const others: { name: string; options: Partial<MilterServerOptions> }[] = [
    { name: "not in the list", options: { peers: [] } },
    { name: "not allowed", options: { allowPeer: () => false } },
  ];
  test.each(others)("others get no octet back: $name", async ({ options }) => {
    const server = await start(() => ({}), options);
    const { socket, received, closed } = await rawSocket(server);
    socket.write(offerPacket());
    await closed;
    expect(received()).toHaveLength(0);
    expect(server.stats()).toMatchObject({ accepted: 0, refusedPeers: 1, connections: 0 });
  });

  test("who has gone again before he is looked at is refused nothing", async () => {
    const events: MilterEvent[] = [];
    const server = await start(() => ({}), {
      peers: [loopbackNetwork],
      onEvent: (event) => events.push(event),
    });
    const { port } = targetOf(server) as { port: number };
    // As the checks of load balancers do; this process hears of it only when all is over.
    const check = `require("node:net").connect(${port}, "127.0.0.1").on("connect", function () { this.resetAndDestroy(); })`;
    expect(spawnSync(process.execPath, ["-e", check]).status).toBe(0);
    await open(server);
    expect(events.filter(({ kind }) => kind === "refused")).toEqual([]);
    expect(server.stats()).toMatchObject({ refusedPeers: 0, connections: 1 });
  });

  test("no more than maxConnections, and room again after one has gone", async () => {
    const server = await start(() => ({}), { maxConnections: 1 });
    const first = await open(server);
    const second = await rawSocket(server);
    await second.closed;
    expect(second.received()).toHaveLength(0);
    expect(server.stats()).toMatchObject({ connections: 1, refusedTooMany: 1 });
    await first.quit();
    await (await open(server)).quit();
  });
});

describe("time limits", () => {
  test.each([
    {
      name: "no negotiation",
      octets: Buffer.alloc(0),
      options: { negotiationTimeoutMs: 40 },
      is: "negotiation-timeout",
    },
    {
      name: "half a negotiation",
      octets: offerPacket().subarray(0, 9),
      options: { negotiationTimeoutMs: 40 },
      is: "negotiation-timeout",
    },
    {
      name: "half a packet",
      octets: Buffer.concat([offerPacket(), packet("M", "<a>\0").subarray(0, 6)]),
      options: { packetTimeoutMs: 40 },
      is: "packet-timeout",
    },
    {
      name: "nothing more",
      octets: Buffer.concat([offerPacket(), packet("M", "<a>\0")]),
      options: { idleTimeoutMs: 40 },
      is: "idle-timeout",
    },
  ])("$name: $is", async ({ octets, options, is }) => {
    const heard: string[] = [];
    const server = await start(
      () => ({ mail: () => proceed, close: () => void heard.push("close") }),
      options,
    );
    const { socket, closed } = await rawSocket(server);
    socket.write(octets);
    await closed;
    expect(server.stats().closed).toEqual({ [is]: 1 });
    expect(heard).toEqual(is === "negotiation-timeout" ? [] : ["close"]);
  });

  test("octets that trickle in do not prolong a packet", async () => {
    const server = await start(() => ({ mail: () => proceed }), { packetTimeoutMs: 60 });
    const { socket, closed } = await rawSocket(server);
    socket.write(offerPacket());
    socket.write(Buffer.from("000000ff4d", "hex"));
    const drip = setInterval(() => socket.write("x"), 5);
    await closed;
    clearInterval(drip);
    expect(server.stats().closed).toEqual({ "packet-timeout": 1 });
  });

  test("many packets, each cut, do not add up to a long one", async () => {
    stopTime();
    let headers = 0;
    const heard = (): MilterReply => {
      headers += 1;
      return proceed;
    };
    const server = await start(() => ({ header: heard }), { packetTimeoutMs: 400 });
    const { socket, closed } = await rawSocket(server);
    socket.write(Buffer.concat([offerPacket(), packet("M", "<a>\0")]));
    const header = packet("L", "X\0 value\0");
    socket.write(header.subarray(0, 3));
    for (let i = 1; i <= 5; i++) {
      socket.write(Buffer.concat([header.subarray(3), header.subarray(0, 3)]));
      await until(() => headers === i);
      await vi.advanceTimersByTimeAsync(300);
    }
    expect(server.stats().closed).toEqual({});
    await vi.advanceTimersByTimeAsync(600);
    expect(server.stats().closed).toEqual({ "packet-timeout": 1 });
    socket.destroy();
    await closed;
  });

  test("an MTA that takes no answers is cut off, and memory stays bounded", async () => {
    const server = await start(() => ({ mail: () => proceed }), {
      packetTimeoutMs: 100,
      answersAt: new Set<MilterStage>(["mail"]),
    });
    const { socket, closed } = await rawSocket(server);
    socket.pause();
    socket.write(offerPacket());
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => packet("M", "<a>\0")));
    const feed = setInterval(() => {
      if (socket.writableLength < 1_000_000) socket.write(flood);
    }, 1);
    while (server.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    clearInterval(feed);
    expect(server.stats().closed).toEqual({ "write-timeout": 1 });
    socket.destroy();
    await closed;
  });

  test("a pending end of message is no idle time", async () => {
    stopTime();
    let release: ((answer: EndOfMessage) => void) | undefined;
    const server = await start(
      () => ({
        endOfMessage: () =>
          new Promise<EndOfMessage>((resolve) => {
            release = resolve;
          }),
      }),
      { idleTimeoutMs: 200, progressEveryMs: 100 },
    );
    const client = await open(server);
    const sent = client.message({ raw });
    await until(() => release !== undefined);
    await vi.advanceTimersByTimeAsync(650);
    release?.(accept);
    const outcome = await sent;
    expect(outcome.verdict.code).toBe("a");
    expect(outcome.progress).toBe(6);
    client.destroy();
  });
});

describe("connections that break", () => {
  test("a packet past the limit: closed, counted, and told", async () => {
    const events: MilterEvent[] = [];
    const server = await start(() => ({}), { maxPacketOctets: 1000, onEvent: (event) => events.push(event) });
    const client = await open(server);
    client.write(packet("L", "x".repeat(1000)));
    await expect(client.take()).rejects.toThrow("closed");
    expect(server.stats().closed).toEqual({ "packet-too-long": 1 });
    expect(events.map(({ kind }) => kind)).toEqual(["connected", "negotiated", "closed"]);
  });

  test("the MTA goes away while the end of message is pending", async () => {
    const heard: string[] = [];
    let release = (_: EndOfMessage): void => {};
    const server = await start(() => ({
      endOfMessage: () =>
        new Promise<EndOfMessage>((resolve) => {
          heard.push("end");
          release = resolve;
        }),
      abort: () => void heard.push("abort"),
      close: () => void heard.push("close"),
    }));
    const { socket, closed } = await rawSocket(server);
    socket.write(Buffer.concat([offerPacket(), packet("E")]));
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    socket.resetAndDestroy();
    await closed;
    while (server.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    release(accept);
    expect(heard).toEqual(["end", "abort", "close"]);
  });

  test("what was asked before the MTA closed its side is answered", async () => {
    const server = await start(() => ({
      endOfMessage: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return accept;
      },
    }));
    const { socket, received, closed } = await rawSocket(server);
    socket.end(Buffer.concat([offerPacket(), packet("E")]));
    await closed;
    expect(splitPackets(received()).packets.map(({ code }) => code)).toEqual(["O", "a"]);
  });

  test("an observer that throws does not touch the mail", async () => {
    const server = await start(() => ({ endOfMessage: () => accept }), {
      onEvent: () => {
        throw new Error("broken");
      },
    });
    const client = await open(server);
    expect((await client.message({ raw })).verdict.code).toBe("a");
    await client.quit();
  });
});

describe("closing", () => {
  test("what is between messages is closed, what is in work is finished", async () => {
    let release: ((answer: EndOfMessage) => void) | undefined;
    const path = join(folder, "closing");
    const server = await start(
      () => ({
        endOfMessage: () =>
          new Promise<EndOfMessage>((resolve) => {
            release = resolve;
          }),
      }),
      { listen: { kind: "unix", path } },
    );
    const idle = await open(server);
    const busy = await open(server);
    const outcome = busy.message({ raw });
    while (release === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
    const closing = server.close(10_000);
    await idle.closed();
    await expect(open(server)).rejects.toThrow();
    release(accept);
    expect((await outcome).verdict.code).toBe("a");
    await closing;
    expect(existsSync(path)).toBe(false);
    expect(server.stats()).toMatchObject({ connections: 0, closed: { shutdown: 2 } });
  });

  test("after the grace the rest is cut off", async () => {
    const heard: string[] = [];
    const server = await start(() => ({
      endOfMessage: () => {
        heard.push("end");
        return new Promise<EndOfMessage>(() => {});
      },
      close: () => void heard.push("close"),
    }));
    const client = await open(server);
    const outcome = client.message({ raw }).catch(() => "cut off");
    await until(() => heard.length === 1);
    await server.close(20);
    expect(await outcome).toBe("cut off");
    expect(heard).toEqual(["end", "close"]);
    expect(server.stats().closed).toEqual({ "cut-off": 1 });
  });

  test("what the MTA breaks off amid a message is not our doing", async () => {
    const server = await start(() => ({ mail: () => ({ kind: "continue" }) }));
    const client = await open(server);
    await client.event("M", Buffer.from("<a@example.com>\0"));
    client.destroy();
    while (server.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await server.close(0);
    expect(server.stats().closed).toEqual({ "mta-closed": 1 });
  });
});

test("an address in use is an error", async () => {
  const server = await start(() => ({}));
  await expect(start(() => ({}), { listen: server.address })).rejects.toMatchObject({
    code: "ADDRESS_IN_USE",
  });
});
