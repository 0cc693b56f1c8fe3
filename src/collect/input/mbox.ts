import { maxFromLine } from "../extract/from-line.ts";
import { messageEnd } from "../extract/mailbox.ts";

/** A message of an mbox beyond this is lost with a reason. */
const maxMessage = 256 * 1024 * 1024;
const lf = 0x0a;

export interface MboxMessage {
  /** Empty when it is too large. */
  readonly octets: Buffer;
  /** From 1. */
  readonly number: number;
  readonly tooLarge: boolean;
}

/**
 * The messages of an mbox (RFC 4155 appendix A), read as a stream: memory grows with one message and not with the file. A "From "
 * line with a time after an empty line parts them; ">From " is unescaped.
 */
export async function* readMbox(
  chunks: AsyncIterable<Buffer>,
  most: number = maxMessage,
): AsyncIterable<MboxMessage> {
  const open = new OpenMessage(most);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const piece = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    // The end may hold the beginning of a "From " line.
    const from = yield* closed(piece, piece.length - maxFromLine, open);
    const kept = Math.max(from, piece.length - maxFromLine - emptyLine);
    open.add(piece.subarray(from, kept));
    rest = piece.subarray(kept);
  }
  open.add(rest.subarray(yield* closed(rest, rest.length, open)));
  if (!open.isEmpty) yield open.close();
}

/** Octets of the empty line before a "From " line. */
const emptyLine = 2;

/** The messages that end in a piece. @returns Where the last one ends. */
function* closed(piece: Buffer, before: number, open: OpenMessage): Generator<MboxMessage, number> {
  let from = 0;
  for (let end = messageEnd(piece, 0, before); end >= 0; end = messageEnd(piece, from, before)) {
    open.add(piece.subarray(from, end + 1));
    yield open.close();
    from = end + 1;
  }
  return from;
}

/** The pieces of one message. */
class OpenMessage {
  readonly #most: number;
  #pieces: Buffer[] = [];
  #length = 0;
  #number = 1;

  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length > this.#most) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  close(): MboxMessage {
    const tooLarge = this.#length > this.#most;
    const octets = tooLarge ? Buffer.alloc(0) : content(Buffer.concat(this.#pieces));
    const number = this.#number++;
    this.#pieces = [];
    this.#length = 0;
    return { octets, number, tooLarge };
  }
}

/** Without the "From " line. */
function content(octets: Buffer): Buffer {
  const start = octets.toString("latin1", 0, 5) === "From " ? octets.indexOf(lf) + 1 : 0;
  return unescaped(octets.subarray(start));
}

const escaped = Buffer.from("\n>From ", "latin1");
const escapedMore = Buffer.from("\n>>", "latin1");

/** Also ">>From ", as mboxrd has it. */
function unescaped(octets: Buffer): Buffer {
  if (!octets.includes(escaped) && !octets.includes(escapedMore)) return octets;
  return Buffer.from(octets.toString("latin1").replace(/^>(>{0,50}From )/gm, "$1"), "latin1");
}
