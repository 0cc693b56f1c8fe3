import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SignatureCanonicalization } from "../../src/core/dkim/sign.ts";
import { createSigningKey, type SigningKey } from "../../src/core/dkim/signing-key.ts";
import { ed25519TestKey, rsaTestKey, type TestKey } from "../../test/dkim-test-keys.ts";
import type { Random } from "./random.ts";

/** A message to be signed and then verified by everybody. */
export interface SignDifferentialCase {
  readonly id: number;
  /** One octet a character, CRLF line ends. */
  readonly header: string;
  readonly body: string;
  readonly key: SigningKey;
  readonly canonicalization: SignatureCanonicalization;
  readonly identity?: { readonly localPart: string; readonly domain: string };
  readonly expiresAfter?: number;
}

const rsa = rsaTestKey(2048);
const ed25519 = ed25519TestKey(11);
/** The keys of all cases, as they are published. */
export const publishedKeys: Readonly<Record<string, string>> = {
  "s1._domainkey.example.jp": `v=DKIM1; k=rsa; p=${rsa.publicText}`,
  "e1._domainkey.example.jp": `v=DKIM1; k=ed25519; p=${ed25519.publicText}`,
};
export const signingKeys: readonly SigningKey[] = [makeKey(rsa, "s1"), makeKey(ed25519, "e1")];

function makeKey({ privateKey }: TestKey, selector: string): SigningKey {
  const made = createSigningKey({ domain: "example.jp", selector, privateKey });
  if (made.kind !== "key") throw new Error(made.problem);
  return made.key;
}

const forms = ["relaxed", "simple"] as const;
/** Every algorithm with every canonicalization, in turn. */
const styles = signingKeys.flatMap((key) =>
  forms.flatMap((header) => forms.map((body) => ({ key, canonicalization: { header, body } }))),
);

export function randomSignCase(random: Random, id: number): SignDifferentialCase {
  const style = styles[id % styles.length] as (typeof styles)[number];
  return {
    id,
    header: randomHeader(random, id),
    body: randomBody(random),
    ...style,
    ...(random.chance(0.2) && {
      identity: {
        localPart: random.pick(["", "taro", "a+b", "x.y"]),
        domain: random.pick(["example.jp", "lab.example.jp"]),
      },
    }),
    ...(random.chance(0.3) && { expiresAfter: random.pick([3600, 86_400]) }),
  };
}

/** Of larger ones the other programs make a pause. */
const maxCorpusOctets = 1024 * 1024;

/**
 * The messages of a corpus of the neutral harness (`msgs/*.eml`), each in every algorithm and canonicalization, as if they were
 * to be signed for the first time.
 */
export function corpusSignCases(folder: string): readonly SignDifferentialCase[] {
  const cases: SignDifferentialCase[] = [];
  for (const file of readdirSync(join(folder, "msgs")).sort()) {
    const message = readFileSync(join(folder, "msgs", file)).toString("latin1");
    const end = message.indexOf("\r\n\r\n");
    if (end < 0 || message.length > maxCorpusOctets) continue;
    const header = unsigned(message.slice(0, end + 2));
    for (const style of styles)
      cases.push({ id: cases.length, header, body: message.slice(end + 4), ...style });
  }
  return cases;
}

function unsigned(header: string): string {
  const fields = header.split(/(?<=\r\n)(?![ \t])/);
  return fields.filter((field) => !/^(?:dkim-signature|arc-[a-z-]+):/i.test(field)).join("");
}

const subjects = [
  "Hi",
  "=?UTF-8?B?44GT44KT44Gr44Gh44Gv?=",
  "=?UTF-8?B?44GT44KT44Gr44Gh44Gv44CB5LiW55WM?=\r\n =?UTF-8?B?44Gu55qG44GV44KT?=",
  "a  b \t c",
  "folded\r\n\tonce\r\n and again",
  "\xe3\x81\x93\xe3\x82\x93",
  "trailing  ",
  ": ; = ,",
];
const optional = [
  "Cc: Hanako <hanako@example.com>,\r\n\tJiro\r\n\t <jiro@example.com>",
  "Reply-To: taro@example.jp",
  "Sender: office@example.jp",
  "In-Reply-To: <0@example.com>",
  "References: <0@example.com>\r\n <00@example.com>",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=utf-8;\r\n\tformat=flowed",
  "Content-Transfer-Encoding: 8bit",
  "List-Id: <list.example.jp>",
  "List-Unsubscribe: <mailto:x@example.jp>",
  "Received: from a (b [192.0.2.1])\r\n\tby c; Sat, 31 Oct 2026 09:00:00 +0000",
  "Received: from d by e; Sat, 31 Oct 2026 09:00:00 +0000",
  "X-Mailer: none",
  `X-Long: ${"y".repeat(900)}`,
];

function randomHeader(random: Random, id: number): string {
  const fields = [
    random.pick(["From: Taro <taro@example.jp>", "from:taro@example.jp", "FROM:  taro@lab.example.jp  "]),
    random.pick([
      "To: b@example.com",
      "To:\r\n b@example.com,\r\n c@example.com",
      "to: undisclosed-recipients:;",
    ]),
    `Subject:${random.pick([" ", "", "  ", "\t"])}${random.pick(subjects)}`,
    "Date: Sat, 31 Oct 2026 18:00:00 +0900",
    `Message-ID: <${id}@example.jp>`,
  ];
  for (const field of optional)
    if (random.chance(0.25)) fields.splice(random.integer(fields.length + 1), 0, field);
  return fields.map((field) => `${field}\r\n`).join("");
}

const lines = [
  "",
  "",
  "Hi.",
  "a  b\tc ",
  "trailing \t ",
  "  leading",
  " ",
  "\t",
  ".",
  "..dots",
  "-- ",
  "From here",
  "\xe3\x81\x93\xe3\x82\x93\xe3\x81\xab\xe3\x81\xa1\xe3\x81\xaf",
  "\xa0\xff",
  "x".repeat(998),
];

function randomBody(random: Random): string {
  if (random.chance(0.1)) return random.pick(["", "\r\n", "\r\n\r\n\r\n", " \r\n", "\t\r\n \r\n\r\n"]);
  if (random.chance(0.05)) return `${"long line ".repeat(random.integer(800))}\r\n`;
  let body = "";
  for (let count = 1 + random.integer(20); count > 0; count--) body += `${random.pick(lines)}\r\n`;
  return body + random.pick(["", "", "\r\n", "\r\n\r\n\r\n"]);
}
