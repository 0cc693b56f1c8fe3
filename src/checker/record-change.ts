import type { RecordChange } from "../findings/finding.ts";

/** RFC 1035 §3.3: what one character-string holds. */
const maxStringOctets = 255;

/** One TXT record to put in, the text (one character per octet) cut into strings where it is long. */
export function addTxt(name: string, text: string): RecordChange {
  return { action: "add", name, type: "TXT", data: txtData(text) };
}

/** One TXT record to take out, with its strings as they are published. */
export function removeTxt(name: string, strings: readonly string[]): RecordChange {
  return { action: "remove", name, type: "TXT", data: strings.map(quoted).join(" ") };
}

/** Any other record; a name within `data` is written with its final dot. */
export function addRecord(name: string, type: string, data: string): RecordChange {
  return { action: "add", name, type, data };
}

export function removeRecord(name: string, type: string, data: string): RecordChange {
  return { action: "remove", name, type, data };
}

/** A text as TXT data in presentation form: quoted, escaped, in strings of 255 octets. */
export function txtData(text: string): string {
  const strings: string[] = [];
  for (let at = 0; at < text.length || at === 0; at += maxStringOctets)
    strings.push(text.slice(at, at + maxStringOctets));
  return strings.map(quoted).join(" ");
}

/** RFC 1035 §5.1. */
function quoted(octets: string): string {
  let out = "";
  for (const char of octets) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") out += `\\${char}`;
    else out += code >= 0x20 && code < 0x7f ? char : `\\${String(code & 0xff).padStart(3, "0")}`;
  }
  return `"${out}"`;
}
