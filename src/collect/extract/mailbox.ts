import { isFromLine } from "./from-line.ts";

const separator = Buffer.from("\nFrom ", "latin1");
const lf = 0x0a;
const cr = 0x0d;

/** The messages of a mailbox in one piece, without their "From " lines. A mail that only begins with such a line is one. */
export function* mailboxMessages(octets: Buffer): Iterable<Buffer> {
  for (let start = 0; start >= 0; ) {
    const next = nextFromLine(octets, start);
    const lineEnd = octets.indexOf(lf, start);
    yield octets.subarray(lineEnd < 0 ? octets.length : lineEnd + 1, next < 0 ? octets.length : next);
    start = next;
  }
}

function nextFromLine(octets: Buffer, from: number): number {
  const end = messageEnd(octets, from, octets.length);
  return end < 0 ? -1 : end + 1;
}

/**
 * The line end before the next "From " line that follows an empty line; -1 when there is none.
 * @param before Only line ends before this are looked at, so that the whole line behind them is there.
 */
export function messageEnd(octets: Buffer, from: number, before: number): number {
  for (
    let at = octets.indexOf(separator, from);
    at >= 0 && at < before;
    at = octets.indexOf(separator, at + 1)
  ) {
    const isBehindEmptyLine = octets[at - 1] === lf || (octets[at - 1] === cr && octets[at - 2] === lf);
    if (isBehindEmptyLine && isFromLine(octets, at + 1)) return at;
  }
  return -1;
}
