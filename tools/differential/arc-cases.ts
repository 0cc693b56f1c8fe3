import type { Canonicalization } from "../../src/core/dkim/signature.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../../test/dkim-test-keys.ts";
import { referenceFields } from "../../test/reference-canonicalization.ts";
import { type SealTags, sealMessage } from "../../test/seal-message.ts";
import { mutate, mutateKeys, randomBody, randomHeader, randomRecord } from "./dkim-cases.ts";
import type { Random } from "./random.ts";

/** A message with a chain and the keys, to be validated at a time. */
export interface ArcDifferentialCase {
  readonly id: number;
  /** One octet a character, CRLF line ends (but for what a mutation did). */
  readonly message: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** One TXT record a name, in lower case. */
  readonly keys: Readonly<Record<string, string>>;
  /** What was done to the message and its keys. */
  readonly mutations: readonly string[];
}

const now = 1_700_000_000;
const day = 86_400;
const rsa1024 = rsaTestKey(1024);
const rsa2048 = rsaTestKey(2048);
const weakKeys = [rsaTestKey(512), rsaTestKey(1016)];
const ed25519 = ed25519TestKey(7);
const forms: readonly Canonicalization[] = ["simple", "relaxed", "relaxed"];

export function randomArcCase(random: Random, id: number): ArcDifferentialCase {
  const keys: Record<string, string> = {};
  const mutations: string[] = [];
  // How bodies end, and what several From fields do, is compared for DKIM.
  let message = `${withOneFrom(randomHeader(random))}\r\n${randomBody(random)}\r\n`;
  const hops = random.chance(0.02) ? 0 : random.pick([1, 1, 1, 2, 2, 3, 3, 4, 6]);
  for (let hop = 1; hop <= hops; hop++) {
    if (hop > 1 && random.chance(0.3)) message = asListsDo(random, message, mutations);
    message = sealOnce(random, message, hop, keys, mutations);
  }
  if (random.chance(0.45)) {
    for (let count = 1 + random.integer(2); count > 0; count--)
      message = random.chance(0.8)
        ? mutateChain(random, message, mutations)
        : mutate(random, message, mutations);
    if (random.chance(0.1)) mutateKeys(random, keys, mutations);
  }
  return { id, message, now, keys, mutations };
}

function withOneFrom(header: string): string {
  let seen = false;
  return referenceFields(header)
    .filter((field) => {
      const drop = seen && /^from[ \t]*:/i.test(field);
      seen ||= /^from[ \t]*:/i.test(field);
      return !drop;
    })
    .map((field) => `${field}\r\n`)
    .join("");
}

// ---------------------------------------------------------------- sealing

function sealOnce(
  random: Random,
  message: string,
  hop: number,
  keys: Record<string, string>,
  done: string[],
): string {
  const domain = random.pick(["example.com", "lists.example", `hop${hop}.example`]);
  const key = randomKey(random, `a${hop}`, domain, keys);
  const messageKey = random.chance(0.2) ? randomKey(random, `m${hop}`, domain, keys) : undefined;
  const note = (what: string): true => {
    done.push(`hop ${hop}: ${what}`);
    return true;
  };
  const cv =
    random.chance(0.03) && note("cv") ? random.pick(["none", "pass", "fail", "Pass", "x"]) : undefined;
  const instance = random.chance(0.02) && note("instance") ? random.pick([1, hop + 1, 50, 51, 7]) : undefined;
  return sealMessage(message, {
    key,
    results: randomResults(random),
    canonicalization: [random.pick(forms), random.pick(forms)],
    signed: randomSignedNames(random),
    messageTags: { ...messageTags(random), d: domain, s: messageKey === undefined ? `a${hop}` : `m${hop}` },
    sealTags: { ...sealTags(random), d: random.chance(0.05) ? domain.toUpperCase() : domain, s: `a${hop}` },
    separator: random.chance(0.02) ? " ;\r\n  " : random.pick(["; ", "; ", ";", ";\r\n\t", ";\t"]),
    ...(messageKey !== undefined && { messageKey }),
    ...(cv !== undefined && { cv }),
    ...(instance !== undefined && { instance }),
    ...(random.chance(0.03) && note("sha1") && key.type === "rsa" && { hash: "sha1" as const }),
    ...(random.chance(0.02) && note("own set") && { scope: "own" as const }),
    ...(random.chance(0.5) && { fold: random.pick(["\r\n\t", " ", "\r\n  ", "\t"]) }),
  });
}

function randomKey(random: Random, selector: string, domain: string, keys: Record<string, string>): TestKey {
  const key = random.chance(0.02)
    ? ed25519
    : random.chance(0.02)
      ? random.pick(weakKeys)
      : random.pick([rsa1024, rsa1024, rsa1024, rsa2048]);
  const record = random.chance(0.8)
    ? `v=DKIM1; k=${key.type}; p=${key.publicText}`
    : randomRecord(random, key);
  keys[`${selector}._domainkey.${domain}`] = record;
  return key;
}

function randomResults(random: Random): string {
  return random.pick([
    " mx.example.org; spf=pass smtp.mailfrom=a@b.example; dkim=pass header.i=@b.example; dmarc=pass",
    " mx.example.org 1;\r\n\tspf=fail (not\r\n  permitted) smtp.remote-ip=192.0.2.1;\r\n arc=pass",
    "mx;none",
    " \xe3\x81\x82; spf=pass",
    ' "broken; (dkim',
    "",
  ]);
}

function randomSignedNames(random: Random): string[] {
  const names = random.chance(0.97) ? ["From"] : [];
  const more = ["To", "Subject", "Date", "Received", "X-One", "Missing", "to", "DKIM-Signature", "Comments"];
  for (let count = 1 + random.integer(6); count > 0; count--)
    names.splice(random.integer(names.length + 1), 0, random.pick(more));
  if (random.chance(0.06))
    names.push(
      random.pick([
        "ARC-Authentication-Results",
        "arc-message-signature",
        "arc-seal",
        "from",
        "",
        "ARC-Seal",
      ]),
    );
  return names;
}

function messageTags(random: Random): SealTags {
  return {
    ...(random.chance(0.2) && { t: String(now + random.pick([-day, -1, 60])) }),
    ...(random.chance(0.08) && { x: String(now + random.pick([day, 3600, -3600, -2 * day])) }),
    ...(random.chance(0.05) && { q: random.pick(["dns/txt", "x"]) }),
    ...(random.chance(0.05) && { v: random.pick(["1", "2"]) }),
    ...(random.chance(0.05) && { xx: random.pick(["", "a = b"]) }),
    ...(random.chance(0.04) && { l: random.pick(["0", "1", "99999", "5"]) }),
    ...(random.chance(0.03) && { c: random.pick([undefined, "relaxed", "x/y", ""]) }),
    ...(random.chance(0.02) && { [random.pick(["a", "bh", "h", "b"])]: undefined }),
  };
}

function sealTags(random: Random): SealTags {
  return {
    ...(random.chance(0.3) && { t: String(now + random.pick([-day, -1, 60])) }),
    ...(random.chance(0.05) && { xx: random.pick(["", "a = b"]) }),
    ...(random.chance(0.04) && {
      [random.pick(["c", "h", "l", "x", "bh", "v", "q"])]: random.pick(["", "from", "1"]),
    }),
    ...(random.chance(0.02) && { [random.pick(["a", "b"])]: undefined }),
  };
}

// ---------------------------------------------------------------- on the way

/** What breaks the older message signatures and not the chain. */
function asListsDo(random: Random, message: string, done: string[]): string {
  done.push("as lists do");
  const end = message.indexOf("\r\n\r\n");
  return random.pick([
    () => `${message}-- \r\nThe list\r\n`,
    () => `X-One: list\r\n${message}`,
    () => message.slice(0, end).replace(/^Subject:/im, "Subject: [list]") + message.slice(end),
    () => `Received: from list\r\n${message}`,
  ])();
}

function mutateChain(random: Random, message: string, done: string[]): string {
  const end = message.indexOf("\r\n\r\n");
  if (end < 0) return message;
  const fields = message.slice(0, end).split(/\r\n(?![ \t])/);
  const places = [...fields.keys()].filter((index) => /^arc-/i.test(fields[index] ?? ""));
  if (places.length === 0) return message;
  const at = random.pick(places);
  const field = fields[at] ?? "";
  const kind = random.pick(["drop", "double", "top", "instance", "octet", "cv"] as const);
  done.push(`${kind} ${field.slice(0, 40)}`);
  switch (kind) {
    case "drop":
      fields.splice(at, 1);
      break;
    case "double":
      fields.splice(at, 0, field);
      break;
    case "top":
      fields.splice(at, 1);
      fields.unshift(field);
      break;
    case "instance":
      fields[at] = field.replace(
        /(\bi=)\d+/,
        (_, name: string) => name + random.pick(["1", "2", "3", "02", "0", "", "51", "1 "]),
      );
      break;
    case "octet": {
      const place = random.integer(field.length);
      fields[at] =
        field.slice(0, place) + random.pick(["x", " ", ";", "="]) + field.slice(place + random.integer(2));
      break;
    }
    case "cv":
      fields[at] = field.replace(/\bcv=\w+/, `cv=${random.pick(["none", "pass", "fail"])}`);
      break;
  }
  return fields.join("\r\n") + message.slice(end);
}
