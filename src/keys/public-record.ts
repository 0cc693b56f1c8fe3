import { createPublicKey, type KeyObject } from "node:crypto";
import { parseDkimKey } from "../core/dkim/key.ts";
import { publicKeyOf } from "../core/dkim/key-material.ts";
import { keyRecordName } from "../core/dkim/key-query.ts";
import { parseZone } from "../core/dns/zone-parse.ts";

export type KeyService = "email" | "tlsrpt";

/** A key record in the forms that people need. Each has been read again and is the key. */
export interface PublicRecord {
  /** `selector._domainkey.domain`, without final dot. */
  readonly name: string;
  /** The text as a whole, for web forms. */
  readonly value: string;
  /** An entry of a zone file, one string a line. */
  readonly zoneEntry: string;
  /** The same in one line. */
  readonly zoneLine: string;
}

/**
 * The key record of a private key: RFC 6376 §3.6.1, RFC 8463 §4, RFC 8460 §3 (`s=tlsrpt`).
 * @returns undefined when it does not read back as that key, which would be a fault of ours.
 */
export function publicRecord({
  domain,
  selector,
  privateKey,
  service = "email",
}: {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: KeyObject;
  readonly service?: KeyService;
}): PublicRecord | undefined {
  const type = privateKey.asymmetricKeyType === "ed25519" ? "ed25519" : "rsa";
  const name = keyRecordName({ selector, domain });
  const restriction = service === "tlsrpt" ? " s=tlsrpt;" : "";
  const value = `v=DKIM1; k=${type};${restriction} p=${publicKeyText(privateKey)}`;
  const strings = splitText(value).map((text) => `"${text}"`);
  const zoneEntry = `${name}. IN TXT (\n${strings.map((text) => `    ${text}`).join("\n")}\n)`;
  const zoneLine = `${name}. IN TXT ${strings.join(" ")}`;
  const readable = [zoneEntry, zoneLine].every((text) => readsBack(text, name, privateKey));
  return readable && isKeyText(value, privateKey) ? { name, value, zoneEntry, zoneLine } : undefined;
}

/** What `p=` holds: SubjectPublicKeyInfo for RSA, the 32 octets for Ed25519 (RFC 8463 §4.2). */
export function publicKeyText(privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return (privateKey.asymmetricKeyType === "ed25519" ? spki.subarray(-32) : spki).toString("base64");
}

/** Whether a key record publishes the public half of this key. */
export function isKeyText(text: string, privateKey: KeyObject): boolean {
  const record = parseDkimKey(text);
  if (record === undefined || (record.keyType !== "rsa" && record.keyType !== "ed25519")) return false;
  if (record.keyType !== privateKey.asymmetricKeyType) return false;
  return publicKeyOf(record.keyType, record.publicKey)?.key.equals(createPublicKey(privateKey)) === true;
}

/** RFC 1035 §3.3: a character-string has 255 octets at most. The parts are joined without anything between. */
export function splitText(text: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += 255) parts.push(text.slice(at, at + 255));
  return parts;
}

function readsBack(zoneText: string, name: string, privateKey: KeyObject): boolean {
  const { records, errors } = parseZone(zoneText, { origin: "elsewhere.example" });
  const [record] = records;
  if (errors.length > 0 || records.length !== 1 || record?.type !== "TXT" || record.name !== name)
    return false;
  return isKeyText(record.data.text, privateKey);
}
