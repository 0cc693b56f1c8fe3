import type { Canonicalization } from "../../src/core/dkim/signature.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../../test/dkim-test-keys.ts";
import { referenceBody } from "../../test/reference-canonicalization.ts";
import { signatureField } from "../../test/sign-message.ts";
import type { Random } from "./random.ts";

/** A message with keys, to be verified at a time. */
export interface DkimDifferentialCase {
  readonly id: number;
  /** One octet a character, CRLF line ends (but for what a mutation did). */
  readonly message: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** One TXT record a name, in lower case. */
  readonly keys: Readonly<Record<string, string>>;
  /** What was done to the message and its key after signing. */
  readonly mutations: readonly string[];
}

const now = 1_700_000_000;
const day = 86_400;
const rsa1024 = rsaTestKey(1024);
const rsa2048 = rsaTestKey(2048);
const weakKeys = [rsaTestKey(512), rsaTestKey(1016)];
const ed25519 = ed25519TestKey(7);

export function randomCase(random: Random, id: number): DkimDifferentialCase {
  const header = randomHeader(random);
  const body = randomBody(random);
  const keys: Record<string, string> = {};
  let message = `${header}\r\n${body}`;
  for (let count = random.chance(0.1) ? 2 : 1; count > 0; count--) {
    const selector = `s${count}`;
    const signed = signOnce(random, message, selector);
    message = signed.message;
    keys[`${selector}._domainkey.example.com`] = signed.record;
  }
  const mutations: string[] = [];
  if (random.chance(0.6)) {
    for (let count = 1 + random.integer(2); count > 0; count--) message = mutate(random, message, mutations);
    if (random.chance(0.15)) mutateKeys(random, keys, mutations);
  }
  return { id, message, now, keys, mutations };
}

// ---------------------------------------------------------------- messages

const words = [
  "Hi",
  "dinner",
  "ready?",
  "<joe@example.com>",
  "=?utf-8?q?x?=",
  "a;b=c",
  "\xe3\x81\x82",
  "\xff",
  ":",
];
const gaps = [" ", " ", " ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  \t"];

function randomValue(random: Random): string {
  if (random.chance(0.05)) return random.pick(["", " ", "  \t"]);
  if (random.chance(0.03)) return ` ${"x".repeat(900)}`;
  let value = random.pick([" ", " ", " ", "", "\t", "\r\n "]);
  for (let count = 1 + random.integer(6); count > 0; count--) value += random.pick(words) + random.pick(gaps);
  return random.chance(0.8) ? `${value}end` : `${value}end${random.pick([" ", "\t", "  "])}`;
}

export function randomHeader(random: Random): string {
  const names = ["From", "To", "Subject", "Date"];
  for (let count = random.integer(5); count > 0; count--)
    names.splice(
      random.integer(names.length + 1),
      0,
      random.chance(0.05) ? "from" : random.pick(["Received", "Received", "X-One", "To", "Cc", "Comments"]),
    );
  return names.map((name) => `${randomLetterCase(random, name)}:${randomValue(random)}\r\n`).join("");
}

function randomLetterCase(random: Random, name: string): string {
  if (random.chance(0.9)) return name;
  return random.chance(0.5) ? name.toUpperCase() : name.toLowerCase();
}

const lines = [
  "",
  "",
  " ",
  "\t ",
  "Hi.",
  "We lost  the game.",
  "trailing \t",
  "  leading",
  "\ttab\tinside",
  ".",
  "\xe3\x81\x82\xff\x00",
  "-- ",
];

export function randomBody(random: Random): string {
  if (random.chance(0.05)) return random.pick(["", "\r\n", "\r\n\r\n", " ", " \r\n", "\r\n \r\n", "x"]);
  const chosen: string[] = [];
  for (let count = 1 + random.integer(8); count > 0; count--)
    chosen.push(random.chance(0.04) ? "y".repeat(3000) : random.pick(lines));
  return chosen.join("\r\n") + random.pick(["\r\n", "\r\n", "\r\n", "", "\r\n\r\n\r\n", "\r\n \r\n", " "]);
}

// ---------------------------------------------------------------- signatures

const forms: readonly Canonicalization[] = ["simple", "relaxed"];

function signOnce(random: Random, message: string, selector: string): { message: string; record: string } {
  const end = message.indexOf("\r\n\r\n") + 2;
  const header = message.slice(0, end);
  const body = message.slice(end + 2);
  const key = randomKey(random);
  const canonicalization = [random.pick(forms), random.pick(forms)] as const;
  const hash = key.type === "rsa" && random.chance(0.03) ? "sha1" : "sha256";
  const signed = randomSignedNames(random);
  const bodyLength = randomLength(random, referenceBody(body, canonicalization[1]).length);
  const tags = new Map<string, string>([
    ["v", "1"],
    ["a", `${key.type}-${hash}`],
    ["c", canonicalizationTag(random, canonicalization)],
    ["d", random.pick(["example.com", "example.com", "Example.COM"])],
    ["s", selector],
    ["h", signed.join(random.pick([":", ":", " : ", ":\r\n\t", "\r\n :"]))],
    ["bh", random.pick(["{bh}", "{bh}", "\r\n {bh} "])],
    ["b", "{b}"],
  ]);
  if (bodyLength !== undefined) tags.set("l", String(bodyLength));
  addOptionalTags(random, tags);
  const field = signatureField({
    header,
    body,
    key,
    canonicalization,
    signed,
    hash,
    layout: layoutOf(random, tags),
    fieldName: random.pick([
      "DKIM-Signature",
      "DKIM-Signature",
      "DKIM-Signature",
      "dkim-signature",
      "Dkim-Signature",
    ]),
    ...(bodyLength === undefined ? {} : { bodyLength }),
    ...(random.chance(0.5) ? { fold: random.pick(["\r\n\t", " ", "\r\n  ", "\t"]) } : {}),
  });
  return { message: field + message, record: randomRecord(random, key) };
}

function randomKey(random: Random): TestKey {
  if (random.chance(0.2)) return ed25519;
  if (random.chance(0.03)) return random.pick(weakKeys);
  return random.chance(0.2) ? rsa2048 : rsa1024;
}

function randomSignedNames(random: Random): string[] {
  const names = ["From"];
  const more = [
    "To",
    "Subject",
    "Date",
    "Received",
    "received",
    "X-One",
    "Cc",
    "from",
    "Missing",
    "to",
    "Comments",
  ];
  for (let count = random.integer(7); count > 0; count--)
    names.splice(random.integer(names.length + 1), 0, random.pick(more));
  if (random.chance(0.04)) names.push("DKIM-Signature");
  if (random.chance(0.02)) return names.filter((name) => name.toLowerCase() !== "from").concat("To");
  return names;
}

function randomLength(random: Random, octets: number): number | undefined {
  if (random.chance(0.85)) return undefined;
  return random.pick([octets, octets, Math.max(octets - 1, 0), octets + 1, 0, random.integer(octets + 1)]);
}

function canonicalizationTag(
  random: Random,
  [header, body]: readonly [Canonicalization, Canonicalization],
): string {
  if (body === "simple" && random.chance(0.2)) return header;
  return `${header}/${body}`;
}

function addOptionalTags(random: Random, tags: Map<string, string>): void {
  if (random.chance(0.3)) tags.set("t", String(now + random.pick([-day, -1, 60, 2 * day])));
  if (random.chance(0.2)) tags.set("x", String(now + random.pick([day, day, 3600, -3600, -day, -2 * day])));
  if (random.chance(0.15)) tags.set("q", random.pick(["dns/txt", "dns/txt", "dns/txt:x", "x", "dns"]));
  if (random.chance(0.2))
    tags.set(
      "i",
      random.pick([
        "@example.com",
        "joe@example.com",
        "joe@a.example.com",
        "joe=2Bx@example.com",
        "joe@example.net",
      ]),
    );
  if (random.chance(0.1)) tags.set("xx", random.pick(["", "unknown", "a = b"]));
  if (random.chance(0.05)) tags.set("z", "From:joe|To:x");
  if (random.chance(0.02)) tags.delete(random.pick(["v", "a", "c", "d", "s", "bh"]));
}

function layoutOf(random: Random, tags: ReadonlyMap<string, string>): string {
  const entries = [...tags];
  if (random.chance(0.3)) entries.sort(() => random.integer(3) - 1);
  const separator = random.pick(["; ", "; ", ";", ";\r\n\t", " ;\r\n  ", ";\t"]);
  const equals = random.chance(0.9) ? "=" : random.pick([" = ", " =", "=\t", "\r\n ="]);
  const text = entries.map(([name, value]) => `${name}${equals}${value}`).join(separator);
  return (
    random.pick([" ", " ", "", "\r\n\t"]) +
    text +
    random.pick(["", "", "", "", "", ";", ";", ";", "; ", ";\r\n "])
  );
}

export function randomRecord(random: Random, key: TestKey): string {
  const tags: string[] = [];
  if (random.chance(0.8)) tags.push("v=DKIM1");
  if (key.type === "ed25519" || random.chance(0.6)) tags.push(`k=${key.type}`);
  if (random.chance(0.1)) tags.push(random.pick(["h=sha256", "h=sha1:sha256", "h=sha1", "h=sha256:sha512"]));
  if (random.chance(0.1)) tags.push(random.pick(["s=email", "s=*", "s=other", "s=other:email"]));
  if (random.chance(0.1)) tags.push(random.pick(["t=y", "t=s", "t=y:s", "t=x"]));
  if (random.chance(0.1)) tags.push(random.pick(["n=a note", "g=*", "xx="]));
  const text = random.chance(0.02)
    ? ""
    : key.type === "rsa" && random.chance(0.05)
      ? key.pkcs1Text
      : key.publicText;
  tags.push(`p=${random.chance(0.1) ? text.replace(/(.{20})/g, "$1 ") : text}`);
  return tags.join(random.pick(["; ", ";", " ; "])) + random.pick(["", "", ";", "; "]);
}

// ---------------------------------------------------------------- mutations

const intruders = [
  " ",
  "\t",
  "\r\n",
  "\r\n ",
  "\n",
  "\r",
  "x",
  ";",
  "=",
  ":",
  "\0",
  "\xff",
  "\x0b",
  "  ",
  "b=",
  "From:",
];

export function mutate(random: Random, message: string, done: string[]): string {
  const kind = random.pick([
    "flip",
    "insert",
    "insert",
    "delete",
    "blank",
    "append",
    "above",
    "swap",
    "case",
  ] as const);
  const end = message.indexOf("\r\n\r\n");
  const at = random.chance(0.5) ? random.integer(Math.max(end, 1)) : random.integer(message.length);
  done.push(`${kind} at ${at}`);
  switch (kind) {
    case "flip":
      return replaceAt(
        message,
        at,
        1,
        String.fromCharCode(message.charCodeAt(at) ^ (1 << random.integer(8))),
      );
    case "insert":
      return replaceAt(message, at, 0, random.pick(intruders));
    case "delete":
      return replaceAt(message, at, 1 + random.integer(3), "");
    case "blank": {
      // Where white space stands already: canonicalization decides.
      const blank = message.indexOf(" ", at);
      return blank < 0 ? message : replaceAt(message, blank, 0, random.pick([" ", "\t", "\r\n"]));
    }
    case "append":
      return message + random.pick(["\r\n", "\r\n\r\n", " \r\n", "more\r\n", "more", " ", "\t"]);
    case "above":
      return (
        random.pick(["To: x\r\n", "From: evil@example.org\r\n", "X-One: y\r\n", "Received: z\r\n"]) + message
      );
    case "swap":
      return swapFields(random, message);
    case "case":
      return replaceAt(message, at, 1, otherCase(message[at] ?? ""));
  }
}

function replaceAt(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

function otherCase(letter: string): string {
  return /[a-z]/.test(letter) ? letter.toUpperCase() : /[A-Z]/.test(letter) ? letter.toLowerCase() : letter;
}

function swapFields(random: Random, message: string): string {
  const end = message.indexOf("\r\n\r\n");
  if (end < 0) return message;
  const fields = message.slice(0, end).split(/\r\n(?![ \t])/);
  const at = random.integer(Math.max(fields.length - 1, 1));
  const [first, second] = fields.splice(at, 2);
  if (first === undefined || second === undefined) return message;
  fields.splice(at, 0, second, first);
  return `${fields.join("\r\n")}${message.slice(end)}`;
}

export function mutateKeys(random: Random, keys: Record<string, string>, done: string[]): void {
  for (const [name, text] of Object.entries(keys)) {
    const at = random.integer(text.length);
    if (random.chance(0.1)) {
      delete keys[name];
      done.push(`key ${name} removed`);
    } else {
      done.push(`key ${name} changed at ${at}`);
      const removed = random.integer(2);
      keys[name] = replaceAt(text, at, removed, random.pick(["", ";", " ", "A", "=", "v=DKIM1;", "\\", '"']));
    }
  }
}
