import type { BimiProblem, MarkCertificateDefect } from "../results.ts";
import { validityProblem } from "./certification-path.ts";
import type { ReadCertificate } from "./mark-certificate.ts";
import { readEvidence } from "./read-evidence.ts";

/** Whom a mark certificate must be for. Domains as A-labels in lower case. */
export interface MarkSubject {
  readonly selector: string;
  readonly author: string;
  readonly organization: string;
}

export type CheckedEvidence =
  | {
      readonly problem?: undefined;
      /** A verified mark (registered, or of a government) or a common one. */
      readonly kind: "vmc" | "cmc";
      /** False without trusted roots to lead to: everything else was checked. */
      readonly trusted: boolean;
      /** The embedded indicator, uncompressed; not checked against the SVG profile. */
      readonly svg: Buffer;
    }
  | {
      readonly problem: Extract<BimiProblem, `certificate-${string}`>;
      readonly detail?: MarkCertificateDefect;
    };

export interface EvidenceOptions {
  /** Undefined: nobody is trusted, and the chain is not held against the certificate. */
  readonly roots?: readonly ReadCertificate[];
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Of the embedded SVG, uncompressed. */
  readonly maxSvgOctets: number;
}

const noRoots: readonly ReadCertificate[] = [];
const verifiedMarks: ReadonlySet<string> = new Set(["registered mark", "government mark"]);

/**
 * Checks the document at a=: draft-fetch-validation-vmc-wchuang §5. Path to a trusted root, validity in time, purpose,
 * name, mark type and logotype with its hash. Certificate revocation and transparency logs are not asked. Never throws.
 */
export function checkEvidence(
  octets: Buffer,
  subject: MarkSubject,
  { roots, now, maxSvgOctets }: EvidenceOptions,
): CheckedEvidence {
  const evidence = readEvidence(octets, roots ?? noRoots, maxSvgOctets);
  if (evidence.problem !== undefined) return invalid(evidence.problem);
  const { path, markType, logo } = evidence;
  if (evidence.defect !== undefined) return invalid(evidence.defect);
  // Known or not, a document is held against the clock each time.
  const outside = validityProblem(path, now);
  if (outside !== undefined) return outside;
  if (!isFor(evidence.names, subject)) return { problem: "certificate-name" };
  if (markType === undefined) return invalid("mark-type-missing");
  if (logo.problem !== undefined) return invalid(logo.problem);
  if (roots !== undefined && path.root === undefined) return { problem: "certificate-untrusted" };
  const kind = verifiedMarks.has(markType.trim().toLowerCase()) ? "vmc" : "cmc";
  return { kind, trusted: path.root !== undefined, svg: logo.svg };
}

function invalid(detail: MarkCertificateDefect): CheckedEvidence {
  return { problem: "certificate-invalid", detail };
}

/** §5.2: a name with `_bimi` in it is for one selector, any other for all of them. There are no wildcards. */
function isFor(
  names: ReadonlySet<string | undefined>,
  { selector, author, organization }: MarkSubject,
): boolean {
  return [author, organization].some(
    (domain) => names.has(domain) || names.has(`${selector}._bimi.${domain}`),
  );
}
