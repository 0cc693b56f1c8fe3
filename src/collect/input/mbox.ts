/** A message of an mbox beyond this is cut there: what follows is lost with a reason. */
const maxMessage = 256 * 1024 * 1024;
const separator = Buffer.from("\nFrom ", "latin1");
const lf = 0x0a;

export interface MboxMessage {
  readonly octets: Buffer;
  /** From 1. */
  readonly number: number;
  readonly tooLarge: boolean;
}

/**
 * The messages of an mbox (RFC 4155 appendix A), read as a stream: memory grows with one message and not with the file. A line
 * that begins with "From " after an empty line parts them; ">From " is unescaped.
 */
export async function* readMbox(chunks: AsyncIterable<Buffer>): AsyncIterable<MboxMessage> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  let searched = 0;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = messageEnd(rest, searched); end >= 0; end = messageEnd(rest, searched)) {
      number += 1;
      yield message(rest.subarray(0, end + 1), number);
      rest = rest.subarray(end + 1);
      searched = 0;
    }
    searched = Math.max(0, rest.length - separator.length);
    if (rest.length > maxMessage) {
      number += 1;
      yield { octets: rest.subarray(0, maxMessage), number, tooLarge: true };
      rest = rest.subarray(rest.length - separator.length);
      searched = 0;
    }
  }
  if (rest.length > 0) yield message(rest, number + 1);
}

/** The line end before the next "From " line that follows an empty line. */
function messageEnd(octets: Buffer, from: number): number {
  let at = octets.indexOf(separator, Math.max(1, from));
  while (at >= 0) {
    const previous = octets[at - 1];
    if (previous === lf || (previous === 0x0d && octets[at - 2] === lf)) return at;
    at = octets.indexOf(separator, at + 1);
  }
  return -1;
}

function message(octets: Buffer, number: number): MboxMessage {
  const lineEnd = octets.indexOf(lf);
  const body = octets.toString("latin1", 0, 5) === "From " ? octets.subarray(lineEnd + 1) : octets;
  return { octets: unescaped(body), number, tooLarge: false };
}

const escaped = Buffer.from("\n>From ", "latin1");

function unescaped(octets: Buffer): Buffer {
  if (!octets.includes(escaped)) return octets;
  return Buffer.from(octets.toString("latin1").replace(/^>(>*From )/gm, "$1"), "latin1");
}
