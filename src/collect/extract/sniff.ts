import { isGzip, isZlib } from "./gzip.ts";
import { isTar } from "./tar.ts";
import { isZip } from "./zip.ts";

/** What octets are, by their look and nothing else. */
export type Sniffed =
  | {
      readonly kind: "gzip" | "zip" | "tar" | "zlib" | "xml" | "json" | "mail" | "mbox" | "empty" | "other";
      readonly from: number;
    }
  | { readonly kind: "base64"; readonly from: number };

/** Blank space, or a line of something else, may stand before the content. */
const lookWithin = 1024;

export function sniff(octets: Buffer): Sniffed {
  const from = contentStart(octets);
  const content = octets.subarray(from);
  if (content.length === 0) return { kind: "empty", from };
  if (isGzip(content)) return { kind: "gzip", from };
  if (isZip(content)) return { kind: "zip", from };
  if (isTar(octets)) return { kind: "tar", from: 0 };
  const text = textStart(content);
  if (/^<|^&lt;[?a-z!]/i.test(text)) return { kind: "xml", from };
  if (/^\s{0,50}\{\s{0,50}["}]/.test(text)) return { kind: "json", from };
  if (text.startsWith("From ")) return { kind: "mbox", from };
  if (isMail(content)) return { kind: "mail", from };
  if (isZlib(content)) return { kind: "zlib", from };
  if (isBase64(text)) return { kind: "base64", from };
  const archive = archiveWithin(octets);
  if (archive !== undefined) return { kind: archive, from: archiveAt(octets) ?? from };
  return { kind: isReportWithin(content) ? "xml" : "other", from };
}

/** A report behind some lines of text. */
function isReportWithin(content: Buffer): boolean {
  const start = content.toString("latin1", 0, lookWithin);
  return /<\?xml\s/.test(start) || /<(?:[\w.-]{1,40}:)?feedback[\s>]/.test(start);
}

function contentStart(octets: Buffer): number {
  let at = 0;
  while (at < octets.length && at < lookWithin && isBlank(octets[at] ?? 0)) at += 1;
  return at;
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || (octet >= 0x09 && octet <= 0x0d) || octet === 0;
}

/** As 8-bit text; UTF-16 and byte order marks are taken off. */
function textStart(content: Buffer): string {
  const start = content.subarray(0, 512);
  const plain = start.filter((octet) => octet !== 0);
  return Buffer.from(plain)
    .toString("latin1")
    .replace(/^(?:ÿþ|þÿ|ï»¿)/, "")
    .trimStart();
}

/** A header of fields, of which one is of those that every mail has. Much other text begins with a word and a colon. */
function isMail(content: Buffer): boolean {
  const head = content.toString("latin1", 0, mailHeadOctets).replace(/^\xef\xbb\xbf/, "");
  if (!/^[A-Za-z][!-9;-~]{0,76}[ \t]{0,3}:/.test(head)) return false;
  const end = /\r?\n\r?\n/.exec(head)?.index ?? head.length;
  return mailField.test(head.slice(0, end));
}

const mailHeadOctets = 32 * 1024;
const mailField =
  /^(?:from|to|date|subject|received|return-path|message-id|mime-version|content-type|delivered-to)[ \t]{0,3}:/im;

/** Of at least three lines' worth of nothing but base64, which begins as what reports come in. */
function isBase64(text: string): boolean {
  return (
    /^(?:H4sI|UEsD|PD94|PGZl|PD9Y|77u|eJ|eyJ|ewo)[A-Za-z0-9+/=\r\n]{20}/.test(text) &&
    !/[^A-Za-z0-9+/=\s]/.test(text)
  );
}

/** Octets that do not belong there may stand before an archive. */
function archiveAt(octets: Buffer): number | undefined {
  const start = octets.subarray(0, lookWithin);
  for (let at = 0; at < start.length; at++)
    if (isGzip(octets, at) || isZip(octets.subarray(at, at + 4))) return at;
  return undefined;
}

function archiveWithin(octets: Buffer): "gzip" | "zip" | undefined {
  const at = archiveAt(octets);
  if (at === undefined) return undefined;
  return isGzip(octets, at) ? "gzip" : "zip";
}
