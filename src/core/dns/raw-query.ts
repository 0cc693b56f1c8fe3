import { type Clock, systemClock } from "../clock.ts";
import { canonicalName, NameReader, nameRoom, writeName } from "./name.ts";
import type { ServerAddress } from "./server-address.ts";
import { TcpConnections } from "./tcp.ts";
import { UdpPool } from "./udp.ts";

/** TYPE codes that are asked by number, since they are of use only to those who look at DNS itself. */
export const rawTypes = { NS: 2, SOA: 6, DS: 43, RRSIG: 46, DNSKEY: 48 } as const;

export interface RawQuestion {
  readonly name: string;
  readonly type: number;
  /** RD. Default false. */
  readonly recursive?: boolean;
  /** CD: the resolver is not to validate (RFC 4035 §3.2.2). Default false. */
  readonly unchecked?: boolean;
  /** DO: signatures are wanted (RFC 3225 §3). Default false. */
  readonly signatures?: boolean;
}

/** A record whose data is looked at only where a name or a signature is. */
export interface RawRecord {
  /** Canonical. */
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  readonly section: "answer" | "authority";
  /** Of an NS record. */
  readonly target?: string;
  readonly signature?: RawSignature;
}

/** RFC 4034 §3.1. Times are seconds since 1970. */
export interface RawSignature {
  readonly covered: number;
  readonly expires: number;
  readonly begins: number;
  readonly keyTag: number;
  /** Canonical. */
  readonly signer: string;
}

export interface RawReply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly authentic: boolean;
  /** The UDP answer was cut off. */
  readonly truncated: boolean;
  readonly over: "udp" | "tcp";
  readonly records: readonly RawRecord[];
}

export interface RawOptions {
  /** For all tries together. Default 4000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Asks one server one question with the header bits as wanted: UDP, two tries, then TCP when that is cut off. Never
 * rejects; undefined when no readable answer came.
 */
export async function askRaw(
  server: ServerAddress,
  question: RawQuestion,
  { timeoutMs = 4000, clock = systemClock }: RawOptions = {},
): Promise<RawReply | undefined> {
  const name = canonicalName(question.name);
  if (name === undefined) return undefined;
  const udp = new UdpPool(server, clock);
  const tcp = new TcpConnections(1);
  const asked = { ...question, name };
  try {
    const half = timeoutMs / 2;
    const first = (await askUdp(udp, asked, half)) ?? (await askUdp(udp, asked, half));
    if (first?.truncated !== true) return first;
    const whole = await askTcp(tcp, server, asked, half);
    return whole === undefined ? first : { ...whole, truncated: true };
  } finally {
    udp.close();
    tcp.close();
  }
}

function askUdp(udp: UdpPool, question: RawQuestion, ms: number): Promise<RawReply | undefined> {
  const { promise, resolve } = Promise.withResolvers<RawReply | undefined>();
  const release = udp.send(
    {
      receive: (message, id) => {
        const reply = readRawReply(message, id, question, "udp");
        if (reply === undefined) return false;
        resolve(reply);
        return true;
      },
      refused: () => resolve(undefined),
    },
    (id) => encode(question, id),
  );
  return withTimer(promise, resolve, release, ms);
}

function askTcp(
  tcp: TcpConnections,
  server: ServerAddress,
  question: RawQuestion,
  ms: number,
): Promise<RawReply | undefined> {
  const { promise, resolve } = Promise.withResolvers<RawReply | undefined>();
  const id = 1;
  const release = tcp.ask(server, encode(question, id), (message) =>
    resolve(message === undefined ? undefined : readRawReply(message, id, question, "tcp")),
  );
  return withTimer(promise, resolve, release, ms);
}

async function withTimer(
  promise: Promise<RawReply | undefined>,
  resolve: (nothing: undefined) => void,
  release: () => void,
  ms: number,
): Promise<RawReply | undefined> {
  const timer = setTimeout(() => resolve(undefined), ms);
  const reply = await promise;
  clearTimeout(timer);
  release();
  return reply;
}

const headerOctets = 12;
const optType = 41;
const payloadOctets = 1232;

function encode({ name, type, recursive, unchecked, signatures }: RawQuestion, id: number): Buffer {
  const room = Buffer.alloc(headerOctets + nameRoom + 4 + 11);
  room.writeUInt16BE(id, 0);
  // AD in a query asks for AD in the answer (RFC 6840 §5.7).
  room.writeUInt16BE((recursive === true ? 0x0100 : 0) | 0x0020 | (unchecked === true ? 0x0010 : 0), 2);
  room.writeUInt16BE(1, 4);
  room.writeUInt16BE(1, 10);
  let at = writeName(name, room, headerOctets);
  room.writeUInt16BE(type, at);
  room.writeUInt16BE(1, at + 2);
  at += 4;
  // RFC 6891 §6.1.2.
  room.writeUInt16BE(optType, at + 1);
  room.writeUInt16BE(payloadOctets, at + 3);
  room.writeUInt16BE(signatures === true ? 0x8000 : 0, at + 7);
  return room.subarray(0, at + 11);
}

/** Reads a response; undefined when it answers another question or cannot be read. Never throws. */
export function readRawReply(
  message: Buffer,
  id: number,
  question: RawQuestion,
  over: "udp" | "tcp",
): RawReply | undefined {
  if (message.length < headerOctets || message.readUInt16BE(0) !== id) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & 0xf800) !== 0x8000) return undefined;
  const names = new NameReader(message);
  const start = afterQuestion(message, names, question);
  if (start === undefined) return undefined;
  const bits = {
    rcode: flags & 0x0f,
    authoritative: (flags & 0x0400) !== 0,
    authentic: (flags & 0x0020) !== 0,
    truncated: (flags & 0x0200) !== 0,
    over,
  };
  if (bits.truncated) return { ...bits, records: [] };
  const records = readRecords(message, names, start);
  return records === undefined ? undefined : { ...bits, records };
}

function afterQuestion(message: Buffer, names: NameReader, question: RawQuestion): number | undefined {
  if (message.readUInt16BE(4) === 0) return headerOctets;
  if (message.readUInt16BE(4) !== 1 || names.read(headerOctets) !== question.name) return undefined;
  const at = names.end;
  if (at + 4 > message.length || message.readUInt16BE(at) !== question.type) return undefined;
  return at + 4;
}

function readRecords(message: Buffer, names: NameReader, start: number): RawRecord[] | undefined {
  const records: RawRecord[] = [];
  const answers = message.readUInt16BE(6);
  const count = answers + message.readUInt16BE(8);
  let at = start;
  for (let i = 0; i < count; i++) {
    const name = names.read(at);
    const fixed = names.end;
    if (name === undefined || fixed + 10 > message.length) return undefined;
    const type = message.readUInt16BE(fixed);
    const data = fixed + 10;
    at = data + message.readUInt16BE(fixed + 8);
    if (at > message.length) return undefined;
    const section = i < answers ? "answer" : "authority";
    const base = { name, type, ttl: message.readUInt32BE(fixed + 4), section } as const;
    records.push({ ...base, ...readData(message, names, type, data, at) });
  }
  return records;
}

function readData(
  message: Buffer,
  names: NameReader,
  type: number,
  start: number,
  end: number,
): Pick<RawRecord, "target" | "signature"> {
  if (type === rawTypes.NS) {
    const target = names.read(start);
    return target === undefined ? {} : { target };
  }
  // RFC 4034 §3.1: eighteen octets, then the signer's name.
  if (type !== rawTypes.RRSIG || end - start < 19) return {};
  const signer = names.read(start + 18);
  if (signer === undefined) return {};
  const covered = message.readUInt16BE(start);
  const expires = message.readUInt32BE(start + 8);
  const begins = message.readUInt32BE(start + 12);
  return { signature: { covered, expires, begins, keyTag: message.readUInt16BE(start + 16), signer } };
}
