const separator = Buffer.from("\nFrom ", "latin1");
const lf = 0x0a;
const cr = 0x0d;
/** The time as programs write it there (RFC 4155 appendix A): text that begins so by accident has none. */
const fromLine = /^From \S{1,320} {1,3}[A-Z][a-z]{2} {1,3}[A-Z][a-z]{2} {1,3}\d/;

/** The messages of a mailbox in one piece, without their "From " lines. A mail that only begins with such a line is one. */
export function* mailboxMessages(octets: Buffer): Iterable<Buffer> {
  for (let start = 0; start >= 0; ) {
    const next = nextFromLine(octets, start);
    const lineEnd = octets.indexOf(lf, start);
    yield octets.subarray(lineEnd < 0 ? octets.length : lineEnd + 1, next < 0 ? octets.length : next);
    start = next;
  }
}

/** Behind an empty line; -1 when there is none. */
function nextFromLine(octets: Buffer, from: number): number {
  for (let at = octets.indexOf(separator, from); at >= 0; at = octets.indexOf(separator, at + 1)) {
    const isBehindEmptyLine = octets[at - 1] === lf || (octets[at - 1] === cr && octets[at - 2] === lf);
    if (isBehindEmptyLine && fromLine.test(octets.toString("latin1", at + 1, at + 400))) return at + 1;
  }
  return -1;
}
