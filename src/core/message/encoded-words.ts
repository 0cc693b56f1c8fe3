import { decodeOctets } from "./authres-scanner.ts";

/** Longer is the name of no charset. */
const maxCharsetLength = 200;

/** Where the content of an encoded word stands, and what it is encoded in. */
interface EncodedWord {
  readonly charset: string;
  readonly encoding: "b" | "q";
  readonly contentStart: number;
  readonly contentEnd: number;
}

/**
 * Decodes the encoded words of RFC 2047 §2 as lenient readers do: wherever they stand, whatever their length, with white
 * space and question marks inside, put together over white space between them. Not for display: for seeing what others
 * might see.
 * @param value Octets of a field value, one per character.
 * @returns undefined when there is no encoded word. Linear in the length of `value`.
 */
export function decodeEncodedWords(value: string): string | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let at = value.indexOf("=?"); at >= 0; ) {
    const word = encodedWordAt(value, at);
    if (word === "no-end") break;
    if (word !== undefined) {
      const between = value.slice(from, at);
      // §6.2: white space between two encoded words is no part of the text.
      if (parts.length === 0 || /[^ \t\r\n]/.test(between)) parts.push(decodeOctets(between));
      parts.push(decodeContent(value.slice(word.contentStart, word.contentEnd), word));
      from = word.contentEnd + "?=".length;
    }
    at = value.indexOf("=?", word === undefined ? at + 2 : from);
  }
  return parts.length === 0 ? undefined : parts.join("") + decodeOctets(value.slice(from));
}

/** "no-end" when here and further on no encoded word can end. */
function encodedWordAt(value: string, at: number): EncodedWord | "no-end" | undefined {
  const head = value.slice(at + 2, at + 2 + maxCharsetLength);
  const charsetEnd = head.indexOf("?");
  const encoding = head.charAt(charsetEnd + 1).toLowerCase();
  if (charsetEnd < 0 || (encoding !== "b" && encoding !== "q") || head.charAt(charsetEnd + 2) !== "?")
    return undefined;
  const contentStart = at + 2 + charsetEnd + "?b?".length;
  const contentEnd = value.indexOf("?=", contentStart);
  if (contentEnd < 0) return "no-end";
  return { charset: head.slice(0, charsetEnd), encoding, contentStart, contentEnd };
}

function decodeContent(content: string, { charset, encoding }: EncodedWord): string {
  const octets = encoding === "b" ? Buffer.from(content, "base64") : decodeQ(content);
  try {
    // RFC 2231 §5: a language may follow the charset.
    return new TextDecoder(charset.replace(/\*.*$/s, "")).decode(octets);
  } catch {
    return decodeOctets(octets.toString("latin1"));
  }
}

function decodeQ(content: string): Buffer {
  const text = content
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll("_", " ");
  return Buffer.from(text, "latin1");
}
