import { X509Certificate } from "node:crypto";
import type { MarkCertificateDefect } from "../results.ts";
import { type CertificateFields, readCertificateFields } from "./certificate-fields.ts";

/** A certificate with the fields that we read of it ourselves. */
export interface ReadCertificate {
  readonly certificate: X509Certificate;
  readonly fields: CertificateFields;
}

/** The document at a=: the mark certificate and those that lead from it to a root. */
export type EvidenceDocument =
  | {
      readonly problem?: undefined;
      readonly mark: ReadCertificate;
      readonly others: readonly ReadCertificate[];
    }
  | {
      readonly problem: Extract<
        MarkCertificateDefect,
        "pem-syntax" | "certificate-syntax" | "too-many-certificates"
      >;
    };

/** What of an evidence document is read; real ones have 10 to 60 kB. */
export const maxEvidenceOctets: number = 256 * 1024;
const maxCertificates = 8;
const maxRoots = 1_000;
const begin = "-----BEGIN CERTIFICATE-----";
const end = "-----END CERTIFICATE-----";

/**
 * Reads an evidence document: certificates in PEM (RFC 7468 §5), the mark certificate first
 * (draft-fetch-validation-vmc-wchuang §3.3). Nothing is verified yet. Never throws.
 */
export function readEvidenceDocument(octets: Buffer): EvidenceDocument {
  if (octets.length > maxEvidenceOctets) return { problem: "pem-syntax" };
  const blocks = pemBlocks(octets.toString("latin1"), maxCertificates + 1);
  if (blocks === undefined || blocks.length === 0) return { problem: "pem-syntax" };
  if (blocks.length > maxCertificates) return { problem: "too-many-certificates" };
  const certificates = blocks.map(readCertificate);
  const [mark, ...others] = certificates.filter((one) => one !== undefined);
  if (mark === undefined || certificates.includes(undefined)) return { problem: "certificate-syntax" };
  return { mark, others };
}

/** The roots that an operator trusts for mark certificates; undefined when a block in the PEM text is no certificate. */
export function readMarkRoots(pem: string): readonly ReadCertificate[] | undefined {
  const roots = pemBlocks(pem, maxRoots)?.map(readCertificate);
  return roots?.every((one) => one !== undefined) === true ? roots : undefined;
}

/** DER of each block, of at most `most`; undefined when one is cut off or is no base64. */
function pemBlocks(text: string, most: number): Buffer[] | undefined {
  const blocks: Buffer[] = [];
  let at = text.indexOf(begin);
  while (at >= 0 && blocks.length < most) {
    const to = text.indexOf(end, at);
    if (to < 0) return undefined;
    const base64 = text.slice(at + begin.length, to).replaceAll(/[ \t\r\n]+/g, "");
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
    blocks.push(Buffer.from(base64, "base64"));
    at = text.indexOf(begin, to);
  }
  return blocks;
}

function readCertificate(der: Buffer): ReadCertificate | undefined {
  try {
    const certificate = new X509Certificate(der);
    const fields = readCertificateFields(certificate.raw);
    return fields && { certificate, fields };
  } catch {
    // No certificate to OpenSSL.
    return undefined;
  }
}
