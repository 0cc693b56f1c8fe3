import { isAscii, isUtf8 } from "node:buffer";
import type { WarningSink } from "./warnings.ts";

/** Octets in, characters out: what reporters declare is tried, and what the octets say is believed. */
export interface ReportDecoder {
  /** Pieces may be cut anywhere. */
  write(octets: Buffer): string;
  end(): string;
}

/** The XML declaration stands within this many octets. */
const declarationOctets = 256;

export function openReportDecoder(warnings: WarningSink): ReportDecoder {
  return new SniffingDecoder(warnings);
}

/** Shorter pieces wait for each other: what is held back must not be looked at for each of them. */
const pieceOctets = 8_192;

class SniffingDecoder implements ReportDecoder {
  readonly #warnings: WarningSink;
  #waiting: Buffer[] = [];
  #length = 0;
  #decoder: ReportDecoder | undefined;

  constructor(warnings: WarningSink) {
    this.#warnings = warnings;
  }

  write(octets: Buffer): string {
    this.#waiting.push(octets);
    this.#length += octets.length;
    return this.#length < pieceOctets ? "" : this.#decode();
  }

  end(): string {
    return this.#decode() + (this.#decoder?.end() ?? "");
  }

  #decode(): string {
    const [first = Buffer.alloc(0)] = this.#waiting;
    const octets = this.#waiting.length > 1 ? Buffer.concat(this.#waiting) : first;
    this.#waiting = [];
    this.#length = 0;
    return this.#decoder === undefined ? this.#start(octets) : this.#decoder.write(octets);
  }

  #start(octets: Buffer): string {
    const { label, skip } = charsetOf(octets, this.#warnings);
    this.#decoder = streamed.test(label) ? streamDecoder(label) : new PieceDecoder(label, this.#warnings);
    return this.#decoder.write(octets.subarray(skip));
  }
}

/** In these an octet "<" need not be that character: they cannot be read value by value. */
const streamed = /^(?:utf-16|iso-2022)/;

interface Charset {
  /** As TextDecoder calls it. */
  readonly label: string;
  /** Octets of the byte order mark. */
  readonly skip: number;
}

function charsetOf(octets: Buffer, warnings: WarningSink): Charset {
  const [a, b, c, d] = octets;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { label: "utf-8", skip: 3 };
  if (a === 0xff && b === 0xfe) return { label: "utf-16le", skip: 2 };
  if (a === 0xfe && b === 0xff) return { label: "utf-16be", skip: 2 };
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return { label: "utf-16le", skip: 0 };
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return { label: "utf-16be", skip: 0 };
  return { label: declaredCharset(octets, warnings), skip: 0 };
}

/** `utf-16` in a file of 8-bit characters is a lie. */
function declaredCharset(octets: Buffer, warnings: WarningSink): string {
  const start = octets.toString("latin1", 0, declarationOctets);
  const declared = /^\s{0,50}<\?xml[^>]{0,150}?encoding\s{0,5}=\s{0,5}["']([A-Za-z0-9._:-]{1,40})/.exec(
    start,
  )?.[1];
  const label = declared?.toLowerCase() ?? "utf-8";
  if (label.startsWith("utf") || label === "us-ascii" || label === "ascii") return "utf-8";
  const known = decoderOf(label)?.encoding;
  if (known !== undefined) return known;
  warnings.add("charset-unknown", "encoding", label);
  return "utf-8";
}

type Decoder = InstanceType<typeof TextDecoder>;

const decoders = new Map<string, Decoder>();

/** Kept for the next value: one takes longer to make than to use. Not for streams. */
function decoderOf(label: string): Decoder | undefined {
  const known = decoders.get(label);
  if (known !== undefined) return known;
  try {
    const decoder = new TextDecoder(label, { ignoreBOM: true });
    decoders.set(label, decoder);
    return decoder;
  } catch {
    return undefined;
  }
}

function streamDecoder(label: string): ReportDecoder {
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  return {
    write: (octets) => decoder.decode(octets, { stream: true }),
    end: () => decoder.decode(),
  };
}

const escapeOctet = 0x1b;
const lessThan = 0x3c;
/** Values of one document; from then on what was guessed last is taken. */
const maxGuesses = 5_000;
/** A value that goes on for longer is cut wherever it is. */
const maxHeld = 65_536;
const multiOctet = /^(?:shift_jis|euc-|gb|big5)/;

/**
 * Octets are cut before each "<", so that one bad value does not spoil others, and each piece is judged for itself: where a
 * charset of one octet is declared, or none, what is UTF-8 is taken for that.
 */
class PieceDecoder implements ReportDecoder {
  readonly #label: string;
  readonly #warnings: WarningSink;
  #held: Buffer = Buffer.alloc(0);
  #iso2022: ReportDecoder | undefined;
  #guesses = 0;
  #guessed = "windows-1252";

  constructor(label: string, warnings: WarningSink) {
    this.#label = label;
    this.#warnings = warnings;
  }

  write(octets: Buffer): string {
    if (this.#iso2022 !== undefined) return this.#iso2022.write(octets);
    const all = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets]);
    const escapeAt = multiOctet.test(this.#label) ? -1 : iso2022Escape(all);
    if (escapeAt >= 0) return this.#switchToIso2022(all, escapeAt);
    const whole = wholeOctets(all);
    this.#held = all.subarray(whole);
    return this.#decode(all.subarray(0, whole));
  }

  end(): string {
    return this.#iso2022?.end() ?? this.#decode(this.#held);
  }

  #switchToIso2022(all: Buffer, escapeAt: number): string {
    const before = this.#decode(all.subarray(0, escapeAt));
    this.#warnings.add("charset-guessed", "encoding", "iso-2022-jp");
    this.#iso2022 = streamDecoder("iso-2022-jp");
    return before + this.#iso2022.write(all.subarray(escapeAt));
  }

  #decode(octets: Buffer): string {
    if (isAscii(octets)) return octets.toString("latin1");
    if (this.#label === "utf-8" && isUtf8(octets)) return octets.toString("utf8");
    return pieces(octets)
      .map((piece) => this.#decodePiece(piece))
      .join("");
  }

  #decodePiece(piece: Buffer): string {
    if (isAscii(piece)) return piece.toString("latin1");
    if (multiOctet.test(this.#label)) return decodeWhole(piece, this.#label) ?? this.#guess(piece);
    if (isUtf8(piece)) {
      if (this.#label !== "utf-8") this.#warnings.add("charset-guessed", "encoding", "utf-8");
      return piece.toString("utf8");
    }
    return this.#label === "utf-8" ? this.#guess(piece) : decodeLoosely(piece, this.#label);
  }

  #guess(piece: Buffer): string {
    this.#guesses += 1;
    if (this.#guesses > maxGuesses) return decodeLoosely(piece, this.#guessed);
    const { label, text } = guessCharset(piece);
    this.#guessed = label;
    this.#warnings.add("charset-guessed", "encoding", label);
    return text;
  }
}

function guessCharset(piece: Buffer): { readonly label: string; readonly text: string } {
  if (isUtf8(piece)) return { label: "utf-8", text: piece.toString("utf8") };
  for (const { label, looksRight } of japaneseCharsets) {
    const text = decodeWhole(piece, label);
    if (text !== undefined && looksRight.test(text)) return { label, text };
  }
  return { label: "windows-1252", text: decodeLoosely(piece, "windows-1252") };
}

/** What is no accident of accented letters side by side. */
const japaneseCharsets = [
  { label: "shift_jis", looksRight: /[\u3040-\u30ff\u4e00-\u9fff]{2}/ },
  { label: "euc-jp", looksRight: /[\u3040-\u30ff]{2}|[\u4e00-\u9fff]{3}/ },
] as const;

/** @returns undefined when some of the octets are none of that charset. */
function decodeWhole(octets: Buffer, label: string): string | undefined {
  // Without an exception, which costs more than the rest.
  const text = decoderOf(label)?.decode(octets);
  return text?.includes("\ufffd") === true ? undefined : text;
}

function decodeLoosely(octets: Buffer, label: string): string {
  return decoderOf(label)?.decode(octets) ?? octets.toString("latin1");
}

/** Where an escape sequence of RFC 1468 into a set of two octets stands, -1 for nowhere. */
function iso2022Escape(octets: Buffer): number {
  return octets.indexOf("\x1b$", 0, "latin1");
}

/** How many octets may be decoded before more come: a value is kept together, as is an escape sequence. */
function wholeOctets(octets: Buffer): number {
  const { length } = octets;
  const open = octets.lastIndexOf(lessThan);
  const from = Math.max(open, 0);
  if (!isAscii(octets.subarray(from)) && length - from <= maxHeld) return from;
  return length - unfinishedOctets(octets);
}

/** Octets at the end that begin a UTF-8 sequence, or an escape sequence, which the next piece may finish. */
function unfinishedOctets(octets: Buffer): number {
  const { length } = octets;
  if (octets[length - 1] === escapeOctet) return 1;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const octet = octets[length - back] ?? 0;
    if (octet < 0x80) return 0;
    if (octet >= 0xc0) return back < sequenceLength(octet) ? back : 0;
  }
  return 0;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

/** Cut before each "<". */
function pieces(octets: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < octets.length; ) {
    const next = octets.indexOf(lessThan, start + 1);
    const end = next < 0 ? octets.length : next;
    found.push(octets.subarray(start, end));
    start = end;
  }
  return found;
}
