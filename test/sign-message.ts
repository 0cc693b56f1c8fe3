import { createHash, sign } from "node:crypto";
import type { Canonicalization } from "../src/core/dkim/signature.ts";
import type { TestKey } from "./dkim-test-keys.ts";
import { referenceBody, referenceField, referencePick } from "./reference-canonicalization.ts";

export interface SigningRequest {
  /** Fields with CRLF; one octet a character. */
  readonly header: string;
  readonly body: string;
  readonly key: TestKey;
  readonly canonicalization: readonly [Canonicalization, Canonicalization];
  /** As they stand in `h=`. */
  readonly signed: readonly string[];
  /** `l=` in octets of the canonicalized body. */
  readonly bodyLength?: number;
  /** rsa-sha1 when "sha1". */
  readonly hash?: "sha1" | "sha256";
  /**
   * The value of the field after "DKIM-Signature:", with {bh} and {b} where those values go. Whatever it says
   * otherwise is taken over, right or wrong.
   */
  readonly layout: string;
  /** "DKIM-Signature" when absent. */
  readonly fieldName?: string;
  /** How the base64 of the signature is broken up; in one piece when absent. */
  readonly fold?: string;
}

/** @returns The signature field with its CRLF, to be put on top of the header. RFC 6376 §5. */
export function signatureField(request: SigningRequest): string {
  const { header, body, key, canonicalization, signed, bodyLength, fold } = request;
  const [headerForm, bodyForm] = canonicalization;
  const hash = request.hash ?? "sha256";
  const hashed = latin1(referenceBody(body, bodyForm)).subarray(0, bodyLength);
  const bodyHash = createHash(hash).update(hashed).digest("base64");
  const start = `${request.fieldName ?? "DKIM-Signature"}:${request.layout.replaceAll("{bh}", bodyHash)}`;
  const fields = [...referencePick(header, signed), withEmptySignature(start)];
  const input = fields.map((field) => referenceField(field, headerForm)).join("\r\n");
  const text = foldedSignature(signOctets(latin1(input), key, hash), fold);
  return `${start.replaceAll("{b}", text)}\r\n`;
}

/** A field without the value of its `b=`: RFC 6376 §3.7 step 2. */
export function withEmptySignature(field: string): string {
  return field.replace(/(^|[:;])([ \t\r\n]*b[ \t\r\n]*=)[^;]*/, "$1$2");
}

/** Base64, broken up by `fold` when there is one. */
export function foldedSignature(signature: Buffer, fold?: string): string {
  const text = signature.toString("base64");
  return fold === undefined ? text : (text.match(/.{1,40}/g) ?? []).join(fold);
}

export function signOctets(input: Buffer, key: TestKey, hash: string): Buffer {
  if (key.type === "rsa") return sign(hash, input, key.privateKey);
  // RFC 8463 §3
  return sign(null, createHash(hash).update(input).digest(), key.privateKey);
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
