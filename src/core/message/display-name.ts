import { isUtf8 } from "node:buffer";

/** Longer is the name of no charset. */
const maxCharsetLength = 40;
/** RFC 2047 §2: 75 characters, of which real mailers make more. */
const maxWordLength = 1000;
/** Characters of a name that are looked at: nobody reads more. */
const maxNameLength = 10_000;

/** Names of charsets that mail uses and the WHATWG does not know, for those it knows. */
const charsetAliases: Readonly<Record<string, string>> = {
  cp932: "shift_jis",
  "iso-2022-jp-1": "iso-2022-jp",
  "iso-2022-jp-2": "iso-2022-jp",
  "iso-2022-jp-ms": "iso-2022-jp",
  cp50220: "iso-2022-jp",
  cp50221: "iso-2022-jp",
  "eucjp-ms": "euc-jp",
  "eucjp-win": "euc-jp",
  cp51932: "euc-jp",
};

interface EncodedWord {
  readonly charset: string;
  readonly encoding: "b" | "q";
  readonly content: string;
  readonly end: number;
}

/**
 * The text of a display name for showing: encoded words decoded (RFC 2047 §6.2), raw octets read as the one Japanese
 * charset that they can be, what controls or hides text taken out, runs of white space one blank.
 *
 * Words of one charset and encoding that follow each other are decoded together, as many mailers cut characters in two
 * there, against §5. What cannot be decoded is left out. Linear; never throws.
 * @param name As `Mailbox.displayName`.
 * @param octets Whether each of its characters is an octet, as when the field was no UTF-8.
 * @returns undefined when nothing readable is left.
 */
export function decodeDisplayName(name: string, octets: boolean = false): string | undefined {
  const bounded = name.slice(0, maxNameLength);
  const pieces: string[] = [];
  let from = 0;
  let run: { readonly word: EncodedWord; readonly octets: Buffer[] } | undefined;
  const endRun = (): void => {
    if (run !== undefined) pieces.push(decodeCharset(Buffer.concat(run.octets), run.word.charset));
    run = undefined;
  };
  for (let at = bounded.indexOf("=?"); at >= 0; at = bounded.indexOf("=?", at)) {
    const word = encodedWordAt(bounded, at);
    if (word === undefined) {
      at += 2;
      continue;
    }
    const between = bounded.slice(from, at);
    // §6.2: white space between two encoded words is no part of the text.
    const adjacent = run !== undefined && between.trim() === "";
    if (!adjacent || !isSameCode(run?.word, word)) endRun();
    if (!adjacent) pieces.push(readRaw(between, octets));
    run ??= { word, octets: [] };
    run.octets.push(contentOctets(word));
    from = word.end;
    at = word.end;
  }
  endRun();
  pieces.push(readRaw(bounded.slice(from), octets));
  const shown = showable(pieces.join(""));
  return shown === "" ? undefined : shown;
}

function isSameCode(a: EncodedWord | undefined, b: EncodedWord): boolean {
  return a?.charset === b.charset && a.encoding === b.encoding;
}

function encodedWordAt(text: string, at: number): EncodedWord | undefined {
  const head = text.slice(at + 2, at + 2 + maxCharsetLength + 3);
  const mark = head.indexOf("?");
  const encoding = head.charAt(mark + 1).toLowerCase();
  if (mark < 1 || (encoding !== "b" && encoding !== "q") || head.charAt(mark + 2) !== "?") return undefined;
  const start = at + 2 + mark + "?b?".length;
  const window = text.slice(start, start + maxWordLength);
  const end = window.indexOf("?=");
  if (end < 0) return undefined;
  // RFC 2231 §5: a language may follow the charset.
  const charset = (head.slice(0, mark).split("*", 1)[0] ?? "").toLowerCase();
  return { charset, encoding, content: window.slice(0, end), end: start + end + "?=".length };
}

function contentOctets({ content, encoding }: EncodedWord): Buffer {
  if (encoding === "b") return Buffer.from(content, "base64");
  const text = content
    .replaceAll("_", " ")
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}

function decodeCharset(octets: Buffer, charset: string): string {
  try {
    return new TextDecoder(charsetAliases[charset] ?? charset).decode(octets);
  } catch {
    // A charset that nobody knows, or one that is stated wrongly.
    return readRaw(octets.toString("latin1"), true);
  }
}

/** How a text in ISO-2022-JP leaves ASCII. */
const escapeTo = "\u001b$";

/** Octets that are no ASCII are read as UTF-8, or as the one of the Japanese charsets that they fit. */
function readRaw(text: string, octets: boolean): string {
  if (text.includes(escapeTo)) return new TextDecoder("iso-2022-jp").decode(Buffer.from(text, "latin1"));
  if (!octets || !/[\u0080-\u00ff]/.test(text)) return text;
  const raw = Buffer.from(text, "latin1");
  if (isUtf8(raw)) return raw.toString("utf8");
  const readings = ["shift_jis", "euc-jp"].flatMap((charset) => strictly(raw, charset) ?? []);
  return readings.length === 1 ? (readings[0] as string) : text.replaceAll(/[\u0080-\u00ff]/g, "\ufffd");
}

function strictly(octets: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(octets);
  } catch {
    return undefined;
  }
}

/**
 * Without controls, characters that turn the reading direction or are not seen, and halves of characters. U+200C and
 * U+200D stay: words and pictures are made with them.
 */
function showable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]/gu, " ")
    .replaceAll(/[\p{Co}\p{Cn}\ufffd]|(?![\u200c\u200d])\p{Cf}/gu, "")
    .split(" ")
    .filter((word) => word !== "")
    .join(" ");
}

/** The first characters of a text, none of them without the marks that belong to it. */
export function shortened(text: string, maxCharacters: number): string {
  const characters = [...text];
  if (characters.length <= maxCharacters) return text;
  let end = maxCharacters;
  while (end > 0 && /^(?:\p{M}|\u200d)$/u.test(characters[end] ?? "")) end -= 1;
  return characters.slice(0, end).join("").trimEnd();
}

// ---------------------------------------------------------------- writing

/** RFC 2047 §2: characters of a line with an encoded word, and of the word. */
const maxLine = 76;
const maxWord = 75;
const wordFrame = "=?UTF-8?B??=".length;

/**
 * A mailbox with its name as RFC 5322 §3.4 has it, folded with LF and a blank: the name as atoms or a quoted string
 * where it is ASCII, else as encoded words in UTF-8 that hold whole characters only (RFC 2047 §5).
 * @param taken Characters before it on its first line.
 */
export function formatMailbox(
  mailbox: { readonly displayName?: string; readonly localPart: string; readonly domain: string },
  taken: number,
): string {
  const address = formatAddrSpec(mailbox);
  if (mailbox.displayName === undefined || mailbox.displayName === "") return address;
  const lines = phraseLines(mailbox.displayName, taken);
  const last = lines.at(-1) ?? "";
  const used = lines.length === 1 ? taken + last.length : 1 + last.length;
  const gap = used + 1 + address.length + 2 <= maxLine ? " " : "\n ";
  return `${lines.join("\n ")}${gap}<${address}>`;
}

/** addr-spec, RFC 5322 §3.4.1: a local part that is no dot-atom is quoted. */
export function formatAddrSpec({
  localPart,
  domain,
}: {
  readonly localPart: string;
  readonly domain: string;
}): string {
  return `${localPart.split(".").every(isAtom) ? localPart : quoted(localPart)}@${domain}`;
}

/** RFC 5322 §3.2.3, RFC 6532 §3.2. */
function isAtom(text: string): boolean {
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+$/u.test(text);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, "\\$&")}"`;
}

function phraseLines(name: string, taken: number): readonly string[] {
  const ascii = /^[ -~]*$/.test(name) && !name.includes("=?");
  return ascii ? wordLines(asciiPhrase(name), taken) : encodedWords(name, taken);
}

function asciiPhrase(name: string): string {
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*$/.test(name) ? name : quoted(name);
}

/** Broken at blanks, which in a quoted string are white space that folds as well (RFC 5322 §3.2.4). */
function wordLines(phrase: string, taken: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of phrase.split(" ")) {
    const room = maxLine - (lines.length === 0 ? taken : 1);
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function encodedWords(name: string, taken: number): readonly string[] {
  const words: string[] = [];
  let octets: Buffer[] = [];
  let length = 0;
  const end = (): void => {
    words.push(`=?UTF-8?B?${Buffer.concat(octets).toString("base64")}?=`);
    octets = [];
    length = 0;
  };
  for (const character of name) {
    const next = Buffer.from(character, "utf8");
    const width = words.length === 0 ? Math.min(maxWord, maxLine - taken) : maxWord;
    const room = Math.floor((width - wordFrame) / 4) * 3;
    if (length > 0 && length + next.length > room) end();
    octets.push(next);
    length += next.length;
  }
  end();
  return words;
}
