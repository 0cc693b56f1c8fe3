import { trimSpace } from "../message/taglist.ts";

/** An MTA-STS TXT record that senders can use: RFC 8461 §3.1. */
export interface StsRecord {
  readonly problem?: undefined;
  /** 1 to 32 letters and digits. */
  readonly id: string;
}

export type StsRecordProblem = "field" | "value" | "id-missing" | "id-twice" | "id-too-long" | "id-character";

/** A record of this version that breaks the grammar: senders take it that there is no policy. */
export interface StsRecordFault {
  readonly problem: StsRecordProblem;
  /** The part that breaks it; empty when one is missing. */
  readonly at: string;
}

const version = "v=STSv1;";

/**
 * Reads a TXT record at `_mta-sts`: RFC 8461 §3.1. Linear; never throws.
 * @param text The strings of the record joined; each character is one octet.
 * @returns undefined when the record is none: it does not begin with `v=STSv1;`.
 */
export function parseStsRecord(text: string): StsRecord | StsRecordFault | undefined {
  // §3.1: "records which do not begin with "v=STSv1;" are discarded".
  if (!text.startsWith(version)) return undefined;
  // §3.1: line ends are neither WSP nor part of a value.
  if (/[\r\n]/.test(text)) return { problem: "value", at: "" };
  const fields = text.slice(version.length).split(";").map(trimSpace);
  // §3.1 sts-text-record: one delimiter may stand at the end.
  if (fields.at(-1) === "") fields.pop();
  let id: string | undefined;
  for (const field of fields) {
    const problem = fieldProblem(field);
    if (problem !== undefined) return { problem, at: field };
    if (!field.startsWith("id=")) continue;
    if (id !== undefined) return { problem: "id-twice", at: field };
    id = field.slice(3);
  }
  return id === undefined ? { problem: "id-missing", at: "" } : { id };
}

/** §3.1 sts-field: sts-id / sts-extension. */
function fieldProblem(field: string): StsRecordProblem | undefined {
  if (field.startsWith("id=")) return idProblem(field.slice(3));
  const equals = field.indexOf("=");
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(field.slice(0, Math.max(equals, 0)))) return "field";
  return /^[\x21-\x3a\x3c\x3e-\x7e]+$/.test(field.slice(equals + 1)) ? undefined : "value";
}

/** §3.1 sts-id: 1*32(ALPHA / DIGIT) */
function idProblem(id: string): StsRecordProblem | undefined {
  if (id === "") return "id-missing";
  if (!/^[A-Za-z0-9]+$/.test(id)) return "id-character";
  return id.length > 32 ? "id-too-long" : undefined;
}
