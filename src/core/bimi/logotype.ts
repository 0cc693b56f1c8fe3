import { createHash } from "node:crypto";
import type { MarkCertificateDefect } from "../results.ts";
import { type DerValue, derChildren, derObjectId, derTag, derText, readDer } from "./der.ts";
import { uncompressed } from "./svg.ts";

export type EmbeddedLogo =
  | { readonly problem?: undefined /** Uncompressed. */; readonly svg: Buffer }
  | {
      readonly problem: Extract<
        MarkCertificateDefect,
        "logotype-missing" | "logotype-syntax" | "logotype-hash"
      >;
    };

/** RFC 3709 §4.1: subjectLogo [2] EXPLICIT, direct [0] IMPLICIT. */
const subjectLogoTag = 0xa2;
const directTag = 0xa0;
const hashNames: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
const maxImages = 10;

/**
 * Takes the SVG of the subject out of a logotype extension: RFC 3709 §4.1, embedded as a "data" URI (RFC 6170 §4). Its
 * hash, one of the SHA-2 family, must be that of the octets in the URI or of what they unpack to.
 * @param extension Content of the extension; undefined when the certificate has none.
 * @param maxOctets Of the SVG, uncompressed.
 */
export function readLogotype(extension: Buffer | undefined, maxOctets: number): EmbeddedLogo {
  if (extension === undefined) return { problem: "logotype-missing" };
  const images = subjectImages(extension);
  if (images === undefined) return { problem: "logotype-syntax" };
  for (const image of images.slice(0, maxImages)) {
    const details = readDetails(extension, image);
    if (details !== undefined) return checkDetails(details, maxOctets);
  }
  return { problem: images.length === 0 ? "logotype-missing" : "logotype-syntax" };
}

function subjectImages(octets: Buffer): DerValue[] | undefined {
  const parts = derChildren(octets, readDer(octets, 0, octets.length));
  if (parts === undefined) return undefined;
  const logo = derChildren(
    octets,
    parts.find(({ tag }) => tag === subjectLogoTag),
  )?.[0];
  // An indirect logotype, or none of the subject, holds no image.
  if (logo?.tag !== directTag) return [];
  const [images] = derChildren(octets, logo) ?? [];
  return images?.tag === derTag.sequence ? derChildren(octets, images) : [];
}

interface LogoDetails {
  readonly data: Buffer;
  readonly hashes: readonly { readonly name: string; readonly value: Buffer }[];
}

/** LogotypeDetails of an SVG image with a "data" URI; undefined for any other image. */
function readDetails(octets: Buffer, image: DerValue): LogoDetails | undefined {
  const [type, hashes, uris] = derChildren(octets, derChildren(octets, image)?.[0]) ?? [];
  if (type?.tag !== derTag.ia5String || !isSvgType(derText(octets, type))) return undefined;
  for (const uri of derChildren(octets, uris) ?? []) {
    const data = dataOf(derText(octets, uri));
    if (data !== undefined) return { data, hashes: readHashes(octets, hashes) };
  }
  return undefined;
}

function isSvgType(mediaType: string): boolean {
  return /^image\/svg\+xml(?:\+gzip)?$/i.test(mediaType.trim());
}

/** RFC 2397: `data:image/svg+xml;base64,...` */
function dataOf(uri: string): Buffer | undefined {
  const comma = uri.indexOf(",");
  const [type = "", ...parameters] = uri.slice(5, Math.max(comma, 5)).split(";", 8);
  if (comma < 0 || !/^data:/i.test(uri) || !isSvgType(type)) return undefined;
  if (parameters.at(-1)?.toLowerCase() !== "base64") return undefined;
  const text = uri.slice(comma + 1);
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

function readHashes(octets: Buffer, list: DerValue | undefined): LogoDetails["hashes"] {
  return (derChildren(octets, list) ?? []).flatMap((item) => {
    const [algorithm, value] = derChildren(octets, item) ?? [];
    const name = hashNames[derObjectId(octets, derChildren(octets, algorithm)?.[0]) ?? ""];
    if (name === undefined || value?.tag !== derTag.octetString) return [];
    return [{ name, value: octets.subarray(value.start, value.end) }];
  });
}

function checkDetails({ data, hashes }: LogoDetails, maxOctets: number): EmbeddedLogo {
  const svg = uncompressed(data, maxOctets);
  if (typeof svg === "string") return { problem: "logotype-syntax" };
  const matches = ({ name, value }: LogoDetails["hashes"][number]): boolean =>
    [data, svg].some((octets) => createHash(name).update(octets).digest().equals(value));
  return hashes.length > 0 && hashes.every(matches) ? { svg } : { problem: "logotype-hash" };
}
