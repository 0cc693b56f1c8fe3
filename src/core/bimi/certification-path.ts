import type { KeyObject, X509Certificate } from "node:crypto";
import type { BimiProblem, MarkCertificateDefect } from "../results.ts";
import type { ReadCertificate } from "./mark-certificate.ts";

/** A path from the mark certificate upward, the root left out when it is one of the trusted. */
export interface CertificationPath {
  readonly path: readonly ReadCertificate[];
  readonly root?: ReadCertificate;
}

/** id-kp-BrandIndicatorforMessageIdentification */
export const markPurpose = "1.3.6.1.5.5.7.3.31";
const anyPurpose = "2.5.29.37.0";
const maxPath = 6;
const minRsaBits = 2048;
/** RFC 5758 §3.2, RFC 4055 §5, RFC 8017 appendix A.2.3, RFC 8410 §3: SHA-2 with ECDSA or RSA, and EdDSA. */
const strongSignatures: ReadonlySet<string> = new Set([
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  "1.2.840.113549.1.1.10",
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.3.101.112",
  "1.3.101.113",
]);

/** Follows the issuers of the mark certificate, trusted roots first: RFC 5280 §6.1. */
export function buildPath(
  mark: ReadCertificate,
  others: readonly ReadCertificate[],
  roots: readonly ReadCertificate[],
): CertificationPath {
  const path = [mark];
  const left = new Set(others);
  for (let current: ReadCertificate | undefined = mark; current !== undefined && path.length <= maxPath; ) {
    const below: ReadCertificate = current;
    const root = roots.find((one) => isIssuedBy(below, one));
    if (root !== undefined) return { path, root };
    current = [...left].find((one) => isIssuedBy(below, one));
    if (current === undefined) break;
    left.delete(current);
    path.push(current);
  }
  return { path };
}

/** By name, key id and key usage first, as a signature costs more. */
function isIssuedBy({ certificate }: ReadCertificate, issuer: ReadCertificate): boolean {
  const by = issuer.certificate;
  try {
    return by.ca && certificate.checkIssued(by) && certificate.verify(by.publicKey);
  } catch {
    // A key that OpenSSL cannot use.
    return false;
  }
}

export interface ValidityProblem {
  readonly problem: Extract<BimiProblem, "certificate-invalid" | "certificate-expired">;
  readonly detail?: MarkCertificateDefect;
}

/**
 * Whether all certificates of a path are valid at a time: RFC 5280 §6.1.3.
 * @param now Milliseconds since 1970.
 */
export function validityProblem({ path, root }: CertificationPath, now: number): ValidityProblem | undefined {
  for (const { certificate } of root === undefined ? path : [...path, root]) {
    if (!(certificate.validFromDate.getTime() <= now))
      return { problem: "certificate-invalid", detail: "not-yet-valid" };
    if (!(now <= certificate.validToDate.getTime())) return { problem: "certificate-expired" };
  }
  return undefined;
}

/**
 * What keeps a path from being valid at any time: RFC 5280 §6.1.3 and §6.1.4, and of
 * draft-fetch-validation-vmc-wchuang §4.4 the purpose. Revocation and certificate transparency are not looked at.
 */
export function pathDefect({ path }: CertificationPath): MarkCertificateDefect | undefined {
  const [mark, ...issuers] = path;
  if (mark === undefined || mark.certificate.ca) return "is-authority";
  if (mark.fields.purposes?.includes(markPurpose) !== true) return "purpose-missing";
  for (const { fields, certificate } of path) {
    if (fields.unknownCritical) return "critical-extension";
    if (!strongSignatures.has(fields.signatureAlgorithm) || isWeak(certificate)) return "weak-signature";
  }
  for (const [index, { fields }] of issuers.entries()) {
    if (!servesMarks(fields.purposes, index === 0)) return "issuer-purpose-missing";
    // §6.1.4: at most so many certificates of authorities between this one and the mark certificate.
    if (fields.pathLength !== undefined && index > fields.pathLength) return "path-length";
  }
  return undefined;
}

/** The immediate issuer must name the purpose itself; those above it must not rule it out. */
function servesMarks(purposes: readonly string[] | undefined, immediate: boolean): boolean {
  if (purposes?.includes(markPurpose) === true) return true;
  return !immediate && (purposes === undefined || purposes.includes(anyPurpose));
}

function isWeak(certificate: X509Certificate): boolean {
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch {
    // A kind of key that OpenSSL does not know.
    return true;
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < minRsaBits;
}
