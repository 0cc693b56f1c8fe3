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

class SniffingDecoder implements ReportDecoder {
  readonly #warnings: WarningSink;
  #waiting: Buffer = Buffer.alloc(0);
  #decoder: ReportDecoder | undefined;

  constructor(warnings: WarningSink) {
    this.#warnings = warnings;
  }

  write(octets: Buffer): string {
    if (this.#decoder !== undefined) return this.#decoder.write(octets);
    this.#waiting = this.#waiting.length === 0 ? octets : Buffer.concat([this.#waiting, octets]);
    return this.#waiting.length < declarationOctets ? "" : this.#start();
  }

  end(): string {
    const first = this.#decoder === undefined ? this.#start() : "";
    return first + (this.#decoder?.end() ?? "");
  }

  #start(): string {
    const octets = this.#waiting;
    this.#waiting = Buffer.alloc(0);
    const { label, skip } = charsetOf(octets, this.#warnings);
    this.#decoder = label === "utf-8" ? new Utf8Decoder(this.#warnings) : decoderOf(label, this.#warnings);
    return this.#decoder.write(octets.subarray(skip));
  }
}

interface Charset {
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

/** Octets that are UTF-8 are taken for that whatever an 8-bit file declares: `utf-16` and `iso-8859-1` are often lies. */
function declaredCharset(octets: Buffer, warnings: WarningSink): string {
  const start = octets.toString("latin1", 0, declarationOctets);
  const declared = /^\s{0,50}<\?xml[^>]{0,150}?encoding\s{0,5}=\s{0,5}["']([A-Za-z0-9._:-]{1,40})/.exec(
    start,
  )?.[1];
  const label = declared?.toLowerCase() ?? "utf-8";
  if (label.startsWith("utf") || label === "us-ascii" || label === "ascii") return "utf-8";
  if (newDecoder(label) !== undefined) return label;
  warnings.add("charset-unknown", "encoding", label);
  return "utf-8";
}

function newDecoder(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label, { ignoreBOM: true });
  } catch {
    return undefined;
  }
}

function decoderOf(label: string, warnings: WarningSink): ReportDecoder {
  const decoder = newDecoder(label);
  if (decoder === undefined) return new Utf8Decoder(warnings);
  return {
    write: (octets) => decoder.decode(octets, { stream: true }),
    end: () => decoder.decode(),
  };
}

const escapeOctet = 0x1b;
const lessThan = 0x3c;

/** UTF-8, in which single values may be in another charset: each of these is guessed for itself. */
class Utf8Decoder implements ReportDecoder {
  readonly #warnings: WarningSink;
  #carry: Buffer = Buffer.alloc(0);
  #iso2022: ReportDecoder | undefined;

  constructor(warnings: WarningSink) {
    this.#warnings = warnings;
  }

  write(octets: Buffer): string {
    if (this.#iso2022 !== undefined) return this.#iso2022.write(octets);
    const all = this.#carry.length === 0 ? octets : Buffer.concat([this.#carry, octets]);
    if (hasIso2022Escape(all)) {
      this.#warnings.add("charset-guessed", "encoding", "iso-2022-jp");
      this.#iso2022 = decoderOf("iso-2022-jp", this.#warnings);
      return this.#iso2022.write(all);
    }
    const whole = all.length - unfinishedOctets(all);
    this.#carry = all.subarray(whole);
    return this.#decode(all.subarray(0, whole));
  }

  end(): string {
    return this.#iso2022?.end() ?? this.#decode(this.#carry);
  }

  #decode(octets: Buffer): string {
    if (isAscii(octets)) return octets.toString("latin1");
    if (isUtf8(octets)) return octets.toString("utf8");
    return pieces(octets)
      .map((piece) => this.#decodePiece(piece))
      .join("");
  }

  #decodePiece(piece: Buffer): string {
    if (isUtf8(piece)) return piece.toString("utf8");
    const japanese = decodeShiftJis(piece);
    this.#warnings.add("charset-guessed", "encoding", japanese === undefined ? "windows-1252" : "shift_jis");
    return japanese ?? newDecoder("windows-1252")?.decode(piece) ?? piece.toString("latin1");
  }
}

/** Escape sequences of RFC 1468 into two-octet sets. */
function hasIso2022Escape(octets: Buffer): boolean {
  const at = octets.indexOf(escapeOctet);
  return at >= 0 && octets[at + 1] === 0x24;
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

/** Cut before each "<", so that one bad value does not spoil others. */
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

/** Two kana or Chinese characters side by side are no accident of accented letters. */
const japaneseRun = /[぀-ヿ一-鿿]{2}/;

function decodeShiftJis(octets: Buffer): string | undefined {
  try {
    const text = new TextDecoder("shift_jis", { fatal: true }).decode(octets);
    return japaneseRun.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
