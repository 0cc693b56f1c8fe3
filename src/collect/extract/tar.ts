import { OctetSource } from "./octet-source.ts";

export interface TarFile {
  readonly name: string;
  readonly octets: Buffer;
  /**
   * cut-off: the archive ends before the file does, too-large: the file is larger than it may be; the octets are what there is
   * of it. damaged: no file at all, and what follows is lost.
   */
  readonly state: "whole" | "cut-off" | "too-large" | "damaged";
}

const block = 512;

/**
 * By the checksum of the first header (POSIX.1-1988, ustar), which every variant of the format has, and by a NUL in it: a text
 * whose sum comes out right is still a text.
 */
export function isTar(octets: Buffer): boolean {
  if (octets.length < block || octets[0] === 0 || !octets.subarray(0, block).includes(0)) return false;
  return checksumOf(octets) === number(octets, 148, 8);
}

function isHeader(octets: Buffer): boolean {
  return isTar(octets) && Number.isSafeInteger(number(octets, 124, 12));
}

function checksumOf(header: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < block; at++) if (at < 148 || at >= 156) sum += header[at] as number;
  return sum;
}

/** Octal digits, or base 256 where the first bit is set (GNU). NaN when it is neither. */
function number(header: Buffer, at: number, length: number): number {
  if ((header[at] as number) >= 0x80) return header.readUIntBE(at + length - 6, 6);
  const digits = /^ {0,12}([0-7]{1,12})[ \0]{0,12}/.exec(header.toString("latin1", at, at + length))?.[1];
  return digits === undefined ? Number.NaN : Number.parseInt(digits, 8);
}

/** Long names and their like. */
const maxExtra = 1024 * 1024;

/**
 * The files of a tar archive, one after the other; folders, links and the rest are left out. Also several archives one behind
 * the other. What follows the end of the last one does not count.
 * @param maxFile Octets of one file.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>, maxFile: number): AsyncIterable<TarFile> {
  const source = new OctetSource(chunks);
  try {
    yield* filesOf(source, maxFile);
  } finally {
    await source.close();
  }
}

async function* filesOf(source: OctetSource, maxFile: number): AsyncIterable<TarFile> {
  let longName: string | undefined;
  let ended = false;
  for (let header = await source.take(block); header.length === block; header = await source.take(block)) {
    const isEnd = header[0] === 0 && header.every((octet) => octet === 0);
    if (!isEnd && !isHeader(header)) {
      if (!ended) yield { name: longName ?? "", octets: Buffer.alloc(0), state: "damaged" };
      break;
    }
    ended = isEnd;
    if (isEnd) continue;
    const size = number(header, 124, 12);
    const type = String.fromCharCode(header[156] as number);
    const wanted = fileTypes.has(type) ? maxFile : nameTypes.has(type) ? maxExtra : 0;
    const octets = await source.take(Math.min(size, wanted));
    await source.skip(Math.ceil(size / block) * block - octets.length);
    if (nameTypes.has(type)) longName = nameIn(octets, type) ?? longName;
    if (fileTypes.has(type)) {
      const state = size > maxFile ? "too-large" : octets.length < size ? "cut-off" : "whole";
      yield { name: longName ?? nameOf(header), octets, state };
    }
    if (!nameTypes.has(type)) longName = undefined;
  }
}

const fileTypes: ReadonlySet<string> = new Set(["0", "\0", "7"]);
/** GNU's long name and pax's header, which hold a name for the next file. */
const nameTypes: ReadonlySet<string> = new Set(["L", "x"]);

function nameOf(header: Buffer): string {
  const name = text(header, 0, 100);
  const prefix = header.toString("latin1", 257, 262) === "ustar" ? text(header, 345, 131) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const zero = field.indexOf(0);
  return field.toString("utf8", 0, zero < 0 ? length : zero);
}

/** pax: lines of `LENGTH path=NAME`. */
function nameIn(octets: Buffer, type: string): string | undefined {
  if (type === "L") return octets.toString("utf8").replace(/\0.*$/s, "");
  return /(?:^|\n)\d{1,7} path=([^\n]{1,4096})/.exec(octets.toString("utf8"))?.[1];
}
