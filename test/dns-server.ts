import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { writeName } from "../src/core/dns/name.ts";
import { typeCodes } from "../src/core/dns/record.ts";
import type { DnsType } from "../src/core/dns/resolver.ts";
import { parseIp } from "../src/core/ip.ts";

/** One record of a test response. */
export interface TestRecord {
  readonly name: string;
  readonly type: DnsType | number;
  readonly ttl?: number;
  readonly data: Buffer;
}

export interface TestResponse {
  readonly rcode?: number;
  readonly ad?: boolean;
  readonly aa?: boolean;
  readonly tc?: boolean;
  readonly answers?: readonly TestRecord[];
  readonly authority?: readonly TestRecord[];
  /** INFO-CODEs of extended DNS errors; an OPT record is sent with them. */
  readonly extendedErrors?: readonly number[];
  readonly question?: "none" | Buffer;
  readonly id?: number;
}

/** One query as the server saw it. */
export interface TestQuery {
  readonly name: string;
  readonly type: number;
  readonly octets: Buffer;
  readonly edns: boolean;
  readonly transport: "udp" | "tcp";
  readonly port: number;
}

/** What the server sends back: octets as they are, in order; nothing for an empty list. */
export type TestReply = TestResponse | readonly (TestResponse | Buffer)[];

export interface TestDnsServer {
  readonly address: string;
  readonly port: number;
  readonly asked: readonly TestQuery[];
  stop(): Promise<void>;
}

export interface TestDnsOptions {
  readonly answer: (query: TestQuery) => TestReply | Promise<TestReply>;
  /** Takes over TCP connections; without it they are answered like UDP, with framing. */
  readonly onTcp?: (socket: Socket) => void;
  readonly tcp?: boolean;
}

/** A DNS server on a loopback port that answers as told. */
export async function startDnsServer(options: TestDnsOptions): Promise<TestDnsServer> {
  const asked: TestQuery[] = [];
  const { udp, tcp } = await bindBoth(options.tcp !== false);
  const sockets = new Set<Socket>();
  udp.on("message", async (octets, from) => {
    const query = readQuery(octets, "udp", from.port);
    asked.push(query);
    const reply = await options.answer(query);
    for (const message of replyMessages(query, reply)) udp.send(message, from.port, from.address);
  });
  tcp?.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    if (options.onTcp !== undefined) return options.onTcp(socket);
    socket.on("data", async (chunk) => {
      const query = readQuery(chunk.subarray(2), "tcp", socket.remotePort ?? 0);
      asked.push(query);
      const reply = await options.answer(query);
      for (const message of replyMessages(query, reply)) socket.write(framed(message));
    });
  });
  return {
    address: "127.0.0.1",
    port: udp.address().port,
    asked,
    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => udp.close(done));
      if (tcp !== undefined) await new Promise<void>((done) => tcp.close(() => done()));
    },
  };
}

async function bindBoth(withTcp: boolean): Promise<{ udp: UdpSocket; tcp: Server | undefined }> {
  for (let tries = 0; ; tries++) {
    const udp = createSocket("udp4");
    await new Promise<void>((done) => udp.bind(0, "127.0.0.1", done));
    if (!withTcp) return { udp, tcp: undefined };
    const tcp = createServer();
    const bound = await new Promise<boolean>((done) => {
      tcp.once("error", () => done(false));
      tcp.listen(udp.address().port, "127.0.0.1", () => done(true));
    });
    if (bound) return { udp, tcp };
    udp.close();
    if (tries > 20) throw new Error("no port that is free for both UDP and TCP");
  }
}

function readQuery(octets: Buffer, transport: "udp" | "tcp", port: number): TestQuery {
  const labels: string[] = [];
  let at = 12;
  while (octets[at] !== 0) {
    const length = octets[at] as number;
    labels.push(octets.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = octets.readUInt16BE(at + 1);
  return { name: labels.join("."), type, octets, edns: octets.readUInt16BE(10) === 1, transport, port };
}

function replyMessages(query: TestQuery, reply: TestReply): Buffer[] {
  const replies: readonly (TestResponse | Buffer)[] = Array.isArray(reply) ? reply : [reply];
  return replies.map((one) => (Buffer.isBuffer(one) ? one : encodeResponse(query.octets, one)));
}

/** A response to the query, uncompressed. */
export function encodeResponse(query: Buffer, response: TestResponse): Buffer {
  const { answers = [], authority = [], extendedErrors = [] } = response;
  const question = response.question ?? questionOf(query);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(response.id ?? query.readUInt16BE(0), 0);
  const rcode = response.rcode ?? 0;
  header.writeUInt16BE(
    0x8180 |
      (response.ad === true ? 0x20 : 0) |
      (response.tc === true ? 0x200 : 0) |
      (response.aa === true ? 0x400 : 0) |
      (rcode & 15),
    2,
  );
  header.writeUInt16BE(question === "none" ? 0 : 1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(authority.length, 8);
  const withOpt = extendedErrors.length > 0 || rcode > 15;
  header.writeUInt16BE(withOpt ? 1 : 0, 10);
  const parts = [header, question === "none" ? Buffer.alloc(0) : question];
  for (const record of [...answers, ...authority]) parts.push(encodeRecord(record));
  if (withOpt) parts.push(encodeOpt(rcode >> 4, extendedErrors));
  return Buffer.concat(parts);
}

function questionOf(query: Buffer): Buffer {
  let at = 12;
  while (query[at] !== 0) at += (query[at] as number) + 1;
  return query.subarray(12, at + 5);
}

function encodeRecord({ name, type, ttl = 300, data }: TestRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(typeof type === "number" ? type : typeCodes[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([wireName(name), fixed, data]);
}

function encodeOpt(highRcode: number, extendedErrors: readonly number[]): Buffer {
  const options = extendedErrors.map((code) =>
    Buffer.from([0, 15, 0, 4, code >> 8, code & 0xff, 0x68, 0x69]),
  );
  const data = Buffer.concat(options);
  return Buffer.concat([Buffer.from([0, 0, 41, 4, 208, highRcode, 0, 0, 0, 0, data.length]), data]);
}

/** A message with the two length octets of DNS over TCP. */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
}

export function wireName(name: string): Buffer {
  const room = Buffer.alloc(256);
  return room.subarray(0, writeName(name, room, 0));
}

function numbers(bits: 16 | 32, ...values: readonly number[]): Buffer {
  const octets = Buffer.alloc((values.length * bits) / 8);
  for (const [index, value] of values.entries())
    if (bits === 16) octets.writeUInt16BE(value, index * 2);
    else octets.writeUInt32BE(value, index * 4);
  return octets;
}

export function aRecord(name: string, address: string, ttl = 300): TestRecord {
  const ip = parseIp(address);
  if (ip === undefined) throw new TypeError(address);
  return { name, type: ip.family === 4 ? "A" : "AAAA", ttl, data: Buffer.from(ip.octets) };
}

export function txtRecord(name: string, strings: readonly string[], ttl = 300): TestRecord {
  const parts = strings.map((text) =>
    Buffer.concat([Buffer.from([text.length]), Buffer.from(text, "latin1")]),
  );
  return { name, type: "TXT", ttl, data: Buffer.concat(parts) };
}

export function nameRecord(
  name: string,
  type: "CNAME" | "PTR" | "NS",
  target: string,
  ttl = 300,
): TestRecord {
  return { name, type, ttl, data: wireName(target) };
}

export function mxRecord(name: string, preference: number, exchange: string, ttl = 300): TestRecord {
  return { name, type: "MX", ttl, data: Buffer.concat([numbers(16, preference), wireName(exchange)]) };
}

export function soaRecord(name: string, minimum: number, ttl = 300): TestRecord {
  const times = numbers(32, 1, 7200, 3600, 86_400, minimum);
  return { name, type: "SOA", ttl, data: Buffer.concat([wireName("ns.test"), wireName("root.test"), times]) };
}
