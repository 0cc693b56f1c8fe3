import { textOf } from "../../checker/spf/record-text.ts";
import { parseDmarcRecord } from "../../core/dmarc/parse-record.ts";
import type { DmarcPolicy } from "../../core/results.ts";
import type { RecordChange } from "../../findings/finding.ts";

const strength: readonly DmarcPolicy[] = ["none", "quarantine", "reject"];

/** The DMARC policy that begins to count with a change, since receivers could not read it before, or not there. */
export function newPolicy(change: readonly RecordChange[]): DmarcPolicy | undefined {
  for (const added of change) {
    if (added.action !== "add" || added.type !== "TXT" || !added.name.startsWith("_dmarc.")) continue;
    const now = policyOf(added);
    const before = change.filter(({ action, name }) => action === "remove" && name === added.name);
    // RFC 9989 §4.10: of several records none counts.
    const counted = before.flatMap((record) => (policyOf(record) === undefined ? [] : [record]));
    const [only] = counted;
    const was = counted.length === 1 && only !== undefined ? policyOf(only) : "none";
    if (now !== undefined && strength.indexOf(now) > strength.indexOf(was ?? "none")) return now;
  }
  return undefined;
}

/** undefined where receivers see no DMARC record. */
function policyOf(record: RecordChange): DmarcPolicy | undefined {
  const text = record.type === "TXT" ? textOf(record) : undefined;
  const read = text === undefined ? undefined : parseDmarcRecord(text);
  return read === undefined ? undefined : (read.p ?? "none");
}
