import { finished } from "node:stream/promises";
import { constants, createInflateRaw, inflateRawSync } from "node:zlib";
import type { Allowance } from "./limits.ts";

/** Deflated octets as they come out. `finish` tells how it went, once all have been taken. */
export interface Inflated {
  readonly chunks: AsyncIterable<Buffer>;
  readonly end: InflateEnd;
}

export interface InflateEnd {
  /** Octets of input that belonged to the deflate stream. */
  used: number;
  outcome: "whole" | "cut-off" | "damaged" | "bomb";
}

/**
 * Up to this size a report is unpacked at once, which costs a tenth of a stream. XML packs to a twentieth: a fourth of it is no
 * longer tried.
 */
const atOnce = 4 * 1024 * 1024;
/** Each piece of a stream costs a turn of the event loop. */
const streamOctets = 64 * 1024;
const ratioFrom = 8 * 1024 * 1024;

/** Unpacks a raw deflate stream (RFC 1951) that begins at `from` and may be followed by anything. */
export function inflate(octets: Buffer, from: number, allowance: Allowance): Inflated {
  const input = octets.subarray(from);
  const small = input.length < atOnce / 4 ? inflateAtOnce(input, allowance) : undefined;
  if (small !== undefined) return small;
  const end: InflateEnd = { used: 0, outcome: "whole" };
  return { chunks: inflateStream(input, allowance, end), end };
}

function inflateAtOnce(input: Buffer, allowance: Allowance): Inflated | undefined {
  try {
    // With `info` the types of Node do not say what comes.
    const { buffer, engine } = inflateRawSync(input, {
      info: true,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: Math.max(1, Math.min(atOnce, allowance.octetsLeft)),
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    allowance.took(buffer.length);
    // All input was wanted: the stream may not be over, and only the other way tells.
    if (engine.bytesWritten >= input.length) return allOfInput(input, buffer);
    return { chunks: once(buffer), end: { used: engine.bytesWritten, outcome: "whole" } };
  } catch {
    return undefined;
  }
}

function allOfInput(input: Buffer, buffer: Buffer): Inflated {
  return { chunks: once(buffer), end: { used: input.length, outcome: isWhole(input) ? "whole" : "cut-off" } };
}

function isWhole(input: Buffer): boolean {
  try {
    inflateRawSync(input, { maxOutputLength: atOnce });
    return true;
  } catch {
    return false;
  }
}

const pieceOctets = 256 * 1024;

/** In pieces, so that its reader can let others work between them. */
async function* once(buffer: Buffer): AsyncIterable<Buffer> {
  for (let at = 0; at < buffer.length; at += pieceOctets) yield buffer.subarray(at, at + pieceOctets);
}

async function* inflateStream(input: Buffer, allowance: Allowance, end: InflateEnd): AsyncIterable<Buffer> {
  const stream = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: streamOctets });
  stream.end(input);
  let out = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      out += chunk.length;
      allowance.took(chunk.length);
      if (isBomb(out, stream.bytesWritten, allowance)) {
        end.outcome = "bomb";
        return;
      }
      yield chunk;
    }
    end.used = stream.bytesWritten;
    // What is whole has a check sum or a directory behind it, as a rule.
    if (end.used >= input.length && !(await isWholeStream(input))) end.outcome = "cut-off";
  } catch {
    end.outcome = "damaged";
    end.used = input.length;
  }
}

/** Without the leave to end early, a stream that is cut off is an error. */
async function isWholeStream(input: Buffer): Promise<boolean> {
  const stream = createInflateRaw({ chunkSize: streamOctets });
  stream.end(input);
  stream.resume();
  return finished(stream).then(
    () => true,
    () => false,
  );
}

function isBomb(out: number, used: number, allowance: Allowance): boolean {
  return allowance.octetsLeft < 0 || (out > ratioFrom && out > Math.max(used, 1) * allowance.limits.maxRatio);
}
