import type { Canonicalization } from "../src/core/dkim/signature.ts";

/**
 * RFC 6376 §3.4 written down as simply as it reads, over whole messages as text (one octet a character). Tests hold
 * the program's streaming code against it; nothing here is meant to be fast.
 */
export function referenceBody(body: string, canonicalization: Canonicalization): string {
  if (canonicalization === "simple") return `${withoutFinalEmptyLines(body)}\r\n`;
  const lines = body.split("\r\n").map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
  const text = withoutFinalEmptyLines(lines.join("\r\n"));
  return text === "" ? "" : `${text}\r\n`;
}

function withoutFinalEmptyLines(text: string): string {
  let end = text.length;
  while (text.slice(end - 2, end) === "\r\n") end -= 2;
  return text.slice(0, end);
}

/** @param field Name, colon and value, without the CRLF at the end. */
export function referenceField(field: string, canonicalization: Canonicalization): string {
  if (canonicalization === "simple") return field;
  const colon = field.indexOf(":");
  const name = field
    .slice(0, colon)
    .toLowerCase()
    .replace(/[ \t]+$/, "");
  const unfolded = field.slice(colon + 1).replace(/\r\n(?=[ \t])/g, "");
  return `${name}:${unfolded.replace(/[ \t]+/g, " ").replace(/^ | $/g, "")}`;
}

/** Fields of a header, without their CRLF. */
export function referenceFields(header: string): string[] {
  return header.split(/\r\n(?![ \t])/).filter((field) => field !== "");
}

/** The fields that `h=` picks, RFC 6376 §5.4.2: each time the lowest that is left. */
export function referencePick(header: string, names: readonly string[]): string[] {
  const left = referenceFields(header);
  const picked: string[] = [];
  for (const name of names) {
    const index = left.findLastIndex((field) => fieldName(field) === name.trim().toLowerCase());
    if (index >= 0) picked.push(...left.splice(index, 1));
  }
  return picked;
}

function fieldName(field: string): string {
  return field.slice(0, field.indexOf(":")).trim().toLowerCase();
}
