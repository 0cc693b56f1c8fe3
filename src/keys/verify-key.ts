import type { KeyObject } from "node:crypto";
import { type DkimKeyRecord, parseDkimKey } from "../core/dkim/key.ts";
import { publicKeyOf } from "../core/dkim/key-material.ts";
import { keyRecordName } from "../core/dkim/key-query.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import { selectorDate } from "./generate-key.ts";
import { isKeyText, type KeyService } from "./public-record.ts";

/** A key that is to agree with what is published. */
export interface VerifiedKey {
  readonly domain: string;
  readonly selector: string;
  readonly file: string;
  readonly privateKey: KeyObject;
  /** "email" when absent. */
  readonly service?: KeyService;
  /** It makes signatures with `i=` in a subdomain. */
  readonly signsSubdomainIdentity?: boolean;
  /** Other selectors under which its record may stand by mistake. */
  readonly otherSelectors?: readonly string[];
}

/**
 * Holds a private key against the record at its selector: RFC 6376 §3.6. Never rejects.
 * @returns Empty when verifiers will accept what it signs.
 */
export async function verifyKey(key: VerifiedKey, dns: DnsResolver): Promise<readonly Finding[]> {
  const name = keyRecordName(key);
  const answer = await dns.query(name, "TXT");
  if (answer.kind === "failure")
    return [finding("key.record-unanswered", name, { name, reason: answer.reason })];
  if (answer.kind !== "answer") return [await missing(key, dns)];
  const texts = answer.records.map(({ text }) => text);
  if (texts.length > 1)
    // RFC 6376 §3.6.2.2: TXT records must be unique for a selector.
    return [finding("key.records-several", name, { name, count: texts.length })];
  const record = parseDkimKey(texts[0] ?? "");
  if (record === undefined) return [finding("key.record-syntax", name, { name })];
  if (record.publicKey === "") return [finding("key.record-revoked", name, { name })];
  if (!isKeyText(texts[0] ?? "", key.privateKey)) return [await differing(key, record, dns)];
  return restrictions(key, name, record);
}

function restrictions(key: VerifiedKey, name: string, record: DkimKeyRecord): Finding[] {
  const found: Finding[] = [];
  const { service = "email" } = key;
  const { services, hashes, flags } = record;
  if (!services.includes("*") && !services.includes(service))
    found.push(finding("key.record-service", name, { name, services: services.join(":") }));
  if (hashes !== undefined && !hashes.includes("sha256"))
    found.push(finding("key.record-hash", name, { name, hashes: hashes.join(":") }));
  if (flags.includes("y")) found.push(finding("key.record-testing", name, { name }));
  if (flags.includes("s") && key.signsSubdomainIdentity === true)
    found.push(finding("key.record-strict", name, { name }));
  return found;
}

async function missing(key: VerifiedKey, dns: DnsResolver): Promise<Finding> {
  const name = keyRecordName(key);
  return (await elsewhere(key, name, dns)) ?? finding("key.record-missing", name, { name });
}

async function differing(key: VerifiedKey, record: DkimKeyRecord, dns: DnsResolver): Promise<Finding> {
  const name = keyRecordName(key);
  const { file } = key;
  const published = describeRecord(record);
  return (
    (await elsewhere(key, name, dns)) ??
    finding("key.record-differs", name, { name, file, published, own: describeKey(key.privateKey) })
  );
}

/** Where the key stands instead, among the selectors that are likely. */
async function elsewhere(
  { domain, selector, file, privateKey, otherSelectors = [] }: VerifiedKey,
  name: string,
  dns: DnsResolver,
): Promise<Finding | undefined> {
  for (const candidate of new Set([...otherSelectors, "default"])) {
    if (candidate === selector) continue;
    const other = keyRecordName({ selector: candidate, domain });
    const answer = await dns.query(other, "TXT");
    if (answer.kind === "answer" && answer.records.some(({ text }) => isKeyText(text, privateKey)))
      return finding("key.record-elsewhere", name, { name, file, other });
  }
  return undefined;
}

/** `rsa 2048`, `ed25519`. */
export function describeKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const type: string = asymmetricKeyType ?? "?";
  const bits = asymmetricKeyDetails?.modulusLength;
  return bits === undefined ? type : `${type} ${bits}`;
}

/** The same of a key record; the type alone when the key cannot be read. */
export function describeRecord({ keyType, publicKey }: DkimKeyRecord): string {
  if (keyType !== "rsa" && keyType !== "ed25519") return keyType;
  const key = publicKeyOf(keyType, publicKey)?.key;
  return key === undefined ? `${keyType}, ?` : describeKey(key);
}

const oldMonths = 12;
const monthMs = 30.44 * 86_400_000;

/** RFC 6376 §3.1: keys are changed by changing selectors; a dated selector tells how long ago that was. */
export function ageFinding(
  { selector, domain }: { readonly selector: string; readonly domain: string },
  nowMs: number,
): Finding | undefined {
  const made = selectorDate(selector);
  const months = made === undefined ? 0 : Math.floor((nowMs - made) / monthMs);
  return months < oldMonths ? undefined : finding("key.old", selector, { selector, domain, months });
}
