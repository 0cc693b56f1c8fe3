import type { TxtRecord } from "../../core/dns/resolver.ts";
import { nearest } from "../../core/nearest.ts";
import { isSpfRecord, parseSpfRecord } from "../../core/spf/parse-record.ts";
import type { SpfVersionProblem } from "../../findings/check/spf.ts";

/** A TXT record that was meant to be SPF and that no verifier takes for it (RFC 7208 §4.5). */
export interface VersionFault {
  readonly record: TxtRecord;
  readonly problem: SpfVersionProblem;
  /** As it was meant. */
  readonly mended: string;
}

const version = "v=spf1";

export function versionFaults(txt: readonly TxtRecord[]): readonly VersionFault[] {
  return txt.flatMap((record) => {
    const fault = isSpfRecord(record.text) ? undefined : readFault(withPlainQuotes(record.text));
    return fault === undefined ? [] : [{ record, ...fault }];
  });
}

/** Quotation marks of word processors as plain ones; octets stay octets. */
function withPlainQuotes(octets: string): string {
  const text = Buffer.from(octets, "latin1").toString("utf8");
  // Not UTF-8: perhaps windows-1252.
  if (text.includes("\ufffd")) return octets.replaceAll(/[\u0084\u0091-\u0094\u00ab\u00bb]/g, '"');
  const plain = text.replaceAll(/[\u00ab\u00bb\u2018-\u201f\u300c\u300d\uff02]/g, '"');
  return Buffer.from(plain, "utf8").toString("latin1");
}

function readFault(text: string): Omit<VersionFault, "record"> | undefined {
  const start = skip(text, 0, " \t\u00a0\u00ef\u00bb\u00bf\u00e3\u0080\"'\\");
  const lead = text.slice(0, start);
  const end = /["'\\]/.test(lead) ? trimEnd(text, "\"'\\ ") : text.length;
  const body = text.slice(start, end);
  const head = body.slice(0, version.length).toLowerCase();
  if (head !== version) return misspelled(body);
  const rest = body.slice(version.length);
  if (lead !== "" && (rest === "" || rest.startsWith(" ")))
    return { problem: /["'\\]/.test(lead) ? "quoted" : "leading-blank", mended: body };
  const separators = skip(rest, 0, ";,:. \t\u00a0\u00c2\u00e3\u0080\"'");
  if (separators > 0) return { problem: "separator", mended: joined(rest.slice(separators)) };
  // "v=spf10" is another version.
  if (/^\d/.test(rest)) return undefined;
  return looksLikeTerms(rest) ? { problem: "no-space", mended: joined(rest) } : undefined;
}

function joined(rest: string): string {
  return rest === "" ? version : `${version} ${rest}`;
}

function skip(text: string, start: number, characters: string): number {
  let at = start;
  while (at < text.length && characters.includes(text[at] as string)) at += 1;
  return at;
}

function trimEnd(text: string, characters: string): number {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end -= 1;
  return end;
}

/** `v=sfp1 ...`, `v = spf1 ...`, `spf1 ...`: the first word or two are nearly the version, and terms follow. */
function misspelled(body: string): Omit<VersionFault, "record"> | undefined {
  const words = body.slice(0, 40).split(" ", 4);
  for (let count = 1; count <= 3; count++) {
    const head = words.slice(0, count).join("").toLowerCase().replace(/;$/, "");
    // Sender ID has a finding of its own.
    if (head.includes("spf2.0")) return undefined;
    const rest = body.slice(words.slice(0, count).join(" ").length).trimStart();
    const isNear = head !== "" && nearest(head, [version, "spf1", "v=spf"], 2) !== undefined;
    if (isNear && /[sp]/.test(head) && looksLikeTerms(rest))
      return { problem: "misspelled", mended: joined(rest) };
  }
  return undefined;
}

/** Whether a known mechanism or modifier is among the first words. */
function looksLikeTerms(rest: string): boolean {
  const parsed = parseSpfRecord(`${version} ${rest.slice(0, 1000)}`);
  const terms = parsed.kind === "record" ? parsed.record.terms : parsed.terms;
  return terms.some((term) => term.kind === "directive" || term.name !== "unknown");
}
