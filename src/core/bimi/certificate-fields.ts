import { type DerValue, derChildren, derInteger, derObjectId, derTag, derText, readDer } from "./der.ts";

/** What a certificate says that `X509Certificate` does not tell, or not without doubt: RFC 5280 §4.1, §4.2. */
export interface CertificateFields {
  /** dNSName of subjectAltName, as written. */
  readonly dnsNames: readonly string[];
  /** Object ids of extKeyUsage; undefined without the extension. */
  readonly purposes?: readonly string[];
  /** pathLenConstraint of basicConstraints. */
  readonly pathLength?: number;
  /** Content of the logotype extension (RFC 3709 §4.1). */
  readonly logotype?: Buffer;
  /** The mark type in the subject, as mark certificates have it. */
  readonly markType?: string;
  /** Object id of the algorithm that the certificate is signed with. */
  readonly signatureAlgorithm: string;
  /** RFC 5280 §4.2: an extension that is critical and not understood here. */
  readonly unknownCritical: boolean;
}

const extensionIds = {
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  certificatePolicies: "2.5.29.32",
  extKeyUsage: "2.5.29.37",
  logotype: "1.3.6.1.5.5.7.1.12",
} as const;
const understood: ReadonlySet<string> = new Set(Object.values(extensionIds));
/** subject:markType of the mark certificate requirements. */
const markTypeId = "1.3.6.1.4.1.53087.1.13";
const versionTag = 0xa0;
const extensionsTag = 0xa3;
const dnsNameTag = 0x82;

/**
 * Reads the fields of a certificate that path validation and BIMI look at.
 * @param octets One certificate in DER.
 * @returns undefined when it is none.
 */
export function readCertificateFields(octets: Buffer): CertificateFields | undefined {
  const certificate = derChildren(octets, readDer(octets, 0, octets.length));
  const signed = derChildren(octets, certificate?.[0]);
  if (signed === undefined) return undefined;
  // The version is left out of certificates of version 1.
  const fields = signed[0]?.tag === versionTag ? signed.slice(1) : signed;
  const [, signature, , , subject] = fields;
  const signatureAlgorithm = derObjectId(octets, derChildren(octets, signature)?.[0]);
  const extensions = readExtensions(octets, fields);
  if (signatureAlgorithm === undefined || subject === undefined || extensions === undefined) return undefined;
  const markType = readMarkType(octets, subject);
  return {
    ...extensionFields(octets, extensions),
    ...(markType !== undefined && { markType }),
    signatureAlgorithm,
    unknownCritical: extensions.some(({ id, critical }) => critical && !understood.has(id)),
  };
}

interface Extension {
  readonly id: string;
  readonly critical: boolean;
  /** The OCTET STRING around its content. */
  readonly value: DerValue;
}

/** Empty when the certificate has none; undefined when they cannot be read or one stands there twice. */
function readExtensions(octets: Buffer, fields: readonly DerValue[]): Extension[] | undefined {
  const wrapper = fields.find(({ tag }) => tag === extensionsTag);
  if (wrapper === undefined) return [];
  const list = derChildren(octets, derChildren(octets, wrapper)?.[0]);
  if (list === undefined) return undefined;
  const extensions: Extension[] = [];
  const seen = new Set<string>();
  for (const item of list) {
    const extension = readExtension(octets, item);
    if (extension === undefined || seen.has(extension.id)) return undefined;
    seen.add(extension.id);
    extensions.push(extension);
  }
  return extensions;
}

function readExtension(octets: Buffer, item: DerValue): Extension | undefined {
  const parts = derChildren(octets, item);
  const id = derObjectId(octets, parts?.[0]);
  const value = parts?.at(-1);
  if (id === undefined || value?.tag !== derTag.octetString) return undefined;
  const critical = parts?.length === 3 && parts[1]?.tag === derTag.boolean && octets[parts[1].start] !== 0;
  return { id, critical, value };
}

function extensionFields(
  octets: Buffer,
  extensions: readonly Extension[],
): Pick<CertificateFields, "dnsNames" | "purposes" | "pathLength" | "logotype"> {
  const contentOf = (id: string): DerValue | undefined => {
    const value = extensions.find((extension) => extension.id === id)?.value;
    return value && readDer(octets, value.start, value.end);
  };
  const names = derChildren(octets, contentOf(extensionIds.subjectAltName)) ?? [];
  const purposes = derChildren(octets, contentOf(extensionIds.extKeyUsage));
  const pathLength = derInteger(octets, derChildren(octets, contentOf(extensionIds.basicConstraints))?.[1]);
  const logotype = extensions.find(({ id }) => id === extensionIds.logotype)?.value;
  return {
    dnsNames: names.filter(({ tag }) => tag === dnsNameTag).map((name) => derText(octets, name)),
    ...(purposes !== undefined && { purposes: purposes.flatMap((id) => derObjectId(octets, id) ?? []) }),
    ...(pathLength !== undefined && { pathLength }),
    ...(logotype !== undefined && { logotype: octets.subarray(logotype.start, logotype.end) }),
  };
}

/** RDNSequence: sets of attributes. A subject with two mark types has none that could be told. */
function readMarkType(octets: Buffer, subject: DerValue): string | undefined {
  const types: string[] = [];
  for (const set of derChildren(octets, subject) ?? [])
    for (const attribute of derChildren(octets, set) ?? []) {
      const [id, value] = derChildren(octets, attribute) ?? [];
      if (value !== undefined && derObjectId(octets, id) === markTypeId) types.push(derText(octets, value));
    }
  return types.length === 1 ? types[0] : undefined;
}
