import { readCertificateFields } from "../../../src/core/bimi/certificate-fields.ts";
import { checkEvidence } from "../../../src/core/bimi/evidence.ts";
import { readLogotype } from "../../../src/core/bimi/logotype.ts";
import { readMarkRoots } from "../../../src/core/bimi/mark-certificate.ts";
import { makeLogotype, makeMarkChain } from "../../../test/certificates.ts";
import { sampleSvg } from "../../../test/sample-svg.ts";
import type { FuzzTarget } from "../target.ts";

const svg = Buffer.from(sampleSvg());
const chain = makeMarkChain(svg);
const roots = readMarkRoots(chain.root.pem) ?? [];
const subject = { selector: "default", author: "example.com", organization: "example.com" };
const maxSvgOctets = 32_768;

/** Takes any octets for a document, a certificate and a logotype. Only the certificate itself may be trusted. */
export const target: FuzzTarget = {
  name: "mark-certificate",
  seeds: [
    Buffer.from(chain.pem),
    Buffer.from(chain.mark.pem + chain.issuer.pem + chain.root.pem),
    chain.mark.der,
    chain.issuer.der,
    makeLogotype(svg),
  ],
  run(input) {
    readCertificateFields(input);
    readLogotype(input, maxSvgOctets);
    for (const document of [input, pem(input)]) {
      const checked = checkEvidence(document, subject, { roots, now: Date.now(), maxSvgOctets });
      if (checked.problem !== undefined) continue;
      if (!checked.trusted || !checked.svg.equals(svg)) throw new Error("another certificate is trusted");
    }
  },
};

function pem(octets: Buffer): Buffer {
  const text = `-----BEGIN CERTIFICATE-----\n${octets.toString("base64")}\n-----END CERTIFICATE-----\n`;
  return Buffer.from(text + chain.issuer.pem);
}
