import { closeSync, openSync, readSync } from "node:fs";

export interface FileLine {
  readonly text: string;
  /** False for octets at the end of the file that no line end follows. */
  readonly isWhole: boolean;
}

const pieceOctets = 256 * 1024;
const lineEnd = 0x0a;
/** Serves one file after the other: new ones would wait for V8 to look at its whole heap. */
let spare: Buffer | undefined;

/** The lines of a file that are not empty; of the file no more is in memory than a piece, or the longest line. */
export function* readLines(path: string): Generator<FileLine> {
  const file = openSync(path, "r");
  const piece = spare ?? Buffer.allocUnsafeSlow(pieceOctets);
  spare = undefined;
  try {
    let buffer = piece;
    let filled = 0;
    for (;;) {
      if (filled === buffer.length) buffer = Buffer.concat([buffer], 2 * filled);
      const taken = readSync(file, buffer, filled, buffer.length - filled, null);
      if (taken === 0) break;
      filled += taken;
      const octets = buffer.subarray(0, filled);
      const rest = octets.lastIndexOf(lineEnd) + 1;
      yield* linesOf(octets.subarray(0, rest));
      buffer.copyWithin(0, rest, filled);
      filled -= rest;
    }
    if (filled > 0) yield { text: buffer.toString("utf8", 0, filled), isWhole: false };
  } finally {
    spare = piece;
    closeSync(file);
  }
}

/** @param octets End with a line end, if there are any. */
function* linesOf(octets: Buffer): Generator<FileLine> {
  let from = 0;
  for (let end = octets.indexOf(lineEnd); end >= 0; end = octets.indexOf(lineEnd, from)) {
    if (end > from) yield { text: octets.toString("utf8", from, end), isWhole: true };
    from = end + 1;
  }
}
