import type { Canonicalization } from "./signature.ts";

/** Takes octets [start, end) of a buffer that is only good during the call. */
export type OctetSink = (octets: Buffer, start: number, end: number) => void;

/** Canonicalizes a body in chunks that may be cut anywhere; memory does not grow with the body. */
export interface BodyCanonicalizer {
  update(chunk: Buffer): void;
  /** Call once, after the last chunk. */
  end(): void;
}

/** RFC 6376 §3.4.3 and §3.4.4. Only CRLF ends a line; a bare CR or LF is an octet like any other. */
export function createBodyCanonicalizer(
  canonicalization: Canonicalization,
  sink: OctetSink,
): BodyCanonicalizer {
  return canonicalization === "simple" ? new SimpleBody(sink) : new RelaxedBody(sink);
}

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const tab = 0x09;
const crlf: Buffer = Buffer.from("\r\n", "latin1");
const doubleBlank: Buffer = Buffer.from("  ", "latin1");
const blankLineEnd: Buffer = Buffer.from(" \r\n", "latin1");
const tabOctet: Buffer = Buffer.from("\t", "latin1");
const lineEnds: Buffer = Buffer.alloc(4096, crlf);

/** Runs this long go to the sink as they are; shorter ones are gathered in a block first. */
const directRunOctets = 2048;
const blockOctets = 16 * 1024;
/** After a run shorter than this the cursors do not pay: so many octets are walked one by one. */
const denseRunOctets = 48;
const denseSpanOctets = 2048;

/** One for all: an `update` empties it before it returns. */
const block: Buffer = Buffer.allocUnsafeSlow(blockOctets);

/** Gathers short runs so that the sink, a hash, is fed in blocks. */
class BlockWriter {
  readonly #sink: OctetSink;
  #used = 0;

  constructor(sink: OctetSink) {
    this.#sink = sink;
  }

  run(octets: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length >= directRunOctets) {
      this.flush();
      this.#sink(octets, start, end);
      return;
    }
    if (this.#used + length > blockOctets) this.flush();
    if (length > 48) octets.copy(block, this.#used, start, end);
    else for (let i = 0; i < length; i++) block[this.#used + i] = octets[start + i] as number;
    this.#used += length;
  }

  octet(octet: number): void {
    if (this.#used === blockOctets) this.flush();
    block[this.#used] = octet;
    this.#used += 1;
  }

  /**
   * Octets [start, end) with their white space squeezed, for text full of it: octet by octet.
   * @param end Before an octet of content, or anywhere when there is content behind it; at most `blockOctets` away.
   * @returns Where it stopped: `end`, or behind white space that goes on there.
   */
  squeezed(octets: Buffer, start: number, end: number): number {
    if (this.#used + end - start > blockOctets) this.flush();
    let to = this.#used;
    let from = start;
    while (from < end) {
      const octet = octets[from] as number;
      from += 1;
      if (octet > space || !isBlank(octet)) {
        block[to] = octet;
        to += 1;
        continue;
      }
      while (isBlank(octets[from] as number)) from += 1;
      if (octets[from] === cr && octets[from + 1] === lf) continue;
      block[to] = space;
      to += 1;
    }
    this.#used = to;
    return from;
  }

  lineEnds(count: number): void {
    for (let left = count * 2; left > 0; left -= lineEnds.length)
      this.run(lineEnds, 0, Math.min(left, lineEnds.length));
  }

  flush(): void {
    if (this.#used > 0) this.#sink(block, 0, this.#used);
    this.#used = 0;
  }
}

/** §3.4.3: the CRLFs at the end become one; an empty body too is one CRLF. */
class SimpleBody implements BodyCanonicalizer {
  readonly #writer: BlockWriter;
  /** CRLFs that are the end of the body unless something follows. */
  #pendingLineEnds = 0;
  #pendingCr = false;

  constructor(sink: OctetSink) {
    this.#writer = new BlockWriter(sink);
  }

  update(chunk: Buffer): void {
    let start = 0;
    if (this.#pendingCr && chunk.length > 0) {
      this.#pendingCr = false;
      if (chunk[0] === lf) {
        this.#pendingLineEnds += 1;
        start = 1;
      } else this.#content(crlf, 0, 1);
    }
    let end = chunk.length;
    if (end > start && chunk[end - 1] === cr) {
      this.#pendingCr = true;
      end -= 1;
    }
    const last = end;
    while (end - 2 >= start && chunk[end - 1] === lf && chunk[end - 2] === cr) end -= 2;
    if (end > start) this.#content(chunk, start, end);
    this.#pendingLineEnds += (last - end) / 2;
    this.#writer.flush();
  }

  end(): void {
    if (this.#pendingCr) this.#content(crlf, 0, 1);
    this.#writer.lineEnds(1);
    this.#writer.flush();
  }

  #content(octets: Buffer, start: number, end: number): void {
    this.#writer.lineEnds(this.#pendingLineEnds);
    this.#pendingLineEnds = 0;
    this.#writer.run(octets, start, end);
  }
}

/** §3.4.4: runs of white space become one blank, those at line ends and empty lines at the end of the body nothing. */
class RelaxedBody implements BodyCanonicalizer {
  readonly #writer: BlockWriter;
  #pendingLineEnds = 0;
  #pendingBlank = false;
  #pendingCr = false;
  #any = false;

  constructor(sink: OctetSink) {
    this.#writer = new BlockWriter(sink);
  }

  update(chunk: Buffer): void {
    // Between the first and the last octet that is neither blank nor part of a line end nothing is pending.
    let end = chunk.length;
    while (end > 0 && isSpacing(chunk[end - 1] as number)) end -= 1;
    let start = 0;
    while (start < end && isSpacing(chunk[start] as number)) start += 1;
    this.#walk(chunk, 0, start);
    if (end > start) {
      this.#settle();
      this.#middle(chunk, start, end);
    }
    this.#walk(chunk, Math.max(start, end), chunk.length);
    this.#writer.flush();
  }

  end(): void {
    if (this.#pendingCr) this.#settle();
    // §3.4.4: a body that has anything left ends with CRLF; white space before the end is at a line end.
    if (this.#any) this.#writer.lineEnds(1);
    this.#writer.flush();
  }

  /** White space, CR and LF one by one, with everything that may be pending. */
  #walk(chunk: Buffer, start: number, end: number): void {
    for (let i = start; i < end; i++) {
      const octet = chunk[i] as number;
      if (octet === lf && this.#pendingCr) {
        this.#pendingCr = false;
        this.#pendingBlank = false;
        this.#pendingLineEnds += 1;
        continue;
      }
      if (this.#pendingCr) this.#settle();
      if (octet === cr) this.#pendingCr = true;
      else if (octet !== lf) this.#pendingBlank = true;
      else {
        this.#settle();
        this.#writer.octet(lf);
      }
    }
  }

  /** What was pending is inside the body, as an octet of content follows. */
  #settle(): void {
    this.#writer.lineEnds(this.#pendingLineEnds);
    this.#pendingLineEnds = 0;
    if (this.#pendingBlank) this.#writer.octet(space);
    this.#pendingBlank = false;
    if (this.#pendingCr) this.#writer.octet(cr);
    this.#pendingCr = false;
    this.#any = true;
  }

  /** Octets that begin and end with content: only white space runs change, so the runs between are handed on whole. */
  #middle(chunk: Buffer, from: number, end: number): void {
    const cursors = new SpacingCursors(chunk, end);
    let start = from;
    while (start < end) {
      const hit = cursors.next(start);
      if (hit === end) {
        this.#writer.run(chunk, start, end);
        return;
      }
      const next = this.#squeeze(chunk, start, hit);
      start =
        hit - start < denseRunOctets
          ? this.#writer.squeezed(chunk, next, Math.min(next + denseSpanOctets, end))
          : next;
    }
  }

  /** Writes the run up to the white space at `hit` and what that comes to. @returns The octet after the white space. */
  #squeeze(chunk: Buffer, start: number, hit: number): number {
    let next = hit;
    while (isBlank(chunk[next] as number)) next += 1;
    this.#writer.run(chunk, start, hit);
    const atLineEnd = chunk[next] === cr && chunk[next + 1] === lf;
    if (!atLineEnd) this.#writer.octet(space);
    return next;
  }
}

/** Finds the next white space that canonicalization changes: a TAB, two blanks, or a blank before CRLF. */
class SpacingCursors {
  readonly #chunk: Buffer;
  readonly #end: number;
  #tab = -1;
  #double = -1;
  #lineEnd = -1;

  constructor(chunk: Buffer, end: number) {
    this.#chunk = chunk.length === end ? chunk : chunk.subarray(0, end);
    this.#end = end;
  }

  /** The first octet of that white space run at or after `from`, which is no white space itself; else the end. */
  next(from: number): number {
    if (this.#tab < from) this.#tab = this.#find(tabOctet, from);
    if (this.#double < from) this.#double = this.#find(doubleBlank, from);
    if (this.#lineEnd < from) this.#lineEnd = this.#find(blankLineEnd, from);
    const hit = Math.min(this.#tab, this.#double, this.#lineEnd);
    // A single blank before a TAB belongs to its run.
    return hit === this.#tab && hit > from && this.#chunk[hit - 1] === space ? hit - 1 : hit;
  }

  #find(needle: Buffer, from: number): number {
    const at = this.#chunk.indexOf(needle, from);
    return at < 0 ? this.#end : at;
  }
}

function isBlank(octet: number): boolean {
  return octet === space || octet === tab;
}

function isSpacing(octet: number): boolean {
  return octet === space || octet === tab || octet === cr || octet === lf;
}
