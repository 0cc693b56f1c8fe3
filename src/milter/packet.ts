/** Octets after the length and the command; what libmilter itself sends and accepts at most. */
export const maxReplyOctets = 65_535;

export interface Packet {
  /** The command byte. */
  readonly code: number;
  /** What follows it. A body chunk (`B`) is only good until the next call of `next`; anything else may be kept. */
  readonly data: Buffer;
}

export type FramingProblem = "packet-empty" | "packet-too-long";

/** A step of the reader: a packet, the reason why the stream cannot be read on, or undefined for "needs more octets". */
export type ReadStep = Packet | FramingProblem | undefined;

const lengthOctets = 4;
const firstAllocation = 4096;
const bodyCode = 0x42;
const nothing = Buffer.alloc(0);

/**
 * Cuts a milter octet stream into packets: uint32 big-endian length, which counts the command but not itself, then
 * one command byte and its data. Packets that lie within one chunk are handed out without copying; others are put
 * together in a buffer that grows with what has really arrived, whatever the length field says.
 */
export class PacketReader {
  readonly #maxOctets: number;
  readonly #queue: Buffer[] = [];
  #chunk: Buffer = nothing;
  #at = 0;
  /** The length field, as far as it has come, while it lies across chunks. */
  #length = 0;
  #lengthFilled = 0;
  /** The packet under way: command and data, `#filled` of `#wanted` octets. */
  #wanted = 0;
  #filled = 0;
  #buffer: Buffer = nothing;

  /** @param maxOctets The largest length field accepted (command and data). */
  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  push(chunk: Buffer): void {
    if (!this.hasMore) {
      this.#chunk = chunk;
      this.#at = 0;
    } else this.#queue.push(chunk);
  }

  /** Whether a packet has begun and not ended. */
  get inPacket(): boolean {
    return this.#wanted > 0 || this.#lengthFilled > 0;
  }

  /** Whether octets have come that `next` has not looked at. */
  get hasMore(): boolean {
    return this.#at < this.#chunk.length || this.#queue.length > 0;
  }

  next(): ReadStep {
    for (;;) {
      if (this.#at >= this.#chunk.length) {
        const chunk = this.#queue.shift();
        this.#chunk = chunk ?? nothing;
        this.#at = 0;
        if (chunk === undefined) return undefined;
        continue;
      }
      const step = this.#wanted > 0 ? this.#fill() : this.#begin();
      if (step !== undefined) return step;
    }
  }

  /** At the start of a packet, with at least one octet at hand. */
  #begin(): ReadStep {
    const chunk = this.#chunk;
    const start = this.#at;
    let length: number;
    if (this.#lengthFilled === 0 && chunk.length - start >= lengthOctets) {
      length = chunk.readUInt32BE(start);
      this.#at = start + lengthOctets;
    } else {
      this.#length = this.#length * 256 + (chunk[start] as number);
      this.#at = start + 1;
      this.#lengthFilled += 1;
      if (this.#lengthFilled < lengthOctets) return undefined;
      length = this.#length;
      this.#length = 0;
      this.#lengthFilled = 0;
    }
    if (length === 0) return "packet-empty";
    if (length > this.#maxOctets) return "packet-too-long";
    const from = this.#at;
    if (chunk.length - from >= length) {
      this.#at = from + length;
      return { code: chunk[from] as number, data: chunk.subarray(from + 1, from + length) };
    }
    this.#wanted = length;
    this.#filled = 0;
    return undefined;
  }

  /** Within a packet that lies across chunks. */
  #fill(): ReadStep {
    const take = Math.min(this.#wanted - this.#filled, this.#chunk.length - this.#at);
    const filled = this.#filled + take;
    if (this.#buffer.length < filled) this.#grow(filled);
    this.#chunk.copy(this.#buffer, this.#filled, this.#at, this.#at + take);
    this.#at += take;
    this.#filled = filled;
    if (filled < this.#wanted) return undefined;
    const code = this.#buffer[0] as number;
    const data = this.#buffer.subarray(1, filled);
    this.#wanted = 0;
    // The room of a body chunk serves the next one; anything else belongs to whoever reads it from now on.
    if (code !== bodyCode) this.#buffer = nothing;
    return { code, data };
  }

  #grow(needed: number): void {
    const size = Math.min(this.#wanted, Math.max(needed, this.#buffer.length * 2, firstAllocation));
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }
}

/** One packet as octets. */
export function formatPacket(code: number, data: Uint8Array = nothing): Buffer {
  const packet = Buffer.allocUnsafe(lengthOctets + 1 + data.length);
  packet.writeUInt32BE(data.length + 1, 0);
  packet[lengthOctets] = code;
  packet.set(data, lengthOctets + 1);
  return packet;
}
