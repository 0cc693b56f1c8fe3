import { parseZone } from "../../core/dns/zone-parse.ts";
import type { RecordChange } from "../../findings/finding.ts";
import { removeTxt } from "../record-change.ts";

/** RFC 1035 §3.3. */
const maxStringOctets = 255;

/** A TXT record with this text, its strings cut behind blanks, so that no term is torn apart. */
export function changeRecord(action: RecordChange["action"], name: string, text: string): RecordChange {
  return { ...removeTxt(name, cutStrings(text)), action };
}

/** The strings of a record: RFC 7208 §3.3 puts them together without a blank, so each but the last ends with one. */
export function cutStrings(text: string): readonly string[] {
  const strings: string[] = [];
  let rest = text;
  while (rest.length > maxStringOctets) {
    const blank = rest.lastIndexOf(" ", maxStringOctets - 1);
    const end = blank < 0 ? maxStringOctets : blank + 1;
    strings.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...strings, rest];
}

/** The text of a TXT record of a change. */
export function textOf({ name, data }: RecordChange): string | undefined {
  const [record] = parseZone(`${name}. TXT ${data}\n`).records;
  return record?.type === "TXT" ? record.data.text : undefined;
}
