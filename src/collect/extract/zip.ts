import { type InflateEnd, inflate } from "./inflate.ts";
import type { Allowance } from "./limits.ts";
import { isNoReport } from "./no-report.ts";
import { centralSignature, endSignature, findDirectory, readDirectory } from "./zip-directory.ts";

const localSignature = Buffer.from("PK\x03\x04", "latin1");

export function isZip(octets: Buffer): boolean {
  return octets.subarray(0, 4).equals(localSignature) || octets.subarray(0, 4).equals(endSignature);
}

export interface ZipEntry {
  readonly name: string;
  readonly content:
    | {
        readonly kind: "file";
        readonly chunks: AsyncIterable<Buffer>;
        readonly end: Pick<InflateEnd, "outcome">;
      }
    | { readonly kind: "refused"; readonly reason: "encrypted" | "unknown-method" | "bomb" };
}

/** Where a file of the archive begins, by the central directory or by its own header. */
interface Place {
  readonly name: string;
  readonly method: number;
  readonly flags: number;
  readonly dataAt: number;
  /** Of the packed data, where the directory tells it. */
  readonly size?: number;
}

/**
 * The files of a ZIP archive, folders and `__MACOSX` left out. The central directory is believed for where files are, and
 * nothing is believed of their sizes; where the directory is lost the files are found by their own headers.
 */
export function* readZip(octets: Buffer, allowance: Allowance): Iterable<ZipEntry> {
  for (const place of places(octets)) {
    if (isNoReport(place.name)) continue;
    yield { name: place.name, content: openEntry(octets, place, allowance) };
  }
}

const encryptedFlag = 1;
const stored = 0;
const deflated = 8;

function openEntry(octets: Buffer, place: Place, allowance: Allowance): ZipEntry["content"] {
  if ((place.flags & encryptedFlag) !== 0) return { kind: "refused", reason: "encrypted" };
  if (allowance.octetsLeft <= 0) return { kind: "refused", reason: "bomb" };
  if (place.method === deflated) return { kind: "file", ...inflate(octets, place.dataAt, allowance) };
  if (place.method !== stored) return { kind: "refused", reason: "unknown-method" };
  const size = place.size ?? sizeByNextHeader(octets, place.dataAt);
  if (size > allowance.octetsLeft) return { kind: "refused", reason: "bomb" };
  const data = octets.subarray(place.dataAt, place.dataAt + size);
  allowance.took(data.length);
  const end: Pick<InflateEnd, "outcome"> = { outcome: data.length < size ? "cut-off" : "whole" };
  return { kind: "file", chunks: single(data), end };
}

async function* single(data: Buffer): AsyncIterable<Buffer> {
  if (data.length > 0) yield data;
}

/** Stored data of unknown length ends where the next header begins. */
function sizeByNextHeader(octets: Buffer, from: number): number {
  const local = octets.indexOf(localSignature, from);
  // Only up to there, so that each octet is looked at once for each header.
  const data = octets.subarray(from, local < 0 ? octets.length : local);
  const ends = [centralSignature, endSignature].map((signature) => data.indexOf(signature));
  return Math.min(data.length, ...ends.filter((at) => at >= 0));
}

function places(octets: Buffer): readonly Place[] {
  const byDirectory = directoryPlaces(octets);
  return byDirectory.length > 0 ? byDirectory : headerPlaces(octets);
}

const maxPlaces = 200_000;

/** Octets before the archive shift every offset: each is tried with that shift. */
function directoryPlaces(octets: Buffer): Place[] {
  const directory = findDirectory(octets);
  if (directory === undefined) return [];
  const entries = readDirectory(octets.subarray(directory.at, directory.at + directory.size), maxPlaces);
  const found: Place[] = [];
  for (const { headerAt, packedSize } of entries ?? []) {
    const place = placeAt(octets, headerAt + directory.shift, packedSize);
    if (place === undefined) return [];
    found.push(place);
  }
  return found;
}

function headerPlaces(octets: Buffer): Place[] {
  const found: Place[] = [];
  let at = octets.indexOf(localSignature);
  while (at >= 0 && found.length < maxPlaces) {
    const place = placeAt(octets, at);
    if (place !== undefined) found.push(place);
    // Packed data may hold the signature by accident: a place that is none does not unpack.
    at = octets.indexOf(localSignature, place?.dataAt ?? at + 4);
  }
  return found;
}

const sizeFollows = 8;

/** APPNOTE 4.3.7: the header before a file. */
function placeAt(octets: Buffer, at: number, directorySize?: number): Place | undefined {
  if (at < 0 || at + 30 > octets.length || !octets.subarray(at, at + 4).equals(localSignature))
    return undefined;
  const flags = octets.readUInt16LE(at + 6);
  const nameLength = octets.readUInt16LE(at + 26);
  const dataAt = at + 30 + nameLength + octets.readUInt16LE(at + 28);
  if (dataAt > octets.length) return undefined;
  const own = (flags & sizeFollows) === 0 ? octets.readUInt32LE(at + 18) : undefined;
  const size = directorySize ?? own;
  return {
    name: octets.toString("utf8", at + 30, at + 30 + Math.min(nameLength, 512)),
    method: octets.readUInt16LE(at + 8),
    flags,
    dataAt,
    ...(size !== undefined && size <= octets.length - dataAt && { size }),
  };
}
