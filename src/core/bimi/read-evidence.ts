import { createHash } from "node:crypto";
import { toAsciiDomain } from "../domain-name.ts";
import type { MarkCertificateDefect } from "../results.ts";
import { buildPath, type CertificationPath, pathDefect } from "./certification-path.ts";
import { type EmbeddedLogo, readLogotype } from "./logotype.ts";
import { type EvidenceDocument, type ReadCertificate, readEvidenceDocument } from "./mark-certificate.ts";

/** What of an evidence document depends neither on the time nor on whom it is to be for. */
export type ReadEvidence = Extract<EvidenceDocument, { readonly problem: string }> | GoodEvidence;

interface GoodEvidence {
  readonly problem?: undefined;
  readonly path: CertificationPath;
  /** What keeps the path from ever being valid. */
  readonly defect: MarkCertificateDefect | undefined;
  /** dNSName of the mark certificate, as A-labels in lower case. */
  readonly names: ReadonlySet<string | undefined>;
  readonly markType: string | undefined;
  readonly logo: EmbeddedLogo;
}

interface Kept {
  readonly evidence: ReadEvidence;
  readonly octets: number;
}

const maxKept = 200;
const maxKeptOctets = 8 * 1024 * 1024;

/** For each set of roots, as a path leads to one of them: the documents by their hash, the longest unused first. */
const keptFor = new WeakMap<readonly ReadCertificate[], Map<string, Kept>>();

/**
 * Reads the document at a=, follows the path to a root and takes the logo out. The same octets are read once while they
 * stay in use; whether they are valid now is not among it. Never throws.
 * @param maxSvgOctets Of the embedded SVG, uncompressed.
 */
export function readEvidence(
  octets: Buffer,
  roots: readonly ReadCertificate[],
  maxSvgOctets: number,
): ReadEvidence {
  const kept = keptFor.get(roots) ?? new Map<string, Kept>();
  keptFor.set(roots, kept);
  const key = `${maxSvgOctets} ${createHash("sha256").update(octets).digest("base64")}`;
  const known = kept.get(key);
  const entry = known ?? { evidence: readAnew(octets, roots, maxSvgOctets), octets: octets.length };
  // The oldest key of a Map comes first; to put one in again makes it the youngest.
  kept.delete(key);
  kept.set(key, entry);
  if (known === undefined) shrink(kept);
  return entry.evidence;
}

function shrink(kept: Map<string, Kept>): void {
  let total = 0;
  for (const { octets } of kept.values()) total += octets;
  for (const [key, { octets }] of kept) {
    if (kept.size <= maxKept && total <= maxKeptOctets) return;
    kept.delete(key);
    total -= octets;
  }
}

function readAnew(octets: Buffer, roots: readonly ReadCertificate[], maxSvgOctets: number): ReadEvidence {
  const document = readEvidenceDocument(octets);
  if (document.problem !== undefined) return document;
  const { mark, others } = document;
  const path = buildPath(mark, others, roots);
  return {
    path,
    defect: pathDefect(path),
    names: new Set(mark.fields.dnsNames.map((name) => toAsciiDomain(name))),
    markType: mark.fields.markType,
    logo: readLogotype(mark.fields.logotype, maxSvgOctets),
  };
}
