import { NameReader, nameRoom, writeName } from "./name.ts";
import { type ResourceRecord, typeCodes } from "./record.ts";
import type { DnsRecordOf, DnsType, SoaRecord, TxtRecord } from "./resolver.ts";

/** A question, encoded once however often it is sent. */
export interface DnsQuestion {
  /** Canonical. */
  readonly name: string;
  readonly type: DnsType;
  /** QNAME, QTYPE and QCLASS as they stand in the message. */
  readonly section: Buffer;
}

/** What is used of a response. */
export interface DnsResponse {
  /** Twelve bits: the header's four and EDNS's eight (RFC 6891 §6.1.3). */
  readonly rcode: number;
  /** TC. No records were read then. */
  readonly truncated: boolean;
  /** AD. */
  readonly authentic: boolean;
  /** AA. */
  readonly authoritative: boolean;
  /** Records of class IN in the answer section that have the type of the question or are CNAMEs. */
  readonly answers: readonly ResourceRecord[];
  /** The SOA of the authority section; `ttl` is the negative TTL in seconds (RFC 2308 §5). */
  readonly soa: { readonly owner: string; readonly ttl: number } | undefined;
  /** INFO-CODE of the extended DNS errors (RFC 8914 §2). */
  readonly extendedErrors: readonly number[];
}

export const rcodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;

const headerOctets = 12;
const classIn = 1;
const optType = 41;
const extendedErrorOption = 15;
const cname = typeCodes.CNAME;
const soaType = typeCodes.SOA;

/** UDP payload size announced in queries: fits an IPv6 packet of 1280 octets. */
const udpPayloadOctets = 1232;

export function encodeQuestion(name: string, type: DnsType): DnsQuestion {
  const section = Buffer.allocUnsafe(nameRoom + 4);
  const end = writeName(name, section, 0);
  section.writeUInt16BE(typeCodes[type], end);
  section.writeUInt16BE(classIn, end + 2);
  return { name, type, section: section.subarray(0, end + 4) };
}

/** Header: RD and AD (RFC 6840 §5.7: asks for AD in the answer), one question, an OPT record with EDNS. */
const headerWithEdns = Buffer.from("000001200001000000000001", "hex");
const headerPlain = Buffer.from("000001200001000000000000", "hex");
/** RFC 6891 §6.1.2: the root, OPT, payload size, extended RCODE and version 0, no DO, no options. */
const opt = Buffer.from([0, 0, optType, udpPayloadOctets >> 8, udpPayloadOctets & 0xff, 0, 0, 0, 0, 0, 0]);

const recursionDesired = 0x01;

/** A query for one question; `id` has 16 bits. Without `recursive` a server is asked for what it holds itself. */
export function encodeQuery({ section }: DnsQuestion, id: number, edns: boolean, recursive = true): Buffer {
  const end = headerOctets + section.length;
  const query = Buffer.allocUnsafe(end + (edns ? opt.length : 0));
  (edns ? headerWithEdns : headerPlain).copy(query);
  query.writeUInt16BE(id, 0);
  if (!recursive) query[2] = (query[2] as number) & ~recursionDesired;
  section.copy(query, headerOctets);
  if (edns) opt.copy(query, end);
  return query;
}

/**
 * Reads a response in one pass.
 * @returns "mismatch" when it does not answer that question with that id, "malformed" when it does but cannot be read.
 */
export function decodeResponse(
  message: Buffer,
  question: DnsQuestion,
  id: number,
): DnsResponse | "mismatch" | "malformed" {
  if (message.length < headerOctets || message.readUInt16BE(0) !== id) return "mismatch";
  const flags = message.readUInt16BE(2);
  const rcode = flags & 0x0f;
  const truncated = (flags & 0x0200) !== 0;
  // QR must be set and OPCODE be QUERY.
  if ((flags & 0xf800) !== 0x8000) return "mismatch";
  const questions = message.readUInt16BE(4);
  // Servers that could not read the query have no question to repeat.
  const mayLackQuestion = truncated || (rcode !== rcodes.noError && rcode !== rcodes.nameError);
  if (questions === 0 ? !mayLackQuestion : questions > 1 || !repeatsQuestion(message, question.section))
    return "mismatch";
  const authentic = (flags & 0x0020) !== 0;
  const authoritative = (flags & 0x0400) !== 0;
  const bits = { truncated, authentic, authoritative };
  if (truncated) return { rcode, ...bits, answers: [], soa: undefined, extendedErrors: [] };
  const start = questions === 0 ? headerOctets : headerOctets + question.section.length;
  const reader = new SectionReader(message, question, start);
  if (!reader.readAnswers(message.readUInt16BE(6))) return "malformed";
  if (!reader.readAuthority(message.readUInt16BE(8))) return "malformed";
  if (!reader.readAdditional(message.readUInt16BE(10))) return "malformed";
  const { answers, soa, extendedErrors, highRcode } = reader;
  return { rcode: (highRcode << 4) | rcode, ...bits, answers, soa, extendedErrors };
}

/** Case does not count (RFC 4343 §3); length octets are below the letters, so folding leaves them alone. */
function repeatsQuestion(message: Buffer, section: Buffer): boolean {
  const length = section.length;
  if (message.length < headerOctets + length) return false;
  for (let i = 0; i < length; i++) {
    const octet = message[headerOctets + i] as number;
    const asked = section[i] as number;
    if (octet !== asked && (i >= length - 4 || lower(octet) !== lower(asked))) return false;
  }
  return true;
}

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}

class SectionReader {
  readonly answers: ResourceRecord[] = [];
  readonly extendedErrors: number[] = [];
  soa: { readonly owner: string; readonly ttl: number } | undefined;
  highRcode = 0;
  readonly #message: Buffer;
  readonly #names: NameReader;
  readonly #question: DnsQuestion;
  readonly #questionCode: number;
  #at: number;
  // The fixed part of the record that `#readFixed` read last.
  #type = 0;
  #class = 0;
  #ttl = 0;
  #data = 0;
  #end = 0;

  constructor(message: Buffer, question: DnsQuestion, start: number) {
    this.#message = message;
    this.#names = new NameReader(message);
    this.#question = question;
    this.#questionCode = typeCodes[question.type];
    this.#at = start;
  }

  readAnswers(count: number): boolean {
    for (let i = 0; i < count; i++) {
      const start = this.#at;
      if (!this.#readFixed()) return false;
      if (this.#class !== classIn || (this.#type !== this.#questionCode && this.#type !== cname)) continue;
      const name = this.#owner(start);
      const type = this.#type === this.#questionCode ? this.#question.type : "CNAME";
      const data = readData(type, this.#message, this.#names, this.#data, this.#end);
      if (name === undefined || data === undefined) return false;
      this.answers.push({ name, type, ttl: this.#ttl, data } as ResourceRecord);
    }
    return true;
  }

  readAuthority(count: number): boolean {
    for (let i = 0; i < count; i++) {
      const start = this.#at;
      if (!this.#readFixed()) return false;
      if (this.#type !== soaType || this.#class !== classIn || this.soa !== undefined) continue;
      const owner = this.#owner(start);
      const data = readSoa(this.#message, this.#names, this.#data, this.#end);
      if (owner === undefined || data === undefined) return false;
      this.soa = { owner, ttl: Math.min(this.#ttl, data.minimum) };
    }
    return true;
  }

  readAdditional(count: number): boolean {
    for (let i = 0; i < count; i++) {
      if (!this.#readFixed()) return false;
      if (this.#type === optType && !this.#readOptions()) return false;
    }
    return true;
  }

  /** Goes over one record; false when it runs out of the message. */
  #readFixed(): boolean {
    const message = this.#message;
    if (!this.#names.skip(this.#at)) return false;
    const at = this.#names.end;
    if (at + 10 > message.length) return false;
    this.#type = message.readUInt16BE(at);
    this.#class = message.readUInt16BE(at + 2);
    const ttl = message.readUInt32BE(at + 4);
    // RFC 2181 §8: with the top bit set it counts as zero. In OPT it is no TTL.
    this.#ttl = ttl > 0x7fffffff && this.#type !== optType ? 0 : ttl;
    this.#data = at + 10;
    this.#end = this.#data + message.readUInt16BE(at + 8);
    this.#at = this.#end;
    return this.#end <= message.length;
  }

  #owner(start: number): string | undefined {
    const message = this.#message;
    // Nearly every record points to the name in the question.
    if (message[start] === 0xc0 && message[start + 1] === headerOctets && message.readUInt16BE(4) === 1)
      return this.#question.name;
    return this.#names.read(start);
  }

  #readOptions(): boolean {
    const message = this.#message;
    this.highRcode = this.#ttl >>> 24;
    for (let at = this.#data; at < this.#end; ) {
      if (at + 4 > this.#end) return false;
      const length = message.readUInt16BE(at + 2);
      if (at + 4 + length > this.#end) return false;
      if (message.readUInt16BE(at) === extendedErrorOption && length >= 2)
        this.extendedErrors.push(message.readUInt16BE(at + 4));
      at += 4 + length;
    }
    return true;
  }
}

/**
 * Reads the RDATA of a record from `start` to before `end`; both lie in the message.
 * @returns undefined when it is not what the type asks for.
 */
export function readData<T extends DnsType>(
  type: T,
  message: Buffer,
  names: NameReader,
  start: number,
  end: number,
): DnsRecordOf[T] | undefined;
export function readData(
  type: DnsType,
  message: Buffer,
  names: NameReader,
  start: number,
  end: number,
): DnsRecordOf[DnsType] | undefined {
  const length = end - start;
  switch (type) {
    case "A":
      return length === 4 ? { family: 4, octets: octetsOf(message, start, end) } : undefined;
    case "AAAA":
      return length === 16 ? { family: 6, octets: octetsOf(message, start, end) } : undefined;
    case "TXT":
    case "SPF":
      return readTxt(message, start, end);
    case "MX": {
      const exchange = length > 2 ? readWhole(names, start + 2, end) : undefined;
      return exchange === undefined ? undefined : { preference: message.readUInt16BE(start), exchange };
    }
    case "PTR":
    case "CNAME":
    case "NS":
      return readWhole(names, start, end);
    case "SOA":
      return readSoa(message, names, start, end);
    case "TLSA": {
      if (length < 3) return undefined;
      return {
        usage: message.readUInt8(start),
        selector: message.readUInt8(start + 1),
        matchingType: message.readUInt8(start + 2),
        data: Buffer.from(message.subarray(start + 3, end)),
      };
    }
  }
}

/** A copy, so that the whole message is not kept alive by one address. */
function octetsOf(message: Buffer, start: number, end: number): Uint8Array {
  const octets = new Uint8Array(end - start);
  for (let i = 0; i < octets.length; i++) octets[i] = message[start + i] as number;
  return octets;
}

/** A name that fills the space from `start` to `end`. */
function readWhole(names: NameReader, start: number, end: number): string | undefined {
  const name = names.read(start);
  return names.end === end ? name : undefined;
}

function readTxt(message: Buffer, start: number, end: number): TxtRecord | undefined {
  const strings: string[] = [];
  for (let at = start; at < end; ) {
    const next = at + 1 + (message[at] as number);
    if (next > end) return undefined;
    strings.push(message.toString("latin1", at + 1, next));
    at = next;
  }
  return strings.length === 1 ? { strings, text: strings[0] as string } : joined(strings);
}

/** The strings as pieces of their text: in a cache the octets are there once. */
function joined(strings: readonly string[]): TxtRecord {
  const text = strings.join("");
  let end = 0;
  return {
    strings: strings.map(({ length }) => {
      end += length;
      return text.slice(end - length, end);
    }),
    text,
  };
}

function readSoa(message: Buffer, names: NameReader, start: number, end: number): SoaRecord | undefined {
  const primary = names.read(start);
  const mailbox = primary === undefined ? undefined : names.read(names.end);
  const at = names.end;
  if (primary === undefined || mailbox === undefined || at + 20 !== end) return undefined;
  return {
    primary,
    mailbox,
    serial: message.readUInt32BE(at),
    refresh: message.readUInt32BE(at + 4),
    retry: message.readUInt32BE(at + 8),
    expire: message.readUInt32BE(at + 12),
    minimum: message.readUInt32BE(at + 16),
  };
}
