import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type CertificateOptions,
  der,
  extension,
  makeCertificate,
  makeLogotype,
  makeMarkChain,
  markPurpose,
  sequence,
} from "../../../test/certificates.ts";
import { sampleSvg } from "../../../test/sample-svg.ts";
import { readCertificateFields } from "./certificate-fields.ts";
import { derChildren, derInteger, derObjectId, readDer } from "./der.ts";
import { checkEvidence } from "./evidence.ts";
import { readLogotype } from "./logotype.ts";
import { readEvidenceDocument, readMarkRoots } from "./mark-certificate.ts";

const svg = Buffer.from(sampleSvg());
const subject = { selector: "default", author: "sub.example.com", organization: "example.com" };
const now = Date.now();
const year = 365 * 86_400_000;
const options = (root: string) => ({ roots: readMarkRoots(root) ?? [], now, maxSvgOctets: 32_768 });

function word(outcome: ReturnType<typeof checkEvidence>): string {
  if (outcome.problem === undefined) return `${outcome.kind}${outcome.trusted ? "" : " untrusted"}`;
  return outcome.detail === undefined ? outcome.problem : `${outcome.problem} ${outcome.detail}`;
}

/** The outcome for a chain with changes in one certificate. */
function outcomeOf(
  mark: Partial<CertificateOptions>,
  changes: {
    readonly issuer?: Partial<CertificateOptions>;
    readonly root?: Partial<CertificateOptions>;
  } = {},
): string {
  const chain = makeMarkChain(svg, { mark, ...changes });
  return word(checkEvidence(Buffer.from(chain.pem), subject, options(chain.root.pem)));
}

describe("mark certificates (draft-fetch-validation-vmc-wchuang -10 §5)", () => {
  test("a good one: its kind, and the SVG in it", () => {
    const chain = makeMarkChain(svg);
    const outcome = checkEvidence(Buffer.from(chain.pem), subject, options(chain.root.pem));
    expect(outcome).toEqual({ kind: "vmc", trusted: true, svg });
  });

  test.each([
    { markType: "Registered Mark", is: "vmc" },
    { markType: "Government Mark", is: "vmc" },
    { markType: "registered mark ", is: "vmc" },
    { markType: "Prior Use Mark", is: "cmc" },
    { markType: "Modified Registered Mark", is: "cmc" },
    { markType: "Something New", is: "cmc" },
  ])("mark type $markType: $is", ({ markType, is }) => {
    expect(outcomeOf({ markType })).toBe(is);
  });

  test("without a mark type", () => {
    const chain = makeMarkChain(svg);
    const mark = makeCertificate({
      subject: "Example",
      issuer: chain.issuer,
      purposes: [markPurpose],
      dnsNames: ["example.com"],
      logotype: makeLogotype(svg),
    });
    const outcome = checkEvidence(Buffer.from(mark.pem + chain.issuer.pem), subject, options(chain.root.pem));
    expect(word(outcome)).toBe("certificate-invalid mark-type-missing");
  });

  test.each([
    { dnsNames: ["example.com"], is: "vmc" },
    { dnsNames: ["sub.example.com"], is: "vmc" },
    { dnsNames: ["SUB.Example.COM"], is: "vmc" },
    { dnsNames: ["default._bimi.example.com"], is: "vmc" },
    { dnsNames: ["default._bimi.sub.example.com"], is: "vmc" },
    { dnsNames: ["other.example", "example.com"], is: "vmc" },
    { dnsNames: ["brand._bimi.example.com"], is: "certificate-name" },
    { dnsNames: ["_bimi.example.com"], is: "certificate-name" },
    { dnsNames: ["com"], is: "certificate-name" },
    { dnsNames: ["*.example.com"], is: "certificate-name" },
    { dnsNames: ["www.example.com"], is: "certificate-name" },
    { dnsNames: ["example.com.evil.example"], is: "certificate-name" },
    { dnsNames: ["example.com\0.evil.example"], is: "certificate-name" },
    { dnsNames: [], is: "certificate-name" },
  ])("§5.2 dNSName $dnsNames: $is", ({ dnsNames, is }) => {
    expect(outcomeOf({ dnsNames })).toBe(is);
  });

  const unknown = extension("1.2.3.4.5", true, sequence());
  const nameConstraints = extension("2.5.29.30", true, sequence());
  test.each<{
    name: string;
    mark?: Partial<CertificateOptions>;
    issuer?: Partial<CertificateOptions>;
    root?: Partial<CertificateOptions>;
    is: string;
  }>([
    { name: "§5.1 step 2: expired", mark: { notAfter: new Date(now - 1000) }, is: "certificate-expired" },
    {
      name: "§5.1 step 2: not valid yet",
      mark: { notBefore: new Date(now + 60_000) },
      is: "certificate-invalid not-yet-valid",
    },
    {
      name: "§5.1 step 2: issuer expired",
      issuer: { notAfter: new Date(now - 1000) },
      is: "certificate-expired",
    },
    {
      name: "§5.1 step 2: root expired",
      root: { notAfter: new Date(now - 1000) },
      is: "certificate-expired",
    },
    {
      name: "§4.4 another purpose",
      mark: { purposes: ["1.3.6.1.5.5.7.3.1"] },
      is: "certificate-invalid purpose-missing",
    },
    { name: "§4.4 purpose among others", mark: { purposes: ["1.3.6.1.5.5.7.3.1", markPurpose] }, is: "vmc" },
    {
      name: "§4.4 issuer for anything",
      issuer: { purposes: ["2.5.29.37.0"] },
      is: "certificate-invalid issuer-purpose-missing",
    },
    {
      name: "the mark certificate is an authority's",
      mark: { authority: {} },
      is: "certificate-invalid is-authority",
    },
    {
      name: "RFC 5280 §4.2 critical and unknown",
      mark: { extensions: [unknown] },
      is: "certificate-invalid critical-extension",
    },
    {
      name: "RFC 5280 §4.2.1.10 name constraints of the issuer",
      issuer: { extensions: [nameConstraints] },
      is: "certificate-invalid critical-extension",
    },
    {
      name: "an unknown extension that is not critical",
      mark: { extensions: [extension("1.2.3.4.5", false, sequence())] },
      is: "vmc",
    },
    { name: "SHA-1", mark: { hash: "sha1" }, is: "certificate-invalid weak-signature" },
    { name: "§4.1 no logotype", mark: { logotype: sequence() }, is: "certificate-invalid logotype-missing" },
    {
      name: "§4.1 a logotype that is none",
      mark: { logotype: Buffer.from("x") },
      is: "certificate-invalid logotype-syntax",
    },
  ])("$name: $is", ({ mark = {}, issuer, root, is }) => {
    expect(outcomeOf(mark, { ...(issuer && { issuer }), ...(root && { root }) })).toBe(is);
  });

  test("§5.1 step 1: another root, no root, and no issuer in the document", () => {
    const chain = makeMarkChain(svg);
    const other = makeMarkChain(svg);
    const pem = Buffer.from(chain.pem);
    expect(word(checkEvidence(pem, subject, options(other.root.pem)))).toBe("certificate-untrusted");
    expect(word(checkEvidence(pem, subject, { now, maxSvgOctets: 32_768 }))).toBe("vmc untrusted");
    const alone = Buffer.from(chain.mark.pem);
    expect(word(checkEvidence(alone, subject, options(chain.root.pem)))).toBe("certificate-untrusted");
  });

  test("§3.3: the root may be in the document; the order of the others does not matter", () => {
    const chain = makeMarkChain(svg);
    const pem = Buffer.from(`text before\n${chain.mark.pem}${chain.root.pem}${chain.issuer.pem}`);
    expect(word(checkEvidence(pem, subject, options(chain.root.pem)))).toBe("vmc");
  });

  test("a root of the same name with another key does not vouch", () => {
    const chain = makeMarkChain(svg);
    const twin = makeCertificate({ subject: "Test Mark Root", authority: {} });
    expect(word(checkEvidence(Buffer.from(chain.pem), subject, options(twin.pem)))).toBe(
      "certificate-untrusted",
    );
  });

  test("an issuer that is no authority does not vouch", () => {
    const chain = makeMarkChain(svg);
    const issuer = makeCertificate({
      subject: "Test Mark Issuer",
      issuer: chain.root,
      purposes: [markPurpose],
    });
    const mark = makeCertificate({
      subject: "Example",
      issuer,
      purposes: [markPurpose],
      dnsNames: ["example.com"],
      markType: "Registered Mark",
      logotype: makeLogotype(svg),
    });
    const pem = Buffer.from(mark.pem + issuer.pem);
    expect(word(checkEvidence(pem, subject, options(chain.root.pem)))).toBe("certificate-untrusted");
  });

  test("RFC 5280 §6.1.4: the path length of an authority above is kept", () => {
    const root = makeCertificate({ subject: "Root", authority: {} });
    const middle = makeCertificate({ subject: "Middle", issuer: root, authority: { pathLength: 0 } });
    const chain = makeMarkChain(svg, { issuer: { issuer: middle } });
    const pem = Buffer.from(chain.pem + middle.pem);
    expect(word(checkEvidence(pem, subject, options(root.pem)))).toBe("certificate-invalid path-length");
    const roomy = makeCertificate({ subject: "Middle", issuer: root, authority: { pathLength: 1 } });
    const longer = makeMarkChain(svg, { issuer: { issuer: roomy } });
    expect(word(checkEvidence(Buffer.from(longer.pem + roomy.pem), subject, options(root.pem)))).toBe("vmc");
  });

  test.each([
    { name: "no PEM", text: "hello", is: "pem-syntax" },
    { name: "empty", text: "", is: "pem-syntax" },
    { name: "cut off", text: makeMarkChain(svg).pem.slice(0, -60), is: "pem-syntax" },
    {
      name: "no base64",
      text: "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----",
      is: "pem-syntax",
    },
    {
      name: "no certificate",
      text: "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
      is: "certificate-syntax",
    },
    { name: "too many", text: makeMarkChain(svg).issuer.pem.repeat(9), is: "too-many-certificates" },
    { name: "too large", text: "x".repeat(300_000), is: "pem-syntax" },
  ])("§3.3 the document: $name", ({ text, is }) => {
    expect(readEvidenceDocument(Buffer.from(text))).toEqual({ problem: is });
  });

  test("roots: none, several, damaged", () => {
    const { root, issuer } = makeMarkChain(svg);
    expect(readMarkRoots("")).toEqual([]);
    expect(readMarkRoots(root.pem + issuer.pem)).toHaveLength(2);
    expect(
      readMarkRoots(`${root.pem}-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----`),
    ).toBeUndefined();
  });
});

describe("logotypes (RFC 3709 §4.1, RFC 6170 §4)", () => {
  const packed = gzipSync(svg);
  const plainUri = `data:image/svg+xml;base64,${svg.toString("base64")}`;

  test.each([
    { name: "packed", logotype: makeLogotype(svg), is: "valid" },
    {
      name: "packed, of another media type name",
      logotype: makeLogotype(svg, { mediaType: "image/svg+xml+gzip" }),
      is: "valid",
    },
    { name: "hash of what it unpacks to", logotype: makeLogotype(svg, { hashed: svg }), is: "valid" },
    { name: "not packed", logotype: makeLogotype(svg, { uri: plainUri, hashed: svg }), is: "valid" },
    {
      name: "hash of something else",
      logotype: makeLogotype(svg, { hashed: Buffer.from("x") }),
      is: "logotype-hash",
    },
    { name: "only SHA-1", logotype: makeLogotype(svg, { hashId: "1.3.14.3.2.26" }), is: "logotype-hash" },
    { name: "an unknown hash", logotype: makeLogotype(svg, { hashId: "1.2.3" }), is: "logotype-hash" },
    { name: "a PNG", logotype: makeLogotype(svg, { mediaType: "image/png" }), is: "logotype-syntax" },
    { name: "https", logotype: makeLogotype(svg, { uri: "https://a.example/x.svg" }), is: "logotype-syntax" },
    {
      name: "no base64",
      logotype: makeLogotype(svg, { uri: "data:image/svg+xml,%3Csvg/%3E" }),
      is: "logotype-syntax",
    },
    {
      name: "base64 that is none",
      logotype: makeLogotype(svg, { uri: "data:image/svg+xml;base64,@@" }),
      is: "logotype-syntax",
    },
    { name: "too large", logotype: makeLogotype(Buffer.alloc(40_000)), is: "logotype-syntax" },
    { name: "empty", logotype: sequence(), is: "logotype-missing" },
    {
      name: "of the issuer only",
      logotype: sequence(der(0xa1, der(0xa0, sequence()))),
      is: "logotype-missing",
    },
    { name: "indirect", logotype: sequence(der(0xa2, der(0xa1, sequence()))), is: "logotype-missing" },
    { name: "without images", logotype: sequence(der(0xa2, der(0xa0, sequence()))), is: "logotype-missing" },
    { name: "no DER", logotype: Buffer.from([0x30, 0x80]), is: "logotype-syntax" },
    { name: "none", logotype: undefined, is: "logotype-missing" },
  ])("$name: $is", ({ logotype, is }) => {
    const read = readLogotype(logotype, 32_768);
    expect(read.problem ?? "valid").toBe(is);
    if (read.problem === undefined) expect(read.svg).toEqual(svg);
  });

  test("the hash is that of the octets in the URI", () => {
    expect(makeLogotype(svg).includes(createHash("sha256").update(packed).digest())).toBe(true);
  });
});

describe("DER (X.690 §8)", () => {
  const read = (hex: string) => {
    const octets = Buffer.from(hex, "hex");
    return { octets, value: readDer(octets, 0, octets.length) };
  };

  test.each([
    { hex: "3000", is: { tag: 0x30, start: 2, end: 2 } },
    { hex: "04021234ff", is: { tag: 0x04, start: 2, end: 4 } },
    { hex: "04810101", is: { tag: 0x04, start: 3, end: 4 } },
    { hex: "30800000", is: undefined },
    { hex: "0403aabb", is: undefined },
    { hex: "0484ffffffff00", is: undefined },
    { hex: "1f8101", is: undefined },
    { hex: "04", is: undefined },
    { hex: "", is: undefined },
  ])("$hex", ({ hex, is }) => {
    expect(read(hex).value).toEqual(is);
  });

  test.each([
    { hex: "0603550403", is: "2.5.4.3" },
    { hex: "06082b060105050703 1f".replace(" ", ""), is: markPurpose },
    { hex: "06028837", is: "2.999" },
    { hex: "0601aa", is: undefined },
    { hex: "0600", is: undefined },
    { hex: "0606ffffffffff7f", is: undefined },
    { hex: "0403550403", is: undefined },
  ])("object id $hex: $is", ({ hex, is }) => {
    const { octets, value } = read(hex);
    expect(derObjectId(octets, value)).toBe(is);
  });

  test.each([
    { hex: "020100", is: 0 },
    { hex: "02020100", is: 256 },
    { hex: "0201ff", is: undefined },
    { hex: "0200", is: undefined },
    { hex: "02050000000001", is: undefined },
  ])("integer $hex: $is", ({ hex, is }) => {
    const { octets, value } = read(hex);
    expect(derInteger(octets, value)).toBe(is);
  });

  test("children fill their parent, and are counted", () => {
    const children = (octets: Buffer) => derChildren(octets, readDer(octets, 0, octets.length));
    expect(children(Buffer.from("3004040004000000", "hex"))).toHaveLength(2);
    expect(children(Buffer.from("30030400ff", "hex"))).toBeUndefined();
    expect(children(Buffer.from("04020400", "hex"))).toBeUndefined();
    expect(children(sequence(...new Array<Buffer>(1001).fill(sequence())))).toBeUndefined();
  });
});

test("property: a changed certificate is read or refused, never an exception, and no change passes", () => {
  const chain = makeMarkChain(svg);
  const original = chain.mark.der;
  fc.assert(
    fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(original);
      changed[at] = (changed[at] as number) ^ change;
      readCertificateFields(changed);
      const pem = `-----BEGIN CERTIFICATE-----\n${changed.toString("base64")}\n-----END CERTIFICATE-----\n`;
      const outcome = checkEvidence(Buffer.from(pem + chain.issuer.pem), subject, options(chain.root.pem));
      expect(outcome.problem).toBeDefined();
    }),
    { numRuns: 300 },
  );
});

test("a certificate that expires is good until then", () => {
  const chain = makeMarkChain(svg);
  const at = (time: number): string =>
    word(checkEvidence(Buffer.from(chain.pem), subject, { ...options(chain.root.pem), now: time }));
  expect([at(now), at(now + year), at(now - year)]).toEqual([
    "vmc",
    "certificate-expired",
    "certificate-invalid not-yet-valid",
  ]);
});

describe("a document that comes again", () => {
  const chain = makeMarkChain(svg, { mark: { notAfter: new Date(now + 60_000) } });
  const roots = readMarkRoots(chain.root.pem) ?? [];
  const check = (
    changes: { octets?: Buffer; roots?: typeof roots; now?: number; maxSvgOctets?: number } = {},
  ) => {
    const { octets = Buffer.from(chain.pem), ...others } = changes;
    return checkEvidence(octets, subject, { roots, now, maxSvgOctets: 32_768, ...others });
  };

  test("is not read again: the logo is the same object", () => {
    const first = check();
    const again = check();
    expect(word(first)).toBe("vmc");
    // Other octets objects, the same octets.
    expect(first.problem === undefined && again.problem === undefined && again.svg === first.svg).toBe(true);
  });

  test.each([
    { it: "later, when it has expired", changes: { now: now + 61_000 }, is: "certificate-expired" },
    {
      it: "earlier, when it was not valid",
      changes: { now: now - 2 * year },
      is: "certificate-invalid not-yet-valid",
    },
    {
      it: "with a smaller logo allowed",
      changes: { maxSvgOctets: 10 },
      is: "certificate-invalid logotype-syntax",
    },
    {
      it: "with roots that it does not lead to",
      changes: { roots: readMarkRoots(makeMarkChain(svg).root.pem) ?? [] },
      is: "certificate-untrusted",
    },
    { it: "with something after it", changes: { octets: Buffer.from(`${chain.pem}\n`) }, is: "vmc" },
  ])("is judged anew $it", ({ changes, is }) => {
    expect(word(check())).toBe("vmc");
    expect(word(check(changes))).toBe(is);
    expect(word(check())).toBe("vmc");
  });

  test("is judged anew for somebody else", () => {
    expect(word(check())).toBe("vmc");
    const other = { selector: "default", author: "other.example", organization: "other.example" };
    expect(word(checkEvidence(Buffer.from(chain.pem), other, options(chain.root.pem)))).toBe(
      "certificate-name",
    );
  });

  test("does not stay for ever: what is kept is bounded", () => {
    const first = check();
    for (let filler = 0; filler < 300; filler++) check({ octets: Buffer.from(`no certificate ${filler}`) });
    const again = check();
    expect(first.problem === undefined && again.problem === undefined && again.svg !== first.svg).toBe(true);
  });
});
