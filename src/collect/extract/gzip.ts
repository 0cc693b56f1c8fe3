import { type InflateEnd, inflate } from "./inflate.ts";
import type { Allowance } from "./limits.ts";

/** Of one file; each costs as much as a kilobyte. */
const maxMembers = 65_536;
const fixedHeader = 10;
const trailer = 8;

export function isGzip(octets: Buffer, at = 0): boolean {
  return octets[at] === 0x1f && octets[at + 1] === 0x8b && octets[at + 2] === 8;
}

/** RFC 1950: a zlib stream that somebody sent for gzip. */
export function isZlib(octets: Buffer): boolean {
  const [first = 0, second = 0] = octets;
  return octets.length > 6 && first === 0x78 && (first * 256 + second) % 31 === 0 && (second & 0x20) === 0;
}

export interface GzipFile {
  readonly name?: string;
  readonly chunks: AsyncIterable<Buffer>;
  /** Known once all chunks have been taken. */
  readonly end: Pick<InflateEnd, "outcome">;
}

/**
 * RFC 1952 §2.2: all members one after the other make one file. What follows the last one is no part of it.
 */
export function openGzip(octets: Buffer, allowance: Allowance): GzipFile {
  const end: Pick<InflateEnd, "outcome"> = { outcome: "whole" };
  const { name } = readHeader(octets, 0) ?? {};
  const chunks = inLargerPieces(members(octets, allowance, end));
  return { ...(name !== undefined && { name }), chunks, end };
}

async function* members(
  octets: Buffer,
  allowance: Allowance,
  end: Pick<InflateEnd, "outcome">,
): AsyncIterable<Buffer> {
  for (let at = 0, count = 0; isGzip(octets, at) && end.outcome === "whole"; count++) {
    if (count >= maxMembers) {
      end.outcome = "bomb";
      return;
    }
    const header = readHeader(octets, at);
    if (header === undefined) {
      end.outcome = "cut-off";
      return;
    }
    const member = inflate(octets, header.dataAt, allowance);
    yield* member.chunks;
    end.outcome = member.end.outcome;
    at = header.dataAt + member.end.used + trailer;
  }
}

const pieceOctets = 16 * 1024;

/** Members may be tiny, and each piece costs its reader something. */
async function* inLargerPieces(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < pieceOctets) continue;
    yield waiting.length === 1 ? chunk : Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting);
}

export function openZlib(octets: Buffer, allowance: Allowance): GzipFile {
  return inflate(octets, 2, allowance);
}

const hasHeaderCrc = 0x02;
const hasExtra = 0x04;
const hasName = 0x08;
const hasComment = 0x10;

/** RFC 1952 §2.3. */
function readHeader(
  octets: Buffer,
  at: number,
): { readonly dataAt: number; readonly name?: string } | undefined {
  const flags = octets[at + 3] ?? 0;
  let next = at + fixedHeader;
  if ((flags & hasExtra) !== 0) next += 2 + (octets[next] ?? 0) + 256 * (octets[next + 1] ?? 0);
  let name: string | undefined;
  if ((flags & hasName) !== 0) {
    const zero = octets.indexOf(0, next);
    if (zero < 0) return undefined;
    name = octets.toString("latin1", next, Math.min(zero, next + 255));
    next = zero + 1;
  }
  if ((flags & hasComment) !== 0) {
    const zero = octets.indexOf(0, next);
    if (zero < 0) return undefined;
    next = zero + 1;
  }
  if ((flags & hasHeaderCrc) !== 0) next += 2;
  return next < octets.length ? { dataAt: next, ...(name !== undefined && { name }) } : undefined;
}
