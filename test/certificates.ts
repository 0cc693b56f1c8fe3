import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { gzipSync } from "node:zlib";

// ---------------------------------------------------------------- DER

/** One value of DER: X.690 §8.1. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Buffer.from([0x80 | octets.length, ...octets]);
}

export function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content);
}

export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const octets = [40 * first + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) | 0x80);
    return digits;
  });
  return der(0x06, Buffer.from(octets));
}

function integer(value: number): Buffer {
  const digits = value.toString(16);
  const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  return der(0x02, (octets[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), octets]) : octets);
}

function time(at: Date): Buffer {
  const text = `${at.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  return der(0x18, Buffer.from(text));
}

function ascii(text: string): Buffer {
  return der(0x16, Buffer.from(text));
}

// ---------------------------------------------------------------- certificates

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateOptions {
  readonly subject: string;
  readonly key?: KeyPair;
  /** Self-signed without one. */
  readonly issuer?: TestCertificate;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** A certificate authority, with at most so many others below it. */
  readonly authority?: { readonly pathLength?: number };
  readonly purposes?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly markType?: string;
  /** Content of the logotype extension. */
  readonly logotype?: Buffer;
  readonly extensions?: readonly Buffer[];
  readonly hash?: "sha256" | "sha1";
}

export interface TestCertificate {
  readonly subject: Buffer;
  readonly key: KeyPair;
  readonly der: Buffer;
  readonly pem: string;
}

export const markPurpose = "1.3.6.1.5.5.7.3.31";
const day = 86_400_000;
let serial = 1;

export function newKey(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

export function extension(id: string, critical: boolean, content: Buffer): Buffer {
  const flag = critical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectId(id), ...flag, der(0x04, content));
}

/** An X.509 certificate of version 3 (RFC 5280 §4.1), written out here and signed with ECDSA. */
export function makeCertificate(options: CertificateOptions): TestCertificate {
  const key = options.key ?? newKey();
  const subject = nameOf(options);
  const signer = options.issuer ?? { subject, key };
  const algorithm = sequence(objectId(options.hash === "sha1" ? "1.2.840.10045.4.1" : "1.2.840.10045.4.3.2"));
  const now = Date.now();
  serial += 1;
  const signed = sequence(
    der(0xa0, integer(2)),
    integer(serial),
    algorithm,
    signer.subject,
    sequence(
      time(options.notBefore ?? new Date(now - day)),
      time(options.notAfter ?? new Date(now + 30 * day)),
    ),
    subject,
    key.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensionsOf(options))),
  );
  const signature = sign(options.hash ?? "sha256", signed, signer.key.privateKey);
  const octets = sequence(signed, algorithm, der(0x03, Buffer.from([0]), signature));
  return { subject, key, der: octets, pem: pemOf(octets) };
}

export function pemOf(octets: Buffer): string {
  const lines = octets.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function nameOf({ subject, markType }: CertificateOptions): Buffer {
  const attribute = (id: string, text: string): Buffer =>
    der(0x31, sequence(objectId(id), der(0x0c, Buffer.from(text))));
  const mark = markType === undefined ? [] : [attribute("1.3.6.1.4.1.53087.1.13", markType)];
  return sequence(attribute("2.5.4.3", subject), ...mark);
}

function extensionsOf(options: CertificateOptions): Buffer[] {
  const { authority, purposes, dnsNames, logotype, extensions = [] } = options;
  const pathLength = authority?.pathLength === undefined ? [] : [integer(authority.pathLength)];
  const constraints = authority === undefined ? [] : [der(0x01, Buffer.from([0xff])), ...pathLength];
  const written = [extension("2.5.29.19", true, sequence(...constraints))];
  if (purposes !== undefined)
    written.push(extension("2.5.29.37", false, sequence(...purposes.map(objectId))));
  if (dnsNames !== undefined) {
    const names = dnsNames.map((name) => der(0x82, Buffer.from(name)));
    written.push(extension("2.5.29.17", false, sequence(...names)));
  }
  if (logotype !== undefined) written.push(extension("1.3.6.1.5.5.7.1.12", false, logotype));
  return [...written, ...extensions];
}

// ---------------------------------------------------------------- mark certificates

export interface LogotypeOptions {
  readonly mediaType?: string;
  readonly uri?: string;
  /** Octets that the hash is made of, when not those of the URI. */
  readonly hashed?: Buffer;
  readonly hashId?: string;
}

const sha256Id = "2.16.840.1.101.3.4.2.1";

/** A logotype extension (RFC 3709 §4.1) with an SVG in a "data" URI. */
export function makeLogotype(svg: Buffer, options: LogotypeOptions = {}): Buffer {
  const packed = gzipSync(svg);
  const mediaType = options.mediaType ?? "image/svg+xml";
  const uri = options.uri ?? `data:${mediaType};base64,${packed.toString("base64")}`;
  const value = createHash("sha256")
    .update(options.hashed ?? packed)
    .digest();
  const hash = sequence(sequence(objectId(options.hashId ?? sha256Id)), der(0x04, value));
  const details = sequence(ascii(mediaType), sequence(hash), sequence(ascii(uri)));
  return sequence(der(0xa2, der(0xa0, sequence(sequence(details)))));
}

export interface MarkChain {
  readonly root: TestCertificate;
  readonly issuer: TestCertificate;
  readonly mark: TestCertificate;
  /** The evidence document: mark certificate and issuer. */
  readonly pem: string;
}

/** A mark certificate with its issuer and root, as good as real ones but for what `changes` say. */
export function makeMarkChain(
  svg: Buffer,
  changes: {
    readonly root?: Partial<CertificateOptions>;
    readonly issuer?: Partial<CertificateOptions>;
    readonly mark?: Partial<CertificateOptions>;
  } = {},
): MarkChain {
  const root = makeCertificate({ subject: "Test Mark Root", authority: {}, ...changes.root });
  const issuer = makeCertificate({
    subject: "Test Mark Issuer",
    issuer: root,
    authority: { pathLength: 0 },
    purposes: [markPurpose],
    ...changes.issuer,
  });
  const mark = makeCertificate({
    subject: "Example",
    issuer,
    purposes: [markPurpose],
    dnsNames: ["example.com"],
    markType: "Registered Mark",
    logotype: makeLogotype(svg),
    ...changes.mark,
  });
  return { root, issuer, mark, pem: mark.pem + issuer.pem };
}
