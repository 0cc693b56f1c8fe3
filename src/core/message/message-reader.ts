import { withCrlf } from "./line-ends.ts";
import { headLimits, type MessageHead, parseHead } from "./message.ts";

export interface MessageSink {
  /** Once, before any body. */
  head(head: MessageHead): void;
  /** Octets with CRLF line ends; only good during the call. */
  body(chunk: Buffer): void;
}

const cr = 0x0d;
const lf = 0x0a;
const byteOrderMark: Buffer = Buffer.from([0xef, 0xbb, 0xbf]);
const maxEnvelopeLineOctets = 1000;
/** So much of a header is kept that it is still over the limit without byte order mark and envelope line. */
const maxKeptOctets = headLimits.octets + 2 * maxEnvelopeLineOctets;

/**
 * Reads a message file that comes in chunks, which may be cut anywhere; the head is emitted when its end is seen.
 *
 * The first line end of the file decides how the others are read. LF: the file is in Unix form, and every LF without
 * CR, in header and body, becomes CRLF. CRLF: the file is as on the wire, only CRLF ends a line, and an LF without CR
 * stays as it is. The header ends with the first empty line, else with the file. A UTF-8 byte order mark and an mbox
 * "From " line before the header are left out.
 */
export class MessageReader {
  readonly #sink: MessageSink;
  #kept: Buffer[] = [];
  #keptOctets = 0;
  #inBody = false;
  /** Unknown before the first line end. */
  #unixForm: boolean | undefined;
  /** The last octet before the present chunk. */
  #previous: number | undefined;
  /** Octets of the present line that lie before the present chunk. */
  #lineOctets = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const bodyStart = this.#inBody ? 0 : this.#readHeader(chunk);
    if (bodyStart < chunk.length) this.#emitBody(chunk.subarray(bodyStart));
    this.#previous = chunk[chunk.length - 1];
  }

  /** Call once, after the last chunk. */
  end(): void {
    if (!this.#inBody) this.#emitHead(this.#keptOctets);
  }

  /** @returns Where the body begins; the length of the chunk while it does not. */
  #readHeader(chunk: Buffer): number {
    let lineStart = -this.#lineOctets;
    for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, at + 1)) {
      const afterCr = (at === 0 ? this.#previous : chunk[at - 1]) === cr;
      this.#unixForm ??= !afterCr;
      if (!afterCr && !this.#unixForm) continue;
      const lineOctets = at - lineStart;
      if (lineOctets === (afterCr ? 1 : 0)) {
        const octetsBefore = this.#keptOctets + lineStart;
        this.#keep(chunk.subarray(0, at + 1));
        this.#emitHead(Math.min(octetsBefore, this.#keptOctets));
        this.#previous = lf;
        return at + 1;
      }
      lineStart = at + 1;
    }
    this.#lineOctets = chunk.length - lineStart;
    this.#keep(chunk);
    return chunk.length;
  }

  #keep(octets: Buffer): void {
    const room = Math.min(octets.length, maxKeptOctets - this.#keptOctets);
    if (room > 0) this.#kept.push(Buffer.from(octets.subarray(0, room)));
    this.#keptOctets += Math.max(room, 0);
  }

  #emitHead(octets: number): void {
    this.#inBody = true;
    const raw = withoutPrelude(Buffer.concat(this.#kept, this.#keptOctets).subarray(0, octets));
    this.#kept = [];
    this.#sink.head(parseHead(this.#unixForm === true ? withCrlf(raw) : raw));
  }

  #emitBody(chunk: Buffer): void {
    const previous = this.#previous;
    this.#sink.body(this.#unixForm === true ? withCrlf(chunk, previous) : chunk);
  }
}

/** Without a byte order mark and an mbox envelope line ("From ", no field "From :"). */
export function withoutPrelude(raw: Buffer): Buffer {
  const octets = raw.subarray(0, 3).equals(byteOrderMark) ? raw.subarray(3) : raw;
  const line = octets.subarray(0, maxEnvelopeLineOctets);
  const end = line.indexOf(lf);
  const isEnvelope =
    end >= 0 && /^From [^:]/.test(line.toString("latin1", 0, end).replace(/^From +/, "From "));
  return isEnvelope ? octets.subarray(end + 1) : octets;
}
