export const centralSignature: Buffer = Buffer.from("PK\x01\x02", "latin1");
export const endSignature: Buffer = Buffer.from("PK\x05\x06", "latin1");
const locatorSignature = Buffer.from("PK\x06\x07", "latin1");
const end64Signature = Buffer.from("PK\x06\x06", "latin1");

export interface ZipDirectory {
  /** In the archive. */
  readonly at: number;
  readonly size: number;
  /** Octets that stand before the archive, which no offset in it counts. */
  readonly shift: number;
}

const endLength = 22;
const locatorLength = 20;
const end64Length = 56;
/** Written where a value stands in the ZIP64 record. */
const elsewhere = 0xffff_ffff;

/**
 * Where the central directory is (APPNOTE 4.3.16, ZIP64: 4.3.14).
 * @param octets The end of the archive.
 * @param before How many octets stand before them.
 * @returns undefined when it is lost.
 */
export function findDirectory(octets: Buffer, before = 0): ZipDirectory | undefined {
  const endAt = octets.lastIndexOf(endSignature);
  if (endAt < 0 || endAt + endLength > octets.length) return undefined;
  const end64 = findEnd64(octets, endAt - locatorLength);
  const size = octets.readUInt32LE(endAt + 12);
  const offset = octets.readUInt32LE(endAt + 16);
  const directoryEnd = before + (end64?.at ?? endAt);
  const wide = {
    size: size === elsewhere ? (end64?.size ?? size) : size,
    offset: offset === elsewhere ? (end64?.offset ?? offset) : offset,
  };
  const at = directoryEnd - wide.size;
  return at < 0 ? undefined : { at, size: wide.size, shift: at - wide.offset };
}

interface End64 {
  readonly at: number;
  readonly size: number;
  readonly offset: number;
}

/** The record stands right before its locator; a longer one, with an extension, is of no use here. */
function findEnd64(octets: Buffer, locatorAt: number): End64 | undefined {
  const at = locatorAt - end64Length;
  if (at < 0 || !octets.subarray(locatorAt, locatorAt + 4).equals(locatorSignature)) return undefined;
  if (!octets.subarray(at, at + 4).equals(end64Signature)) return undefined;
  const size = Number(octets.readBigUInt64LE(at + 40));
  const offset = Number(octets.readBigUInt64LE(at + 48));
  return Number.isSafeInteger(size) && Number.isSafeInteger(offset) ? { at, size, offset } : undefined;
}

export interface ZipDirectoryEntry {
  readonly name: string;
  readonly headerAt: number;
  /** As the directory has it: nothing is believed of it. */
  readonly packedSize: number;
}

const entryLength = 46;

/** APPNOTE 4.3.12. @returns undefined when something in it is no entry. */
export function readDirectory(octets: Buffer, most: number): readonly ZipDirectoryEntry[] | undefined {
  const entries: ZipDirectoryEntry[] = [];
  for (let at = 0; at + entryLength <= octets.length && entries.length < most; ) {
    if (!octets.subarray(at, at + 4).equals(centralSignature)) return undefined;
    const nameLength = octets.readUInt16LE(at + 28);
    const extraAt = at + entryLength + nameLength;
    const extraLength = octets.readUInt16LE(at + 30);
    entries.push({
      name: octets.toString("utf8", at + entryLength, at + entryLength + Math.min(nameLength, 512)),
      ...placeOf(octets, at, octets.subarray(extraAt, extraAt + extraLength)),
    });
    at = extraAt + extraLength + octets.readUInt16LE(at + 32);
  }
  return entries;
}

function placeOf(octets: Buffer, at: number, extra: Buffer): Omit<ZipDirectoryEntry, "name"> {
  const packedSize = octets.readUInt32LE(at + 20);
  const unpackedSize = octets.readUInt32LE(at + 24);
  const headerAt = octets.readUInt32LE(at + 42);
  if (packedSize !== elsewhere && headerAt !== elsewhere) return { packedSize, headerAt };
  // APPNOTE 4.5.3: only what does not fit stands there, in this order.
  const wide = zip64Values(extra);
  if (unpackedSize === elsewhere) wide.shift();
  return {
    packedSize: packedSize === elsewhere ? (wide.shift() ?? packedSize) : packedSize,
    headerAt: headerAt === elsewhere ? (wide.shift() ?? headerAt) : headerAt,
  };
}

function zip64Values(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    const field = extra.subarray(at + 4, at + 4 + length);
    if (extra.readUInt16LE(at) === 1)
      return Array.from({ length: Math.floor(field.length / 8) }, (_, i) =>
        Number(field.readBigUInt64LE(i * 8)),
      );
    at += 4 + length;
  }
  return [];
}
