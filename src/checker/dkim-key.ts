import type { KeyObject } from "node:crypto";
import { decodeBase64, withoutSpace } from "../core/dkim/base64.ts";
import { type DkimKeyRecord, parseDkimKey } from "../core/dkim/key.ts";
import { type PublicKey, publicKeyOf } from "../core/dkim/key-material.ts";
import { parseTagList, tagValue } from "../core/message/taglist.ts";
import type { DkimKeyFault } from "../findings/check/dkim.ts";

/** What a key record comes to. */
export type KeyReading =
  | {
      readonly kind: "key";
      readonly record: DkimKeyRecord;
      /** The key type by the key itself, whatever k= says. */
      readonly type: "rsa" | "ed25519";
      readonly key: PublicKey;
    }
  | { readonly kind: "revoked"; readonly record: DkimKeyRecord }
  /** @param better The text that was meant, when it can be told. */
  | { readonly kind: "broken"; readonly fault: DkimKeyFault; readonly better?: string };

/** Reads a key record and, when it is broken, finds out how. @param text The strings joined, one octet a character. */
export function readKey(text: string): KeyReading {
  const record = parseDkimKey(text);
  if (record === undefined) return brokenText(text);
  if (record.publicKey === "") return { kind: "revoked", record };
  const found = keyIn(record);
  return found ?? brokenKey(text, record);
}

/** A key of any type in p=; the type that k= names goes first. */
function keyIn(record: DkimKeyRecord): KeyReading | undefined {
  const types: readonly ("rsa" | "ed25519")[] =
    record.keyType === "ed25519" ? ["ed25519", "rsa"] : ["rsa", "ed25519"];
  for (const type of types) {
    const key = publicKeyOf(type, record.publicKey);
    if (key !== undefined) return { kind: "key", record, type, key };
  }
  return undefined;
}

/** Whether a text is a key record with a key that can be used. */
function holdsKey(text: string): boolean {
  const record = parseDkimKey(text);
  return record !== undefined && keyIn(record) !== undefined;
}

function broken(fault: DkimKeyFault, better?: string): KeyReading {
  return better === undefined || !holdsKey(better)
    ? { kind: "broken", fault }
    : { kind: "broken", fault, better };
}

function brokenText(text: string): KeyReading {
  if (text.includes('"')) return broken("quotes", plainText(text));
  if (text.includes("\\")) return broken("backslashes", plainText(text));
  const list = parseTagList(text);
  if (!list.tags.some(({ name }) => name === "p")) {
    const meantAsKey = list.tags.some(
      ({ name, value }) => name === "k" || (name === "v" && /^dkim/i.test(value)),
    );
    return broken(meantAsKey ? "no-p" : "not-a-key");
  }
  // RFC 6376 §3.6.1 v=: first, and DKIM1 to the letter.
  const version = list.tags.findIndex(({ name }) => name === "v");
  if (version > 0 || (version === 0 && list.tags[0]?.value !== "DKIM1"))
    return broken("version", rewritten(text, "v", undefined));
  return broken("tags", rewritten(text, "v", undefined));
}

/** Without the marks of a zone file: quotes and what stands between two strings, backslashes. */
function plainText(text: string): string {
  const parts = text.split('"');
  // Between two quoted strings stands nothing but blanks, which are no part of the text.
  return parts
    .map((part) => (part.trim() === "" ? "" : part))
    .join("")
    .replaceAll("\\", "");
}

function brokenKey(text: string, record: DkimKeyRecord): KeyReading {
  const value = tagValue(parseTagList(text), "p") ?? "";
  if (/[^ \t\r\n][ \t]+[^ \t\r\n]/.test(value)) {
    const plus = rewritten(text, "p", value.replaceAll(/[ \t]/g, "+"));
    if (holdsKey(plus)) return broken("lost-plus", plus);
  }
  const plain = plainText(text);
  if (plain !== text && holdsKey(plain)) return broken(text.includes('"') ? "quotes" : "backslashes", plain);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(withoutSpace(value))) return broken("base64");
  const octets = decodeBase64(value) ?? decodeBase64(withoutSpace(value).replace(/=+$/, "").slice(0, -1));
  if (octets === undefined) return broken("base64");
  if (isWrappedEd25519(octets))
    return broken("wrapped-ed25519", rewritten(text, "p", octets.subarray(-32).toString("base64")));
  if (isCutOff(octets) || (record.keyType === "ed25519" && octets.length < 32)) return broken("cut-off");
  return broken("no-key");
}

/** RFC 8410 §4: a SubjectPublicKeyInfo of Ed25519 is 44 octets, the key its last 32. */
function isWrappedEd25519(octets: Buffer): boolean {
  return octets.length === 44 && octets.subarray(0, 12).toString("hex") === "302a300506032b6570032100";
}

/** A DER sequence (X.690 §8.1.3) that says that it is longer than what is there. */
function isCutOff(octets: Buffer): boolean {
  if (octets[0] !== 0x30) return false;
  const first = octets[1] ?? 0;
  if (first < 0x80) return octets.length < 2 + first;
  const lengthOctets = first & 0x7f;
  if (lengthOctets === 0 || lengthOctets > 3) return false;
  let length = 0;
  for (let i = 0; i < lengthOctets; i++) length = length * 256 + (octets[2 + i] ?? 0);
  return octets.length < 2 + lengthOctets + length;
}

/** RFC 6376 §3.6.1; g= was taken out, and so was whatever else stands there. */
const knownTags: readonly string[] = ["v", "h", "k", "n", "p", "s", "t"];

/** Names of tags that mean nothing in a key record. */
export function oldTags(text: string): readonly string[] {
  const names = parseTagList(text).tags.map(({ name }) => name);
  return [...new Set(names.filter((name) => !knownTags.includes(name)))];
}

/**
 * The record with one tag written anew or, without a value, left out: `v` first, p= without white space, no tag twice
 * and none that means nothing.
 */
export function rewritten(text: string, tag: string, value: string | undefined): string {
  const tags = new Map<string, string>([["v", "DKIM1"]]);
  for (const one of parseTagList(text).tags)
    if (knownTags.includes(one.name) && one.name !== "v" && !(one.name !== "v" && tags.has(one.name)))
      tags.set(one.name, one.name === "p" ? withoutSpace(one.value) : one.value);
  if (tag !== "v") {
    if (value === undefined) tags.delete(tag);
    else tags.set(tag, value);
  }
  return [...tags].map(([name, content]) => `${name}=${content}`).join("; ");
}

/** `rsa 2048`, `ed25519`. */
export function describeKey(type: "rsa" | "ed25519", bits: number): string {
  return type === "rsa" ? `rsa ${bits}` : type;
}

/** The record of a public key: RFC 6376 §3.6.1, RFC 8463 §4.2. */
export function keyText(key: KeyObject): string {
  const spki = key.export({ format: "der", type: "spki" });
  const ed25519 = key.asymmetricKeyType === "ed25519";
  const value = (ed25519 ? spki.subarray(-32) : spki).toString("base64");
  return `v=DKIM1; k=${ed25519 ? "ed25519" : "rsa"}; p=${value}`;
}

const maxParts = 5;

/** The parts of a key in the order in which they give one; undefined when none does, or when they stand right. */
export function orderedParts(parts: readonly string[]): string | undefined {
  if (parts.length < 2 || parts.length > maxParts || holdsKey(parts.join(""))) return undefined;
  for (const order of orders(parts)) {
    const text = order.join("");
    // Whoever cut the text may have left a blank at a cut.
    if (/p\s?=/.test(text) && holdsKey(text)) return text;
  }
  return undefined;
}

function* orders(parts: readonly string[]): Generator<readonly string[]> {
  const [first] = parts;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const [index, part] of parts.entries())
    for (const rest of orders([...parts.slice(0, index), ...parts.slice(index + 1)])) yield [part, ...rest];
}
